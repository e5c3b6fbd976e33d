//! Faults and refusals that have no form to go back to, and the layer that draws them as pages.

use std::fmt;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue, LOCATION, RETRY_AFTER};
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse, ResponseError, web};

use crate::flows::FlowError;
use crate::web::Portal;
use crate::web::dev_guard::Misdirected;
use crate::web::fields::BadForm;
use crate::web::page::{Page, answer};
use crate::web::pages::error::{ErrorKind, ErrorPage};
use crate::web::paths;
use crate::web::request_log::request_id;
use crate::web::same_origin::ForeignOrigin;

/// How long to wait before trying a busy server again, in seconds.
const RETRY_SECONDS: &str = "2";

/// Why a request is answered with something else than its page.
#[derive(Debug)]
pub enum WebError {
    /// Something broke, or is busy.
    Flow(FlowError),
    /// The body is not a form of ours.
    BadForm(BadForm),
    /// A technical part of the request is not what our pages send.
    BadRequest,
    /// The form's token is not this browser's.
    StaleForm,
    /// The browser sent no cookie at all.
    CookiesOff,
    /// There is no such thing.
    NotFound,
    /// Only for administrators.
    Forbidden,
    /// Another page is the right one now.
    GoTo(&'static str),
}

impl fmt::Display for WebError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flow(fault) => fault.fmt(f),
            Self::BadForm(bad) => bad.fmt(f),
            Self::BadRequest => f.write_str("a request that none of our pages sends"),
            Self::StaleForm => f.write_str("a form of another session"),
            Self::CookiesOff => f.write_str("a form without any cookie"),
            Self::NotFound => f.write_str("not found"),
            Self::Forbidden => f.write_str("only for administrators"),
            Self::GoTo(path) => write!(f, "see {path}"),
        }
    }
}

impl From<FlowError> for WebError {
    fn from(fault: FlowError) -> Self {
        Self::Flow(fault)
    }
}

impl From<BadForm> for WebError {
    fn from(bad: BadForm) -> Self {
        Self::BadForm(bad)
    }
}

impl WebError {
    fn goes_to(&self) -> Option<&'static str> {
        match self {
            Self::GoTo(path) => Some(path),
            Self::Flow(FlowError::SessionOver) => Some(paths::LOGIN),
            Self::Flow(_)
            | Self::BadForm(_)
            | Self::BadRequest
            | Self::StaleForm
            | Self::CookiesOff
            | Self::NotFound
            | Self::Forbidden => None,
        }
    }

    fn kind(&self) -> ErrorKind {
        match self {
            Self::Flow(FlowError::Busy) => ErrorKind::Unavailable,
            Self::Flow(fault) if fault.is_passing() => ErrorKind::Unavailable,
            Self::Flow(_) | Self::GoTo(_) => ErrorKind::Broken,
            Self::BadForm(bad) => bad_form(bad),
            Self::BadRequest => ErrorKind::BadRequest,
            Self::StaleForm => ErrorKind::StaleForm,
            Self::CookiesOff => ErrorKind::CookiesOff,
            Self::NotFound => ErrorKind::NotFound,
            Self::Forbidden => ErrorKind::Forbidden,
        }
    }
}

fn wrong_host(misdirected: Misdirected, public_url: String) -> ErrorKind {
    match misdirected {
        Misdirected::OtherHost => ErrorKind::WrongHost { public_url },
        Misdirected::DevelopmentHost | Misdirected::DevelopmentProxy | Misdirected::DevelopmentPeer => {
            ErrorKind::OnlyHere { public_url }
        }
    }
}

fn bad_form(bad: &BadForm) -> ErrorKind {
    match bad {
        BadForm::TooLarge => ErrorKind::TooLarge,
        BadForm::ContentType
        | BadForm::Malformed
        | BadForm::Interrupted
        | BadForm::TooSlow
        | BadForm::Missing(_)
        | BadForm::Repeated(_)
        | BadForm::NotACheckbox(_)
        | BadForm::Unknown => ErrorKind::BadRequest,
    }
}

