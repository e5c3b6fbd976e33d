//! Log in: username and password.

use askama::Template;

use crate::web::notice::Notice;
use crate::web::page::{Moment, Page, Sample};

/// The login form.
#[derive(Template)]
#[template(path = "pages/login.html")]
pub struct LoginPage {
    /// The frame; its form keeps the `username`.
    pub page: Page,
}

/// The name has had too many wrong passwords. One page for known and unknown names; answered with 429.
#[derive(Template)]
#[template(path = "pages/login_closed.html")]
pub struct LoginClosedPage {
    /// The frame.
    pub page: Page,
    /// For how long.
    pub closed: LoginClosed,
}

/// How long a name stays closed to computers that it does not trust.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoginClosed {
    /// For a while.
    For {
        /// How long, in words: `15 minutes`.
        wait: String,
        /// When to try again.
        until: Moment,
    },
    /// Until the password is reset.
    UntilReset,
}

/// What may be wrong with a login form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginProblem {
    /// No username.
    NoUsername,
    /// No password.
    NoPassword,
    /// Not this pair. One answer for unknown, wrong and disabled (OWASP ASVS 5.0 6.3.8).
    NotRight,
}

impl LoginProblem {
    /// The field the message stands at.
    pub fn field(self) -> &'static str {
        match self {
            Self::NoUsername | Self::NotRight => "username",
            Self::NoPassword => "password",
        }
    }

    /// What the person reads.
    pub fn message(self) -> &'static str {
        match self {
            Self::NoUsername => "Enter your username",
            Self::NoPassword => "Enter your password",
            Self::NotRight => "The username or password is not correct",
        }
    }
}

/// Examples for the template test.
pub fn samples() -> Vec<Sample> {
    let plain = |page| LoginPage { page };
    let with_username = Page::sample().form.with("username", "ada");
    let refused = [LoginProblem::NoUsername, LoginProblem::NoPassword]
        .into_iter()
        .fold(Page::sample().form, |form, problem| form.refuse(problem.field(), problem.message()));
    let wrong =
        with_username.clone().refuse(LoginProblem::NotRight.field(), LoginProblem::NotRight.message());
    let logged_out = Notice::LoggedOut(Some("December 8".to_owned()));
    let closed = |closed| LoginClosedPage { page: Page::sample(), closed };
    let for_a_while =
        LoginClosed::For { wait: "15 minutes".to_owned(), until: Moment::sample("11:07 am EST") };
    vec![
        Sample::of("login", &plain(Page::sample())),
        Sample::of("login, username known", &plain(Page::sample().with_form(with_username))),
        Sample::of("login, empty", &plain(Page::sample().with_form(refused))),
        Sample::of("login, wrong password", &plain(Page::sample().with_form(wrong))),
        Sample::of("login, logged out", &plain(Page::sample().with_notice(logged_out))),
        Sample::of("login, five wrong codes", &plain(Page::sample().with_notice(Notice::TriesUsedUp(5)))),
        Sample::of("login closed for a while", &closed(for_a_while)),
        Sample::of("login closed until a reset", &closed(LoginClosed::UntilReset)),
    ]
}
