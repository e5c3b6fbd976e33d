//! The outbox as the worker sees it: claim work, with the code derived for it; settle it.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::domain::browser::BrowserLabel;
use crate::domain::challenge::{Challenge, Purpose};
use crate::domain::channel::Sign;
use crate::domain::code::Code;
use crate::domain::delivery::{
    Attempt, FailureClass, Lane, MIN_LIFE_AT_SEND, MessageState, Next, Urgency, after_failure,
};
use crate::domain::event::SecurityEvent;
use crate::domain::ids::Id;
use crate::domain::link::{Link, LinkPurpose};
use crate::domain::second_factor::{Destination, Method};
use crate::domain::secret::Secret;
use crate::domain::username::Username;
use crate::flows::{FlowError, Services, channels, links};
use crate::storage::outbox::{self, Claimed, Leased, Reason, Settlement, Which};
use crate::storage::{self, StorageError, Tx, accounts, challenges, channel_health, events, former_states};

pub use crate::storage::outbox::Message;

/// A message to be sent now, by the one who claimed it.
pub struct Work {
    /// Its identifier, constant over all attempts.
    pub id: Id<Message>,
    /// How it is sent.
    pub channel: Method,
    /// Where it goes.
    pub recipient: Destination,
    /// What it says.
    pub content: Content,
    /// Nothing leaves after this moment.
    pub give_up_at: DateTime<Utc>,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// How many ambiguous failures there were before.
    pub ambiguous: u32,
    created_at: DateTime<Utc>,
    urgency: Urgency,
    lease: String,
    /// Whether it tries a channel that is down.
    is_probe: bool,
}

impl Work {
    fn of(claimed: Claimed, content: Content, lease: &str) -> Self {
        Self {
            channel: claimed.recipient.method(),
            urgency: claimed.reason.urgency(),
            id: claimed.id,
            recipient: claimed.recipient,
            content,
            give_up_at: claimed.give_up_at,
            attempt: claimed.attempt,
            ambiguous: claimed.ambiguous,
            created_at: claimed.created_at,
            lease: lease.to_owned(),
            is_probe: false,
        }
    }

    /// With what it shares its places.
    pub fn lane(&self) -> Lane {
        Lane::of(self.channel, self.urgency)
    }
}

/// What a message says.
pub enum Content {
    /// A code.
    Code(CodeMessage),
    /// A link, and what is said around it.
    Link(Box<LinkMessage>),
}

/// A code, and what the person is told about it.
pub struct CodeMessage {
    /// What it opens.
    pub purpose: Purpose,
    /// The digits.
    pub code: Code,
    /// When it stops working.
    pub valid_until: DateTime<Utc>,
    /// When it was asked for.
    pub requested_at: DateTime<Utc>,
    /// From which browser.
    pub browser: BrowserLabel,
    /// Where times are shown.
    pub time_zone: Tz,
}

/// A link, and what the person is told about it.
pub struct LinkMessage {
    /// What it is for.
    pub purpose: LinkPurpose,
    /// Whose account it opens something of.
    pub username: Username,
    /// Where it leads: a secret.
    pub link: Secret<String>,
    /// What a notice tells of.
    pub told: Option<Told>,
    /// When the link is over.
    pub valid_until: DateTime<Utc>,
    /// Where times are shown.
    pub time_zone: Tz,
}

/// What a notice tells of.
pub struct Told {
    /// The line of the activity log.
    pub event: SecurityEvent,
    /// The administrator who did it, if one did.
    pub administrator: Option<Username>,
    /// Whether its link also puts back what stood before.
    pub puts_back: bool,
}

/// What an attempt came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A mail server or carrier took it.
    HandedOver {
        /// The carrier's name for it.
        provider_id: Option<String>,
    },
    /// Nobody took it, or nobody said so.
    NotHandedOver {
        /// What kind of failure.
        class: FailureClass,
        /// The other side's words, scrubbed of addresses and digits.
        detail: String,
        /// The wait it asked for.
        retry_after: Option<TimeDelta>,
    },
}

/// Claims messages that are due, of each lane as many as there is room for; while its channel is down, one that tries it, when
/// that may be. What is not wanted any more, too late or unreadable is settled here and not answered.
///
/// # Errors
/// As for any fault.
pub async fn claim(services: &Services, room: &[(Lane, usize)]) -> Result<Vec<Work>, FlowError> {
    let (this, room) = (services.clone(), room.to_vec());
    services
        .db
        .write(move |tx| {
            let (now, lease) = (this.now(), this.new_id::<Work>()?.as_str().to_owned());
            let mut work = Vec::new();
            // Those that try a channel come first: how it stands is locked before any message, here and by whoever settles.
            for (lane, _) in room.iter().filter(|(_, most)| *most > 0) {
                work.extend(probe(&this, tx, *lane, &lease)?);
            }
            for (lane, most) in room {
                let most = i64::try_from(most).unwrap_or(i64::MAX);
                let is_down = channel_health::find(tx, lane.channel())?.down.is_some();
                let which = if is_down { Which::TooLate } else { Which::Any };
                for leased in outbox::claim(tx, &lease, (lane, which, most), &this.keys, now)? {
                    work.extend(take_up(&this, tx, leased, &lease)?);
                }
            }
            Ok(work)
        })
        .await
}

