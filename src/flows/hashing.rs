//! Where passwords are hashed: as many at once as there are cores, on memory that is kept, behind a short queue.
//!
//! Each area is 19 MiB. Kept, they are what the process needs; made anew for each login, the allocator would keep hundreds
//! of them. A queue that is full, or a wait that is too long, is answered at once instead of piling up (OWASP ASVS 5.0
//! 15.2.2).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::domain::password::{Area, Cost, HashingFault};

/// How many requests may wait for a free core.
const QUEUE: usize = 64;
/// How long one may wait for a core.
const LONGEST_WAIT: Duration = Duration::from_millis(1_500);

/// The pool.
pub struct HashingPool {
    cost: Cost,
    cores: Arc<Semaphore>,
    places: Arc<Semaphore>,
    idle: Arc<Mutex<Vec<Area>>>,
}

/// Why nothing was hashed.
pub enum Refused {
    /// Too many wait already, or it took too long.
    Busy,
    /// The password function failed.
    Fault(HashingFault),
}

impl HashingPool {
    /// A pool that hashes `at_once` passwords at a time.
    pub fn new(cost: Cost, at_once: usize) -> Self {
        let at_once = at_once.max(1);
        Self {
            cost,
            cores: Arc::new(Semaphore::new(at_once)),
            places: Arc::new(Semaphore::new(at_once + QUEUE)),
            idle: Arc::default(),
        }
    }

    /// Runs `f` on a memory area, on a blocking thread.
    ///
    /// # Errors
    /// [`Refused`] if the queue is full, the wait too long, or the password function fails.
    pub async fn run<T, F>(&self, f: F) -> Result<T, Refused>
    where
        F: FnOnce(&mut Area) -> Result<T, HashingFault> + Send + 'static,
        T: Send + 'static,
    {
        let place = Arc::clone(&self.places).try_acquire_owned().map_err(|_| Refused::Busy)?;
        let core = timeout(LONGEST_WAIT, Arc::clone(&self.cores).acquire_owned())
            .await
            .map_err(|_| Refused::Busy)?
            .map_err(|_| Refused::Busy)?;
        let (cost, idle) = (self.cost, Arc::clone(&self.idle));
        let work = tokio::task::spawn_blocking(move || {
            // Both permits end with the work, not with the request: one that is dropped must not make room for another.
            let _permits = (place, core);
            let kept = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut area = kept.unwrap_or_else(|| Area::for_cost(cost));
            let result = f(&mut area);
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(area);
            result
        });
        match work.await {
            Ok(result) => result.map_err(Refused::Fault),
            Err(_) => Err(Refused::Busy),
        }
    }
}
