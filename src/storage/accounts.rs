//! `accounts`: find, create, list; `standing` has the updates that move a counter or an epoch, `credentials` those that
//! replace what somebody proves themselves with.

mod credentials;
mod standing;

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::account::{Account, Epochs, PastLogin, Role, Standing, State, TrustEnd};
use crate::domain::browser::BrowserLabel;
use crate::domain::email::EmailAddress;
use crate::domain::ids::Id;
use crate::domain::limits::second_factor_standing;
use crate::domain::password::PasswordHash;
use crate::domain::second_factor::Method;
use crate::domain::username::{Username, UsernameKey};
use crate::domain::when;
use crate::storage::columns::{maybe_time, micros, readable, time};
use crate::storage::connection::on_its_own;
use crate::storage::schema::accounts;
use crate::storage::{AnyConnection, StorageError, Tx};

pub use credentials::{confirm_email, replace_email, replace_password};
pub(super) use standing::restate;
pub use standing::{
    ask_every_login, count_code_failure, end_sessions, end_trust, forgive_codes, lock, put_back,
};

/// What a new account begins with.
pub struct NewAccount<'a> {
    /// Its identifier.
    pub id: &'a Id<Account>,
    /// Its name.
    pub username: &'a Username,
    /// Its e-mail address of record.
    pub email: &'a EmailAddress,
    /// What it may do.
    pub role: Role,
    /// Its password; `None` until the invitation is answered.
    pub password: Option<&'a PasswordHash>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = accounts)]
pub(super) struct AccountRow {
    id: String,
    username: String,
    display_name: String,
    email: String,
    email_confirmed_at: Option<i64>,
    role: String,
    disabled_at: Option<i64>,
    time_zone: String,
    asks_every_login: bool,
    session_epoch: i64,
    trust_epoch: i64,
    trust_ended_because: Option<String>,
    codes_paused_until: Option<i64>,
    codes_suspended_at: Option<i64>,
    sends_counted_from: i64,
    previous_login_at: Option<i64>,
    previous_login_browser: Option<String>,
    requires_two_factor: bool,
    allows_trust: bool,
    must_prove_mailbox: bool,
    password_changed_at: Option<i64>,
    version: i64,
    method: String,
}

impl AccountRow {
    /// The account as it stands at `now`: a pause that is over is none.
    pub(super) fn account(self, now: DateTime<Utc>) -> Result<Account, StorageError> {
        let standing = match maybe_time(self.disabled_at)? {
            Some(since) => Standing::Disabled { since },
            None => Standing::Active,
        };
        let trust_ended_because = match self.trust_ended_because {
            Some(word) => Some(readable(TrustEnd::stored(&word), "end of trust")?),
            None => None,
        };
        Ok(Account {
            id: Id::stored(self.id),
            username: Username::stored(self.username),
            display_name: self.display_name,
            email: EmailAddress::stored(self.email),
            email_confirmed_at: maybe_time(self.email_confirmed_at)?,
            role: readable(Role::stored(&self.role), "role")?,
            standing,
            time_zone: readable(when::zone(&self.time_zone), "time zone")?,
            method: method(&self.method)?,
            requires_two_factor: self.requires_two_factor,
            allows_trust: self.allows_trust,
            must_prove_mailbox: self.must_prove_mailbox,
            asks_every_login: self.asks_every_login,
            epochs: Epochs { session: self.session_epoch, trust: self.trust_epoch },
            trust_ended_because,
            second_factor_standing: second_factor_standing(
                maybe_time(self.codes_paused_until)?,
                maybe_time(self.codes_suspended_at)?,
                now,
            ),
            sends_counted_from: time(self.sends_counted_from)?,
            previous_login: match (maybe_time(self.previous_login_at)?, self.previous_login_browser) {
                (Some(at), Some(browser)) => Some(PastLogin { at, browser: BrowserLabel::stored(browser) }),
                (Some(_) | None, Some(_) | None) => None,
            },
            password_changed_at: maybe_time(self.password_changed_at)?,
            version: self.version,
        })
    }
}

/// The word that stands where no method is on: the value of the option on the page.
pub(super) const NO_METHOD: &str = "disabled";

pub(super) fn method(word: &str) -> Result<Option<Method>, StorageError> {
    if word == NO_METHOD {
        return Ok(None);
    }
    readable(Method::parse(word), "method").map(Some)
}

/// Finds an account by its identifier.
///
/// # Errors
/// As for any read.
pub fn find(
    conn: &mut AnyConnection,
    id: &Id<Account>,
    now: DateTime<Utc>,
) -> Result<Option<Account>, StorageError> {
    let row: Option<AccountRow> = on_its_own!(conn, |conn| accounts::table
        .find(id.as_str())
        .select(AccountRow::as_select())
        .first(conn)
        .optional())?;
    row.map(|row| row.account(now)).transpose()
}

/// Finds an account by its name, with its password hash where it has one.
///
/// # Errors
/// As for any read.
pub fn for_login(
    conn: &mut AnyConnection,
    key: &UsernameKey,
    now: DateTime<Utc>,
) -> Result<Option<(Account, Option<PasswordHash>)>, StorageError> {
    let row: Option<(AccountRow, Option<String>)> = on_its_own!(conn, |conn| accounts::table
        .filter(accounts::username_key.eq(key.as_str()))
        .select((AccountRow::as_select(), accounts::password_hash))
        .first(conn)
        .optional())?;
    row.map(|(row, hash)| Ok((row.account(now)?, read_hash(hash)?))).transpose()
}

