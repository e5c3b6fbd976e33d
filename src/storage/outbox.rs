//! `outbox`: what leaves the process. Put in the transaction that has the reason, claimed by one conditional update, settled
//! by the one who holds the lease.

use chrono::{DateTime, Utc};
use diesel::prelude::*;

use crate::domain::account::Account;
use crate::domain::challenge::Challenge;
use crate::domain::delivery::{FailureClass, LEASE, Lane, MessageState, Urgency};
use crate::domain::email::EmailAddress;
use crate::domain::ids::Id;
use crate::domain::keys::Keys;
use crate::domain::link::Link;
use crate::domain::second_factor::{Destination, Method};
use crate::storage::columns::{count, maybe_time, micros, number, readable, time};
use crate::storage::schema::outbox;
use crate::storage::second_factors::{Sealer, index_of, open, phone};
use crate::storage::{AnyConnection, StorageError, Tx};

/// A message in the outbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message;

/// The words in the database for what has no row of its own to tell it by.
pub(super) const TEXTS_RUN_LOW: &str = "texts_run_low";
pub(super) const TEST: &str = "test";

/// Why a message is sent: what its words are made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The code of a challenge, of this generation.
    Code(Id<Challenge>, u32),
    /// A link, and what is said around it.
    Link(Id<Link>),
    /// The day's texts run low.
    TextsRunLow,
    /// An administrator's test.
    Test,
}

impl Reason {
    /// How urgent that is.
    pub fn urgency(&self) -> Urgency {
        match self {
            Self::Code(..) | Self::Test => Urgency::Code,
            Self::Link(_) | Self::TextsRunLow => Urgency::Letter,
        }
    }
}

/// A message to be sent.
pub struct NewMessage<'a> {
    /// Its identifier, constant over all attempts.
    pub id: &'a Id<Message>,
    /// Whose it is.
    pub account: &'a Id<Account>,
    /// Why it is sent.
    pub reason: Reason,
    /// Where it goes.
    pub recipient: &'a Destination,
    /// Whether a code has been entered from there before.
    pub is_confirmed: bool,
    /// When it is given up.
    pub give_up_at: DateTime<Utc>,
}

/// A message under lease.
#[derive(Clone, Debug)]
pub struct Claimed {
    /// Its identifier.
    pub id: Id<Message>,
    /// Whose it is.
    pub account: Id<Account>,
    /// Why it is sent.
    pub reason: Reason,
    /// Where it goes.
    pub recipient: Destination,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// How many ambiguous failures there were; a lease that ran out is one.
    pub ambiguous: u32,
    /// Whether whoever had it before did not settle it.
    pub is_reclaimed: bool,
    /// When it was asked for.
    pub created_at: DateTime<Utc>,
    /// When it is given up.
    pub give_up_at: DateTime<Utc>,
}

/// What was leased.
#[derive(Clone, Debug)]
pub enum Leased {
    /// A message.
    Message(Claimed),
    /// A row that cannot be read, and why. It must not keep the others from being sent.
    Unreadable(Id<Message>, String),
}

/// Puts a message into the outbox.
///
/// # Errors
/// As for any write.
pub fn put(
    tx: &mut Tx<'_>,
    new: &NewMessage<'_>,
    sealer: &Sealer<'_>,
    now: DateTime<Utc>,
) -> Result<(), StorageError> {
    let (kind, challenge, link, generation) = match &new.reason {
        Reason::Code(challenge, generation) => ("code", Some(challenge.as_str()), None, *generation),
        Reason::Link(link) => ("link", None, Some(link.as_str()), 0),
        Reason::TextsRunLow => (TEXTS_RUN_LOW, None, None, 0),
        Reason::Test => (TEST, None, None, 0),
    };
    let recipient = sealer.seal(new.recipient.as_str(), "outbox", "recipient_sealed", new.id.as_str());
    diesel::insert_into(outbox::table)
        .values((
            outbox::id.eq(new.id.as_str()),
            outbox::kind.eq(kind),
            outbox::channel.eq(new.recipient.method().as_str()),
            outbox::account_id.eq(new.account.as_str()),
            outbox::challenge_id.eq(challenge),
            outbox::link_id.eq(link),
            outbox::generation.eq(number(generation)),
            outbox::recipient_sealed.eq(recipient),
            outbox::destination_index.eq(index_of(sealer.keys, new.recipient)),
            outbox::is_confirmed.eq(new.is_confirmed),
            outbox::state.eq(MessageState::Waiting.as_str()),
            outbox::attempts.eq(0),
            outbox::ambiguous.eq(0),
            outbox::next_attempt_at.eq(micros(now)),
            outbox::give_up_at.eq(micros(new.give_up_at)),
            outbox::created_at.eq(micros(now)),
        ))
        .execute(&mut **tx)?;
    Ok(())
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = outbox)]
struct OutboxRow {
    id: String,
    kind: String,
    channel: String,
    account_id: String,
    challenge_id: Option<String>,
    link_id: Option<String>,
    generation: i32,
    recipient_sealed: Option<Vec<u8>>,
    attempts: i32,
    ambiguous: i32,
    created_at: i64,
    give_up_at: i64,
}

