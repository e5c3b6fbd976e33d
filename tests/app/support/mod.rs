//! What the stories lean on.

pub mod browser;
pub mod database;
pub mod program;
pub mod smtp_server;
pub mod test_app;
pub mod twilio_server;