impl ResponseError for WebError {
    fn status_code(&self) -> StatusCode {
        match self.goes_to() {
            Some(_) => StatusCode::SEE_OTHER,
            None => self.kind().status(),
        }
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut response = HttpResponse::new(self.status_code());
        if let Some(path) = self.goes_to() {
            response.headers_mut().insert(LOCATION, HeaderValue::from_static(path));
        }
        response
    }
}

/// Middleware: draws what has no page yet. Logs what broke, once, with the request's id and without what the visitor sent.
///
/// # Errors
/// Faults of other layers, which are drawn when they come by as a response.
pub async fn draw_errors<B: MessageBody + 'static>(
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let portal = req.app_data::<web::Data<Portal>>().cloned();
    let id = request_id(req.request()).map(|id| id.as_str().to_owned()).unwrap_or_default();
    let response = match next.call(req).await {
        Ok(response) => response.map_into_boxed_body(),
        Err(mut fault) => {
            // A panic takes its request with it; what is left is to draw the page over the bare answer.
            fault.add_response_mapper(move |bare| {
                drawn(bare, portal.as_ref().map(|portal| portal.as_ref()), &id)
            });
            return Err(fault);
        }
    };
    // What a handler answered by itself is a page. What an error says of itself is for the log.
    let is_page = response.response().error().is_none() && response.headers().contains_key(CONTENT_TYPE);
    if is_page || !is_fault(response.status()) {
        return Ok(response);
    }
    let (req, bare) = response.into_parts();
    let drawn = drawn(bare, portal.as_ref().map(|portal| portal.as_ref()), &id);
    Ok(ServiceResponse::new(req, drawn))
}

fn is_fault(status: StatusCode) -> bool {
    status.is_client_error() || status.is_server_error()
}

fn drawn(bare: HttpResponse, portal: Option<&Portal>, id: &str) -> HttpResponse {
    let Some(portal) = portal else { return bare };
    let kind = kind_of(&bare, portal);
    match (bare.error(), &kind) {
        (Some(fault), ErrorKind::Broken) => tracing::error!(request = id, %fault, "a request broke"),
        (Some(fault), ErrorKind::Unavailable) => {
            tracing::warn!(request = id, %fault, "a request was put off")
        }
        (Some(_) | None, _) => {}
    }
    let mut page = Page::new(portal.site.clone());
    page.request_id = id.to_owned();
    let status = kind.status();
    let is_busy = kind == ErrorKind::Unavailable;
    let mut response = answer(&ErrorPage { page, kind }, status);
    for (name, value) in bare.headers().iter().filter(|(name, _)| *name != CONTENT_TYPE) {
        response.headers_mut().append(name.clone(), value.clone());
    }
    if is_busy {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static(RETRY_SECONDS));
    }
    response
}

fn kind_of(bare: &HttpResponse, portal: &Portal) -> ErrorKind {
    if let Some(fault) = bare.error() {
        if let Some(fault) = fault.as_error::<WebError>() {
            return fault.kind();
        }
        if let Some(bad) = fault.as_error::<BadForm>() {
            return bad_form(bad);
        }
        if fault.as_error::<ForeignOrigin>().is_some() {
            return ErrorKind::Forbidden;
        }
        if let Some(misdirected) = fault.as_error::<Misdirected>() {
            return wrong_host(*misdirected, portal.public_address());
        }
    }
    match bare.status() {
        StatusCode::NOT_FOUND => ErrorKind::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => ErrorKind::MethodNotAllowed,
        StatusCode::FORBIDDEN => ErrorKind::Forbidden,
        StatusCode::PAYLOAD_TOO_LARGE => ErrorKind::TooLarge,
        StatusCode::SERVICE_UNAVAILABLE => ErrorKind::Unavailable,
        status if status.is_client_error() => ErrorKind::BadRequest,
        _ => ErrorKind::Broken,
    }
}
