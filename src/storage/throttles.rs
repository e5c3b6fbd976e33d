//! `throttles`: wrong passwords in a row for one name, known or not; and a row of each address, to take turns at.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::limits::{NameStanding, PasswordFailure, name_standing, password_failure, rest_after};
use crate::storage::columns::{count, maybe_time, micros, number};
use crate::storage::schema::throttles;
use crate::storage::{AnyConnection, StorageError, Tx};

/// What became of the wish to have a password checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameCount {
    /// It is counted and may be checked; if it is wrong, this is what it brings.
    Counted(PasswordFailure),
    /// Not before this moment.
    Rests(DateTime<Utc>),
    /// Not before a reset.
    Closed,
}

/// Counts a password about to be checked as wrong, if the name is open. To be committed before the check, and taken back
/// by [`clear`] when the password was right: so not more than the limit is ever evaluated, however many come at once.
///
/// # Errors
/// As for any write.
pub fn count_failure(tx: &mut Tx<'_>, subject: &[u8], now: DateTime<Utc>) -> Result<NameCount, StorageError> {
    lock(tx, subject, now)?;
    let (failures, rests_until) = row(tx, subject)?.unwrap_or_default();
    match name_standing(count(failures)?, maybe_time(rests_until)?, now) {
        NameStanding::Open => {}
        NameStanding::Rests(until) => return Ok(NameCount::Rests(until)),
        NameStanding::Closed => return Ok(NameCount::Closed),
    }
    let failures_now = count(failures)?.saturating_add(1);
    let rests_until = rest_after(failures_now).map(|rest| micros(now + rest));
    diesel::update(throttles::table.find(subject))
        .set((throttles::failures.eq(number(failures_now)), throttles::rests_until.eq(rests_until)))
        .execute(&mut **tx)?;
    Ok(NameCount::Counted(password_failure(failures_now)))
}

/// Counts a password about to be checked from an allowance of its own, while that lasts: it neither rests nor closes.
///
/// # Errors
/// As for any write.
pub fn count_of(
    tx: &mut Tx<'_>,
    subject: &[u8],
    most: u32,
    now: DateTime<Utc>,
) -> Result<bool, StorageError> {
    lock(tx, subject, now)?;
    let left = throttles::table.find(subject).filter(throttles::failures.lt(number(most)));
    let rows =
        diesel::update(left).set(throttles::failures.eq(throttles::failures + 1)).execute(&mut **tx)?;
    Ok(rows == 1)
}

/// Whether anything is left of an allowance, without counting anything.
///
/// # Errors
/// As for any read.
pub fn has_left(conn: &mut AnyConnection, subject: &[u8], most: u32) -> Result<bool, StorageError> {
    let (failures, _) = row(conn, subject)?.unwrap_or_default();
    Ok(count(failures)? < most)
}

/// How a name stands, without counting anything.
///
/// # Errors
/// As for any read.
pub fn standing(
    conn: &mut AnyConnection,
    subject: &[u8],
    now: DateTime<Utc>,
) -> Result<NameStanding, StorageError> {
    let (failures, rests_until) = row(conn, subject)?.unwrap_or_default();
    Ok(name_standing(count(failures)?, maybe_time(rests_until)?, now))
}

/// Makes transactions about one subject follow each other, on PostgreSQL too, by touching its row.
///
/// # Errors
/// As for any write.
pub fn lock(tx: &mut Tx<'_>, subject: &[u8], now: DateTime<Utc>) -> Result<(), StorageError> {
    if touch(tx, subject, now)? {
        return Ok(());
    }
    // In a savepoint: somebody may be quicker with the same new subject, and PostgreSQL would end this transaction over it.
    let made = tx.transaction(|conn| {
        diesel::insert_into(throttles::table)
            .values((
                throttles::subject.eq(subject),
                throttles::failures.eq(0),
                throttles::changed_at.eq(micros(now)),
            ))
            .execute(conn)
    });
    match made.map_err(StorageError::from) {
        Ok(_) => Ok(()),
        Err(StorageError::Taken(_)) if touch(tx, subject, now)? => Ok(()),
        // There and gone again within this moment.
        Err(StorageError::Taken(_)) => Err(StorageError::Unavailable),
        Err(fault) => Err(fault),
    }
}

fn touch(tx: &mut Tx<'_>, subject: &[u8], now: DateTime<Utc>) -> Result<bool, StorageError> {
    let rows = diesel::update(throttles::table.find(subject))
        .set(throttles::changed_at.eq(micros(now)))
        .execute(&mut **tx)?;
    Ok(rows == 1)
}

fn row(conn: &mut AnyConnection, subject: &[u8]) -> Result<Option<(i32, Option<i64>)>, StorageError> {
    let columns = (throttles::failures, throttles::rests_until);
    Ok(throttles::table.find(subject).select(columns).first(conn).optional()?)
}

/// A right password, or somebody's unlocking: the name's failures are forgotten.
///
/// # Errors
/// As for any write.
pub fn clear(tx: &mut Tx<'_>, subject: &[u8]) -> Result<(), StorageError> {
    diesel::delete(throttles::table.find(subject)).execute(&mut **tx)?;
    Ok(())
}

/// Takes one count back: the password was not checked after all.
///
/// # Errors
/// As for any write.
pub fn give_back(tx: &mut Tx<'_>, subject: &[u8]) -> Result<(), StorageError> {
    diesel::update(throttles::table.find(subject).filter(throttles::failures.gt(0)))
        .set((throttles::failures.eq(throttles::failures - 1), throttles::rests_until.eq(None::<i64>)))
        .execute(&mut **tx)?;
    Ok(())
}
