//! Which accounts a story locks, and in which order: that of their identifiers. Two stories that lock the same two would wait
//! for each other without end, if each began with the other's second.

use crate::domain::account::Account;
use crate::domain::ids::Id;
use crate::domain::token::Token;
use crate::flows::FlowError;
use crate::storage::{AnyConnection, Tx, accounts, pending_logins, sessions};

/// Locks two accounts, which may be the same.
pub(super) fn lock_both(tx: &mut Tx<'_>, one: &Id<Account>, other: &Id<Account>) -> Result<(), FlowError> {
    let (first, second) = if one.as_str() <= other.as_str() { (one, other) } else { (other, one) };
    accounts::lock(tx, first)?;
    if first != second {
        accounts::lock(tx, second)?;
    }
    Ok(())
}

/// Locks a story's account, and the one whose login the browser's ticket had opened, which ends with the story.
pub(super) fn lock_with_ticket(
    tx: &mut Tx<'_>,
    account: &Id<Account>,
    ticket: Option<&Token>,
) -> Result<(), FlowError> {
    let opened = match ticket {
        Some(ticket) => account_of(tx, ticket)?,
        None => None,
    };
    lock_both(tx, account, opened.as_ref().unwrap_or(account))
}

/// Locks the account whose login a ticket had opened, if it had opened any.
pub(super) fn lock_of_ticket(tx: &mut Tx<'_>, ticket: &Token) -> Result<(), FlowError> {
    match account_of(tx, ticket)? {
        Some(account) => Ok(accounts::lock(tx, &account)?),
        None => Ok(()),
    }
}

/// Read before anything is locked, since it says what to lock. It holds all the same: a row never changes its account, and one
/// that is gone by the time of the lock has nothing left to end.
fn account_of(conn: &mut AnyConnection, ticket: &Token) -> Result<Option<Id<Account>>, FlowError> {
    let token = ticket.hash();
    Ok(match pending_logins::account_of(conn, &token)? {
        Some(account) => Some(account),
        None => sessions::account_of(conn, &token)?,
    })
}
