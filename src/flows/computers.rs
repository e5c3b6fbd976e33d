//! Trusted computers: list them, forget one, forget all.

use chrono::{DateTime, Utc};

use crate::domain::account::TrustEnd;
use crate::domain::browser::BrowserLabel;
use crate::domain::event::EventKind;
use crate::domain::ids::Id;
use crate::domain::trusted_computer::{Trust, TrustedComputer};
use crate::flows::current::{LoggedIn, still_live};
use crate::flows::events::{Happened, record};
use crate::flows::{FlowError, Services, Visitor};
use crate::storage::{accounts, trusted_computers};

/// What the page shows.
pub struct Overview {
    /// The computers, newest first.
    pub computers: Vec<TrustedComputer>,
    /// Which of them is the one that asks.
    pub this_one: Option<Id<TrustedComputer>>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// Lists the account's trusted computers.
///
/// # Errors
/// As for any fault.
pub async fn overview(services: &Services, who: &LoggedIn, visitor: &Visitor) -> Result<Overview, FlowError> {
    let (account, token, now) = (who.account.clone(), visitor.computer.clone(), services.now());
    let days = services.settings.trusted_days;
    services
        .db
        .read(move |conn| {
            let this_one = match token {
                Some(token) => trusted_computers::find(conn, &token.hash(), &account.id)?,
                None => None,
            };
            let mut computers = trusted_computers::list(conn, &account, now)?;
            computers.retain(|computer| computer.trust(&account, days, now) == Trust::Holds);
            Ok(Overview { computers, this_one: this_one.map(|computer| computer.id), now })
        })
        .await
}

/// When the browser that asks stops being trusted, if it is.
///
/// # Errors
/// As for any fault.
pub async fn trusted_until(
    services: &Services,
    who: &LoggedIn,
    visitor: &Visitor,
) -> Result<Option<DateTime<Utc>>, FlowError> {
    let overview = overview(services, who, visitor).await?;
    let mut computers = overview.computers.into_iter();
    Ok(computers
        .find(|computer| Some(&computer.id) == overview.this_one.as_ref())
        .map(|found| found.ends_at(services.settings.trusted_days)))
}

/// Forgets one computer of the account and answers what it called itself; `None` if there is none by that identifier.
///
/// # Errors
/// As for any fault.
pub async fn forget(
    services: &Services,
    who: LoggedIn,
    id: Id<TrustedComputer>,
    visitor: Visitor,
) -> Result<Option<BrowserLabel>, FlowError> {
    let this = services.clone();
    services
        .db
        .write(move |tx| {
            let account = &who.account.id;
            still_live(tx, &who, this.now())?;
            let Some(browser) = trusted_computers::forget(tx, account, &id)? else { return Ok(None) };
            let happened = Happened::by_owner(EventKind::ComputerForgotten, account, &visitor);
            record(&this, tx, happened.in_detail(browser.as_str()))?;
            Ok(Some(browser))
        })
        .await
}

/// Forgets all computers of the account. Nobody is logged out by it. Where none is left there is nothing to do, and nothing to
/// write down.
///
/// # Errors
/// As for any fault.
pub async fn forget_all(services: &Services, who: LoggedIn, visitor: Visitor) -> Result<(), FlowError> {
    let this = services.clone();
    services
        .db
        .write(move |tx| {
            let (account, now) = (&who.account.id, this.now());
            let standing = still_live(tx, &who, now)?;
            if trusted_computers::list(tx, &standing, now)?.is_empty() {
                return Ok(());
            }
            accounts::end_trust(tx, account, TrustEnd::Forgotten)?;
            record(&this, tx, Happened::by_owner(EventKind::ComputersForgotten, account, &visitor))?;
            Ok(())
        })
        .await
}
