//! How every command comes by its database: look whose it is first, then make what is missing.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use crate::app::{App, Parts, StartFault, look_first, owner_only};
use crate::config::{Config, DatabaseUrl};
use crate::flows::start;

/// What opening came to.
pub(super) enum Opened {
    /// All is there.
    Ready(Box<App>),
    /// The database waits for `postern migrate`.
    WantsMigrations,
}

/// Opens the database. A file is brought up to date on the way; on a server that others may be using, migrations are applied
/// when somebody says so.
pub(super) async fn open(config: &Config) -> Result<Opened, StartFault> {
    let app = assemble(config).await?;
    match &config.database {
        DatabaseUrl::Sqlite(_) => {
            app.prepare_database().await?;
        }
        DatabaseUrl::Postgres(_) => {
            if start::is_pending(app.services()).await? {
                return Ok(Opened::WantsMigrations);
            }
            app.check_stamp().await?;
        }
    }
    Ok(Opened::Ready(Box::new(app)))
}

/// Opens the database and brings it up to date, wherever it is. Answers the names of what was applied.
pub(super) async fn migrate(config: &Config) -> Result<Vec<String>, StartFault> {
    assemble(config).await?.prepare_database().await
}

async fn assemble(config: &Config) -> Result<App, StartFault> {
    let in_use = make_private_file(config)?;
    look_first(config).await?;
    let mut app = App::assemble(config, Parts::real())?;
    app.in_use = in_use;
    Ok(app)
}

/// The file beside a database in which SQLite keeps what is not written back, or who reads.
pub(super) fn companion(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Takes a database that is a file for oneself, if there is one and nobody uses it.
pub(super) fn alone(path: &Path) -> Result<Option<File>, StartFault> {
    if !path.exists() {
        return Ok(None);
    }
    let in_words = |fault: std::io::Error| StartFault::Unreachable(format!("{}: {fault}", path.display()));
    let file = OpenOptions::new().read(true).write(true).open(path).map_err(in_words)?;
    file.try_lock().map_err(|_| StartFault::InUse(path.to_owned()))?;
    Ok(Some(file))
}

/// A new database file is its owner's alone; SQLite gives its companions the same rights. Whoever uses it shares a lock on it,
/// which the system lets go with the process, however that ends: a restore wants it for itself.
fn make_private_file(config: &Config) -> Result<Option<File>, StartFault> {
    let DatabaseUrl::Sqlite(path) = &config.database else { return Ok(None) };
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    owner_only(&mut options);
    let opened = options.open(path);
    let file = opened.map_err(|fault| StartFault::Unreachable(format!("{}: {fault}", path.display())))?;
    file.try_lock_shared().map_err(|_| StartFault::InUse(path.clone()))?;
    Ok(Some(file))
}
