//! `accounts` as a list: walked in the order of an index, one group and one stretch at a time, and counted up to a limit. No
//! query here sorts, and none reads more rows than it was asked for.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::BigInt;

use crate::domain::account::{Account, Role, State};
use crate::domain::ids::Id;
use crate::domain::listing::{FoundBy, Group, Prefix};
use crate::domain::second_factor::Method;
use crate::domain::username::Username;
use crate::storage::accounts::{NO_METHOD, method};
use crate::storage::columns::{maybe_time, readable};
use crate::storage::schema::accounts;
use crate::storage::{AnyConnection, StorageError};

type Backend = <AnyConnection as diesel::Connection>::Backend;
type Accounts<'a> = accounts::BoxedQuery<'a, Backend>;
type GroupRow = (String, String, String, bool);

/// A place in the order of one index: before it, and after it, are other accounts, whether it is taken or not.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// What the accounts are ordered by first.
    pub key: String,
    /// And then: the username's key.
    pub username: String,
}

/// Which way a list is walked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// As it is ordered.
    Onward,
    /// From its end.
    Back,
}

/// One stretch of one index.
pub struct Walk<'a> {
    /// Which index.
    pub by: FoundBy,
    /// What the keys begin with.
    pub prefix: Option<&'a Prefix>,
    /// Which group; `None` for all accounts.
    pub group: Option<Group>,
    /// Where it begins; `None` for its first end.
    pub past: Option<&'a Spot>,
    /// In which direction.
    pub way: Way,
}

/// An account that was walked by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it stands.
    pub spot: Spot,
    /// The name shown, folded; empty where the list is walked by usernames.
    pub name: String,
}

/// What the list shows of an account.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its identifier.
    pub id: Id<Account>,
    /// Its name.
    pub username: Username,
    /// What pages call the person.
    pub display_name: String,
    /// The e-mail address of record.
    pub email: String,
    /// What the list is filtered by.
    pub group: Group,
    /// The last completed login.
    pub last_login_at: Option<DateTime<Utc>>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = accounts)]
struct ListedRow {
    id: String,
    username: String,
    username_key: String,
    display_name: String,
    email: String,
    role: String,
    state: String,
    method: String,
    requires_two_factor: bool,
    last_login_at: Option<i64>,
}

fn group((role, state, method_word, is_required): GroupRow) -> Result<Group, StorageError> {
    Ok(Group {
        role: readable(Role::stored(&role), "role")?,
        state: readable(State::stored(&state), "state")?,
        method: method(&method_word)?,
        is_required,
    })
}

fn in_group(group: Option<Group>) -> Accounts<'static> {
    let accounts = accounts::table.into_boxed();
    let Some(group) = group else { return accounts };
    accounts
        .filter(accounts::role.eq(group.role.as_str()))
        .filter(accounts::state.eq(group.state.as_str()))
        .filter(accounts::method.eq(group.method.map_or(NO_METHOD, Method::as_str)))
        .filter(accounts::requires_two_factor.eq(group.is_required))
}

/// The part of a query that begins with the prefix and, where there is a spot, lies past its key; in the order of the index.
macro_rules! stretch {
    ($accounts:expr, $walk:expr, $key:ident) => {{
        let mut accounts = $accounts;
        let past = $walk.past.map(|spot| spot.key.clone());
        // Every text comes after the empty one: a stretch without a beginning is a search in the index all the same.
        let from = $walk.prefix.map_or_else(String::new, |prefix| prefix.from().to_owned());
        let until = $walk.prefix.and_then(Prefix::until).map(str::to_owned);
        let (above, below) = match $walk.way {
            Way::Onward => (past.clone(), None),
            Way::Back => (None, past.clone()),
        };
        accounts = match above {
            Some(above) => accounts.filter(accounts::$key.gt(above)),
            None => accounts.filter(accounts::$key.ge(from)),
        };
        if let Some(below) = below.or(until) {
            accounts = accounts.filter(accounts::$key.lt(below));
        }
        match $walk.way {
            Way::Onward => accounts.order(accounts::$key.asc()),
            Way::Back => accounts.order(accounts::$key.desc()),
        }
    }};
}

/// Those that share a key go by their usernames. (A username goes by itself: SQLite would sort by it once more.)
macro_rules! in_order {
    ($accounts:expr, $walk:expr) => {
        match $walk.way {
            Way::Onward => $accounts.then_order_by(accounts::username_key.asc()),
            Way::Back => $accounts.then_order_by(accounts::username_key.desc()),
        }
    };
}

/// The part of a query that shares the spot's key and lies past its username.
macro_rules! beside {
    ($accounts:expr, $walk:expr, $key:ident, $spot:expr) => {{
        let accounts = $accounts.filter(accounts::$key.eq($spot.key.clone()));
        let username = $spot.username.clone();
        let accounts = match $walk.way {
            Way::Onward => accounts.filter(accounts::username_key.gt(username)),
            Way::Back => accounts.filter(accounts::username_key.lt(username)),
        };
        match $walk.way {
            Way::Onward => accounts.order(accounts::username_key.asc()),
            Way::Back => accounts.order(accounts::username_key.desc()),
        }
    }};
}

