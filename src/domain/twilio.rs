//! What Twilio says, in the terms of this house: its error codes, and the reports it signs.

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;

use crate::domain::delivery::FailureClass;

/// How a text ended, by the carriers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It arrived.
    Delivered,
    /// It did not, and will not; why, with the code where there is one.
    Lost(FailureClass, String),
}

/// The codes of Twilio's error dictionary that say something the HTTP status does not. Twilio splits them now and then and
/// advises against building on them, so this is a hint and no more.
pub fn class_of_code(code: u32) -> Option<FailureClass> {
    Some(match code {
        20003 | 20404 => FailureClass::ConfigAuth,
        20429 | 21611 => FailureClass::RetrySafe,
        20500 => FailureClass::Ambiguous,
        21211 | 21612 | 21614 | 30005 | 30006 => FailureClass::BadRecipient,
        21212 | 21606 | 21659 | 30032 | 30034 => FailureClass::ConfigSender,
        21408 => FailureClass::RegionBlocked,
        21608 => FailureClass::ConfigAccount,
        21610 => FailureClass::OptedOut,
        21617 | 21624 | 90007 => FailureClass::Bug,
        30004 | 30007 => FailureClass::Filtered,
        30036 => FailureClass::Expired,
        _ => return None,
    })
}

/// Reads a report's `MessageStatus` and `ErrorCode`; `None` for what is no ending.
pub fn ending(status: &str, code: Option<u32>) -> Option<Ending> {
    match status {
        "delivered" | "read" => Some(Ending::Delivered),
        "failed" | "undelivered" | "canceled" => {
            // Lost on the way and for no reason of ours or the person's: another may arrive.
            let class = code.and_then(class_of_code).unwrap_or(FailureClass::RetrySafe);
            Some(Ending::Lost(class, code.map_or_else(|| status.to_owned(), |code| format!("error {code}"))))
        }
        _ => None,
    }
}

/// Whether a report is signed with the account's token: HMAC-SHA1, in base64, over the address as we gave it and all fields by
/// name, each name followed by its value (Twilio, "Webhooks Security"). Compared in constant time.
pub fn is_signed<'a>(
    token: &str,
    address: &str,
    fields: impl Iterator<Item = (&'a str, &'a str)>,
    signature: &str,
) -> bool {
    let mut fields: Vec<_> = fields.collect();
    fields.sort_unstable();
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(token.as_bytes()) else { return false };
    mac.update(address.as_bytes());
    for (name, value) in fields {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    let right = BASE64.encode(&mac.finalize().into_bytes());
    right.as_bytes().ct_eq(signature.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIELDS: [(&str, &str); 5] = [
        ("CallSid", "CA1234567890ABCDE"),
        ("From", "+12349013030"),
        ("To", "+18005551212"),
        ("Caller", "+12349013030"),
        ("Digits", "1234"),
    ];
    const ADDRESS: &str = "https://mycompany.com/myapp.php?foo=1&bar=2";

    /// The example of Twilio's documentation, recomputed with Python.
    #[test]
    fn the_signature_is_twilios_own() {
        let right = "0/KCTR6DLpKmkAf8muzZqo1nDgQ=";
        assert!(is_signed("12345", ADDRESS, FIELDS.into_iter(), right));
        assert!(is_signed("12345", ADDRESS, FIELDS.into_iter().rev(), right), "in whatever order");
        assert!(!is_signed("12346", ADDRESS, FIELDS.into_iter(), right));
        assert!(!is_signed("12345", "https://mycompany.com/myapp.php?foo=1", FIELDS.into_iter(), right));
        assert!(!is_signed("12345", ADDRESS, FIELDS.into_iter().skip(1), right));
        assert!(!is_signed("12345", ADDRESS, FIELDS.into_iter().chain([("x", "")]), right));
        assert!(!is_signed("12345", ADDRESS, FIELDS.into_iter(), ""));
    }

    #[test]
    fn what_twilio_calls_by_a_number_has_a_name_here() {
        use FailureClass::{
            Ambiguous, BadRecipient, Bug, ConfigAccount, ConfigAuth, ConfigSender, Expired, Filtered,
            OptedOut, RegionBlocked, RetrySafe,
        };
        for (codes, class) in [
            (&[20_003, 20_404][..], ConfigAuth),
            (&[20_429, 21_611], RetrySafe),
            (&[20_500], Ambiguous),
            (&[21_211, 21_612, 21_614, 30_005, 30_006], BadRecipient),
            (&[21_212, 21_606, 21_659, 30_032, 30_034], ConfigSender),
            (&[21_408], RegionBlocked),
            (&[21_608], ConfigAccount),
            (&[21_610], OptedOut),
            (&[21_617, 21_624, 90_007], Bug),
            (&[30_004, 30_007], Filtered),
            (&[30_036], Expired),
        ] {
            for code in codes {
                assert_eq!(class_of_code(*code), Some(class), "{code}");
            }
        }
        assert_eq!(class_of_code(30_003), None);
    }

    #[test]
    fn only_an_ending_is_an_ending() {
        for status in ["queued", "accepted", "sending", "sent", "receiving", "", "DELIVERED"] {
            assert_eq!(ending(status, None), None, "{status}");
        }
        assert_eq!(ending("delivered", Some(30003)), Some(Ending::Delivered));
        for (status, code, class, detail) in [
            ("undelivered", Some(30003), FailureClass::RetrySafe, "error 30003"),
            ("undelivered", Some(30006), FailureClass::BadRecipient, "error 30006"),
            ("failed", Some(30007), FailureClass::Filtered, "error 30007"),
            ("failed", Some(30036), FailureClass::Expired, "error 30036"),
            ("failed", None, FailureClass::RetrySafe, "failed"),
        ] {
            assert_eq!(ending(status, code), Some(Ending::Lost(class, detail.to_owned())));
        }
    }
}
