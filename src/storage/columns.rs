//! How values stand in columns: times as microseconds UTC in a BIGINT, counts as INTEGER.

use chrono::{DateTime, Utc};

use crate::storage::error::StorageError;

pub(super) fn micros(at: DateTime<Utc>) -> i64 {
    at.timestamp_micros()
}

pub(super) fn time(micros: i64) -> Result<DateTime<Utc>, StorageError> {
    DateTime::from_timestamp_micros(micros).ok_or_else(|| StorageError::unreadable("time"))
}

pub(super) fn maybe_time(micros: Option<i64>) -> Result<Option<DateTime<Utc>>, StorageError> {
    micros.map(time).transpose()
}

pub(super) fn count(number: i32) -> Result<u32, StorageError> {
    u32::try_from(number).map_err(|_| StorageError::unreadable("count"))
}

pub(super) fn number(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

pub(super) fn readable<T>(value: Option<T>, what: &str) -> Result<T, StorageError> {
    value.ok_or_else(|| StorageError::unreadable(what))
}
