//! How a message in the `outbox` stands, for the page that waits for it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::challenge::Challenge;
use crate::domain::delivery::{FailureClass, MessageState};
use crate::domain::ids::Id;
use crate::storage::columns::{readable, time};
use crate::storage::schema::outbox;
use crate::storage::{AnyConnection, StorageError};

/// How a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Its state.
    pub state: MessageState,
    /// Since when: the hand-over where there was one, else the request.
    pub at: DateTime<Utc>,
    /// What went wrong last.
    pub class: Option<FailureClass>,
}

/// How the newest message of a challenge stands.
///
/// # Errors
/// As for any read.
pub fn progress(
    conn: &mut AnyConnection,
    challenge: &Id<Challenge>,
) -> Result<Option<Progress>, StorageError> {
    type Row = (String, i64, Option<i64>, Option<String>);
    let row: Option<Row> = outbox::table
        .filter(outbox::challenge_id.eq(challenge.as_str()))
        .order(outbox::created_at.desc())
        .select((outbox::state, outbox::created_at, outbox::handed_over_at, outbox::failure_class))
        .first(conn)
        .optional()?;
    let Some((state, created_at, handed_over_at, class)) = row else { return Ok(None) };
    let class = class.map(|word| readable(FailureClass::stored(&word), "failure class")).transpose()?;
    Ok(Some(Progress {
        state: readable(MessageState::stored(&state), "state of a message")?,
        at: time(handed_over_at.unwrap_or(created_at))?,
        class,
    }))
}
