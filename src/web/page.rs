//! What every page shares: the frame around it, the note above it, and the way it is answered.
//!
//! The words of pages stand in `templates/`. Values that depend on a person's time zone come in as text, ready to show.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::ContentType;
use askama::Template;

use crate::domain::account::{Account, Role};
use crate::web::alarm::Alarm;
use crate::web::assets::AssetUrls;
use crate::web::form::FormState;

pub use crate::web::moment::Moment;
use crate::web::notice::Notice;

/// The frame of one page.
#[derive(Clone)]
pub struct Page {
    /// What is the same on every page of this Postern.
    pub site: Arc<Site>,
    /// Who is logged in; `None` for guests and for logins that still owe a code.
    pub viewer: Option<Viewer>,
    /// What administrators are warned of on their pages.
    pub alarms: Vec<Alarm>,
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
            alarms: Vec::new(),
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
