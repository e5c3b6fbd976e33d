//! The activity log as administrators read it: filtered, paged by key, and exported.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::domain::account::Account;
use crate::domain::event::{EventKind, SecurityEvent};
use crate::domain::ids::Id;
use crate::domain::username::Username;
use crate::flows::{FlowError, Services};
use crate::storage::account_lists::Way;
use crate::storage::{AnyConnection, StorageError, account_lists, accounts, event_lists};

pub use crate::storage::event_lists::EventFilter;

/// Lines on one page.
const PAGE: i64 = 50;
/// Lines of an export that are read at a time.
const BATCH: i64 = 500;

/// Where a page is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// At the newest line.
    Newest,
    /// Older than a line.
    Before(Id<SecurityEvent>),
    /// Newer than one.
    After(Id<SecurityEvent>),
}

/// Lines of the log, newest first, and who is in them.
pub struct Activity {
    /// The lines.
    pub events: Vec<SecurityEvent>,
    /// The usernames of everybody in them.
    pub names: HashMap<Id<Account>, Username>,
    /// Whether there are older ones.
    pub has_older: bool,
    /// Whether there are newer ones.
    pub has_newer: bool,
}

/// The filter of one account's lines, or of everybody's; `None` if there is no account of that name.
///
/// # Errors
/// As for any fault.
pub async fn filter(
    services: &Services,
    account: Option<Username>,
    kind: Option<EventKind>,
    (from, until): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
) -> Result<Option<EventFilter>, FlowError> {
    let filter = EventFilter { account: None, kind, from, until };
    let Some(username) = account else { return Ok(Some(filter)) };
    let now = services.now();
    services
        .db
        .read(move |conn| {
            let found = accounts::for_login(conn, &username.key(), now)?;
            Ok(found.map(|(account, _)| EventFilter { account: Some(account.id), ..filter }))
        })
        .await
}

/// One page of the log.
///
/// # Errors
/// As for any fault.
pub async fn page(services: &Services, filter: EventFilter, place: Place) -> Result<Activity, FlowError> {
    services.db.read(move |conn| Ok(read(conn, &filter, &place)?)).await
}

/// The next lines of an export, older than the last that it has; empty at its end.
///
/// # Errors
/// As for any fault.
pub async fn export(
    services: &Services,
    filter: EventFilter,
    past: Option<Id<SecurityEvent>>,
) -> Result<Activity, FlowError> {
    let read = move |conn: &mut AnyConnection| {
        let mut events = event_lists::walk(conn, &filter, past.as_ref(), Way::Onward, BATCH + 1)?;
        let has_older = cut(&mut events, BATCH);
        Ok(Activity { names: names(conn, &events)?, events, has_older, has_newer: past.is_some() })
    };
    services.db.read(read).await
}

fn read(conn: &mut AnyConnection, filter: &EventFilter, place: &Place) -> Result<Activity, StorageError> {
    let (past, way) = match place {
        Place::Newest => (None, Way::Onward),
        Place::Before(id) => (Some(id), Way::Onward),
        Place::After(id) => (Some(id), Way::Back),
    };
    let mut events = event_lists::walk(conn, filter, past, way, PAGE + 1)?;
    let goes_on = cut(&mut events, PAGE);
    let (has_older, has_newer) = match way {
        Way::Onward => (goes_on, past.is_some()),
        // The newest page begins with the newest line, and is as long as any other.
        Way::Back if !goes_on => return read(conn, filter, &Place::Newest),
        Way::Back => {
            events.reverse();
            (true, true)
        }
    };
    Ok(Activity { names: names(conn, &events)?, events, has_older, has_newer })
}

/// Takes away what is one too many; whether there was one.
fn cut(events: &mut Vec<SecurityEvent>, limit: i64) -> bool {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let goes_on = events.len() > limit;
    events.truncate(limit);
    goes_on
}

/// One look-up for everybody on the page.
fn names(
    conn: &mut AnyConnection,
    events: &[SecurityEvent],
) -> Result<HashMap<Id<Account>, Username>, StorageError> {
    let mut ids: Vec<_> = events
        .iter()
        .flat_map(|event| [Some(&event.account), event.actor.administrator()])
        .flatten()
        .cloned()
        .collect();
    ids.sort_by(|one, other| one.as_str().cmp(other.as_str()));
    ids.dedup();
    Ok(account_lists::usernames(conn, &ids)?.into_iter().collect())
}
