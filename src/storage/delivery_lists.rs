//! `outbox` as a list, newest first. Each filter has an index that ends in the identifier, and identifiers begin with the
//! time, so every page is one search in one index.

use chrono::{DateTime, Utc};
use diesel::dsl::{count_star, min};
use diesel::prelude::*;

use crate::domain::account::Account;
use crate::domain::challenge::Purpose;
use crate::domain::delivery::{FailureClass, MessageState};
use crate::domain::ids::Id;
use crate::domain::link::LinkPurpose;
use crate::domain::second_factor::Method;
use crate::storage::account_lists::Way;
use crate::storage::columns::{count, maybe_time, readable, time};
use crate::storage::outbox::{Message, TEST, TEXTS_RUN_LOW};
use crate::storage::schema::{accounts, challenges, links, outbox};
use crate::storage::{AnyConnection, StorageError};

/// Which messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveryFilter {
    /// In one state.
    pub state: Option<MessageState>,
    /// On one channel.
    pub channel: Option<Method>,
    /// With one kind of failure.
    pub class: Option<FailureClass>,
}

/// What a message was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SentFor {
    /// A code that opens something.
    Code(Purpose),
    /// A link, and what is said around it.
    Link(LinkPurpose),
    /// A test that an administrator asked for.
    Test,
    /// The warning that the day's texts run low.
    TextsRunLow,
}

/// A message, as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its identifier.
    pub id: Id<Message>,
    /// Whose it is.
    pub account: Id<Account>,
    /// That account's username.
    pub username: String,
    /// What it is for; `None` once that is swept away.
    pub sent_for: Option<SentFor>,
    /// How it is sent.
    pub channel: Method,
    /// How it stands.
    pub state: MessageState,
    /// How often it was tried.
    pub attempts: u32,
    /// What went wrong last, and the other side's words, scrubbed.
    pub failure: Option<(FailureClass, String)>,
    /// When it was asked for.
    pub asked_at: DateTime<Utc>,
    /// When it was handed over, if it was.
    pub handed_over_at: Option<DateTime<Utc>>,
}

#[derive(Queryable)]
struct Row {
    id: String,
    account: String,
    username: String,
    kind: String,
    code_for: Option<String>,
    link_for: Option<String>,
    channel: String,
    state: String,
    attempts: i32,
    class: Option<String>,
    detail: Option<String>,
    asked_at: i64,
    handed_over_at: Option<i64>,
}

impl Row {
    fn delivery(self) -> Result<Delivery, StorageError> {
        let sent_for = match (self.code_for, self.link_for) {
            (Some(word), _) => Some(SentFor::Code(readable(Purpose::stored(&word), "purpose of a code")?)),
            (None, Some(word)) => {
                Some(SentFor::Link(readable(LinkPurpose::stored(&word), "purpose of a link")?))
            }
            (None, None) => match self.kind.as_str() {
                TEST => Some(SentFor::Test),
                TEXTS_RUN_LOW => Some(SentFor::TextsRunLow),
                _ => None,
            },
        };
        let class =
            self.class.map(|word| readable(FailureClass::stored(&word), "failure class")).transpose()?;
        Ok(Delivery {
            id: Id::stored(self.id),
            account: Id::stored(self.account),
            username: self.username,
            sent_for,
            channel: readable(Method::parse(&self.channel), "channel")?,
            state: readable(MessageState::stored(&self.state), "state of a message")?,
            attempts: count(self.attempts)?,
            failure: class.map(|class| (class, self.detail.unwrap_or_default())),
            asked_at: time(self.asked_at)?,
            handed_over_at: maybe_time(self.handed_over_at)?,
        })
    }
}

/// Up to `limit` messages past one of them, or from the first end: newest first onward, oldest first on the way back.
///
/// # Errors
/// As for any read.
pub fn walk(
    conn: &mut AnyConnection,
    filter: &DeliveryFilter,
    past: Option<&Id<Message>>,
    way: Way,
    limit: i64,
) -> Result<Vec<Delivery>, StorageError> {
    let mut rows = outbox::table
        .inner_join(accounts::table.on(accounts::id.eq(outbox::account_id)))
        .left_join(challenges::table.on(challenges::id.nullable().eq(outbox::challenge_id)))
        .left_join(links::table.on(links::id.nullable().eq(outbox::link_id)))
        .into_boxed();
    if let Some(state) = filter.state {
        rows = rows.filter(outbox::state.eq(state.as_str()));
    }
    if let Some(channel) = filter.channel {
        rows = rows.filter(outbox::channel.eq(channel.as_str()));
    }
    if let Some(class) = filter.class {
        rows = rows.filter(outbox::failure_class.eq(class.as_str()));
    }
    let past = past.map(|past| past.as_str().to_owned());
    rows = match (way, past) {
        // Every identifier comes after the empty text: a list without a beginning is a search in the index all the same.
        (Way::Onward, None) => rows.filter(outbox::id.ge("")).order(outbox::id.desc()),
        (Way::Onward, Some(past)) => rows.filter(outbox::id.lt(past)).order(outbox::id.desc()),
        (Way::Back, past) => rows.filter(outbox::id.gt(past.unwrap_or_default())).order(outbox::id.asc()),
    };
    let rows: Vec<Row> = rows
        .limit(limit)
        .select((
            outbox::id,
            outbox::account_id,
            accounts::username,
            outbox::kind,
            challenges::purpose.nullable(),
            links::purpose.nullable(),
            outbox::channel,
            outbox::state,
            outbox::attempts,
            outbox::failure_class,
            outbox::failure_detail,
            outbox::created_at,
            outbox::handed_over_at,
        ))
        .load(conn)?;
    rows.into_iter().map(Row::delivery).collect()
}

/// The states of what is still to be handed over.
const UNDER_WAY: [MessageState; 2] = [MessageState::Waiting, MessageState::Sending];

/// What waits to be handed over on one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// The channel.
    pub channel: Method,
    /// How many messages.
    pub messages: u64,
    /// When the oldest of them was asked for.
    pub oldest: Option<DateTime<Utc>>,
}

/// What waits to be handed over, channel by channel.
///
/// # Errors
/// As for any read.
pub fn backlog(conn: &mut AnyConnection) -> Result<Vec<Backlog>, StorageError> {
    Method::ALL
        .into_iter()
        .map(|channel| {
            let (messages, oldest): (i64, Option<i64>) = outbox::table
                .filter(outbox::state.eq_any(UNDER_WAY.map(MessageState::as_str)))
                .filter(outbox::channel.eq(channel.as_str()))
                .select((count_star(), min(outbox::created_at)))
                .first(conn)?;
            let messages = u64::try_from(messages).unwrap_or_default();
            Ok(Backlog { channel, messages, oldest: maybe_time(oldest)? })
        })
        .collect()
}
