//! Another way past the code of a login: a recovery code, or a one-time pass.

use crate::domain::challenge::SpentTry;
use crate::domain::recovery::RecoveryCode;
use crate::domain::session::{Entry, PendingLogin};
use crate::domain::token::Token;
use crate::flows::codes::NotEntered;
use crate::flows::events::record_and_tell;
use crate::flows::login::start_session;
use crate::flows::recovery::{StoodIn, end_after, spend, use_up, used};
use crate::flows::{FlowError, Services, Visitor};
use crate::storage::{Tx, accounts, challenges, pending_logins, recovery};

/// What else a pending login can use.
pub struct OtherWays {
    /// Whether any recovery codes are left.
    pub has_codes: bool,
}

/// What was typed came to.
pub enum RecoveryEntry {
    /// A session, and what opened it.
    Done(Token, StoodIn),
    /// Neither a recovery code nor a pass of this account.
    Wrong {
        /// Tries that remain.
        left: u32,
    },
    /// All tries are spent: back to the password.
    Spent,
    /// The pending login is over: back to the password.
    Over,
}

/// What else there is; `None` if the pending login has no tries left or is over.
///
/// # Errors
/// As for any fault.
pub async fn other_ways(services: &Services, pending: &PendingLogin) -> Result<Option<OtherWays>, FlowError> {
    let (this, pending) = (services.clone(), pending.clone());
    services
        .db
        .read(move |conn| {
            let challenge = challenges::find(conn, &pending.challenge, &this.keys)?;
            let is_owed = challenge.is_some_and(|owed| owed.is_open(this.now()) && owed.tries_left() > 0);
            if !is_owed {
                return Ok(None);
            }
            Ok(Some(OtherWays { has_codes: recovery::codes_left(conn, &pending.account)? > 0 }))
        })
        .await
}

/// Takes what was typed, in two writes like a code. Right, it opens the session; the computer does not become trusted.
///
/// # Errors
/// As for any fault; the try stays spent.
pub async fn submit(
    services: &Services,
    ticket: Token,
    pending: PendingLogin,
    typed: RecoveryCode,
    visitor: Visitor,
) -> Result<RecoveryEntry, FlowError> {
    let spent = match spend(services, &pending.account, &pending.challenge).await? {
        Ok(spent) => spent,
        Err(NotEntered::Spent) => return Ok(RecoveryEntry::Spent),
        Err(NotEntered::Gone | NotEntered::Wrong { .. } | NotEntered::TooOld | NotEntered::Stopped(_)) => {
            return Ok(RecoveryEntry::Over);
        }
    };
    let this = services.clone();
    services.db.write(move |tx| open(&this, tx, spent, &ticket, &pending, &typed, &visitor)).await
}

/// Looks again, then uses it up; exactly one caller gets past that.
fn open(
    services: &Services,
    tx: &mut Tx<'_>,
    _spent: SpentTry,
    ticket: &Token,
    pending: &PendingLogin,
    typed: &RecoveryCode,
    visitor: &Visitor,
) -> Result<RecoveryEntry, FlowError> {
    let now = services.now();
    accounts::lock(tx, &pending.account)?;
    // Nothing is used up for a login that is over.
    if !pending_logins::hold(tx, &ticket.hash())? || pending_logins::find(tx, &ticket.hash())?.is_none() {
        return Ok(RecoveryEntry::Over);
    }
    let Some(account) = accounts::find(tx, &pending.account, now)? else { return Ok(RecoveryEntry::Over) };
    let Some(proof) = use_up(services, tx, &account.id, typed)? else {
        let owed = challenges::find(tx, &pending.challenge, &services.keys)?;
        return Ok(match owed.map_or(0, |owed| owed.tries_left()) {
            0 => RecoveryEntry::Spent,
            left => RecoveryEntry::Wrong { left },
        });
    };
    pending_logins::end(tx, &ticket.hash(), now)?;
    challenges::end_one(tx, &pending.challenge, now)?;
    let kind = proof.kind();
    let session_epoch = end_after(tx, &account, kind)?;
    let Some(entry) = Entry::by_recovery(pending, proof, &account, session_epoch) else {
        return Ok(RecoveryEntry::Over);
    };
    let token = start_session(services, tx, entry, visitor)?;
    let (happened, stood_in) = used(tx, &account, kind, visitor)?;
    record_and_tell(services, tx, happened, &account.email)?;
    Ok(RecoveryEntry::Done(token, stood_in))
}
