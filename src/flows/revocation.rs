//! After a restore: whoever was logged in or trusted when the copy was made is not so any more.

use crate::domain::event::{Actor, EventKind};
use crate::flows::events::{Happened, record};
use crate::flows::{FlowError, Services};
use crate::storage::revocation;

/// Ends everything that hangs on something a browser, a mailbox or a person kept, except passwords and recovery codes, and
/// writes it into every account's log. All of it, or nothing. Answers how many accounts there are.
///
/// # Errors
/// As for any fault.
pub async fn revoke_all(services: &Services) -> Result<usize, FlowError> {
    let this = services.clone();
    services
        .db
        .write(move |tx| {
            let accounts = revocation::revoke_all(tx, this.now())?;
            for account in &accounts {
                let happened = Happened::by(Actor::Operator, EventKind::SessionsEnded, account);
                record(&this, tx, happened.in_detail("and all trusted computers, after a restore"))?;
            }
            Ok(accounts.len())
        })
        .await
}
