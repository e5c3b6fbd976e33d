//! One password check at a time for one name from one address, and a few for one address, on one instance.
//!
//! Each check counts itself as a failure before it begins, so that no burst gets past a limit. Without turns, a person who
//! clicks *Log in* six times with the right password would be told to wait, and so would an office behind one address at
//! nine o'clock. Across addresses and instances the counts alone decide, so that nobody's turn is held by strangers.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::flows::hashing::Refused;

/// Checks of one address that may be under way: far fewer than the failures it has in a minute, and enough for every core.
const OF_ONE_ADDRESS: usize = 8;

/// How long one may wait. Together with the wait for a core it stays below the three seconds in which every login is
/// answered.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// Whose passwords are being checked, or wait to be.
#[derive(Default)]
pub struct Turns {
    names: Queues,
    addresses: Queues,
}

/// The turn of a name, and of an address where the limits look at it. They end when this is dropped.
pub struct Turn {
    #[expect(dead_code, reason = "held for its drop")]
    name: Permit,
    #[expect(dead_code, reason = "held for its drop")]
    address: Option<Permit>,
}

type Permit = Option<OwnedSemaphorePermit>;

#[derive(Default)]
struct Queues(Mutex<HashMap<Vec<u8>, Arc<Semaphore>>>);

impl Turns {
    /// Waits for both turns: first that of whoever is checked, so that one name does not take all those of an address.
    ///
    /// # Errors
    /// [`Refused::Busy`] if that takes too long.
    pub async fn wait(&self, name: &[u8], address: Option<&[u8]>) -> Result<Turn, Refused> {
        timeout(LONGEST_WAIT, self.both(name, address)).await.map_err(|_| Refused::Busy)
    }

    async fn both(&self, name: &[u8], address: Option<&[u8]>) -> Turn {
        let name = self.names.turn(name, 1).await;
        let address = match address {
            Some(address) => Some(self.addresses.turn(address, OF_ONE_ADDRESS).await),
            None => None,
        };
        Turn { name, address }
    }
}

impl Queues {
    async fn turn(&self, subject: &[u8], at_once: usize) -> Permit {
        let queue = {
            let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            // Subjects that nobody holds or waits for are forgotten, so that invented ones cannot fill the memory.
            queues.retain(|_, queue| Arc::strong_count(queue) > 1);
            let queue = queues.entry(subject.to_vec()).or_insert_with(|| Arc::new(Semaphore::new(at_once)));
            Arc::clone(queue)
        };
        // Err: the queue was closed, which nothing does.
        queue.acquire_owned().await.ok()
    }
}
