//! What every page shares: the frame around it, the note above it, and the way it is answered.
//!
//! The words of pages stand in `templates/`. Values that depend on a person's time zone come in as text, ready to show.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use askama::Template;
use serde::{Deserialize, Serialize};

use crate::domain::account::{Account, Role};
use crate::domain::administration::Hindrance;
use crate::web::assets::AssetUrls;
use crate::web::form::FormState;

pub use crate::web::moment::Moment;

/// The frame of one page.
#[derive(Clone)]
pub struct Page {
    /// What is the same on every page of this Postern.
    pub site: Arc<Site>,
    /// Who is logged in; `None` for guests and for logins that still owe a code.
    pub viewer: Option<Viewer>,
    /// What just happened, said once above the heading.
    pub notice: Option<Notice>,
    /// The form of the page as it stands, with its errors.
    pub form: FormState,
    /// What each form carries in its hidden field `form_token`.
    pub form_token: String,
    /// What the visitor can name when asking for help; the log has it too.
    pub request_id: String,
}

/// What is the same on every page of this Postern. Made once, at start.
#[derive(Clone, Default)]
pub struct Site {
    /// The product's name and where help is.
    pub brand: Brand,
    /// Where the style sheet, script and font are.
    pub assets: AssetUrls,
    /// In development mode: what becomes of messages. `None` in production.
    pub development: Option<Development>,
}

/// The operator's names and addresses.
#[derive(Clone, Default)]
pub struct Brand {
    /// What pages call the product.
    pub name: String,
    /// How to reach whoever runs this Postern.
    pub support: Option<Support>,
    /// The operator's terms, a URL.
    pub terms: Option<String>,
    /// The operator's privacy statement, a URL.
    pub privacy: Option<String>,
}

/// How to reach whoever runs this Postern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Support {
    /// A page.
    Link(String),
    /// A mail address.
    Mail(String),
    /// Anything else, such as a telephone number or a room.
    Words(String),
}

/// What becomes of messages in development mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Development {
    /// Whether mail really leaves this machine; otherwise it goes to the built-in mailbox.
    pub mail_leaves: bool,
    /// Whether text messages really leave this machine.
    pub sms_leaves: bool,
}

/// Whose pages these are.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// The username, as typed when the account was made.
    pub username: String,
    /// Whether the menu leads to *Administration*.
    pub is_administrator: bool,
}

/// What just happened. Small, since it travels in a cookie from the POST to the next GET; the words for each are in
/// `templates/parts/notice.html`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    /// Logged out by oneself; until when (a day) the computer stays trusted, if it is.
    LoggedOut(Option<String>),
    /// *Log out and forget this computer*.
    LoggedOutAndForgotten,
    /// Nothing happened for this many minutes.
    TimedOut(i64),
    /// The session ended for another reason: its longest life, or something done elsewhere.
    SessionEnded,
    /// The code was owed for longer than a pending login lives.
    LoginTookTooLong(i64),
    /// The login ended before its code was entered, for another reason: something done elsewhere.
    LoginEnded,
    /// Five wrong codes: back to the password.
    TriesUsedUp(u32),
    /// The same while an identity was being confirmed.
    ConfirmationTriesUsedUp(u32),
    /// *Use another account*.
    StartedOver,
    /// A recovery code stood in for the code; so many are left.
    RecoveryCodeUsed(i64),
    /// A one-time pass stood in for the code.
    PassUsed,
    /// A password reset was asked for, whoever was named; for how many minutes its link works.
    ResetMailed(i64),
    /// A new password was set by a mailed link.
    PasswordReset,
    /// The password was changed by its owner.
    PasswordChanged,
    /// It is clear who asks: now the new password may be chosen.
    ChoosePasswordNow,
    /// A new password was set by invitation.
    PasswordSet,
    /// The first administrator was made.
    AdministratorMade,
    /// *Request another code*: a message was put on its way.
    CodeRequested,
    /// *Request another code*, before the time that is named, which is so far away: `30 seconds`.
    CodeTooSoon(Moment, String),
    /// *Request another code*, and no more are sent here.
    NoMoreCodes,
    /// The profile was saved.
    ProfileSaved,
    /// Saved as it was.
    NothingChanged,
    /// The e-mail address of record is the new one.
    EmailChanged,
    /// The present address was proven; the code of the new one is owed.
    EmailProven,
    /// The new address was given up.
    EmailCancelled,
    /// The new address waited too long or had too many wrong codes.
    EmailEnded,
    /// Two-factor authentication was turned on; until when (a day) this computer is trusted, if it is.
    TwoFactorOn(Option<String>),
    /// The method or destination in force was replaced.
    TwoFactorChanged(Option<String>),
    /// Two-factor authentication was turned off.
    TwoFactorOff,
    /// *Ask for a code on every login* was ticked.
    AsksEveryLogin,
    /// *Ask for a code on every login* was unticked; for how many days a computer is now trusted.
    AsksNowAndThen(u16),
    /// Somebody requires two-factor authentication, so it was not turned off.
    TwoFactorStays,
    /// A one-time pass stood in for the code from the mailbox of record.
    PassTaken,
    /// The set-up was cancelled.
    SetUpCancelled,
    /// The set-up waited too long or had too many wrong codes.
    SetUpEnded,
    /// One trusted computer was forgotten.
    ComputerForgotten(String),
    /// All of them were.
    AllComputersForgotten,
    /// One other session was ended.
    OneSessionEnded(String),
    /// All other sessions were.
    OtherSessionsEnded,
    /// *This wasn't me* was pressed; where a link to a new password goes, masked.
    NotMeDone(Option<String>),
    /// The change that waited for *Confirm it's you* waited too long.
    ChangeTookTooLong,
    /// The form's token was too old: what was typed stands in the form again.
    StaleForm,
    /// Something in administration.
    Admin(AdminNotice),
}

