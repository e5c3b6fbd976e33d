//! The computers that are not asked.

use askama::Template;

use crate::web::notice::Notice;
use crate::web::page::{Moment, Page, Sample};

/// The list of trusted computers.
#[derive(Template)]
#[template(path = "pages/trusted_computers.html")]
pub struct TrustedComputersPage {
    /// The frame.
    pub page: Page,
    /// The computers, or why there are none.
    pub list: ComputerList,
    /// For how many days a computer is trusted.
    pub trusted_days: u16,
}

/// The computers of an account, or why there are none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ComputerList {
    /// At least one.
    Computers(Vec<Computer>),
    /// Two-factor authentication is off: the password is enough everywhere.
    TwoFactorOff,
    /// Every login asks.
    EveryLogin,
    /// No computer is ever trusted here: the operator's choice.
    NeverTrusted,
    /// An administrator lets this account trust none.
    Forbidden,
    /// None yet, or all forgotten.
    NoneYet,
}

/// One trusted computer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Computer {
    /// The id in the path of its *Forget* button.
    pub id: String,
    /// `Firefox on Windows`.
    pub name: String,
    /// Whether it is the one the page is shown on.
    pub is_this: bool,
    /// When it became trusted: `November 24`.
    pub made: Moment,
    /// When it last logged in without a code; `None` if it has not yet.
    pub last_used: Option<Moment>,
    /// When it will be asked again: `December 8`.
    pub asks_again: Moment,
}

impl Computer {
    /// Where its *Forget* button posts to.
    pub fn forget_path(&self) -> String {
        format!("/profile/computers/{}/forget", self.id)
    }
}

/// Examples for the template test.
pub fn samples() -> Vec<Sample> {
    let computer = |id: &str, name: &str, is_this: bool| Computer {
        id: id.to_owned(),
        name: name.to_owned(),
        is_this,
        made: Moment::sample("November 24"),
        last_used: (!is_this).then(|| Moment::sample("November 25, 7:15 pm")),
        asks_again: Moment::sample("December 8"),
    };
    let computers = ComputerList::Computers(vec![
        computer("01936b2c-0000-7000-8000-000000000001", "Firefox on Windows", true),
        computer("01936b2c-0000-7000-8000-000000000002", "Safari on iPhone", false),
    ]);
    let page = |page, list| TrustedComputersPage { page, list, trusted_days: 14 };
    let forgotten = Notice::ComputerForgotten("Chrome on Android".to_owned());
    let plain = Page::sample_logged_in;
    vec![
        Sample::of("trusted computers", &page(plain(), computers.clone())),
        Sample::of("trusted computers, one forgotten", &page(plain().with_notice(forgotten), computers)),
        Sample::of("trusted computers, none yet", &page(plain(), ComputerList::NoneYet)),
        Sample::of("trusted computers, off", &page(plain(), ComputerList::TwoFactorOff)),
        Sample::of("trusted computers, every login", &page(plain(), ComputerList::EveryLogin)),
        Sample::of("trusted computers, forbidden", &page(plain(), ComputerList::Forbidden)),
        Sample::of("trusted computers, never", &page(plain(), ComputerList::NeverTrusted)),
    ]
}
