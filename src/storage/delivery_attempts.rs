//! `delivery_attempts`: how each attempt at a message ended.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::delivery::FailureClass;
use crate::domain::ids::Id;
use crate::storage::columns::{count, micros, number, readable, time};
use crate::storage::outbox::Message;
use crate::storage::schema::delivery_attempts;
use crate::storage::{AnyConnection, StorageError, Tx};

/// An attempt that ended. One whose sender died leaves none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedAttempt {
    /// Which one, from 1.
    pub number: u32,
    /// When it ended.
    pub at: DateTime<Utc>,
    /// What went wrong, and the other side's words, scrubbed; `None` if the message was taken.
    pub failure: Option<(FailureClass, String)>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = delivery_attempts)]
struct Row {
    message_id: String,
    attempt: i32,
    ended_at: i64,
    failure_class: Option<String>,
    failure_detail: Option<String>,
}

impl Row {
    fn attempt(self) -> Result<EndedAttempt, StorageError> {
        let class = self.failure_class.map(|word| readable(FailureClass::stored(&word), "failure class"));
        Ok(EndedAttempt {
            number: count(self.attempt)?,
            at: time(self.ended_at)?,
            failure: class.transpose()?.map(|class| (class, self.failure_detail.unwrap_or_default())),
        })
    }
}

/// Notes how an attempt ended.
///
/// # Errors
/// As for any write; [`StorageError::Taken`] if this very attempt has ended before.
pub fn note(tx: &mut Tx<'_>, message: &Id<Message>, attempt: &EndedAttempt) -> Result<(), StorageError> {
    let (class, detail) = match &attempt.failure {
        Some((class, detail)) => (Some(class.as_str()), Some(detail.as_str())),
        None => (None, None),
    };
    diesel::insert_into(delivery_attempts::table)
        .values((
            delivery_attempts::message_id.eq(message.as_str()),
            delivery_attempts::attempt.eq(number(attempt.number)),
            delivery_attempts::ended_at.eq(micros(attempt.at)),
            delivery_attempts::failure_class.eq(class),
            delivery_attempts::failure_detail.eq(detail),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// The attempts at each of these messages, in their order. A message that was not tried is not among them.
///
/// # Errors
/// As for any read.
pub fn of_messages(
    conn: &mut AnyConnection,
    messages: &[&Id<Message>],
) -> Result<HashMap<Id<Message>, Vec<EndedAttempt>>, StorageError> {
    let rows: Vec<Row> = delivery_attempts::table
        .filter(delivery_attempts::message_id.eq_any(messages.iter().map(|id| id.as_str())))
        .order((delivery_attempts::message_id, delivery_attempts::attempt))
        .select(Row::as_select())
        .load(conn)?;
    let mut attempts: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        attempts.entry(Id::stored(row.message_id.clone())).or_default().push(row.attempt()?);
    }
    Ok(attempts)
}
