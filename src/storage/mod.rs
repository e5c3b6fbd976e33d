//! Rows in, domain values out; one file per table.
//!
//! Imported by `flows` and `app` only. Every query is written once for SQLite and PostgreSQL; a match on the backend
//! appears in `connection` and `migrate` and nowhere else. [`Db::read`] and [`Db::write`] are the only doors: one
//! closure is one transaction, it runs on a blocking thread, and nothing in it awaits.

pub mod account_lists;
pub mod accounts;
pub mod administration;
pub mod challenges;
pub mod channel_health;
mod columns;
mod connection;
pub mod copies;
pub mod delivery_attempts;
pub mod delivery_lists;
mod error;
pub mod event_lists;
pub mod events;
pub mod failed_logins;
pub mod former_states;
pub mod instance;
pub mod links;
pub mod migrate;
pub mod outbox;
pub mod outbox_progress;
pub mod outbox_reports;
pub mod pending_changes;
pub mod pending_logins;
pub mod recovery;
pub mod revocation;
pub mod schema;
pub mod sealed;
pub mod second_factors;
pub mod sends;
pub mod sessions;
pub mod suppressions;
pub mod sweep;
pub mod throttles;
pub mod trusted_computers;

use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

pub use connection::{AnyConnection, Location, Patience};
pub use error::{StorageError, Taken};

/// The database.
#[derive(Clone)]
pub struct Db {
    pool: connection::Pool,
    place: Location,
    patience: Patience,
    /// One permit for each connection: who waits for one does so without a thread, and not for long.
    connections: Arc<Semaphore>,
    /// On SQLite one writer at a time; on PostgreSQL fewer than there are connections, so that writers who wait for each other's
    /// locks leave some to whoever only reads.
    writers: Arc<Semaphore>,
}

/// The right to a connection, and to write. It ends with the work, not with the request: when a browser goes away,
/// its work goes on, and nobody else has its connection meanwhile.
struct Turn(#[expect(dead_code, reason = "held for its drop")] Vec<OwnedSemaphorePermit>);

/// A write under way: everything in it commits together, or none of it.
pub struct Tx<'a> {
    conn: &'a mut AnyConnection,
    after_commit: Vec<Box<dyn FnOnce() + Send>>,
}

impl Tx<'_> {
    /// Does something once the transaction has committed, and not if it rolls back.
    pub fn after_commit(&mut self, act: impl FnOnce() + Send + 'static) {
        self.after_commit.push(Box::new(act));
    }
}

impl Deref for Tx<'_> {
    type Target = AnyConnection;

    fn deref(&self) -> &AnyConnection {
        self.conn
    }
}

impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut AnyConnection {
        self.conn
    }
}

impl Db {
    /// Opens a pool. Connections are made when they are first needed, so a database that is down does not stop a start.
    ///
    /// # Errors
    /// [`StorageError::Broken`] if the pool cannot be made at all.
    pub fn open(place: Location, patience: Patience) -> Result<Self, StorageError> {
        let writers_at_once = match &place {
            Location::Sqlite(_) => 1,
            Location::Postgres(_) => connection::AT_ONCE - connection::FOR_READERS,
        };
        let (pool, permits) = (connection::pool(place.clone(), patience)?, |n| Arc::new(Semaphore::new(n)));
        let (connections, writers) = (permits(connection::AT_ONCE), permits(writers_at_once));
        Ok(Self { pool, place, patience, connections, writers })
    }

    /// Which database this is.
    pub fn place(&self) -> &Location {
        &self.place
    }

    /// Opens one connection, outside the pool, and closes it again: the pool only knows that there is none.
    ///
    /// # Errors
    /// The driver's own words, on one line, for the operator.
    pub async fn knock(&self) -> Result<(), String> {
        let place = self.place.clone();
        let knocked = tokio::task::spawn_blocking(move || place.connect().map(drop));
        let in_words = |fault: diesel::ConnectionError| {
            fault.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
        };
        knocked.await.map_or_else(|_| Err("connecting panicked".to_owned()), |done| done.map_err(in_words))
    }

    /// Reads.
    ///
    /// # Errors
    /// Whatever `f` answers, or [`StorageError`] if there is no connection to be had.
    pub async fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut AnyConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        let turn = self.turn(&[&self.connections]).await?;
        let (pool, patience) = (self.pool.clone(), self.patience.connection);
        on_blocking_thread(move || {
            let _turn = turn;
            f(&mut *connection::checkout(&pool, patience)?)
        })
        .await
    }

    /// Reads a row or two by key. On SQLite this takes some ten microseconds, less than the way to a blocking thread and
    /// back, so it runs where it is called if a connection is idle.
    ///
    /// # Errors
    /// As [`Db::read`].
    pub async fn glance<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut AnyConnection) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        match &self.place {
            Location::Sqlite(_) => match self.pool.try_get() {
                Some(mut conn) => f(&mut conn),
                None => self.read(f).await,
            },
            Location::Postgres(_) => self.read(f).await,
        }
    }

    /// Writes: one transaction, begun as a write, so that what it reads cannot be overtaken on SQLite.
    ///
    /// # Errors
    /// Whatever `f` answers, after a rollback; or [`StorageError`] if the database is not there or did not commit.
    pub async fn write<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<StorageError> + Send + 'static,
    {
        let turn = self.turn(&[&self.writers, &self.connections]).await?;
        let (pool, patience) = (self.pool.clone(), self.patience.connection);
        on_blocking_thread(move || {
            let _turn = turn;
            let mut conn = connection::checkout(&pool, patience)?;
            let (value, after_commit) = connection::in_transaction(&mut conn, |conn| {
                let mut tx = Tx { conn, after_commit: Vec::new() };
                let value = f(&mut tx)?;
                Ok::<_, E>((value, tx.after_commit))
            })?;
            drop(conn);
            for act in after_commit {
                act();
            }
            Ok(value)
        })
        .await
    }

    /// Waits in these queues, one after the other, as long as one is patient in all.
    async fn turn(&self, queues: &[&Arc<Semaphore>]) -> Result<Turn, StorageError> {
        let waiting = async {
            let mut permits = Vec::with_capacity(queues.len());
            for queue in queues {
                permits.push(Arc::clone(queue).acquire_owned().await.map_err(|_| StorageError::Unavailable)?);
            }
            Ok(Turn(permits))
        };
        timeout(self.patience.connection, waiting).await.unwrap_or(Err(StorageError::Unavailable))
    }
}

async fn on_blocking_thread<T, E>(f: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E>
where
    T: Send + 'static,
    E: From<StorageError> + Send + 'static,
{
    match tokio::task::spawn_blocking(f).await {
        Ok(result) => result,
        Err(_) => Err(StorageError::Broken("a database closure panicked".to_owned()).into()),
    }
}
