//! Rules and words: pure functions of their arguments. No clock, no dice, no I/O.

pub mod account;
pub mod administration;
pub mod browser;
pub mod challenge;
pub mod channel;
pub mod code;
pub mod confirmation;
pub mod delivery;
pub mod email;
pub mod event;
pub mod ids;
pub mod keys;
pub mod limits;
pub mod link;
pub mod listing;
pub mod login;
pub mod password;
pub mod phone;
pub mod purpose;
pub mod recovery;
pub mod requirement;
#[cfg(test)]
mod samples;
pub mod second_factor;
pub mod secret;
pub mod session;
pub mod token;
pub mod trusted_computer;
pub mod twilio;
pub mod username;
pub mod when;
