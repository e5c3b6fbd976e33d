//! What stands in for a code when the code cannot come: recovery codes, and the one-time pass.

use crate::domain::account::{Account, TrustEnd};
use crate::domain::challenge::{Challenge, SpentTry};
use crate::domain::event::{Actor, EventKind};
use crate::domain::ids::Id;
use crate::domain::recovery::{PASS_LIFE, RECOVERY_CODES, RecoveryCode, RecoveryKind, RecoveryProof};
use crate::flows::codes::NotEntered;
use crate::flows::confirm_identity::{Step, next_step};
use crate::flows::current::{LoggedIn, still_live};
use crate::flows::events::{Happened, record_and_tell};
use crate::flows::{FlowError, Services, Visitor};
use crate::storage::{Tx, accounts, challenges, recovery, second_factors};

/// What stood in for a code, for the next page to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoodIn {
    /// A recovery code; so many are left.
    RecoveryCode(i64),
    /// A one-time pass.
    Pass,
}

/// What the page of recovery codes shows.
pub struct Overview {
    /// How many are left.
    pub left: i64,
    /// Whether codes are owed at all: without a method nothing has to stand in for one.
    pub is_on: bool,
}

/// What the wish for new recovery codes came to.
pub enum Made {
    /// They are these, in place of all earlier ones. Shown once, and kept nowhere.
    Codes(Vec<RecoveryCode>),
    /// First confirm who you are.
    ConfirmFirst,
    /// No method is on.
    NotNeeded,
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

/// How many recovery codes are left, and whether they are of use.
///
/// # Errors
/// As for any fault.
pub async fn overview(services: &Services, who: &LoggedIn) -> Result<Overview, FlowError> {
    let (account, is_on) = (who.account.id.clone(), who.account.method.is_some());
    services.db.read(move |conn| Ok(Overview { left: recovery::codes_left(conn, &account)?, is_on })).await
}

/// Makes ten recovery codes in place of all earlier ones, once it is clear who asks.
///
/// # Errors
/// As for any fault.
pub async fn make(services: &Services, who: LoggedIn, visitor: Visitor) -> Result<Made, FlowError> {
    let this = services.clone();
    services
        .db
        .write(move |tx| {
            still_live(tx, &who, this.now())?;
            let factor = second_factors::find(tx, &who.account.id, &this.keys)?;
            if !factor.is_on() {
                return Ok(Made::NotNeeded);
            }
            match next_step(&this, tx, &who, &factor, None, &visitor)? {
                Step::GoOn => Ok(Made::Codes(make_codes(&this, tx, &who.account, &visitor)?)),
                Step::ConfirmFirst => Ok(Made::ConfirmFirst),
            }
        })
        .await
}

fn make_codes(
    services: &Services,
    tx: &mut Tx<'_>,
    account: &Account,
    visitor: &Visitor,
) -> Result<Vec<RecoveryCode>, FlowError> {
    let mut codes = Vec::with_capacity(RECOVERY_CODES);
    let mut rows = Vec::with_capacity(RECOVERY_CODES);
    for _ in 0..RECOVERY_CODES {
        let code = RecoveryCode::from_bytes(&services.random.bytes()?);
        let hash = code.hash(RecoveryKind::RecoveryCode, &account.id, services.keys.recovery());
        rows.push((services.new_id()?, hash));
        codes.push(code);
    }
    recovery::replace_codes(tx, &account.id, &rows, services.now())?;
    let happened = Happened::by_owner(EventKind::RecoveryCodesMade, &account.id, visitor);
    record_and_tell(services, tx, happened, &account.email)?;
    Ok(codes)
}

/// The first of two writes: spends one try of the code that is owed, and commits it alone, before anything is looked up. It
/// does not count towards the account's pause, nor does a pause stop it.
pub(super) async fn spend(
    services: &Services,
    account: &Id<Account>,
    owed: &Id<Challenge>,
) -> Result<Result<SpentTry, NotEntered>, FlowError> {
    let (this, account, owed) = (services.clone(), account.clone(), owed.clone());
    services
        .db
        .write(move |tx| {
            let now = this.now();
            accounts::lock(tx, &account)?;
            if let Some(spent) = challenges::spend_try(tx, &owed, now)? {
                return Ok(Ok(spent));
            }
            let found = challenges::find(tx, &owed, &this.keys)?;
            let is_spent = found.is_some_and(|found| found.is_open(now) && found.tries_left() == 0);
            Ok(Err(if is_spent { NotEntered::Spent } else { NotEntered::Gone }))
        })
        .await
}

/// Uses a recovery code or a one-time pass of this account up, whichever was typed; `None` if it is neither, or was used.
/// To be called under the account's lock. What a right one resets is done here; what it ends is done by [`end_after`].
pub(super) fn use_up(
    services: &Services,
    tx: &mut Tx<'_>,
    account: &Id<Account>,
    typed: &RecoveryCode,
) -> Result<Option<RecoveryProof>, FlowError> {
    for key in services.keys.recovery_keys() {
        let hash = typed.hash(RecoveryKind::RecoveryCode, account, key);
        if let Some(proof) = recovery::use_code(tx, account, &hash, services.now())? {
            accounts::forgive_codes(tx, account)?;
            return Ok(Some(proof));
        }
    }
    use_pass_up(services, tx, account, typed)
}

/// The same, where nothing but a one-time pass will do.
pub(super) fn use_pass_up(
    services: &Services,
    tx: &mut Tx<'_>,
    account: &Id<Account>,
    typed: &RecoveryCode,
) -> Result<Option<RecoveryProof>, FlowError> {
    for key in services.keys.recovery_keys() {
        let hash = typed.hash(RecoveryKind::Pass, account, key);
        if let Some(proof) = recovery::use_pass(tx, account, &hash, services.now())? {
            accounts::forgive_codes(tx, account)?;
            return Ok(Some(proof));
        }
    }
    Ok(None)
}

/// Ends what the use of one ends: a recovery code all trusted computers and sessions, a pass nothing. Answers the epoch of
/// the sessions from now on.
pub(super) fn end_after(tx: &mut Tx<'_>, account: &Account, kind: RecoveryKind) -> Result<i64, FlowError> {
    match kind {
        RecoveryKind::RecoveryCode => {
            accounts::end_trust(tx, &account.id, TrustEnd::RecoveryCodeUsed)?;
            Ok(accounts::end_sessions(tx, &account.id)?)
        }
        RecoveryKind::Pass => Ok(account.epochs.session),
    }
}

/// What the log says of a use, and what the next page does.
pub(super) fn used<'a>(
    tx: &mut Tx<'_>,
    account: &'a Account,
    kind: RecoveryKind,
    visitor: &'a Visitor,
) -> Result<(Happened<'a>, StoodIn), FlowError> {
    Ok(match kind {
        RecoveryKind::RecoveryCode => {
            let left = recovery::codes_left(tx, &account.id)?;
            let happened = Happened::by_owner(EventKind::RecoveryCodeUsed, &account.id, visitor);
            (happened.in_detail(format!("{left} left")), StoodIn::RecoveryCode(left))
        }
        RecoveryKind::Pass => (Happened::by_owner(EventKind::PassUsed, &account.id, visitor), StoodIn::Pass),
    })
}
