//! Form bodies, parsed strictly.
//!
//! A handler takes the fields it knows by name and then calls [`Fields::finish`]: a field that is unknown, repeated or
//! missing means that the form was not ours, and the answer is 400 (OWASP ASVS 5.0 15.3.3, 15.3.5 and 15.3.7). Nothing
//! here ever repeats a value, neither in an error nor in `Debug`, and all values are wiped when dropped.
//!
//! `web::Form` with serde was rejected: it keeps plain copies of passwords and drops unknown fields without a word.

use std::fmt;
use std::future::{Future, poll_fn};
use std::mem;
use std::pin::{Pin, pin};

use actix_web::body::{BodyStream, MessageBody};
use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use actix_web::{FromRequest, HttpRequest, ResponseError};
use zeroize::{Zeroize, Zeroizing};

use crate::domain::secret::Secret;

/// The longest body that is read, in bytes. No form of ours comes near it.
pub const LONGEST_BODY: usize = 16 * 1024;

/// The hidden field every form carries.
pub const FORM_TOKEN: &str = "form_token";

/// The fields of one form, each to be taken once.
pub struct Fields(Vec<(String, Zeroizing<String>)>);

/// Why a body is no form of ours. It names fields that we asked for, and never says what stood in one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadForm {
    /// More than [`LONGEST_BODY`] bytes.
    #[error("the form is too large")]
    TooLarge,
    /// Not `application/x-www-form-urlencoded` in UTF-8.
    #[error("the content type is not that of a form")]
    ContentType,
    /// Broken pairs or percent-encoding, text that is not UTF-8, or a NUL byte.
    #[error("the form is not well formed")]
    Malformed,
    /// The connection ended before the body did.
    #[error("the form did not arrive whole")]
    Interrupted,
    /// A field of this name was needed and is not there.
    #[error("the field {0} is missing")]
    Missing(&'static str),
    /// A field of this name came more than once.
    #[error("the field {0} came more than once")]
    Repeated(&'static str),
    /// A checkbox of this name with a value that no checkbox of ours has.
    #[error("the field {0} is not a checkbox")]
    NotACheckbox(&'static str),
    /// A field that nobody asked for. Its name came from outside and is not repeated.
    #[error("the form has a field that does not belong to it")]
    Unknown,
}

impl ResponseError for BadForm {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::ContentType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::Malformed
            | Self::Interrupted
            | Self::Missing(_)
            | Self::Repeated(_)
            | Self::NotACheckbox(_)
            | Self::Unknown => StatusCode::BAD_REQUEST,
        }
    }
}

impl Fields {
    /// Parses a whole body.
    ///
    /// # Errors
    /// [`BadForm::TooLarge`] or [`BadForm::Malformed`].
    pub fn parse(body: &[u8]) -> Result<Self, BadForm> {
        if body.len() > LONGEST_BODY {
            return Err(BadForm::TooLarge);
        }
        if body.is_empty() {
            return Ok(Self(Vec::new()));
        }
        body.split(|byte| *byte == b'&').map(pair).collect::<Result<_, _>>().map(Self)
    }

    /// The text of a field exactly as typed; empty if the field is absent.
    ///
    /// # Errors
    /// [`BadForm::Repeated`].
    pub fn text(&mut self, name: &'static str) -> Result<String, BadForm> {
        Ok(self.optional(name)?.unwrap_or_default())
    }

    /// Like [`Fields::text`], without whitespace at either end.
    ///
    /// # Errors
    /// [`BadForm::Repeated`].
    pub fn trimmed(&mut self, name: &'static str) -> Result<String, BadForm> {
        Ok(self.text(name)?.trim().to_owned())
    }

    /// The text of a field that our own pages always send.
    ///
    /// # Errors
    /// [`BadForm::Missing`] or [`BadForm::Repeated`].
    pub fn required(&mut self, name: &'static str) -> Result<String, BadForm> {
        self.optional(name)?.ok_or(BadForm::Missing(name))
    }

    /// The text of a field, where it matters whether the field is there.
    ///
    /// # Errors
    /// [`BadForm::Repeated`].
    pub fn optional(&mut self, name: &'static str) -> Result<Option<String>, BadForm> {
        Ok(self.take(name)?.map(|mut value| mem::take(&mut *value)))
    }

