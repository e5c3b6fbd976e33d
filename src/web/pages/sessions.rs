//! Where an account is logged in.

use askama::Template;

use crate::web::notice::Notice;
use crate::web::page::{Moment, Page, Sample};

/// The list of sessions.
#[derive(Template)]
#[template(path = "pages/sessions.html")]
pub struct SessionsPage {
    /// The frame.
    pub page: Page,
    /// The sessions, newest first; the one that asks is always among them.
    pub sessions: Vec<OneSession>,
}

/// One session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneSession {
    /// The id in the path of its *End* button.
    pub id: String,
    /// `Firefox on Windows`.
    pub name: String,
    /// Whether it is the one the page is shown in.
    pub is_this: bool,
    /// From where it was begun: `203.0.113.7`.
    pub network: Option<String>,
    /// When it was begun.
    pub since: Moment,
    /// When it was last used, to the minute.
    pub last_used: Moment,
}

impl OneSession {
    /// Where its *End* button posts to.
    pub fn end_path(&self) -> String {
        format!("/profile/sessions/{}/end", self.id)
    }
}

/// Examples for the template test.
pub fn samples() -> Vec<Sample> {
    let session = |id: &str, name: &str, network: Option<&str>, is_this: bool| OneSession {
        id: id.to_owned(),
        name: name.to_owned(),
        is_this,
        network: network.map(str::to_owned),
        since: Moment::sample("10:42 am"),
        last_used: Moment::sample("10:44 am"),
    };
    let here =
        session("01936b2c-0000-7000-8000-000000000001", "Firefox on Windows", Some("203.0.113.7"), true);
    let phone =
        session("01936b2c-0000-7000-8000-000000000002", "Safari on iPhone", Some("2001:db8:1:2::/64"), false);
    let old = session("01936b2c-0000-7000-8000-000000000003", "a browser", None, false);
    let page = |page, sessions| SessionsPage { page, sessions };
    let plain = Page::sample_logged_in;
    let ended = Notice::OneSessionEnded("Chrome on Android".to_owned());
    vec![
        Sample::of("sessions", &page(plain(), vec![here.clone(), phone, old])),
        Sample::of("sessions, one", &page(plain(), vec![here.clone()])),
        Sample::of("sessions, one ended", &page(plain().with_notice(ended), vec![here.clone()])),
        Sample::of(
            "sessions, others ended",
            &page(plain().with_notice(Notice::OtherSessionsEnded), vec![here]),
        ),
    ]
}
