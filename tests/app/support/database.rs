//! A database of its own for each test: a fresh SQLite file, or, when `POSTERN_TEST_DATABASE_URL` names a PostgreSQL
//! server, a fresh database there. It is gone when the value is dropped.

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection, SqliteConnection};
use postern::domain::secret::Secret;
use postern::storage::Location;
use tempfile::TempDir;
use url::Url;

/// Names the PostgreSQL server on which the tests make their databases; without it they run on SQLite.
const SERVER: &str = "POSTERN_TEST_DATABASE_URL";

/// An empty database, and where it lies.
#[derive(Debug)]
pub struct TestDatabase {
    place: Place,
}

#[derive(Debug)]
enum Place {
    Folder(TempDir),
    Server { server: Url, name: String },
}

impl TestDatabase {
    /// A database that no other test knows, without any table.
    pub fn fresh() -> Self {
        match server() {
            Some(server) => Self::on(server),
            None => Self { place: Place::Folder(TempDir::new().expect("a temporary folder")) },
        }
    }

    /// What belongs into `database.url`.
    pub fn url(&self) -> String {
        match &self.place {
            Place::Folder(folder) => format!("sqlite://{}", folder.path().join("postern.db").display()),
            Place::Server { server, name } => at(server, name),
        }
    }

    /// Where it is, for tests that open it themselves.
    pub fn location(&self) -> Location {
        let url = self.url();
        match url.strip_prefix("sqlite://") {
            Some(path) => Location::Sqlite(path.into()),
            None => Location::Postgres(Secret::new(url)),
        }
    }

    /// Does something to it behind the program's back.
    pub fn execute(&self, statements: &str) {
        let mut conn = self.location().connect().expect("a connection");
        conn.batch_execute(statements).unwrap_or_else(|fault| panic!("{statements}: {fault}"));
    }

    /// Whether it is PostgreSQL, for the few tests that make sense on one of the two only.
    pub fn is_postgres(&self) -> bool {
        matches!(self.place, Place::Server { .. })
    }

    /// Ends every connection to it and lets nobody in, as if its server were down. On PostgreSQL only.
    pub fn refuse_everybody(&self) {
        let Place::Server { server, name } = &self.place else { panic!("a file lets everybody in") };
        run(server, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).expect("no connections");
        let ends = format!("pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{name}'");
        run(server, &format!("SELECT {ends}")).expect("no connections left");
    }

    /// Lets everybody in again.
    pub fn welcome_everybody(&self) {
        let Place::Server { server, name } = &self.place else { panic!("a file lets everybody in") };
        run(server, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).expect("connections");
    }

    /// A fresh database on this server.
    pub fn on(server: Url) -> Self {
        let name = format!("postern_test_{:016x}", rand::random::<u64>());
        // template0: nobody is ever connected to it, so that tests can copy it at the same time.
        run(&server, &format!("CREATE DATABASE {name} TEMPLATE template0")).expect("a fresh database");
        Self { place: Place::Server { server, name } }
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        if let Place::Server { server, name } = &self.place {
            // FORCE: the application under test may still hold connections.
            let dropped = run(server, &format!("DROP DATABASE {name} WITH (FORCE)"));
            assert!(dropped.is_ok() || std::thread::panicking(), "{name} stays behind: {dropped:?}");
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this variable is the tests' own, not the application's")]
fn server() -> Option<Url> {
    let server = std::env::var(SERVER).ok()?;
    Some(Url::parse(&server).unwrap_or_else(|fault| panic!("{SERVER}: {fault}")))
}

fn run(server: &Url, statement: &str) -> Result<(), Box<dyn std::error::Error>> {
    Ok(PgConnection::establish(server.as_str())?.batch_execute(statement)?)
}

fn at(server: &Url, name: &str) -> String {
    let mut url = server.clone();
    url.set_path(name);
    url.to_string()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use diesel::result::QueryResult;

    use super::*;

    fn execute(database: &TestDatabase, statement: &str) -> QueryResult<()> {
        let url = database.url();
        if database.is_postgres() {
            return PgConnection::establish(&url).unwrap().batch_execute(statement);
        }
        let path = url.strip_prefix("sqlite://").unwrap();
        SqliteConnection::establish(path).unwrap().batch_execute(statement)
    }

    #[test]
    fn what_is_left_out_is_said() {
        if server().is_none() {
            let line =
                format!("left out: everything on PostgreSQL, because {SERVER} is not set; tests/run sets it");
            // Straight to stderr: what a passing test prints is not shown.
            writeln!(std::io::stderr(), "{line}").unwrap();
        }
    }

    #[test]
    fn each_test_has_a_database_of_its_own() {
        let (ours, theirs) = (TestDatabase::fresh(), TestDatabase::fresh());
        assert_ne!(ours.url(), theirs.url());
        execute(&ours, "CREATE TABLE accounts (id TEXT PRIMARY KEY)").unwrap();
        assert!(execute(&ours, "SELECT * FROM accounts").is_ok());
        assert!(execute(&theirs, "SELECT * FROM accounts").is_err());
    }

    #[test]
    fn a_dropped_database_is_gone_even_while_somebody_is_connected() {
        let database = TestDatabase::fresh();
        execute(&database, "CREATE TABLE accounts (id TEXT PRIMARY KEY)").unwrap();
        let url = database.url();
        let still_there = database.is_postgres().then(|| PgConnection::establish(&url).unwrap());
        drop(database);
        drop(still_there);
        match url.strip_prefix("sqlite://") {
            Some(path) => assert!(!std::path::Path::new(path).exists()),
            None => assert!(PgConnection::establish(&url).is_err()),
        }
    }
}