    /// Whether a box is ticked. An unticked box is not sent at all (HTML, "constructing the entry list").
    ///
    /// # Errors
    /// [`BadForm::NotACheckbox`] or [`BadForm::Repeated`].
    pub fn checkbox(&mut self, name: &'static str) -> Result<bool, BadForm> {
        match self.take(name)? {
            None => Ok(false),
            Some(value) if ["yes", "on", "1"].contains(&value.as_str()) => Ok(true),
            Some(_) => Err(BadForm::NotACheckbox(name)),
        }
    }

    /// A password, code or token exactly as typed; empty if the field is absent.
    ///
    /// # Errors
    /// [`BadForm::Repeated`].
    pub fn secret(&mut self, name: &'static str) -> Result<Secret<String>, BadForm> {
        self.text(name).map(Secret::new)
    }

    /// Ends the reading: nothing may be left.
    ///
    /// # Errors
    /// [`BadForm::Unknown`].
    pub fn finish(self) -> Result<(), BadForm> {
        if self.0.is_empty() { Ok(()) } else { Err(BadForm::Unknown) }
    }

    fn take(&mut self, name: &'static str) -> Result<Option<Zeroizing<String>>, BadForm> {
        let mut found = self.0.extract_if(.., |(held, _)| held == name);
        let first = found.next();
        if found.next().is_some() {
            return Err(BadForm::Repeated(name));
        }
        Ok(first.map(|(_, value)| value))
    }
}

impl fmt::Debug for Fields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fields({})", self.0.len())
    }
}

impl FromRequest for Fields {
    type Error = BadForm;
    type Future = Pin<Box<dyn Future<Output = Result<Self, BadForm>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let announced = announced_as_form(req.headers());
        let payload = payload.take();
        Box::pin(async move {
            let typed = announced?;
            let body = read(payload).await?;
            // A POST of nothing at all may leave out the type of the nothing.
            if typed || body.is_empty() { Self::parse(&body) } else { Err(BadForm::ContentType) }
        })
    }
}

/// Looks at the head alone, so that a large or foreign body is refused before it is read. `Ok(false)`: no type is given.
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

/// Reads a body into memory that is wiped afterwards. It is taken at full size at once: a vector that grows leaves
/// copies of passwords behind. What the HTTP library holds in its own read buffer is out of reach from here.
async fn read(payload: Payload) -> Result<Zeroizing<Vec<u8>>, BadForm> {
    let mut body = Zeroizing::new(Vec::with_capacity(LONGEST_BODY));
    let mut stream = pin!(BodyStream::new(payload));
    while let Some(chunk) = poll_fn(|context| stream.as_mut().poll_next(context)).await {
        let chunk = chunk.map_err(|_| BadForm::Interrupted)?;
        if chunk.len() > LONGEST_BODY.saturating_sub(body.len()) {
            return Err(BadForm::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn pair(segment: &[u8]) -> Result<(String, Zeroizing<String>), BadForm> {
    let mut halves = segment.splitn(2, |byte| *byte == b'=');
    match (halves.next(), halves.next()) {
        (Some(name), Some(value)) => {
            let mut name = decoded(name)?;
            Ok((mem::take(&mut *name), decoded(value)?))
        }
        // `a&b` is legal in a query, but no browser sends it for a form.
        (None, _) | (_, None) => Err(BadForm::Malformed),
    }
}

fn decoded(raw: &[u8]) -> Result<Zeroizing<String>, BadForm> {
    let mut plain = Zeroizing::new(Vec::with_capacity(raw.len()));
    let mut bytes = raw.iter().copied();
    while let Some(byte) = bytes.next() {
        let byte = match byte {
            b'+' => b' ',
            b'%' => (hex_digit(bytes.next())? << 4) | hex_digit(bytes.next())?,
            other => other,
        };
        // PostgreSQL refuses NUL in text, SQLite cuts there: no field of ours may hold one.
        if byte == 0 {
            return Err(BadForm::Malformed);
        }
        plain.push(byte);
    }
    String::from_utf8(mem::take(&mut *plain)).map(Zeroizing::new).map_err(|fault| {
        fault.into_bytes().zeroize();
        BadForm::Malformed
    })
}

fn hex_digit(byte: Option<u8>) -> Result<u8, BadForm> {
    match byte {
        Some(digit @ b'0'..=b'9') => Ok(digit - b'0'),
        Some(digit @ b'a'..=b'f') => Ok(digit - b'a' + 10),
        Some(digit @ b'A'..=b'F') => Ok(digit - b'A' + 10),
        Some(_) | None => Err(BadForm::Malformed),
    }
}
