//! Right passwords whose code did not come: the owner is told, once an hour at most. Somebody may know the password.
//!
//! Several instances may look at the same moment; the one whose update takes the watch off a pending login tells of it. What
//! is due at one account is one act, however much it is: whoever knows a password opens as many logins as they like, and must
//! neither keep the notices of others waiting nor fill the log.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use crate::domain::account::Account;
use crate::domain::browser::BrowserLabel;
use crate::domain::event::{Actor, EventKind};
use crate::domain::ids::Id;
use crate::domain::session::TOLD_EVERY;
use crate::flows::events::{Happened, record, tell};
use crate::flows::{FlowError, Services};
use crate::storage::pending_logins::{self, Unfinished};
use crate::storage::{Tx, accounts, challenges, links};

/// Notes every right password that has waited too long for its code, and tells whoever has not been told within the hour.
/// Answers how many there were. An account where that fails keeps no other waiting: it is left out until the next look.
///
/// # Errors
/// The first fault, after all were tried.
pub async fn tell_of_all(services: &Services) -> Result<usize, FlowError> {
    const BATCH: i64 = 200;
    let now = services.now();
    let (mut told, mut failed, mut first_fault) = (0, Vec::new(), None);
    loop {
        let left_out = failed.clone();
        let mut due: Vec<Id<Account>> = services
            .db
            .read(move |conn| Ok::<_, FlowError>(pending_logins::unfinished(conn, BATCH, &left_out, now)?))
            .await?;
        let is_last = i64::try_from(due.len()).is_ok_and(|logins| logins < BATCH);
        let mut seen = HashSet::new();
        due.retain(|account| seen.insert(account.clone()));
        for account in due {
            let (this, id) = (services.clone(), account.clone());
            match services.db.write(move |tx| note(&this, tx, &id, now)).await {
                Ok(logins) => told += logins,
                Err(fault) => {
                    failed.push(account);
                    first_fault = first_fault.or(Some(fault));
                }
            }
        }
        if is_last {
            break;
        }
    }
    match first_fault {
        Some(fault) => Err(fault),
        None => Ok(told),
    }
}

/// Notes what is due at one account, as far as no other instance was faster and no code has come meanwhile: a line for each
/// network, so that nobody hides among the logins of another. Answers how many logins that were.
fn note(
    services: &Services,
    tx: &mut Tx<'_>,
    account: &Id<Account>,
    now: DateTime<Utc>,
) -> Result<usize, FlowError> {
    accounts::lock(tx, account)?;
    let mut taken = pending_logins::take_unfinished(tx, account, now)?;
    let Some(account) = accounts::find(tx, account, now)? else { return Ok(0) };
    let kind = EventKind::LoginUnfinished;
    let mut oldest = None;
    for crowd in by_network(&mut taken) {
        let Some(first) = crowd.first() else { continue };
        let browser = challenges::browser(tx, &first.challenge)?.map(BrowserLabel::stored);
        let happened = Happened::by(Actor::Postern, kind, &account.id);
        let happened = happened.back_then(first.opened_at, first.network.clone(), browser);
        let event = record(
            services,
            tx,
            match crowd.len() {
                1 => happened,
                times => happened.in_detail(format!("{times} times")),
            },
        )?;
        oldest = oldest.or(Some(event));
    }
    if let Some(event) = oldest
        && !links::told_since(tx, &account.id, kind, now - TOLD_EVERY)?
    {
        tell(services, tx, &event, &account.id, &[&account.email])?;
    }
    Ok(taken.len())
}

/// The logins of each network, oldest first, and the network of the oldest first.
fn by_network(logins: &mut [Unfinished]) -> Vec<&[Unfinished]> {
    logins.sort_by(|one, next| (&one.network, one.opened_at).cmp(&(&next.network, next.opened_at)));
    let mut crowds: Vec<_> = logins.chunk_by(|one, next| one.network == next.network).collect();
    crowds.sort_by_key(|crowd| crowd.first().map(|first| first.opened_at));
    crowds
}
