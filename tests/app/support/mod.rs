//! What the stories lean on.

pub mod browser;
pub mod database;
