//! One line a request, with an id and without secrets.
//!
//! The line names method, route pattern, status, milliseconds and request id. Never the path itself (it may hold the
//! token of a mailed link), never query string, cookies, other headers or body (OWASP ASVS 5.0 16.2.5). The id is
//! ours: one sent along by the client is ignored.

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
use crate::flows::measures::Measures;

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

/// Middleware: gives each request an id, writes its line and counts it. `new_id` is asked once a request.
pub fn log_requests<S, B>(
    new_id: impl Fn() -> RequestId + 'static,
    measures: Measures,
) -> impl Transform<S, ServiceRequest, Response = ServiceResponse<B>, Error = Error, InitError = ()>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    let new_id = Rc::new(new_id);
    from_fn(move |req: ServiceRequest, next: Next<B>| {
        let (id, measures) = (new_id(), measures.clone());
        async move {
            let started = Instant::now();
            req.extensions_mut().insert(id.clone());
            let method = req.method().clone();
            let span = tracing::info_span!("request", id = %id);
            let answered = next.call(req).instrument(span).await;
            let line = |route: Option<String>, status: StatusCode| {
                let (method, route) = (known_method(&method), route.as_deref().unwrap_or("unmatched"));
                measures.request(method, route, status.as_u16(), started.elapsed());
                write_line(method, route, status, started, &id);
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

fn write_line(method: &str, route: &str, status: StatusCode, started: Instant, id: &RequestId) {
    let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    tracing::info!(
        method,
        route,
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

#[cfg(test)]
mod tests {
    use std::io::{self, Write};
    use std::sync::{Arc, Mutex, OnceLock};

    use actix_web::error::ErrorServiceUnavailable;
    use actix_web::test::{TestRequest, init_service, try_call_service};
    use actix_web::{App, HttpResponse, HttpServer, web};
    use chrono::DateTime;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpStream;
    use tracing::Dispatch;

    use super::*;

    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Write::write(&mut *self.0.lock().unwrap(), bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Paper {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    /// As long as a process has known only one subscriber, tracing asks the thread that first comes by a line whether
    /// anybody listens, and remembers a "no" for all threads. A second one, which never goes away, stops that.
    fn keep_all_threads_heard() {
        static SECOND: OnceLock<Dispatch> = OnceLock::new();
        SECOND.get_or_init(|| Dispatch::new(tracing_subscriber::registry()));
    }

    fn fixed_id() -> RequestId {
        Id::new(DateTime::from_timestamp(1_000_000, 0).unwrap(), &[7; 10])
    }

    fn sight() -> HttpResponse {
        #[expect(clippy::unreachable, reason = "the panic is what is tested")]
        let panics = || unreachable!("password hunter2");
        panics()
    }

    /// Status, `X-Request-Id`, and what was logged.
    async fn ask(request: TestRequest) -> (u16, Option<String>, String) {
        keep_all_threads_heard();
        let paper = Paper::default();
        let to_paper = paper.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_writer(move || to_paper.clone())
            .with_ansi(false)
            .without_time()
            .finish();
        let _listening = tracing::subscriber::set_default(subscriber);
        let app = App::new()
            .wrap(from_fn(|req: ServiceRequest, next: Next<_>| async move {
                if req.path() == "/fault" {
                    Err(ErrorServiceUnavailable("hunter2"))
                } else {
                    next.call(req).await
                }
            }))
            .wrap(from_fn(catch_panics))
            .wrap(log_requests(fixed_id, Measures::default()))
            .route("/not-me/{token}", web::to(|| async { HttpResponse::Ok().finish() }))
            .service(web::scope("/admin").route(
                "/accounts/{id}",
                web::get().to(|req: HttpRequest| async move {
                    tracing::info!("account.viewed");
                    HttpResponse::Ok().body(request_id(&req).unwrap().to_string())
                }),
            ))
            .route("/late", web::get().to(|| async { sight() }))
            .route("/at-once", web::get().to(|| std::future::ready(sight())));
        let app = init_service(app).await;
        let (status, id) = match try_call_service(&app, request.to_request()).await {
            Ok(answer) => (answer.status(), answer.headers().get(X_REQUEST_ID).cloned()),
            Err(fault) => {
                let answer = fault.error_response();
                (answer.status(), answer.headers().get(X_REQUEST_ID).cloned())
            }
        };
        (status.as_u16(), id.map(|id| id.to_str().unwrap().to_owned()), paper.text())
    }

    #[actix_web::test]
    async fn a_request_leaves_one_line_with_its_pattern() {
        let request = TestRequest::post()
            .uri("/not-me/t0ken?next=s3cret")
            .insert_header(("cookie", "__Host-postern=c00kie"))
            .insert_header(("x-request-id", "mine"))
            .insert_header(("authorization", "Basic p4ss"))
            .set_payload("code=123456");
        let (status, id, log) = ask(request).await;
        assert_eq!((status, id.as_deref()), (200, Some(fixed_id().as_str())));
        assert_eq!(log.lines().count(), 1, "{log}");
        for part in ["method=\"POST\"", "route=\"/not-me/{token}\"", "status=200", "ms=", fixed_id().as_str()]
        {
            assert!(log.contains(part), "{part}: {log}");
        }
        for secret in ["t0ken", "s3cret", "c00kie", "p4ss", "123456", "mine"] {
            assert!(!log.contains(secret), "{secret}: {log}");
        }
    }

    #[actix_web::test]
    async fn what_a_handler_logs_carries_the_id() {
        let (status, _, log) = ask(TestRequest::with_uri("/admin/accounts/7")).await;
        assert_eq!(status, 200);
        let viewed = log.lines().find(|line| line.contains("account.viewed")).unwrap();
        assert!(viewed.contains(fixed_id().as_str()), "{viewed}");
        assert!(log.contains("route=\"/admin/accounts/{id}\""), "{log}");
    }

    #[actix_web::test]
    async fn an_unknown_path_is_not_repeated() {
        let (status, id, log) = ask(TestRequest::with_uri("/wp-login.php")).await;
        assert_eq!((status, id.is_some()), (404, true));
        assert!(log.contains("route=\"unmatched\"") && !log.contains("wp-login"), "{log}");
    }

    #[actix_web::test]
    async fn a_made_up_method_is_not_repeated() {
        let (_, _, log) = ask(TestRequest::with_uri("/x").method("SECRET".parse().unwrap())).await;
        assert!(log.contains("method=\"other\"") && !log.contains("SECRET"), "{log}");
    }

    #[actix_web::test]
    async fn a_panic_costs_one_answer_and_tells_nothing() {
        for path in ["/late", "/at-once"] {
            let (status, id, log) = ask(TestRequest::with_uri(path)).await;
            assert_eq!((status, id.as_deref()), (500, Some(fixed_id().as_str())), "{path}");
            assert!(log.contains("a handler panicked") && log.contains("status=500"), "{log}");
            assert!(!log.contains("hunter2"), "{log}");
        }
    }

    #[actix_web::test]
    async fn a_fault_below_is_logged_by_its_status() {
        let (status, id, log) = ask(TestRequest::with_uri("/fault")).await;
        assert_eq!((status, id.is_some()), (503, true));
        assert!(log.contains("status=503") && !log.contains("hunter2"), "{log}");
    }

    #[actix_web::test]
    async fn a_panic_leaves_the_connection_open() {
        let server = HttpServer::new(|| {
            App::new()
                .wrap(from_fn(catch_panics))
                .wrap(log_requests(fixed_id, Measures::default()))
                .route("/late", web::get().to(|| async { sight() }))
                .route("/well", web::get().to(|| async { "all is well" }))
        });
        let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        actix_web::rt::spawn(server);
        let mut connection = TcpStream::connect(address).await.unwrap();
        let ask =
            "GET /late HTTP/1.1\r\nHost: x\r\n\r\nGET /well HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
        connection.write_all(ask.as_bytes()).await.unwrap();
        let mut answers = String::new();
        connection.read_to_string(&mut answers).await.unwrap();
        assert!(answers.starts_with("HTTP/1.1 500 ") && answers.ends_with("all is well"), "{answers}");
        handle.stop(false).await;
    }
}
