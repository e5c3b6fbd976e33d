//! The headers every answer carries: pages, redirects, errors, static files.
//!
//! This layer is the outermost, so that no answer escapes it. What the HTTP parser refuses by itself (a broken request
//! line) never becomes a request and carries none of them.

use std::rc::Rc;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderMap, HeaderName, HeaderValue, PERMISSIONS_POLICY,
    REFERRER_POLICY, SERVER, SET_COOKIE, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use actix_web::middleware::{Next, from_fn};
use url::Url;

/// OWASP ASVS 5.0 3.4.3 and 3.4.6. Nothing inline, nothing from elsewhere, no frame around a page.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; img-src 'self'; \
                      connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Everything a page could ask of the browser is off, but for what our own pages use: reading a code out of a text
/// message (WebOTP) and copying recovery codes.
const PERMISSIONS: &str = "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), \
                           fullscreen=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), magnetometer=(), \
                           microphone=(), midi=(), payment=(), picture-in-picture=(), \
                           publickey-credentials-create=(), publickey-credentials-get=(), screen-wake-lock=(), \
                           serial=(), usb=(), web-share=(), xr-spatial-tracking=(), clipboard-read=(), \
                           clipboard-write=(self), otp-credentials=(self)";

/// OWASP ASVS 5.0 3.4.1: at least a year, subdomains included. These are two years.
const ONLY_HTTPS: &str = "max-age=63072000; includeSubDomains";

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
