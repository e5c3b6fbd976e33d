//! One file a page: its form, its view, its handlers, its samples.

pub mod account_list;
pub mod activity;
pub mod activity_log;
pub mod admin_account;
pub mod code;
pub mod confirm_identity;
pub mod deliveries;
pub mod dev_mailbox;
pub mod email;
pub mod error;
pub mod health;
pub mod help;
pub mod invitation;
pub mod login;
pub mod logout;
pub mod not_me;
pub mod password;
pub mod password_reset;
pub mod profile;
pub mod prove_mailbox;
pub mod recovery;
pub mod recovery_codes;
pub mod sessions;
pub mod setup;
pub mod trusted_computers;
pub mod two_factor;
