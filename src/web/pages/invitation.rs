//! An invited person sets a password.

use askama::Template;

use crate::domain::password::PasswordFault;
use crate::web::form::Words;
use crate::web::page::{Page, Sample};

/// The form behind an invitation link. It posts to the very link it was opened with.
#[derive(Template)]
#[template(path = "pages/invitation.html")]
pub struct InvitationPage {
    /// The frame.
    pub page: Page,
    /// Whose account it is.
    pub username: String,
    /// How many characters a password needs.
    pub min_length: usize,
}

/// The link works no longer; answered with 410.
#[derive(Template)]
#[template(path = "pages/invitation_over.html")]
pub struct InvitationOverPage {
    /// The frame.
    pub page: Page,
    /// Why.
    pub why: InvitationOver,
}

/// Why an invitation link works no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvitationOver {
    /// The password was set with it.
    Used,
    /// Its days are over, or a newer one was sent.
    Expired,
}

/// What may be wrong with the form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewPasswordProblem {
    /// The password.
    Password(PasswordFault),
    /// The second password is not the first.
    PasswordsDiffer,
}

impl NewPasswordProblem {
    /// The field the message stands at.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Password(_) => "new_password",
            Self::PasswordsDiffer => "new_password_again",
        }
    }

    /// What the person reads.
    pub fn message(&self) -> String {
        match self {
            Self::Password(fault) => fault.words(),
            Self::PasswordsDiffer => "The two passwords are not the same".to_owned(),
        }
    }
}

/// Examples for the template test.
pub fn samples() -> Vec<Sample> {
    let page = |page| InvitationPage { page, username: "grace".to_owned(), min_length: 15 };
    let problem = NewPasswordProblem::Password(PasswordFault::TooShort { min: 15 });
    let refused = Page::sample().form.refuse(problem.field(), problem.message());
    vec![
        Sample::of("invitation", &page(Page::sample())),
        Sample::of("invitation, too short", &page(Page::sample().with_form(refused))),
        Sample::of(
            "invitation, used",
            &InvitationOverPage { page: Page::sample(), why: InvitationOver::Used },
        ),
        Sample::of(
            "invitation, over",
            &InvitationOverPage { page: Page::sample(), why: InvitationOver::Expired },
        ),
    ]
}
