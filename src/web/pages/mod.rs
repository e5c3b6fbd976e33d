//! One file a page: its form, its view, its handlers, its samples.

pub mod activity;
pub mod code;
pub mod confirm_identity;
pub mod dev_mailbox;
pub mod error;
pub mod health;
pub mod help;
pub mod invitation;
pub mod login;
pub mod logout;
pub mod not_me;
pub mod profile;
pub mod sessions;
pub mod setup;
pub mod trusted_computers;
pub mod two_factor;
