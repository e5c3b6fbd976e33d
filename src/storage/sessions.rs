//! `sessions`: start one with an [`Entry`], find a live one, end one.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::account::Account;
use crate::domain::browser::BrowserLabel;
use crate::domain::ids::Id;
use crate::domain::session::{EnteredBy, Entry, MOST_SESSIONS, Session, SessionRules};
use crate::domain::token::TokenHash;
use crate::storage::accounts::AccountRow;
use crate::storage::columns::{maybe_time, micros, readable, time};
use crate::storage::connection::on_its_own;
use crate::storage::schema::{accounts, sessions};
use crate::storage::{AnyConnection, StorageError, Tx};

#[derive(Queryable, Selectable)]
#[diesel(table_name = sessions)]
struct SessionRow {
    id: String,
    account_id: String,
    entered_by: String,
    password_at: Option<i64>,
    code_at: Option<i64>,
    browser: String,
    network: Option<String>,
    started_at: i64,
    last_seen_at: i64,
    expires_at: i64,
}

impl SessionRow {
    fn session(self) -> Result<Session, StorageError> {
        Ok(Session {
            id: Id::stored(self.id),
            account: Id::stored(self.account_id),
            entered_by: readable(EnteredBy::stored(&self.entered_by), "kind of login")?,
            password_at: maybe_time(self.password_at)?,
            code_at: maybe_time(self.code_at)?,
            browser: BrowserLabel::stored(self.browser),
            network: self.network,
            started_at: time(self.started_at)?,
            last_seen_at: time(self.last_seen_at)?,
            expires_at: time(self.expires_at)?,
        })
    }
}

/// What a session begins with.
pub struct NewSession<'a> {
    /// Its identifier.
    pub id: &'a Id<Session>,
    /// The hash of the token that the browser gets.
    pub token: &'a TokenHash,
    /// What the browser calls itself.
    pub browser: &'a BrowserLabel,
    /// From which network it comes.
    pub network: &'a str,
}

/// Starts a session. The [`Entry`] is consumed: one proof, one session.
///
/// # Errors
/// As for any write.
#[expect(clippy::needless_pass_by_value, reason = "an entry must not be used twice")]
pub fn start(
    tx: &mut Tx<'_>,
    entry: Entry,
    new: &NewSession<'_>,
    rules: &SessionRules,
    now: DateTime<Utc>,
) -> Result<(), StorageError> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(new.id.as_str()),
            sessions::token_hash.eq(new.token.as_bytes()),
            sessions::account_id.eq(entry.account().as_str()),
            sessions::session_epoch.eq(entry.session_epoch()),
            sessions::entered_by.eq(entry.entered_by().as_str()),
            sessions::password_at.eq(micros(now)),
            sessions::code_at.eq(entry.code_at(now).map(micros)),
            sessions::browser.eq(new.browser.as_str()),
            sessions::network.eq(new.network),
            sessions::started_at.eq(micros(now)),
            sessions::last_seen_at.eq(micros(now)),
            sessions::expires_at.eq(micros(now + rules.max)),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Finds the session of a token, and whose it is: one joined read. Role, standing and epoch are the account's own at this
/// moment, so disabling or ending takes effect at the next request. Whether it has idled out is for the caller to ask.
///
/// # Errors
/// As for any read.
pub fn find(
    conn: &mut AnyConnection,
    token: &TokenHash,
    now: DateTime<Utc>,
) -> Result<Option<(Session, Account)>, StorageError> {
    let row: Option<(SessionRow, AccountRow)> = on_its_own!(conn, |conn| sessions::table
        .inner_join(accounts::table.on(accounts::id.eq(sessions::account_id)))
        .filter(sessions::token_hash.eq(token.as_bytes()))
        .filter(accounts::session_epoch.eq(sessions::session_epoch))
        .filter(accounts::disabled_at.is_null())
        .select((SessionRow::as_select(), AccountRow::as_select()))
        .first(conn)
        .optional())?;
    let Some((session, account)) = row else { return Ok(None) };
    Ok(Some((session.session()?, account.account(now)?)))
}

/// Whose session a token opened, whether it still counts or not.
///
/// # Errors
/// As for any read.
pub fn account_of(conn: &mut AnyConnection, token: &TokenHash) -> Result<Option<Id<Account>>, StorageError> {
    let account: Option<String> = sessions::table
        .filter(sessions::token_hash.eq(token.as_bytes()))
        .select(sessions::account_id)
        .first(conn)
        .optional()?;
    Ok(account.map(Id::stored))
}

/// Notes that a session is in use: never back in time, and never for a session that is gone.
///
/// # Errors
/// As for any write.
pub fn touch(tx: &mut Tx<'_>, id: &Id<Session>, now: DateTime<Utc>) -> Result<(), StorageError> {
    diesel::update(sessions::table.find(id.as_str()).filter(sessions::last_seen_at.lt(micros(now))))
        .set(sessions::last_seen_at.eq(micros(now)))
        .execute(&mut **tx)?;
    Ok(())
}

