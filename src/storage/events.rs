//! `security_events`: the activity log. Lines are added, in the transaction of the act they tell of, and read.

use diesel::prelude::*;

use crate::domain::event::{Actor, EventKind, SecurityEvent};
use crate::domain::ids::Id;
use crate::storage::columns::{micros, readable, time};
use crate::storage::schema::security_events;
use crate::storage::{AnyConnection, StorageError, Tx};

#[derive(Queryable, Selectable)]
#[diesel(table_name = security_events)]
pub(super) struct EventRow {
    id: String,
    at: i64,
    kind: String,
    actor: String,
    administrator_id: Option<String>,
    account_id: String,
    reason: Option<String>,
    detail: Option<String>,
    network: Option<String>,
    browser: Option<String>,
    request_id: Option<String>,
}

impl EventRow {
    pub(super) fn event(self) -> Result<SecurityEvent, StorageError> {
        Ok(SecurityEvent {
            id: Id::stored(self.id),
            at: time(self.at)?,
            kind: readable(EventKind::stored(&self.kind), "kind of event")?,
            actor: readable(Actor::stored(&self.actor, self.administrator_id), "actor")?,
            account: Id::stored(self.account_id),
            reason: self.reason,
            detail: self.detail,
            network: self.network,
            browser: self.browser,
            request_id: self.request_id,
        })
    }
}

/// Adds a line.
///
/// # Errors
/// As for any write; the act it tells of fails with it (OWASP ASVS 5.0 16.5.3).
pub fn append(tx: &mut Tx<'_>, event: &SecurityEvent) -> Result<(), StorageError> {
    diesel::insert_into(security_events::table)
        .values((
            security_events::id.eq(event.id.as_str()),
            security_events::at.eq(micros(event.at)),
            security_events::kind.eq(event.kind.as_str()),
            security_events::actor.eq(event.actor.as_str()),
            security_events::administrator_id.eq(event.actor.administrator().map(Id::as_str)),
            security_events::account_id.eq(event.account.as_str()),
            security_events::reason.eq(&event.reason),
            security_events::detail.eq(&event.detail),
            security_events::network.eq(&event.network),
            security_events::browser.eq(&event.browser),
            security_events::request_id.eq(&event.request_id),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Finds one line.
///
/// # Errors
/// As for any read.
pub fn find(conn: &mut AnyConnection, id: &Id<SecurityEvent>) -> Result<Option<SecurityEvent>, StorageError> {
    let row: Option<EventRow> =
        security_events::table.find(id.as_str()).select(EventRow::as_select()).first(conn).optional()?;
    row.map(EventRow::event).transpose()
}
