//! The way of a body from the socket into [`Fields`].

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::time::Duration;

use actix_web::body::{BodyStream, MessageBody};
use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use actix_web::rt::time::timeout;
use actix_web::{FromRequest, HttpRequest};
use zeroize::Zeroizing;

use super::{BadForm, Fields, LONGEST_BODY};

/// How long a whole body may take. No form of ours is more than a few hundred bytes long.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

impl FromRequest for Fields {
    type Error = BadForm;
    type Future = Pin<Box<dyn Future<Output = Result<Self, BadForm>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let announced = announced_as_form(req.headers());
        let payload = payload.take();
        Box::pin(async move {
            let typed = announced?;
            let body = in_time(LONGEST_WAIT, read(payload)).await?;
            // A POST of nothing at all may leave out the type of the nothing.
            if typed || body.is_empty() { Self::parse(&body) } else { Err(BadForm::ContentType) }
        })
    }
}

/// Looks at the head alone, so that a large or foreign body is refused unread. `Ok(false)`: no type is given.
fn announced_as_form(headers: &HeaderMap) -> Result<bool, BadForm> {
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > LONGEST_BODY)) {
        return Err(BadForm::TooLarge);
    }
    let mut types = headers.get_all(CONTENT_TYPE);
    match (types.next(), types.next()) {
        (None, _) => Ok(false),
        (Some(one), None) if one.to_str().is_ok_and(is_form_type) => Ok(true),
        (Some(_), _) => Err(BadForm::ContentType),
    }
}

fn is_form_type(value: &str) -> bool {
    let mut parts = value.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    essence.eq_ignore_ascii_case("application/x-www-form-urlencoded")
        && parts.all(|parameter| match parameter.split_once('=') {
            Some((name, value)) if name.eq_ignore_ascii_case("charset") => {
                value.trim_matches('"').eq_ignore_ascii_case("utf-8")
            }
            Some(_) | None => true,
        })
}

/// Whoever sends a body byte by byte, or not at all, holds a connection: for so long and no longer.
async fn in_time<T>(
    patience: Duration,
    reading: impl Future<Output = Result<T, BadForm>>,
) -> Result<T, BadForm> {
    timeout(patience, reading).await.unwrap_or(Err(BadForm::TooSlow))
}

/// Reads a body into memory that is wiped afterwards. It is taken at full size at once: a vector that grows leaves
/// copies of passwords behind. What the HTTP library holds in its own read buffer is out of reach from here.
async fn read(payload: Payload) -> Result<Zeroizing<Vec<u8>>, BadForm> {
    let mut body = Zeroizing::new(Vec::new());
    let mut stream = pin!(BodyStream::new(payload));
    while let Some(chunk) = poll_fn(|context| stream.as_mut().poll_next(context)).await {
        let chunk = chunk.map_err(|_| BadForm::Interrupted)?;
        if chunk.len() > LONGEST_BODY.saturating_sub(body.len()) {
            return Err(BadForm::TooLarge);
        }
        if body.capacity() == 0 {
            // Not before the first byte came: whoever sends none costs none.
            body.reserve_exact(LONGEST_BODY);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

#[cfg(test)]
mod tests {
    use actix_web::http::Method;
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::{App, HttpResponse, web};

    use super::*;

    async fn echo(mut form: Fields) -> Result<HttpResponse, BadForm> {
        let name = form.text("username")?;
        form.finish()?;
        Ok(HttpResponse::Ok().body(name))
    }

    async fn status_of(request: TestRequest) -> u16 {
        let app = init_service(App::new().route("/", web::post().to(echo))).await;
        call_service(&app, request.method(Method::POST).uri("/").to_request()).await.status().as_u16()
    }

    fn posted(content_type: &str, body: impl Into<web::Bytes>) -> TestRequest {
        TestRequest::default().insert_header((CONTENT_TYPE, content_type)).set_payload(body)
    }

    const FORM: &str = "application/x-www-form-urlencoded";

    #[actix_web::test]
    async fn only_forms_are_read() {
        assert_eq!(status_of(posted(FORM, "username=ada")).await, 200);
        assert_eq!(
            status_of(posted("Application/X-WWW-Form-Urlencoded; charset=\"UTF-8\"", "username=ada")).await,
            200
        );
        for foreign in [
            "text/plain",
            "application/json",
            "multipart/form-data; boundary=x",
            "application/x-www-form-urlencodedX",
            "application/x-www-form-urlencoded; charset=iso-8859-1",
            "",
        ] {
            assert_eq!(status_of(posted(foreign, "username=ada")).await, 415, "{foreign}");
        }
        let twice = posted(FORM, "username=ada").append_header((CONTENT_TYPE, FORM));
        assert_eq!(status_of(twice).await, 415);
        assert_eq!(status_of(TestRequest::default().set_payload("username=ada")).await, 415);
        assert_eq!(status_of(TestRequest::default()).await, 200);
    }

    #[actix_web::test]
    async fn a_body_may_be_as_long_as_the_limit_and_no_longer() {
        let longest = format!("username={}", "a".repeat(LONGEST_BODY - "username=".len()));
        assert_eq!(status_of(posted(FORM, longest.clone())).await, 200);
        assert_eq!(status_of(posted(FORM, longest + "a")).await, 413);
        // Refused by its announced length alone, before a byte of it came.
        let announced = posted(FORM, "username=ada").insert_header((CONTENT_LENGTH, "1048576"));
        assert_eq!(status_of(announced).await, 413);
    }

    #[actix_web::test]
    async fn a_body_that_does_not_come_is_not_waited_for_without_end() {
        let never = std::future::pending::<Result<(), BadForm>>();
        assert_eq!(in_time(Duration::ZERO, never).await, Err(BadForm::TooSlow));
        assert_eq!(in_time(LONGEST_WAIT, async { Ok(7) }).await, Ok(7));
    }

    #[actix_web::test]
    async fn the_answer_to_a_bad_form_is_400() {
        for body in ["username=%", "username=a&username=b", "username=a&other=b"] {
            assert_eq!(status_of(posted(FORM, body)).await, 400, "{body}");
        }
    }
}
