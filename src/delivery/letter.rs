//! From a [`Mail`] to the bytes on the wire.
//!
//! The reader's address stands bare in `To`, never with a name: lettre panics on a line break in a display name, and a
//! name a person chose has no business in a header (OWASP ASVS 5.0 1.3.11).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use chrono::{DateTime, Utc};
use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox as HeaderAddress, MultiPart};
use lettre::{Address, Message};

use crate::delivery::message::Mail;

/// Who writes: the address of `mail.from`, and the name readers see beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sender {
    name: String,
    address: Address,
}

/// `mail.from` is not an address that a mail can be sent from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an ASCII e-mail address (write an international domain in its xn-- form)")]
pub struct SenderFault;

/// A mail in its envelope. It has no `Debug`: its bytes hold a code or a link.
pub struct Letter {
    /// Who gets it back if it cannot be delivered.
    pub from: Address,
    /// Who gets it.
    pub to: Address,
    /// Headers and body, as they follow DATA.
    pub bytes: Vec<u8>,
}

/// Why a mail could not be put into an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LetterFault {
    /// The reader's address is none that SMTP can carry.
    #[error("the recipient's address cannot be used in a mail")]
    Recipient,
    /// A mistake of this program's.
    #[error("the mail could not be built")]
    Build,
}

impl Sender {
    /// A sender with a name, which loses its control characters.
    ///
    /// # Errors
    /// [`SenderFault`] if the address is none, or not ASCII.
    pub fn new(name: &str, address: &str) -> Result<Self, SenderFault> {
        let address: Address = address.parse().map_err(|_| SenderFault)?;
        if !AsRef::<str>::as_ref(&address).is_ascii() {
            return Err(SenderFault);
        }
        let name = name.chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned();
        Ok(Self { name, address })
    }

    /// The domain that stands in the Message-ID.
    pub fn domain(&self) -> &str {
        self.address.domain()
    }

    fn in_header(&self) -> HeaderAddress {
        let name = (!self.name.is_empty()).then(|| self.name.clone());
        HeaderAddress::new(name, self.address.clone())
    }
}

impl Letter {
    /// Puts a mail into its envelope.
    ///
    /// # Errors
    /// [`LetterFault`] if the address cannot be used, or lettre refuses what it was given or panics over it.
    pub fn new(mail: &Mail) -> Result<Self, LetterFault> {
        let to: Address = mail.to.as_str().parse().map_err(|_| LetterFault::Recipient)?;
        // lettre has panicked on input it did not like. One message is not worth the worker.
        let bytes = catch_unwind(AssertUnwindSafe(|| bytes(mail, &to))).map_err(|_| LetterFault::Build)??;
        Ok(Self { from: mail.from.address.clone(), to, bytes })
    }
}

fn bytes(mail: &Mail, to: &Address) -> Result<Vec<u8>, LetterFault> {
    let envelope = Envelope::new(Some(mail.from.address.clone()), vec![to.clone()])
        .map_err(|_| LetterFault::Recipient)?;
    let message = Message::builder()
        .envelope(envelope)
        .from(mail.from.in_header())
        .to(HeaderAddress::new(None, to.clone()))
        .subject(mail.subject.clone())
        .date(system_time(mail.date))
        // Constant over retries, so that many mailboxes show two copies as one.
        .message_id(Some(format!("<{}@{}>", mail.id, mail.from.domain())))
        // RFC 3834 section 5: no automatic answers, please; and the same to Exchange (MS-OXCMAIL).
        .raw_header(header("Auto-Submitted", "auto-generated"))
        .raw_header(header("X-Auto-Response-Suppress", "All"))
        .multipart(MultiPart::alternative_plain_html(mail.text.clone(), mail.html.clone()))
        .map_err(|_| LetterFault::Build)?;
    Ok(message.formatted())
}

fn header(name: &'static str, value: &str) -> HeaderValue {
    HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned())
}

fn system_time(at: DateTime<Utc>) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(at.timestamp()).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::email::EmailAddress;

    fn mail(name: &str, to: &str, subject: &str) -> Mail {
        Mail {
            id: "0192f0c4-0000-7000-8000-000000000001".to_owned(),
            from: Sender::new(name, "login@example.org").unwrap(),
            to: EmailAddress::stored(to.to_owned()),
            date: DateTime::from_timestamp(1_795_535_520, 0).unwrap(),
            subject: subject.to_owned(),
            text: "Your code is 482913\n\n.\nIt works until 10:52\u{a0}am.".to_owned(),
            html: "<p>Your code is</p><p>482913</p>".to_owned(),
            code: None,
        }
    }

    fn letter(name: &str, to: &str, subject: &str) -> String {
        String::from_utf8(Letter::new(&mail(name, to, subject)).unwrap().bytes).unwrap()
    }

    fn header_lines<'a>(letter: &'a str, name: &str) -> Vec<&'a str> {
        let (headers, _) = letter.split_once("\r\n\r\n").unwrap();
        headers.split("\r\n").filter(|line| line.to_lowercase().starts_with(name)).collect()
    }

    #[test]
    fn a_letter_says_who_when_and_that_nobody_needs_to_answer() {
        let letter = letter("Postern", "ada@example.com", "482913 is your Postern login code");
        for line in [
            "From: Postern <login@example.org>",
            "To: ada@example.com",
            "Subject: 482913 is your Postern login code",
            "Date: Tue, 24 Nov 2026 15:52:00 +0000",
            "Message-ID: <0192f0c4-0000-7000-8000-000000000001@example.org>",
            "Auto-Submitted: auto-generated",
            "X-Auto-Response-Suppress: All",
            "MIME-Version: 1.0",
        ] {
            assert!(letter.contains(&format!("{line}\r\n")), "{line}\n{letter}");
        }
        assert!(letter.contains("multipart/alternative"));
        assert!(letter.is_ascii(), "so that no server needs 8BITMIME");
    }

    #[test]
    fn no_name_and_no_subject_adds_a_header() {
        let bait = "Postern\r\nBcc: eve@example.net\0\u{1b}[31m";
        let letter = letter(bait, "ada@example.com", bait);
        assert_eq!(header_lines(&letter, "bcc"), Vec::<&str>::new());
        assert_eq!(header_lines(&letter, "to:"), vec!["To: ada@example.com"]);
        assert_eq!(header_lines(&letter, "from:").len(), 1);
    }

    #[test]
    fn an_address_with_a_line_break_is_no_address() {
        for to in ["ada@example.com\r\nBcc: eve@example.net", "ada@example.com\0", "", "ada"] {
            assert_eq!(
                Letter::new(&mail("Postern", to, "Hello")).err(),
                Some(LetterFault::Recipient),
                "{to:?}"
            );
        }
        for from in
            ["login@example.org\r\nBcc: eve@example.net", "Postern <login@example.org>", "lögin@example.org"]
        {
            assert_eq!(Sender::new("Postern", from), Err(SenderFault), "{from:?}");
        }
    }

    #[test]
    fn a_sender_without_a_name_is_an_address() {
        let letter = letter("\u{7}", "ada@example.com", "Hello");
        assert_eq!(header_lines(&letter, "from:"), vec!["From: login@example.org"]);
    }
}
