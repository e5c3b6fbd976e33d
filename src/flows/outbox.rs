//! The outbox as the worker sees it: claim work, with the code derived for it; settle it.

mod claim;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::domain::browser::BrowserLabel;
use crate::domain::challenge::Purpose;
use crate::domain::channel::Sign;
use crate::domain::code::Code;
use crate::domain::delivery::{Attempt, FailureClass, Lane, MessageState, Next, Urgency, after_failure};
use crate::domain::event::SecurityEvent;
use crate::domain::ids::Id;
use crate::domain::link::LinkPurpose;
use crate::domain::second_factor::{Destination, Method};
use crate::domain::secret::Secret;
use crate::domain::username::Username;
use crate::flows::{FlowError, Services, channels, stops};
use crate::storage::delivery_attempts::EndedAttempt;
use crate::storage::outbox::{self, Claimed, Settlement};
use crate::storage::{Tx, delivery_attempts};

// For the worker, who knows nobody but flows and domain.
pub use crate::platform::crash_point::CrashPoint;
pub use crate::storage::outbox::Message;
pub use claim::claim;

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
    /// A test.
    Test(TestMessage),
    /// Most of so many texts a day are gone.
    TextsRunLow(u32),
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

/// A test that an administrator asked for.
pub struct TestMessage {
    /// When.
    pub requested_at: DateTime<Utc>,
    /// When it is of no use any more.
    pub valid_until: DateTime<Utc>,
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

/// Settles what an attempt came to. If the lease was lost meanwhile, another instance settles it.
///
/// # Errors
/// As for any fault; the lease then runs out and the message is tried again.
pub async fn settle(services: &Services, work: &Work, outcome: Outcome) -> Result<(), FlowError> {
    CrashPoint::AfterIo.reach();
    let now = services.now();
    services.measures.attempted(work, &outcome, now);
    let ended = EndedAttempt { number: work.attempt, at: now, failure: outcome.failure() };
    let sign = match &outcome {
        Outcome::HandedOver { .. } => Sign::Works,
        Outcome::NotHandedOver { class, .. } => Sign::of_failure(*class),
    };
    let learned = (sign, work.is_probe);
    let (recipient, told) = (work.recipient.clone(), outcome.clone());
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
            stops::note(&this, tx, &recipient, &told)?;
            if outbox::settle(tx, &id, &lease, &settlement, now)? {
                count_end(&this, tx, Some(channel), &settlement);
            }
            // Also where the lease was lost: it was made.
            delivery_attempts::note(tx, &id, &ended)?;
            CrashPoint::BeforeFinish.reach();
            // The worker sleeps until what is due next; a retry may be sooner.
            tx.after_commit(move || this.wake.notify_one());
            Ok(())
        })
        .await
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

/// When the next message is due, if any is.
///
/// # Errors
/// As for any fault.
pub async fn next_due(services: &Services) -> Result<Option<DateTime<Utc>>, FlowError> {
    services.db.read(|conn| Ok(outbox::next_due(conn)?)).await
}
