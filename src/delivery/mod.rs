//! What leaves the process: mail, text messages, and the worker that sends them.

pub mod mailbox;
pub mod mailer;
pub mod message;
pub mod sms;
pub mod smtp;
pub mod twilio;
pub mod worker;
