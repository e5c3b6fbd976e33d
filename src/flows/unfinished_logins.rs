//! Right passwords whose code did not come: the owner is told, once an hour at most. Somebody may know the password.
//!
//! Several instances may look at the same moment; the one whose update takes the watch off a pending login tells of it.

use crate::domain::browser::BrowserLabel;
use crate::domain::event::{Actor, EventKind};
use crate::domain::session::TOLD_EVERY;
use crate::flows::events::{Happened, record, tell};
use crate::flows::{FlowError, Services};
use crate::storage::pending_logins::{self, Unfinished};
use crate::storage::{Tx, accounts, challenges, links};

/// Notes every right password that has waited too long for its code, and tells whoever has not been told within the hour.
/// Answers how many there were. One that cannot be noted keeps no other waiting.
///
/// # Errors
/// The first fault, after all were tried.
pub async fn tell_of_all(services: &Services) -> Result<usize, FlowError> {
    const BATCH: i64 = 200;
    let now = services.now();
    let due: Vec<Unfinished> = services
        .db
        .read(move |conn| Ok::<_, FlowError>(pending_logins::unfinished(conn, BATCH, now)?))
        .await?;
    let (mut told, mut first_fault) = (0, None);
    for unfinished in due {
        let this = services.clone();
        match services.db.write(move |tx| note(&this, tx, &unfinished)).await {
            Ok(is_ours) => told += usize::from(is_ours),
            Err(fault) => first_fault = first_fault.or(Some(fault)),
        }
    }
    match first_fault {
        Some(fault) => Err(fault),
        None => Ok(told),
    }
}

/// Notes one, if no other instance was faster and its code has not come meanwhile.
fn note(services: &Services, tx: &mut Tx<'_>, unfinished: &Unfinished) -> Result<bool, FlowError> {
    let now = services.now();
    accounts::lock(tx, &unfinished.account)?;
    if !pending_logins::take_unfinished(tx, &unfinished.id, now)? {
        return Ok(false);
    }
    let Some(account) = accounts::find(tx, &unfinished.account, now)? else { return Ok(false) };
    let browser = challenges::browser(tx, &unfinished.challenge)?.map(BrowserLabel::stored);
    let kind = EventKind::LoginUnfinished;
    let happened = Happened::by(Actor::Postern, kind, &account.id).back_then(
        unfinished.opened_at,
        unfinished.network.clone(),
        browser,
    );
    let event = record(services, tx, happened)?;
    if !links::told_since(tx, &account.id, kind, now - TOLD_EVERY)? {
        tell(services, tx, &event, &account.id, &[&account.email])?;
    }
    Ok(true)
}
