//! `recovery_codes` and `one_time_passes`: what stands in for a code. Each is used by one conditional update.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::account::Account;
use crate::domain::ids::Id;
use crate::domain::recovery::{RecoveryKind, RecoveryProof};
use crate::storage::columns::micros;
use crate::storage::schema::{one_time_passes, recovery_codes};
use crate::storage::{AnyConnection, StorageError, Tx};

/// A row of either table; only its identifier is ever needed.
pub enum Recovery {}

/// Keeps the hashes of new recovery codes in place of all earlier ones, used or not.
///
/// # Errors
/// As for any write.
pub fn replace_codes(
    tx: &mut Tx<'_>,
    account: &Id<Account>,
    codes: &[(Id<Recovery>, Vec<u8>)],
    now: DateTime<Utc>,
) -> Result<(), StorageError> {
    void_codes(tx, account)?;
    for (id, hash) in codes {
        diesel::insert_into(recovery_codes::table)
            .values((
                recovery_codes::id.eq(id.as_str()),
                recovery_codes::account_id.eq(account.as_str()),
                recovery_codes::code_hash.eq(hash),
                recovery_codes::made_at.eq(micros(now)),
            ))
            .execute(&mut **tx)?;
    }
    Ok(())
}

/// Voids all recovery codes of an account.
///
/// # Errors
/// As for any write.
pub fn void_codes(tx: &mut Tx<'_>, account: &Id<Account>) -> Result<(), StorageError> {
    let of_account = recovery_codes::table.filter(recovery_codes::account_id.eq(account.as_str()));
    diesel::delete(of_account).execute(&mut **tx)?;
    Ok(())
}

/// Voids the recovery codes of an account that were made after this moment.
///
/// # Errors
/// As for any write.
pub fn void_codes_since(
    tx: &mut Tx<'_>,
    account: &Id<Account>,
    since: DateTime<Utc>,
) -> Result<(), StorageError> {
    let made_since = recovery_codes::table
        .filter(recovery_codes::account_id.eq(account.as_str()))
        .filter(recovery_codes::made_at.ge(micros(since)));
    diesel::delete(made_since).execute(&mut **tx)?;
    Ok(())
}

/// How many recovery codes are left.
///
/// # Errors
/// As for any read.
pub fn codes_left(conn: &mut AnyConnection, account: &Id<Account>) -> Result<i64, StorageError> {
    Ok(recovery_codes::table
        .filter(recovery_codes::account_id.eq(account.as_str()))
        .filter(recovery_codes::used_at.is_null())
        .count()
        .get_result(conn)?)
}

/// Uses a recovery code of this account: for exactly one caller.
///
/// # Errors
/// As for any write.
pub fn use_code(
    tx: &mut Tx<'_>,
    account: &Id<Account>,
    hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<RecoveryProof>, StorageError> {
    let unused = recovery_codes::table
        .filter(recovery_codes::account_id.eq(account.as_str()))
        .filter(recovery_codes::code_hash.eq(hash))
        .filter(recovery_codes::used_at.is_null());
    let rows = diesel::update(unused).set(recovery_codes::used_at.eq(micros(now))).execute(&mut **tx)?;
    Ok(RecoveryProof::used_up(rows, RecoveryKind::RecoveryCode, account))
}

/// Keeps the hash of a one-time pass, in place of any earlier one of the account.
///
/// # Errors
/// As for any write.
pub fn put_pass(
    tx: &mut Tx<'_>,
    id: &Id<Recovery>,
    account: &Id<Account>,
    hash: &[u8],
    (now, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> Result<(), StorageError> {
    void_passes(tx, account)?;
    diesel::insert_into(one_time_passes::table)
        .values((
            one_time_passes::id.eq(id.as_str()),
            one_time_passes::account_id.eq(account.as_str()),
            one_time_passes::pass_hash.eq(hash),
            one_time_passes::made_at.eq(micros(now)),
            one_time_passes::expires_at.eq(micros(expires_at)),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Voids the one-time passes of an account.
///
/// # Errors
/// As for any write.
pub fn void_passes(tx: &mut Tx<'_>, account: &Id<Account>) -> Result<(), StorageError> {
    let of_account = one_time_passes::table.filter(one_time_passes::account_id.eq(account.as_str()));
    diesel::delete(of_account).execute(&mut **tx)?;
    Ok(())
}

/// Uses a one-time pass of this account: for exactly one caller.
///
/// # Errors
/// As for any write.
pub fn use_pass(
    tx: &mut Tx<'_>,
    account: &Id<Account>,
    hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<RecoveryProof>, StorageError> {
    let unused = one_time_passes::table
        .filter(one_time_passes::account_id.eq(account.as_str()))
        .filter(one_time_passes::pass_hash.eq(hash))
        .filter(one_time_passes::used_at.is_null())
        .filter(one_time_passes::expires_at.gt(micros(now)));
    let rows = diesel::update(unused).set(one_time_passes::used_at.eq(micros(now))).execute(&mut **tx)?;
    Ok(RecoveryProof::used_up(rows, RecoveryKind::Pass, account))
}
