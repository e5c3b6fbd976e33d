//! Where passwords are hashed: as many at once as there are cores, on memory that is kept, behind a short queue.
//!
//! Each area is 19 MiB. Kept, they are what the process needs; made anew for each login, the allocator would keep hundreds
//! of them. A queue that is full, or a wait that is too long, is answered at once instead of piling up (OWASP ASVS 5.0
//! 15.2.2).

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
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

/// A place in the queue. Taken before anything is written, so that who is turned away costs the database nothing.
pub struct Place(#[expect(dead_code, reason = "held for its drop")] OwnedSemaphorePermit);

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

    /// Takes a place in the queue, if one is free.
    ///
    /// # Errors
    /// [`Refused::Busy`] if none is.
    pub fn reserve(&self) -> Result<Place, Refused> {
        Arc::clone(&self.places).try_acquire_owned().map(Place).map_err(|_| Refused::Busy)
    }

    /// Runs `f` on a memory area, on a blocking thread, once a core is free.
    ///
    /// # Errors
    /// [`Refused`] if the wait is too long or the password function fails.
    pub async fn run<T, F>(&self, place: Place, f: F) -> Result<T, Refused>
    where
        F: FnOnce(&mut Area) -> Result<T, HashingFault> + Send + 'static,
        T: Send + 'static,
    {
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
