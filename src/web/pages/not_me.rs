//! *This wasn't me*: what the link in a notice leads to.

use askama::Template;

use crate::web::page::{Page, Sample};
use crate::web::pages::activity::{Happened, Who};
use crate::web::pages::code::ShownDestination;

/// What happened, what would be undone, and the button that undoes it.
#[derive(Template)]
#[template(path = "pages/not_me.html")]
pub struct NotMePage {
    /// The frame.
    pub page: Page,
    /// Whose account it is.
    pub username: String,
    /// What the notice told of.
    pub told: Option<Happened>,
    /// Whether what stood before is put back.
    pub puts_back: bool,
    /// Where the link to a new password goes, masked; `None` if none is mailed.
    pub mails_to: Option<ShownDestination>,
}

/// The link works no longer; answered with 410.
#[derive(Template)]
#[template(path = "pages/not_me_over.html")]
pub struct NotMeOverPage {
    /// The frame.
    pub page: Page,
    /// Why.
    pub why: NotMeOver,
}

/// Why the link of a notice works no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotMeOver {
    /// The button was pressed.
    Used,
    /// Its days are over, or it is no such link.
    Expired,
}

/// Examples for the template test.
pub fn samples() -> Vec<Sample> {
    let masked = || ShownDestination {
        shown: "a•••@h•••.example".to_owned(),
        spoken: Some("your address, at a domain".to_owned()),
    };
    let page = |told, puts_back, mails_to| NotMePage {
        page: Page::sample(),
        username: "ada".to_owned(),
        told,
        puts_back,
        mails_to,
    };
    let told = |what| Some(Happened::sample(what, Who::Owner));
    let by_grace = Happened {
        reason: Some("She left".to_owned()),
        ..Happened::sample("Account disabled", Who::Administrator(Some("grace".to_owned())))
    };
    let over = |why| NotMeOverPage { page: Page::sample(), why };
    vec![
        Sample::of("not me, a computer", &page(told("New trusted computer"), false, Some(masked()))),
        Sample::of("not me, a change", &page(told("Email address changed"), true, Some(masked()))),
        Sample::of("not me, disabled", &page(Some(by_grace), false, None)),
        Sample::of("not me, unknown", &page(None, false, Some(masked()))),
        Sample::of("not me, used", &over(NotMeOver::Used)),
        Sample::of("not me, over", &over(NotMeOver::Expired)),
    ]
}
