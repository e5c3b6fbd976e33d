//! The states and the schedule of a message on its way out.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::second_factor::Method;

/// How a message stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageState {
    /// It waits for its first or next attempt.
    Waiting,
    /// An attempt is under way.
    Sending,
    /// A mail server or carrier took it.
    HandedOver,
    /// The carrier says that it arrived.
    Delivered,
    /// It cannot be sent.
    Failed,
    /// Its time ran out before anybody took it.
    Expired,
    /// It is not wanted any more.
    Stopped,
}

/// What kind of failure an attempt met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureClass {
    /// Certainly not sent; another attempt may succeed.
    RetrySafe,
    /// The same, for this recipient alone: greylisting, a mailbox that is full for now.
    Deferred,
    /// Perhaps sent: the connection ended before the answer.
    Ambiguous,
    /// The address or number does not take messages.
    BadRecipient,
    /// The recipient answered STOP.
    OptedOut,
    /// The country is closed, here or at the provider.
    RegionBlocked,
    /// Credentials or certificate.
    ConfigAuth,
    /// The sender is not allowed.
    ConfigSender,
    /// The provider's account.
    ConfigAccount,
    /// Refused for what it says.
    Filtered,
    /// Its time ran out on the way.
    Expired,
    /// Our own mistake.
    Bug,
}

impl MessageState {
    /// All of them, in the order in which a message goes through them.
    pub const ALL: [Self; 7] = [
        Self::Waiting,
        Self::Sending,
        Self::HandedOver,
        Self::Delivered,
        Self::Failed,
        Self::Expired,
        Self::Stopped,
    ];

    /// The word in the database and in the status that the small script reads.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::HandedOver => "handed_over",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Stopped => "stopped",
        }
    }

    /// Reads the word in the database.
    pub fn stored(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

impl FailureClass {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::RetrySafe,
        Self::Deferred,
        Self::Ambiguous,
        Self::BadRecipient,
        Self::OptedOut,
        Self::RegionBlocked,
        Self::ConfigAuth,
        Self::ConfigSender,
        Self::ConfigAccount,
        Self::Filtered,
        Self::Expired,
        Self::Bug,
    ];

    /// The word in the database, in logs and in metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RetrySafe => "retry_safe",
            Self::Deferred => "deferred",
            Self::Ambiguous => "ambiguous",
            Self::BadRecipient => "bad_recipient",
            Self::OptedOut => "opted_out",
            Self::RegionBlocked => "region_blocked",
            Self::ConfigAuth => "config_auth",
            Self::ConfigSender => "config_sender",
            Self::ConfigAccount => "config_account",
            Self::Filtered => "filtered",
            Self::Expired => "expired",
            Self::Bug => "bug",
        }
    }

    /// Reads the word in the database.
    pub fn stored(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == text)
    }
}

/// How long an instance may work on a message before another takes it over.
pub const LEASE: TimeDelta = TimeDelta::seconds(60);
/// No attempt starts this close to the end of a code's window.
pub const LAST_START: TimeDelta = TimeDelta::seconds(10);
/// A code with less than this left is not sent any more.
pub const MIN_LIFE_AT_SEND: TimeDelta = TimeDelta::seconds(120);

/// How long a code may wait to be handed over.
pub fn send_window(channel: Method) -> TimeDelta {
    match channel {
        Method::Email => TimeDelta::seconds(300),
        Method::Sms => TimeDelta::seconds(90),
    }
}

/// When a code asked for now is given up: its window, and never within two minutes of its end.
pub fn code_give_up_at(channel: Method, code_ends_at: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    (now + send_window(channel)).min(code_ends_at - MIN_LIFE_AT_SEND)
}

/// How urgent a message is, which decides its schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// A code: someone waits at the page.
    Code,
    /// A link or a notice: it may take until its end, waiting longer each time.
    Letter,
}

/// With what a message shares its places on the way out: a silent mail server must not hold up text messages, nor a heap
/// of letters a code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Codes by mail.
    MailedCodes,
    /// Codes by text message.
    TextedCodes,
    /// Everything else.
    Letters,
}

impl Lane {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::MailedCodes, Self::TextedCodes, Self::Letters];

    /// Where a message belongs.
    pub fn of(channel: Method, urgency: Urgency) -> Self {
        match (urgency, channel) {
            (Urgency::Code, Method::Email) => Self::MailedCodes,
            (Urgency::Code, Method::Sms) => Self::TextedCodes,
            (Urgency::Letter, Method::Email | Method::Sms) => Self::Letters,
        }
    }

    /// What its messages leave by: letters are always mailed.
    pub fn channel(self) -> Method {
        match self {
            Self::MailedCodes | Self::Letters => Method::Email,
            Self::TextedCodes => Method::Sms,
        }
    }
}

