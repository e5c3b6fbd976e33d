//! What Twilio gives an operator, told apart by its prefixes: the most common mistake is the right text in the wrong place.

use url::Url;

use super::key::Reason;
use super::parse::{is_loopback, web_url};
use crate::domain::secret::Secret;

pub fn account_sid(text: &str) -> Result<String, Reason> {
    if text.starts_with("SK") {
        return Err("is an API key (SK…): the account's own SID, which begins with AC, is needed".into());
    }
    sid(text, "AC").ok_or_else(|| "must be AC and 32 hexadecimal digits".into())
}

pub fn messaging_service_sid(text: &str) -> Result<String, Reason> {
    if text.starts_with("VA") {
        return Err(
            "is a Verify service (VA…): Postern makes its own codes and needs a Messaging Service, which \
                    begins with MG"
                .into(),
        );
    }
    if text.starts_with('+') {
        return Err("is a phone number: it belongs in sms.twilio.from".into());
    }
    sid(text, "MG").ok_or_else(|| "must be MG and 32 hexadecimal digits".into())
}

pub fn auth_token(text: &str) -> Result<Secret<String>, Reason> {
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err("must be letters and digits without spaces".into());
    }
    if text.starts_with("AC") && text.len() == SID_LENGTH {
        return Err("is an account SID: it belongs in sms.twilio.account_sid".into());
    }
    Ok(Secret::new(text.to_owned()))
}

/// A number in E.164, a short code of 5 or 6 digits, or an alphanumeric name of at most 11 characters.
pub fn sender(text: &str) -> Result<String, Reason> {
    if sid(text, "MG").is_some() {
        return Err("is a Messaging Service: it belongs in sms.twilio.messaging_service_sid".into());
    }
    if is_e164(text) || is_short_code(text) || is_sender_name(text) {
        return Ok(text.to_owned());
    }
    Err("must be a number in international form, + and 8 to 15 digits without spaces; or a short code of 5 or 6 \
         digits; or a sender name of at most 11 letters, digits and spaces"
        .into())
}

/// Whether a sender is a name, which carriers in the United States and Canada do not deliver.
pub fn is_sender_name(text: &str) -> bool {
    text.len() <= 11
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ')
}

pub fn base_url(text: &str) -> Result<Url, Reason> {
    let mut url = web_url(text)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err("must end with the host or a path".into());
    }
    let to_this_machine = url.host().is_some_and(|host| is_loopback(&host));
    if url.scheme() != "https" && !to_this_machine {
        return Err("must be https: the auth token travels with every request".into());
    }
    if !url.path().ends_with('/') {
        // A base without its last slash loses its last part when a path is joined to it.
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    Ok(url)
}

const SID_LENGTH: usize = 34;

fn sid(text: &str, prefix: &str) -> Option<String> {
    let digits = text.strip_prefix(prefix)?;
    let is_sid = text.len() == SID_LENGTH && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_sid.then(|| text.to_owned())
}

fn is_e164(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (8..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn is_short_code(text: &str) -> bool {
    (5..=6).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}