/// The password hash of an account.
///
/// # Errors
/// As for any read.
pub fn password_hash(
    conn: &mut AnyConnection,
    id: &Id<Account>,
) -> Result<Option<PasswordHash>, StorageError> {
    let hash: Option<Option<String>> =
        accounts::table.find(id.as_str()).select(accounts::password_hash).first(conn).optional()?;
    read_hash(hash.flatten())
}

fn read_hash(hash: Option<String>) -> Result<Option<PasswordHash>, StorageError> {
    hash.map(|text| readable(PasswordHash::parse(text), "password hash")).transpose()
}

/// Whether there is any account at all.
///
/// # Errors
/// As for any read.
pub fn any(conn: &mut AnyConnection) -> Result<bool, StorageError> {
    let first: Option<String> = accounts::table.select(accounts::id).first(conn).optional()?;
    Ok(first.is_some())
}

/// Up to `limit` accounts whose name comes after `after`, in the order of names.
///
/// # Errors
/// As for any read.
pub fn list(
    conn: &mut AnyConnection,
    after: &str,
    limit: i64,
    now: DateTime<Utc>,
) -> Result<Vec<Account>, StorageError> {
    let rows: Vec<AccountRow> = accounts::table
        .filter(accounts::username_key.gt(after))
        .order(accounts::username_key.asc())
        .limit(limit)
        .select(AccountRow::as_select())
        .load(conn)?;
    rows.into_iter().map(|row| row.account(now)).collect()
}

/// Makes an account.
///
/// # Errors
/// [`StorageError::Taken`] if the name exists.
pub fn create(tx: &mut Tx<'_>, new: &NewAccount<'_>, now: DateTime<Utc>) -> Result<(), StorageError> {
    diesel::insert_into(accounts::table)
        .values((
            accounts::id.eq(new.id.as_str()),
            accounts::username.eq(new.username.as_str()),
            accounts::username_key.eq(new.username.key().as_str()),
            accounts::display_name.eq(new.username.as_str()),
            accounts::display_name_key.eq(folded(new.username.as_str())),
            accounts::state.eq(State::of(false, new.password.is_some(), false).as_str()),
            accounts::email.eq(new.email.as_str()),
            accounts::email_key.eq(new.email.key()),
            accounts::password_hash.eq(new.password.map(PasswordHash::as_str)),
            accounts::role.eq(new.role.as_str()),
            accounts::time_zone.eq("UTC"),
            accounts::asks_every_login.eq(false),
            accounts::session_epoch.eq(1),
            accounts::trust_epoch.eq(1),
            accounts::code_failures.eq(0),
            accounts::sends_counted_from.eq(micros(now)),
            accounts::created_at.eq(micros(now)),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Changes what the person chooses: name shown and time zone.
///
/// # Errors
/// As for any write.
pub fn rename(tx: &mut Tx<'_>, id: &Id<Account>, name: &str, zone: &str) -> Result<(), StorageError> {
    diesel::update(accounts::table.find(id.as_str()))
        .set((
            accounts::display_name.eq(name),
            accounts::display_name_key.eq(folded(name)),
            accounts::time_zone.eq(zone),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Stores a hash of the same password under a higher cost. It ends nothing.
///
/// # Errors
/// As for any write.
pub fn rehash(
    tx: &mut Tx<'_>,
    id: &Id<Account>,
    old: &PasswordHash,
    new: &PasswordHash,
) -> Result<(), StorageError> {
    diesel::update(accounts::table.find(id.as_str()).filter(accounts::password_hash.eq(old.as_str())))
        .set(accounts::password_hash.eq(new.as_str()))
        .execute(&mut **tx)?;
    Ok(())
}

/// Sets the first password of an invited account, and takes its address as confirmed where the link came by mail.
///
/// # Errors
/// As for any write.
pub fn accept_invitation(
    tx: &mut Tx<'_>,
    id: &Id<Account>,
    hash: &PasswordHash,
    came_by_mail: bool,
    now: DateTime<Utc>,
) -> Result<bool, StorageError> {
    let rows = diesel::update(accounts::table.find(id.as_str()).filter(accounts::password_hash.is_null()))
        .set((
            accounts::password_hash.eq(hash.as_str()),
            came_by_mail.then(|| accounts::email_confirmed_at.eq(micros(now))),
            accounts::session_epoch.eq(accounts::session_epoch + 1),
        ))
        .execute(&mut **tx)?;
    restate(tx, id)?;
    Ok(rows == 1)
}

/// A text as lists are searched for it: in small letters.
pub fn folded(text: &str) -> String {
    text.to_lowercase()
}

/// Keeps the copy of the method that lists are filtered by.
pub(super) fn note_method(
    tx: &mut Tx<'_>,
    id: &Id<Account>,
    method: Option<Method>,
) -> Result<(), StorageError> {
    diesel::update(accounts::table.find(id.as_str()))
        .set((
            accounts::method.eq(method.map_or(NO_METHOD, Method::as_str)),
            accounts::version.eq(accounts::version + 1),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Remembers a completed login, and the one before it.
///
/// # Errors
/// As for any write.
pub fn logged_in(
    tx: &mut Tx<'_>,
    id: &Id<Account>,
    browser: &BrowserLabel,
    now: DateTime<Utc>,
) -> Result<(), StorageError> {
    diesel::update(accounts::table.find(id.as_str()))
        .set((
            accounts::previous_login_at.eq(accounts::last_login_at),
            accounts::previous_login_browser.eq(accounts::last_login_browser),
            accounts::last_login_at.eq(micros(now)),
            accounts::last_login_browser.eq(browser.as_str()),
        ))
        .execute(&mut **tx)?;
    Ok(())
}
