//! Two Factor Authentication.

use askama::Template;

use crate::domain::email::EmailFault;
use crate::domain::limits::ACCOUNTS_A_NUMBER;
use crate::domain::phone::{Country, PhoneFault};
pub use crate::domain::requirement::RequiredBy;
use crate::web::form::Words;
use crate::web::notice::Notice;
use crate::web::page::{Page, Sample};
use crate::web::pages::code::{CodeProblem, Delivery, DeliveryState, Method, ShownDestination, Trust};

/// The settings: what is in force, and the form to change it.
#[derive(Template)]
#[template(path = "pages/two_factor.html")]
pub struct TwoFactorPage {
    /// The frame; its form keeps `method`, `email`, `country`, `phone` and `every_login`.
    pub page: Page,
    /// What is in force.
    pub in_force: InForce,
    /// The countries that get text messages, and that of the number in force; empty where there is no SMS provider.
    pub countries: Vec<Country>,
    /// For how many days a computer is trusted; 0 where none ever is.
    pub trusted_days: u16,
    /// Whether codes go to the mailbox that can reset the password.
    pub shares_mailbox: bool,
    /// Who requires two-factor authentication of the account, if anybody does.
    pub required_by: Option<RequiredBy>,
    /// Whether a code from the mailbox of record comes first.
    pub is_guarded: bool,
}

/// A destination waits for its code.
#[derive(Template)]
#[template(path = "pages/two_factor_confirm.html")]
pub struct TwoFactorConfirmPage {
    /// The frame; its form keeps `trust_computer`.
    pub page: Page,
    /// What stays in force meanwhile.
    pub in_force: InForce,
    /// Where the code is; the destination in full.
    pub delivery: Delivery,
    /// How often a code will be asked for.
    pub every_login: bool,
    /// For how many days a computer will be trusted; 0 where none ever is.
    pub trusted_days: u16,
    /// What ticking *Trust this computer* means; `None` where every login asks.
    pub trust: Option<Trust>,
}

/// What two-factor authentication an account has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InForce {
    /// None: the password is enough.
    Off,
    /// Codes are sent.
    On {
        /// How.
        method: Method,
        /// Where to, masked.
        to: ShownDestination,
        /// Since which day: `November 24, 2026`.
        since: String,
        /// Whether every login asks.
        every_login: bool,
    },
}

/// What may be wrong with the settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TwoFactorProblem {
    /// The address.
    Email(EmailFault),
    /// The country is not one of the list.
    NoSuchCountry,
    /// The number.
    Phone(PhoneFault),
    /// A new number, where text messages are not offered any more.
    NoMoreTexts,
    /// A number that as many accounts use already as may.
    NumberFull,
    /// *Disabled* where two-factor authentication is required.
    Required,
    /// Too many codes were sent to places not yet confirmed; from when on the next may be: `11:20 am`.
    TooManyCodes(String),
}

impl TwoFactorProblem {
    /// The field the message stands at.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Email(_) => "email",
            Self::NoSuchCountry => "country",
            Self::Phone(_) | Self::NoMoreTexts | Self::NumberFull => "phone",
            Self::Required | Self::TooManyCodes(_) => "method",
        }
    }

    /// What the person reads.
    pub fn message(&self) -> String {
        match self {
            Self::Email(EmailFault::Empty) => "Enter the email address for codes".to_owned(),
            Self::Email(fault) => fault.words(),
            Self::NoSuchCountry => "Choose a country from the list".to_owned(),
            Self::Phone(fault) => fault.words(),
            Self::NoMoreTexts => "Text messages are not offered here any more. Choose Email".to_owned(),
            Self::NumberFull => format!(
                "{ACCOUNTS_A_NUMBER} accounts use this number already, and no more may. Enter another, or choose Email"
            ),
            Self::Required => "Choose Email or SMS: this account needs Two Factor Authentication".to_owned(),
            Self::TooManyCodes(at) => format!("Too many codes were asked for. Try again at {at}"),
        }
    }
}

impl TwoFactorPage {
    /// Whether SMS is among the methods.
    pub fn offers_sms(&self) -> bool {
        !self.countries.is_empty()
    }
}

