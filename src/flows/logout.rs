//! Log out: this session, and this computer if it is to be forgotten; or give a pending login up.

use chrono::{DateTime, Utc};

use crate::domain::account::Account;
use crate::domain::event::EventKind;
use crate::domain::ids::Id;
use crate::domain::session::Session;
use crate::domain::token::Token;
use crate::flows::events::{Happened, record};
use crate::flows::locks::lock_of_ticket;
use crate::flows::{FlowError, Services, Visitor};
use crate::storage::{Tx, accounts, challenges, pending_logins, sessions, trusted_computers};

/// Ends a session. With `forget`, the browser's token stops sparing this account's code. Answers whether anything still
/// hangs on that token.
///
/// # Errors
/// As for any fault.
pub async fn log_out(
    services: &Services,
    session: Id<Session>,
    account: Id<Account>,
    forget: Option<Token>,
    visitor: Visitor,
) -> Result<bool, FlowError> {
    let this = services.clone();
    services
        .db
        .write(move |tx| {
            // By its identifier, and after whatever issues it anew at this moment: by its token it might be missed.
            accounts::lock(tx, &account)?;
            let by_owner = |kind| Happened::by_owner(kind, &account, &visitor);
            if sessions::end_one(tx, &account, &session)?.is_some() {
                record(&this, tx, by_owner(EventKind::LoggedOut))?;
            }
            let Some(computer) = forget else { return Ok(true) };
            if trusted_computers::forget_token(tx, &account, &computer.hash())? {
                let happened = by_owner(EventKind::ComputerForgotten);
                record(&this, tx, happened.in_detail(visitor.browser.as_str()))?;
            }
            Ok(trusted_computers::any_on(tx, &computer.hash(), this.now())?)
        })
        .await
}

/// Gives a pending login up: *Use another account*.
///
/// # Errors
/// As for any fault.
pub async fn cancel(services: &Services, ticket: Token) -> Result<(), FlowError> {
    let now = services.now();
    services
        .db
        .write(move |tx| {
            lock_of_ticket(tx, &ticket)?;
            give_up(tx, &ticket, now)
        })
        .await
}

/// Ends what a ticket opened past the password, and the code that was owed for it: nothing is sent for it any more. Whoever
/// calls this has locked the ticket's account, see [`locks`](crate::flows::locks).
pub(super) fn give_up(tx: &mut Tx<'_>, ticket: &Token, now: DateTime<Utc>) -> Result<(), FlowError> {
    sessions::end(tx, &ticket.hash())?;
    if let Some(challenge) = pending_logins::give_up(tx, &ticket.hash(), now)? {
        challenges::end_one(tx, &challenge, now)?;
    }
    Ok(())
}
