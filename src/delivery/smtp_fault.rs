//! What a failed phase of SMTP means: for the message, and for whoever must mend it.

use std::error::Error;
use std::io;

use lettre::transport::smtp::response::Response;

use crate::delivery::scrub::{scrub, scrub_naming};
use crate::delivery::tls::is_certificate_refused;
use crate::domain::delivery::FailureClass;

/// How far a conversation had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Looking up and connecting; with implicit TLS up to the reply to EHLO.
    Connect,
    /// Greeting and EHLO.
    Hello,
    /// STARTTLS, the handshake and EHLO again.
    StartTls,
    /// AUTH.
    LogIn,
    /// MAIL FROM.
    Sender,
    /// RCPT TO.
    Recipient,
    /// DATA, before any of the mail was sent.
    Data,
    /// The mail itself, its end and the reply to it.
    Content,
}

/// A phase that did not end well.
#[derive(Debug)]
pub struct Fault {
    phase: Phase,
    what: What,
}

#[derive(Debug)]
enum What {
    /// The server said no.
    Answered { code: u16, text: String },
    /// Nothing came in time.
    Silent,
    /// The connection broke, or what came was no reply.
    Lost(String),
    /// The server's certificate was refused.
    Certificate,
    /// The server lacks something without which we do not go on.
    Lacking(&'static str),
}

impl Fault {
    /// The phase took too long.
    pub fn silent(phase: Phase) -> Self {
        Self { phase, what: What::Silent }
    }

    /// The server offers no encryption, and without it nothing is said.
    pub fn no_starttls() -> Self {
        Self { phase: Phase::StartTls, what: What::Lacking("the server offers no STARTTLS") }
    }

    /// The recipient's address is not ASCII, and the server cannot take such addresses (RFC 6531).
    pub fn no_smtputf8() -> Self {
        Self { phase: Phase::Recipient, what: What::Lacking("the server takes ASCII addresses only") }
    }

    /// There was no connection to begin with.
    pub fn unconnected(error: &io::Error) -> Self {
        Self { phase: Phase::Connect, what: What::Lost(error.to_string()) }
    }

    /// A reply that is not the one this phase ends with.
    pub fn unexpected(phase: Phase, reply: &Response) -> Self {
        Self { phase, what: What::Lost(format!("unexpected reply {}", reply.code())) }
    }

    /// What lettre reports.
    pub fn from_lettre(phase: Phase, error: &lettre::transport::smtp::Error) -> Self {
        let what = if let Some(code) = error.status() {
            let text = error.source().map(ToString::to_string).unwrap_or_default();
            What::Answered { code: code.into(), text }
        } else if is_certificate_refused(error) {
            What::Certificate
        } else if error.is_client() {
            What::Lacking("no way to log in that both sides know")
        } else {
            What::Lost(error.to_string())
        };
        Self { phase, what }
    }

    /// Whether the server is still there and listening.
    pub fn was_answered(&self) -> bool {
        match self.what {
            What::Answered { .. } | What::Lacking(_) => true,
            What::Silent | What::Lost(_) | What::Certificate => false,
        }
    }

    /// What follows for the message.
    pub fn class(&self) -> FailureClass {
        match &self.what {
            What::Answered { code, text } => class_of_reply(self.phase, *code, enhanced(text)),
            What::Silent | What::Lost(_) => match self.phase {
                // The end of the data may have arrived and only the reply been lost.
                Phase::Content => FailureClass::Ambiguous,
                Phase::Connect
                | Phase::Hello
                | Phase::StartTls
                | Phase::LogIn
                | Phase::Sender
                | Phase::Recipient
                | Phase::Data => FailureClass::RetrySafe,
            },
            What::Certificate => FailureClass::ConfigAuth,
            What::Lacking(_) => match self.phase {
                Phase::Recipient => FailureClass::BadRecipient,
                Phase::StartTls | Phase::LogIn => FailureClass::ConfigAuth,
                Phase::Connect | Phase::Hello | Phase::Sender | Phase::Data | Phase::Content => {
                    FailureClass::Bug
                }
            },
        }
    }

    /// One scrubbed sentence for the operator. `recipient_name` is the part of the address before the `@`.
    pub fn detail(&self, recipient_name: &str) -> String {
        let at = self.phase.as_words();
        match &self.what {
            What::Answered { code, text } => {
                let (status, words) = split_status(text);
                let words = scrub_naming(words, recipient_name);
                [at, ": ", &code.to_string(), " ", status, " ", &words].concat().replace("  ", " ")
            }
            What::Silent => format!("{at}: no answer in time"),
            What::Lost(error) => format!("{at}: {}", scrub(error)),
            What::Certificate => format!("{at}: the server's certificate was refused"),
            What::Lacking(what) => format!("{at}: {what}"),
        }
    }
}

impl Phase {
    /// The phase, as an operator reads it.
    pub fn as_words(self) -> &'static str {
        match self {
            Self::Connect => "connecting",
            Self::Hello => "greeting",
            Self::StartTls => "starting TLS",
            Self::LogIn => "logging in",
            Self::Sender => "naming the sender",
            Self::Recipient => "naming the recipient",
            Self::Data => "before the mail",
            Self::Content => "after the mail",
        }
    }
}

