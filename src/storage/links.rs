//! `links`: invitations, password resets and *This wasn't me*. Tokens are derived, not stored.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::account::Account;
use crate::domain::email::EmailAddress;
use crate::domain::event::{EventKind, SecurityEvent};
use crate::domain::ids::Id;
use crate::domain::link::{Link, LinkPurpose};
use crate::storage::columns::{maybe_time, micros, readable, time};
use crate::storage::schema::{links, security_events};
use crate::storage::{AnyConnection, StorageError, Tx};

#[derive(Queryable, Selectable)]
#[diesel(table_name = links)]
struct LinkRow {
    id: String,
    purpose: String,
    account_id: String,
    key_id: String,
    address: Option<String>,
    event_id: Option<String>,
    made_at: i64,
    expires_at: i64,
    used_at: Option<i64>,
}

impl LinkRow {
    fn link(self) -> Result<Link, StorageError> {
        Ok(Link {
            id: Id::stored(self.id),
            purpose: readable(LinkPurpose::stored(&self.purpose), "purpose of a link")?,
            account: Id::stored(self.account_id),
            key_id: self.key_id,
            address: self.address.map(EmailAddress::stored),
            event: self.event_id.map(Id::<SecurityEvent>::stored),
            made_at: time(self.made_at)?,
            expires_at: time(self.expires_at)?,
            used_at: maybe_time(self.used_at)?,
        })
    }
}

/// Keeps a link.
///
/// # Errors
/// As for any write.
pub fn put(tx: &mut Tx<'_>, link: &Link) -> Result<(), StorageError> {
    diesel::insert_into(links::table)
        .values((
            links::id.eq(link.id.as_str()),
            links::purpose.eq(link.purpose.as_str()),
            links::account_id.eq(link.account.as_str()),
            links::key_id.eq(&link.key_id),
            links::address.eq(link.address.as_ref().map(EmailAddress::as_str)),
            links::event_id.eq(link.event.as_ref().map(Id::as_str)),
            links::made_at.eq(micros(link.made_at)),
            links::expires_at.eq(micros(link.expires_at)),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Finds a link, used or not, over or not.
///
/// # Errors
/// As for any read.
pub fn find(conn: &mut AnyConnection, id: &Id<Link>) -> Result<Option<Link>, StorageError> {
    let row: Option<LinkRow> =
        links::table.find(id.as_str()).select(LinkRow::as_select()).first(conn).optional()?;
    row.map(LinkRow::link).transpose()
}

/// Marks a link as used: for exactly one caller.
///
/// # Errors
/// As for any write.
pub fn use_up(tx: &mut Tx<'_>, id: &Id<Link>, now: DateTime<Utc>) -> Result<bool, StorageError> {
    let unused = links::table
        .find(id.as_str())
        .filter(links::used_at.is_null())
        .filter(links::expires_at.gt(micros(now)));
    let rows = diesel::update(unused).set(links::used_at.eq(micros(now))).execute(&mut **tx)?;
    Ok(rows == 1)
}

/// Ends every open link of an account that is for this: one newer one, or something done, takes their place.
///
/// # Errors
/// As for any write.
pub fn end_all(
    tx: &mut Tx<'_>,
    account: &Id<Account>,
    purpose: LinkPurpose,
    now: DateTime<Utc>,
) -> Result<(), StorageError> {
    let open = links::table
        .filter(links::account_id.eq(account.as_str()))
        .filter(links::purpose.eq(purpose.as_str()))
        .filter(links::used_at.is_null())
        .filter(links::expires_at.gt(micros(now)));
    diesel::update(open).set(links::expires_at.eq(micros(now))).execute(&mut **tx)?;
    Ok(())
}

/// Ends every open link of an account that went to this address, whatever it is for: whoever reads it is not its owner.
///
/// # Errors
/// As for any write.
pub fn end_all_to(
    tx: &mut Tx<'_>,
    account: &Id<Account>,
    address: &EmailAddress,
    now: DateTime<Utc>,
) -> Result<(), StorageError> {
    let open = links::table
        .filter(links::account_id.eq(account.as_str()))
        .filter(links::address.eq(address.as_str()))
        .filter(links::used_at.is_null())
        .filter(links::expires_at.gt(micros(now)));
    diesel::update(open).set(links::expires_at.eq(micros(now))).execute(&mut **tx)?;
    Ok(())
}

/// Ends every open link of an account that went to another address than this one since then: whoever reads that mailbox
/// has no say any more.
///
/// # Errors
/// As for any write.
pub fn end_elsewhere(
    tx: &mut Tx<'_>,
    account: &Id<Account>,
    address: &EmailAddress,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), StorageError> {
    let open = links::table
        .filter(links::account_id.eq(account.as_str()))
        .filter(links::purpose.eq_any([LinkPurpose::NotMe.as_str(), LinkPurpose::PasswordReset.as_str()]))
        .filter(links::made_at.ge(micros(since)))
        .filter(links::used_at.is_null())
        .filter(links::expires_at.gt(micros(now)));
    let rows: Vec<(String, Option<String>)> = open.select((links::id, links::address)).load(&mut **tx)?;
    let is_elsewhere = |to: &Option<String>| {
        to.as_ref().is_none_or(|to| EmailAddress::stored(to.clone()).key() != address.key())
    };
    let ids: Vec<String> = rows.into_iter().filter(|(_, to)| is_elsewhere(to)).map(|(id, _)| id).collect();
    if ids.is_empty() {
        return Ok(());
    }
    diesel::update(links::table.filter(links::id.eq_any(ids)))
        .set(links::expires_at.eq(micros(now)))
        .execute(&mut **tx)?;
    Ok(())
}

/// Whether a notice of this kind was put on its way since then.
///
/// # Errors
/// As for any read.
pub fn told_since(
    conn: &mut AnyConnection,
    account: &Id<Account>,
    kind: EventKind,
    since: DateTime<Utc>,
) -> Result<bool, StorageError> {
    let told: Option<String> = links::table
        .inner_join(security_events::table.on(links::event_id.eq(security_events::id.nullable())))
        .filter(links::account_id.eq(account.as_str()))
        .filter(links::purpose.eq(LinkPurpose::NotMe.as_str()))
        .filter(links::made_at.gt(micros(since)))
        .filter(security_events::kind.eq(kind.as_str()))
        .select(links::id)
        .first(conn)
        .optional()?;
    Ok(told.is_some())
}

/// Whether an account has a link for this, bound to this address, that can still be used.
///
/// # Errors
/// As for any read.
pub fn any_open(
    conn: &mut AnyConnection,
    account: &Id<Account>,
    purpose: LinkPurpose,
    address: &EmailAddress,
    now: DateTime<Utc>,
) -> Result<bool, StorageError> {
    let row: Option<String> = links::table
        .filter(links::account_id.eq(account.as_str()))
        .filter(links::purpose.eq(purpose.as_str()))
        .filter(links::address.eq(address.as_str()))
        .filter(links::used_at.is_null())
        .filter(links::expires_at.gt(micros(now)))
        .select(links::id)
        .first(conn)
        .optional()?;
    Ok(row.is_some())
}

/// How many links for this were made for an account since then.
///
/// # Errors
/// As for any read.
pub fn made_since(
    conn: &mut AnyConnection,
    account: &Id<Account>,
    purpose: LinkPurpose,
    since: DateTime<Utc>,
) -> Result<i64, StorageError> {
    Ok(links::table
        .filter(links::account_id.eq(account.as_str()))
        .filter(links::purpose.eq(purpose.as_str()))
        .filter(links::made_at.gt(micros(since)))
        .count()
        .get_result(conn)?)
}
