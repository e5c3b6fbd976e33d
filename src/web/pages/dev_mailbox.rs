//! What would have been sent, in development mode.

use std::sync::Arc;

use askama::Template;

use crate::web::page::{Development, Moment, Page, Sample, Site};
use crate::web::pages::code::Method;

/// The built-in mailbox.
#[derive(Template)]
#[template(path = "pages/dev_mailbox.html")]
pub struct DevMailboxPage {
    /// The frame.
    pub page: Page,
    /// The messages, newest first.
    pub messages: Vec<KeptMessage>,
}

/// A message that stayed here instead of going out.
pub struct KeptMessage {
    /// Its id, unique in the list.
    pub id: String,
    /// When it would have left: `10:42:07 am`.
    pub at: Moment,
    /// By mail or by text.
    pub method: Method,
    /// The recipient.
    pub to: String,
    /// The subject of a mail.
    pub subject: Option<String>,
    /// The text.
    pub text: String,
    /// The code in it, if it has one.
    pub code: Option<String>,
}

/// Examples for the template test.
pub fn samples() -> Vec<Sample> {
    let development = Some(Development { mail_leaves: false, sms_leaves: false });
    let page = || {
        let page = Page::sample();
        Page { site: Arc::new(Site { development, ..(*page.site).clone() }), ..page }
    };
    let messages = vec![
        KeptMessage {
            id: "2".to_owned(),
            at: Moment::sample("10:42:07 am"),
            method: Method::Email,
            to: "ada@harbour.example".to_owned(),
            subject: Some("482913 is your Postern login code".to_owned()),
            text: "Your Postern login code is 482913\n\nEnter it on the page where you are logging in."
                .to_owned(),
            code: Some("482913".to_owned()),
        },
        KeptMessage {
            id: "1".to_owned(),
            at: Moment::sample("10:40:12 am"),
            method: Method::Sms,
            to: "+1 212-555-0142".to_owned(),
            subject: None,
            text: "482913 is your Postern login code.\n\n@localhost #482913".to_owned(),
            code: None,
        },
    ];
    vec![
        Sample::of("mailbox", &DevMailboxPage { page: page(), messages }),
        Sample::of("mailbox, empty", &DevMailboxPage { page: page(), messages: vec![] }),
    ]
}
