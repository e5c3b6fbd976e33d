//! What every story with a code shares: open a challenge, send its code, enter one, see how the message stands.

use chrono::{DateTime, Utc};

use crate::domain::account::Account;
use crate::domain::browser::BrowserLabel;
use crate::domain::challenge::{
    CHALLENGE_LIFE, Challenge, CodeProof, NoSend, Purpose, SENDS, SpentTry, Verdict,
};
use crate::domain::code::TypedCode;
use crate::domain::delivery::{FailureClass, MessageState, code_give_up_at};
use crate::domain::ids::Id;
use crate::domain::limits::{CodeFailure, SecondFactorStanding};
use crate::domain::second_factor::{Destination, Method};
use crate::flows::measures::{AskedFor, CodeResult};
use crate::flows::{FlowError, Services, Visitor, stops, texts, wrong_tries};
use crate::platform::crash_point::CrashPoint;
use crate::storage::outbox::{self, NewMessage, Reason};
use crate::storage::outbox_progress::{self, Progress};
use crate::storage::sends::{self, NextSend};
use crate::storage::{
    AnyConnection, Tx, accounts, challenges, channel_health, instance, second_factors, throttles,
};

/// A challenge to be opened.
pub(super) struct NewChallenge<'a> {
    pub(super) purpose: Purpose,
    pub(super) owner: &'a str,
    pub(super) destination: Destination,
    pub(super) asks_every_login: bool,
    pub(super) browser: &'a BrowserLabel,
}

/// What became of the wish for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resend {
    /// It is on its way, with the code that was there or a new one.
    Sent,
    /// Not before this moment.
    NotBefore(DateTime<Utc>),
    /// This login, set-up or confirmation has had its last message.
    NoMore,
    /// Codes are paused or suspended; none is sent that could not be entered.
    Stopped(SecondFactorStanding),
}

/// The truth about the newest message, in terms of what can be known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// Nothing was sent, and nothing may be before this moment.
    NotSent(DateTime<Utc>),
    /// How the message stands, since when, and what went wrong last.
    Message(MessageState, DateTime<Utc>, Option<FailureClass>),
    /// It does not leave, because nothing does by this channel; since when the message stands as it does.
    ChannelDown(DateTime<Utc>),
}

/// Why a typed code opens nothing.
pub(super) enum NotEntered {
    Wrong {
        left: u32,
    },
    TooOld,
    /// All tries are spent.
    Spent,
    /// The account's codes are paused or suspended.
    Stopped(SecondFactorStanding),
    /// Somebody else entered it first, or the challenge is over.
    Gone,
}

/// Opens a challenge and sends its first code, if the account's limits allow one.
pub(super) fn open_and_send(
    services: &Services,
    tx: &mut Tx<'_>,
    account: &Account,
    new: NewChallenge<'_>,
) -> Result<(Challenge, Resend), FlowError> {
    let challenge = open(services, tx, account, new)?;
    let resend = send(services, tx, account, &challenge)?;
    Ok((challenge, resend))
}

/// Opens a challenge whose first code is not due yet.
pub(super) fn open(
    services: &Services,
    tx: &mut Tx<'_>,
    account: &Account,
    new: NewChallenge<'_>,
) -> Result<Challenge, FlowError> {
    let now = services.now();
    let challenge = Challenge {
        id: services.new_id()?,
        purpose: new.purpose,
        account: account.id.clone(),
        owner: new.owner.to_owned(),
        destination: new.destination,
        asks_every_login: new.asks_every_login,
        key_id: services.keys.current_id().to_owned(),
        generation: 0,
        code_ends_at: None,
        previous_ends_at: None,
        tries: 0,
        sends: 0,
        sent_at: None,
        resend_at: now,
        opened_at: now,
        expires_at: now + CHALLENGE_LIFE,
        used_at: None,
        ended_at: None,
    };
    challenges::open(tx, &challenge, new.browser.as_str(), &services.sealer()?)?;
    Ok(challenge)
}

