//! The migrations, inside the binary: one tree a database, with the same folder names in both.

use diesel::RunQueryDsl;
use diesel::migration::{Migration, MigrationSource};
use diesel::sqlite::Sqlite;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use crate::storage::Db;
use crate::storage::connection::{AnyConnection, Location};
use crate::storage::error::StorageError;

const SQLITE: EmbeddedMigrations = embed_migrations!("migrations/sqlite");
const POSTGRESQL: EmbeddedMigrations = embed_migrations!("migrations/postgresql");

fn tree(place: &Location) -> EmbeddedMigrations {
    match place {
        Location::Sqlite(_) => SQLITE,
        Location::Postgres(_) => POSTGRESQL,
    }
}

/// Applies what is missing, all of it or nothing, and answers the names of what was applied. Of several who do so at once
/// the others wait for the first and find nothing left to do.
///
/// # Errors
/// [`StorageError::Broken`] with the driver's words, [`StorageError::Unavailable`] without a connection.
pub async fn run(db: &Db) -> Result<Vec<String>, StorageError> {
    let tree = tree(db.place());
    db.write(move |tx| {
        wait_for_others(tx)?;
        let applied = tx.run_pending_migrations(tree).map_err(broken)?;
        Ok(applied.iter().map(ToString::to_string).collect())
    })
    .await
}

/// On SQLite the transaction itself keeps others out. Ends with the transaction.
fn wait_for_others(conn: &mut AnyConnection) -> Result<(), StorageError> {
    match conn {
        AnyConnection::Sqlite(_) => Ok(()),
        AnyConnection::Postgres(conn) => {
            // Any number would do, as long as it stays the same.
            diesel::sql_query("SELECT pg_advisory_xact_lock(7680115)").execute(conn)?;
            Ok(())
        }
    }
}

/// Whether migrations are missing. Changes nothing.
///
/// # Errors
/// As [`run`].
pub async fn is_pending(db: &Db) -> Result<bool, StorageError> {
    // Asked before there is any migration, diesel would make its own table.
    if !has_instance(db).await? {
        return Ok(true);
    }
    let tree = tree(db.place());
    db.read(move |conn: &mut AnyConnection| conn.has_pending_migration(tree).map_err(broken)).await
}

/// Whether the table is there in which a database says what it was made with. Changes nothing: the database may be somebody
/// else's.
///
/// # Errors
/// As for any read.
pub async fn has_instance(db: &Db) -> Result<bool, StorageError> {
    db.read(has_instance_at).await
}

pub(super) fn has_instance_at(conn: &mut AnyConnection) -> Result<bool, StorageError> {
    let found: Found = match conn {
        AnyConnection::Sqlite(conn) => {
            let tables =
                "SELECT count(*) AS tables FROM sqlite_master WHERE type = 'table' AND name = 'instance'";
            diesel::sql_query(tables).get_result(conn)?
        }
        AnyConnection::Postgres(conn) => {
            diesel::sql_query("SELECT count(to_regclass('instance')) AS tables").get_result(conn)?
        }
    };
    Ok(found.tables > 0)
}

/// Whether migrations were applied to a file that this program does not know.
pub(super) fn is_newer(conn: &mut AnyConnection) -> Result<bool, StorageError> {
    let AnyConnection::Sqlite(conn) = conn else { return Ok(false) };
    let known: Vec<Box<dyn Migration<Sqlite>>> = SQLITE.migrations().map_err(broken)?;
    let applied = conn.applied_migrations().map_err(broken)?;
    Ok(applied.iter().any(|version| known.iter().all(|known| known.name().version() != *version)))
}

#[derive(diesel::QueryableByName)]
struct Found {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    tables: i64,
}

/// Takes every migration back, newest first: for the test that no `down.sql` is broken.
///
/// # Errors
/// As [`run`].
pub async fn revert_all(db: &Db) -> Result<(), StorageError> {
    let tree = tree(db.place());
    db.read(move |conn: &mut AnyConnection| {
        conn.revert_all_migrations(tree).map_err(broken)?;
        Ok(())
    })
    .await
}

fn broken(error: Box<dyn std::error::Error + Send + Sync>) -> StorageError {
    StorageError::Broken(error.to_string())
}
