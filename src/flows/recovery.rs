//! What stands in for a code when the code cannot come: recovery codes, and the one-time pass.

use crate::domain::account::Account;
use crate::domain::event::{Actor, EventKind};
use crate::domain::ids::Id;
use crate::domain::recovery::{PASS_LIFE, RecoveryCode, RecoveryKind};
use crate::flows::events::{Happened, record_and_tell};
use crate::flows::{FlowError, Services, Visitor};
use crate::storage::{Tx, accounts, recovery};

/// What stood in for a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StoodIn {
    /// A recovery code.
    RecoveryCode,
    /// A one-time pass.
    Pass,
}

/// Gives out a one-time pass. The answer is shown once and kept nowhere; whoever gave it out stands in the log, and the
/// person is told.
pub(super) fn issue_pass(
    services: &Services,
    tx: &mut Tx<'_>,
    account: &Account,
    actor: Actor,
    reason: Option<String>,
    visitor: Option<&Visitor>,
) -> Result<RecoveryCode, FlowError> {
    let now = services.now();
    let pass = RecoveryCode::from_bytes(&services.random.bytes()?);
    let hash = pass.hash(RecoveryKind::Pass, &account.id, services.keys.recovery());
    recovery::put_pass(tx, &services.new_id()?, &account.id, &hash, (now, now + PASS_LIFE))?;
    let happened = Happened::by(actor, EventKind::PassIssued, &account.id).because(reason);
    let happened = match visitor {
        Some(visitor) => happened.from(visitor),
        None => happened,
    };
    record_and_tell(services, tx, happened, &account.email)?;
    Ok(pass)
}

/// Uses a recovery code or a one-time pass of this account up, whichever was typed; `None` if it is neither, or was used.
/// To be called under the account's lock. What a right one resets is done here; what it ends is for the caller.
pub(super) fn use_up(
    services: &Services,
    tx: &mut Tx<'_>,
    account: &Id<Account>,
    typed: &RecoveryCode,
) -> Result<Option<StoodIn>, FlowError> {
    let (now, key) = (services.now(), services.keys.recovery());
    let stood_in =
        if recovery::use_code(tx, account, &typed.hash(RecoveryKind::RecoveryCode, account, key), now)? {
            StoodIn::RecoveryCode
        } else if recovery::use_pass(tx, account, &typed.hash(RecoveryKind::Pass, account, key), now)? {
            StoodIn::Pass
        } else {
            return Ok(None);
        };
    accounts::forgive_codes(tx, account)?;
    Ok(Some(stood_in))
}