/// Sends the code of a challenge, again or for the first time: the challenge's own wait first, then the account's limits,
/// then one conditional update, then the outbox. All of it commits together.
pub(super) fn send(
    services: &Services,
    tx: &mut Tx<'_>,
    account: &Account,
    challenge: &Challenge,
) -> Result<Resend, FlowError> {
    let now = services.now();
    if let Some(stopped) = stops(account, challenge.purpose) {
        return Ok(Resend::Stopped(stopped));
    }
    let send = match challenge.next_send(now) {
        Ok(send) => send,
        Err(NoSend::Before(at)) => return Ok(Resend::NotBefore(at)),
        Err(NoSend::NoMore) => return Ok(Resend::NoMore),
    };
    let (measures, channel) = (services.measures.clone(), challenge.destination.method());
    if let Some(until) = held_until(services, tx, account, challenge)? {
        tx.after_commit(move || measures.asked_for(channel, AskedFor::Held));
        challenges::put_off(tx, &challenge.id, until)?;
        return Ok(Resend::NotBefore(until));
    }
    if !challenges::record_send(tx, &challenge.id, challenge.sends, &send, now)? {
        // Another request was faster; its message is the one that counts.
        return Ok(Resend::NotBefore(send.resend_at));
    }
    stops::lift_for(services, tx, challenge)?;
    let message = NewMessage {
        id: &services.new_id()?,
        account: &account.id,
        reason: Reason::Code(challenge.id.clone(), send.generation),
        recipient: &challenge.destination,
        is_confirmed: is_confirmed(challenge.purpose),
        give_up_at: code_give_up_at(challenge.destination.method(), send.code_ends_at, now),
    };
    outbox::put(tx, &message, &services.sealer()?, now)?;
    if channel == Method::Sms {
        texts::warn_if_low(services, tx)?;
    }
    tx.after_commit(move || measures.asked_for(channel, AskedFor::Written));
    wake_after(services, tx);
    Ok(Resend::Sent)
}

/// Rings the worker once the message is committed.
pub(super) fn wake_after(services: &Services, tx: &mut Tx<'_>) {
    let wake = std::sync::Arc::clone(&services.wake);
    tx.after_commit(move || {
        CrashPoint::AfterCommit.reach();
        wake.notify_one();
    });
}

fn is_confirmed(purpose: Purpose) -> bool {
    match purpose {
        Purpose::Login | Purpose::ConfirmIdentity | Purpose::Mailbox | Purpose::PresentMailbox => true,
        Purpose::SetUp | Purpose::EmailOfRecord => false,
    }
}

fn stops(account: &Account, purpose: Purpose) -> Option<SecondFactorStanding> {
    match account.second_factor_standing {
        SecondFactorStanding::Open => None,
        standing @ (SecondFactorStanding::Paused(_) | SecondFactorStanding::Suspended) => {
            purpose.counts_for_account().then_some(standing)
        }
    }
}

fn held_until(
    services: &Services,
    tx: &mut Tx<'_>,
    account: &Account,
    challenge: &Challenge,
) -> Result<Option<DateTime<Utc>>, FlowError> {
    // Counting and adding must not interleave: per account always, per installation where texts have a common limit.
    // Per destination where it is not confirmed, since any account may name it.
    accounts::lock(tx, &account.id)?;
    let destination = second_factors::index_of(&services.keys, &challenge.destination);
    if challenge.destination.method() == Method::Sms {
        instance::lock(tx)?;
    }
    if !is_confirmed(challenge.purpose) {
        throttles::lock(tx, &destination, services.now())?;
    }
    let next = NextSend {
        account: &account.id,
        channel: challenge.destination.method(),
        destination: &destination,
        is_confirmed: is_confirmed(challenge.purpose),
        counted_from: account.sends_counted_from,
        texts_an_hour: i64::from(services.settings.texts_an_hour),
        texts_a_day: i64::from(services.settings.texts_a_day),
    };
    Ok(sends::held_until(tx, &next, services.now())?)
}

/// Takes a typed code in two writes. The first spends the try and commits it, alone: whatever happens next gives no guess
/// back. The second looks again, derives, compares, uses the challenge up and lets `open` do what the code allows; exactly
/// one caller gets there. What a wrong code brings the account is noted as coming from the visitor.
pub(super) async fn take<T, F>(
    services: &Services,
    challenge: &Challenge,
    typed: TypedCode,
    visitor: Visitor,
    open: F,
) -> Result<Result<T, NotEntered>, FlowError>
where
    F: FnOnce(&mut Tx<'_>, &CodeProof) -> Result<T, FlowError> + Send + 'static,
    T: Send + 'static,
{
    let (this, asked) = (services.clone(), challenge.clone());
    let taken = match services.db.write(move |tx| spend(&this, tx, &asked)).await? {
        Err(refused) => Err(refused),
        Ok((spent, brought)) => {
            let (this, id, account) = (services.clone(), challenge.id.clone(), challenge.account.clone());
            let second = move |tx: &mut Tx<'_>| {
                accounts::lock(tx, &account)?;
                match compare(&this, tx, &id, spent, &typed)? {
                    Ok(proof) => open(tx, &proof).map(Ok),
                    Err(refused) => {
                        wrong_tries::code(&this, tx, &account, brought, &visitor)?;
                        Ok(Err(refused))
                    }
                }
            };
            services.db.write(second).await?
        }
    };
    count(services, challenge, taken.as_ref().err());
    Ok(taken)
}

