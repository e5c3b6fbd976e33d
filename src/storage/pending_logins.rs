//! `pending_logins`: the password was right, the code is still owed.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::account::Account;
use crate::domain::challenge::Challenge;
use crate::domain::ids::Id;
use crate::domain::login::AskedBecause;
use crate::domain::session::PendingLogin;
use crate::domain::token::TokenHash;
use crate::storage::columns::{micros, readable, time};
use crate::storage::connection::on_its_own;
use crate::storage::schema::{accounts, pending_logins};
use crate::storage::{AnyConnection, StorageError, Tx};

/// Until when the code is waited for before the account's owner is told, and what they are told then.
pub struct Watch<'a> {
    /// Until when.
    pub until: DateTime<Utc>,
    /// From which network the password came.
    pub network: &'a str,
}

/// A pending login whose code did not come in time.
pub struct Unfinished {
    /// What waited for the code.
    pub challenge: Id<Challenge>,
    /// When the password was given.
    pub opened_at: DateTime<Utc>,
    /// From which network.
    pub network: Option<String>,
}

/// Opens a pending login under the hash of the token that the browser gets.
///
/// # Errors
/// As for any write.
pub fn open(
    tx: &mut Tx<'_>,
    pending: &PendingLogin,
    token: &TokenHash,
    watch: &Watch<'_>,
) -> Result<(), StorageError> {
    diesel::insert_into(pending_logins::table)
        .values((
            pending_logins::id.eq(pending.id.as_str()),
            pending_logins::token_hash.eq(token.as_bytes()),
            pending_logins::account_id.eq(pending.account.as_str()),
            pending_logins::session_epoch.eq(pending.session_epoch),
            pending_logins::challenge_id.eq(pending.challenge.as_str()),
            pending_logins::asked_because.eq(pending.asked_because.as_str()),
            pending_logins::opened_at.eq(micros(pending.opened_at)),
            pending_logins::expires_at.eq(micros(pending.expires_at)),
            pending_logins::watched_until.eq(micros(watch.until)),
            pending_logins::network.eq(watch.network),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Finds the pending login of a token: not ended, and of an active account whose logins nothing has ended since. Whether
/// its time is over is for the caller to ask.
///
/// # Errors
/// As for any read.
pub fn find(conn: &mut AnyConnection, token: &TokenHash) -> Result<Option<PendingLogin>, StorageError> {
    type Row = (String, String, i64, String, String, i64, i64);
    let row: Option<Row> = on_its_own!(conn, |conn| pending_logins::table
        .inner_join(accounts::table.on(accounts::id.eq(pending_logins::account_id)))
        .filter(pending_logins::token_hash.eq(token.as_bytes()))
        .filter(pending_logins::ended_at.is_null())
        .filter(accounts::session_epoch.eq(pending_logins::session_epoch))
        .filter(accounts::disabled_at.is_null())
        .select((
            pending_logins::id,
            pending_logins::account_id,
            pending_logins::session_epoch,
            pending_logins::challenge_id,
            pending_logins::asked_because,
            pending_logins::opened_at,
            pending_logins::expires_at,
        ))
        .first(conn)
        .optional())?;
    let Some((id, account, session_epoch, challenge, because, opened_at, expires_at)) = row else {
        return Ok(None);
    };
    Ok(Some(PendingLogin {
        id: Id::stored(id),
        account: Id::stored(account),
        session_epoch,
        challenge: Id::stored(challenge),
        asked_because: readable(AskedBecause::stored(&because), "reason")?,
        opened_at: time(opened_at)?,
        expires_at: time(expires_at)?,
    }))
}

/// Whose pending login a token opened, whether it has ended or not.
///
/// # Errors
/// As for any read.
pub fn account_of(conn: &mut AnyConnection, token: &TokenHash) -> Result<Option<Id<Account>>, StorageError> {
    let account: Option<String> = pending_logins::table
        .filter(pending_logins::token_hash.eq(token.as_bytes()))
        .select(pending_logins::account_id)
        .first(conn)
        .optional()?;
    Ok(account.map(Id::stored))
}

/// Locks a pending login's row until the transaction ends, if it has not ended: what is used up for it must not be lost to
/// whoever ends it meanwhile.
///
/// # Errors
/// As for any write.
pub fn hold(tx: &mut Tx<'_>, token: &TokenHash) -> Result<bool, StorageError> {
    let waiting = pending_logins::table
        .filter(pending_logins::token_hash.eq(token.as_bytes()))
        .filter(pending_logins::ended_at.is_null());
    let rows = diesel::update(waiting).set(pending_logins::ended_at.eq(None::<i64>)).execute(&mut **tx)?;
    Ok(rows == 1)
}

/// Ends a pending login that was completed: nobody is told of it. Answers the challenge it waited for, to the one caller
/// who ended it.
///
/// # Errors
/// As for any write.
pub fn end(
    tx: &mut Tx<'_>,
    token: &TokenHash,
    now: DateTime<Utc>,
) -> Result<Option<Id<Challenge>>, StorageError> {
    let challenge = give_up(tx, token, now)?;
    stop_watching(tx, token)?;
    Ok(challenge)
}

/// Ends a pending login without its code: cancelled, or replaced by another in the same browser. It stays watched, since
/// its password was right. Answers the challenge it waited for, to the one caller who ended it.
///
/// # Errors
/// As for any write.
pub fn give_up(
    tx: &mut Tx<'_>,
    token: &TokenHash,
    now: DateTime<Utc>,
) -> Result<Option<Id<Challenge>>, StorageError> {
    let challenge: Option<String> = diesel::update(
        pending_logins::table
            .filter(pending_logins::token_hash.eq(token.as_bytes()))
            .filter(pending_logins::ended_at.is_null()),
    )
    .set(pending_logins::ended_at.eq(micros(now)))
    .returning(pending_logins::challenge_id)
    .get_result(&mut **tx)
    .optional()?;
    Ok(challenge.map(Id::stored))
}

/// Lets the watch over a pending login go, if it is this account's, and answers until when it would have lasted: whoever
/// begins anew in the same browser goes on under the same watch.
///
/// # Errors
/// As for any write.
pub fn hand_on(
    tx: &mut Tx<'_>,
    token: &TokenHash,
    account: &Id<Account>,
) -> Result<Option<DateTime<Utc>>, StorageError> {
    let until: Option<Option<i64>> = pending_logins::table
        .filter(pending_logins::token_hash.eq(token.as_bytes()))
        .filter(pending_logins::account_id.eq(account.as_str()))
        .select(pending_logins::watched_until)
        .first(&mut **tx)
        .optional()?;
    let Some(until) = until.flatten() else { return Ok(None) };
    stop_watching(tx, token)?;
    time(until).map(Some)
}

fn stop_watching(tx: &mut Tx<'_>, token: &TokenHash) -> Result<(), StorageError> {
    diesel::update(pending_logins::table.filter(pending_logins::token_hash.eq(token.as_bytes())))
        .set(pending_logins::watched_until.eq(None::<i64>))
        .execute(&mut **tx)?;
    Ok(())
}

/// Whose pending logins did not get their code in time and were told of to nobody yet: one of these accounts for each such
/// login, those that have waited longest first, and none of those left out.
///
/// # Errors
/// As for any read.
pub fn unfinished(
    conn: &mut AnyConnection,
    most: i64,
    left_out: &[Id<Account>],
    now: DateTime<Utc>,
) -> Result<Vec<Id<Account>>, StorageError> {
    let rows: Vec<String> = pending_logins::table
        .filter(pending_logins::watched_until.le(micros(now)))
        .filter(pending_logins::account_id.ne_all(left_out.iter().map(Id::as_str)))
        .order(pending_logins::watched_until.asc())
        .limit(most)
        .select(pending_logins::account_id)
        .load(conn)?;
    Ok(rows.into_iter().map(Id::stored).collect())
}

/// Takes the unfinished pending logins of an account on, to tell of them: each for exactly one caller, and none whose code
/// has come by now.
///
/// # Errors
/// As for any write.
pub fn take_unfinished(
    tx: &mut Tx<'_>,
    account: &Id<Account>,
    now: DateTime<Utc>,
) -> Result<Vec<Unfinished>, StorageError> {
    type Row = (String, i64, Option<String>);
    let watched = pending_logins::table
        .filter(pending_logins::account_id.eq(account.as_str()))
        .filter(pending_logins::watched_until.le(micros(now)));
    let rows: Vec<Row> = diesel::update(watched)
        .set(pending_logins::watched_until.eq(None::<i64>))
        .returning((pending_logins::challenge_id, pending_logins::opened_at, pending_logins::network))
        .get_results(&mut **tx)?;
    let read = |(challenge, opened_at, network): Row| {
        Ok(Unfinished { challenge: Id::stored(challenge), opened_at: time(opened_at)?, network })
    };
    rows.into_iter().map(read).collect()
}
