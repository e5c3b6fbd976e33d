//! `security_events`: the activity log. Lines are added, in the transaction of the act they tell of, and read.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use crate::domain::account::Account;
use crate::domain::event::{Actor, EventKind, SecurityEvent};
use crate::domain::ids::{ID_BYTES, Id};
use crate::domain::username::Username;
use crate::storage::account_lists::Way;
use crate::storage::columns::{micros, readable, time};
use crate::storage::instance::{self, Fact};
use crate::storage::schema::{accounts, security_events};
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

/// Up to `limit` lines about an account past one of them, or from the first end: newest first onward, oldest first on the way
/// back. Each with the name of the administrator who did it, if one did.
///
/// # Errors
/// As for any read.
pub fn of_account(
    conn: &mut AnyConnection,
    account: &Id<Account>,
    past: Option<&Id<SecurityEvent>>,
    way: Way,
    limit: i64,
) -> Result<Vec<(SecurityEvent, Option<Username>)>, StorageError> {
    type Row = (EventRow, Option<String>);
    let lines = security_events::table
        .left_join(accounts::table.on(security_events::administrator_id.eq(accounts::id.nullable())))
        .filter(security_events::account_id.eq(account.as_str()))
        .into_boxed();
    let lines = match (way, past) {
        (Way::Onward, None) => lines.order(security_events::id.desc()),
        (Way::Onward, Some(past)) => {
            lines.filter(security_events::id.lt(past.as_str())).order(security_events::id.desc())
        }
        (Way::Back, past) => {
            let past = past.map_or("", Id::as_str);
            lines.filter(security_events::id.gt(past)).order(security_events::id.asc())
        }
    };
    let rows: Vec<Row> =
        lines.limit(limit).select((EventRow::as_select(), accounts::username.nullable())).load(conn)?;
    rows.into_iter().map(|(row, name)| Ok((row.event()?, name.map(Username::stored)))).collect()
}

/// For how many days lines are kept where nobody has said.
const KEEP_DAYS: i64 = 400;

/// Deletes one batch of lines that are older than the log is kept, and answers how many went. What the database refuses to
/// delete is not asked for: its time is the newest line's.
///
/// # Errors
/// As for any write.
pub fn sweep(tx: &mut Tx<'_>, most: i64, now: DateTime<Utc>) -> Result<usize, StorageError> {
    let days = instance::find(tx, Fact::ActivityKeepDays)?.and_then(|days| days.parse().ok());
    let newest: Option<String> =
        security_events::table.select(diesel::dsl::max(security_events::id)).first(&mut **tx)?;
    let Some(newest) = newest else { return Ok(0) };
    let newest: i64 = security_events::table.find(newest).select(security_events::at).first(&mut **tx)?;
    let before = time(newest)?.min(now) - TimeDelta::days(days.unwrap_or(KEEP_DAYS));
    let first_kept: Id<SecurityEvent> = Id::new(before, &[0; ID_BYTES]);
    let old: Vec<String> = security_events::table
        .filter(security_events::id.lt(first_kept.as_str()))
        .order(security_events::id.asc())
        .limit(most)
        .select(security_events::id)
        .load(&mut **tx)?;
    if old.is_empty() {
        return Ok(0);
    }
    Ok(diesel::delete(security_events::table.filter(security_events::id.eq_any(old))).execute(&mut **tx)?)
}
