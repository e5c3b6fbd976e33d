//! The code page of a login.

use askama::Template;
use serde::Serialize;

use crate::domain::email::Masked;
pub use crate::domain::second_factor::Method;
pub use crate::web::form::CodeProblem;
use crate::web::notice::Notice;
use crate::web::page::{Moment, Page, Sample};

/// The page that asks for the code.
#[derive(Template)]
#[template(path = "pages/code.html")]
pub struct CodePage {
    /// The frame; its form keeps `trust_computer`.
    pub page: Page,
    /// Why this login needs a code.
    pub why: WhyAsked,
    /// Where the code is.
    pub delivery: Delivery,
    /// What ticking *Trust this computer* means; `None` where every login asks.
    pub trust: Option<Trust>,
}

/// Codes of this account are not looked at now, because too many were wrong.
#[derive(Template)]
#[template(path = "pages/code_paused.html")]
pub struct CodePausedPage {
    /// The frame.
    pub page: Page,
    /// When codes work again; `None` where a person has to lift it.
    pub until: Option<Moment>,
}

/// Why a login needs a code: one sentence on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyAsked {
    /// This browser has never been trusted by the account, or no longer carries the token.
    NewComputer,
    /// The days of trust are over.
    TrustEnded {
        /// How many there were.
        days: u16,
    },
    /// The person asked for it.
    EveryLogin,
    /// No computer is ever trusted here: the operator's choice.
    NeverTrusted,
    /// The password was changed or reset.
    PasswordChanged,
    /// The method or destination was changed.
    MethodChanged,
    /// The owner forgot this computer, or all of them.
    Forgotten,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// An administrator asks for it, or reset something.
    Administrator,
    /// The owner said that something was not them.
    NotMe,
}

/// What the box *Trust this computer for 14 days* promises.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trust {
    /// How many days.
    pub days: u16,
    /// The day on which they end: `December 8`.
    pub until: String,
}

/// Where a code is, on every page that asks for one; the small script keeps it fresh.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Whether a mail or a text message carries it.
    pub method: Method,
    /// Where it goes, in full only during set-up.
    pub to: ShownDestination,
    /// How far it has come.
    pub state: DeliveryState,
    /// When it got there; with `NotSent` and `Paused`, when that ends.
    pub at: Option<Moment>,
    /// Until when the newest code works; `None` when there is none.
    pub valid_until: Option<Moment>,
    /// Whether another may be asked for.
    pub resend: Resend,
    /// Where the script asks for news.
    pub status_url: &'static str,
    /// The person's time zone, in which the script writes times: `America/Toronto`.
    pub time_zone: &'static str,
}

/// How far a code has come. The names are those of `GET /login/code/status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// About to be sent, or to be tried again.
    Waiting,
    /// On its way to the mail server or the provider.
    Sending,
    /// A server took it.
    HandedOver,
    /// The carrier says that it arrived.
    Delivered,
    /// It could not be sent.
    Failed,
    /// It could not be sent: that phone has answered STOP.
    OptedOut,
    /// It could not be sent: there is no such mailbox, or the number gets no texts from us.
    Refused,
    /// It could not be sent in time.
    Expired,
    /// It does not leave: by this channel nothing does now.
    Unavailable,
    /// It is not wanted any more.
    Stopped,
    /// Nothing was sent: the account has had its codes for now; without a time, one may be asked for again.
    NotSent,
    /// Codes are paused; without a time, until a person lifts it.
    Paused,
}

/// Whether another code may be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resend {
    /// From this time on.
    From(Moment),
    /// Not here: this login, set-up or confirmation has had its sends.
    NoMore,
}

/// A destination as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownDestination {
    /// To look at: `a•••@e•••.com`.
    pub shown: String,
    /// To listen to, where it differs: "your number ending in 0 1 4 2".
    pub spoken: Option<String>,
}

