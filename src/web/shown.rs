//! From what stories answer to what pages show.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;

use crate::domain::delivery::{FailureClass, MessageState};
use crate::domain::event::{Actor, SecurityEvent, shown_network};
use crate::domain::limits::SecondFactorStanding;
use crate::domain::login::AskedBecause;
use crate::domain::second_factor::{Method, SecondFactor};
use crate::domain::username::Username;
use crate::domain::when;
use crate::flows::{self, Delivery};
use crate::web::notice::Notice;
use crate::web::page::Moment;
use crate::web::pages::activity::{Happened, Who};
use crate::web::pages::code::{self as view, DeliveryState, ShownDestination, Trust, WhyAsked};
use crate::web::pages::two_factor::InForce;

/// Where a code is, of whatever purpose.
pub(super) struct CodeOnItsWay {
    pub(super) method: Method,
    pub(super) to: ShownDestination,
    pub(super) delivery: Delivery,
    pub(super) code_ends_at: Option<DateTime<Utc>>,
    pub(super) resend_at: Option<DateTime<Utc>>,
    pub(super) standing: SecondFactorStanding,
    /// Whether the visitor has typed the destination and may know what is wrong with it.
    pub(super) tells_why: bool,
    pub(super) status_url: &'static str,
    pub(super) time_zone: Tz,
    pub(super) now: DateTime<Utc>,
}

impl CodeOnItsWay {
    pub(super) fn shown(self) -> view::Delivery {
        let moment = |at| Moment::short(at, self.now, self.time_zone);
        let (state, at) = match (self.standing, self.delivery) {
            (SecondFactorStanding::Paused(until), _) => (DeliveryState::Paused, Some(until)),
            (SecondFactorStanding::Suspended, _) => (DeliveryState::Paused, None),
            (SecondFactorStanding::Open, Delivery::NotSent(until)) => {
                (DeliveryState::NotSent, Some(until).filter(|until| self.now < *until))
            }
            (SecondFactorStanding::Open, Delivery::ChannelDown(at)) => (DeliveryState::Unavailable, Some(at)),
            (SecondFactorStanding::Open, Delivery::Message(state, at, class)) => {
                // What is wrong with a destination is for someone who typed it: at a login it would tell a thief.
                (message(state, class.filter(|_| self.tells_why)), Some(at))
            }
        };
        view::Delivery {
            method: self.method,
            to: self.to,
            state,
            at: at.map(moment),
            valid_until: self.code_ends_at.filter(|end| self.now < *end).map(moment),
            resend: self.resend_at.map_or(view::Resend::NoMore, |at| view::Resend::From(moment(at))),
            status_url: self.status_url,
            time_zone: self.time_zone.name(),
        }
    }
}

fn message(state: MessageState, class: Option<FailureClass>) -> DeliveryState {
    match state {
        MessageState::Waiting => DeliveryState::Waiting,
        MessageState::Sending => DeliveryState::Sending,
        MessageState::HandedOver => DeliveryState::HandedOver,
        MessageState::Delivered => DeliveryState::Delivered,
        MessageState::Failed => match class {
            Some(FailureClass::OptedOut) => DeliveryState::OptedOut,
            Some(FailureClass::BadRecipient | FailureClass::RegionBlocked) => DeliveryState::Refused,
            Some(
                FailureClass::RetrySafe
                | FailureClass::Deferred
                | FailureClass::Ambiguous
                | FailureClass::ConfigAuth
                | FailureClass::ConfigSender
                | FailureClass::ConfigAccount
                | FailureClass::Filtered
                | FailureClass::Expired
                | FailureClass::Bug,
            )
            | None => DeliveryState::Failed,
        },
        MessageState::Expired => DeliveryState::Expired,
        MessageState::Stopped => DeliveryState::Stopped,
    }
}

