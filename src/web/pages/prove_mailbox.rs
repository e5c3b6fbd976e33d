//! Two Factor Authentication, where a set-up asks first for a code from the mailbox of record.

use askama::Template;

use crate::web::notice::Notice;
use crate::web::page::{Page, Sample};
use crate::web::pages::code::{CodeProblem, Delivery, DeliveryState, Resend, ShownDestination, Trust};

/// A set-up waits for the code from the mailbox of record.
#[derive(Template)]
#[template(path = "pages/two_factor_mailbox.html")]
pub struct TwoFactorMailboxPage {
    /// The frame; its form keeps `trust_computer`.
    pub page: Page,
    /// What was chosen: `SMS to +1 212-555-0142`.
    pub chosen: String,
    /// Where the code is.
    pub delivery: Delivery,
    /// Whether the mailbox is what was chosen, so that one code proves both.
    pub is_one_code: bool,
    /// Whether nothing else is reached before.
    pub is_owed: bool,
    /// What ticking *Trust this computer* means, where the code turns the method on.
    pub trust: Option<Trust>,
}

/// What may be wrong with a one-time pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassProblem {
    /// Nothing was typed.
    Empty,
    /// Not 16 letters and digits.
    Shape,
    /// None of this account's, or used, or too old.
    NotOne,
}

impl PassProblem {
    /// What the person reads.
    pub fn message(self) -> &'static str {
        match self {
            Self::Empty => "Enter the one-time pass",
            Self::Shape => "A one-time pass has 16 letters and digits. Check it for typing errors",
            Self::NotOne => "That pass is not correct, or it was used or is too old. Ask for another",
        }
    }
}

/// Examples for the template test.
pub fn samples() -> Vec<Sample> {
    let delivery = Delivery {
        to: ShownDestination::masked(
            "a•••@h•••.example",
            "your address starting with a, at a domain starting with h",
        ),
        status_url: "/profile/two-factor/status",
        ..Delivery::sample(DeliveryState::HandedOver)
    };
    let view = |page, is_one_code: bool| TwoFactorMailboxPage {
        page,
        chosen: if is_one_code { "Email to ada@harbour.example" } else { "SMS to +1 212-555-0142" }
            .to_owned(),
        delivery: delivery.clone(),
        is_one_code,
        is_owed: !is_one_code,
        trust: is_one_code.then(Trust::sample),
    };
    let plain = Page::sample_logged_in;
    let refused = |field, message: String| plain().with_form(Page::sample().form.refuse(field, message));
    let last = TwoFactorMailboxPage {
        delivery: Delivery { resend: Resend::NoMore, ..delivery.clone() },
        ..view(plain().with_notice(Notice::NoMoreCodes), false)
    };
    vec![
        Sample::of("two factor, mailbox first", &view(plain(), false)),
        Sample::of("two factor, mailbox and destination in one", &view(plain(), true)),
        Sample::of("two factor, mailbox, no more codes", &last),
        Sample::of(
            "two factor, mailbox, wrong code",
            &view(refused("code", CodeProblem::Wrong { left: 4 }.to_string()), false),
        ),
        Sample::of(
            "two factor, mailbox, wrong pass",
            &view(refused("recovery_code", PassProblem::NotOne.message().to_owned()), false),
        ),
    ]
}
