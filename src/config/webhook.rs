//! What a bridge for text messages is reached and known by.

use data_encoding::BASE64;
use url::Url;

use super::key::Reason;
use super::parse::{is_loopback, web_url};
use crate::domain::secret::Secret;

/// Stands in the reference and in `.env.example`; refused all the same.
pub const EXAMPLE_WEBHOOK_SECRET: &str = "whsec_cHV0LWhlcmUtMjQtdG8tNjQtYnl0ZXMtb2YtY2hhbmNl";

/// An https URL, or http to this machine, without a fragment.
pub fn webhook_url(text: &str) -> Result<Url, Reason> {
    let url = web_url(text)?;
    if url.fragment().is_some() {
        return Err("must have no # in it".into());
    }
    let to_this_machine = url.host().is_some_and(|host| is_loopback(&host));
    if url.scheme() != "https" && !to_this_machine {
        return Err("must be https: codes travel with every request".into());
    }
    Ok(url)
}

/// Standard Webhooks 1.0: `whsec_` and 24 to 64 bytes in base64.
pub fn webhook_secret(text: &str) -> Result<Secret<Vec<u8>>, Reason> {
    let bytes = text.strip_prefix("whsec_").and_then(|base64| BASE64.decode(base64.as_bytes()).ok());
    match bytes {
        Some(bytes) if (24..=64).contains(&bytes.len()) => Ok(Secret::new(bytes)),
        _ => Err(
            "must be whsec_ and 24 to 64 bytes in base64, as after: echo whsec_$(openssl rand -base64 32)"
                .into(),
        ),
    }
}

/// Whether a secret is the one that we printed ourselves.
pub fn is_sample(secret: &Secret<Vec<u8>>) -> bool {
    webhook_secret(EXAMPLE_WEBHOOK_SECRET).is_ok_and(|sample| sample.expose() == secret.expose())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_travel_encrypted_or_not_at_all() {
        for fine in ["https://sms.example.com/send?to=x", "http://127.0.0.1:4020/", "http://localhost:4020"] {
            assert!(webhook_url(fine).is_ok(), "{fine}");
        }
        for wrong in ["http://sms.example.com/", "https://sms.example.com/#x", "sms.example.com"] {
            assert!(webhook_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_secret_is_of_the_standards_form() {
        let secret = webhook_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert_eq!(secret.expose().len(), 24);
        for wrong in ["MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_c2hvcnQ=", "whsec_not base64"] {
            assert!(webhook_secret(wrong).is_err(), "{wrong}");
        }
        assert!(is_sample(&webhook_secret(EXAMPLE_WEBHOOK_SECRET).unwrap()) && !is_sample(&secret));
    }
}
