//! What wrong passwords and wrong codes bring an account: the log says so, and at the last step the owner is told.
//!
//! A try is counted before it is looked at, but what it brings is told only once it was wrong.

use crate::domain::account::Account;
use crate::domain::event::{Actor, EventKind};
use crate::domain::ids::Id;
use crate::domain::limits::{CodeFailure, PasswordFailure, SecondFactorStanding};
use crate::domain::username::Username;
use crate::flows::events::{Happened, record, record_and_tell};
use crate::flows::{FlowError, Services, Visitor};
use crate::storage::{Tx, accounts, throttles};

/// Notes what a wrong password brought a name. A name that nobody has makes the same way, down to a write that commits,
/// and leaves nothing: neither the answer nor its time may tell the two apart.
pub(super) async fn password(
    services: &Services,
    typed_name: &str,
    subject: Vec<u8>,
    brought: PasswordFailure,
    visitor: &Visitor,
) -> Result<(), FlowError> {
    let kind = match brought {
        PasswordFailure::Counts => return Ok(()),
        PasswordFailure::Pauses => EventKind::PasswordPaused,
        PasswordFailure::Closes => EventKind::PasswordClosed,
    };
    let key = Username::parse(typed_name).ok().map(|name| name.key());
    let (this, visitor) = (services.clone(), visitor.clone());
    services
        .db
        .write(move |tx| {
            let now = this.now();
            let found = match &key {
                Some(key) => accounts::for_login(tx, key, now)?,
                None => None,
            };
            if let Some((account, _)) = found {
                note(&this, tx, &account, kind, &visitor)?;
            }
            Ok(throttles::lock(tx, &subject, now)?)
        })
        .await
}

/// Notes what a wrong code brought an account, unless a right one has taken it back since.
pub(super) fn code(
    services: &Services,
    tx: &mut Tx<'_>,
    account: &Id<Account>,
    brought: CodeFailure,
    visitor: &Visitor,
) -> Result<(), FlowError> {
    let Some(account) = accounts::find(tx, account, services.now())? else { return Ok(()) };
    match (brought, account.second_factor_standing) {
        (CodeFailure::Pauses, SecondFactorStanding::Paused(_)) => {
            note(services, tx, &account, EventKind::CodesPaused, visitor)
        }
        (CodeFailure::Suspends, SecondFactorStanding::Suspended) => {
            note(services, tx, &account, EventKind::CodesSuspended, visitor)
        }
        (CodeFailure::Counts | CodeFailure::Pauses | CodeFailure::Suspends, _) => Ok(()),
    }
}

/// A pause passes by itself and stands in the log; what does not is told as well.
fn note(
    services: &Services,
    tx: &mut Tx<'_>,
    account: &Account,
    kind: EventKind,
    visitor: &Visitor,
) -> Result<(), FlowError> {
    let happened = Happened::by(Actor::Postern, kind, &account.id).from(visitor);
    if matches!(kind, EventKind::PasswordClosed | EventKind::CodesSuspended) {
        record_and_tell(services, tx, happened, &account.email)?;
    } else {
        record(services, tx, happened)?;
    }
    Ok(())
}
