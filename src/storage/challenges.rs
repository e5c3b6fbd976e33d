//! `challenges`: open, spend a try, use up, send again. Each gate is one conditional update and its row count.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::account::Account;
use crate::domain::challenge::{Challenge, Purpose, Send, SpentTry, TRIES};
use crate::domain::ids::Id;
use crate::domain::keys::Keys;
use crate::storage::columns::{count, maybe_time, micros, number, readable, time};
use crate::storage::connection::on_its_own;
use crate::storage::schema::challenges;
use crate::storage::second_factors::{Sealer, from_columns, index_of, to_columns};
use crate::storage::{AnyConnection, StorageError, Tx};

#[derive(Queryable, Selectable)]
#[diesel(table_name = challenges)]
pub(super) struct ChallengeRow {
    id: String,
    purpose: String,
    account_id: String,
    owner_id: String,
    method: String,
    email: Option<String>,
    phone_sealed: Option<Vec<u8>>,
    asks_every_login: bool,
    key_id: String,
    generation: i32,
    code_ends_at: Option<i64>,
    previous_ends_at: Option<i64>,
    tries: i32,
    sends: i32,
    sent_at: Option<i64>,
    resend_at: i64,
    opened_at: i64,
    expires_at: i64,
    used_at: Option<i64>,
    ended_at: Option<i64>,
}

impl ChallengeRow {
    pub(super) fn challenge(self, keys: &Keys) -> Result<Challenge, StorageError> {
        let columns = (self.method.as_str(), self.email, self.phone_sealed);
        let destination = from_columns(keys, columns, "challenges", &self.id)?;
        Ok(Challenge {
            id: Id::stored(self.id),
            purpose: readable(Purpose::stored(&self.purpose), "purpose")?,
            account: Id::stored(self.account_id),
            owner: self.owner_id,
            destination,
            asks_every_login: self.asks_every_login,
            key_id: self.key_id,
            generation: count(self.generation)?,
            code_ends_at: maybe_time(self.code_ends_at)?,
            previous_ends_at: maybe_time(self.previous_ends_at)?,
            tries: count(self.tries)?,
            sends: count(self.sends)?,
            sent_at: maybe_time(self.sent_at)?,
            resend_at: time(self.resend_at)?,
            opened_at: time(self.opened_at)?,
            expires_at: time(self.expires_at)?,
            used_at: maybe_time(self.used_at)?,
            ended_at: maybe_time(self.ended_at)?,
        })
    }
}

