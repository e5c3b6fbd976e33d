//! The headers every answer carries: pages, redirects, errors, static files.
//!
//! This layer is the outermost, so that no answer escapes it. What the HTTP parser refuses by itself (a broken request
//! line) never becomes a request and carries none of them.

use std::rc::Rc;
use std::sync::atomic::Ordering;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::ConnectionType;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, PERMISSIONS_POLICY,
    REFERRER_POLICY, SERVER, SET_COOKIE, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::middleware::{Next, from_fn};
use actix_web::web::Data;
use url::Url;

use crate::web::Portal;

/// OWASP ASVS 5.0 3.4.3 and 3.4.6. Nothing inline, nothing from elsewhere, no frame around a page.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; img-src 'self'; \
                      connect-src 'self'; object-src 'none'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// Everything a page could ask of the browser is off, but for what our own pages use: reading a code out of a text
/// message (WebOTP) and copying recovery codes.
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), \
                           fullscreen=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), magnetometer=(), \
                           microphone=(), midi=(), payment=(), picture-in-picture=(), \
                           publickey-credentials-create=(), publickey-credentials-get=(), screen-wake-lock=(), \
                           serial=(), usb=(), xr-spatial-tracking=(), clipboard-read=(), \
                           clipboard-write=(self), otp-credentials=(self)";

/// OWASP ASVS 5.0 3.4.1: at least a year. These are two years; subdomains are their own business.
const ONLY_HTTPS: &str = "max-age=63072000";

/// Middleware: puts the headers on every answer. `Strict-Transport-Security` only where the public URL is https.
pub fn on_every_answer<S, B>(
    public_url: &Url,
) -> impl Transform<S, ServiceRequest, Response = ServiceResponse<B>, Error = Error, InitError = ()> + use<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    let fixed = Rc::new(fixed_headers(public_url.scheme() == "https"));
    from_fn(move |req: ServiceRequest, next: Next<B>| {
        let fixed = Rc::clone(&fixed);
        async move {
            match next.call(req).await {
                Ok(mut answer) => {
                    complete(answer.headers_mut(), &fixed);
                    Ok(answer)
                }
                Err(mut fault) => {
                    fault.add_response_mapper(move |mut answer| {
                        complete(answer.headers_mut(), &fixed);
                        answer
                    });
                    Err(fault)
                }
            }
        }
    })
}

/// Middleware: an instance that is about to stop keeps no connection open, so that whoever holds some goes to another.
pub async fn keep_none_when_leaving<B: MessageBody + 'static>(
    portal: Data<Portal>,
    req: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    let mut answer = next.call(req).await?;
    if portal.is_leaving.load(Ordering::Relaxed) {
        answer.response_mut().head_mut().set_connection_type(ConnectionType::Close);
    }
    Ok(answer)
}

fn fixed_headers(https: bool) -> HeaderMap {
    let always = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        // Not `no-referrer`: with it browsers send `Origin: null` for our own forms.
        (REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (PERMISSIONS_POLICY, PERMISSIONS),
        (X_FRAME_OPTIONS, "DENY"),
    ];
    let over_https = https.then_some((STRICT_TRANSPORT_SECURITY, ONLY_HTTPS));
    always
        .into_iter()
        .chain(over_https)
        .map(|(name, value)| (name, HeaderValue::from_static(value)))
        .collect()
}

