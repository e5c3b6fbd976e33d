//! The built-in mailbox: what would have been sent, kept in memory only.
//!
//! In development mode it stands in for a mail server and an SMS provider and is shown at `/dev/mailbox`; tests use it
//! as the memory they read codes from. In production mode nobody makes one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use serde::{Serialize, Serializer};

use crate::domain::second_factor::Method;
use crate::domain::when;

/// How many messages are kept; the oldest make room.
pub const CAPACITY: usize = 500;

/// A mailbox. Its clones are the same mailbox.
#[derive(Clone, Default)]
pub struct Mailbox {
    entries: Arc<Mutex<VecDeque<Entry>>>,
}

/// A message that would have been sent. It serialises as one element of `/dev/mailbox.json`.
#[derive(Clone, Serialize)]
pub struct Entry {
    /// The message's identifier. A retry puts the same one a second time.
    pub id: String,
    /// When it would have left.
    #[serde(serialize_with = "as_iso")]
    pub at: DateTime<Utc>,
    /// E-mail or text message.
    #[serde(serialize_with = "as_word")]
    pub channel: Method,
    /// The address or the number in E.164.
    pub to: String,
    /// The subject; a text message has none.
    pub subject: Option<String>,
    /// The text, of an e-mail its plain part.
    pub text: String,
    /// The code in it, if there is one.
    pub code: Option<String>,
}

impl Mailbox {
    /// An empty mailbox.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a message in, above those that were written before it: several leave at once, and any may arrive first.
    pub fn put(&self, entry: Entry) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let newer = entries.iter().take_while(|other| (other.at, &other.id) > (entry.at, &entry.id)).count();
        entries.insert(newer, entry);
        entries.truncate(CAPACITY);
    }

    /// All that is in it, newest first.
    pub fn newest_first(&self) -> Vec<Entry> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// The newest message to an address or number, written as it was sent to.
    pub fn newest_to(&self, to: &str) -> Option<Entry> {
        self.entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .find(|entry| entry.to == to)
            .cloned()
    }
}

fn as_iso<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&when::iso(*at))
}

fn as_word<S: Serializer>(channel: &Method, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(match channel {
        Method::Email => "email",
        Method::Sms => "sms",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(n: usize) -> Entry {
        Entry {
            id: format!("message-{n:03}"),
            at: DateTime::from_timestamp(1_795_535_520, 0).unwrap(),
            channel: Method::Email,
            to: "ada@example.com".to_owned(),
            subject: Some("482913 is your Postern login code".to_owned()),
            text: "Your Postern login code is 482913".to_owned(),
            code: Some("482913".to_owned()),
        }
    }

    #[test]
    fn the_newest_message_is_on_top_and_the_oldest_makes_room() {
        let mailbox = Mailbox::new();
        for n in 0..=CAPACITY {
            mailbox.clone().put(entry(n));
        }
        let entries = mailbox.newest_first();
        assert_eq!(entries.len(), CAPACITY);
        assert_eq!(entries[0].id, format!("message-{CAPACITY}"));
        assert_eq!(entries[CAPACITY - 1].id, "message-001");
    }

    #[test]
    fn a_message_that_was_written_first_and_came_last_is_the_older_one() {
        let mailbox = Mailbox::new();
        mailbox.put(entry(2));
        mailbox.put(entry(1));
        assert_eq!(mailbox.newest_to("ada@example.com").unwrap().id, "message-002");
    }

    #[test]
    fn a_person_finds_the_last_message_to_them() {
        let mailbox = Mailbox::new();
        mailbox.put(entry(1));
        mailbox.put(Entry { to: "grace@example.com".to_owned(), ..entry(2) });
        assert_eq!(mailbox.newest_to("ada@example.com").unwrap().id, "message-001");
        assert!(mailbox.newest_to("nobody@example.com").is_none());
    }

    #[test]
    fn the_json_is_what_the_contract_with_ui_tests_says() {
        let text = Entry {
            channel: Method::Sms,
            to: "+12125550142".to_owned(),
            subject: None,
            text: "482913 is your code".to_owned(),
            ..entry(1)
        };
        assert_eq!(
            serde_json::to_value(text).unwrap(),
            serde_json::json!({
                "id": "message-001",
                "at": "2026-11-24T15:52:00Z",
                "channel": "sms",
                "to": "+12125550142",
                "subject": null,
                "text": "482913 is your code",
                "code": "482913",
            })
        );
    }
}
