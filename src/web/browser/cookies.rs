//! Our cookies: their names, their protection, and the one by which a browser is known again.
//!
//! Cookies are read byte by byte as sent. actix decodes percent signs in names, so that a neighbour under the same
//! domain could set `%5F_Host-postern`, which no browser protects, and have it read as `__Host-postern`.
//! [`only_our_cookies`] takes everything out of a request but our own cookies under their exact names; it has to stand
//! outside the session layer, which reads in actix's way.

use actix_web::body::MessageBody;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::header::{COOKIE, HeaderMap, HeaderValue};
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, HttpRequest};
use chrono::TimeDelta;

use crate::domain::secret::Secret;

/// How cookies are called and protected (OWASP ASVS 5.0 3.3.1 to 3.3.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieStyle {
    /// Over https: `Secure`, under names that browsers let no other host set.
    Secure,
    /// Over plain http, in development mode only.
    PlainHttp,
}

impl CookieStyle {
    /// The cookie that holds the session's ticket.
    pub fn session_name(self) -> &'static str {
        match self {
            Self::Secure => "__Host-postern",
            Self::PlainHttp => "postern",
        }
    }

    /// The cookie of a browser that is trusted by an account.
    pub fn computer_name(self) -> &'static str {
        match self {
            Self::Secure => "__Host-postern-computer",
            Self::PlainHttp => "postern-computer",
        }
    }

    /// Whether cookies carry `Secure`.
    pub fn is_secure(self) -> bool {
        match self {
            Self::Secure => true,
            Self::PlainHttp => false,
        }
    }
}

/// The browser token, if the browser sent exactly one.
pub fn read(req: &HttpRequest, style: CookieStyle) -> Option<Secret<String>> {
    let raw = raw_cookie(req.headers(), style.computer_name())?;
    std::str::from_utf8(raw).ok().filter(|text| !text.is_empty()).map(|text| Secret::new(text.to_owned()))
}

/// The cookie that gives a browser its token for as long as `life`.
pub fn set(token: &str, life: TimeDelta, style: CookieStyle) -> Cookie<'static> {
    computer_cookie(token.to_owned(), life, style)
}

/// The cookie that takes the token away again.
pub fn remove(style: CookieStyle) -> Cookie<'static> {
    computer_cookie(String::new(), TimeDelta::zero(), style)
}

fn computer_cookie(value: String, life: TimeDelta, style: CookieStyle) -> Cookie<'static> {
    Cookie::build(style.computer_name(), value)
        .path("/")
        .secure(style.is_secure())
        .http_only(true)
        .same_site(SameSite::Strict)
        .max_age(Duration::seconds(life.num_seconds()))
        .finish()
}

/// Middleware: leaves of all cookies only ours, each if it came exactly once under its exact name.
pub fn only_our_cookies<S, B>(
    style: CookieStyle,
) -> impl Transform<S, ServiceRequest, Response = ServiceResponse<B>, Error = Error, InitError = ()>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    from_fn(move |mut req: ServiceRequest, next: Next<B>| {
        keep_only(req.headers_mut(), &[style.session_name(), style.computer_name()]);
        next.call(req)
    })
}

fn keep_only(headers: &mut HeaderMap, names: &[&str]) {
    if !headers.contains_key(COOKIE) {
        return;
    }
    let kept =
        names.iter().filter_map(|name| Some([name.as_bytes(), raw_cookie(headers, name)?].join(&b'=')));
    let line = kept.collect::<Vec<_>>().join(b"; ".as_slice());
    headers.remove(COOKIE);
    if let Ok(mut value) = HeaderValue::from_bytes(&line)
        && !line.is_empty()
    {
        // Keeps it out of any debug output of the headers.
        value.set_sensitive(true);
        headers.insert(COOKIE, value);
    }
}

/// The value of the one cookie of this name; `None` if there are several, for then nobody can say which is ours.
fn raw_cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a [u8]> {
    let pairs = headers.get_all(COOKIE).flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    let mut values = pairs.filter_map(|pair| {
        pair.trim_ascii().strip_prefix(name.as_bytes())?.strip_prefix(b"=").map(<[u8]>::trim_ascii)
    });
    let first = values.next();
    if values.next().is_some() { None } else { first }
}

#[cfg(test)]
mod tests {
    use actix_web::test::{TestRequest, call_service, init_service, read_body};
    use actix_web::{App, web};

    use super::*;

    #[test]
    fn cookies_are_protected_as_far_as_the_way_allows() {
        assert_eq!(
            set("t0ken", TimeDelta::days(14), CookieStyle::Secure).to_string(),
            "__Host-postern-computer=t0ken; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=1209600"
        );
        assert_eq!(
            remove(CookieStyle::Secure).to_string(),
            "__Host-postern-computer=; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=0"
        );
        assert_eq!(
            set("t0ken", TimeDelta::days(1), CookieStyle::PlainHttp).to_string(),
            "postern-computer=t0ken; HttpOnly; SameSite=Strict; Path=/; Max-Age=86400"
        );
    }

    fn with_cookies(lines: &[&[u8]]) -> TestRequest {
        lines.iter().fold(TestRequest::default(), |request, line| {
            request.append_header((COOKIE, HeaderValue::from_bytes(line).unwrap()))
        })
    }

    #[test]
    fn the_browser_token_is_read_under_its_exact_name_only() {
        let cases: &[(&[&[u8]], Option<&str>)] = &[
            (&[b"__Host-postern-computer=t0ken"], Some("t0ken")),
            (&[b"a=b;__Host-postern-computer= t0ken ; c"], Some("t0ken")),
            (&[b"a=\xff", b"__Host-postern-computer=t0ken"], Some("t0ken")),
            (&[b"__Host-postern-computer="], None),
            (&[b"__Host-postern-computer=\xff"], None),
            (&[b"postern-computer=t0ken"], None),
            (&[b"%5F_Host-postern-computer=t0ken"], None),
            (&[b"__host-postern-computer=t0ken"], None),
            (&[b"__Host-postern-computer-x=t0ken"], None),
            (&[b"__Host-postern-computer=a; __Host-postern-computer=b"], None),
            (&[b"__Host-postern-computer=a", b"__Host-postern-computer=a"], None),
            (&[], None),
        ];
        for (lines, expected) in cases {
            let read = read(&with_cookies(lines).to_http_request(), CookieStyle::Secure);
            assert_eq!(read.as_ref().map(|token| token.expose().as_str()), *expected, "{lines:?}");
        }
    }

    #[actix_web::test]
    async fn a_neighbours_cookie_never_passes_for_ours() {
        async fn cookies(req: HttpRequest) -> String {
            let read = req.cookies().unwrap().iter().map(|cookie| format!("{cookie}")).collect::<Vec<_>>();
            read.join("; ")
        }
        let app = App::new().wrap(only_our_cookies(CookieStyle::Secure)).default_service(web::to(cookies));
        let app = init_service(app).await;
        for (line, left) in [
            (&b"__Host-postern=own; x=y"[..], "__Host-postern=own"),
            (b"%5F_Host-postern=evil; __Host-postern=own", "__Host-postern=own"),
            (
                b"x=\xff; __Host-postern-computer=c; __Host-postern=own",
                "__Host-postern=own; __Host-postern-computer=c",
            ),
            (b"%5F_Host-postern=evil", ""),
            (b"x=y", ""),
        ] {
            let answer = call_service(&app, with_cookies(&[line]).to_request()).await;
            assert_eq!(read_body(answer).await, left);
        }
    }
}
