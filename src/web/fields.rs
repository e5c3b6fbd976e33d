//! Form bodies, parsed strictly.
//!
//! A handler takes the fields it knows by name and then calls [`Fields::finish`]: a field that is unknown, repeated or
//! missing means that the form was not ours, and the answer is 400 (OWASP ASVS 5.0 15.3.3, 15.3.5 and 15.3.7). Nothing
//! here ever repeats a value, neither in an error nor in `Debug`, and all values are wiped when dropped.
//!
//! `web::Form` with serde was rejected: it keeps plain copies of passwords and drops unknown fields without a word.

mod body;

use std::fmt;
use std::mem;

use actix_web::ResponseError;
use actix_web::http::StatusCode;
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
    /// The body took too long to arrive.
    #[error("the form took too long to arrive")]
    TooSlow,
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
            | Self::TooSlow
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

    /// Every field that is left, in the order of the body.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(body: &str) -> Fields {
        Fields::parse(body.as_bytes()).unwrap()
    }

    #[test]
    fn a_login_form_is_read_as_typed() {
        let mut form = fields("username=+ada+&password=a%26b%3Dc+%C3%A4%2B&form_token=T-_");
        assert_eq!(form.trimmed("username"), Ok("ada".to_owned()));
        assert_eq!(form.secret("password").unwrap().expose(), "a&b=c ä+");
        assert_eq!(form.required(FORM_TOKEN), Ok("T-_".to_owned()));
        assert_eq!(form.finish(), Ok(()));
    }

    #[test]
    fn absent_and_empty_are_told_apart_only_where_asked() {
        let mut form = fields("code=&email=a%40example.com");
        assert_eq!(form.text("username"), Ok(String::new()));
        assert_eq!(form.optional("phone"), Ok(None));
        assert_eq!(form.optional("code"), Ok(Some(String::new())));
        assert_eq!(form.required("method"), Err(BadForm::Missing("method")));
        assert_eq!(form.text("email"), Ok("a@example.com".to_owned()));
    }

    #[test]
    fn a_box_is_ticked_by_its_few_values_only() {
        for (body, ticked) in [
            ("", Ok(false)),
            ("every_login=yes", Ok(true)),
            ("every_login=on", Ok(true)),
            ("every_login=1", Ok(true)),
            ("every_login=", Err(BadForm::NotACheckbox("every_login"))),
            ("every_login=no", Err(BadForm::NotACheckbox("every_login"))),
            ("every_login=on&every_login=on", Err(BadForm::Repeated("every_login"))),
        ] {
            assert_eq!(fields(body).checkbox("every_login"), ticked, "{body}");
        }
    }

    #[test]
    fn what_nobody_asked_for_is_refused_at_the_end() {
        let mut form = fields("username=ada&is_admin=1");
        form.text("username").unwrap();
        let fault = form.finish().unwrap_err();
        assert_eq!(fault, BadForm::Unknown);
        assert!(!fault.to_string().contains("is_admin"));
    }

    #[test]
    fn a_field_that_comes_twice_is_refused_even_if_both_agree() {
        assert_eq!(fields("code=1&code=1").text("code"), Err(BadForm::Repeated("code")));
        assert_eq!(fields("c%6Fde=1&code=2").required("code"), Err(BadForm::Repeated("code")));
        // An array, as some frameworks read it, is an unknown field here.
        let mut form = fields("code%5B%5D=1");
        assert_eq!(form.text("code"), Ok(String::new()));
        assert_eq!(form.finish(), Err(BadForm::Unknown));
    }

    #[test]
    fn broken_bodies_are_refused() {
        for body in [
            "a=%",
            "a=%4",
            "a=%4g",
            "a=%%41",
            "%zz=1",
            "a=%+1",
            "a=%00",
            "a%00b=1",
            "a=%ff",
            "a=%C3",
            "a=%ED%A0%80",
            "a",
            "a=1&",
            "&a=1",
            "a=1&&b=2",
            "&",
        ] {
            assert_eq!(Fields::parse(body.as_bytes()).err(), Some(BadForm::Malformed), "{body}");
        }
        assert_eq!(Fields::parse(b"a=\0").err(), Some(BadForm::Malformed));
        assert_eq!(Fields::parse(b"a=\xff").err(), Some(BadForm::Malformed));
        assert!(Fields::parse(b"=1").is_ok_and(|form| form.finish() == Err(BadForm::Unknown)));
    }

    #[test]
    fn debug_shows_no_field() {
        assert_eq!(format!("{:?}", fields("password=hunter2")), "Fields(1)");
    }

    proptest::proptest! {
        #[test]
        fn any_text_survives_the_way_through_a_form(text in "[^\0]{0,200}") {
            let body = url::form_urlencoded::Serializer::new(String::new()).append_pair("text", &text).finish();
            proptest::prop_assert_eq!(fields(&body).text("text"), Ok(text));
        }

        #[test]
        fn no_body_makes_the_parser_panic(body: Vec<u8>) {
            let _ = Fields::parse(&body);
        }
    }
}
