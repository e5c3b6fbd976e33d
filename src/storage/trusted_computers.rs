//! `trusted_computers`: add, find, list, forget.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::account::Account;
use crate::domain::browser::BrowserLabel;
use crate::domain::ids::Id;
use crate::domain::limits::TRUSTED_COMPUTER_FAILURES;
use crate::domain::token::TokenHash;
use crate::domain::trusted_computer::TrustedComputer;
use crate::domain::username::UsernameKey;
use crate::storage::columns::{count, micros, number, time};
use crate::storage::schema::{accounts, trusted_computers};
use crate::storage::{AnyConnection, StorageError, Tx};

#[derive(Queryable, Selectable)]
#[diesel(table_name = trusted_computers)]
struct TrustedComputerRow {
    id: String,
    account_id: String,
    trust_epoch: i64,
    browser: String,
    made_at: i64,
    last_used_at: i64,
    expires_at: i64,
    failures: i32,
}

impl TrustedComputerRow {
    fn computer(self) -> Result<TrustedComputer, StorageError> {
        Ok(TrustedComputer {
            id: Id::stored(self.id),
            account: Id::stored(self.account_id),
            trust_epoch: self.trust_epoch,
            browser: BrowserLabel::stored(self.browser),
            made_at: time(self.made_at)?,
            last_used_at: time(self.last_used_at)?,
            expires_at: time(self.expires_at)?,
            failures: count(self.failures)?,
        })
    }
}