/// RFC 5321 section 4.2 gives the code, RFC 3463 the enhanced status (class left out: it repeats the code).
fn class_of_reply(phase: Phase, code: u16, enhanced: Option<(u16, u16)>) -> FailureClass {
    if code < 500 {
        let is_about_mail = match (phase, enhanced) {
            // 421 closes the connection, whatever was being said (RFC 5321 section 3.8).
            _ if code == 421 => false,
            (Phase::Recipient, _) => true,
            // Address, mailbox, content or policy, and not the state of server or network (RFC 3463 section 3.1).
            (Phase::Data | Phase::Content, Some((1 | 2 | 6 | 7, _))) => true,
            _ => false,
        };
        return if is_about_mail { FailureClass::Deferred } else { FailureClass::RetrySafe };
    }
    match (phase, code, enhanced) {
        (_, 530 | 534 | 535 | 538, _) | (Phase::LogIn | Phase::StartTls, _, _) => FailureClass::ConfigAuth,
        (Phase::Connect | Phase::Hello, _, _) => FailureClass::ConfigAccount,
        (Phase::Sender, _, _) => FailureClass::ConfigSender,
        (_, 500..=504, _) => FailureClass::Bug,
        // Policy: a relay that does not take mail for others, a blocklist, a filter.
        (Phase::Recipient, _, Some((7, _))) | (Phase::Recipient, 554, None) => FailureClass::Filtered,
        (Phase::Recipient, _, _) => FailureClass::BadRecipient,
        // Larger than the server takes, or than the mailbox holds.
        (Phase::Data | Phase::Content, 552, _) => FailureClass::BadRecipient,
        (Phase::Data | Phase::Content, _, _) => FailureClass::Filtered,
    }
}

/// The enhanced status code a reply begins with, such as `5.1.1`, and the words after it.
fn split_status(text: &str) -> (&str, &str) {
    let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
    if enhanced(first).is_some() { (first, rest) } else { ("", text) }
}

fn enhanced(text: &str) -> Option<(u16, u16)> {
    let mut parts = text.split_whitespace().next()?.splitn(3, '.').map(|part| {
        let is_number = (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        is_number.then(|| part.parse::<u16>().ok()).flatten()
    });
    let (_class, subject, detail) = (parts.next()??, parts.next()??, parts.next()??);
    Some((subject, detail))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(phase: Phase, code: u16, text: &str) -> Fault {
        Fault { phase, what: What::Answered { code, text: text.to_owned() } }
    }

    #[test]
    fn a_reply_means_what_it_means_where_it_comes() {
        for (phase, code, text, class) in [
            (Phase::Hello, 421, "4.3.2 too busy", FailureClass::RetrySafe),
            (Phase::Hello, 554, "no SMTP service here", FailureClass::ConfigAccount),
            (Phase::LogIn, 535, "5.7.8 authentication failed", FailureClass::ConfigAuth),
            (Phase::LogIn, 454, "4.7.0 try later", FailureClass::RetrySafe),
            (Phase::Sender, 530, "5.7.0 must issue STARTTLS first", FailureClass::ConfigAuth),
            (Phase::Sender, 553, "5.7.1 not owned by user", FailureClass::ConfigSender),
            (Phase::Recipient, 451, "4.7.1 greylisted", FailureClass::Deferred),
            (Phase::Recipient, 421, "4.3.2 shutting down", FailureClass::RetrySafe),
            (Phase::Recipient, 550, "5.1.1 no such user", FailureClass::BadRecipient),
            (Phase::Recipient, 550, "no such user", FailureClass::BadRecipient),
            (Phase::Recipient, 552, "5.2.2 mailbox full", FailureClass::BadRecipient),
            (Phase::Recipient, 553, "5.1.3 bad address", FailureClass::BadRecipient),
            (Phase::Recipient, 554, "5.7.1 relay access denied", FailureClass::Filtered),
            (Phase::Recipient, 554, "denied", FailureClass::Filtered),
            (Phase::Recipient, 501, "5.5.4 syntax", FailureClass::Bug),
            (Phase::Data, 451, "4.3.0 try later", FailureClass::RetrySafe),
            (Phase::Content, 452, "4.3.1 out of space", FailureClass::RetrySafe),
            (Phase::Content, 451, "try later", FailureClass::RetrySafe),
            (Phase::Content, 452, "4.2.2 mailbox full", FailureClass::Deferred),
            (Phase::Content, 451, "4.7.1 greylisted", FailureClass::Deferred),
            (Phase::Content, 421, "4.7.0 too much of it", FailureClass::RetrySafe),
            (Phase::Content, 554, "5.7.1 looks like spam", FailureClass::Filtered),
            (Phase::Content, 550, "5.7.26 unauthenticated", FailureClass::Filtered),
        ] {
            assert_eq!(answered(phase, code, text).class(), class, "{phase:?} {code} {text}");
        }
    }

    #[test]
    fn silence_is_ambiguous_only_once_the_mail_is_out() {
        for phase in
            [Phase::Connect, Phase::Hello, Phase::StartTls, Phase::LogIn, Phase::Recipient, Phase::Data]
        {
            assert_eq!(Fault::silent(phase).class(), FailureClass::RetrySafe);
        }
        assert_eq!(Fault::silent(Phase::Content).class(), FailureClass::Ambiguous);
    }

    #[test]
    fn the_operator_reads_why_and_not_who() {
        let fault = answered(
            Phase::Recipient,
            550,
            "5.7.509 <ada.l@example.com>: user ada.l, tel. 2125550142, unknown",
        );
        assert_eq!(
            fault.detail("ada.l"),
            "naming the recipient: 550 5.7.509 [address] user [address] tel. …, unknown"
        );
        assert_eq!(answered(Phase::Hello, 554, "go away").detail(""), "greeting: 554 go away");
        assert_eq!(Fault::silent(Phase::Content).detail(""), "after the mail: no answer in time");
    }
}
