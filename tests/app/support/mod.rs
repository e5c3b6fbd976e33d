//! What the stories lean on.

pub mod administration;
pub mod aiosmtpd;
pub mod at_once;
pub mod browser;
pub mod codes;
pub mod database;
pub mod document;
pub mod dump;
pub mod event;
pub mod keys;
pub mod letter;
pub mod links;
pub mod looking;
pub mod post;
pub mod production;
pub mod program;
pub mod reaching;
pub mod row;
pub mod scene;
#[path = "../../bench/seed.rs"]
pub mod seed;
pub mod sink;
pub mod sms_report;
pub mod smtp_server;
pub mod test_app;
pub mod twilio_server;