impl InForce {
    /// Whether the password alone is enough.
    pub fn is_off(&self) -> bool {
        match self {
            Self::Off => true,
            Self::On { .. } => false,
        }
    }

    /// Codes to Ada's mail, in the examples.
    pub fn sample() -> Self {
        Self::On {
            method: Method::Email,
            to: ShownDestination::masked(
                "a•••@h•••.example",
                "your address starting with a, at a domain starting with h",
            ),
            since: "November 24, 2026".to_owned(),
            every_login: false,
        }
    }
}

/// Examples for the template test.
pub fn samples() -> Vec<Sample> {
    let countries: Vec<_> = ["US", "CA"].into_iter().filter_map(Country::parse).collect();
    let settings = |page, in_force: InForce| TwoFactorPage {
        page,
        shares_mailbox: !in_force.is_off(),
        in_force,
        countries: countries.clone(),
        trusted_days: 14,
        required_by: None,
        is_guarded: false,
    };
    let required = |page, in_force: InForce, by| TwoFactorPage {
        required_by: Some(by),
        is_guarded: in_force.is_off(),
        ..settings(page, in_force)
    };
    let form = Page::sample().form.with("email", "ada@harbour.example").with("country", "CA");
    let page = |method: &'static str| Page::sample_logged_in().with_form(form.clone().with("method", method));
    let problem = TwoFactorProblem::Phone(PhoneFault::Length { typed: 9, shortest: 10, longest: 10 });
    let bad_number = form
        .clone()
        .with("method", "sms")
        .with("phone", "212 555 014")
        .refuse(problem.field(), problem.message());
    let turned_on = Notice::TwoFactorOn(Some("December 8, 2026".to_owned()));
    let to_phone = Delivery {
        to: ShownDestination::in_full("+1 212-555-0142"),
        status_url: "/profile/two-factor/status",
        ..Delivery::sample_sms(DeliveryState::HandedOver)
    };
    let confirm = |page, in_force, every_login: bool| TwoFactorConfirmPage {
        page,
        in_force,
        delivery: to_phone.clone(),
        every_login,
        trusted_days: 14,
        trust: (!every_login).then(Trust::sample),
    };
    let wrong = Page::sample().form.refuse("code", CodeProblem::Wrong { left: 4 });
    vec![
        Sample::of("two factor, off", &settings(page("disabled"), InForce::Off)),
        Sample::of("two factor, mail chosen", &settings(page("email"), InForce::Off)),
        Sample::of("two factor, text chosen", &settings(page("sms"), InForce::Off)),
        Sample::of(
            "two factor, bad number",
            &settings(Page::sample_logged_in().with_form(bad_number), InForce::Off),
        ),
        Sample::of("two factor, on", &settings(page("email").with_notice(turned_on), InForce::sample())),
        Sample::of(
            "two factor, without text messages",
            &TwoFactorPage {
                page: page("email"),
                in_force: InForce::Off,
                countries: vec![],
                trusted_days: 0,
                shares_mailbox: false,
                required_by: None,
                is_guarded: false,
            },
        ),
        Sample::of(
            "two factor, required of everyone",
            &required(page("email"), InForce::Off, RequiredBy::OfEveryone),
        ),
        Sample::of(
            "two factor, required of administrators",
            &required(page("email"), InForce::Off, RequiredBy::OfAdministrators),
        ),
        Sample::of(
            "two factor, required of this account",
            &required(page("email"), InForce::sample(), RequiredBy::Administrator),
        ),
        Sample::of(
            "two factor, after a reset",
            &TwoFactorPage { is_guarded: true, ..settings(page("disabled"), InForce::Off) },
        ),
        Sample::of("two factor, code sent", &confirm(Page::sample_logged_in(), InForce::Off, false)),
        Sample::of(
            "two factor, code sent again",
            &confirm(Page::sample_logged_in().with_notice(Notice::CodeRequested), InForce::sample(), true),
        ),
        Sample::of(
            "two factor, wrong code",
            &confirm(Page::sample_logged_in().with_form(wrong), InForce::sample(), false),
        ),
    ]
}
