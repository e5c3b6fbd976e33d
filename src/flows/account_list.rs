//! The list of accounts: searched by the beginning of a username, a name or an address, filtered, and paged by key.
//!
//! A search goes through three indexes, one after the other: first everybody whose username begins like that, then whose
//! name does, then whose address does, each account once, where it is met first. What is filtered is walked group by group,
//! so that a rare account is not looked for among the many. A page looks at a bounded number of rows: in a very broad search
//! it may come out short, and the next one goes on where it stopped.

use std::collections::HashMap;

use crate::domain::listing::{Filter, FoundBy, Group, MOST_COUNTED, Prefix, Tally};
use crate::flows::{FlowError, Services};
use crate::storage::account_lists::{self, Found, Walk, Way};
use crate::storage::{AnyConnection, StorageError};

pub use crate::storage::account_lists::{Listed, Spot};

/// Accounts on one page.
pub const PAGE: usize = 50;

/// Rows that are looked at in one go where many may have been met before.
const AT_ONCE: usize = 500;

/// Rows that one page looks at before it gives what it has.
const MOST_LOOKED_AT: usize = 5_000;

/// Which accounts, and where in their list.
#[derive(Clone, Debug)]
pub struct Asked {
    /// What username, name or address begins with.
    pub search: Option<Prefix>,
    /// What else is true of them.
    pub filter: Filter,
    /// Where the page is.
    pub place: Place,
}

/// Where a page is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Place {
    /// At the beginning.
    #[default]
    Start,
    /// After a position.
    After(Position),
    /// Before one.
    Before(Position),
}

/// A place in the whole list: which index, and where in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// Which index.
    pub by: FoundBy,
    /// Where in it.
    pub spot: Spot,
}

/// One page of the list.
pub struct Listing {
    /// The accounts.
    pub accounts: Vec<Listed>,
    /// Where the page before it ends.
    pub before: Option<Position>,
    /// Where the page after it begins.
    pub after: Option<Position>,
    /// How many accounts of each group the search finds.
    pub tally: Tally,
}

/// What a walk came by, in the order of the walk.
struct Walked {
    found: Vec<Position>,
    goes_on: Option<Position>,
}

/// One page of the list, and the counts beside its filters.
///
/// # Errors
/// As for any fault.
pub async fn page(services: &Services, asked: Asked) -> Result<Listing, FlowError> {
    services.db.read(move |conn| Ok(read(conn, &asked)?)).await
}

fn read(conn: &mut AnyConnection, asked: &Asked) -> Result<Listing, StorageError> {
    let (found, before, after) = match &asked.place {
        Place::Start => first(conn, asked)?,
        Place::After(position) => onward(conn, asked, position)?,
        Place::Before(position) => back(conn, asked, position)?,
    };
    let usernames: Vec<_> = found.into_iter().map(|position| position.spot.username).collect();
    let accounts = account_lists::listed(conn, &usernames)?;
    let tally = tally(conn, asked.search.as_ref())?;
    Ok(Listing { accounts, before, after, tally })
}

type Stretch = (Vec<Position>, Option<Position>, Option<Position>);

fn first(conn: &mut AnyConnection, asked: &Asked) -> Result<Stretch, StorageError> {
    let walked = walk(conn, asked, None, Way::Onward)?;
    Ok((walked.found, None, walked.goes_on))
}

fn onward(conn: &mut AnyConnection, asked: &Asked, from: &Position) -> Result<Stretch, StorageError> {
    let walked = walk(conn, asked, Some(from), Way::Onward)?;
    match (walked.found.first().cloned(), walked.goes_on) {
        (Some(first), goes_on) => Ok((walked.found, Some(first), goes_on)),
        (None, Some(stopped)) => Ok((Vec::new(), Some(stopped.clone()), Some(stopped))),
        // Whoever was there is gone: the last page is another one now.
        (None, None) => {
            let walked = walk(conn, asked, None, Way::Back)?;
            Ok((walked.found.into_iter().rev().collect(), walked.goes_on, None))
        }
    }
}

fn back(conn: &mut AnyConnection, asked: &Asked, from: &Position) -> Result<Stretch, StorageError> {
    let walked = walk(conn, asked, Some(from), Way::Back)?;
    match (walked.found.first().cloned(), walked.goes_on) {
        // The first page begins at the beginning, and is as long as any other.
        (_, None) => first(conn, asked),
        (Some(last), goes_on) => Ok((walked.found.into_iter().rev().collect(), goes_on, Some(last))),
        (None, Some(stopped)) => Ok((Vec::new(), Some(stopped.clone()), Some(stopped))),
    }
}

