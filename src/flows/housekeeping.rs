//! Deletes what has expired, in small batches that no login waits for.

use crate::flows::{FlowError, Services};
use crate::storage::sweep::{self, Kind};

/// Sweeps every table once, a batch a transaction, and answers how many rows went.
///
/// # Errors
/// As for any fault; what was swept before it stays swept.
pub async fn sweep(services: &Services) -> Result<usize, FlowError> {
    const BATCH: i64 = 500;
    let mut swept = 0;
    for kind in Kind::ALL {
        loop {
            let now = services.now();
            let rows: usize =
                services.db.write(move |tx| Ok::<_, FlowError>(sweep::batch(tx, kind, BATCH, now)?)).await?;
            swept += rows;
            if i64::try_from(rows).unwrap_or(0) < BATCH {
                break;
            }
            tokio::task::yield_now().await;
        }
    }
    Ok(swept)
}