/// What just happened in administration; acts and hindrances go by their words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AdminNotice {
    /// An act was done.
    Done(String),
    /// An account was made, and its invitation is on its way.
    Created,
    /// The account changed since the form was opened; nothing was done.
    Stale,
    /// Something stands in the way; nothing was done.
    Hindered(String),
}

/// How a notice looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// It worked.
    Good,
    /// Something to know.
    Plain,
    /// Something to do.
    Warning,
}

/// One rendered example of a page, for the template test.
pub struct Sample {
    /// The page and its state, such as `login, wrong password`.
    pub name: &'static str,
    /// The page.
    pub html: String,
}

impl Page {
    /// The frame of a page for nobody in particular, without form or notice.
    pub fn new(site: Arc<Site>) -> Self {
        Self {
            site,
            viewer: None,
            notice: None,
            form: FormState::default(),
            form_token: String::new(),
            request_id: String::new(),
        }
    }

    /// The same frame around a form as it stands.
    #[must_use]
    pub fn with_form(self, form: FormState) -> Self {
        Self { form, ..self }
    }

    /// The same frame with a notice in it.
    #[must_use]
    pub fn with_notice(self, notice: Notice) -> Self {
        Self { notice: Some(notice), ..self }
    }

    /// The ids a field's `aria-describedby` names, with a space before each: the notice where the field takes the
    /// focus past it, its error, its hint, and what else describes it.
    pub fn described_by(&self, field: &str, takes_focus: &bool, hint: &str, also: &str) -> String {
        let mut ids = String::new();
        if *takes_focus && self.notice.is_some() {
            ids.push_str(" notice");
        }
        if self.form.error(field).is_some() {
            ids.push_str(&format!(" {field}-error"));
        }
        if !hint.is_empty() {
            ids.push_str(&format!(" {field}-hint"));
        }
        if !also.is_empty() {
            ids.push_str(&format!(" {also}"));
        }
        ids
    }
}

impl Support {
    /// Reads the setting `brand.support`.
    pub fn from_setting(text: &str) -> Self {
        if text.starts_with("https://") || text.starts_with("http://") {
            Self::Link(text.to_owned())
        } else if text.contains('@') && !text.contains(char::is_whitespace) {
            Self::Mail(text.to_owned())
        } else {
            Self::Words(text.to_owned())
        }
    }
}

impl Viewer {
    /// The owner of an account.
    pub fn of(account: &Account) -> Self {
        Self {
            username: account.username.as_str().to_owned(),
            is_administrator: account.role == Role::Administrator,
        }
    }
}

