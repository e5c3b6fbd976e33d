//! The operator's command line: the same acts without a browser, for the day on which the web or the mail server is what is
//! broken. Mail waits in the outbox until it goes out again.

use crate::domain::account::Account;
use crate::domain::administration::{Act, Hindrance};
use crate::domain::email::EmailAddress;
use crate::domain::event::Actor;
use crate::domain::ids::Id;
use crate::domain::username::Username;
use crate::flows::admin::acts::{Doing, perform};
use crate::flows::admin::{Outcome, Overview, look, settled};
use crate::flows::{FlowError, Services};
use crate::storage::{AnyConnection, accounts};

/// Looks at an account; `None` if there is none of that name.
///
/// # Errors
/// As for any fault.
pub async fn overview(services: &Services, username: &Username) -> Result<Option<Overview>, FlowError> {
    let (this, username) = (services.clone(), username.clone());
    services
        .db
        .read(move |conn| match named(&this, conn, &username)? {
            Some(id) => look(&this, conn, &id, None),
            None => Ok(None),
        })
        .await
}

/// Does an act, as the operator. To correct an address, `email` is the new one.
///
/// # Errors
/// As for any fault.
pub async fn carry_out(
    services: &Services,
    username: &Username,
    act: Act,
    email: Option<EmailAddress>,
) -> Result<Outcome, FlowError> {
    let (this, username) = (services.clone(), username.clone());
    services
        .db
        .write(move |tx| {
            let Some(id) = named(&this, tx, &username)? else { return Ok(Outcome::NoSuchAccount) };
            accounts::lock(tx, &id)?;
            let Some(situation) = settled(&this, tx, &id, act, None)? else {
                return Ok(Outcome::NoSuchAccount);
            };
            match act.hindrance(&situation) {
                // Whoever has the machine may unlock what no limit holds, and correct an address that was confirmed.
                Some(Hindrance::NotNow) if matches!(act, Act::Unlock | Act::CorrectEmail) => {}
                Some(hindrance) => return Ok(Outcome::Hindered(hindrance)),
                None => {}
            }
            let doing = Doing { actor: Actor::Operator, visitor: None, reason: None, email };
            perform(&this, tx, act, &situation, &doing)
        })
        .await
}

fn named(
    services: &Services,
    conn: &mut AnyConnection,
    username: &Username,
) -> Result<Option<Id<Account>>, FlowError> {
    let found = accounts::for_login(conn, &username.key(), services.now())?;
    Ok(found.map(|(account, _)| account.id))
}
