//! The templates, and what each may say. Only [`crate::delivery::message`] calls them.

use askama::Template;
use chrono_tz::Tz;

use crate::delivery::message::Brand;
use crate::domain::challenge::Purpose;
use crate::domain::event::{Actor, EventKind, shown_network};
use crate::domain::link::LinkPurpose;
use crate::domain::username::Username;
use crate::domain::when;
use crate::flows::outbox::{CodeMessage, LinkMessage, Told};

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

/// What a mail around a link says.
pub struct LinkWords<'a> {
    purpose: LinkPurpose,
    brand: &'a Brand,
    username: &'a str,
    link: &'a str,
    told: Option<ToldWords<'a>>,
    until_time: String,
    until_day: String,
    support: Option<&'a str>,
}

/// What a notice tells of.
pub struct ToldWords<'a> {
    kind: EventKind,
    what: &'static str,
    detail: Option<&'a str>,
    when_time: String,
    when_day: String,
    browser: Option<&'a str>,
    network: Option<&'a str>,
    who: &'a Actor,
    administrator: Option<&'a str>,
    reason: Option<&'a str>,
    puts_back: bool,
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
    message: &'a LinkWords<'a>,
}

#[derive(Template)]
#[template(path = "email/invitation.txt")]
struct InvitationText<'a> {
    message: &'a LinkWords<'a>,
}

#[derive(Template)]
#[template(path = "email/invitation.html")]
struct InvitationHtml<'a> {
    message: &'a LinkWords<'a>,
}

#[derive(Template)]
#[template(path = "email/password_reset_subject.txt")]
struct PasswordResetSubject<'a> {
    message: &'a LinkWords<'a>,
}

#[derive(Template)]
#[template(path = "email/password_reset.txt")]
struct PasswordResetText<'a> {
    message: &'a LinkWords<'a>,
}

#[derive(Template)]
#[template(path = "email/password_reset.html")]
struct PasswordResetHtml<'a> {
    message: &'a LinkWords<'a>,
}

#[derive(Template)]
#[template(path = "email/notice_subject.txt")]
struct NoticeSubject<'a> {
    message: &'a LinkWords<'a>,
}

#[derive(Template)]
#[template(path = "email/notice.txt")]
struct NoticeText<'a> {
    message: &'a LinkWords<'a>,
}

#[derive(Template)]
#[template(path = "email/notice.html")]
struct NoticeHtml<'a> {
    message: &'a LinkWords<'a>,
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

impl<'a> LinkWords<'a> {
    /// Takes from a message what its mail says. Times are in the reader's zone.
    pub fn new(message: &'a LinkMessage, brand: &'a Brand) -> Self {
        Self {
            purpose: message.purpose,
            brand,
            username: message.username.as_str(),
            link: message.link.expose(),
            told: message.told.as_ref().map(|told| ToldWords::new(told, message.time_zone)),
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
        let message = self;
        Ok(match self.purpose {
            LinkPurpose::Invitation => Pieces {
                subject: InvitationSubject { message }.render()?,
                text: InvitationText { message }.render()?,
                html: InvitationHtml { message }.render()?,
            },
            LinkPurpose::PasswordReset => Pieces {
                subject: PasswordResetSubject { message }.render()?,
                text: PasswordResetText { message }.render()?,
                html: PasswordResetHtml { message }.render()?,
            },
            LinkPurpose::NotMe => Pieces {
                subject: NoticeSubject { message }.render()?,
                text: NoticeText { message }.render()?,
                html: NoticeHtml { message }.render()?,
            },
        })
    }
}

impl<'a> ToldWords<'a> {
    fn new(told: &'a Told, zone: Tz) -> Self {
        let event = &told.event;
        Self {
            kind: event.kind,
            what: event.kind.label(),
            detail: event.detail.as_deref(),
            when_time: when::clock_and_zone(event.at, zone),
            when_day: when::day(event.at, zone),
            browser: event.browser.as_deref(),
            network: event.network.as_deref().map(shown_network),
            who: &event.actor,
            administrator: told.administrator.as_ref().map(Username::as_str),
            reason: event.reason.as_deref(),
            puts_back: told.puts_back,
        }
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