fn count(services: &Services, challenge: &Challenge, refused: Option<&NotEntered>) {
    let result = match refused {
        None => CodeResult::Right,
        Some(NotEntered::Stopped(_)) => CodeResult::Paused,
        Some(NotEntered::Wrong { .. } | NotEntered::TooOld | NotEntered::Spent) => CodeResult::Wrong,
        Some(NotEntered::Gone) => return,
    };
    services.measures.code(challenge.purpose, challenge.destination.method(), result);
}

fn spend(
    services: &Services,
    tx: &mut Tx<'_>,
    challenge: &Challenge,
) -> Result<Result<(SpentTry, CodeFailure), NotEntered>, FlowError> {
    let (now, id, account) = (services.now(), &challenge.id, &challenge.account);
    accounts::lock(tx, account)?;
    let found = challenges::find(tx, id, &services.keys)?;
    let (Some(found), Some(owner)) = (found, accounts::find(tx, account, now)?) else {
        return Ok(Err(NotEntered::Gone));
    };
    if let Some(stopped) = stops(&owner, found.purpose) {
        return Ok(Err(NotEntered::Stopped(stopped)));
    }
    if found.is_open(now) && !found.has_live_code(now) && found.tries_left() > 0 {
        return Ok(Err(NotEntered::TooOld));
    }
    let Some(spent) = challenges::spend_try(tx, id, now)? else {
        let is_spent = found.is_open(now) && found.tries_left() == 0;
        return Ok(Err(if is_spent { NotEntered::Spent } else { NotEntered::Gone }));
    };
    let brought = if found.purpose.counts_for_account() {
        accounts::count_code_failure(tx, account, now)?
    } else {
        CodeFailure::Counts
    };
    Ok(Ok((spent, brought)))
}

fn compare(
    services: &Services,
    tx: &mut Tx<'_>,
    challenge: &Id<Challenge>,
    spent: SpentTry,
    typed: &TypedCode,
) -> Result<Result<CodeProof, NotEntered>, FlowError> {
    let now = services.now();
    let Some(found) = challenges::find(tx, challenge, &services.keys)? else {
        return Ok(Err(NotEntered::Gone));
    };
    if found.used_at.is_some() || found.ended_at.is_some() {
        return Ok(Err(NotEntered::Gone));
    }
    match found.check(spent, typed, &services.keys, now) {
        Verdict::Right(right) => match right.used_up(challenges::use_up(tx, challenge, now)?) {
            Some(proof) => {
                if found.purpose.counts_for_account() {
                    accounts::forgive_codes(tx, &found.account)?;
                }
                Ok(Ok(proof))
            }
            None => Ok(Err(NotEntered::Gone)),
        },
        Verdict::TooOld if found.tries_left() > 0 => Ok(Err(NotEntered::TooOld)),
        Verdict::Wrong { left } if left > 0 => Ok(Err(NotEntered::Wrong { left })),
        Verdict::TooOld | Verdict::Wrong { .. } => Ok(Err(NotEntered::Spent)),
    }
}

/// How the newest message of a challenge stands.
pub(super) fn delivery(
    conn: &mut AnyConnection,
    challenge: &Challenge,
    now: DateTime<Utc>,
) -> Result<Delivery, FlowError> {
    let Some(Progress { state, at, class }) = outbox_progress::progress(conn, &challenge.id)? else {
        return Ok(Delivery::NotSent(challenge.resend_at));
    };
    let health = channel_health::find(conn, challenge.destination.method())?;
    let is_channels_doing = health.holds_up(state, class, now);
    Ok(if is_channels_doing { Delivery::ChannelDown(at) } else { Delivery::Message(state, at, class) })
}

/// When another message may be asked for; `None` after the last.
pub(super) fn resend_at(challenge: &Challenge) -> Option<DateTime<Utc>> {
    (challenge.sends < SENDS).then_some(challenge.resend_at)
}
