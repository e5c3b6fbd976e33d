//! Putting messages into the built-in mailbox ([`crate::flows::mailbox`]) instead of sending them.

use chrono::{DateTime, Utc};

use crate::delivery::message::{Mail, Text};
use crate::domain::second_factor::Method;
use crate::flows::mailbox::{Entry, Mailbox};

/// Keeps a mail that would have been sent.
pub fn keep_mail(mailbox: &Mailbox, mail: &Mail) {
    mailbox.put(Entry {
        id: mail.id.clone(),
        at: mail.date,
        channel: Method::Email,
        to: mail.to.as_str().to_owned(),
        subject: Some(mail.subject.clone()),
        text: mail.text.clone(),
        code: mail.code.as_ref().map(|code| code.expose().to_owned()),
    });
}

/// Keeps a text message that would have been sent.
pub fn keep_text(mailbox: &Mailbox, text: &Text, now: DateTime<Utc>) {
    mailbox.put(Entry {
        id: text.id.clone(),
        at: now,
        channel: Method::Sms,
        to: text.to.e164().to_owned(),
        subject: None,
        text: text.body.clone(),
        code: text.code.as_ref().map(|code| code.expose().to_owned()),
    });
}