pub(super) fn why(because: AskedBecause, trusted_days: u8) -> WhyAsked {
    match because {
        AskedBecause::NewComputer => WhyAsked::NewComputer,
        AskedBecause::DaysOver => WhyAsked::TrustEnded { days: u16::from(trusted_days) },
        AskedBecause::EveryLogin if trusted_days == 0 => WhyAsked::NeverTrusted,
        AskedBecause::EveryLogin => WhyAsked::EveryLogin,
        AskedBecause::SecondFactorChanged => WhyAsked::MethodChanged,
        AskedBecause::Forgotten => WhyAsked::Forgotten,
        AskedBecause::PasswordChanged => WhyAsked::PasswordChanged,
        AskedBecause::RecoveryCodeUsed => WhyAsked::RecoveryCodeUsed,
        AskedBecause::Administrator => WhyAsked::Administrator,
        AskedBecause::NotMe => WhyAsked::NotMe,
    }
}

pub(super) fn trust(until: Option<DateTime<Utc>>, days: u8, zone: Tz) -> Option<Trust> {
    until.map(|until| Trust { days: u16::from(days), until: when::day(until, zone) })
}

pub(super) fn in_force(factor: &SecondFactor, every_login: bool, zone: Tz) -> InForce {
    match (factor.destination(), factor.since()) {
        (Some(destination), Some(since)) => InForce::On {
            method: destination.method(),
            to: destination.masked().into(),
            since: when::day_with_year(since, zone),
            every_login,
        },
        (Some(_) | None, Some(_) | None) => InForce::Off,
    }
}

/// A moment in a list under which the zone is named: `Today, 10:42 am`.
pub(super) fn in_a_list(at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> Moment {
    Moment { shown: when::moment_in_a_list(at, now, zone), iso: when::iso(at) }
}

/// A line of the activity log, as the account's owner reads it.
pub(super) fn happened(
    event: &SecurityEvent,
    administrator: Option<&Username>,
    now: DateTime<Utc>,
    zone: Tz,
) -> Happened {
    Happened {
        what: event.kind.label(),
        detail: event.detail.clone(),
        reason: event.reason.clone(),
        at: Moment::short(event.at, now, zone),
        browser: event.browser.clone(),
        network: event.network.as_deref().map(|network| shown_network(network).to_owned()),
        who: match event.actor {
            Actor::Owner => Who::Owner,
            Actor::Administrator(_) => Who::Administrator(administrator.map(|name| name.as_str().to_owned())),
            Actor::Operator => Who::Operator,
            Actor::Mailbox => Who::Mailbox,
            Actor::Postern => Who::Postern,
        },
    }
}

/// What to say after *Request another code*.
pub(super) fn resent(resend: flows::Resend, now: DateTime<Utc>, zone: Tz) -> Notice {
    match resend {
        flows::Resend::Sent => Notice::CodeRequested,
        flows::Resend::NotBefore(at) | flows::Resend::Stopped(SecondFactorStanding::Paused(at)) => {
            too_soon(at, now, zone)
        }
        flows::Resend::NoMore
        | flows::Resend::Stopped(SecondFactorStanding::Open | SecondFactorStanding::Suspended) => {
            Notice::NoMoreCodes
        }
    }
}

/// That something may be asked for again at this moment.
pub(super) fn too_soon(at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> Notice {
    Notice::CodeTooSoon(Moment::short(at, now, zone), in_words(at - now))
}

/// A length of time in words, rounded up so that nobody comes back too early: `30 seconds`, `15 minutes`, `1 hour`.
pub(super) fn in_words(span: TimeDelta) -> String {
    let seconds = span.num_seconds().max(1);
    let whole = |size: i64| (seconds + size - 1) / size;
    match seconds {
        ..60 => counted(seconds, "second"),
        60..3_600 => counted(whole(60), "minute"),
        _ => counted(whole(3_600), "hour"),
    }
}

fn counted(count: i64, word: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {word}{s}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_read_well_and_never_too_short() {
        for (seconds, words) in [
            (-5, "1 second"),
            (30, "30 seconds"),
            (60, "1 minute"),
            (61, "2 minutes"),
            (900, "15 minutes"),
            (3_600, "1 hour"),
            (3_601, "2 hours"),
        ] {
            assert_eq!(in_words(TimeDelta::seconds(seconds)), words);
        }
    }
}
