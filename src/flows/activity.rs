//! Activity: what happened to an account, for its owner to read.

use chrono::{DateTime, Utc};

use crate::domain::event::SecurityEvent;
use crate::domain::ids::Id;
use crate::domain::username::Username;
use crate::flows::current::LoggedIn;
use crate::flows::paging::{Place, turn_to};
use crate::flows::{FlowError, Services};
use crate::storage::events;

/// How many lines a page shows.
const PAGE: i64 = 50;

/// What a page of the log shows.
pub struct Overview {
    /// The lines, newest first.
    pub lines: Vec<Line>,
    /// The last of them, if there are older ones.
    pub older: Option<Id<SecurityEvent>>,
    /// The first of them, if there are newer ones.
    pub newer: Option<Id<SecurityEvent>>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// One line of the log.
pub struct Line {
    /// What happened.
    pub event: SecurityEvent,
    /// The administrator who did it, if one did.
    pub administrator: Option<Username>,
}

/// One page of the account's log.
///
/// # Errors
/// As for any fault.
pub async fn overview(
    services: &Services,
    who: &LoggedIn,
    place: Place<SecurityEvent>,
) -> Result<Overview, FlowError> {
    let (account, now) = (who.account.id.clone(), services.now());
    services
        .db
        .read(move |conn| {
            let turned = turn_to(&place, PAGE, |past, way, limit| {
                events::of_account(conn, &account, past, way, limit)
            })?;
            let first = turned.rows.first().map(|(event, _)| event.id.clone());
            let last = turned.rows.last().map(|(event, _)| event.id.clone());
            let lines = turned.rows.into_iter().map(|(event, administrator)| Line { event, administrator });
            Ok(Overview {
                lines: lines.collect(),
                older: last.filter(|_| turned.has_older),
                newer: first.filter(|_| turned.has_newer),
                now,
            })
        })
        .await
}