/// What an attempt that did not hand a message over leaves to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Try again at this moment.
    At(DateTime<Utc>),
    /// No more attempts: it could not be sent.
    Fail,
    /// No more attempts: its time is over.
    Expire,
}

/// A failed attempt, and what is known of the message so far.
#[derive(Clone, Copy, Debug)]
pub struct Attempt {
    /// How it is sent.
    pub channel: Method,
    /// How urgent it is.
    pub urgency: Urgency,
    /// What it met.
    pub class: FailureClass,
    /// Which attempt this was, from 1.
    pub number: u32,
    /// How many ambiguous failures there were, with this one.
    pub ambiguous: u32,
    /// When the message was asked for.
    pub created_at: DateTime<Utc>,
    /// When it is given up.
    pub give_up_at: DateTime<Utc>,
    /// The wait that the other side asked for.
    pub retry_after: Option<TimeDelta>,
    /// Chance, to spread attempts by a fifth either way.
    pub jitter: u8,
}

/// Decides what happens after a failed attempt.
pub fn after_failure(attempt: &Attempt, now: DateTime<Utc>) -> Next {
    match attempt.class {
        FailureClass::RetrySafe | FailureClass::Deferred => retry(attempt, now),
        // A letter has hours, in which the operator may mend it; somebody waits for a code.
        FailureClass::ConfigAuth | FailureClass::ConfigSender | FailureClass::ConfigAccount
            if attempt.urgency == Urgency::Letter =>
        {
            retry(attempt, now)
        }
        FailureClass::Ambiguous => match attempt.channel {
            Method::Email => retry(attempt, now),
            // A second text costs money and may be the second copy: one more, with the same code, and no third.
            Method::Sms if attempt.ambiguous > 1 => Next::Fail,
            Method::Sms => within_window(attempt, now + TimeDelta::seconds(5), now),
        },
        FailureClass::Expired => Next::Expire,
        FailureClass::BadRecipient
        | FailureClass::OptedOut
        | FailureClass::RegionBlocked
        | FailureClass::ConfigAuth
        | FailureClass::ConfigSender
        | FailureClass::ConfigAccount
        | FailureClass::Filtered
        | FailureClass::Bug => Next::Fail,
    }
}

fn retry(attempt: &Attempt, now: DateTime<Utc>) -> Next {
    let planned = match attempt.urgency {
        Urgency::Code => code_start(attempt).unwrap_or(attempt.give_up_at - LAST_START),
        Urgency::Letter => now + spread(letter_wait(attempt.number), attempt.jitter),
    };
    // A wish makes the wait longer and never shorter: after a "0" we would ask as fast as we can.
    let start = attempt.retry_after.map_or(planned, |wait| planned.max(now + wait));
    within_window(attempt, start, now)
}

/// When the next attempt at a code starts, by the schedule. Chance spreads only the wait since the attempt before it:
/// spread from the beginning, the last ones would overtake each other, and two would follow without any wait.
fn code_start(attempt: &Attempt) -> Option<DateTime<Utc>> {
    const EMAIL: [i64; 9] = [0, 2, 7, 22, 52, 97, 157, 217, 277];
    const SMS: [i64; 5] = [0, 2, 7, 22, 52];
    let offsets: &[i64] = match attempt.channel {
        Method::Email => &EMAIL,
        Method::Sms => &SMS,
    };
    let next = usize::try_from(attempt.number).ok()?;
    let (before, next) = (offsets.get(next.checked_sub(1)?)?, offsets.get(next)?);
    Some(attempt.created_at + TimeDelta::seconds(*before) + spread(next - before, attempt.jitter))
}

/// Seconds between attempts at a letter: 5, doubling to 15 minutes.
fn letter_wait(number: u32) -> i64 {
    (5_i64 << number.saturating_sub(1).min(10)).min(900)
}

fn spread(seconds: i64, jitter: u8) -> TimeDelta {
    // 0..=255 becomes -20 % .. +20 %.
    let fifth = seconds * 200;
    TimeDelta::milliseconds(seconds * 1_000 - fifth + fifth * 2 * i64::from(jitter) / 255)
}

/// Keeps the next start inside the window: one that would fall past its end becomes the last one, at its end.
fn within_window(attempt: &Attempt, start: DateTime<Utc>, now: DateTime<Utc>) -> Next {
    let last = attempt.give_up_at - LAST_START;
    let start = start.max(now);
    if now >= last {
        // This was the last one.
        Next::Expire
    } else if start <= last {
        Next::At(start)
    } else if attempt.retry_after.is_none() {
        Next::At(last)
    } else {
        Next::Expire
    }
}

#[cfg(test)]
mod tests;
