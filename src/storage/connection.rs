//! Which database, and how its connections are made. The one place, besides `migrate`, that tells the two apart.

use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::r2d2::{ManageConnection, PooledConnection};
use diesel::result::Error;
use diesel::{Connection, PgConnection, QueryResult, RunQueryDsl, SqliteConnection};

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

/// Runs a query on the connection of whichever database it is. Through [`AnyConnection`] itself, a query's text is written anew
/// each time, only to find the statement that was kept for it; with a connection's own type it is found by the type of the query.
/// For what is asked at every request.
macro_rules! on_its_own {
    ($conn:expr, |$own:ident| $query:expr) => {
        match $conn {
            $crate::storage::AnyConnection::Postgres($own) => $query,
            $crate::storage::AnyConnection::Sqlite($own) => $query,
        }
    };
}
pub(super) use on_its_own;

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

/// How long to wait for what others hold, before a request is told that the database is not available.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For a lock of another process or transaction.
    pub lock: Duration,
    /// For a turn: on SQLite that of the writer, and on both that of a connection, idle or new.
    pub connection: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { lock: Duration::from_secs(2), connection: Duration::from_secs(1) }
    }
}

/// Makes connections by the place, not by trying one driver after the other: that hides the true error.
pub struct Manager {
    place: Location,
    patience: Patience,
}

/// How long to wait before a new file is asked again.
const A_MOMENT: Duration = Duration::from_millis(5);
/// How many connections a pool holds.
pub(super) const AT_ONCE: usize = 8;
/// How many of them no writer takes.
pub(super) const FOR_READERS: usize = 2;
const POOL_SIZE: u32 = 8;
/// `synchronous=FULL`: a revocation that power loss takes back is a security fault. Small caches, since every connection
/// has its own.
const PRAGMAS: &str = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; \
                       PRAGMA cache_size=-1024; PRAGMA mmap_size=0;";
/// Every list ends at a limit and goes in the order of an index. PostgreSQL would rather collect all that it might need from
/// a bitmap, or the whole table, and sort that, as long as it believes in disks that turn.
const IN_ORDER: &str = "SET enable_bitmapscan = off; SET random_page_cost = 1.1";
/// libpq waits without end for a server that does not answer, unless the operator's URL says otherwise: to connect, in
/// seconds, and for the line to confirm what was sent, in milliseconds.
const PATIENT_PARAMETERS: [(&str, &str); 2] = [("connect_timeout", "5"), ("tcp_user_timeout", "10000")];

pub(super) fn pool(place: Location, patience: Patience) -> Result<Pool, StorageError> {
    // A server may have gone away since a connection was last used; a file has not.
    let ask_first = matches!(place, Location::Postgres(_));
    let pool = diesel::r2d2::Pool::builder()
        .max_size(POOL_SIZE)
        .min_idle(Some(0))
        .test_on_check_out(ask_first)
        .connection_timeout(patience.connection)
        .error_handler(Box::new(diesel::r2d2::NopErrorHandler))
        .build_unchecked(Manager { place, patience });
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
        self.connect_with(Patience::default())
    }

    fn connect_with(&self, patience: Patience) -> Result<AnyConnection, diesel::ConnectionError> {
        let lock = patience.lock.as_millis();
        let mut conn = match self {
            Self::Postgres(url) => {
                AnyConnection::Postgres(PgConnection::establish(patient(url.expose()).expose())?)
            }
            Self::Sqlite(path) => {
                AnyConnection::Sqlite(SqliteConnection::establish(&path.to_string_lossy())?)
            }
        };
        match &mut conn {
            // Zero would mean no limit.
            AnyConnection::Postgres(conn) => {
                conn.batch_execute(&format!("SET lock_timeout = {}; {IN_ORDER}", lock.max(1)))
            }
            AnyConnection::Sqlite(conn) => set_up(conn, patience.lock),
        }
        .map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
        Ok(conn)
    }
}

