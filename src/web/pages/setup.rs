//! The first administrator.

use askama::Template;

use crate::domain::email::EmailFault;
use crate::domain::password::PasswordFault;
use crate::domain::username::UsernameFault;
use crate::web::form::Words;
use crate::web::page::{Page, Sample};

/// The form that makes the first administrator. It posts to the very link it was opened with.
#[derive(Template)]
#[template(path = "pages/setup.html")]
pub struct SetupPage {
    /// The frame; its form keeps `username` and `email`.
    pub page: Page,
    /// How many characters a password needs.
    pub min_length: usize,
}

/// What may be wrong with the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetupProblem {
    /// The username.
    Username(UsernameFault),
    /// The e-mail address.
    Email(EmailFault),
    /// The password.
    Password(PasswordFault),
    /// The second password is not the first.
    PasswordsDiffer,
}

impl SetupProblem {
    /// The field the message stands at.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Username(_) => "username",
            Self::Email(_) => "email",
            Self::Password(_) => "password",
            Self::PasswordsDiffer => "password_again",
        }
    }

    /// What the person reads.
    pub fn message(&self) -> String {
        match self {
            Self::Username(fault) => fault.words(),
            Self::Email(fault) => fault.words(),
            Self::Password(fault) => fault.words(),
            Self::PasswordsDiffer => "The two passwords are not the same".to_owned(),
        }
    }
}

/// Examples for the template test.
pub fn samples() -> Vec<Sample> {
    let typed = Page::sample().form.with("username", "a").with("email", "ada");
    let refused = [
        SetupProblem::Username(UsernameFault::Length),
        SetupProblem::Email(EmailFault::Format),
        SetupProblem::PasswordsDiffer,
    ]
    .into_iter()
    .fold(typed, |form, problem| form.refuse(problem.field(), problem.message()));
    vec![
        Sample::of("setup", &SetupPage { page: Page::sample(), min_length: 15 }),
        Sample::of("setup, refused", &SetupPage { page: Page::sample().with_form(refused), min_length: 15 }),
    ]
}