fn walk(
    conn: &mut AnyConnection,
    asked: &Asked,
    from: Option<&Position>,
    way: Way,
) -> Result<Walked, StorageError> {
    let groups: Vec<_> = match asked.filter.is_open() {
        true => vec![None],
        false => asked.filter.groups().into_iter().map(Some).collect(),
    };
    let mut found: Vec<Position> = Vec::new();
    let mut looked_at = 0;
    for by in indexes(asked.search.is_some(), from, way) {
        let mut past = from.filter(|from| from.by == by).map(|from| from.spot.clone());
        loop {
            let limit = if by == FoundBy::Username || groups.len() > 1 { PAGE + 1 } else { AT_ONCE };
            let part = Part { by, search: asked.search.as_ref(), groups: &groups, way, limit };
            let met = part.read(conn, past.as_ref())?;
            let is_end = met.len() < limit;
            for Found { spot, name } in met {
                past = Some(spot.clone());
                if is_met_before(asked.search.as_ref(), by, &spot, &name) {
                    continue;
                }
                if found.len() == PAGE {
                    return Ok(Walked { goes_on: found.last().cloned(), found });
                }
                found.push(Position { by, spot });
            }
            if is_end {
                break;
            }
            looked_at += limit * groups.len();
            if let Some(spot) = past.clone().filter(|_| looked_at >= MOST_LOOKED_AT) {
                return Ok(Walked { found, goes_on: Some(Position { by, spot }) });
            }
        }
    }
    Ok(Walked { found, goes_on: None })
}

/// The indexes still to be walked.
fn indexes(is_search: bool, from: Option<&Position>, way: Way) -> Vec<FoundBy> {
    let all = if is_search { FoundBy::ALL.to_vec() } else { vec![FoundBy::Username] };
    match way {
        Way::Onward => all.into_iter().filter(|by| from.is_none_or(|from| from.by <= *by)).collect(),
        Way::Back => all.into_iter().rev().filter(|by| from.is_none_or(|from| *by <= from.by)).collect(),
    }
}

/// Whether a search has met the account in an index before this one.
fn is_met_before(search: Option<&Prefix>, by: FoundBy, spot: &Spot, name: &str) -> bool {
    let begins = |word: &str| search.is_some_and(|search| search.begins(word));
    match by {
        FoundBy::Username => false,
        FoundBy::Name => begins(&spot.username),
        FoundBy::Email => begins(&spot.username) || begins(name),
    }
}

/// One index, or the groups of it that the filter lets through.
struct Part<'a> {
    by: FoundBy,
    search: Option<&'a Prefix>,
    groups: &'a [Option<Group>],
    way: Way,
    limit: usize,
}

impl Part<'_> {
    /// The next accounts past a spot: the first of the first of each group.
    fn read(&self, conn: &mut AnyConnection, past: Option<&Spot>) -> Result<Vec<Found>, StorageError> {
        let mut met = Vec::new();
        for group in self.groups {
            let walk = Walk { by: self.by, prefix: self.search, group: *group, past, way: self.way };
            met.extend(account_lists::walk(conn, &walk, rows(self.limit))?);
        }
        match self.way {
            Way::Onward => met.sort_by(|one, other| one.spot.cmp(&other.spot)),
            Way::Back => met.sort_by(|one, other| other.spot.cmp(&one.spot)),
        }
        met.truncate(self.limit);
        Ok(met)
    }
}

/// Counts each group, or what a search finds of each, up to a thousand.
fn tally(conn: &mut AnyConnection, search: Option<&Prefix>) -> Result<Tally, StorageError> {
    let (mut tally, limit) = (Tally::default(), MOST_COUNTED + 1);
    let Some(search) = search else {
        for group in Group::all() {
            tally.add(group, account_lists::count(conn, group, rows(limit))?);
        }
        return Ok(tally);
    };
    let mut found = HashMap::new();
    for by in FoundBy::ALL {
        let met = account_lists::groups(conn, by, search, rows(limit))?;
        if met.len() == limit {
            tally.cut();
        }
        found.extend(met);
    }
    for group in found.into_values() {
        tally.add(group, 1);
    }
    Ok(tally)
}

fn rows(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}
