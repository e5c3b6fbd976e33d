//! What happened in this Postern.

use askama::Template;

use crate::domain::event::EventKind;
use crate::web::page::{Moment, Page, Sample};

/// One page of the activity log.
#[derive(Template)]
#[template(path = "pages/activity_log.html")]
pub struct ActivityLogPage {
    /// The frame; its form keeps `account`, `kind`, `from` and `to`.
    pub page: Page,
    /// Whether the filter leaves some out.
    pub is_narrowed: bool,
    /// The lines, newest first.
    pub lines: Vec<Line>,
    /// The page of newer ones.
    pub newer: Option<String>,
    /// The page of older ones.
    pub older: Option<String>,
    /// The same lines as a file; `None` where the filter is no filter.
    pub export: Option<String>,
    /// In which time zone times are shown.
    pub zone: String,
}

/// One thing that happened.
pub struct Line {
    /// When.
    pub at: Moment,
    /// What: `Account disabled`.
    pub what: &'static str,
    /// What exactly.
    pub detail: Option<String>,
    /// Why, in the words of whoever did it.
    pub reason: Option<String>,
    /// Whom it was done to.
    pub account: Person,
    /// Who did it.
    pub by: DoneBy,
    /// From which network.
    pub network: Option<String>,
    /// From which browser.
    pub browser: Option<String>,
}

/// An account in a line.
pub struct Person {
    /// Its username.
    pub name: String,
    /// Its own page.
    pub path: String,
}

/// Who did something.
pub enum DoneBy {
    /// The account's owner.
    Owner,
    /// An administrator.
    Administrator(Person),
    /// Somebody at the command line.
    Operator,
    /// Whoever read a mailbox.
    Mailbox,
    /// Nobody.
    Postern,
}

impl ActivityLogPage {
    /// What lines may be filtered by, for the drop-down.
    pub fn kinds(&self) -> &'static [EventKind] {
        EventKind::ALL
    }
}

/// Examples for the template test.
pub fn samples() -> Vec<Sample> {
    let person = |name: &str| Person {
        name: name.to_owned(),
        path: "/admin/accounts/01936b2c-0000-7000-8000-000000000001".to_owned(),
    };
    let line = |kind: EventKind, by: DoneBy| Line {
        at: Moment::sample("Today, 10:42 am"),
        what: kind.label(),
        detail: None,
        reason: None,
        account: person("ada"),
        by,
        network: None,
        browser: None,
    };
    let lines = || {
        let from = |line| Line {
            network: Some("192.0.2.7".to_owned()),
            browser: Some("Firefox on Windows".to_owned()),
            ..line
        };
        vec![
            from(Line {
                reason: Some("Left the company <b>".to_owned()),
                ..line(EventKind::Disabled, DoneBy::Administrator(person("grace")))
            }),
            from(Line {
                detail: Some("email to a•••@e•••.com".to_owned()),
                ..line(EventKind::TwoFactorOn, DoneBy::Owner)
            }),
            line(EventKind::CodesPaused, DoneBy::Postern),
            line(EventKind::Unlocked, DoneBy::Operator),
            from(line(EventKind::PasswordReset, DoneBy::Mailbox)),
        ]
    };
    let page = |page: Page, lines: Vec<Line>, turns: Option<&str>| ActivityLogPage {
        is_narrowed: lines.is_empty(),
        newer: turns.map(|_| "/admin/activity?after=01936b2c-0000-7000-8000-000000000002".to_owned()),
        older: turns.map(str::to_owned),
        export: (!page.form.has_errors()).then(|| "/admin/activity.csv".to_owned()),
        zone: "Eastern Time – Toronto".to_owned(),
        page,
        lines,
    };
    let plain = Page::sample_logged_in;
    let form =
        plain().form.with("account", "nobody").refuse("account", "There is no account with this username");
    let older = Some("/admin/activity?before=01936b2c-0000-7000-8000-000000000001");
    vec![
        Sample::of("activity log", &page(plain(), lines(), None)),
        Sample::of("activity log, a page of many", &page(plain(), lines(), older)),
        Sample::of("activity log, none", &page(plain(), vec![], None)),
        Sample::of("activity log, unknown account", &page(plain().with_form(form), vec![], None)),
    ]
}
