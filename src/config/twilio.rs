//! What Twilio gives an operator, told apart by its prefixes: the most common mistake is the right text in the wrong place.

use url::Url;

use super::key::Reason;
use super::parse::{is_loopback, web_url};
use crate::domain::secret::Secret;

/// `AC` and 32 hexadecimal digits.
pub fn account_sid(text: &str) -> Result<String, Reason> {
    if text.starts_with("SK") {
        return Err("is an API key (SK…): the account's own SID, which begins with AC, is needed".into());
    }
    sid(text, "AC").ok_or_else(|| "must be AC and 32 hexadecimal digits".into())
}

/// `MG` and 32 hexadecimal digits.
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

/// A token without spaces; its length is Twilio's affair.
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

/// An https URL, or http to this machine, with a `/` at its end.
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

#[cfg(test)]
mod tests {
    use super::*;

    const AC: &str = "AC00112233445566778899aabbccddeeff";
    const MG: &str = "MG00112233445566778899aabbccddeeff";

    #[test]
    fn each_sid_is_told_from_its_neighbours() {
        assert_eq!(account_sid(AC).unwrap(), AC);
        assert_eq!(messaging_service_sid(MG).unwrap(), MG);
        assert!(account_sid(MG).is_err());
        assert!(account_sid(&AC[..33]).is_err());
        assert!(account_sid(&AC.replace("AC", "SK")).unwrap_err().contains("API key"));
        assert!(messaging_service_sid(&AC.replace("AC", "VA")).unwrap_err().contains("Verify service"));
        assert!(messaging_service_sid("+12125550142").unwrap_err().contains("sms.twilio.from"));
        assert!(sender(MG).unwrap_err().contains("sms.twilio.messaging_service_sid"));
        assert!(auth_token(AC).unwrap_err().contains("sms.twilio.account_sid"));
    }

    #[test]
    fn a_sender_is_a_number_a_short_code_or_a_name() {
        for right in ["+12125550142", "12345", "Acme", "Acme Login"] {
            assert!(sender(right).is_ok(), "{right}");
        }
        for wrong in ["12125550142", "+1 212 555 0142", "+02125550142", "1234", "Acme Portal 24", "Acmé"] {
            assert!(sender(wrong).is_err(), "{wrong}");
        }
        assert!(is_sender_name("Acme 24"));
        assert!(!is_sender_name("+12125550142"));
        assert!(!is_sender_name("12345"));
    }

    #[test]
    fn the_token_travels_encrypted_or_not_at_all() {
        assert_eq!(base_url("https://api.twilio.com").unwrap().as_str(), "https://api.twilio.com/");
        assert_eq!(base_url("https://a.test/api/laml").unwrap().as_str(), "https://a.test/api/laml/");
        for here in ["http://127.0.0.1:4010", "http://localhost:4010", "http://[::1]:4010"] {
            assert!(base_url(here).is_ok(), "{here}");
        }
        for wrong in
            ["http://api.twilio.com", "http://localhost.acme.test", "https://a.test/?b", "https://a:b@c.test"]
        {
            assert!(base_url(wrong).is_err(), "{wrong}");
        }
    }
}
