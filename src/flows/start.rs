//! What a start makes sure of: the tables, the mode the database is stamped with, the key it was made with, and for how long
//! it keeps its log.

use crate::domain::account::Account;
use crate::flows::{FlowError, Services};
use crate::storage::instance::{self, Fact};
use crate::storage::{Db, StorageError, accounts, migrate};

/// Why a start is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The database belongs to the other mode.
    OtherMode(String),
    /// The database was made under another key.
    OtherKey,
}

/// Applies missing migrations and answers their names.
///
/// # Errors
/// As for any fault.
pub async fn migrate(services: &Services) -> Result<Vec<String>, FlowError> {
    Ok(migrate::run(&services.db).await?)
}

/// Whether migrations are missing.
///
/// # Errors
/// As for any fault.
pub async fn is_pending(services: &Services) -> Result<bool, FlowError> {
    Ok(migrate::is_pending(&services.db).await?)
}

/// What a database says it was made with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stamps {
    /// The mode.
    pub mode: Option<String>,
    /// The key's identifier.
    pub key: Option<String>,
}

/// Reads the stamps without changing anything; a new database has none.
///
/// # Errors
/// As for any fault.
pub async fn stamps(db: &Db) -> Result<Stamps, FlowError> {
    if !migrate::has_instance(db).await? {
        return Ok(Stamps::default());
    }
    db.read(|conn| {
        Ok(Stamps { mode: instance::find(conn, Fact::Mode)?, key: instance::find(conn, Fact::Key)? })
    })
    .await
}

/// Stamps a new database with mode, name and key, or holds the stamps of an old one against them. A wrong key fails here,
/// closed, instead of making every code wrong and every number unreadable.
///
/// # Errors
/// As for any fault.
pub async fn stamp(
    services: &Services,
    mode: &'static str,
    previous_key: Option<&str>,
) -> Result<Option<Refusal>, FlowError> {
    match stamp_once(services, mode, previous_key.map(str::to_owned)).await {
        // Another instance stamped it between our look and our stamp; now there is something to compare with.
        Err(FlowError::Storage(StorageError::Taken(_))) => {
            stamp_once(services, mode, previous_key.map(str::to_owned)).await
        }
        done => done,
    }
}

async fn stamp_once(
    services: &Services,
    mode: &'static str,
    previous_key: Option<String>,
) -> Result<Option<Refusal>, FlowError> {
    let (this, name) = (services.clone(), services.new_id::<Account>()?);
    services
        .db
        .write(move |tx| {
            let stamped = instance::stamp(tx, Fact::Mode, mode)?;
            if stamped != mode {
                return Ok(Some(Refusal::OtherMode(stamped)));
            }
            instance::stamp(tx, Fact::Name, name.as_str())?;
            let current = this.keys.current_id();
            let key = instance::stamp(tx, Fact::Key, current)?;
            let is_known = key == current || previous_key.as_deref() == Some(key.as_str());
            if !is_known {
                return Ok(Some(Refusal::OtherKey));
            }
            instance::put(tx, Fact::ActivityKeepDays, &this.settings.activity_keep_days.to_string())?;
            Ok(None)
        })
        .await
}

/// Up to a hundred accounts after a name, for the operator's list.
///
/// # Errors
/// As for any fault.
pub async fn list_accounts(services: &Services, after: String) -> Result<Vec<Account>, FlowError> {
    const PAGE: i64 = 100;
    let now = services.now();
    services.db.read(move |conn| Ok(accounts::list(conn, &after, PAGE, now)?)).await
}
