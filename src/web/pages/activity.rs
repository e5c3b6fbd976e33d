//! What happened to an account.

use askama::Template;

use crate::web::page::{Moment, Page, Sample};

/// One page of the log.
#[derive(Template)]
#[template(path = "pages/activity.html")]
pub struct ActivityPage {
    /// The frame.
    pub page: Page,
    /// The lines, newest first.
    pub lines: Vec<Happened>,
    /// The line before which there are older ones.
    pub older: Option<String>,
    /// The line after which there are newer ones.
    pub newer: Option<String>,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happened {
    /// What: `New trusted computer`.
    pub what: &'static str,
    /// What exactly.
    pub detail: Option<String>,
    /// Why, in the words of whoever did it.
    pub reason: Option<String>,
    /// When.
    pub at: Moment,
    /// With which browser.
    pub browser: Option<String>,
    /// From where: `203.0.113.7`.
    pub network: Option<String>,
    /// Who did it.
    pub who: Who,
}

/// Who did something, as the account's owner reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// The owner, or somebody logged in in their place.
    Owner,
    /// An administrator, by username where that is known.
    Administrator(Option<String>),
    /// An operator, at the command line.
    Operator,
    /// Whoever used a link that was mailed.
    Mailbox,
    /// Nobody: a limit was reached, or a time was over.
    Postern,
}

impl Happened {
    /// An example of a line.
    pub fn sample(what: &'static str, who: Who) -> Self {
        Self {
            what,
            detail: None,
            reason: None,
            at: Moment::sample("10:42 am"),
            browser: Some("Firefox on Windows".to_owned()),
            network: Some("203.0.113.7".to_owned()),
            who,
        }
    }
}

/// Examples for the template test.
pub fn samples() -> Vec<Sample> {
    let by_method = Happened {
        detail: Some("Email, a•••@h•••.example, with that computer trusted".to_owned()),
        ..Happened::sample("Two Factor Authentication turned on", Who::Owner)
    };
    let by_grace = Happened {
        reason: Some("Lost her phone, called from her desk".to_owned()),
        ..Happened::sample("One-time pass given out", Who::Administrator(Some("grace".to_owned())))
    };
    let by_nobody = |what, who| Happened { browser: None, network: None, ..Happened::sample(what, who) };
    let lines = vec![
        Happened::sample("Logged in", Who::Owner),
        by_method,
        by_grace,
        Happened::sample("Invitation accepted", Who::Mailbox),
        Happened::sample("Codes paused after wrong codes", Who::Postern),
        by_nobody("Account disabled", Who::Administrator(None)),
        by_nobody("Account created", Who::Operator),
    ];
    let page = |lines, older: Option<&str>, newer: Option<&str>| ActivityPage {
        page: Page::sample_logged_in(),
        lines,
        older: older.map(str::to_owned),
        newer: newer.map(str::to_owned),
    };
    let id = "01936b2c-0000-7000-8000-000000000001";
    vec![
        Sample::of("activity", &page(lines.clone(), None, None)),
        Sample::of("activity, the newest of many", &page(lines.clone(), Some(id), None)),
        Sample::of("activity, amidst many", &page(lines, Some(id), Some(id))),
        Sample::of("activity, none", &page(Vec::new(), None, None)),
    ]
}
