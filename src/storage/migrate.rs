//! The migrations, inside the binary: one tree a database, with the same folder names in both.

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

/// Applies what is missing and answers the names of what was applied.
///
/// # Errors
/// [`StorageError::Broken`] with the driver's words, [`StorageError::Unavailable`] without a connection.
pub async fn run(db: &Db) -> Result<Vec<String>, StorageError> {
    let tree = tree(db.place());
    db.read(move |conn: &mut AnyConnection| {
        let applied = conn.run_pending_migrations(tree).map_err(broken)?;
        Ok(applied.iter().map(ToString::to_string).collect())
    })
    .await
}

/// Whether migrations are missing.
///
/// # Errors
/// As [`run`].
pub async fn is_pending(db: &Db) -> Result<bool, StorageError> {
    let tree = tree(db.place());
    db.read(move |conn: &mut AnyConnection| conn.has_pending_migration(tree).map_err(broken)).await
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