/// Ends one session, and answers whether it was there.
///
/// # Errors
/// As for any write.
pub fn end(tx: &mut Tx<'_>, token: &TokenHash) -> Result<bool, StorageError> {
    let rows = diesel::delete(sessions::table.filter(sessions::token_hash.eq(token.as_bytes())))
        .execute(&mut **tx)?;
    Ok(rows == 1)
}

/// The live sessions of an account, newest first.
///
/// # Errors
/// As for any read.
pub fn list(
    conn: &mut AnyConnection,
    account: &Account,
    rules: &SessionRules,
    now: DateTime<Utc>,
) -> Result<Vec<Session>, StorageError> {
    let rows: Vec<SessionRow> = sessions::table
        .filter(sessions::account_id.eq(account.id.as_str()))
        .filter(sessions::session_epoch.eq(account.epochs.session))
        .filter(sessions::expires_at.gt(micros(now)))
        .filter(sessions::last_seen_at.gt(micros(now - rules.idle)))
        .order(sessions::id.desc())
        .limit(MOST_SESSIONS)
        .select(SessionRow::as_select())
        .load(conn)?;
    rows.into_iter().map(SessionRow::session).collect()
}

/// Ends one session of an account and answers what its browser called itself; another account's identifier touches nothing.
///
/// # Errors
/// As for any write.
pub fn end_one(
    tx: &mut Tx<'_>,
    account: &Id<Account>,
    id: &Id<Session>,
) -> Result<Option<BrowserLabel>, StorageError> {
    let ended: Option<String> =
        diesel::delete(sessions::table.find(id.as_str()).filter(sessions::account_id.eq(account.as_str())))
            .returning(sessions::browser)
            .get_result(&mut **tx)
            .optional()?;
    Ok(ended.map(BrowserLabel::stored))
}

/// Ends the oldest sessions of an account beyond the most it may have, and answers what their browsers called themselves.
/// The one that was opened just now stays, whatever the clocks of other instances said when they opened theirs.
///
/// # Errors
/// As for any write.
pub fn end_surplus(
    tx: &mut Tx<'_>,
    (account, opened): (&Id<Account>, &Id<Session>),
    rules: &SessionRules,
    now: DateTime<Utc>,
) -> Result<Vec<BrowserLabel>, StorageError> {
    let others: Vec<(String, String)> = sessions::table
        .inner_join(accounts::table.on(accounts::id.eq(sessions::account_id)))
        .filter(sessions::account_id.eq(account.as_str()))
        .filter(sessions::id.ne(opened.as_str()))
        .filter(sessions::session_epoch.eq(accounts::session_epoch))
        .filter(sessions::expires_at.gt(micros(now)))
        .filter(sessions::last_seen_at.gt(micros(now - rules.idle)))
        .order(sessions::id.desc())
        .select((sessions::id, sessions::browser))
        .load(&mut **tx)?;
    let kept = usize::try_from(MOST_SESSIONS - 1).unwrap_or(usize::MAX);
    let (ids, browsers): (Vec<_>, Vec<_>) = others.into_iter().skip(kept).unzip();
    if !ids.is_empty() {
        diesel::delete(sessions::table.filter(sessions::id.eq_any(ids))).execute(&mut **tx)?;
    }
    Ok(browsers.into_iter().map(BrowserLabel::stored).collect())
}

/// Notes a fresh password or code in a session that confirms who is there, and gives it a new token.
pub struct Renewal<'a> {
    /// The token from now on.
    pub token: &'a TokenHash,
    /// The account's session epoch from now on.
    pub session_epoch: i64,
    /// When the password was last given.
    pub password_at: Option<DateTime<Utc>>,
    /// When a code was last entered.
    pub code_at: Option<DateTime<Utc>>,
}

/// Issues a session anew after a step up (OWASP ASVS 5.0 7.2.4). Answers whether it was still there.
///
/// # Errors
/// As for any write.
pub fn renew(tx: &mut Tx<'_>, id: &Id<Session>, renewal: &Renewal<'_>) -> Result<bool, StorageError> {
    let rows = diesel::update(sessions::table.find(id.as_str()))
        .set((
            sessions::token_hash.eq(renewal.token.as_bytes()),
            sessions::session_epoch.eq(renewal.session_epoch),
            sessions::password_at.eq(renewal.password_at.map(micros)),
            sessions::code_at.eq(renewal.code_at.map(micros)),
        ))
        .execute(&mut **tx)?;
    Ok(rows == 1)
}

/// Takes the password half of a confirmation back: its codes were entered wrongly too often.
///
/// # Errors
/// As for any write.
pub fn forget_password_half(tx: &mut Tx<'_>, id: &Id<Session>) -> Result<(), StorageError> {
    diesel::update(sessions::table.find(id.as_str()))
        .set(sessions::password_at.eq(None::<i64>))
        .execute(&mut **tx)?;
    Ok(())
}

/// Whether a session's row is still there.
///
/// # Errors
/// As for any read.
pub fn exists(conn: &mut AnyConnection, id: &Id<Session>) -> Result<bool, StorageError> {
    let row: Option<String> =
        sessions::table.find(id.as_str()).select(sessions::id).first(conn).optional()?;
    Ok(row.is_some())
}
