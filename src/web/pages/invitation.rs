//! An invited person sets a password.

use askama::Template;

use crate::domain::password::PasswordFault;
use crate::web::new_password::NewPasswordProblem;
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