/// Claims the one message that may try a channel that is down, if it may be tried now and this instance is the one to do it.
fn probe(services: &Services, tx: &mut Tx<'_>, lane: Lane, lease: &str) -> Result<Option<Work>, FlowError> {
    let (now, channel) = (services.now(), lane.channel());
    let health = channel_health::find(tx, channel)?;
    if health.down.is_none()
        || health.is_held(now)
        || !outbox::is_any_due(tx, lane, now)?
        || !channel_health::take_probe(tx, channel, &health, now)?
    {
        return Ok(None);
    }
    // One that is not wanted any more tries nothing: the next in line does.
    while let Some(leased) = outbox::claim(tx, lease, (lane, Which::Any, 1), &services.keys, now)?.pop() {
        if let Some(work) = take_up(services, tx, leased, lease)? {
            return Ok(Some(Work { is_probe: true, ..work }));
        }
    }
    channel_health::give_back_probe(tx, channel, now)?;
    Ok(None)
}

/// Makes work of what was leased, or settles it.
fn take_up(
    services: &Services,
    tx: &mut Tx<'_>,
    leased: Leased,
    lease: &str,
) -> Result<Option<Work>, FlowError> {
    let (id, channel, settlement) = match leased {
        Leased::Unreadable(id, why) => (id, None, unreadable(why)),
        Leased::Message(claimed) => {
            let settlement = match prepare(services, tx, &claimed) {
                Ok(Ok(content)) => return Ok(Some(Work::of(claimed, content, lease))),
                Ok(Err(settlement)) => settlement,
                Err(FlowError::Storage(StorageError::Unreadable(why))) => unreadable(why),
                Err(fault) => return Err(fault),
            };
            (claimed.id, Some(claimed.recipient.method()), settlement)
        }
    };
    if outbox::settle(tx, &id, lease, &settlement, services.now())? {
        count_end(services, tx, channel, &settlement);
    }
    Ok(None)
}

/// What the message says, or why it is not sent.
fn prepare(
    services: &Services,
    tx: &mut Tx<'_>,
    claimed: &Claimed,
) -> Result<Result<Content, Settlement>, FlowError> {
    let now = services.now();
    if now >= claimed.give_up_at {
        return Ok(Err(expired()));
    }
    // A lease that ran out is an ambiguous failure: a text is sent once more after one, and no third time.
    if claimed.recipient.method() == Method::Sms && claimed.ambiguous > 1 {
        let detail = "the sender died twice".to_owned();
        return Ok(Err(Settlement::Over(MessageState::Failed, FailureClass::Ambiguous, detail)));
    }
    match &claimed.reason {
        Reason::Code(challenge, generation) => code(services, tx, claimed, challenge, *generation),
        Reason::Link(link) => letter(services, tx, link),
    }
}

fn code(
    services: &Services,
    tx: &mut Tx<'_>,
    claimed: &Claimed,
    challenge: &Id<Challenge>,
    generation: u32,
) -> Result<Result<Content, Settlement>, FlowError> {
    let now = services.now();
    let found = challenges::find(tx, challenge, &services.keys)?;
    let Some(found) = found.filter(|found| found.is_open(now)) else { return Ok(Err(Settlement::Stopped)) };
    let ends_at = if generation == found.generation { found.code_ends_at } else { found.previous_ends_at };
    let Some(valid_until) = ends_at.filter(|end| *end - now >= MIN_LIFE_AT_SEND) else {
        return Ok(Err(expired()));
    };
    let account = accounts::find(tx, &claimed.account, now)?.filter(|account| account.is_active());
    let (Some(account), Some(code)) = (account, found.code(&services.keys, generation)) else {
        return Ok(Err(Settlement::Stopped));
    };
    let browser = challenges::browser(tx, challenge)?.unwrap_or_default();
    Ok(Ok(Content::Code(CodeMessage {
        purpose: found.purpose,
        code,
        valid_until,
        requested_at: claimed.created_at,
        browser: BrowserLabel::stored(browser),
        time_zone: account.time_zone,
    })))
}

