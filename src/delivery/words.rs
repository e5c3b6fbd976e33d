//! The templates, and what each may say. Only [`crate::delivery::message`] calls them.

use askama::Template;

use crate::delivery::message::Brand;
use crate::domain::challenge::Purpose;
use crate::domain::when;
use crate::flows::outbox::{CodeMessage, InvitationMessage};

/// What a code mail says, whatever the code is for.
pub struct CodeWords<'a> {
    purpose: Purpose,
    brand: &'a Brand,
    code: &'a str,
    until_time: String,
    until_day: String,
    asked_at: String,
    browser: &'a str,
    support: Option<&'a str>,
}

/// What an invitation says.
pub struct InvitationWords<'a> {
    brand: &'a Brand,
    username: &'a str,
    link: &'a str,
    until_time: String,
    until_day: String,
    support: Option<&'a str>,
}

/// What a text message says.
#[derive(Clone, Copy)]
pub struct TextWords<'a> {
    /// What the code is for.
    pub purpose: Purpose,
    /// The six digits.
    pub code: &'a str,
    /// Whose message it is.
    pub brand: &'a Brand,
    /// For how many minutes the code still works.
    pub minutes: i64,
}

#[derive(Template)]
#[template(path = "email/code_subject.txt")]
struct CodeSubject<'a> {
    message: &'a CodeWords<'a>,
}

#[derive(Template)]
#[template(path = "email/code.txt")]
struct CodeText<'a> {
    message: &'a CodeWords<'a>,
}

#[derive(Template)]
#[template(path = "email/code.html")]
struct CodeHtml<'a> {
    message: &'a CodeWords<'a>,
}

#[derive(Template)]
#[template(path = "email/invitation_subject.txt")]
struct InvitationSubject<'a> {
    message: &'a InvitationWords<'a>,
}

#[derive(Template)]
#[template(path = "email/invitation.txt")]
struct InvitationText<'a> {
    message: &'a InvitationWords<'a>,
}

#[derive(Template)]
#[template(path = "email/invitation.html")]
struct InvitationHtml<'a> {
    message: &'a InvitationWords<'a>,
}

#[derive(Template)]
#[template(path = "sms/code.txt")]
struct CodeTextMessage<'a> {
    message: TextWords<'a>,
}

/// A mail's three pieces.
pub struct Pieces {
    /// One line.
    pub subject: String,
    /// The plain part.
    pub text: String,
    /// The HTML part.
    pub html: String,
}

impl<'a> CodeWords<'a> {
    /// Takes from a message what its mail says. Times are in the reader's zone.
    pub fn new(message: &'a CodeMessage, brand: &'a Brand) -> Self {
        Self {
            purpose: message.purpose,
            brand,
            code: message.code.expose(),
            until_time: when::clock_and_zone(message.valid_until, message.time_zone),
            until_day: when::day(message.valid_until, message.time_zone),
            asked_at: when::clock_and_zone(message.requested_at, message.time_zone),
            browser: message.browser.as_str(),
            // A code mail has no links, not even the operator's own.
            support: brand.support.as_deref().filter(|support| !support.contains("://")),
        }
    }

    /// Renders the mail.
    ///
    /// # Errors
    /// Whatever askama reports.
    pub fn render(&self) -> Result<Pieces, askama::Error> {
        Ok(Pieces {
            subject: CodeSubject { message: self }.render()?,
            text: CodeText { message: self }.render()?,
            html: CodeHtml { message: self }.render()?,
        })
    }
}

impl<'a> InvitationWords<'a> {
    /// Takes from a message what its mail says. Times are in the reader's zone.
    pub fn new(message: &'a InvitationMessage, brand: &'a Brand) -> Self {
        Self {
            brand,
            username: message.username.as_str(),
            link: message.link.expose(),
            until_time: when::clock_and_zone(message.valid_until, message.time_zone),
            until_day: when::day(message.valid_until, message.time_zone),
            support: brand.support.as_deref(),
        }
    }

    /// Renders the mail.
    ///
    /// # Errors
    /// Whatever askama reports.
    pub fn render(&self) -> Result<Pieces, askama::Error> {
        Ok(Pieces {
            subject: InvitationSubject { message: self }.render()?,
            text: InvitationText { message: self }.render()?,
            html: InvitationHtml { message: self }.render()?,
        })
    }
}

impl TextWords<'_> {
    /// Renders the text message.
    ///
    /// # Errors
    /// Whatever askama reports.
    pub fn render(self) -> Result<String, askama::Error> {
        CodeTextMessage { message: self }.render()
    }
}