/// The answer of the two status addresses.
#[derive(Serialize)]
pub struct DeliveryStatus<'a> {
    state: &'static str,
    at: Option<&'a str>,
    resend_at: Option<&'a str>,
}

impl DeliveryState {
    /// Every name in the status answer once, for the sentences that the script chooses from.
    const ALL: [Self; 10] = [
        Self::Waiting,
        Self::Sending,
        Self::HandedOver,
        Self::Delivered,
        Self::Failed,
        Self::Expired,
        Self::Unavailable,
        Self::Stopped,
        Self::NotSent,
        Self::Paused,
    ];

    /// The name in the status answer, and in the page for the script.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::HandedOver => "handed_over",
            Self::Delivered => "delivered",
            Self::Failed | Self::OptedOut | Self::Refused => "failed",
            Self::Expired => "expired",
            Self::Unavailable => "unavailable",
            Self::Stopped => "stopped",
            Self::NotSent => "not_sent",
            Self::Paused => "paused",
        }
    }
}

impl Delivery {
    /// Whether the page will soon have something else to say.
    pub fn is_on_its_way(&self) -> bool {
        let may_change = match self.state {
            DeliveryState::Waiting | DeliveryState::Sending | DeliveryState::Unavailable => true,
            DeliveryState::HandedOver
            | DeliveryState::Delivered
            | DeliveryState::Failed
            | DeliveryState::OptedOut
            | DeliveryState::Refused
            | DeliveryState::Expired
            | DeliveryState::Stopped
            | DeliveryState::NotSent
            | DeliveryState::Paused => false,
        };
        may_change && !self.status_url.is_empty()
    }

    /// Whether there is a message to look for, now or soon.
    pub fn is_good(&self) -> bool {
        match self.state {
            DeliveryState::Waiting
            | DeliveryState::Sending
            | DeliveryState::HandedOver
            | DeliveryState::Delivered => true,
            DeliveryState::Failed
            | DeliveryState::OptedOut
            | DeliveryState::Refused
            | DeliveryState::Expired
            | DeliveryState::Unavailable
            | DeliveryState::Stopped
            | DeliveryState::NotSent
            | DeliveryState::Paused => false,
        }
    }

    /// Whether the code goes to a telephone.
    pub fn is_sms(&self) -> bool {
        self.method == Method::Sms
    }

    /// Everything the script may have to say.
    pub fn states(&self) -> [DeliveryState; 10] {
        DeliveryState::ALL
    }

    /// The same, for the script.
    pub fn status(&self) -> DeliveryStatus<'_> {
        let resend_at = match &self.resend {
            Resend::From(at) => Some(at.iso.as_str()),
            Resend::NoMore => None,
        };
        DeliveryStatus {
            state: self.state.as_str(),
            at: self.at.as_ref().map(|at| at.iso.as_str()),
            resend_at,
        }
    }
}

impl From<Masked> for ShownDestination {
    fn from(masked: Masked) -> Self {
        Self { shown: masked.shown, spoken: Some(masked.spoken) }
    }
}

impl ShownDestination {
    /// A destination in full, to catch typing errors during set-up.
    pub fn in_full(destination: impl Into<String>) -> Self {
        Self { shown: destination.into(), spoken: None }
    }

    /// A masked destination, with words for those who listen.
    pub fn masked(shown: impl Into<String>, spoken: impl Into<String>) -> Self {
        Self { shown: shown.into(), spoken: Some(spoken.into()) }
    }
}

impl Delivery {
    /// A code to Ada's mail, in the examples.
    pub fn sample(state: DeliveryState) -> Self {
        Self {
            method: Method::Email,
            to: ShownDestination::masked(
                "a•••@h•••.example",
                "your address starting with a, at a domain starting with h",
            ),
            state,
            at: Some(Moment::sample("10:42 am")),
            valid_until: Some(Moment::sample("10:52 am")),
            resend: Resend::From(Moment::sample("10:43 am")),
            status_url: "/login/code/status",
            time_zone: "America/Toronto",
        }
    }

