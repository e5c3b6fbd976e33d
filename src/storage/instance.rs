//! `instance`: what this database is.

use diesel::prelude::*;

use crate::storage::schema::instance;
use crate::storage::{AnyConnection, StorageError, Tx};

/// What is known of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The mode it is stamped with.
    Mode,
    /// Its own random name, which the one-time link of the first start is derived from.
    Name,
    /// The identifier of the key it was made with.
    Key,
    /// When everything had last been brought to another key, in microseconds.
    KeyChangedAt,
    /// When administrators were last warned that the day's texts run low, in microseconds.
    TextsRanLowAt,
    /// For how many days the activity log is kept: what its own triggers hold deletions against.
    ActivityKeepDays,
}

impl Fact {
    fn as_str(self) -> &'static str {
        match self {
            Self::Mode => "mode",
            Self::Name => "name",
            Self::Key => "key",
            Self::KeyChangedAt => "key_changed_at",
            Self::TextsRanLowAt => "texts_ran_low_at",
            Self::ActivityKeepDays => "activity_keep_days",
        }
    }
}

/// What the database says of itself.
///
/// # Errors
/// As for any read.
pub fn find(conn: &mut AnyConnection, fact: Fact) -> Result<Option<String>, StorageError> {
    Ok(instance::table.find(fact.as_str()).select(instance::value).first(conn).optional()?)
}

/// Writes a fact, unless it is written already; answers the one that stands.
///
/// # Errors
/// As for any write.
pub fn stamp(tx: &mut Tx<'_>, fact: Fact, value: &str) -> Result<String, StorageError> {
    if let Some(there) = find(tx, fact)? {
        return Ok(there);
    }
    diesel::insert_into(instance::table)
        .values((instance::name.eq(fact.as_str()), instance::value.eq(value)))
        .execute(&mut **tx)?;
    Ok(value.to_owned())
}

/// Writes a fact, in place of what stood there.
///
/// # Errors
/// [`StorageError::Taken`] if another instance wrote the first one at this moment; else as for any write.
pub fn put(tx: &mut Tx<'_>, fact: Fact, value: &str) -> Result<(), StorageError> {
    let row = instance::table.find(fact.as_str());
    if diesel::update(row).set(instance::value.eq(value)).execute(&mut **tx)? == 1 {
        return Ok(());
    }
    stamp(tx, fact, value).map(|_| ())
}

/// Makes transactions that decide about the whole installation follow each other.
///
/// # Errors
/// As for any write.
pub fn lock(tx: &mut Tx<'_>) -> Result<(), StorageError> {
    diesel::update(instance::table.find(Fact::Name.as_str()))
        .set(instance::name.eq(Fact::Name.as_str()))
        .execute(&mut **tx)?;
    Ok(())
}
