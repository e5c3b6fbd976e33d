//! What the stories lean on.

pub mod aiosmtpd;
pub mod browser;
pub mod child;
pub mod database;
pub mod dump;
pub mod event;
pub mod letter;
pub mod post;
pub mod smtp_server;
pub mod test_app;
pub mod twilio_server;
