//! A forgotten password.

use askama::Template;

use crate::domain::password::PasswordFault;
use crate::web::new_password::NewPasswordProblem;
use crate::web::page::{Page, Sample};
use crate::web::pages::login::LoginProblem;
use crate::web::pages::recovery::RecoveryProblem;

/// The form that asks for a link.
#[derive(Template)]
#[template(path = "pages/password_forgot.html")]
pub struct ForgotPage {
    /// The frame.
    pub page: Page,
}

/// The form behind the link. It posts to where it was opened.
#[derive(Template)]
#[template(path = "pages/password_reset.html")]
pub struct ResetPage {
    /// The frame.
    pub page: Page,
    /// Whose password is chosen.
    pub username: String,
    /// How many characters a password needs.
    pub min_length: usize,
    /// Whether the link alone is not enough.
    pub wants_more: bool,
}

/// The link works no longer; answered with 410.
#[derive(Template)]
#[template(path = "pages/password_reset_over.html")]
pub struct ResetOverPage {
    /// The frame.
    pub page: Page,
    /// Why.
    pub why: ResetOver,
}

/// Why a reset link works no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResetOver {
    /// A password was chosen by it.
    Used,
    /// Its time is over, or a newer one was sent.
    Expired,
}

/// Examples for the template test.
pub fn samples() -> Vec<Sample> {
    let problem = LoginProblem::NoUsername;
    let nobody = Page::sample().form.refuse(problem.field(), problem.message());
    let reset = |page, wants_more| ResetPage { page, username: "ada".to_owned(), min_length: 15, wants_more };
    let problem = NewPasswordProblem::Password(PasswordFault::TooShort { min: 15 });
    let refused = Page::sample().form.refuse(problem.field(), problem.message());
    let refused = refused.refuse("recovery_code", RecoveryProblem::Empty);
    let over = |why| ResetOverPage { page: Page::sample(), why };
    vec![
        Sample::of("password forgotten", &ForgotPage { page: Page::sample() }),
        Sample::of("password forgotten, no name", &ForgotPage { page: Page::sample().with_form(nobody) }),
        Sample::of("password reset", &reset(Page::sample(), false)),
        Sample::of("password reset, guarded", &reset(Page::sample(), true)),
        Sample::of("password reset, refused", &reset(Page::sample().with_form(refused), true)),
        Sample::of("password reset, used", &over(ResetOver::Used)),
        Sample::of("password reset, over", &over(ResetOver::Expired)),
    ]
}
