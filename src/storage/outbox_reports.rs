//! What carriers report of the messages in the `outbox` that they took.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::delivery::{FailureClass, MessageState};
use crate::domain::ids::Id;
use crate::domain::second_factor::Method;
use crate::storage::columns::micros;
use crate::storage::outbox::Message;
use crate::storage::schema::outbox;
use crate::storage::{AnyConnection, StorageError, Tx};

/// How a message ended, as its carrier says.
pub struct Report {
    /// The state it ends in.
    pub state: MessageState,
    /// What went wrong, where something did.
    pub failure: Option<(FailureClass, String)>,
}

/// Ends a text message as reported, if nothing has ended it. Answers whether it did.
///
/// # Errors
/// As for any write.
pub fn note(
    tx: &mut Tx<'_>,
    id: &Id<Message>,
    report: &Report,
    now: DateTime<Utc>,
) -> Result<bool, StorageError> {
    // In the order in which a message goes through them, so that one that goes on meanwhile is met later. One that waits for
    // another attempt may have arrived by the one before; if that was lost, the next still counts.
    let states: &[MessageState] = match report.failure {
        None => &[MessageState::Waiting, MessageState::Sending, MessageState::HandedOver],
        Some(_) => &[MessageState::Sending, MessageState::HandedOver],
    };
    let (class, detail) = match &report.failure {
        Some((class, detail)) => (Some(class.as_str()), Some(detail.as_str())),
        None => (None, None),
    };
    let at = micros(now);
    for state in states {
        let standing = outbox::table
            .find(id.as_str())
            .filter(outbox::channel.eq(Method::Sms.as_str()))
            .filter(outbox::state.eq(state.as_str()))
            .filter(outbox::attempts.gt(0));
        let ended = (
            outbox::state.eq(report.state.as_str()),
            outbox::failure_class.eq(class),
            outbox::failure_detail.eq(detail),
            outbox::lease.eq(None::<String>),
            outbox::recipient_sealed.eq(None::<Vec<u8>>),
            outbox::settled_at.eq(at),
        );
        let rows = if *state == MessageState::HandedOver {
            diesel::update(standing).set(ended).execute(&mut **tx)?
        } else {
            diesel::update(standing).set((ended, outbox::handed_over_at.eq(at))).execute(&mut **tx)?
        };
        if rows == 1 {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The blind index of where a message went, which stays after its end.
///
/// # Errors
/// As for any read.
pub fn destination(conn: &mut AnyConnection, message: &Id<Message>) -> Result<Option<Vec<u8>>, StorageError> {
    let row = outbox::table.find(message.as_str()).select(outbox::destination_index);
    Ok(row.first(conn).optional()?)
}
