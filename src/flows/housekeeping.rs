//! Deletes what has expired, in small batches that no login waits for.

use chrono::{DateTime, Utc};

use crate::flows::{FlowError, Services};
use crate::storage::events;
use crate::storage::sweep::{self, Kind};
use crate::storage::{StorageError, Tx};

/// How many rows go in one transaction.
const BATCH: i64 = 500;

/// Sweeps every table once, a batch a transaction, and answers how many rows went.
///
/// # Errors
/// As for any fault; what was swept before it stays swept.
pub async fn sweep(services: &Services) -> Result<usize, FlowError> {
    let mut swept = 0;
    for kind in Kind::ALL {
        swept += in_batches(services, move |tx, now| sweep::batch(tx, kind, BATCH, now)).await?;
    }
    Ok(swept + in_batches(services, |tx, now| events::sweep(tx, BATCH, now)).await?)
}

async fn in_batches(
    services: &Services,
    batch: impl Fn(&mut Tx<'_>, DateTime<Utc>) -> Result<usize, StorageError> + Clone + Send + 'static,
) -> Result<usize, FlowError> {
    let mut swept = 0;
    loop {
        let (now, batch) = (services.now(), batch.clone());
        let rows: usize = services.db.write(move |tx| Ok::<_, FlowError>(batch(tx, now)?)).await?;
        swept += rows;
        if i64::try_from(rows).unwrap_or(0) < BATCH {
            return Ok(swept);
        }
        tokio::task::yield_now().await;
    }
}
