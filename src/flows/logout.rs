//! Log out: this session, and this computer if it is to be forgotten; or give a pending login up.

use crate::domain::account::Account;
use crate::domain::ids::Id;
use crate::domain::token::Token;
use crate::flows::{FlowError, Services};
use crate::storage::{pending_logins, sessions, trusted_computers};

/// Ends a session. With `forget`, the browser's token stops sparing this account's code.
///
/// # Errors
/// As for any fault.
pub async fn log_out(
    services: &Services,
    ticket: Token,
    account: Id<Account>,
    forget: Option<Token>,
) -> Result<(), FlowError> {
    services
        .db
        .write(move |tx| {
            if let Some(computer) = forget {
                trusted_computers::forget_token(tx, &account, &computer.hash())?;
            }
            Ok(sessions::end(tx, &ticket.hash())?)
        })
        .await
}

/// Gives a pending login up: *Use another account*.
///
/// # Errors
/// As for any fault.
pub async fn cancel(services: &Services, ticket: Token) -> Result<(), FlowError> {
    let now = services.now();
    services.db.write(move |tx| Ok(pending_logins::end(tx, &ticket.hash(), now)?)).await
}