impl AdminNotice {
    /// That something stands in the way.
    pub fn hindered(hindrance: Hindrance) -> Self {
        Self::Hindered(hindrance.as_str().to_owned())
    }
}

impl Notice {
    /// How the notice looks.
    pub fn tone(&self) -> Tone {
        match self {
            Self::PasswordSet
            | Self::AdministratorMade
            | Self::PasswordReset
            | Self::PasswordChanged
            | Self::EmailChanged
            | Self::EmailProven
            | Self::CodeRequested
            | Self::ProfileSaved
            | Self::TwoFactorOn(_)
            | Self::TwoFactorChanged(_)
            | Self::AsksEveryLogin
            | Self::AsksNowAndThen(_)
            | Self::PassTaken
            | Self::ComputerForgotten(_)
            | Self::AllComputersForgotten
            | Self::OneSessionEnded(_)
            | Self::OtherSessionsEnded
            | Self::NotMeDone(_)
            | Self::Admin(AdminNotice::Done(_) | AdminNotice::Created) => Tone::Good,
            Self::LoggedOut(_)
            | Self::LoggedOutAndForgotten
            | Self::TimedOut(_)
            | Self::SessionEnded
            | Self::LoginEnded
            | Self::StartedOver
            | Self::PassUsed
            | Self::ResetMailed(_)
            | Self::ChoosePasswordNow
            | Self::EmailCancelled
            | Self::NothingChanged
            | Self::SetUpCancelled => Tone::Plain,
            Self::LoginTookTooLong(_)
            | Self::TriesUsedUp(_)
            | Self::RecoveryCodeUsed(_)
            | Self::EmailEnded
            | Self::ConfirmationTriesUsedUp(_)
            | Self::CodeTooSoon(..)
            | Self::NoMoreCodes
            | Self::TwoFactorOff
            | Self::TwoFactorStays
            | Self::SetUpEnded
            | Self::ChangeTookTooLong
            | Self::StaleForm
            | Self::Admin(AdminNotice::Stale | AdminNotice::Hindered(_)) => Tone::Warning,
        }
    }
}

/// Answers a request with a page.
pub fn answer(page: &impl Template, status: StatusCode) -> HttpResponse {
    match page.render() {
        Ok(html) => HttpResponse::build(status).content_type(ContentType::html()).body(html),
        Err(fault) => {
            tracing::error!(%fault, "a page could not be drawn");
            HttpResponse::InternalServerError()
                .content_type(ContentType::plaintext())
                .body("There is a problem. Try again in a few minutes.")
        }
    }
}

impl Sample {
    /// Draws one example; what cannot be drawn comes out empty, and the test sees it.
    pub fn of(name: &'static str, page: &impl Template) -> Self {
        Self { name, html: page.render().unwrap_or_default() }
    }
}

impl Page {
    /// A guest's page in the examples.
    pub fn sample() -> Self {
        let brand = Brand {
            name: "Postern".to_owned(),
            support: Some(Support::Mail("help@harbour.example".to_owned())),
            terms: Some("https://harbour.example/terms".to_owned()),
            privacy: Some("https://harbour.example/privacy".to_owned()),
        };
        let assets = crate::web::assets::Assets::load().urls().clone();
        let mut page = Self::new(Arc::new(Site { brand, assets, development: None }));
        page.form_token = "example-token".to_owned();
        page.request_id = "01936b2c".to_owned();
        page
    }

    /// A page of somebody who is logged in, in the examples.
    pub fn sample_logged_in() -> Self {
        Self {
            viewer: Some(Viewer { username: "ada".to_owned(), is_administrator: false }),
            ..Self::sample()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn support_is_a_page_an_address_or_words() {
        assert_eq!(
            Support::from_setting("https://help.example"),
            Support::Link("https://help.example".into())
        );
        assert_eq!(
            Support::from_setting("help@harbour.example"),
            Support::Mail("help@harbour.example".into())
        );
        assert_eq!(Support::from_setting("Room 12, ask @ada"), Support::Words("Room 12, ask @ada".into()));
    }
}
