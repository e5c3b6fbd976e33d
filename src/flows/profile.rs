//! Profile: what the person chooses about it, and what it shows.

use crate::domain::event::EventKind;
use crate::domain::second_factor::SecondFactor;
use crate::flows::current::{LoggedIn, still_live};
use crate::flows::events::{Happened, record};
use crate::flows::{FlowError, Services, Visitor};
use crate::storage::{accounts, second_factors};

/// What is in force for the account.
///
/// # Errors
/// As for any fault.
pub async fn second_factor(services: &Services, who: &LoggedIn) -> Result<SecondFactor, FlowError> {
    let (keys, account) = (services.keys.clone(), who.account.id.clone());
    services.db.glance(move |conn| Ok(second_factors::find(conn, &account, &keys)?)).await
}

/// Saves the name shown and the time zone. An empty name is the username again. The log is told what was changed, not to
/// what.
///
/// # Errors
/// As for any fault.
pub async fn rename(
    services: &Services,
    who: &LoggedIn,
    display_name: &str,
    time_zone: chrono_tz::Tz,
    visitor: Visitor,
) -> Result<(), FlowError> {
    let (this, who) = (services.clone(), who.clone());
    let username = who.account.username.as_str();
    let name = if display_name.is_empty() { username } else { display_name }.to_owned();
    services
        .db
        .write(move |tx| {
            let (now, id) = (this.now(), &who.account.id);
            still_live(tx, &who, now)?;
            let Some(before) = accounts::find(tx, id, now)? else { return Ok(()) };
            let changed = [
                (before.display_name != name).then_some("name"),
                (before.time_zone != time_zone).then_some("time zone"),
            ];
            let changed: Vec<_> = changed.into_iter().flatten().collect();
            if changed.is_empty() {
                return Ok(());
            }
            accounts::rename(tx, id, &name, time_zone.name())?;
            let happened = Happened::by_owner(EventKind::ProfileChanged, id, &visitor);
            record(&this, tx, happened.in_detail(changed.join(", ")))?;
            Ok(())
        })
        .await
}
