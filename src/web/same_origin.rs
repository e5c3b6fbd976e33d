//! The first of two guards against forged requests. The second is the form token.
//!
//! Browsers say where a request comes from, and pages cannot make them lie: in `Sec-Fetch-Site`, or, where they are old
//! or the address is plain http, in `Origin`. An unsafe request from elsewhere is refused here, before any handler sees
//! it (OWASP ASVS 5.0 3.5.1 and 3.5.2; OWASP's cheat sheet on request forgery: Fetch Metadata with a fallback):
//!
//! | `Sec-Fetch-Site` | `Origin` | |
//! | --- | --- | --- |
//! | `same-origin` | any, also `null` | goes on |
//! | anything else, or twice | any | refused |
//! | absent | the public URL's origin | goes on |
//! | absent | anything else, `null`, or twice | refused |
//! | absent | absent | goes on: the form token decides |
//!
//! `same-site` is as hostile as `cross-site`: a neighbour under the same domain is a stranger. `none` (the person typed
//! the address or opened a bookmark) is refused too, since neither can send a form. Whoever goes on still owes the form
//! token, or, for a provider's callback, the signature.

use std::rc::Rc;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::header::{HeaderMap, HeaderName, ORIGIN};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, ResponseError};
use subtle::ConstantTimeEq;
use url::Url;

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// The refusal of a request that another site made: 403.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this request was made by another site")]
pub struct ForeignOrigin;

impl ResponseError for ForeignOrigin {
    fn status_code(&self) -> StatusCode {
        StatusCode::FORBIDDEN
    }
}

/// Middleware: answers unsafe requests of other sites with [`ForeignOrigin`].
pub fn refuse_foreign_origins<S, B>(
    public_url: &Url,
) -> impl Transform<S, ServiceRequest, Response = ServiceResponse<EitherBody<B>>, Error = Error, InitError = ()>
+ use<S, B>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    let own: Rc<str> = public_url.origin().ascii_serialization().into();
    from_fn(move |req: ServiceRequest, next: Next<B>| {
        let own = Rc::clone(&own);
        async move {
            if !is_safe(req.method()) && !may_go_on(req.headers(), &own) {
                return Ok(req.error_response(ForeignOrigin).map_into_right_body());
            }
            next.call(req).await.map(ServiceResponse::map_into_left_body)
        }
    })
}

/// Whether a form token is the expected one, compared in constant time.
pub fn is_same_token(given: &str, expected: &str) -> bool {
    given.as_bytes().ct_eq(expected.as_bytes()).into()
}

/// Safe as in RFC 9110, section 9.2.1. An unknown method counts as unsafe.
fn is_safe(method: &Method) -> bool {
    [Method::GET, Method::HEAD, Method::OPTIONS, Method::TRACE].contains(method)
}

fn may_go_on(headers: &HeaderMap, own_origin: &str) -> bool {
    if headers.contains_key(SEC_FETCH_SITE) {
        return is_only_value(headers, &SEC_FETCH_SITE, "same-origin");
    }
    !headers.contains_key(ORIGIN) || is_only_value(headers, &ORIGIN, own_origin)
}

fn is_only_value(headers: &HeaderMap, name: &HeaderName, expected: &str) -> bool {
    let mut values = headers.get_all(name);
    values.next().is_some_and(|value| value.as_bytes() == expected.as_bytes()) && values.next().is_none()
}

#[cfg(test)]
mod tests {
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::{App, HttpResponse, web};

    use super::*;

    async fn status(method: &str, headers: &[(&str, &str)]) -> u16 {
        let url = Url::parse("https://login.example.com/").unwrap();
        let app = App::new()
            .wrap(refuse_foreign_origins(&url))
            .default_service(web::to(|| async { HttpResponse::Ok().finish() }));
        let app = init_service(app).await;
        let mut request = TestRequest::default().method(method.parse().unwrap());
        for header in headers {
            request = request.append_header(*header);
        }
        call_service(&app, request.to_request()).await.status().as_u16()
    }

    const SITE: &str = "sec-fetch-site";
    const OWN: (&str, &str) = ("origin", "https://login.example.com");

    #[actix_web::test]
    async fn a_post_goes_on_only_from_our_own_pages() {
        let matrix: &[(&[(&str, &str)], u16)] = &[
            // Neither header: a program, or a browser too old to say. The form token decides.
            (&[], 200),
            // The browser says where from.
            (&[(SITE, "same-origin")], 200),
            (&[(SITE, "same-origin"), OWN], 200),
            (&[(SITE, "same-origin"), ("origin", "null")], 200),
            (&[(SITE, "same-site")], 403),
            (&[(SITE, "same-site"), OWN], 403),
            (&[(SITE, "cross-site")], 403),
            (&[(SITE, "cross-site"), OWN], 403),
            (&[(SITE, "none")], 403),
            (&[(SITE, "none"), OWN], 403),
            (&[(SITE, "")], 403),
            (&[(SITE, "Same-Origin")], 403),
            (&[(SITE, "same-origin, cross-site")], 403),
            (&[(SITE, "same-origin"), (SITE, "cross-site")], 403),
            (&[(SITE, "same-origin"), (SITE, "same-origin")], 403),
            // The browser gives only the origin.
            (&[OWN], 200),
            (&[OWN, OWN], 403),
            (&[("origin", "null")], 403),
            (&[("origin", "")], 403),
            (&[("origin", "https://evil.example")], 403),
            (&[("origin", "http://login.example.com")], 403),
            (&[("origin", "https://login.example.com:8443")], 403),
            (&[("origin", "https://login.example.com.evil.example")], 403),
            (&[("origin", "https://example.com")], 403),
            (&[OWN, ("origin", "https://evil.example")], 403),
            // Referer is no proof of anything.
            (&[("origin", "null"), ("referer", "https://login.example.com/login")], 403),
        ];
        for (headers, expected) in matrix {
            assert_eq!(status("POST", headers).await, *expected, "{headers:?}");
        }
    }

    #[actix_web::test]
    async fn only_safe_methods_may_come_from_elsewhere() {
        for method in ["GET", "HEAD", "OPTIONS"] {
            assert_eq!(status(method, &[(SITE, "cross-site")]).await, 200, "{method}");
        }
        for method in ["POST", "PUT", "PATCH", "DELETE", "get", "MADEUP"] {
            assert_eq!(status(method, &[(SITE, "cross-site")]).await, 403, "{method}");
        }
    }

    #[test]
    fn the_port_belongs_to_the_origin() {
        let url = Url::parse("http://localhost:8080/").unwrap();
        assert_eq!(url.origin().ascii_serialization(), "http://localhost:8080");
    }

    #[test]
    fn tokens_are_the_same_only_as_a_whole() {
        assert!(is_same_token("abc", "abc"));
        assert!(!is_same_token("abc", "abd"));
        assert!(!is_same_token("ab", "abc"));
        assert!(!is_same_token("", "abc"));
    }
}
