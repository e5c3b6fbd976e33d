//! `former_states`: what stood before an act that a notice tells of. Kept for as long as its link is good.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::account::Account;
use crate::domain::email::EmailAddress;
use crate::domain::event::SecurityEvent;
use crate::domain::ids::Id;
use crate::domain::keys::Keys;
use crate::domain::second_factor::{Destination, Method, SecondFactor};
use crate::storage::columns::{maybe_time, micros};
use crate::storage::schema::former_states;
use crate::storage::second_factors::{DestinationColumns, Sealer, from_columns, to_columns};
use crate::storage::{AnyConnection, StorageError, Tx};

/// What *This wasn't me* puts back.
#[derive(Clone, Debug)]
pub struct FormerState {
    /// The account.
    pub account: Id<Account>,
    /// The e-mail address of record.
    pub email: EmailAddress,
    /// When it was confirmed.
    pub email_confirmed_at: Option<DateTime<Utc>>,
    /// Where codes went, and since when; `None` where no method was on.
    pub factor: Option<(Destination, DateTime<Utc>)>,
    /// Whether every login asked.
    pub asks_every_login: bool,
}

/// Keeps what stands now, before an act changes it.
///
/// # Errors
/// As for any write.
pub fn put(
    tx: &mut Tx<'_>,
    event: &Id<SecurityEvent>,
    account: &Account,
    factor: &SecondFactor,
    sealer: &Sealer<'_>,
    expires_at: DateTime<Utc>,
) -> Result<(), StorageError> {
    let columns = factor
        .destination()
        .map(|destination| to_columns(&destination, sealer, "former_states", event.as_str()));
    let (method, email, phone_sealed) = match columns {
        Some(DestinationColumns { method, email, phone_sealed }) => (Some(method), email, phone_sealed),
        None => (None, None, None),
    };
    diesel::insert_into(former_states::table)
        .values((
            former_states::event_id.eq(event.as_str()),
            former_states::account_id.eq(account.id.as_str()),
            former_states::email.eq(account.email.as_str()),
            former_states::email_confirmed_at.eq(account.email_confirmed_at.map(micros)),
            former_states::method.eq(method),
            former_states::factor_email.eq(email),
            former_states::phone_sealed.eq(phone_sealed),
            former_states::factor_confirmed_at.eq(factor.since().map(micros)),
            former_states::asks_every_login.eq(account.asks_every_login),
            former_states::expires_at.eq(micros(expires_at)),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = former_states)]
struct FormerStateRow {
    account_id: String,
    email: String,
    email_confirmed_at: Option<i64>,
    method: Option<String>,
    factor_email: Option<String>,
    phone_sealed: Option<Vec<u8>>,
    factor_confirmed_at: Option<i64>,
    asks_every_login: bool,
}

/// What stood before an act.
///
/// # Errors
/// As for any read.
pub fn find(
    conn: &mut AnyConnection,
    event: &Id<SecurityEvent>,
    keys: &Keys,
) -> Result<Option<FormerState>, StorageError> {
    let row: Option<FormerStateRow> = former_states::table
        .find(event.as_str())
        .select(FormerStateRow::as_select())
        .first(conn)
        .optional()?;
    let Some(row) = row else { return Ok(None) };
    let factor = match (row.method, maybe_time(row.factor_confirmed_at)?) {
        (Some(method), Some(since)) => {
            let columns = (method.as_str(), row.factor_email, row.phone_sealed);
            Some((from_columns(keys, columns, "former_states", event.as_str())?, since))
        }
        (Some(_) | None, Some(_) | None) => None,
    };
    Ok(Some(FormerState {
        account: Id::stored(row.account_id),
        email: EmailAddress::stored(row.email),
        email_confirmed_at: maybe_time(row.email_confirmed_at)?,
        factor,
        asks_every_login: row.asks_every_login,
    }))
}

/// Forgets what stood before an act and before every later one: all of them are undone.
///
/// # Errors
/// As for any write.
pub fn forget_since(
    tx: &mut Tx<'_>,
    account: &Id<Account>,
    event: &Id<SecurityEvent>,
) -> Result<(), StorageError> {
    let undone = former_states::table
        .filter(former_states::account_id.eq(account.as_str()))
        .filter(former_states::event_id.ge(event.as_str()));
    diesel::delete(undone).execute(&mut **tx)?;
    Ok(())
}

/// Forgets all that could be put back of an account: what stands now was set right by somebody who looked.
///
/// # Errors
/// As for any write.
pub fn forget_all(tx: &mut Tx<'_>, account: &Id<Account>) -> Result<(), StorageError> {
    let kept = former_states::table.filter(former_states::account_id.eq(account.as_str()));
    diesel::delete(kept).execute(&mut **tx)?;
    Ok(())
}

/// Lets the second factor that an administrator has just set stand in place of what stood before: none, or codes to this
/// address of record. With another address that is put back, they go there, if it was confirmed; to a stranger's never.
///
/// # Errors
/// As for any write.
pub fn settle_factor(
    tx: &mut Tx<'_>,
    account: &Id<Account>,
    email: Option<(&EmailAddress, DateTime<Utc>)>,
    asks_every_login: bool,
) -> Result<(), StorageError> {
    let kept = former_states::table.filter(former_states::account_id.eq(account.as_str()));
    diesel::update(kept)
        .set((
            former_states::method.eq(None::<String>),
            former_states::factor_email.eq(None::<String>),
            former_states::phone_sealed.eq(None::<Vec<u8>>),
            former_states::factor_confirmed_at.eq(None::<i64>),
            former_states::asks_every_login.eq(asks_every_login),
        ))
        .execute(&mut **tx)?;
    if let Some((address, since)) = email {
        let confirmed = former_states::email_confirmed_at.is_not_null();
        diesel::update(kept.filter(confirmed.or(former_states::email.eq(address.as_str()))))
            .set((
                former_states::method.eq(Method::Email.as_str()),
                former_states::factor_email.eq(former_states::email.nullable()),
                former_states::factor_confirmed_at.eq(micros(since)),
            ))
            .execute(&mut **tx)?;
    }
    Ok(())
}

/// The addresses of record that an account had before acts that can still be undone: for so long they count as they did.
/// With an event, only those from before it.
///
/// # Errors
/// As for any read.
pub fn addresses(
    conn: &mut AnyConnection,
    account: &Id<Account>,
    before: Option<&Id<SecurityEvent>>,
    now: DateTime<Utc>,
) -> Result<Vec<EmailAddress>, StorageError> {
    let rows: Vec<(String, String)> = former_states::table
        .filter(former_states::account_id.eq(account.as_str()))
        .filter(former_states::expires_at.gt(micros(now)))
        .select((former_states::event_id, former_states::email))
        .load(conn)?;
    let counts = |event: &str| before.is_none_or(|before| event < before.as_str());
    let kept = rows.into_iter().filter(|(event, _)| counts(event));
    Ok(kept.map(|(_, email)| EmailAddress::stored(email)).collect())
}

/// Whether something can be put back.
///
/// # Errors
/// As for any read.
pub fn exists(conn: &mut AnyConnection, event: &Id<SecurityEvent>) -> Result<bool, StorageError> {
    let row: Option<String> =
        former_states::table.find(event.as_str()).select(former_states::event_id).first(conn).optional()?;
    Ok(row.is_some())
}
