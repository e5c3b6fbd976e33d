//! The password.

use askama::Template;

use crate::domain::password::PasswordFault;
use crate::web::new_password::NewPasswordProblem;
use crate::web::notice::Notice;
use crate::web::page::{Page, Sample};
use crate::web::pages::confirm_identity::ConfirmProblem;

/// The form that changes it.
#[derive(Template)]
#[template(path = "pages/password.html")]
pub struct PasswordPage {
    /// The frame.
    pub page: Page,
    /// Whose it is, for password managers.
    pub username: String,
    /// How many characters a password needs.
    pub min_length: usize,
    /// Whether a code is asked before it is changed.
    pub code_first: bool,
}

/// Examples for the template test.
pub fn samples() -> Vec<Sample> {
    let page =
        |page, code_first| PasswordPage { page, username: "ada".to_owned(), min_length: 15, code_first };
    let problem = NewPasswordProblem::Password(PasswordFault::TooShort { min: 15 });
    let refused = Page::sample().form.refuse("current_password", ConfirmProblem::NotRight.message());
    let refused = refused.refuse(problem.field(), problem.message());
    let viewed = Page::sample_logged_in;
    vec![
        Sample::of("password", &page(viewed(), false)),
        Sample::of("password, code first", &page(viewed(), true)),
        Sample::of("password, refused", &page(viewed().with_form(refused), false)),
        Sample::of("password, changed", &page(viewed().with_notice(Notice::PasswordChanged), false)),
        Sample::of("password, choose now", &page(viewed().with_notice(Notice::ChoosePasswordNow), false)),
    ]
}
