//! What people see of whoever runs this Postern.

use url::Url;

use super::key::Reason;
use super::parse::{is_mail_address, web_url};
use super::settings::Support;
use crate::delivery::gsm7;

/// The longest name, in GSM-7 units: every text message begins with it and must stay one text.
const LONGEST_NAME: usize = 20;
const LONGEST_WORDS: usize = 200;

/// A name that fits into a text message.
pub fn brand_name(text: &str) -> Result<String, Reason> {
    let units = gsm7::septets(text)
        .filter(|_| !text.contains(char::is_control))
        .ok_or("may only use the plain text-message alphabet (GSM-7): no emoji and no curly quotes")?;
    if units > LONGEST_NAME {
        return Err(format!("may have at most {LONGEST_NAME} characters").into());
    }
    Ok(text.to_owned())
}

/// An address to write to, a page, or words. No other scheme becomes a link.
pub fn support(text: &str) -> Result<Support, Reason> {
    let address = text.strip_prefix("mailto:").unwrap_or(text);
    if is_mail_address(address) {
        let link = Url::parse(&format!("mailto:{address}")).map_err(|_| "must be a plain e-mail address")?;
        return Ok(Support::Link(link));
    }
    if text.starts_with("mailto:") {
        return Err("must name one plain e-mail address after mailto:".into());
    }
    if text.contains("://") {
        return web_url(text).map(Support::Link);
    }
    if text.chars().count() > LONGEST_WORDS {
        return Err(format!("may have at most {LONGEST_WORDS} characters").into());
    }
    Ok(Support::Words(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_fits_into_a_text_message() {
        for right in ["Acme", "Città di Torino", "12345678901234567890", "€€€€€€€€€€"] {
            assert!(brand_name(right).is_ok(), "{right}");
        }
        for wrong in ["123456789012345678901", "€€€€€€€€€€€", "Ada’s", "Acme 🔒", "Fenêtre"]
        {
            assert!(brand_name(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn help_is_an_address_a_page_or_words() {
        let link = |text| match support(text).unwrap() {
            Support::Link(url) => url.to_string(),
            Support::Words(words) => panic!("{words} is a link"),
        };
        assert_eq!(link("help@acme.test"), "mailto:help@acme.test");
        assert_eq!(link("mailto:help@acme.test"), "mailto:help@acme.test");
        assert_eq!(link("https://acme.test/help"), "https://acme.test/help");
        assert_eq!(support("Ask at the desk").unwrap(), Support::Words("Ask at the desk".to_owned()));
        // Not a link, and therefore harmless.
        assert!(matches!(support("javascript:alert(1)").unwrap(), Support::Words(_)));
        for wrong in ["ftp://acme.test", "mailto:help", "mailto:a@b.test?bcc=c@d.test", &"a".repeat(201)] {
            assert!(support(wrong).is_err(), "{wrong}");
        }
    }
}
