//! Claiming: which messages are sent now, and what each says.

use super::{CodeMessage, Content, CrashPoint, LinkMessage, TestMessage, Told, Work, count_end};
use crate::domain::browser::BrowserLabel;
use crate::domain::challenge::{CODE_LIFE, Challenge};
use crate::domain::delivery::{FailureClass, Lane, MIN_LIFE_AT_SEND, MessageState};
use crate::domain::ids::Id;
use crate::domain::link::{Link, LinkPurpose};
use crate::domain::second_factor::Method;
use crate::flows::{FlowError, Services, links, stops};
use crate::storage::outbox::{self, Claimed, Leased, Reason, Settlement, Which};
use crate::storage::{self, StorageError, Tx, accounts, challenges, channel_health, events, former_states};

/// How often a lane is looked at again that held only what is over. A claim is one write, and others wait for its end.
const LOOKS: usize = 32;

/// Claims messages that are due, of each lane as many as there is room for; while its channel is down, one that tries it, when
/// that may be. What is not wanted any more, too late or unreadable is settled here and not answered.
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
            // Those that try a channel come first: how it stands is locked before any message, here and by whoever settles.
            for (lane, _) in room.iter().filter(|(_, most)| *most > 0) {
                work.extend(probe(&this, tx, *lane, &lease)?);
            }
            for (lane, most) in room {
                let most = i64::try_from(most).unwrap_or(i64::MAX);
                let is_down = channel_health::find(tx, lane.channel())?.down.is_some();
                let which = if is_down { Which::TooLate } else { Which::Any };
                // What is over stands in front, and after an outage there is much of it: it must not cost a code a look each.
                for _ in 0..LOOKS {
                    let leased = outbox::claim(tx, &lease, (lane, which, most), &this.keys, now)?;
                    let (before, is_empty) = (work.len(), leased.is_empty());
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
    for _ in 0..LOOKS {
        let leased = outbox::claim(tx, lease, (lane, Which::Any, 1), &services.keys, now)?.pop();
        let Some(leased) = leased else { break };
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
            if claimed.is_reclaimed {
                let (measures, channel) = (services.measures.clone(), claimed.recipient.method());
                tx.after_commit(move || measures.reclaimed(channel));
            }
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
    if stops::holds(services, tx, &claimed.recipient)? {
        let detail = "not tried: STOP was sent from there".to_owned();
        return Ok(Err(Settlement::Over(MessageState::Failed, FailureClass::OptedOut, detail)));
    }
    match &claimed.reason {
        Reason::Code(challenge, generation) => code(services, tx, claimed, challenge, *generation),
        Reason::Link(link) => letter(services, tx, link),
        Reason::Test => test(services, tx, claimed),
        Reason::TextsRunLow => Ok(Ok(Content::TextsRunLow(services.settings.texts_a_day))),
    }
}

fn test(
    services: &Services,
    tx: &mut Tx<'_>,
    claimed: &Claimed,
) -> Result<Result<Content, Settlement>, FlowError> {
    let account = accounts::find(tx, &claimed.account, services.now())?;
    let Some(account) = account.filter(|account| account.is_active()) else {
        return Ok(Err(Settlement::Stopped));
    };
    Ok(Ok(Content::Test(TestMessage {
        requested_at: claimed.created_at,
        valid_until: claimed.created_at + CODE_LIFE,
        time_zone: account.time_zone,
    })))
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

/// Nothing mends such a row, and kept waiting it would stand in the way of all others.
fn unreadable(why: String) -> Settlement {
    tracing::error!(event = "message_unreadable", why, "a message cannot be read and is not sent");
    Settlement::Over(MessageState::Failed, FailureClass::Bug, why)
}

fn expired() -> Settlement {
    Settlement::Over(MessageState::Expired, FailureClass::Expired, String::new())
}