macro_rules! found {
    ($conn:expr, $walk:expr, $limit:expr, $key:ident) => {{
        let columns = (accounts::$key, accounts::username_key, accounts::display_name_key);
        let mut rows: Vec<(String, String, String)> = Vec::new();
        // Two searches, since one for "this key and past this name, or past this key" walks all that share the key.
        if let Some(spot) = $walk.past {
            let accounts = beside!(in_group($walk.group), $walk, $key, spot);
            rows = accounts.limit($limit).select(columns).load($conn)?;
        }
        let left = $limit - i64::try_from(rows.len()).unwrap_or($limit);
        if left > 0 {
            let accounts = in_order!(stretch!(in_group($walk.group), $walk, $key), $walk);
            rows.extend(accounts.limit(left).select(columns).load::<(String, String, String)>($conn)?);
        }
        rows
    }};
}

/// The first `limit` accounts of a stretch.
///
/// # Errors
/// As for any read.
pub fn walk(conn: &mut AnyConnection, walk: &Walk<'_>, limit: i64) -> Result<Vec<Found>, StorageError> {
    let rows = match walk.by {
        FoundBy::Username => by_username(conn, walk, limit)?,
        FoundBy::Name => found!(conn, walk, limit, display_name_key),
        FoundBy::Email => found!(conn, walk, limit, email_key),
    };
    let found = |(key, username, name)| Found { spot: Spot { key, username }, name };
    Ok(rows.into_iter().map(found).collect())
}

/// No two share a username, and the index alone answers.
fn by_username(
    conn: &mut AnyConnection,
    walk: &Walk<'_>,
    limit: i64,
) -> Result<Vec<(String, String, String)>, StorageError> {
    let accounts = stretch!(in_group(walk.group), walk, username_key);
    let keys: Vec<String> = accounts.limit(limit).select(accounts::username_key).load(conn)?;
    Ok(keys.into_iter().map(|key| (key.clone(), key, String::new())).collect())
}

/// The accounts of these usernames' keys, in the order of the keys.
///
/// # Errors
/// As for any read.
pub fn listed(conn: &mut AnyConnection, usernames: &[String]) -> Result<Vec<Listed>, StorageError> {
    if usernames.is_empty() {
        return Ok(Vec::new());
    }
    let mut rows: Vec<ListedRow> = accounts::table
        .filter(accounts::username_key.eq_any(usernames))
        .select(ListedRow::as_select())
        .load(conn)?;
    rows.sort_by_key(|row| usernames.iter().position(|username| *username == row.username_key));
    let listed = |row: ListedRow| {
        Ok(Listed {
            id: Id::stored(row.id),
            username: Username::stored(row.username),
            display_name: row.display_name,
            email: row.email,
            group: group((row.role, row.state, row.method, row.requires_two_factor))?,
            last_login_at: maybe_time(row.last_login_at)?,
        })
    };
    rows.into_iter().map(listed).collect()
}

/// How many accounts a group has, counted up to `limit`.
///
/// # Errors
/// As for any read.
pub fn count(conn: &mut AnyConnection, group: Group, limit: i64) -> Result<usize, StorageError> {
    let group = in_group(Some(group)).order(accounts::username_key.asc());
    let count: i64 = CountOf(group.limit(limit).select(accounts::username_key)).get_result(conn)?;
    readable(usize::try_from(count).ok(), "count")
}

/// The first `limit` accounts of a search in one index, each by its username's key, with its group.
///
/// # Errors
/// As for any read.
pub fn groups(
    conn: &mut AnyConnection,
    by: FoundBy,
    prefix: &Prefix,
    limit: i64,
) -> Result<Vec<(String, Group)>, StorageError> {
    let walk = Walk { by, prefix: Some(prefix), group: None, past: None, way: Way::Onward };
    let accounts = match by {
        FoundBy::Username => stretch!(in_group(None), walk, username_key),
        FoundBy::Name => in_order!(stretch!(in_group(None), walk, display_name_key), walk),
        FoundBy::Email => in_order!(stretch!(in_group(None), walk, email_key), walk),
    };
    let columns = (accounts::role, accounts::state, accounts::method, accounts::requires_two_factor);
    let rows: Vec<(String, GroupRow)> =
        accounts.limit(limit).select((accounts::username_key, columns)).load(conn)?;
    rows.into_iter().map(|(username, row)| Ok((username, group(row)?))).collect()
}

/// The usernames of some accounts; of identifiers that are nobody's, nothing.
///
/// # Errors
/// As for any read.
pub fn usernames(
    conn: &mut AnyConnection,
    ids: &[Id<Account>],
) -> Result<Vec<(Id<Account>, Username)>, StorageError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows: Vec<(String, String)> = accounts::table
        .filter(accounts::id.eq_any(ids.iter().map(Id::as_str)))
        .select((accounts::id, accounts::username))
        .load(conn)?;
    Ok(rows.into_iter().map(|(id, name)| (Id::stored(id), Username::stored(name))).collect())
}

/// How many rows another query has: it stops at its own limit, and so does the count.
#[derive(QueryId)]
struct CountOf<Q>(Q);

impl<Q: Query> Query for CountOf<Q> {
    type SqlType = BigInt;
}

impl<Q> RunQueryDsl<AnyConnection> for CountOf<Q> {}

impl<Q, DB> QueryFragment<DB> for CountOf<Q>
where
    Q: QueryFragment<DB>,
    DB: diesel::backend::Backend,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("SELECT COUNT(*) FROM (");
        self.0.walk_ast(out.reborrow())?;
        out.push_sql(") AS counted");
        Ok(())
    }
}
