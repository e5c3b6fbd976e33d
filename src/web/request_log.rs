//! One line a request, with an id and without secrets.
//!
//! The line names method, route pattern, status, milliseconds and request id. Never the path itself (it may hold the
//! token of a mailed link), never query string, cookies, other headers or body (OWASP ASVS 5.0 16.2.5). The id is ours: one
//! sent along by the client is ignored.

use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook};
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, HttpMessage, HttpRequest, ResponseError};
use tracing::Instrument;

use crate::domain::ids::Id;

/// The header in which the answer names its request's id.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What a [`RequestId`] identifies.
pub enum Request {}

/// What a person reads out to the operator, and the operator searches the log for.
pub type RequestId = Id<Request>;

/// The id of a request that went through [`log_requests`].
pub fn request_id(req: &HttpRequest) -> Option<RequestId> {
    req.extensions().get::<RequestId>().cloned()
}

/// Middleware: gives each request an id and writes its line. `new_id` is asked once a request.
pub fn log_requests<S, B>(
    new_id: impl Fn() -> RequestId + 'static,
) -> impl Transform<S, ServiceRequest, Response = ServiceResponse<B>, Error = Error, InitError = ()>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    let new_id = Rc::new(new_id);
    from_fn(move |req: ServiceRequest, next: Next<B>| {
        let id = new_id();
        async move {
            let started = Instant::now();
            req.extensions_mut().insert(id.clone());
            let method = req.method().clone();
            let span = tracing::info_span!("request", id = %id);
            let answered = next.call(req).instrument(span).await;
            let line = |route: Option<String>, status: StatusCode| {
                write_line(&method, route.as_deref(), status, started, &id);
            };
            match answered {
                Ok(mut answer) => {
                    line(answer.request().match_pattern(), answer.status());
                    name_request(answer.headers_mut(), &id);
                    Ok(answer)
                }
                // The request is gone with the fault, and its route with it.
                Err(mut fault) => {
                    line(None, fault.as_response_error().status_code());
                    fault.add_response_mapper(move |mut answer| {
                        name_request(answer.headers_mut(), &id);
                        answer
                    });
                    Err(fault)
                }
            }
        }
    })
}

fn write_line(method: &Method, route: Option<&str>, status: StatusCode, started: Instant, id: &RequestId) {
    let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(
        method = known_method(method),
        route = route.unwrap_or("unmatched"),
        status = status.as_u16(),
        ms = millis,
        request_id = %id,
        "request"
    );
}

fn name_request(headers: &mut HeaderMap, id: &RequestId) {
    if let Ok(value) = HeaderValue::from_str(id.as_str()) {
        headers.insert(X_REQUEST_ID, value);
    }
}

/// A method may be any word a client makes up; the log knows these.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::DELETE => "DELETE",
        Method::PATCH => "PATCH",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// A handler panicked: 500. What it said about it is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("something went wrong here")]
pub struct Panicked;

impl ResponseError for Panicked {
    fn status_code(&self) -> StatusCode {
        StatusCode::INTERNAL_SERVER_ERROR
    }
}

/// Middleware, to be wrapped inside [`log_requests`]: turns a panic below it into the error [`Panicked`], so that it
/// costs one answer and not the connection.
///
/// # Errors
/// [`Panicked`], and whatever the inner service returns.
pub async fn catch_panics<B>(req: ServiceRequest, next: Next<B>) -> Result<ServiceResponse<B>, Error>
where
    B: MessageBody + 'static,
{
    let id = request_id(req.request());
    let mut answered = pin!(async move { next.call(req).await });
    // Nothing that outlives the request is half-changed by a panic: what handlers share is either atomic, behind a
    // mutex that recovers, or in the database, whose transaction rolls back.
    poll_fn(|context| match catch_unwind(AssertUnwindSafe(|| answered.as_mut().poll(context))) {
        Ok(polled) => polled,
        Err(_payload) => {
            let request_id = id.as_ref().map_or("none", RequestId::as_str);
            tracing::error!(request_id, "a handler panicked");
            Poll::Ready(Err(Panicked.into()))
        }
    })
    .await
}

/// Replaces the process's panic report by one that names the place in the code and keeps the message to itself: a
/// message may hold whatever the value at fault held. To be called once, at the start.
pub fn report_panics_by_place() {
    set_hook(Box::new(|panic| tracing::error!(place = place(panic), "panic")));
}

fn place(panic: &PanicHookInfo<'_>) -> String {
    panic.location().map_or_else(|| "unknown".to_owned(), |at| format!("{}:{}", at.file(), at.line()))
}
