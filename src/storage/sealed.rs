//! Every column that holds a sealed value: bringing them from the previous key to the current one, a few rows at a time.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::keys::{Keys, NONCE_BYTES};
use crate::storage::columns::{maybe_time, micros};
use crate::storage::schema::{
    challenges, former_states, links, outbox, pending_changes, recovery_codes, second_factors,
};
use crate::storage::second_factors::{Sealer, index_of_text, open};
use crate::storage::{AnyConnection, StorageError, Tx};

/// A table with a sealed column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SealedTable {
    /// Where codes go.
    SecondFactors,
    /// Where the code of a challenge went.
    Challenges,
    /// What waits for a confirmation.
    PendingChanges,
    /// What *This wasn't me* puts back.
    FormerStates,
    /// Where messages that are not settled go.
    Outbox,
}

/// What became of a few rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brought {
    /// How many were sealed anew.
    pub rows: usize,
    /// Which ones open under neither key, by table and row.
    pub unreadable: Vec<String>,
    /// The last row that was looked at; `None` after the last of the table.
    pub last: Option<String>,
}

impl SealedTable {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::SecondFactors, Self::Challenges, Self::PendingChanges, Self::FormerStates, Self::Outbox];
}

/// Seals the rows after `past` anew, as many as there are nonces. A row that changes meanwhile is left to whoever changed it,
/// who seals under the current key.
macro_rules! bring {
    ($tx:expr, $keys:expr, $past:expr, $nonces:expr, $table:ident, $key:ident, $sealed:ident $(, $index:ident)?) => {{
        let most = i64::try_from($nonces.len()).unwrap_or(i64::MAX);
        let rows: Vec<(String, Vec<u8>)> = $table::table
            .filter($table::$key.gt($past))
            .filter($table::$sealed.is_not_null())
            .order($table::$key.asc())
            .limit(most)
            .select(($table::$key, $table::$sealed.assume_not_null()))
            .load(&mut **$tx)?;
        let mut brought = Brought::default();
        for ((row, sealed), nonce) in rows.iter().zip($nonces) {
            if $keys.is_current(sealed) {
                continue;
            }
            let (table, column) = (stringify!($table), stringify!($sealed));
            let Ok(text) = open($keys, sealed, table, column, row) else {
                brought.unreadable.push(format!("{table} {row}"));
                continue;
            };
            let anew = Sealer { keys: $keys, nonce: *nonce }.seal(&text, table, column, row);
            let unchanged = $table::table.find(row).filter($table::$sealed.eq(sealed));
            brought.rows += diesel::update(unchanged)
                .set(($table::$sealed.eq(anew), $($table::$index.eq(index_of_text($keys, &text)),)?))
                .execute(&mut **$tx)?;
        }
        brought.last = rows.into_iter().map(|(row, _)| row).nth($nonces.len().saturating_sub(1));
        Ok(brought)
    }};
}

/// Brings the next rows of a table to the current key, each with a nonce of its own. The blind index beside a value is made
/// anew with it.
///
/// # Errors
/// As for any write.
pub fn bring_over(
    tx: &mut Tx<'_>,
    keys: &Keys,
    table: SealedTable,
    past: &str,
    nonces: &[[u8; NONCE_BYTES]],
) -> Result<Brought, StorageError> {
    match table {
        SealedTable::SecondFactors => {
            bring!(tx, keys, past, nonces, second_factors, account_id, phone_sealed, phone_index)
        }
        SealedTable::Challenges => {
            bring!(tx, keys, past, nonces, challenges, id, phone_sealed, destination_index)
        }
        SealedTable::PendingChanges => {
            bring!(tx, keys, past, nonces, pending_changes, session_id, phone_sealed)
        }
        SealedTable::FormerStates => bring!(tx, keys, past, nonces, former_states, event_id, phone_sealed),
        SealedTable::Outbox => {
            bring!(tx, keys, past, nonces, outbox, id, recipient_sealed, destination_index)
        }
    }
}

/// How many mailed links of a key are still open, and when the last of them ends.
///
/// # Errors
/// As for any read.
pub fn open_links(
    conn: &mut AnyConnection,
    key_id: &str,
    now: DateTime<Utc>,
) -> Result<Option<(i64, DateTime<Utc>)>, StorageError> {
    let (count, last): (i64, Option<i64>) = links::table
        .filter(links::expires_at.gt(micros(now)))
        .filter(links::used_at.is_null())
        .filter(links::key_id.eq(key_id))
        .select((diesel::dsl::count_star(), diesel::dsl::max(links::expires_at)))
        .first(conn)?;
    Ok(maybe_time(last)?.map(|last| (count, last)))
}

/// How many accounts have recovery codes left that were made before a moment.
///
/// # Errors
/// As for any read.
pub fn accounts_with_codes_before(conn: &mut AnyConnection, at: i64) -> Result<i64, StorageError> {
    let left = recovery_codes::table
        .filter(recovery_codes::used_at.is_null())
        .filter(recovery_codes::made_at.lt(at))
        .select(diesel::dsl::count(recovery_codes::account_id).aggregate_distinct());
    Ok(left.first(conn)?)
}
