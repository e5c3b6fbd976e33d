//! One password check at a time for one name, on one instance.
//!
//! Each check counts itself as a failure before it begins, so that no burst gets past the limit; without turns, a person who
//! clicks *Log in* six times with the right password would be told to wait. Across instances the count alone decides.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Mutex as Turn, OwnedMutexGuard};

/// The names whose password is being checked, or waits to be.
#[derive(Default)]
pub struct NameTurns(Mutex<HashMap<Vec<u8>, Arc<Turn<()>>>>);

impl NameTurns {
    /// Waits for a name's turn; it ends when the guard is dropped.
    pub async fn of(&self, subject: &[u8]) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // Names that nobody holds or waits for are forgotten, so that invented ones cannot fill the memory.
            turns.retain(|_, turn| Arc::strong_count(turn) > 1);
            Arc::clone(turns.entry(subject.to_vec()).or_default())
        };
        turn.lock_owned().await
    }
}
