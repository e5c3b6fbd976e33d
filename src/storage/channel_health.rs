//! `channel_health`: how each channel stands, for all instances alike.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::channel::{ChannelHealth, Down, LONGEST_WAIT, wait_after};
use crate::domain::delivery::FailureClass;
use crate::domain::second_factor::Method;
use crate::storage::columns::{count, maybe_time, micros, number, readable};
use crate::storage::schema::channel_health;
use crate::storage::{AnyConnection, StorageError, Tx};

/// How a channel stands.
///
/// # Errors
/// As for any read.
pub fn find(conn: &mut AnyConnection, channel: Method) -> Result<ChannelHealth, StorageError> {
    type Row = (i32, i32, Option<i64>, Option<String>, Option<i64>);
    let row: Option<Row> = channel_health::table
        .find(channel.as_str())
        .select((
            channel_health::failures,
            channel_health::openings,
            channel_health::down_since,
            channel_health::failure_class,
            channel_health::probe_at,
        ))
        .first(conn)
        .optional()?;
    let Some((failures, openings, since, class, probe_at)) = row else { return Ok(ChannelHealth::default()) };
    let down = match (maybe_time(since)?, class, maybe_time(probe_at)?) {
        (Some(since), Some(class), Some(probe_at)) => {
            Some(Down { since, class: readable(FailureClass::stored(&class), "failure class")?, probe_at })
        }
        _ => None,
    };
    Ok(ChannelHealth { failures: count(failures)?, openings: count(openings)?, down })
}

/// The same, with all others who would change it kept waiting.
///
/// # Errors
/// As for any write.
pub fn lock(tx: &mut Tx<'_>, channel: Method) -> Result<ChannelHealth, StorageError> {
    diesel::update(channel_health::table.find(channel.as_str()))
        .set(channel_health::channel.eq(channel.as_str()))
        .execute(&mut **tx)?;
    find(tx, channel)
}

/// Writes how a channel stands.
///
/// # Errors
/// As for any write.
pub fn put(tx: &mut Tx<'_>, channel: Method, health: &ChannelHealth) -> Result<(), StorageError> {
    diesel::update(channel_health::table.find(channel.as_str()))
        .set((
            channel_health::failures.eq(number(health.failures)),
            channel_health::openings.eq(number(health.openings)),
            channel_health::down_since.eq(health.down.map(|down| micros(down.since))),
            channel_health::failure_class.eq(health.down.map(|down| down.class.as_str())),
            channel_health::probe_at.eq(health.down.map(|down| micros(down.probe_at))),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Takes the one try that a channel that is down has now, and answers whether it was there to take: of all instances one
/// gets it. If whoever took it dies, the next is there after the same wait.
///
/// # Errors
/// As for any write.
pub fn take_probe(
    tx: &mut Tx<'_>,
    channel: Method,
    health: &ChannelHealth,
    now: DateTime<Utc>,
) -> Result<bool, StorageError> {
    let may_be_tried =
        channel_health::probe_at.le(micros(now)).or(channel_health::probe_at.gt(micros(now + LONGEST_WAIT)));
    let down = channel_health::table.find(channel.as_str()).filter(may_be_tried);
    let next = micros(now + wait_after(health.openings));
    Ok(diesel::update(down).set(channel_health::probe_at.eq(next)).execute(&mut **tx)? == 1)
}

/// Gives the try back: there was no message to try with.
///
/// # Errors
/// As for any write.
pub fn give_back_probe(tx: &mut Tx<'_>, channel: Method, now: DateTime<Utc>) -> Result<(), StorageError> {
    diesel::update(
        channel_health::table.find(channel.as_str()).filter(channel_health::probe_at.is_not_null()),
    )
    .set(channel_health::probe_at.eq(micros(now)))
    .execute(&mut **tx)?;
    Ok(())
}
