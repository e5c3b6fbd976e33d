//! How many messages have been asked for, read from the outbox itself: there is no second count to drift.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use crate::domain::account::Account;
use crate::domain::ids::Id;
use crate::domain::limits::{
    MAILS_A_DAY, SENDS_WINDOW, TEXTS_A_DAY, UNCONFIRMED_MAILS_A_DAY, UNCONFIRMED_TEXTS_A_DAY, UNUSED_SENDS,
};
use crate::domain::second_factor::Method;
use crate::storage::columns::{micros, time};
use crate::storage::schema::{challenges, outbox};
use crate::storage::{AnyConnection, StorageError};

/// One more message that is about to be asked for.
pub struct NextSend<'a> {
    /// Whose it is.
    pub account: &'a Id<Account>,
    /// How it is sent.
    pub channel: Method,
    /// The blind index of where it goes.
    pub destination: &'a [u8],
    /// Whether a code has been entered from there before.
    pub is_confirmed: bool,
    /// Earlier messages of the account do not count, unless they went to where nobody has entered a code.
    pub counted_from: DateTime<Utc>,
    /// The installation's texts in an hour.
    pub texts_an_hour: i64,
    /// The installation's texts in a day.
    pub texts_a_day: i64,
}

const DAY: TimeDelta = TimeDelta::days(1);

/// Which messages count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Count {
    /// All that were asked for.
    All,
    /// Those whose code was not entered: a used code gives its send back.
    Unused,
}

/// Selects the messages a limit counts. A query cannot be named as a type without naming all of it, hence the macro.
macro_rules! messages {
    ($which:expr, $since:expr, $count:expr) => {{
        let messages = outbox::table
            .left_join(challenges::table)
            .filter(outbox::created_at.gt(micros($since)))
            .filter($which)
            .order(outbox::created_at.desc())
            .select(outbox::created_at)
            .into_boxed();
        match $count {
            Count::All => messages,
            Count::Unused => messages.filter(challenges::used_at.is_null()),
        }
    }};
}

/// Until when the limits hold a message back, if they do. Messages to a destination that is not confirmed count apart,
/// and stop at half of the installation's texts, so that nobody can use up another's.
///
/// # Errors
/// As for any read.
pub fn held_until(
    conn: &mut AnyConnection,
    next: &NextSend<'_>,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, StorageError> {
    let mut held = vec![of_account(conn, next, Count::Unused, SENDS_WINDOW, UNUSED_SENDS, now)?];
    match (next.is_confirmed, next.channel) {
        (true, Method::Email) => held.push(of_account(conn, next, Count::All, DAY, MAILS_A_DAY, now)?),
        (true, Method::Sms) => held.push(of_account(conn, next, Count::All, DAY, TEXTS_A_DAY, now)?),
        (false, channel) => {
            held.push(to_destination(conn, next, Count::Unused, SENDS_WINDOW, UNUSED_SENDS, now)?);
            let a_day = match channel {
                Method::Email => UNCONFIRMED_MAILS_A_DAY,
                Method::Sms => UNCONFIRMED_TEXTS_A_DAY,
            };
            held.push(of_account(conn, next, Count::All, DAY, a_day, now)?);
            held.push(to_destination(conn, next, Count::All, DAY, a_day, now)?);
        }
    }
    if next.channel == Method::Sms {
        held.push(texts_held_until(conn, (next.texts_an_hour, next.texts_a_day), next.is_confirmed, now)?);
    }
    Ok(held.into_iter().flatten().max())
}

/// Until when the installation's limits, of an hour and of a day, hold a text back, if they do.
///
/// # Errors
/// As for any read.
pub fn texts_held_until(
    conn: &mut AnyConnection,
    (an_hour, a_day): (i64, i64),
    is_confirmed: bool,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, StorageError> {
    let held = [
        of_installation(conn, is_confirmed, TimeDelta::hours(1), an_hour, now)?,
        of_installation(conn, is_confirmed, DAY, a_day, now)?,
    ];
    Ok(held.into_iter().flatten().max())
}

/// Whether the installation has asked for so many texts since a moment.
///
/// # Errors
/// As for any read.
pub fn have_been(conn: &mut AnyConnection, texts: i64, since: DateTime<Utc>) -> Result<bool, StorageError> {
    let all = messages!(outbox::channel.eq(Method::Sms.as_str()), since, Count::All);
    let last_of_them: Option<i64> = all.offset((texts - 1).max(0)).first(conn).optional()?;
    Ok(last_of_them.is_some())
}

/// Until when an account has had its test messages, if it has.
///
/// # Errors
/// As for any read.
pub fn tests_held_until(
    conn: &mut AnyConnection,
    account: &Id<Account>,
    most: i64,
    window: TimeDelta,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, StorageError> {
    let own = outbox::account_id.eq(account.as_str()).and(outbox::kind.eq("test"));
    let oldest = messages!(own, now - window, Count::All).offset(most - 1).first(conn).optional()?;
    room_at(oldest, window)
}

fn of_account(
    conn: &mut AnyConnection,
    next: &NextSend<'_>,
    which: Count,
    window: TimeDelta,
    most: i64,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, StorageError> {
    let since = if next.is_confirmed { (now - window).max(next.counted_from) } else { now - window };
    let own = outbox::account_id.eq(next.account.as_str()).and(outbox::is_confirmed.eq(next.is_confirmed));
    let own = own.and(outbox::kind.eq("code"));
    let oldest = messages!(own, since, which).offset(most - 1).first(conn).optional()?;
    room_at(oldest, window)
}

fn to_destination(
    conn: &mut AnyConnection,
    next: &NextSend<'_>,
    which: Count,
    window: TimeDelta,
    most: i64,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, StorageError> {
    let there = outbox::destination_index.eq(next.destination).and(outbox::is_confirmed.eq(false));
    let there = there.and(outbox::kind.eq("code"));
    let oldest = messages!(there, now - window, which).offset(most - 1).first(conn).optional()?;
    room_at(oldest, window)
}

fn of_installation(
    conn: &mut AnyConnection,
    is_confirmed: bool,
    window: TimeDelta,
    most: i64,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, StorageError> {
    let texts = outbox::channel.eq(Method::Sms.as_str());
    let all = messages!(texts, now - window, Count::All).offset((most - 1).max(0)).first(conn).optional()?;
    let all = room_at(all, window)?;
    if is_confirmed || all.is_some() {
        return Ok(all);
    }
    let half = (most / 2 - 1).max(0);
    let unconfirmed = texts.and(outbox::is_confirmed.eq(false));
    let oldest = messages!(unconfirmed, now - window, Count::All).offset(half).first(conn).optional()?;
    room_at(oldest, window)
}

/// There is room again once the oldest message that fills a limit has left its window.
fn room_at(oldest: Option<i64>, window: TimeDelta) -> Result<Option<DateTime<Utc>>, StorageError> {
    Ok(oldest.map(time).transpose()?.map(|at| at + window))
}
