//! Copies of a database that is a file.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::storage::connection::{AnyConnection, Location, is_whole, vacuum_into, write_back};
use crate::storage::{Db, StorageError, migrate, on_blocking_thread};

/// What a file is worth as a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worth {
    /// It is a whole database of Postern.
    Whole,
    /// It is something else.
    NotOurs,
    /// It was one once.
    Damaged,
    /// Migrations were applied to it that this program does not know.
    Newer,
}

/// What each SQLite file begins with.
const BEGINNING: &[u8; 16] = b"SQLite format 3\0";

/// Copies the whole database, as it stands at one moment, into an empty file. Writers go on meanwhile.
///
/// # Errors
/// As for any read; and if it is no file.
pub async fn copy_into(db: &Db, file: &Path) -> Result<(), StorageError> {
    let file = file.to_string_lossy().into_owned();
    db.read(move |conn| vacuum_into(conn, &file)).await
}

/// Looks at a file that nobody else uses.
///
/// # Errors
/// [`StorageError::Broken`] if it cannot even be read.
pub async fn examine(file: &Path) -> Result<Worth, StorageError> {
    let mut beginning = Vec::new();
    let opened = File::open(file).and_then(|file| file.take(16).read_to_end(&mut beginning));
    opened.map_err(|fault| StorageError::Broken(fault.to_string()))?;
    if beginning != BEGINNING {
        return Ok(Worth::NotOurs);
    }
    let place = Location::Sqlite(file.to_owned());
    on_blocking_thread(move || {
        let Ok(mut conn) = place.connect() else { return Ok(Worth::Damaged) };
        Ok(worth(&mut conn).unwrap_or(Worth::Damaged))
    })
    .await
}

fn worth(conn: &mut AnyConnection) -> Result<Worth, StorageError> {
    if !is_whole(conn)? {
        return Ok(Worth::Damaged);
    }
    if !migrate::has_instance_at(conn)? {
        return Ok(Worth::NotOurs);
    }
    Ok(if migrate::is_newer(conn)? { Worth::Newer } else { Worth::Whole })
}

/// Writes back whatever lies beside a file that nobody else uses.
///
/// # Errors
/// [`StorageError::Broken`] if it cannot be opened; [`StorageError::Unavailable`] if somebody uses it after all.
pub async fn close(file: &Path) -> Result<(), StorageError> {
    let place = Location::Sqlite(file.to_owned());
    on_blocking_thread(move || {
        let mut conn = place.connect().map_err(|fault| StorageError::Broken(fault.to_string()))?;
        write_back(&mut conn)
    })
    .await
}