fn complete(answer: &mut HeaderMap, fixed: &HeaderMap) {
    for (name, value) in fixed {
        answer.insert(name.clone(), value.clone());
    }
    // An answer that hands out a cookie is never kept, whatever the handler says (OWASP ASVS 5.0 14.3.2).
    if !answer.contains_key(CACHE_CONTROL) || answer.contains_key(SET_COOKIE) {
        answer.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    answer.remove(SERVER);
}

#[cfg(test)]
mod tests {
    use actix_web::cookie::Cookie;
    use actix_web::error::ErrorImATeapot;
    use actix_web::test::{TestRequest, call_service, init_service, try_call_service};
    use actix_web::{App, HttpResponse, web};
    use chrono::DateTime;

    use super::*;
    use crate::flows::measures::Measures;
    use crate::web::browser::cookies::{CookieStyle, only_our_cookies};
    use crate::web::dev_guard::HostGuard;
    use crate::web::fields::Fields;
    use crate::web::request_log::{RequestId, X_REQUEST_ID, catch_panics, log_requests};
    use crate::web::same_origin::refuse_foreign_origins;

    async fn headers_of(public_url: &str, path: &str) -> (u16, HeaderMap) {
        let kept = "public, max-age=31536000, immutable";
        let app = App::new()
            .wrap(from_fn(|req: ServiceRequest, next: Next<_>| async move {
                if req.path() == "/fault" { Err(ErrorImATeapot("fault")) } else { next.call(req).await }
            }))
            .wrap(on_every_answer(&Url::parse(public_url).unwrap()))
            .route(
                "/page",
                web::get().to(|| async { HttpResponse::Ok().insert_header((SERVER, "x")).finish() }),
            )
            .route("/away", web::get().to(|| async { HttpResponse::SeeOther().finish() }))
            .route("/broken", web::get().to(|| async { HttpResponse::InternalServerError().finish() }))
            .route(
                "/static",
                web::get().to(move || async move {
                    HttpResponse::Ok().insert_header((CACHE_CONTROL, kept)).finish()
                }),
            )
            .route(
                "/cookie",
                web::get().to(move || async move {
                    let mut answer = HttpResponse::Ok();
                    answer.insert_header((CACHE_CONTROL, kept)).cookie(Cookie::new("a", "b")).finish()
                }),
            );
        let app = init_service(app).await;
        match try_call_service(&app, TestRequest::with_uri(path).to_request()).await {
            Ok(answer) => (answer.status().as_u16(), answer.headers().clone()),
            Err(fault) => {
                let answer = fault.error_response();
                (answer.status().as_u16(), answer.headers().clone())
            }
        }
    }

    #[actix_web::test]
    async fn every_answer_carries_them() {
        for (path, status) in [
            ("/page", 200),
            ("/away", 303),
            ("/static", 200),
            ("/nothing", 404),
            ("/broken", 500),
            ("/fault", 418),
        ] {
            let (got, headers) = headers_of("https://login.example.com/", path).await;
            assert_eq!(got, status, "{path}");
            for (name, value) in [
                ("content-security-policy", POLICY),
                ("x-content-type-options", "nosniff"),
                ("referrer-policy", "same-origin"),
                ("cross-origin-opener-policy", "same-origin"),
                ("cross-origin-resource-policy", "same-origin"),
                ("permissions-policy", PERMISSIONS),
                ("x-frame-options", "DENY"),
                ("strict-transport-security", "max-age=63072000"),
            ] {
                assert_eq!(headers.get(name).unwrap(), value, "{path} {name}");
            }
            assert!(!headers.contains_key("server"), "{path}");
            assert!(!headers.keys().any(|name| name.as_str().starts_with("access-control-")), "{path}");
        }
    }

    #[actix_web::test]
    async fn plain_http_promises_no_https() {
        let (_, headers) = headers_of("http://localhost:8080/", "/page").await;
        assert!(!headers.contains_key("strict-transport-security"));
    }

    #[actix_web::test]
    async fn only_static_files_may_be_kept_and_never_with_a_cookie() {
        for (path, expected) in [
            ("/page", "no-store"),
            ("/away", "no-store"),
            ("/nothing", "no-store"),
            ("/fault", "no-store"),
            ("/static", "public, max-age=31536000, immutable"),
            ("/cookie", "no-store"),
        ] {
            let (_, headers) = headers_of("https://login.example.com/", path).await;
            let values: Vec<_> = headers.get_all(CACHE_CONTROL).collect();
            assert_eq!(values, [expected], "{path}");
        }
    }

    #[test]
    fn the_texts_are_one_line_without_gaps() {
        for text in [POLICY, PERMISSIONS] {
            assert!(!text.contains("  ") && !text.contains('\n'), "{text}");
        }
    }

    /// All layers in their order, the last one wrapped being the outermost.
    #[actix_web::test]
    async fn no_refusal_of_the_other_layers_escapes_them() {
        let url = Url::parse("https://login.example.com/").unwrap();
        let app = App::new()
            .wrap(only_our_cookies(CookieStyle::Secure))
            .wrap(refuse_foreign_origins(&url))
            .wrap(HostGuard::production(&url).refuse_misdirected())
            .wrap(from_fn(catch_panics))
            .wrap(log_requests(|| RequestId::new(DateTime::UNIX_EPOCH, &[7; 10]), Measures::default()))
            .wrap(on_every_answer(&url))
            .route("/login", web::post().to(|_: Fields| async { HttpResponse::Ok().finish() }));
        let app = init_service(app).await;
        let asked = |host| TestRequest::post().uri("/login").insert_header(("host", host));
        for (request, status) in [
            (asked("login.example.com"), 200),
            (asked("login.example.com").set_payload("a"), 415),
            (asked("login.example.com").insert_header(("origin", "null")), 403),
            (asked("evil.example"), 421),
        ] {
            let answer = call_service(&app, request.to_request()).await;
            assert_eq!(answer.status().as_u16(), status);
            assert_eq!(answer.headers().get(CONTENT_SECURITY_POLICY).unwrap(), POLICY, "{status}");
            assert!(answer.headers().contains_key(X_REQUEST_ID), "{status}");
            assert_eq!(answer.response().error().is_some(), status != 200, "{status}");
        }
    }
}
