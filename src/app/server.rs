//! The HTTP server and its layers, from the outermost in: to the end, headers, log, error pages, panics, time, host, origin,
//! cookies, session.

use std::net::TcpListener;
use std::time::Duration;

use actix_session::SessionMiddleware;
use actix_session::config::BrowserSession;
use actix_session::storage::CookieSessionStore;
use actix_web::cookie::{Key, SameSite};
use actix_web::dev::Server;
use actix_web::middleware::from_fn;
use actix_web::web::{Data, get};
use actix_web::{App, HttpResponse, HttpServer};

use crate::domain::ids::Id;
use crate::flows::{Services, measures};
use crate::web::browser::TrustedProxies;
use crate::web::browser::cookies::only_our_cookies;
use crate::web::dev_guard::HostGuard;
use crate::web::error::draw_errors;
use crate::web::headers::{keep_none_when_leaving, on_every_answer};
use crate::web::in_time::answer_in_time;
use crate::web::request_log::{RequestId, catch_panics, log_requests};
use crate::web::same_origin::refuse_foreign_origins;
use crate::web::to_the_end::go_to_the_end;
use crate::web::{Portal, routes};

/// Where Prometheus looks.
const METRICS: &str = "/metrics";
/// How long a client may take to send the head of a request.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a stop waits for requests under way, in seconds.
const SHUTDOWN_TIMEOUT: u64 = 30;

pub(super) fn server(
    portal: &Data<Portal>,
    proxies: &Data<TrustedProxies>,
    listener: TcpListener,
) -> std::io::Result<Server> {
    let (portal, proxies) = (portal.clone(), proxies.clone());
    let server = HttpServer::new(move || {
        let url = &portal.services.settings.public_url;
        let guard = match portal.is_development() {
            true => HostGuard::development(url),
            false => HostGuard::production(url),
        };
        App::new()
            .app_data(portal.clone())
            .app_data(proxies.clone())
            .configure(routes::mount)
            .wrap(sessions(&portal))
            .wrap(only_our_cookies(portal.cookies))
            .wrap(refuse_foreign_origins(url))
            .wrap(guard.refuse_misdirected())
            .wrap(from_fn(answer_in_time))
            .wrap(from_fn(catch_panics))
            .wrap(from_fn(draw_errors))
            .wrap(log_requests(request_ids(&portal), portal.services.measures.clone()))
            .wrap(on_every_answer(url))
            .wrap(from_fn(keep_none_when_leaving))
            .wrap(from_fn(go_to_the_end))
    })
    // App::serve hears the system's signals itself.
    .disable_signals()
    .client_request_timeout(HEAD_TIMEOUT)
    .shutdown_timeout(SHUTDOWN_TIMEOUT)
    .listen(listener)?
    .run();
    Ok(server)
}

/// What the operator watches, on an address of its own: nothing that people reach leads there.
pub(super) fn metrics_server(services: &Services, listener: TcpListener) -> std::io::Result<Server> {
    let services = Data::new(services.clone());
    let server = HttpServer::new(move || {
        App::new().app_data(services.clone()).route(METRICS, get().to(metrics)).wrap(from_fn(catch_panics))
    })
    .workers(1)
    .client_request_timeout(HEAD_TIMEOUT)
    .disable_signals()
    .listen(listener)?
    .run();
    Ok(server)
}

async fn metrics(services: Data<Services>) -> HttpResponse {
    HttpResponse::Ok().content_type(measures::CONTENT_TYPE).body(measures::render(&services).await)
}

/// One encrypted cookie that ends with the browser's session; everything that decides stands in rows.
fn sessions(portal: &Portal) -> SessionMiddleware<CookieSessionStore> {
    let key = Key::from(portal.services.keys.cookie().expose());
    SessionMiddleware::builder(CookieSessionStore::default(), key)
        .cookie_name(portal.cookies.session_name().to_owned())
        .cookie_secure(portal.cookies.is_secure())
        .cookie_http_only(true)
        .cookie_same_site(SameSite::Lax)
        .cookie_path("/".to_owned())
        .session_lifecycle(BrowserSession::default())
        .build()
}

fn request_ids(portal: &Data<Portal>) -> impl Fn() -> RequestId + 'static + use<> {
    let (clock, random) = (portal.services.clock.clone(), portal.services.random.clone());
    move || {
        // Without randomness no secret is made anywhere, and every story fails; the log still wants a name for it.
        Id::new(clock.now(), &random.bytes().unwrap_or_default())
    }
}
