//! The activity log as administrators read it: filtered, paged by key, and exported.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::domain::account::Account;
use crate::domain::event::{EventKind, SecurityEvent};
use crate::domain::ids::Id;
use crate::domain::username::Username;
use crate::flows::paging::{Place, cut, turn_to};
use crate::flows::{FlowError, Services};
use crate::storage::account_lists::Way;
use crate::storage::{AnyConnection, StorageError, account_lists, accounts, event_lists};

pub use crate::storage::event_lists::EventFilter;

/// Lines on one page.
const PAGE: i64 = 50;
/// Lines of an export that are read at a time.
const BATCH: i64 = 500;

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
pub async fn page(
    services: &Services,
    filter: EventFilter,
    place: Place<SecurityEvent>,
) -> Result<Activity, FlowError> {
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

fn read(
    conn: &mut AnyConnection,
    filter: &EventFilter,
    place: &Place<SecurityEvent>,
) -> Result<Activity, StorageError> {
    let turned = turn_to(place, PAGE, |past, way, limit| event_lists::walk(conn, filter, past, way, limit))?;
    let (events, has_older, has_newer) = (turned.rows, turned.has_older, turned.has_newer);
    Ok(Activity { names: names(conn, &events)?, events, has_older, has_newer })
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
