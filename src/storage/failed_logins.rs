//! `failed_logins`: wrong passwords from one address, for as long as its limits look back.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;

use crate::domain::limits::{
    ADDRESS_FAILURES_A_MINUTE, ADDRESS_FAILURES_AN_HOUR, ADDRESS_NAMES, ADDRESS_NAMES_WINDOW,
};
use crate::storage::columns::{micros, time};
use crate::storage::schema::failed_logins;
use crate::storage::{AnyConnection, StorageError, Tx};

/// Notes a password about to be checked as wrong. To be committed before the check, like the count of the name.
///
/// # Errors
/// As for any write.
pub fn note(
    tx: &mut Tx<'_>,
    id: &str,
    address: &[u8],
    subject: &[u8],
    now: DateTime<Utc>,
) -> Result<(), StorageError> {
    diesel::insert_into(failed_logins::table)
        .values((
            failed_logins::id.eq(id),
            failed_logins::address.eq(address),
            failed_logins::subject.eq(subject),
            failed_logins::failed_at.eq(micros(now)),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Takes one note back: the password was right, or was not checked after all. All others stand.
///
/// # Errors
/// As for any write.
pub fn take_back(tx: &mut Tx<'_>, id: &str) -> Result<(), StorageError> {
    diesel::delete(failed_logins::table.find(id)).execute(&mut **tx)?;
    Ok(())
}

/// Until when an address rests, if it does.
///
/// # Errors
/// As for any read.
pub fn rests_until(
    conn: &mut AnyConnection,
    address: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, StorageError> {
    let windows =
        [(TimeDelta::minutes(1), ADDRESS_FAILURES_A_MINUTE), (TimeDelta::hours(1), ADDRESS_FAILURES_AN_HOUR)];
    for (window, most) in windows {
        // The most-th failure back: once it has left the window, there is room again.
        let oldest: Option<i64> = failed_logins::table
            .filter(failed_logins::address.eq(address))
            .filter(failed_logins::failed_at.gt(micros(now - window)))
            .order(failed_logins::failed_at.desc())
            .select(failed_logins::failed_at)
            .offset(most - 1)
            .first(conn)
            .optional()?;
        if let Some(oldest) = oldest {
            return Ok(Some(time(oldest)? + window));
        }
    }
    names_rest_until(conn, address, now)
}

fn names_rest_until(
    conn: &mut AnyConnection,
    address: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, StorageError> {
    // A rest lasts as long as the window, so failures up to two windows old can be the cause of one.
    let since = micros(now - ADDRESS_NAMES_WINDOW - ADDRESS_NAMES_WINDOW);
    let failures: i64 = failed_logins::table
        .filter(failed_logins::address.eq(address))
        .filter(failed_logins::failed_at.gt(since))
        .select(count_star())
        .first(conn)?;
    if failures < ADDRESS_NAMES {
        return Ok(None);
    }
    let last: Option<i64> = failed_logins::table
        .filter(failed_logins::address.eq(address))
        .order(failed_logins::failed_at.desc())
        .select(failed_logins::failed_at)
        .first(conn)
        .optional()?;
    let Some(last) = last.map(time).transpose()? else { return Ok(None) };
    // While it rests nothing is noted, so the names are counted up to the last failure, not up to now.
    let names: Vec<Vec<u8>> = failed_logins::table
        .filter(failed_logins::address.eq(address))
        .filter(failed_logins::failed_at.gt(micros(last - ADDRESS_NAMES_WINDOW)))
        .select(failed_logins::subject)
        .distinct()
        .limit(ADDRESS_NAMES)
        .load(conn)?;
    let until = last + ADDRESS_NAMES_WINDOW;
    let is_too_many = i64::try_from(names.len()).is_ok_and(|names| names >= ADDRESS_NAMES);
    Ok((is_too_many && now < until).then_some(until))
}
