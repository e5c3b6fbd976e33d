//! Confirm it's you.

use askama::Template;

use crate::web::notice::Notice;
use crate::web::page::{Page, Sample};
use crate::web::pages::code::{CodeProblem, Delivery, DeliveryState, Resend};
use crate::web::pages::recovery::RecoveryProblem;

/// The first half: the password.
#[derive(Template)]
#[template(path = "pages/confirm_password.html")]
pub struct ConfirmPasswordPage {
    /// The frame, with a viewer.
    pub page: Page,
    /// Whether a code comes after it.
    pub code_follows: bool,
}

/// The second half, where a method is on: the code.
#[derive(Template)]
#[template(path = "pages/confirm_code.html")]
pub struct ConfirmCodePage {
    /// The frame, with a viewer.
    pub page: Page,
    /// Where the code is.
    pub delivery: Delivery,
}

/// What stands in for the code.
#[derive(Template)]
#[template(path = "pages/confirm_recovery.html")]
pub struct ConfirmRecoveryPage {
    /// The frame, with a viewer.
    pub page: Page,
}

/// What may be wrong with the password here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConfirmProblem {
    /// No password.
    NoPassword,
    /// Not this account's password.
    NotRight,
}

impl ConfirmProblem {
    /// What the person reads, at the field `password`.
    pub fn message(self) -> &'static str {
        match self {
            Self::NoPassword => "Enter your password",
            Self::NotRight => "The password is not correct",
        }
    }
}

/// Examples for the template test.
pub fn samples() -> Vec<Sample> {
    let refused = Page::sample().form.refuse("password", ConfirmProblem::NotRight.message());
    let wrong = Page::sample().form.refuse("code", CodeProblem::Wrong { left: 2 });
    let code = |page| ConfirmCodePage {
        page,
        delivery: Delivery { status_url: "", ..Delivery::sample(DeliveryState::HandedOver) },
    };
    let page = Page::sample_logged_in;
    let no_code = Page::sample().form.refuse("recovery_code", RecoveryProblem::Wrong { left: 3 });
    vec![
        Sample::of("confirm, recovery code", &ConfirmRecoveryPage { page: page() }),
        Sample::of("confirm, wrong recovery code", &ConfirmRecoveryPage { page: page().with_form(no_code) }),
        Sample::of("confirm, password", &ConfirmPasswordPage { page: page(), code_follows: true }),
        Sample::of(
            "confirm, wrong password",
            &ConfirmPasswordPage { page: page().with_form(refused), code_follows: false },
        ),
        Sample::of("confirm, code", &code(page())),
        Sample::of("confirm, code requested", &code(page().with_notice(Notice::CodeRequested))),
        Sample::of("confirm, wrong code", &code(page().with_form(wrong))),
    ]
}
