//! `second_factors`: at most one row an account, and the columns in which any destination stands.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::account::Account;
use crate::domain::email::EmailAddress;
use crate::domain::ids::Id;
use crate::domain::keys::{Keys, Place};
use crate::domain::limits::ACCOUNTS_A_NUMBER;
use crate::domain::phone::PhoneNumber;
use crate::domain::second_factor::{Destination, Method, SecondFactor};
use crate::storage::columns::{micros, readable, time};
use crate::storage::connection::on_its_own;
use crate::storage::schema::second_factors;
use crate::storage::{AnyConnection, StorageError, Tx, accounts};

/// What sealing one value takes: the keys, and random bytes that are used for nothing else.
pub struct Sealer<'a> {
    /// The keys.
    pub keys: &'a Keys,
    /// Fresh for every value.
    pub nonce: [u8; 24],
}

impl Sealer<'_> {
    /// Seals a text into its row, so that it opens nowhere else.
    pub(super) fn seal(&self, text: &str, table: &str, column: &str, row: &str) -> Vec<u8> {
        self.keys.seal(text.as_bytes(), &Place { table, column, row }, &self.nonce)
    }
}

/// Opens a text that was sealed into its row. A value that does not open is a fault, never an absence.
pub(super) fn open(
    keys: &Keys,
    sealed: &[u8],
    table: &str,
    column: &str,
    row: &str,
) -> Result<String, StorageError> {
    let plain = keys.open(sealed, &Place { table, column, row }).map_err(|_| {
        StorageError::Unreadable(format!("{table}.{column} does not open under the keys at hand"))
    })?;
    String::from_utf8(plain.expose().clone()).map_err(|_| StorageError::unreadable("sealed text"))
}

/// Under what a destination is found and counted, without being readable.
pub fn index_of(keys: &Keys, destination: &Destination) -> Vec<u8> {
    index_of_text(keys, destination.as_str())
}

/// The same of a destination's text.
pub(super) fn index_of_text(keys: &Keys, text: &str) -> Vec<u8> {
    keys.index().mac(&[b"destination", text.as_bytes()]).to_vec()
}

/// A destination as its three columns hold it.
pub(super) struct DestinationColumns {
    pub(super) method: &'static str,
    pub(super) email: Option<String>,
    pub(super) phone_sealed: Option<Vec<u8>>,
}

pub(super) fn to_columns(
    destination: &Destination,
    sealer: &Sealer<'_>,
    table: &str,
    row: &str,
) -> DestinationColumns {
    let method = destination.method().as_str();
    match destination {
        Destination::Email(address) => {
            DestinationColumns { method, email: Some(address.as_str().to_owned()), phone_sealed: None }
        }
        Destination::Phone(number) => DestinationColumns {
            method,
            email: None,
            phone_sealed: Some(sealer.seal(number.e164(), table, "phone_sealed", row)),
        },
    }
}

pub(super) fn from_columns(
    keys: &Keys,
    (method, email, phone_sealed): (&str, Option<String>, Option<Vec<u8>>),
    table: &str,
    row: &str,
) -> Result<Destination, StorageError> {
    match readable(Method::parse(method), "method")? {
        Method::Email => Ok(Destination::Email(EmailAddress::stored(readable(email, "address")?))),
        Method::Sms => {
            let sealed = readable(phone_sealed, "number")?;
            phone(&open(keys, &sealed, table, "phone_sealed", row)?).map(Destination::Phone)
        }
    }
}

pub(super) fn phone(e164: &str) -> Result<PhoneNumber, StorageError> {
    readable(PhoneNumber::stored(e164), "number")
}

/// The account's second factor; [`SecondFactor::Off`] where there is no row.
///
/// # Errors
/// A fault is never read as "off".
pub fn find(
    conn: &mut AnyConnection,
    account: &Id<Account>,
    keys: &Keys,
) -> Result<SecondFactor, StorageError> {
    type Row = (String, Option<String>, Option<Vec<u8>>, i64);
    let row: Option<Row> = on_its_own!(conn, |conn| second_factors::table
        .find(account.as_str())
        .select((
            second_factors::method,
            second_factors::email,
            second_factors::phone_sealed,
            second_factors::confirmed_at,
        ))
        .first(conn)
        .optional())?;
    let Some((method, email, sealed, confirmed_at)) = row else { return Ok(SecondFactor::Off) };
    let destination = from_columns(keys, (&method, email, sealed), "second_factors", account.as_str())?;
    Ok(SecondFactor::stored(destination, time(confirmed_at)?))
}

/// Whether as many other accounts have their codes sent to this number as may.
///
/// # Errors
/// As for any read.
pub fn is_full(
    conn: &mut AnyConnection,
    destination: &Destination,
    account: &Id<Account>,
    keys: &Keys,
) -> Result<bool, StorageError> {
    if destination.method() != Method::Sms {
        return Ok(false);
    }
    let others: i64 = second_factors::table
        .filter(second_factors::phone_index.eq(index_of(keys, destination)))
        .filter(second_factors::account_id.ne(account.as_str()))
        .count()
        .get_result(conn)?;
    Ok(others >= ACCOUNTS_A_NUMBER)
}

/// Turns a method on, or changes it: the row is replaced.
///
/// # Errors
/// As for any write.
pub fn put(
    tx: &mut Tx<'_>,
    account: &Id<Account>,
    destination: &Destination,
    sealer: &Sealer<'_>,
    now: DateTime<Utc>,
) -> Result<(), StorageError> {
    remove(tx, account)?;
    let columns = to_columns(destination, sealer, "second_factors", account.as_str());
    let index = columns.phone_sealed.is_some().then(|| index_of(sealer.keys, destination));
    diesel::insert_into(second_factors::table)
        .values((
            second_factors::account_id.eq(account.as_str()),
            second_factors::method.eq(columns.method),
            second_factors::email.eq(columns.email),
            second_factors::phone_sealed.eq(columns.phone_sealed),
            second_factors::phone_index.eq(index),
            second_factors::confirmed_at.eq(micros(now)),
        ))
        .execute(&mut **tx)?;
    accounts::note_method(tx, account, Some(destination.method()))
}

/// Turns two-factor authentication off.
///
/// # Errors
/// As for any write.
pub fn remove(tx: &mut Tx<'_>, account: &Id<Account>) -> Result<(), StorageError> {
    diesel::delete(second_factors::table.find(account.as_str())).execute(&mut **tx)?;
    accounts::note_method(tx, account, None)
}
