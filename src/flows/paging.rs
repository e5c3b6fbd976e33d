//! Lists that are walked by key, a page at a time, newest first.

use crate::domain::ids::Id;
use crate::storage::StorageError;
use crate::storage::account_lists::Way;

/// Where a page is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place<T> {
    /// At the newest row.
    Newest,
    /// Older than a row.
    Before(Id<T>),
    /// Newer than one.
    After(Id<T>),
}

/// The rows of a page, and whether there are others on either side.
pub(super) struct Turned<R> {
    pub(super) rows: Vec<R>,
    pub(super) has_older: bool,
    pub(super) has_newer: bool,
}

/// Turns to a page of at most so many rows. `walk` reads past one of them, in one direction.
pub(super) fn turn_to<T, R>(
    place: &Place<T>,
    page: i64,
    mut walk: impl FnMut(Option<&Id<T>>, Way, i64) -> Result<Vec<R>, StorageError>,
) -> Result<Turned<R>, StorageError> {
    let (past, way) = match place {
        Place::Newest => (None, Way::Onward),
        Place::Before(id) => (Some(id), Way::Onward),
        Place::After(id) => (Some(id), Way::Back),
    };
    let mut rows = walk(past, way, page + 1)?;
    let goes_on = cut(&mut rows, page);
    Ok(match way {
        Way::Onward => Turned { rows, has_older: goes_on, has_newer: past.is_some() },
        // The newest page begins with the newest row, and is as long as any other.
        Way::Back if !goes_on => return turn_to(&Place::Newest, page, walk),
        Way::Back => {
            rows.reverse();
            Turned { rows, has_older: true, has_newer: true }
        }
    })
}

/// Takes away what is one too many; whether there was one.
pub(super) fn cut<R>(rows: &mut Vec<R>, limit: i64) -> bool {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let goes_on = rows.len() > limit;
    rows.truncate(limit);
    goes_on
}