fn letter(
    services: &Services,
    tx: &mut Tx<'_>,
    id: &Id<Link>,
) -> Result<Result<Content, Settlement>, FlowError> {
    let now = services.now();
    let found = storage::links::find(tx, id)?.filter(|found| found.is_open(now));
    let Some(found) = found else { return Ok(Err(Settlement::Stopped)) };
    let account = accounts::find(tx, &found.account, now)?;
    // A notice is told to whoever was disabled as well: that is one of the things it tells of.
    let Some(account) = account.filter(|owner| owner.is_active() || found.purpose == LinkPurpose::NotMe)
    else {
        return Ok(Err(Settlement::Stopped));
    };
    Ok(Ok(Content::Link(Box::new(LinkMessage {
        purpose: found.purpose,
        username: account.username,
        link: links::url(services, &found)?,
        told: told(services, tx, &found)?,
        valid_until: found.expires_at,
        time_zone: account.time_zone,
    }))))
}

fn told(services: &Services, tx: &mut Tx<'_>, link: &Link) -> Result<Option<Told>, FlowError> {
    let Some(event) = &link.event else { return Ok(None) };
    let Some(event) = events::find(tx, event)? else { return Ok(None) };
    let administrator = match event.actor.administrator() {
        Some(id) => accounts::find(tx, id, services.now())?.map(|account| account.username),
        None => None,
    };
    let puts_back = former_states::exists(tx, &event.id)?;
    Ok(Some(Told { event, administrator, puts_back }))
}

/// Counts a message that is not tried again, once that is committed.
fn count_end(services: &Services, tx: &mut Tx<'_>, channel: Option<Method>, settlement: &Settlement) {
    let (state, class) = match settlement {
        Settlement::Again(..) => return,
        Settlement::HandedOver(_) => (MessageState::HandedOver, None),
        Settlement::Over(state, class, _) => (*state, Some(*class)),
        Settlement::Stopped => (MessageState::Stopped, None),
    };
    let measures = services.measures.clone();
    tx.after_commit(move || measures.ended(channel, state, class));
}

/// Nothing mends such a row, and kept waiting it would stand in the way of all others.
fn unreadable(why: String) -> Settlement {
    tracing::error!(event = "message_unreadable", why, "a message cannot be read and is not sent");
    Settlement::Over(MessageState::Failed, FailureClass::Bug, why)
}

fn expired() -> Settlement {
    Settlement::Over(MessageState::Expired, FailureClass::Expired, String::new())
}

/// Settles what an attempt came to. If the lease was lost meanwhile, another instance settles it.
///
/// # Errors
/// As for any fault; the lease then runs out and the message is tried again.
pub async fn settle(services: &Services, work: &Work, outcome: Outcome) -> Result<(), FlowError> {
    let now = services.now();
    count_attempt(services, work, &outcome, now);
    let sign = match &outcome {
        Outcome::HandedOver { .. } => Sign::Works,
        Outcome::NotHandedOver { class, .. } => Sign::of_failure(*class),
    };
    let learned = (sign, work.is_probe);
    let settlement = match outcome {
        Outcome::HandedOver { provider_id } => Settlement::HandedOver(provider_id),
        Outcome::NotHandedOver { class, detail, retry_after } => {
            let attempt = Attempt {
                channel: work.channel,
                urgency: work.urgency,
                class,
                number: work.attempt,
                ambiguous: work.ambiguous + u32::from(class == FailureClass::Ambiguous),
                created_at: work.created_at,
                give_up_at: work.give_up_at,
                retry_after,
                jitter: services.random.bytes::<1>()?.first().copied().unwrap_or_default(),
            };
            match after_failure(&attempt, now) {
                Next::At(at) => Settlement::Again(at, class, detail),
                Next::Fail => Settlement::Over(MessageState::Failed, class, detail),
                Next::Expire => Settlement::Over(MessageState::Expired, class, detail),
            }
        }
    };
    let (this, id, lease, channel) = (services.clone(), work.id.clone(), work.lease.clone(), work.channel);
    services
        .db
        .write(move |tx| {
            // Before the message: whoever claims takes them in this order too.
            channels::note(&this, tx, channel, learned)?;
            if outbox::settle(tx, &id, &lease, &settlement, now)? {
                count_end(&this, tx, Some(channel), &settlement);
            }
            // The worker sleeps until what is due next; a retry may be sooner.
            tx.after_commit(move || this.wake.notify_one());
            Ok(())
        })
        .await
}

/// Counts an attempt when it is made: whether it can be settled is another question.
fn count_attempt(services: &Services, work: &Work, outcome: &Outcome, now: DateTime<Utc>) {
    let measures = &services.measures;
    match outcome {
        Outcome::HandedOver { .. } => {
            measures.attempt(work.channel, None);
            measures.handed_over(work.channel, now - work.created_at);
            if let Destination::Phone(number) = &work.recipient {
                measures.text(number.region());
            }
        }
        Outcome::NotHandedOver { class, .. } => measures.attempt(work.channel, Some(*class)),
    }
}

/// When the next message is due, if any is.
///
/// # Errors
/// As for any fault.
pub async fn next_due(services: &Services) -> Result<Option<DateTime<Utc>>, FlowError> {
    services.db.read(|conn| Ok(outbox::next_due(conn)?)).await
}