    /// A code to Ada's phone, in the examples.
    pub fn sample_sms(state: DeliveryState) -> Self {
        let to = ShownDestination::masked("••• ••• 0142", "your number ending in 0 1 4 2");
        Self { method: Method::Sms, to, ..Self::sample(state) }
    }
}

impl Trust {
    /// Fourteen days from an autumn day, in the examples.
    pub fn sample() -> Self {
        Self { days: 14, until: "December 8".to_owned() }
    }
}

/// Examples for the template test.
pub fn samples() -> Vec<Sample> {
    let new_computer = |page, delivery| CodePage {
        page,
        why: WhyAsked::NewComputer,
        delivery,
        trust: Some(Trust::sample()),
    };
    let mail = || Delivery::sample(DeliveryState::HandedOver);
    let refused =
        |problem: CodeProblem| Page::sample().with_form(Page::sample().form.refuse("code", problem));
    let unticked = Page::sample().form.ticked("trust_computer", false).refuse("code", CodeProblem::NotDigits);
    let nothing_sent = Delivery {
        valid_until: None,
        at: Some(Moment::sample("11:20 am")),
        ..Delivery::sample_sms(DeliveryState::NotSent)
    };
    let last_one = Delivery { resend: Resend::NoMore, ..mail() };
    let mut samples = vec![
        Sample::of("code, mail", &new_computer(Page::sample(), mail())),
        Sample::of(
            "code, text",
            &new_computer(Page::sample(), Delivery::sample_sms(DeliveryState::Delivered)),
        ),
        Sample::of(
            "code, on its way",
            &new_computer(Page::sample(), Delivery::sample(DeliveryState::Waiting)),
        ),
        Sample::of("code, failed", &new_computer(Page::sample(), Delivery::sample(DeliveryState::Failed))),
        Sample::of(
            "code, channel down",
            &new_computer(Page::sample(), Delivery::sample(DeliveryState::Unavailable)),
        ),
        Sample::of(
            "code, channel down, text",
            &new_computer(Page::sample(), Delivery::sample_sms(DeliveryState::Unavailable)),
        ),
        Sample::of(
            "code, opted out",
            &new_computer(Page::sample(), Delivery::sample_sms(DeliveryState::OptedOut)),
        ),
        Sample::of("code, last one", &new_computer(Page::sample(), last_one)),
        Sample::of("code, nothing sent", &new_computer(Page::sample(), nothing_sent)),
        Sample::of(
            "code, sent again",
            &new_computer(Page::sample().with_notice(Notice::CodeRequested), mail()),
        ),
        Sample::of(
            "code, too soon",
            &new_computer(
                Page::sample()
                    .with_notice(Notice::CodeTooSoon(Moment::sample("10:43 am"), "30 seconds".to_owned())),
                mail(),
            ),
        ),
        Sample::of("code, wrong", &new_computer(refused(CodeProblem::Wrong { left: 4 }), mail())),
        Sample::of(
            "code, expired",
            &new_computer(refused(CodeProblem::Expired { at: Some("10:52 am".to_owned()) }), mail()),
        ),
        Sample::of("code, letters", &new_computer(Page::sample().with_form(unticked), mail())),
        Sample::of(
            "code, every login",
            &CodePage { page: Page::sample(), why: WhyAsked::EveryLogin, delivery: mail(), trust: None },
        ),
    ];
    for until in [Some(Moment::sample("11:07 am")), None] {
        let name = if until.is_some() { "code paused" } else { "code suspended" };
        samples.push(Sample::of(name, &CodePausedPage { page: Page::sample(), until }));
    }
    samples
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_is_told_what_the_page_shows() {
        let status = serde_json::to_value(Delivery::sample(DeliveryState::HandedOver).status()).unwrap();
        assert_eq!(status["state"], "handed_over");
        assert_eq!(status["at"], "2026-11-24T15:42:00Z");
    }
}
