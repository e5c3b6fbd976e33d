//! `throttles`: wrong passwords in a row for one name, known or not.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::limits::{NameStanding, name_standing, rest_after};
use crate::storage::columns::{count, maybe_time, micros, number};
use crate::storage::schema::throttles;
use crate::storage::{AnyConnection, StorageError, Tx};

/// How a name stands now.
///
/// # Errors
/// As for any read.
pub fn standing(
    conn: &mut AnyConnection,
    subject: &[u8],
    now: DateTime<Utc>,
) -> Result<NameStanding, StorageError> {
    let row: Option<(i32, Option<i64>)> = throttles::table
        .find(subject)
        .select((throttles::failures, throttles::rests_until))
        .first(conn)
        .optional()?;
    match row {
        Some((failures, rests_until)) => Ok(name_standing(count(failures)?, maybe_time(rests_until)?, now)),
        None => Ok(NameStanding::Open),
    }
}

/// Counts a password about to be checked as wrong, if the name is open. To be committed before the check, and taken back
/// by [`clear`] when the password was right: so not more than the limit is ever evaluated, however many come at once.
///
/// # Errors
/// As for any write.
pub fn count_failure(
    tx: &mut Tx<'_>,
    subject: &[u8],
    now: DateTime<Utc>,
) -> Result<NameStanding, StorageError> {
    // Touching the row first makes the transactions of one name follow each other on PostgreSQL too.
    let failures: Option<i32> = diesel::update(throttles::table.find(subject))
        .set(throttles::changed_at.eq(micros(now)))
        .returning(throttles::failures)
        .get_result(&mut **tx)
        .optional()?;
    let standing = standing(tx, subject, now)?;
    if standing != NameStanding::Open {
        return Ok(standing);
    }
    let failures_now = count(failures.unwrap_or(0))?.saturating_add(1);
    let rests_until = rest_after(failures_now).map(|rest| micros(now + rest));
    if failures.is_some() {
        diesel::update(throttles::table.find(subject))
            .set((throttles::failures.eq(number(failures_now)), throttles::rests_until.eq(rests_until)))
            .execute(&mut **tx)?;
    } else {
        diesel::insert_into(throttles::table)
            .values((
                throttles::subject.eq(subject),
                throttles::failures.eq(number(failures_now)),
                throttles::rests_until.eq(rests_until),
                throttles::changed_at.eq(micros(now)),
            ))
            .execute(&mut **tx)?;
    }
    Ok(NameStanding::Open)
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
