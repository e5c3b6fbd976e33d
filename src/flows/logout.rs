//! Log out: this session, and this computer if it is to be forgotten; or give a pending login up.

use crate::domain::account::Account;
use crate::domain::challenge::Purpose;
use crate::domain::ids::Id;
use crate::domain::token::Token;
use crate::flows::{FlowError, Services};
use crate::storage::{challenges, pending_logins, sessions, trusted_computers};

/// Ends a session. With `forget`, the browser's token stops sparing this account's code. Answers whether anything still
/// hangs on that token.
///
/// # Errors
/// As for any fault.
pub async fn log_out(
    services: &Services,
    ticket: Token,
    account: Id<Account>,
    forget: Option<Token>,
) -> Result<bool, FlowError> {
    let now = services.now();
    services
        .db
        .write(move |tx| {
            sessions::end(tx, &ticket.hash())?;
            let Some(computer) = forget else { return Ok(true) };
            trusted_computers::forget_token(tx, &account, &computer.hash())?;
            Ok(trusted_computers::any_on(tx, &computer.hash(), now)?)
        })
        .await
}

/// Gives a pending login up: *Use another account*. Its code opens nothing any more, and if it still waits it is not sent.
///
/// # Errors
/// As for any fault.
pub async fn cancel(services: &Services, ticket: Token) -> Result<(), FlowError> {
    let now = services.now();
    services
        .db
        .write(move |tx| {
            if let Some(pending) = pending_logins::find_live(tx, &ticket.hash(), now)? {
                challenges::end(tx, pending.id.as_str(), Purpose::Login, now)?;
            }
            Ok(pending_logins::end(tx, &ticket.hash(), now)?)
        })
        .await
}
