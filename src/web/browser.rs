//! What a request tells of the browser it came from: its address, its name for itself, its long-lived cookie.

pub mod address;
pub mod cookies;

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::USER_AGENT;
use actix_web::{FromRequest, HttpRequest};

pub use self::address::{ClientAddress, TrustedProxies};
pub use self::cookies::CookieStyle;

/// The longest text kept of a `User-Agent`, in characters.
const LONGEST_USER_AGENT: usize = 255;

/// What a browser calls itself: at most 255 characters of printable ASCII. Good for a label, never for a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserAgent(Option<String>);

impl UserAgent {
    /// The text; `None` if the browser gave none.
    pub fn as_deref(&self) -> Option<&str> {
        self.0.as_deref()
    }
}

impl FromRequest for UserAgent {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = req.headers().get(USER_AGENT).map(|value| {
            let printable = value.as_bytes().iter().filter(|byte| matches!(byte, b' '..=b'~'));
            printable.take(LONGEST_USER_AGENT).map(|byte| char::from(*byte)).collect::<String>()
        });
        ready(Ok(Self(text.filter(|text| !text.trim().is_empty()))))
    }
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use actix_web::test::TestRequest;

    use super::*;

    #[actix_web::test]
    async fn a_browsers_name_is_short_and_printable() {
        for (sent, kept) in [
            (None, None),
            (Some(b"".to_vec()), None),
            (Some(b" \t ".to_vec()), None),
            (Some(b"Mozilla/5.0 (X11)".to_vec()), Some("Mozilla/5.0 (X11)".to_owned())),
            (Some("a\u{202e}b\u{85}c\td".as_bytes().to_vec()), Some("abcd".to_owned())),
            (Some(vec![b'x'; 300]), Some("x".repeat(255))),
        ] {
            let mut request = TestRequest::default();
            if let Some(sent) = &sent {
                request = request.insert_header((USER_AGENT, HeaderValue::from_bytes(sent).unwrap()));
            }
            let agent = UserAgent::extract(&request.to_http_request()).await.unwrap();
            assert_eq!(agent.as_deref(), kept.as_deref(), "{sent:?}");
        }
    }
}
