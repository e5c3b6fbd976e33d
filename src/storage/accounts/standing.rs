//! The updates that move a counter or an epoch of an account, and the lock that puts decisions about it in order.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::account::{Account, State, TrustEnd};
use crate::domain::email::EmailAddress;
use crate::domain::ids::Id;
use crate::domain::limits::{CODE_PAUSE, CodeFailure, code_failure};
use crate::storage::columns::{count, micros, number};
use crate::storage::schema::accounts;
use crate::storage::{StorageError, Tx};

/// Ends all trusted computers of the account at once, with the reason beside it.
///
/// # Errors
/// As for any write.
pub fn end_trust(tx: &mut Tx<'_>, id: &Id<Account>, because: TrustEnd) -> Result<(), StorageError> {
    diesel::update(accounts::table.find(id.as_str()))
        .set((
            accounts::trust_epoch.eq(accounts::trust_epoch + 1),
            accounts::trust_ended_because.eq(because.as_str()),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Ends all sessions of the account at once and answers the epoch of those to come.
///
/// # Errors
/// As for any write.
pub fn end_sessions(tx: &mut Tx<'_>, id: &Id<Account>) -> Result<i64, StorageError> {
    let epoch = diesel::update(accounts::table.find(id.as_str()))
        .set(accounts::session_epoch.eq(accounts::session_epoch + 1))
        .returning(accounts::session_epoch)
        .get_result(&mut **tx)?;
    Ok(epoch)
}

/// Sets *ask on every login*.
///
/// # Errors
/// As for any write.
pub fn ask_every_login(tx: &mut Tx<'_>, id: &Id<Account>, asks: bool) -> Result<(), StorageError> {
    diesel::update(accounts::table.find(id.as_str()))
        .set(accounts::asks_every_login.eq(asks))
        .execute(&mut **tx)?;
    Ok(())
}

/// Puts the address of record and *ask on every login* back as they stood before an act that is undone.
///
/// # Errors
/// As for any write.
pub fn put_back(
    tx: &mut Tx<'_>,
    id: &Id<Account>,
    email: (&EmailAddress, Option<DateTime<Utc>>),
    asks_every_login: bool,
) -> Result<(), StorageError> {
    let (address, confirmed_at) = email;
    diesel::update(accounts::table.find(id.as_str()))
        .set((
            accounts::email.eq(address.as_str()),
            accounts::email_key.eq(address.key()),
            accounts::email_confirmed_at.eq(confirmed_at.map(micros)),
            accounts::asks_every_login.eq(asks_every_login),
            accounts::version.eq(accounts::version + 1),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Locks the account's row until the transaction ends, so that two decisions about it come one after the other. Whoever
/// locks more than one row locks this one first: two transactions that wait for each other would never end.
///
/// # Errors
/// As for any write.
pub fn lock(tx: &mut Tx<'_>, id: &Id<Account>) -> Result<(), StorageError> {
    diesel::update(accounts::table.find(id.as_str()))
        .set(accounts::sends_counted_from.eq(accounts::sends_counted_from))
        .execute(&mut **tx)?;
    Ok(())
}

/// Counts a code about to be compared as wrong; the pause or suspension it brings commits with it, and is answered.
///
/// # Errors
/// As for any write.
pub fn count_code_failure(
    tx: &mut Tx<'_>,
    id: &Id<Account>,
    now: DateTime<Utc>,
) -> Result<CodeFailure, StorageError> {
    let failures: i32 = diesel::update(accounts::table.find(id.as_str()))
        .set(accounts::code_failures.eq(accounts::code_failures + 1))
        .returning(accounts::code_failures)
        .get_result(&mut **tx)?;
    let brings = code_failure(count(failures)?);
    let (paused_until, suspended_at) = match brings {
        CodeFailure::Counts => return Ok(brings),
        CodeFailure::Pauses => (Some(micros(now + CODE_PAUSE)), None),
        CodeFailure::Suspends => (None, Some(micros(now))),
    };
    diesel::update(accounts::table.find(id.as_str()))
        .set((accounts::codes_paused_until.eq(paused_until), accounts::codes_suspended_at.eq(suspended_at)))
        .execute(&mut **tx)?;
    restate(tx, id)?;
    Ok(brings)
}

/// A right code was entered, or somebody unlocked the account: wrong ones are forgotten.
///
/// # Errors
/// As for any write.
pub fn forgive_codes(tx: &mut Tx<'_>, id: &Id<Account>) -> Result<(), StorageError> {
    diesel::update(accounts::table.find(id.as_str()))
        .set((
            accounts::code_failures.eq(number(0)),
            accounts::codes_paused_until.eq(None::<i64>),
            accounts::codes_suspended_at.eq(None::<i64>),
        ))
        .execute(&mut **tx)?;
    restate(tx, id)
}

/// Works out again how the account stands in the list. Called by every write that may change that.
pub(in crate::storage) fn restate(tx: &mut Tx<'_>, id: &Id<Account>) -> Result<(), StorageError> {
    type Row = (Option<i64>, Option<String>, Option<i64>);
    let row: Option<Row> = accounts::table
        .find(id.as_str())
        .select((accounts::disabled_at, accounts::password_hash, accounts::codes_suspended_at))
        .first(&mut **tx)
        .optional()?;
    let Some((disabled_at, hash, suspended_at)) = row else { return Ok(()) };
    let state = State::of(disabled_at.is_some(), hash.is_some(), suspended_at.is_some());
    diesel::update(accounts::table.find(id.as_str()))
        .set(accounts::state.eq(state.as_str()))
        .execute(&mut **tx)?;
    Ok(())
}
