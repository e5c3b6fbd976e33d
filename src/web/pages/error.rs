//! Error pages.

use actix_web::http::StatusCode;
use askama::Template;

use crate::web::page::{Moment, Page, Sample};

/// A fault or refusal that has no form to go back to.
#[derive(Template)]
#[template(path = "pages/error.html")]
pub struct ErrorPage {
    /// The frame; its request id is shown.
    pub page: Page,
    /// What happened.
    pub kind: ErrorKind,
}

/// What happened, as far as the visitor is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The browser sent something this Postern does not understand.
    BadRequest,
    /// The browser sends no cookies back.
    CookiesOff,
    /// The form's token was too old or somebody else's.
    StaleForm,
    /// Not for this account.
    Forbidden,
    /// No such page.
    NotFound,
    /// Such a page, but not that way.
    MethodNotAllowed,
    /// A body of unseemly size.
    TooLarge,
    /// Reached by another name.
    WrongHost {
        /// Where it can be reached.
        public_url: String,
    },
    /// Development mode was reached by another name, from elsewhere or through a proxy.
    OnlyHere {
        /// Where it can be reached.
        public_url: String,
    },
    /// Too many requests from one address.
    TooMany {
        /// When to try again.
        until: Option<Moment>,
    },
    /// Something broke.
    Broken,
    /// Too busy, or the database is away.
    Unavailable,
}

impl ErrorPage {
    /// Whether the start page is somewhere to go from here.
    pub fn has_way_out(&self) -> bool {
        !matches!(self.kind, ErrorKind::WrongHost { .. } | ErrorKind::OnlyHere { .. })
    }
}

impl ErrorKind {
    /// The status the page is answered with.
    pub fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest => StatusCode::BAD_REQUEST,
            Self::CookiesOff | Self::StaleForm | Self::Forbidden => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::WrongHost { .. } | Self::OnlyHere { .. } => StatusCode::MISDIRECTED_REQUEST,
            Self::TooMany { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::Broken => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }
}

/// Examples for the template test.
pub fn samples() -> Vec<Sample> {
    let page = |name, kind| Sample::of(name, &ErrorPage { page: Page::sample(), kind });
    vec![
        page("error 400", ErrorKind::BadRequest),
        page("error, cookies off", ErrorKind::CookiesOff),
        page("error, stale form", ErrorKind::StaleForm),
        page("error 403", ErrorKind::Forbidden),
        page("error 404", ErrorKind::NotFound),
        page("error 405", ErrorKind::MethodNotAllowed),
        page("error 413", ErrorKind::TooLarge),
        page("error 421", ErrorKind::WrongHost { public_url: "https://login.harbour.example".to_owned() }),
        page(
            "error 421, development",
            ErrorKind::OnlyHere { public_url: "http://localhost:8080".to_owned() },
        ),
        page("error 429", ErrorKind::TooMany { until: Some(Moment::sample("11:07 am EST")) }),
        page("error 500", ErrorKind::Broken),
        page("error 503", ErrorKind::Unavailable),
    ]
}