impl OutboxRow {
    fn leased(self, keys: &Keys, is_reclaimed: bool) -> Result<Leased, StorageError> {
        let id = Id::stored(self.id.clone());
        match self.claimed(keys, is_reclaimed) {
            Ok(claimed) => Ok(Leased::Message(claimed)),
            Err(StorageError::Unreadable(why)) => Ok(Leased::Unreadable(id, why)),
            Err(fault) => Err(fault),
        }
    }

    fn claimed(self, keys: &Keys, is_reclaimed: bool) -> Result<Claimed, StorageError> {
        let sealed = readable(self.recipient_sealed, "recipient")?;
        let recipient = open(keys, &sealed, "outbox", "recipient_sealed", &self.id)?;
        let recipient = match readable(Method::parse(&self.channel), "channel")? {
            Method::Email => Destination::Email(EmailAddress::stored(recipient)),
            Method::Sms => Destination::Phone(phone(&recipient)?),
        };
        let reason = match (self.kind.as_str(), self.challenge_id, self.link_id) {
            ("code", Some(challenge), _) => Reason::Code(Id::stored(challenge), count(self.generation)?),
            ("link", _, Some(link)) => Reason::Link(Id::stored(link)),
            (TEXTS_RUN_LOW, ..) => Reason::TextsRunLow,
            (TEST, ..) => Reason::Test,
            _ => return Err(StorageError::unreadable("kind of message")),
        };
        Ok(Claimed {
            id: Id::stored(self.id),
            account: Id::stored(self.account_id),
            reason,
            recipient,
            attempt: count(self.attempts)?,
            ambiguous: count(self.ambiguous)?,
            is_reclaimed,
            created_at: time(self.created_at)?,
            give_up_at: time(self.give_up_at)?,
        })
    }
}

/// Which of the messages that are due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// All.
    Any,
    /// Those whose time is over.
    TooLate,
}

/// Leases up to `most` messages of a lane that are due and counts the attempt. While one is being sent, its next attempt
/// stands at the end of the lease, so a message whose sender died is due again then; whether it went out is not known. A
/// message that many instances reach for at once goes to one: the update says again what the choice said.
///
/// # Errors
/// As for any write.
pub fn claim(
    tx: &mut Tx<'_>,
    lease: &str,
    (lane, which, most): (Lane, Which, i64),
    keys: &Keys,
    now: DateTime<Utc>,
) -> Result<Vec<Leased>, StorageError> {
    let mut leased = Vec::new();
    for state in [MessageState::Sending, MessageState::Waiting] {
        let left_alone = number(u32::from(state == MessageState::Sending));
        let room = most - i64::try_from(leased.len()).unwrap_or(most);
        for id in due(tx, (lane, which), state, room, now)? {
            let still_due = outbox::table
                .find(&id)
                .filter(outbox::state.eq(state.as_str()))
                .filter(outbox::next_attempt_at.le(micros(now)));
            let rows = diesel::update(still_due)
                .set((
                    outbox::state.eq(MessageState::Sending.as_str()),
                    outbox::lease.eq(lease),
                    outbox::next_attempt_at.eq(micros(now + LEASE)),
                    outbox::attempts.eq(outbox::attempts + 1),
                    outbox::ambiguous.eq(outbox::ambiguous + left_alone),
                ))
                .execute(&mut **tx)?;
            if rows == 1 {
                let row: OutboxRow =
                    outbox::table.find(&id).select(OutboxRow::as_select()).first(&mut **tx)?;
                leased.push(row.leased(keys, state == MessageState::Sending)?);
            }
        }
    }
    Ok(leased)
}

