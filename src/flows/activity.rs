//! Activity: what happened to an account, for its owner to read.

use chrono::{DateTime, Utc};

use crate::domain::event::SecurityEvent;
use crate::domain::ids::Id;
use crate::domain::username::Username;
use crate::flows::current::LoggedIn;
use crate::flows::{FlowError, Services};
use crate::storage::events;

pub use crate::storage::events::Place;

/// How many lines a page shows.
const PAGE: usize = 50;

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

/// One page of the account's log. A page of newer lines that is not full is the newest page.
///
/// # Errors
/// As for any fault.
pub async fn overview(services: &Services, who: &LoggedIn, place: Place) -> Result<Overview, FlowError> {
    let (account, now) = (who.account.id.clone(), services.now());
    services
        .db
        .read(move |conn| {
            let one_more = i64::try_from(PAGE + 1).unwrap_or(i64::MAX);
            let mut place = place;
            let mut rows = events::of_account(conn, &account, &place, one_more)?;
            if matches!(place, Place::After(_)) && rows.len() <= PAGE {
                place = Place::Newest;
                rows = events::of_account(conn, &account, &place, one_more)?;
            }
            let is_more = rows.len() > PAGE;
            if let (Place::After(_), true) = (&place, is_more) {
                // Read upwards: the one too many is the newest.
                rows.remove(0);
            }
            rows.truncate(PAGE);
            let first = rows.first().map(|(event, _)| event.id.clone());
            let last = rows.last().map(|(event, _)| event.id.clone());
            let (has_older, has_newer) = match place {
                Place::Newest => (is_more, false),
                Place::Before(_) => (is_more, true),
                Place::After(_) => (true, is_more),
            };
            let lines = rows.into_iter().map(|(event, administrator)| Line { event, administrator });
            Ok(Overview {
                lines: lines.collect(),
                older: last.filter(|_| has_older),
                newer: first.filter(|_| has_newer),
                now,
            })
        })
        .await
}
