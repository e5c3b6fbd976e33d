//! What can go wrong with the database, as far as anybody else needs to know.

use diesel::result::{DatabaseErrorKind, Error};

/// A fault of the database. A row that is not there is no fault: finders answer `None`.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// Something that must be unique exists already.
    #[error("taken: {0:?}")]
    Taken(Taken),
    /// The database is locked, down or out of reach; the same request may succeed later.
    #[error("the database is not available")]
    Unavailable,
    /// A row holds what this program would never have written, or what was sealed under a key that is gone.
    #[error("unreadable: {0}")]
    Unreadable(String),
    /// Anything else: a statement that fails.
    #[error("the database is broken: {0}")]
    Broken(String),
}

/// What is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// The username.
    Username,
    /// Something no person chooses.
    Other,
}

impl StorageError {
    pub(super) fn unreadable(what: &str) -> Self {
        Self::Unreadable(format!("{what} in a row"))
    }
}

impl From<Error> for StorageError {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "diesel's enum grows; what is new is broken until somebody looks"
    )]
    fn from(error: Error) -> Self {
        match error {
            Error::DatabaseError(DatabaseErrorKind::UniqueViolation, info) => {
                // SQLite names the column only in the message, PostgreSQL only in the constraint.
                let constraint = info.constraint_name().unwrap_or_default();
                let is_username = format!("{} {constraint}", info.message()).contains("username_key");
                Self::Taken(if is_username { Taken::Username } else { Taken::Other })
            }
            Error::DatabaseError(DatabaseErrorKind::ClosedConnection, _)
            | Error::DatabaseError(DatabaseErrorKind::UnableToSendCommand, _)
            | Error::DatabaseError(DatabaseErrorKind::SerializationFailure, _)
            | Error::BrokenTransactionManager => Self::Unavailable,
            Error::RollbackErrorOnCommit { commit_error, .. } => Self::from(*commit_error),
            Error::DatabaseError(_, info) if is_passing(info.message()) => Self::Unavailable,
            other => Self::Broken(other.to_string()),
        }
    }
}

/// Faults that the drivers tell apart only in words.
fn is_passing(message: &str) -> bool {
    const PASSING: [&str; 10] = [
        "database is locked",
        "database table is locked",
        "database or disk is full",
        "disk I/O error",
        "No space left on device",
        "server closed the connection",
        "no connection to the server",
        "terminating connection",
        "deadlock detected",
        "due to lock timeout",
    ];
    PASSING.iter().any(|words| message.contains(words))
}
