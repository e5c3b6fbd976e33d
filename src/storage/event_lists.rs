//! `security_events` as a list, newest first. Each filter has an index that ends in the identifier, and identifiers begin
//! with the time, so every page is one search in one index.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::account::Account;
use crate::domain::event::{EventKind, SecurityEvent};
use crate::domain::ids::{ID_BYTES, Id};
use crate::storage::account_lists::Way;
use crate::storage::events::EventRow;
use crate::storage::schema::security_events;
use crate::storage::{AnyConnection, StorageError};

/// Which lines of the log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Of one account: those that were done to it.
    pub account: Option<Id<Account>>,
    /// Of one kind.
    pub kind: Option<EventKind>,
    /// From this moment on.
    pub from: Option<DateTime<Utc>>,
    /// Until before this one.
    pub until: Option<DateTime<Utc>>,
}

/// Up to `limit` lines past one of them, or from the first end: newest first onward, oldest first on the way back.
///
/// # Errors
/// As for any read.
pub fn walk(
    conn: &mut AnyConnection,
    filter: &EventFilter,
    past: Option<&Id<SecurityEvent>>,
    way: Way,
    limit: i64,
) -> Result<Vec<SecurityEvent>, StorageError> {
    let mut events = security_events::table.into_boxed();
    if let Some(account) = &filter.account {
        events = events.filter(security_events::account_id.eq(account.as_str()));
    }
    if let Some(kind) = filter.kind {
        events = events.filter(security_events::kind.eq(kind.as_str()));
    }
    // One bound a side, the narrower: of two, SQLite may search by the wider and walk to the narrower.
    let past = past.map(|past| past.as_str().to_owned());
    let (from, until) = (filter.from.map(first_of), filter.until.map(first_of));
    let (above, below) = match way {
        Way::Onward => (None, past.into_iter().chain(until).min()),
        Way::Back => (past.filter(|past| from.as_ref().is_none_or(|from| from <= past)), until),
    };
    events = match above {
        Some(above) => events.filter(security_events::id.gt(above)),
        // Every identifier comes after the empty text: a list without a beginning is a search in the index all the same.
        None => events.filter(security_events::id.ge(from.unwrap_or_default())),
    };
    if let Some(below) = below {
        events = events.filter(security_events::id.lt(below));
    }
    events = match way {
        Way::Onward => events.order(security_events::id.desc()),
        Way::Back => events.order(security_events::id.asc()),
    };
    let rows: Vec<EventRow> = events.limit(limit).select(EventRow::as_select()).load(conn)?;
    rows.into_iter().map(EventRow::event).collect()
}

/// The least identifier that a line of this moment can have.
fn first_of(at: DateTime<Utc>) -> String {
    Id::<SecurityEvent>::new(at, &[0; ID_BYTES]).as_str().to_owned()
}