/// Opens a challenge. Nothing has been sent for it yet. `browser` is what the browser that asked calls itself.
///
/// # Errors
/// As for any write.
pub fn open(
    tx: &mut Tx<'_>,
    challenge: &Challenge,
    browser: &str,
    sealer: &Sealer<'_>,
) -> Result<(), StorageError> {
    let columns = to_columns(&challenge.destination, sealer, "challenges", challenge.id.as_str());
    diesel::insert_into(challenges::table)
        .values((
            challenges::id.eq(challenge.id.as_str()),
            challenges::purpose.eq(challenge.purpose.as_str()),
            challenges::account_id.eq(challenge.account.as_str()),
            challenges::owner_id.eq(&challenge.owner),
            challenges::method.eq(columns.method),
            challenges::email.eq(columns.email),
            challenges::phone_sealed.eq(columns.phone_sealed),
            challenges::destination_index.eq(index_of(sealer.keys, &challenge.destination)),
            challenges::asks_every_login.eq(challenge.asks_every_login),
            challenges::key_id.eq(&challenge.key_id),
            challenges::generation.eq(0),
            challenges::tries.eq(0),
            challenges::sends.eq(0),
            challenges::resend_at.eq(micros(challenge.resend_at)),
            challenges::browser.eq(browser),
            challenges::opened_at.eq(micros(challenge.opened_at)),
            challenges::expires_at.eq(micros(challenge.expires_at)),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// Finds a challenge by its identifier.
///
/// # Errors
/// As for any read.
pub fn find(
    conn: &mut AnyConnection,
    id: &Id<Challenge>,
    keys: &Keys,
) -> Result<Option<Challenge>, StorageError> {
    let row: Option<ChallengeRow> = on_its_own!(conn, |conn| challenges::table
        .find(id.as_str())
        .select(ChallengeRow::as_select())
        .first(conn)
        .optional())?;
    row.map(|row| row.challenge(keys)).transpose()
}

/// The open challenge of an owner for a purpose: the newest, if several.
///
/// # Errors
/// As for any read.
pub fn find_open(
    conn: &mut AnyConnection,
    owner: &str,
    purpose: Purpose,
    keys: &Keys,
    now: DateTime<Utc>,
) -> Result<Option<Challenge>, StorageError> {
    let row: Option<ChallengeRow> = challenges::table
        .filter(challenges::owner_id.eq(owner))
        .filter(challenges::purpose.eq(purpose.as_str()))
        .filter(challenges::used_at.is_null())
        .filter(challenges::ended_at.is_null())
        .filter(challenges::expires_at.gt(micros(now)))
        .order(challenges::id.desc())
        .select(ChallengeRow::as_select())
        .first(conn)
        .optional()?;
    row.map(|row| row.challenge(keys)).transpose()
}

/// Whether an owner has entered a code for a purpose from one destination, of a challenge opened no earlier than this.
///
/// # Errors
/// As for any read.
pub fn was_proven(
    conn: &mut AnyConnection,
    owner: &str,
    purpose: Purpose,
    destination: &[u8],
    since: DateTime<Utc>,
) -> Result<bool, StorageError> {
    let row: Option<String> = challenges::table
        .filter(challenges::owner_id.eq(owner))
        .filter(challenges::purpose.eq(purpose.as_str()))
        .filter(challenges::destination_index.eq(destination))
        .filter(challenges::used_at.is_not_null())
        .filter(challenges::opened_at.ge(micros(since)))
        .select(challenges::id)
        .first(conn)
        .optional()?;
    Ok(row.is_some())
}

/// The newest challenge of an owner for a purpose whose code was entered after this moment.
///
/// # Errors
/// As for any read.
pub fn find_used(
    conn: &mut AnyConnection,
    owner: &str,
    purpose: Purpose,
    keys: &Keys,
    since: DateTime<Utc>,
) -> Result<Option<Challenge>, StorageError> {
    let row: Option<ChallengeRow> = challenges::table
        .filter(challenges::owner_id.eq(owner))
        .filter(challenges::purpose.eq(purpose.as_str()))
        .filter(challenges::used_at.gt(micros(since)))
        .order(challenges::id.desc())
        .select(ChallengeRow::as_select())
        .first(conn)
        .optional()?;
    row.map(|row| row.challenge(keys)).transpose()
}

/// What the browser that asked for a challenge calls itself.
///
/// # Errors
/// As for any read.
pub fn browser(conn: &mut AnyConnection, id: &Id<Challenge>) -> Result<Option<String>, StorageError> {
    Ok(challenges::table.find(id.as_str()).select(challenges::browser).first(conn).optional()?)
}

/// Spends one try, if one is left and the challenge is open. To be committed before anything is compared.
///
/// # Errors
/// As for any write.
pub fn spend_try(
    tx: &mut Tx<'_>,
    id: &Id<Challenge>,
    now: DateTime<Utc>,
) -> Result<Option<SpentTry>, StorageError> {
    let open = challenges::table
        .find(id.as_str())
        .filter(challenges::tries.lt(number(TRIES)))
        .filter(challenges::used_at.is_null())
        .filter(challenges::ended_at.is_null())
        .filter(challenges::expires_at.gt(micros(now)));
    let rows = diesel::update(open).set(challenges::tries.eq(challenges::tries + 1)).execute(&mut **tx)?;
    Ok(SpentTry::counted(rows))
}

/// Marks a challenge as used and answers how many rows that touched: one for exactly one caller.
///
/// # Errors
/// As for any write.
pub fn use_up(tx: &mut Tx<'_>, id: &Id<Challenge>, now: DateTime<Utc>) -> Result<usize, StorageError> {
    let unused = challenges::table
        .find(id.as_str())
        .filter(challenges::used_at.is_null())
        .filter(challenges::ended_at.is_null());
    Ok(diesel::update(unused).set(challenges::used_at.eq(micros(now))).execute(&mut **tx)?)
}

/// Gives up the open challenges of an owner for a purpose: cancelled, or about to be replaced.
///
/// # Errors
/// As for any write.
pub fn end(tx: &mut Tx<'_>, owner: &str, purpose: Purpose, now: DateTime<Utc>) -> Result<(), StorageError> {
    let open = challenges::table
        .filter(challenges::owner_id.eq(owner))
        .filter(challenges::purpose.eq(purpose.as_str()))
        .filter(challenges::used_at.is_null())
        .filter(challenges::ended_at.is_null());
    diesel::update(open).set(challenges::ended_at.eq(micros(now))).execute(&mut **tx)?;
    Ok(())
}

/// Gives up every open challenge of an account, whatever it is for.
///
/// # Errors
/// As for any write.
pub fn end_all(tx: &mut Tx<'_>, account: &Id<Account>, now: DateTime<Utc>) -> Result<(), StorageError> {
    let open = challenges::table
        .filter(challenges::account_id.eq(account.as_str()))
        .filter(challenges::used_at.is_null())
        .filter(challenges::ended_at.is_null())
        .filter(challenges::expires_at.gt(micros(now)));
    diesel::update(open).set(challenges::ended_at.eq(micros(now))).execute(&mut **tx)?;
    Ok(())
}

/// Gives up one challenge, unless its code was entered.
///
/// # Errors
/// As for any write.
pub fn end_one(tx: &mut Tx<'_>, id: &Id<Challenge>, now: DateTime<Utc>) -> Result<(), StorageError> {
    let unused = challenges::table.find(id.as_str()).filter(challenges::used_at.is_null());
    diesel::update(unused).set(challenges::ended_at.eq(micros(now))).execute(&mut **tx)?;
    Ok(())
}

/// Records one more message, if nobody has asked for one since `sends_before`. Of many at once, one succeeds.
///
/// # Errors
/// As for any write.
pub fn record_send(
    tx: &mut Tx<'_>,
    id: &Id<Challenge>,
    sends_before: u32,
    send: &Send,
    now: DateTime<Utc>,
) -> Result<bool, StorageError> {
    let unchanged = challenges::table
        .find(id.as_str())
        .filter(challenges::sends.eq(number(sends_before)))
        .filter(challenges::used_at.is_null())
        .filter(challenges::ended_at.is_null());
    let rows = diesel::update(unchanged)
        .set((
            challenges::generation.eq(number(send.generation)),
            challenges::code_ends_at.eq(micros(send.code_ends_at)),
            challenges::previous_ends_at.eq(send.previous_ends_at.map(micros)),
            challenges::sends.eq(number(send.sends)),
            challenges::sent_at.eq(micros(now)),
            challenges::resend_at.eq(micros(send.resend_at)),
        ))
        .execute(&mut **tx)?;
    Ok(rows == 1)
}

/// Puts off the next message to a later moment: a limit of the account says so.
///
/// # Errors
/// As for any write.
pub fn put_off(tx: &mut Tx<'_>, id: &Id<Challenge>, until: DateTime<Utc>) -> Result<(), StorageError> {
    diesel::update(challenges::table.find(id.as_str()))
        .set(challenges::resend_at.eq(micros(until)))
        .execute(&mut **tx)?;
    Ok(())
}
