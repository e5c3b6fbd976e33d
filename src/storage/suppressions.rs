//! `suppressions`: numbers that answered STOP, by blind index, each for the sender it was said to.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::storage::columns::micros;
use crate::storage::schema::suppressions;
use crate::storage::{AnyConnection, StorageError, Tx};

/// Whether a number has answered STOP to this sender.
///
/// # Errors
/// As for any read.
pub fn exists(conn: &mut AnyConnection, destination: &[u8], sender: &str) -> Result<bool, StorageError> {
    let row: Option<String> = suppressions::table
        .find((destination, sender))
        .select(suppressions::sender)
        .first(conn)
        .optional()?;
    Ok(row.is_some())
}

/// Notes that a number answered STOP to this sender; the first time stays.
///
/// # Errors
/// As for any write.
pub fn note(
    tx: &mut Tx<'_>,
    destination: &[u8],
    sender: &str,
    now: DateTime<Utc>,
) -> Result<(), StorageError> {
    if exists(tx, destination, sender)? {
        return Ok(());
    }
    // In a savepoint: another instance may be told at the same moment, and PostgreSQL would end this transaction over it.
    let made = tx.transaction(|conn| {
        diesel::insert_into(suppressions::table)
            .values((
                suppressions::destination_index.eq(destination),
                suppressions::sender.eq(sender),
                suppressions::since.eq(micros(now)),
            ))
            .execute(conn)
    });
    match made.map_err(StorageError::from) {
        Ok(_) | Err(StorageError::Taken(_)) => Ok(()),
        Err(fault) => Err(fault),
    }
}

/// Forgets that a number answered STOP to this sender.
///
/// # Errors
/// As for any write.
pub fn lift(tx: &mut Tx<'_>, destination: &[u8], sender: &str) -> Result<(), StorageError> {
    diesel::delete(suppressions::table.find((destination, sender))).execute(&mut **tx)?;
    Ok(())
}

/// Forgets all of them: under another key they are not found any more.
///
/// # Errors
/// As for any write.
pub fn clear(tx: &mut Tx<'_>) -> Result<(), StorageError> {
    diesel::delete(suppressions::table).execute(&mut **tx)?;
    Ok(())
}