/// Whether any message of a lane is due.
///
/// # Errors
/// As for any read.
pub fn is_any_due(conn: &mut AnyConnection, lane: Lane, now: DateTime<Utc>) -> Result<bool, StorageError> {
    for state in [MessageState::Sending, MessageState::Waiting] {
        if !due(conn, (lane, Which::Any), state, 1, now)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn due(
    conn: &mut AnyConnection,
    (lane, which): (Lane, Which),
    state: MessageState,
    most: i64,
    now: DateTime<Utc>,
) -> Result<Vec<String>, StorageError> {
    let due = outbox::table
        .filter(outbox::state.eq(state.as_str()))
        .filter(outbox::next_attempt_at.le(micros(now)))
        .limit(most)
        .select(outbox::id)
        .into_boxed();
    // The same order everywhere, or two instances would wait for each other's rows.
    let due = match which {
        Which::Any => due.order((outbox::next_attempt_at.asc(), outbox::id.asc())),
        Which::TooLate => {
            due.filter(outbox::give_up_at.le(micros(now))).order((outbox::give_up_at.asc(), outbox::id.asc()))
        }
    };
    let is_urgent = || outbox::kind.eq("code").or(outbox::kind.eq(TEST));
    let by = |method: Method| outbox::channel.eq(method.as_str()).and(is_urgent());
    let due = match lane {
        Lane::MailedCodes => due.filter(by(Method::Email)),
        Lane::TextedCodes => due.filter(by(Method::Sms)),
        Lane::Letters => due.filter(outbox::kind.ne("code").and(outbox::kind.ne(TEST))),
    };
    Ok(due.load(conn)?)
}

/// When the next message is due, if any waits or is being sent.
///
/// # Errors
/// As for any read.
pub fn next_due(conn: &mut AnyConnection) -> Result<Option<DateTime<Utc>>, StorageError> {
    let mut next = None;
    for state in [MessageState::Waiting, MessageState::Sending] {
        let due: Option<i64> = outbox::table
            .filter(outbox::state.eq(state.as_str()))
            .order(outbox::next_attempt_at.asc())
            .select(outbox::next_attempt_at)
            .first(conn)
            .optional()?;
        next = [next, maybe_time(due)?].into_iter().flatten().min();
    }
    Ok(next)
}

/// What an attempt came to.
#[derive(Clone, Debug)]
pub enum Settlement {
    /// It will be tried again at this moment; `is_ambiguous` if it may have gone out.
    Again(DateTime<Utc>, FailureClass, String),
    /// A server or carrier took it.
    HandedOver(Option<String>),
    /// It is over, without having been handed over.
    Over(MessageState, FailureClass, String),
    /// It is not wanted any more.
    Stopped,
}

/// Settles a message under its lease. Answers whether the lease was still held; the recipient is forgotten with the
/// message's end.
///
/// # Errors
/// As for any write.
pub fn settle(
    tx: &mut Tx<'_>,
    id: &Id<Message>,
    lease: &str,
    settlement: &Settlement,
    now: DateTime<Utc>,
) -> Result<bool, StorageError> {
    let held = outbox::table
        .find(id.as_str())
        .filter(outbox::state.eq(MessageState::Sending.as_str()))
        .filter(outbox::lease.eq(lease));
    let ended = (
        outbox::lease.eq(None::<String>),
        outbox::recipient_sealed.eq(None::<Vec<u8>>),
        outbox::settled_at.eq(micros(now)),
    );
    let failed = |class: &FailureClass, detail: &String| {
        (outbox::failure_class.eq(class.as_str()), outbox::failure_detail.eq(detail.clone()))
    };
    let rows = match settlement {
        Settlement::Again(at, class, detail) => diesel::update(held)
            .set((
                outbox::state.eq(MessageState::Waiting.as_str()),
                outbox::lease.eq(None::<String>),
                outbox::next_attempt_at.eq(micros(*at)),
                outbox::ambiguous
                    .eq(outbox::ambiguous + number(u32::from(*class == FailureClass::Ambiguous))),
                failed(class, detail),
            ))
            .execute(&mut **tx)?,
        Settlement::HandedOver(provider_id) => diesel::update(held)
            .set((
                outbox::state.eq(MessageState::HandedOver.as_str()),
                outbox::provider_id.eq(provider_id.as_deref()),
                outbox::handed_over_at.eq(micros(now)),
                ended,
            ))
            .execute(&mut **tx)?,
        Settlement::Over(state, class, detail) => diesel::update(held)
            .set((outbox::state.eq(state.as_str()), failed(class, detail), ended))
            .execute(&mut **tx)?,
        Settlement::Stopped => diesel::update(held)
            .set((outbox::state.eq(MessageState::Stopped.as_str()), ended))
            .execute(&mut **tx)?,
    };
    Ok(rows == 1)
}
