//! `pending_changes`: what is carried out once somebody has confirmed who they are. Bound to one session.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::account::Account;
use crate::domain::email::EmailAddress;
use crate::domain::ids::Id;
use crate::domain::keys::Keys;
use crate::domain::second_factor::Destination;
use crate::domain::session::Session;
use crate::storage::columns::{micros, readable};
use crate::storage::schema::pending_changes;
use crate::storage::second_factors::{DestinationColumns, Sealer, from_columns, to_columns};
use crate::storage::{AnyConnection, StorageError, Tx};

/// What waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PendingChange {
    /// A change of two-factor authentication.
    TwoFactor(Choice),
    /// Another e-mail address of record, before the code that goes there.
    EmailOfRecord(EmailAddress),
}

/// A choice about two-factor authentication: turn it off, or send codes to a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Where codes are to go; `None` to turn them off.
    pub destination: Option<Destination>,
    /// Whether every login is to ask.
    pub asks_every_login: bool,
}

const TWO_FACTOR: &str = "two_factor";
const EMAIL_OF_RECORD: &str = "email_of_record";

/// Keeps a change for a session, in place of any other.
///
/// # Errors
/// As for any write.
pub fn put(
    tx: &mut Tx<'_>,
    session: &Id<Session>,
    account: &Id<Account>,
    change: &PendingChange,
    sealer: &Sealer<'_>,
    expires_at: DateTime<Utc>,
) -> Result<(), StorageError> {
    remove(tx, session)?;
    let (kind, destination, asks_every_login) = match change {
        PendingChange::TwoFactor(choice) => (TWO_FACTOR, choice.destination.clone(), choice.asks_every_login),
        PendingChange::EmailOfRecord(address) => {
            (EMAIL_OF_RECORD, Some(Destination::Email(address.clone())), false)
        }
    };
    let columns =
        destination.map(|destination| to_columns(&destination, sealer, "pending_changes", session.as_str()));
    let (method, email, phone_sealed) = match columns {
        Some(DestinationColumns { method, email, phone_sealed }) => (Some(method), email, phone_sealed),
        None => (None, None, None),
    };
    diesel::insert_into(pending_changes::table)
        .values((
            pending_changes::session_id.eq(session.as_str()),
            pending_changes::account_id.eq(account.as_str()),
            pending_changes::kind.eq(kind),
            pending_changes::method.eq(method),
            pending_changes::email.eq(email),
            pending_changes::phone_sealed.eq(phone_sealed),
            pending_changes::asks_every_login.eq(asks_every_login),
            pending_changes::expires_at.eq(micros(expires_at)),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// The change that waits in a session.
///
/// # Errors
/// As for any read.
pub fn find(
    conn: &mut AnyConnection,
    session: &Id<Session>,
    keys: &Keys,
    now: DateTime<Utc>,
) -> Result<Option<PendingChange>, StorageError> {
    type Row = (String, Option<String>, Option<String>, Option<Vec<u8>>, bool);
    let row: Option<Row> = pending_changes::table
        .find(session.as_str())
        .filter(pending_changes::expires_at.gt(micros(now)))
        .select((
            pending_changes::kind,
            pending_changes::method,
            pending_changes::email,
            pending_changes::phone_sealed,
            pending_changes::asks_every_login,
        ))
        .first(conn)
        .optional()?;
    let Some((kind, method, email, sealed, asks_every_login)) = row else { return Ok(None) };
    let destination = method
        .map(|method| from_columns(keys, (&method, email, sealed), "pending_changes", session.as_str()))
        .transpose()?;
    let change = match (kind.as_str(), destination) {
        (TWO_FACTOR, destination) => Some(PendingChange::TwoFactor(Choice { destination, asks_every_login })),
        (EMAIL_OF_RECORD, Some(Destination::Email(address))) => Some(PendingChange::EmailOfRecord(address)),
        _ => None,
    };
    readable(change, "kind of change").map(Some)
}

/// Forgets whatever waits in any session of an account.
///
/// # Errors
/// As for any write.
pub fn remove_all(tx: &mut Tx<'_>, account: &Id<Account>) -> Result<(), StorageError> {
    let of_account = pending_changes::table.filter(pending_changes::account_id.eq(account.as_str()));
    diesel::delete(of_account).execute(&mut **tx)?;
    Ok(())
}

/// Forgets the change that waits in a session, and answers whether there was one.
///
/// # Errors
/// As for any write.
pub fn remove(tx: &mut Tx<'_>, session: &Id<Session>) -> Result<bool, StorageError> {
    let rows = diesel::delete(pending_changes::table.find(session.as_str())).execute(&mut **tx)?;
    Ok(rows == 1)
}
