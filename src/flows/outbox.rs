//! The outbox as the worker sees it: claim work, with the code derived for it; settle it.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::domain::browser::BrowserLabel;
use crate::domain::challenge::{Challenge, Purpose};
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
use crate::flows::{FlowError, Services, links};
use crate::storage::delivery_attempts::EndedAttempt;
use crate::storage::outbox::{self, Claimed, Leased, Reason, Settlement};
use crate::storage::{
    self, StorageError, Tx, accounts, challenges, delivery_attempts, events, former_states,
};

// For the worker, who knows nobody but flows and domain.
pub use crate::platform::crash_point::CrashPoint;
pub use crate::storage::outbox::Message;

/// How often a lane is looked at again that held only what is over. A claim is one write, and others wait for its end.
const LOOKS: usize = 32;

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
    pub(super) created_at: DateTime<Utc>,
    urgency: Urgency,
    lease: String,
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

impl Outcome {
    fn failure(&self) -> Option<(FailureClass, String)> {
        match self {
            Self::HandedOver { .. } => None,
            Self::NotHandedOver { class, detail, .. } => Some((*class, detail.clone())),
        }
    }
}

/// Claims messages that are due, of each lane as many as there is room for. What is not wanted any more, too late or
/// unreadable is settled here and not answered.
///
/// # Errors
/// As for any fault.
pub async fn claim(services: &Services, room: &[(Lane, usize)]) -> Result<Vec<Work>, FlowError> {
    let (this, room) = (services.clone(), room.to_vec());
    let work = services
        .db
        .write(move |tx| {
            let (now, lease) = (this.now(), this.new_id::<Work>()?.as_str().to_owned());
            let mut work = Vec::new();
            for (lane, most) in room {
                let most = i64::try_from(most).unwrap_or(i64::MAX);
                // What is over stands in front, and after an outage there is much of it: it must not cost a code a look each.
                for _ in 0..LOOKS {
                    let (before, leased) =
                        (work.len(), outbox::claim(tx, &lease, (lane, most), &this.keys, now)?);
                    let is_empty = leased.is_empty();
                    for leased in leased {
                        work.extend(take_up(&this, tx, leased, &lease)?);
                    }
                    if is_empty || work.len() > before {
                        break;
                    }
                }
            }
            Ok::<_, FlowError>(work)
        })
        .await?;
    if !work.is_empty() {
        CrashPoint::AfterClaim.reach();
    }
    Ok(work)
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
    CrashPoint::AfterIo.reach();
    let now = services.now();
    services.measures.attempted(work, &outcome, now);
    let ended = EndedAttempt { number: work.attempt, at: now, failure: outcome.failure() };
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
            delivery_attempts::note(tx, &id, &ended)?;
            if outbox::settle(tx, &id, &lease, &settlement, now)? {
                count_end(&this, tx, Some(channel), &settlement);
            }
            CrashPoint::BeforeFinish.reach();
            // The worker sleeps until what is due next; a retry may be sooner.
            tx.after_commit(move || this.wake.notify_one());
            Ok(())
        })
        .await
}

/// When the next message is due, if any is.
///
/// # Errors
/// As for any fault.
pub async fn next_due(services: &Services) -> Result<Option<DateTime<Utc>>, FlowError> {
    services.db.read(|conn| Ok(outbox::next_due(conn)?)).await
}
