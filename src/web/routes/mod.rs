//! The route table, all on one screen. A handler parses, calls one story, matches the outcome and answers; who may call it
//! stands in its arguments.

mod account_list;
mod activity;
mod activity_export;
mod activity_log;
mod admin_account;
mod admin_new_account;
mod code;
mod computers;
mod confirm;
mod deliveries;
mod dev_mailbox;
mod email;
mod health;
mod help;
mod invitation;
mod login;
mod not_me;
mod password;
mod password_reset;
mod profile;
mod prove_mailbox;
mod recovery;
mod recovery_codes;
mod sessions;
mod setup;
mod sms_report;
mod two_factor;

use actix_web::http::header::{ALLOW, AcceptEncoding, LOCATION};
use actix_web::web::{Data, Header, Path, ServiceConfig, post, resource, route, to};
use actix_web::{HttpRequest, HttpResponse, Resource, Route, guard};

use crate::web::Portal;
use crate::web::error::WebError;

/// Who a route lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Anyone.
    Anyone,
    /// A login whose code is owed.
    PendingLogin,
    /// Somebody who is logged in.
    Session,
    /// An administrator who has confirmed who they are.
    Administrator,
    /// A provider, by its signature.
    Provider,
    /// Anyone, in development mode.
    Development,
}

/// Every route: method, path, and whom it lets in. GET stands for HEAD too. The tests walk this table, and hold it against what answers.
pub const TABLE: &[(&str, &str, Who)] = &[
    ("GET", "/", Who::Anyone),
    ("GET", "/login", Who::Anyone),
    ("POST", "/login", Who::Anyone),
    ("POST", "/login/cancel", Who::PendingLogin),
    ("GET", "/login/code", Who::PendingLogin),
    ("POST", "/login/code", Who::PendingLogin),
    ("GET", "/login/code/status", Who::PendingLogin),
    ("POST", "/login/code/resend", Who::PendingLogin),
    ("GET", "/login/another-way", Who::PendingLogin),
    ("GET", "/login/recovery", Who::PendingLogin),
    ("POST", "/login/recovery", Who::PendingLogin),
    ("POST", "/logout", Who::Session),
    ("GET", "/profile", Who::Session),
    ("POST", "/profile", Who::Session),
    ("GET", "/profile/email", Who::Session),
    ("POST", "/profile/email", Who::Session),
    ("POST", "/profile/email/resend", Who::Session),
    ("POST", "/profile/email/cancel", Who::Session),
    ("GET", "/profile/password", Who::Session),
    ("POST", "/profile/password", Who::Session),
    ("GET", "/profile/recovery-codes", Who::Session),
    ("POST", "/profile/recovery-codes", Who::Session),
    ("GET", "/profile/two-factor", Who::Session),
    ("POST", "/profile/two-factor", Who::Session),
    ("GET", "/profile/two-factor/status", Who::Session),
    ("POST", "/profile/two-factor/resend", Who::Session),
    ("POST", "/profile/two-factor/cancel", Who::Session),
    ("GET", "/profile/computers", Who::Session),
    ("POST", "/profile/computers/{id}/forget", Who::Session),
    ("POST", "/profile/computers/forget-all", Who::Session),
    ("GET", "/profile/sessions", Who::Session),
    ("POST", "/profile/sessions/{id}/end", Who::Session),
    ("POST", "/profile/sessions/end-others", Who::Session),
    ("GET", "/profile/activity", Who::Session),
    ("GET", "/confirm", Who::Session),
    ("POST", "/confirm", Who::Session),
    ("GET", "/confirm/status", Who::Session),
    ("POST", "/confirm/resend", Who::Session),
    ("GET", "/admin/accounts", Who::Administrator),
    ("GET", "/admin/activity", Who::Administrator),
    ("GET", "/admin/activity.csv", Who::Administrator),
    ("GET", "/admin/deliveries", Who::Administrator),
    ("POST", "/admin/deliveries/test", Who::Administrator),
    ("GET", "/admin/accounts/new", Who::Administrator),
    ("POST", "/admin/accounts/new", Who::Administrator),
    ("GET", "/admin/accounts/{id}", Who::Administrator),
    ("GET", "/admin/accounts/{id}/{action}", Who::Administrator),
    ("POST", "/admin/accounts/{id}/{action}", Who::Administrator),
    ("GET", "/setup", Who::Anyone),
    ("POST", "/setup", Who::Anyone),
    ("GET", "/password/forgot", Who::Anyone),
    ("POST", "/password/forgot", Who::Anyone),
    ("GET", "/password/reset", Who::Anyone),
    ("POST", "/password/reset", Who::Anyone),
    ("GET", "/invitation", Who::Anyone),
    ("POST", "/invitation", Who::Anyone),
    ("GET", "/not-me", Who::Anyone),
    ("POST", "/not-me", Who::Anyone),
    ("POST", "/hooks/sms/twilio", Who::Provider),
    ("GET", "/help", Who::Anyone),
    ("GET", "/healthz", Who::Anyone),
    ("GET", "/readyz", Who::Anyone),
    ("GET", "/.well-known/change-password", Who::Anyone),
    ("GET", "/robots.txt", Who::Anyone),
    ("GET", "/static/{path:.*}", Who::Anyone),
    ("GET", "/favicon.ico", Who::Anyone),
    ("GET", "/dev/mailbox", Who::Development),
    ("GET", "/dev/mailbox.json", Who::Development),
];

