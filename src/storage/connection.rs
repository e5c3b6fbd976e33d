//! Which database, and how its connections are made. The one place, besides `migrate`, that tells the two apart.

use std::path::PathBuf;
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::r2d2::{ManageConnection, PooledConnection};
use diesel::{Connection, PgConnection, SqliteConnection};

use crate::domain::secret::Secret;
use crate::storage::error::StorageError;

/// A connection to either database, with one query text for both.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    /// PostgreSQL.
    Postgres(PgConnection),
    /// SQLite.
    Sqlite(SqliteConnection),
}

/// Where the database is.
#[derive(Clone, Debug)]
pub enum Location {
    /// A file.
    Sqlite(PathBuf),
    /// A server, as a libpq URL, which may hold a password.
    Postgres(Secret<String>),
}

pub(super) type Pool = diesel::r2d2::Pool<Manager>;
pub(super) type Pooled = PooledConnection<Manager>;

/// Makes connections by the place, not by trying one driver after the other: that hides the true error.
pub struct Manager(Location);

const POOL_SIZE: u32 = 8;
/// `synchronous=FULL`: a revocation that power loss takes back is a security fault. Small caches, since every connection
/// has its own.
const PRAGMAS: &str = "PRAGMA busy_timeout=5000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; \
                       PRAGMA foreign_keys=ON; PRAGMA cache_size=-2048; PRAGMA mmap_size=0;";

pub(super) fn pool(place: Location) -> Result<Pool, StorageError> {
    // A server may have gone away since a connection was last used; a file has not.
    let ask_first = matches!(place, Location::Postgres(_));
    let pool = diesel::r2d2::Pool::builder()
        .max_size(POOL_SIZE)
        .min_idle(Some(0))
        .test_on_check_out(ask_first)
        .connection_timeout(Duration::from_secs(5))
        .error_handler(Box::new(diesel::r2d2::NopErrorHandler))
        .build_unchecked(Manager(place));
    Ok(pool)
}

pub(super) fn checkout(pool: &Pool, timeout: Duration) -> Result<Pooled, StorageError> {
    pool.get_timeout(timeout).map_err(|_| StorageError::Unavailable)
}

impl Location {
    /// Opens one connection, outside any pool.
    ///
    /// # Errors
    /// The driver's own words, for the operator.
    pub fn connect(&self) -> Result<AnyConnection, diesel::ConnectionError> {
        match self {
            Self::Postgres(url) => Ok(AnyConnection::Postgres(PgConnection::establish(url.expose())?)),
            Self::Sqlite(path) => {
                let mut conn = SqliteConnection::establish(&path.to_string_lossy())?;
                conn.batch_execute(PRAGMAS).map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
                Ok(AnyConnection::Sqlite(conn))
            }
        }
    }
}

impl ManageConnection for Manager {
    type Connection = AnyConnection;
    type Error = diesel::ConnectionError;

    fn connect(&self) -> Result<AnyConnection, Self::Error> {
        self.0.connect()
    }

    fn is_valid(&self, conn: &mut AnyConnection) -> Result<(), Self::Error> {
        conn.batch_execute("SELECT 1").map_err(diesel::ConnectionError::CouldntSetupConfiguration)
    }

    fn has_broken(&self, conn: &mut AnyConnection) -> bool {
        // A panic leaves its transaction open.
        std::thread::panicking()
            || <AnyConnection as Connection>::TransactionManager::is_broken_transaction_manager(conn)
    }
}

/// Runs `f` in a transaction that is a write from its first statement: read-then-write in SQLite's default transaction
/// fails with "database is locked" at once, whatever the busy timeout.
pub(super) fn in_transaction<T, E: From<StorageError>>(
    conn: &mut AnyConnection,
    f: impl FnOnce(&mut AnyConnection) -> Result<T, E>,
) -> Result<T, E> {
    type Manager = <AnyConnection as Connection>::TransactionManager;
    match conn {
        AnyConnection::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE"),
        AnyConnection::Postgres(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN"),
    }
    .map_err(StorageError::from)?;
    match f(conn) {
        Ok(value) => {
            Manager::commit_transaction(conn).map_err(StorageError::from)?;
            Ok(value)
        }
        Err(error) => {
            // The first error is the one to tell; a connection that cannot even roll back is dropped by the pool.
            let _ = Manager::rollback_transaction(conn);
            Err(error)
        }
    }
}
