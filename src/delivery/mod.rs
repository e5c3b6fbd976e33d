//! What leaves the process: mail, text messages, and the worker that sends them.
//!
//! A message arrives as [`crate::flows::outbox::Work`], is put into words by [`message`], and goes out through a
//! [`mailer::Mailer`] or an [`sms::SmsGateway`]; what became of it goes back as a [`crate::flows::outbox::Outcome`].
//! Whether and when to try again is not decided here.

pub mod gsm7;
pub mod http;
pub mod letter;
pub mod line;
pub mod mailbox;
pub mod mailer;
pub mod message;
pub mod operator_words;
pub mod scrub;
pub mod sms;
pub mod smtp;
pub mod smtp_fault;
pub mod tls;
pub mod twilio;
pub mod twilio_reply;
pub mod webhook;
pub mod words;
pub mod worker;
