//! Confirm it's you: when a proof of identity is recent enough for a sensitive change.
//!
//! OWASP ASVS 5.0 7.5.1: the password, and a code where a method is on, not older than ten minutes.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::second_factor::SecondFactor;
use crate::domain::session::Session;

/// How old a proof of identity may be.
pub const CONFIRMATION_LIFE: TimeDelta = TimeDelta::minutes(10);

/// What is still missing before a sensitive change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// The password, first.
    Password,
    /// The code.
    Code,
}

/// What `session` still has to prove; `None` if nothing.
pub fn missing(session: &Session, factor: &SecondFactor, now: DateTime<Utc>) -> Option<Missing> {
    let is_recent = |proof: Option<DateTime<Utc>>| proof.is_some_and(|at| now - at < CONFIRMATION_LIFE);
    if !is_recent(session.password_at) {
        Some(Missing::Password)
    } else if factor.is_on() && !is_recent(session.code_at) {
        Some(Missing::Code)
    } else {
        None
    }
}
