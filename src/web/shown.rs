//! From what stories answer to what pages show.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::domain::delivery::{FailureClass, MessageState};
use crate::domain::limits::SecondFactorStanding;
use crate::domain::login::AskedBecause;
use crate::domain::second_factor::{Method, SecondFactor};
use crate::domain::when;
use crate::flows::{self, Delivery};
use crate::web::page::{Moment, Notice};
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
            (SecondFactorStanding::Open, Delivery::NotSent(until)) => (DeliveryState::NotSent, Some(until)),
            (SecondFactorStanding::Open, Delivery::Message(state, at, class)) => {
                (message(state, class), Some(at))
            }
        };
        view::Delivery {
            method: method(self.method),
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
        MessageState::Failed => class.map_or(DeliveryState::Failed, failed),
        MessageState::Expired => DeliveryState::Expired,
        MessageState::Stopped => DeliveryState::Stopped,
    }
}

/// What the person can do something about is told apart; the rest is the operator's business.
fn failed(class: FailureClass) -> DeliveryState {
    match class {
        FailureClass::OptedOut => DeliveryState::OptedOut,
        FailureClass::BadRecipient => DeliveryState::Refused,
        FailureClass::RetrySafe
        | FailureClass::Ambiguous
        | FailureClass::RegionBlocked
        | FailureClass::ConfigAuth
        | FailureClass::ConfigSender
        | FailureClass::ConfigAccount
        | FailureClass::Filtered
        | FailureClass::Expired
        | FailureClass::Bug => DeliveryState::Failed,
    }
}

pub(super) fn method(method: Method) -> view::Method {
    match method {
        Method::Email => view::Method::Email,
        Method::Sms => view::Method::Sms,
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
    }
}

pub(super) fn trust(until: Option<DateTime<Utc>>, days: u8, zone: Tz) -> Option<Trust> {
    until.map(|until| Trust { days: u16::from(days), until: when::day(until, zone) })
}

pub(super) fn in_force(factor: &SecondFactor, every_login: bool, zone: Tz) -> InForce {
    match (factor.destination(), factor.since()) {
        (Some(destination), Some(since)) => InForce::On {
            method: method(destination.method()),
            to: destination.masked().into(),
            since: when::day_with_year(since, zone),
            every_login,
        },
        (Some(_) | None, Some(_) | None) => InForce::Off,
    }
}

/// What to say after *Request another code*.
pub(super) fn resent(resend: flows::Resend, now: DateTime<Utc>, zone: Tz) -> Notice {
    match resend {
        flows::Resend::Sent => Notice::CodeRequested,
        flows::Resend::NotBefore(at) => Notice::CodeTooSoon(Moment::short(at, now, zone)),
        flows::Resend::Stopped(SecondFactorStanding::Paused(until)) => {
            Notice::CodeTooSoon(Moment::short(until, now, zone))
        }
        flows::Resend::NoMore
        | flows::Resend::Stopped(SecondFactorStanding::Open | SecondFactorStanding::Suspended) => {
            Notice::NoMoreCodes
        }
    }
}
