//! How every command comes by its database: look whose it is first, then make what is missing.

use std::fs::OpenOptions;

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
    make_private_file(config)?;
    look_first(config).await?;
    App::assemble(config, Parts::real())
}

/// A new database file is its owner's alone; SQLite gives its companions the same rights.
fn make_private_file(config: &Config) -> Result<(), StartFault> {
    let DatabaseUrl::Sqlite(path) = &config.database else { return Ok(()) };
    let mut options = OpenOptions::new();
    options.append(true).create(true);
    owner_only(&mut options);
    let opened = options.open(path);
    opened.map(drop).map_err(|fault| StartFault::Unreachable(format!("{}: {fault}", path.display())))
}