/// Mounts the routes. What is not mounted answers 404, and a wrong method 405.
pub fn mount(config: &mut ServiceConfig) {
    config
        .service(at("/").route(get().to(login::start)))
        .service(at("/login").route(get().to(login::show)).route(post().to(login::submit)))
        .service(at("/login/cancel").route(post().to(code::cancel)))
        .service(at("/login/code").route(get().to(code::show)).route(post().to(code::submit)))
        .service(at("/login/code/status").route(get().to(code::status)))
        .service(at("/login/code/resend").route(post().to(code::resend)))
        .service(at("/login/another-way").route(get().to(recovery::another_way)))
        .service(at("/login/recovery").route(get().to(recovery::show)).route(post().to(recovery::submit)))
        .service(at("/logout").route(post().to(login::log_out)))
        .service(at("/profile").route(get().to(profile::show)).route(post().to(profile::save)))
        .service(at("/profile/email").route(get().to(email::show)).route(post().to(email::save)))
        .service(at("/profile/email/resend").route(post().to(email::resend)))
        .service(at("/profile/email/cancel").route(post().to(email::cancel)))
        .service(at("/profile/password").route(get().to(password::show)).route(post().to(password::change)))
        .service(
            at("/profile/recovery-codes")
                .route(get().to(recovery_codes::show))
                .route(post().to(recovery_codes::make)),
        )
        .service(
            at("/profile/two-factor").route(get().to(two_factor::show)).route(post().to(two_factor::save)),
        )
        .service(at("/profile/two-factor/status").route(get().to(two_factor::status)))
        .service(at("/profile/two-factor/resend").route(post().to(two_factor::resend)))
        .service(at("/profile/two-factor/cancel").route(post().to(two_factor::cancel)))
        .service(at("/profile/computers").route(get().to(computers::show)))
        .service(at("/profile/computers/forget-all").route(post().to(computers::forget_all)))
        .service(at("/profile/computers/{id}/forget").route(post().to(computers::forget)))
        .service(at("/profile/sessions").route(get().to(sessions::show)))
        .service(at("/profile/sessions/end-others").route(post().to(sessions::end_others)))
        .service(at("/profile/sessions/{id}/end").route(post().to(sessions::end)))
        .service(at("/profile/activity").route(get().to(activity::show)))
        .service(at("/confirm").route(get().to(confirm::show)).route(post().to(confirm::submit)))
        .service(at("/confirm/status").route(get().to(confirm::status)))
        .service(at("/confirm/resend").route(post().to(confirm::resend)))
        .service(at("/admin/accounts").route(get().to(account_list::show)))
        .service(at("/admin/activity").route(get().to(activity_log::show)))
        .service(at("/admin/deliveries").route(get().to(deliveries::show)))
        .service(at("/admin/deliveries/test").route(post().to(deliveries::test)))
        .service(at("/admin/activity.csv").route(get().to(activity_export::download)))
        .service(
            at("/admin/accounts/new")
                .route(get().to(admin_new_account::show))
                .route(post().to(admin_new_account::create)),
        )
        .service(at("/admin/accounts/{id}").route(get().to(admin_account::show)))
        .service(
            at("/admin/accounts/{id}/{action}")
                .route(get().to(admin_account::confirm))
                .route(post().to(admin_account::act)),
        )
        .service(at("/setup").route(get().to(setup::show)).route(post().to(setup::submit)))
        .service(
            at("/password/forgot")
                .route(get().to(password_reset::forgot))
                .route(post().to(password_reset::ask)),
        )
        .service(
            at("/password/reset")
                .route(get().to(password_reset::show))
                .route(post().to(password_reset::submit)),
        )
        .service(at("/invitation").route(get().to(invitation::show)).route(post().to(invitation::submit)))
        .service(at("/not-me").route(get().to(not_me::show)).route(post().to(not_me::press)))
        .service(at("/hooks/sms/twilio").route(post().to(sms_report::take)))
        .service(at("/help").route(get().to(help::show)))
        .service(at("/healthz").route(get().to(health::alive)))
        .service(at("/readyz").route(get().to(health::ready)))
        .service(at("/.well-known/change-password").route(get().to(change_password)))
        .service(at("/robots.txt").route(get().to(robots)))
        .service(at("/favicon.ico").route(get().to(favicon)))
        .service(at("/static/{path:.*}").route(get().to(file)))
        .service(at("/dev/mailbox").route(get().to(dev_mailbox::show)))
        .service(at("/dev/mailbox.json").route(get().to(dev_mailbox::list)));
}