/// Adds a computer under its new token. Rows that other accounts have on the browser's old token move to the new one, and
/// this account's own row there is replaced, all in the same transaction.
///
/// # Errors
/// As for any write.
pub fn add(
    tx: &mut Tx<'_>,
    computer: &TrustedComputer,
    token: &TokenHash,
    old_token: Option<&TokenHash>,
) -> Result<(), StorageError> {
    if let Some(old) = old_token {
        let on_old = trusted_computers::token_hash.eq(old.as_bytes());
        diesel::delete(
            trusted_computers::table
                .filter(on_old)
                .filter(trusted_computers::account_id.eq(computer.account.as_str())),
        )
        .execute(&mut **tx)?;
        diesel::update(trusted_computers::table.filter(on_old))
            .set(trusted_computers::token_hash.eq(token.as_bytes()))
            .execute(&mut **tx)?;
    }
    diesel::insert_into(trusted_computers::table)
        .values((
            trusted_computers::id.eq(computer.id.as_str()),
            trusted_computers::account_id.eq(computer.account.as_str()),
            trusted_computers::token_hash.eq(token.as_bytes()),
            trusted_computers::trust_epoch.eq(computer.trust_epoch),
            trusted_computers::browser.eq(computer.browser.as_str()),
            trusted_computers::made_at.eq(micros(computer.made_at)),
            trusted_computers::last_used_at.eq(micros(computer.last_used_at)),
            trusted_computers::expires_at.eq(micros(computer.expires_at)),
            trusted_computers::failures.eq(0),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

/// The row of a browser's token for an account, whether it is still trusted or not.
///
/// # Errors
/// As for any read.
pub fn find(
    conn: &mut AnyConnection,
    token: &TokenHash,
    account: &Id<Account>,
) -> Result<Option<TrustedComputer>, StorageError> {
    let row: Option<TrustedComputerRow> = trusted_computers::table
        .filter(trusted_computers::token_hash.eq(token.as_bytes()))
        .filter(trusted_computers::account_id.eq(account.as_str()))
        .select(TrustedComputerRow::as_select())
        .first(conn)
        .optional()?;
    row.map(TrustedComputerRow::computer).transpose()
}

/// Finds the computer that carries a token at the account of this name. One read, whether or not there is such a name, so that
/// the time it takes tells nobody.
///
/// # Errors
/// As for any read.
pub fn at_name(
    conn: &mut AnyConnection,
    token: &TokenHash,
    name: &UsernameKey,
) -> Result<Option<TrustedComputer>, StorageError> {
    let row: Option<TrustedComputerRow> = trusted_computers::table
        .inner_join(accounts::table.on(accounts::id.eq(trusted_computers::account_id)))
        .filter(trusted_computers::token_hash.eq(token.as_bytes()))
        .filter(accounts::username_key.eq(name.as_str()))
        .select(TrustedComputerRow::as_select())
        .first(conn)
        .optional()?;
    row.map(TrustedComputerRow::computer).transpose()
}

/// The computers an account made under its present trust epoch that have not run their time, newest first.
///
/// # Errors
/// As for any read.
pub fn list(
    conn: &mut AnyConnection,
    account: &Account,
    now: DateTime<Utc>,
) -> Result<Vec<TrustedComputer>, StorageError> {
    const MOST: i64 = 100;
    let rows: Vec<TrustedComputerRow> = trusted_computers::table
        .filter(trusted_computers::account_id.eq(account.id.as_str()))
        .filter(trusted_computers::trust_epoch.eq(account.epochs.trust))
        .filter(trusted_computers::expires_at.gt(micros(now)))
        .order(trusted_computers::made_at.desc())
        .limit(MOST)
        .select(TrustedComputerRow::as_select())
        .load(conn)?;
    rows.into_iter().map(TrustedComputerRow::computer).collect()
}

/// Whether any row at all hangs on a token.
///
/// # Errors
/// As for any read.
pub fn any_on(conn: &mut AnyConnection, token: &TokenHash, now: DateTime<Utc>) -> Result<bool, StorageError> {
    let row: Option<String> = trusted_computers::table
        .filter(trusted_computers::token_hash.eq(token.as_bytes()))
        .filter(trusted_computers::expires_at.gt(micros(now)))
        .select(trusted_computers::id)
        .first(conn)
        .optional()?;
    Ok(row.is_some())
}

/// Notes that a computer spared a code, and forgives its wrong passwords.
///
/// # Errors
/// As for any write.
pub fn used(tx: &mut Tx<'_>, id: &Id<TrustedComputer>, now: DateTime<Utc>) -> Result<(), StorageError> {
    diesel::update(trusted_computers::table.find(id.as_str()))
        .set((trusted_computers::last_used_at.eq(micros(now)), trusted_computers::failures.eq(0)))
        .execute(&mut **tx)?;
    Ok(())
}

/// Counts a password about to be checked from a trusted computer, while its own allowance lasts.
///
/// # Errors
/// As for any write.
pub fn count_failure(tx: &mut Tx<'_>, id: &Id<TrustedComputer>) -> Result<bool, StorageError> {
    let rows = diesel::update(
        trusted_computers::table
            .find(id.as_str())
            .filter(trusted_computers::failures.lt(number(TRUSTED_COMPUTER_FAILURES))),
    )
    .set(trusted_computers::failures.eq(trusted_computers::failures + 1))
    .execute(&mut **tx)?;
    Ok(rows == 1)
}

/// Forgets one computer of an account and answers what it called itself; another account's identifier touches nothing.
///
/// # Errors
/// As for any write.
pub fn forget(
    tx: &mut Tx<'_>,
    account: &Id<Account>,
    id: &Id<TrustedComputer>,
) -> Result<Option<BrowserLabel>, StorageError> {
    let forgotten: Option<String> = diesel::delete(
        trusted_computers::table.find(id.as_str()).filter(trusted_computers::account_id.eq(account.as_str())),
    )
    .returning(trusted_computers::browser)
    .get_result(&mut **tx)
    .optional()?;
    Ok(forgotten.map(BrowserLabel::stored))
}

/// Forgets the computer that carries a token, for one account, and answers whether there was one.
///
/// # Errors
/// As for any write.
pub fn forget_token(tx: &mut Tx<'_>, account: &Id<Account>, token: &TokenHash) -> Result<bool, StorageError> {
    let rows = diesel::delete(
        trusted_computers::table
            .filter(trusted_computers::token_hash.eq(token.as_bytes()))
            .filter(trusted_computers::account_id.eq(account.as_str())),
    )
    .execute(&mut **tx)?;
    Ok(rows > 0)
}

/// Takes one count back: the password was not checked after all.
///
/// # Errors
/// As for any write.
pub fn give_back(tx: &mut Tx<'_>, id: &Id<TrustedComputer>) -> Result<(), StorageError> {
    diesel::update(trusted_computers::table.find(id.as_str()).filter(trusted_computers::failures.gt(0)))
        .set(trusted_computers::failures.eq(trusted_computers::failures - 1))
        .execute(&mut **tx)?;
    Ok(())
}
