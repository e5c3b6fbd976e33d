//! What may be deleted, and when (OWASP ASVS 5.0 14.2.7). Each batch is bounded by an index on the time it looks at.

use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;

use crate::domain::limits::PASSWORD_FAILURES_CLOSE;
use crate::storage::columns::{micros, number};
use crate::storage::schema::{
    challenges, failed_logins, former_states, links, one_time_passes, outbox, pending_changes,
    pending_logins, sessions, throttles, trusted_computers,
};
use crate::storage::{StorageError, Tx};

/// How long a pending login is kept that nobody was told of: less than its challenge.
const UNTOLD_KEPT_FOR: TimeDelta = TimeDelta::days(30);

/// A kind of row that ends by itself. In the order in which they may go: what refers to another goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Messages a month after they were asked for.
    Messages,
    /// Pending logins a day after their end; a month, while nobody was told that the code did not come.
    PendingLogins,
    /// Challenges a month after their end.
    Challenges,
    /// Sessions at their end.
    Sessions,
    /// Trusted computers a month after they asked again, so that the page can say why it asks.
    TrustedComputers,
    /// Changes that nobody confirmed.
    PendingChanges,
    /// Mailed links a month after their end.
    Links,
    /// What stood before an act, once nobody can put it back.
    FormerStates,
    /// One-time passes that were not used, or were.
    OneTimePasses,
    /// Wrong passwords in a row, a week after the last; but not of a name that they closed.
    Throttles,
    /// Wrong passwords from an address, once no limit looks back at them.
    FailedLogins,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Messages,
        Self::PendingLogins,
        Self::Challenges,
        Self::Sessions,
        Self::TrustedComputers,
        Self::PendingChanges,
        Self::Links,
        Self::FormerStates,
        Self::OneTimePasses,
        Self::Throttles,
        Self::FailedLogins,
    ];

    fn kept_for(self) -> TimeDelta {
        match self {
            Self::Messages | Self::TrustedComputers => TimeDelta::days(30),
            Self::Challenges | Self::Links => TimeDelta::days(31),
            Self::PendingLogins => TimeDelta::days(1),
            Self::Sessions | Self::PendingChanges | Self::FormerStates | Self::OneTimePasses => {
                TimeDelta::zero()
            }
            Self::Throttles => TimeDelta::days(7),
            Self::FailedLogins => TimeDelta::hours(2),
        }
    }
}

/// Deletes the oldest rows of a table by its key, up to a number of them.
macro_rules! oldest {
    ($tx:expr, $table:ident, $key:ident : $type:ty, $time:ident, $before:expr, $most:expr) => {{
        let keys: Vec<$type> = $table::table
            .filter($table::$time.lt($before))
            .order($table::$time.asc())
            .limit($most)
            .select($table::$key)
            .load(&mut **$tx)?;
        if keys.is_empty() {
            return Ok(0);
        }
        diesel::delete($table::table.filter($table::$key.eq_any(keys))).execute(&mut **$tx)?
    }};
}

/// Deletes one batch and answers how many rows went.
///
/// # Errors
/// As for any write.
pub fn batch(tx: &mut Tx<'_>, kind: Kind, most: i64, now: DateTime<Utc>) -> Result<usize, StorageError> {
    let before = micros(now - kind.kept_for());
    Ok(match kind {
        Kind::Messages => oldest!(tx, outbox, id: String, created_at, before, most),
        Kind::PendingLogins => pending_logins(tx, before, most, now)?,
        Kind::Challenges => oldest!(tx, challenges, id: String, expires_at, before, most),
        Kind::Sessions => oldest!(tx, sessions, id: String, expires_at, before, most),
        Kind::TrustedComputers => oldest!(tx, trusted_computers, id: String, expires_at, before, most),
        Kind::PendingChanges => oldest!(tx, pending_changes, session_id: String, expires_at, before, most),
        Kind::Links => oldest!(tx, links, id: String, expires_at, before, most),
        Kind::FormerStates => oldest!(tx, former_states, event_id: String, expires_at, before, most),
        Kind::OneTimePasses => oldest!(tx, one_time_passes, id: String, expires_at, before, most),
        Kind::Throttles => throttles(tx, before, most)?,
        Kind::FailedLogins => oldest!(tx, failed_logins, id: String, failed_at, before, most),
    })
}

/// One that is still watched has to be told of first. It refers to its challenge, so it does not stay as long as that.
fn pending_logins(
    tx: &mut Tx<'_>,
    before: i64,
    most: i64,
    now: DateTime<Utc>,
) -> Result<usize, StorageError> {
    let long_ago = micros(now - UNTOLD_KEPT_FOR);
    let is_told = pending_logins::watched_until.is_null().or(pending_logins::expires_at.lt(long_ago));
    let ids: Vec<String> = pending_logins::table
        .filter(pending_logins::expires_at.lt(before))
        .filter(is_told)
        .order(pending_logins::expires_at.asc())
        .limit(most)
        .select(pending_logins::id)
        .load(&mut **tx)?;
    Ok(diesel::delete(pending_logins::table.filter(pending_logins::id.eq_any(ids))).execute(&mut **tx)?)
}

/// A closed name stays closed until somebody opens it, whether anybody has it or not.
fn throttles(tx: &mut Tx<'_>, before: i64, most: i64) -> Result<usize, StorageError> {
    let is_over =
        throttles::changed_at.lt(before).and(throttles::failures.lt(number(PASSWORD_FAILURES_CLOSE)));
    let subjects: Vec<Vec<u8>> = throttles::table
        .filter(is_over)
        .order(throttles::changed_at.asc())
        .limit(most)
        .select(throttles::subject)
        .load(&mut **tx)?;
    let rows = throttles::table.filter(throttles::subject.eq_any(subjects)).filter(is_over);
    Ok(diesel::delete(rows).execute(&mut **tx)?)
}