fn at(path: &str) -> Resource {
    resource(path).default_service(to(not_that_way))
}

/// Whatever may be looked at answers HEAD as well (RFC 9110, section 9.1). The server leaves the body out.
fn get() -> Route {
    route().guard(guard::Any(guard::Get()).or(guard::Head()))
}

/// Says which methods would do (RFC 9110, section 15.5.6).
async fn not_that_way(req: HttpRequest) -> HttpResponse {
    let pattern = req.match_pattern().unwrap_or_default();
    let here = TABLE.iter().filter(|(_, path, _)| *path == pattern);
    let methods: Vec<_> =
        here.map(|(method, ..)| if *method == "GET" { "GET, HEAD" } else { method }).collect();
    HttpResponse::MethodNotAllowed().insert_header((ALLOW, methods.join(", "))).finish()
}

async fn file(
    portal: Data<Portal>,
    path: Path<String>,
    read: Option<Header<AcceptEncoding>>,
) -> Result<HttpResponse, WebError> {
    let asset = portal.assets.find(&format!("/static/{path}")).ok_or(WebError::NotFound)?;
    Ok(asset.answer(read.as_deref()))
}

async fn robots(portal: Data<Portal>) -> Result<HttpResponse, WebError> {
    let asset = portal.assets.find("/robots.txt").ok_or(WebError::NotFound)?;
    Ok(asset.answer(None))
}

async fn favicon(portal: Data<Portal>) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, portal.assets.urls().icon.clone())).finish()
}

/// Where password managers look for the page that changes a password.
async fn change_password() -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, crate::web::paths::PASSWORD)).finish()
}
