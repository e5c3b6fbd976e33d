//! What administrators and operators read of an account and write into it. Each write counts the account's version up, so
//! that a form opened before it is known as stale.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::account::{Account, PastLogin, Role, State};
use crate::domain::browser::BrowserLabel;
use crate::domain::email::EmailAddress;
use crate::domain::ids::Id;
use crate::storage::accounts::restate;
use crate::storage::columns::{maybe_time, micros, readable, time};
use crate::storage::schema::accounts;
use crate::storage::{AnyConnection, StorageError, Tx};

/// What stands beside an account and only administrators look at.
#[derive(Clone, Debug)]
pub struct Record {
    /// How it stands in the list.
    pub state: State,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Its last login.
    pub last_login: Option<PastLogin>,
}

/// The record of an account.
///
/// # Errors
/// As for any read.
pub fn record(conn: &mut AnyConnection, id: &Id<Account>) -> Result<Option<Record>, StorageError> {
    type Row = (String, i64, Option<i64>, Option<String>);
    let row: Option<Row> = accounts::table
        .find(id.as_str())
        .select((
            accounts::state,
            accounts::created_at,
            accounts::last_login_at,
            accounts::last_login_browser,
        ))
        .first(conn)
        .optional()?;
    let Some((state, created_at, last_login_at, browser)) = row else { return Ok(None) };
    Ok(Some(Record {
        state: readable(State::stored(&state), "state")?,
        created_at: time(created_at)?,
        last_login: maybe_time(last_login_at)?
            .zip(browser)
            .map(|(at, browser)| PastLogin { at, browser: BrowserLabel::stored(browser) }),
    }))
}

/// Whether there is another administrator who can log in. To be asked under the installation's lock where it decides.
///
/// # Errors
/// As for any read.
pub fn has_deputy(conn: &mut AnyConnection, id: &Id<Account>) -> Result<bool, StorageError> {
    let other: Option<String> = accounts::table
        .filter(accounts::role.eq(Role::Administrator.as_str()))
        .filter(accounts::disabled_at.is_null())
        .filter(accounts::password_hash.is_not_null())
        .filter(accounts::id.ne(id.as_str()))
        .select(accounts::id)
        .first(conn)
        .optional()?;
    Ok(other.is_some())
}

/// The administrators who can log in, and their addresses of record.
///
/// # Errors
/// As for any read.
pub fn administrators(conn: &mut AnyConnection) -> Result<Vec<(Id<Account>, EmailAddress)>, StorageError> {
    let rows: Vec<(String, String)> = accounts::table
        .filter(accounts::role.eq(Role::Administrator.as_str()))
        .filter(accounts::disabled_at.is_null())
        .filter(accounts::password_hash.is_not_null())
        .select((accounts::id, accounts::email))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, email)| (Id::stored(id), EmailAddress::stored(email))).collect())
}

/// Requires two-factor authentication of the account, or leaves it to the person.
///
/// # Errors
/// As for any write.
pub fn require_two_factor(tx: &mut Tx<'_>, id: &Id<Account>, requires: bool) -> Result<(), StorageError> {
    diesel::update(accounts::table.find(id.as_str()))
        .set(accounts::requires_two_factor.eq(requires))
        .execute(&mut **tx)?;
    Ok(())
}

/// Lets the account trust computers, or none.
///
/// # Errors
/// As for any write.
pub fn allow_trust(tx: &mut Tx<'_>, id: &Id<Account>, allows: bool) -> Result<(), StorageError> {
    diesel::update(accounts::table.find(id.as_str()))
        .set(accounts::allows_trust.eq(allows))
        .execute(&mut **tx)?;
    Ok(())
}

/// Says whether the next set-up asks first for a code from the address of record.
///
/// # Errors
/// As for any write.
pub fn must_prove_mailbox(tx: &mut Tx<'_>, id: &Id<Account>, must: bool) -> Result<(), StorageError> {
    diesel::update(accounts::table.find(id.as_str()))
        .set(accounts::must_prove_mailbox.eq(must))
        .execute(&mut **tx)?;
    Ok(())
}

/// Switches the account off at this moment, or on again.
///
/// # Errors
/// As for any write.
pub fn disable(
    tx: &mut Tx<'_>,
    id: &Id<Account>,
    disabled_at: Option<DateTime<Utc>>,
) -> Result<(), StorageError> {
    diesel::update(accounts::table.find(id.as_str()))
        .set(accounts::disabled_at.eq(disabled_at.map(micros)))
        .execute(&mut **tx)?;
    restate(tx, id)
}

/// Gives the account a role.
///
/// # Errors
/// As for any write.
pub fn set_role(tx: &mut Tx<'_>, id: &Id<Account>, role: Role) -> Result<(), StorageError> {
    diesel::update(accounts::table.find(id.as_str()))
        .set(accounts::role.eq(role.as_str()))
        .execute(&mut **tx)?;
    Ok(())
}

/// Sets an address of record that nobody has confirmed yet.
///
/// # Errors
/// As for any write.
pub fn set_email(tx: &mut Tx<'_>, id: &Id<Account>, email: &EmailAddress) -> Result<(), StorageError> {
    diesel::update(accounts::table.find(id.as_str()))
        .set((
            accounts::email.eq(email.as_str()),
            accounts::email_key.eq(email.key()),
            accounts::email_confirmed_at.eq(None::<i64>),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Notes that the person has just shown that they read the mailbox of record.
///
/// # Errors
/// As for any write.
pub fn confirm_email(tx: &mut Tx<'_>, id: &Id<Account>, now: DateTime<Utc>) -> Result<(), StorageError> {
    diesel::update(accounts::table.find(id.as_str()))
        .set(accounts::email_confirmed_at.eq(micros(now)))
        .execute(&mut **tx)?;
    Ok(())
}

/// Counts the account's version up: whatever form was opened before is stale.
///
/// # Errors
/// As for any write.
pub fn count_up(tx: &mut Tx<'_>, id: &Id<Account>) -> Result<(), StorageError> {
    diesel::update(accounts::table.find(id.as_str()))
        .set(accounts::version.eq(accounts::version + 1))
        .execute(&mut **tx)?;
    Ok(())
}
