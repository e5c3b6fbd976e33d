//! The updates that replace an account's password or its e-mail address of record. What ends with it is for the story to say.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::account::Account;
use crate::domain::email::EmailAddress;
use crate::domain::ids::Id;
use crate::domain::limits::SENDS_COUNTED_ANEW_EVERY;
use crate::domain::password::PasswordHash;
use crate::storage::accounts::standing::restate;
use crate::storage::columns::micros;
use crate::storage::schema::accounts;
use crate::storage::{StorageError, Tx};

/// Replaces the password, and begins the counts of sends anew, unless another replacement just did: whoever changes their own
/// password over and over must not use up everybody's texts.
///
/// # Errors
/// As for any write.
pub fn replace_password(
    tx: &mut Tx<'_>,
    id: &Id<Account>,
    hash: &PasswordHash,
    now: DateTime<Utc>,
) -> Result<(), StorageError> {
    let a_while_ago = accounts::password_changed_at.le(micros(now - SENDS_COUNTED_ANEW_EVERY));
    let is_the_first = accounts::password_changed_at.is_null().or(a_while_ago);
    diesel::update(accounts::table.find(id.as_str()).filter(is_the_first))
        .set(accounts::sends_counted_from.eq(micros(now)))
        .execute(&mut **tx)?;
    diesel::update(accounts::table.find(id.as_str()))
        .set((accounts::password_hash.eq(hash.as_str()), accounts::password_changed_at.eq(micros(now))))
        .execute(&mut **tx)?;
    restate(tx, id)
}

/// Replaces the e-mail address of record by one at which a code was entered.
///
/// # Errors
/// As for any write.
pub fn replace_email(
    tx: &mut Tx<'_>,
    id: &Id<Account>,
    address: &EmailAddress,
    now: DateTime<Utc>,
) -> Result<(), StorageError> {
    diesel::update(accounts::table.find(id.as_str()))
        .set((
            accounts::email.eq(address.as_str()),
            accounts::email_key.eq(address.key()),
            accounts::email_confirmed_at.eq(micros(now)),
            accounts::version.eq(accounts::version + 1),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Notes that the owner of the e-mail address of record reads that mailbox: a link that was mailed there was used.
///
/// # Errors
/// As for any write.
pub fn confirm_email(tx: &mut Tx<'_>, id: &Id<Account>, now: DateTime<Utc>) -> Result<(), StorageError> {
    diesel::update(accounts::table.find(id.as_str()))
        .set(accounts::email_confirmed_at.eq(micros(now)))
        .execute(&mut **tx)?;
    Ok(())
}
