//! Another key: everything that was sealed under the previous one is sealed under the current one, in transactions so small
//! that a server beside it does not notice. Broken off, it is begun again and goes on where something is left.

use chrono::{DateTime, Utc};

use crate::flows::{FlowError, Services};
use crate::storage::instance::{self, Fact};
use crate::storage::sealed::{self, Brought, SealedTable};
use crate::storage::suppressions;

/// Rows in one transaction.
const BATCH: usize = 100;

/// What a rotation came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rotated {
    /// No previous key is named.
    NoPreviousKey,
    /// Everything is under the current key, and the database says so.
    Whole {
        /// How many rows were brought over.
        rows: usize,
        /// How many mailed links of the previous key are open, and until when.
        open_links: Option<(i64, DateTime<Utc>)>,
        /// How many accounts have recovery codes left that were made before the change.
        recovery_codes: i64,
    },
    /// These rows open under neither key. The others were brought over; the database still belongs to the previous key.
    Unreadable(usize, Vec<String>),
}

/// Brings everything over.
///
/// # Errors
/// As for any fault; what was brought over before it stays so.
pub async fn rotate(services: &Services) -> Result<Rotated, FlowError> {
    let Some(previous) = services.keys.previous_id().map(str::to_owned) else {
        return Ok(Rotated::NoPreviousKey);
    };
    let (mut rows, mut unreadable) = (0, Vec::new());
    for table in SealedTable::ALL {
        let mut past = Some(String::new());
        while let Some(from) = past {
            let brought = step(services, table, from).await?;
            rows += brought.rows;
            unreadable.extend(brought.unreadable);
            past = brought.last;
        }
    }
    if !unreadable.is_empty() {
        return Ok(Rotated::Unreadable(rows, unreadable));
    }
    finish(services, previous, rows).await
}

/// Brings a few rows of one table over: those after `past`.
///
/// # Errors
/// As for any fault.
pub async fn step(services: &Services, table: SealedTable, past: String) -> Result<Brought, FlowError> {
    let mut nonces = Vec::with_capacity(BATCH);
    for _ in 0..BATCH {
        nonces.push(services.random.bytes()?);
    }
    let keys = services.keys.clone();
    services.db.write(move |tx| Ok(sealed::bring_over(tx, &keys, table, &past, &nonces)?)).await
}

/// Notes in the database that it belongs to the current key, and looks what still hangs on the previous one.
async fn finish(services: &Services, previous: String, rows: usize) -> Result<Rotated, FlowError> {
    let this = services.clone();
    services
        .db
        .write(move |tx| {
            let (now, current) = (this.now(), this.keys.current_id());
            if instance::find(tx, Fact::Key)?.as_deref() != Some(current) {
                instance::put(tx, Fact::Key, current)?;
                instance::put(tx, Fact::KeyChangedAt, &now.timestamp_micros().to_string())?;
                // The carrier says it again of whoever is written to next.
                suppressions::clear(tx)?;
            }
            let changed_at = instance::find(tx, Fact::KeyChangedAt)?.and_then(|at| at.parse().ok());
            let recovery_codes = match changed_at {
                Some(at) => sealed::accounts_with_codes_before(tx, at)?,
                None => 0,
            };
            let open_links = sealed::open_links(tx, &previous, now)?;
            Ok(Rotated::Whole { rows, open_links, recovery_codes })
        })
        .await
}