/// Of several who open a new file at once one turns its log on, and over that SQLite fails the others without waiting, whatever
/// the busy timeout. So they ask again.
fn set_up(conn: &mut SqliteConnection, lock: Duration) -> QueryResult<()> {
    // First of all, since the others want a lock.
    let pragmas = format!("PRAGMA busy_timeout={}; {PRAGMAS}", lock.as_millis());
    let begun = Instant::now();
    loop {
        match conn.batch_execute(&pragmas) {
            Err(fault) if is_locked(&fault) && begun.elapsed() < lock => thread::park_timeout(A_MOMENT),
            done => return done,
        }
    }
}

fn is_locked(fault: &Error) -> bool {
    matches!(fault, Error::DatabaseError(_, info) if info.message().contains("database is locked"))
}

/// The URL with [`PATIENT_PARAMETERS`], as far as it does not have them.
fn patient(url: &str) -> Secret<String> {
    let mut patient = url.to_owned();
    for (name, value) in PATIENT_PARAMETERS {
        if !url.contains(&format!("{name}=")) {
            let joint = if patient.contains('?') { '&' } else { '?' };
            patient.push_str(&format!("{joint}{name}={value}"));
        }
    }
    Secret::new(patient)
}

impl ManageConnection for Manager {
    type Connection = AnyConnection;
    type Error = diesel::ConnectionError;

    fn connect(&self) -> Result<AnyConnection, Self::Error> {
        self.place.connect_with(self.patience)
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
    match f(conn).and_then(|value| no_statement_failed(conn).map(|()| value).map_err(E::from)) {
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

/// After a failed statement PostgreSQL answers a COMMIT with a rollback, and calls that a success. So that a closure which
/// swallowed a fault is not told that it committed, one more statement is asked first.
fn no_statement_failed(conn: &mut AnyConnection) -> Result<(), StorageError> {
    match conn {
        AnyConnection::Sqlite(_) => Ok(()),
        AnyConnection::Postgres(conn) => Ok(conn.batch_execute("SELECT 1")?),
    }
}

/// Copies a file, as it stands at one moment, into an empty one.
pub(super) fn vacuum_into(conn: &mut AnyConnection, file: &str) -> Result<(), StorageError> {
    match conn {
        AnyConnection::Sqlite(conn) => {
            diesel::sql_query("VACUUM INTO ?").bind::<diesel::sql_types::Text, _>(file).execute(conn)?;
            Ok(())
        }
        AnyConnection::Postgres(_) => Err(StorageError::Broken("a server is not copied so".to_owned())),
    }
}

#[derive(diesel::QueryableByName)]
struct Verdict {
    #[diesel(sql_type = diesel::sql_types::Text)]
    integrity_check: String,
}

/// Whether every page, row and index of a file is as it should be.
pub(super) fn is_whole(conn: &mut AnyConnection) -> Result<bool, StorageError> {
    let AnyConnection::Sqlite(conn) = conn else { return Ok(true) };
    let verdicts: Vec<Verdict> = diesel::sql_query("PRAGMA integrity_check(1)").load(conn)?;
    Ok(verdicts.iter().all(|verdict| verdict.integrity_check == "ok"))
}

/// Writes the log of a file back into it, and leaves no companion beside it.
pub(super) fn write_back(conn: &mut AnyConnection) -> Result<(), StorageError> {
    Ok(conn.batch_execute("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode=DELETE")?)
}

#[cfg(test)]
mod tests {
    use diesel::{dsl::sql, sql_types::Bool};

    use super::*;

    /// `.cargo/config.toml` says why. Without it the text of most statements is read anew at each use.
    #[test]
    fn sqlite_reads_a_statement_once() {
        let mut conn = SqliteConnection::establish(":memory:").unwrap();
        let option = sql::<Bool>("sqlite_compileoption_used('ENABLE_QPSG')");
        assert!(diesel::select(option).get_result::<bool>(&mut conn).unwrap());
    }

    #[test]
    fn a_server_that_does_not_answer_is_not_waited_for_without_end() {
        let parameters = "connect_timeout=5&tcp_user_timeout=10000";
        for (url, joint) in
            [("postgres://db/postern", '?'), ("postgresql:///postern?host=/run/postgresql", '&')]
        {
            assert_eq!(patient(url).expose(), &format!("{url}{joint}{parameters}"));
        }
        let own = "postgres://db/postern?connect_timeout=60&tcp_user_timeout=0";
        assert_eq!(patient(own).expose(), own);
    }
}
