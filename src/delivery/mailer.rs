//! How a mail leaves.

use std::time::Duration;

use crate::delivery::mailbox::keep_mail;
use crate::delivery::message::Mail;
use crate::delivery::smtp::Smtp;
use crate::flows::mailbox::Mailbox;
use crate::flows::outbox::Outcome;

/// The ways for a mail to leave.
pub enum Mailer {
    /// Over SMTP, to the operator's mail server.
    Smtp(Box<Smtp>),
    /// Not at all: it is put into the built-in mailbox. Development mode and tests.
    Mailbox(Mailbox),
}

impl Mailer {
    /// Sends one mail and tells what became of it. After `time_left` nothing more of it leaves.
    pub async fn send(&self, mail: &Mail, time_left: Duration) -> Outcome {
        match self {
            Self::Smtp(smtp) => smtp.send(mail, time_left).await,
            Self::Mailbox(mailbox) => {
                keep_mail(mailbox, mail);
                Outcome::HandedOver { provider_id: None }
            }
        }
    }
}
