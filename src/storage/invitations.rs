//! `invitations`: links at which a person sets the first password. Tokens are derived, not stored.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::account::Account;
use crate::domain::ids::Id;
use crate::domain::invitation::Invitation;
use crate::storage::columns::{maybe_time, micros, time};
use crate::storage::schema::invitations;
use crate::storage::{AnyConnection, StorageError, Tx};

/// Keeps an invitation.
///
/// # Errors
/// As for any write.
pub fn put(tx: &mut Tx<'_>, invitation: &Invitation) -> Result<(), StorageError> {
    diesel::insert_into(invitations::table)
        .values((
            invitations::id.eq(invitation.id.as_str()),
            invitations::account_id.eq(invitation.account.as_str()),
            invitations::key_id.eq(&invitation.key_id),
            invitations::made_at.eq(micros(invitation.made_at)),
            invitations::expires_at.eq(micros(invitation.expires_at)),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Finds an invitation, used or not, over or not.
///
/// # Errors
/// As for any read.
pub fn find(conn: &mut AnyConnection, id: &Id<Invitation>) -> Result<Option<Invitation>, StorageError> {
    type Row = (String, String, String, i64, i64, Option<i64>);
    let row: Option<Row> = invitations::table
        .find(id.as_str())
        .select((
            invitations::id,
            invitations::account_id,
            invitations::key_id,
            invitations::made_at,
            invitations::expires_at,
            invitations::used_at,
        ))
        .first(conn)
        .optional()?;
    let Some((id, account, key_id, made_at, expires_at, used_at)) = row else { return Ok(None) };
    Ok(Some(Invitation {
        id: Id::stored(id),
        account: Id::<Account>::stored(account),
        key_id,
        made_at: time(made_at)?,
        expires_at: time(expires_at)?,
        used_at: maybe_time(used_at)?,
    }))
}

/// Marks an invitation as used: for exactly one caller.
///
/// # Errors
/// As for any write.
pub fn use_up(tx: &mut Tx<'_>, id: &Id<Invitation>, now: DateTime<Utc>) -> Result<bool, StorageError> {
    let unused = invitations::table
        .find(id.as_str())
        .filter(invitations::used_at.is_null())
        .filter(invitations::expires_at.gt(micros(now)));
    let rows = diesel::update(unused).set(invitations::used_at.eq(micros(now))).execute(&mut **tx)?;
    Ok(rows == 1)
}
