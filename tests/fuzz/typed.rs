//! What people type.

use postern::domain::code::TypedCode;
use postern::domain::email::EmailAddress;
use postern::domain::phone::{Country, PhoneNumber};
use postern::domain::recovery::RecoveryCode;
use postern::domain::username::Username;

use crate::fuzzer::fuzz;

fn text(input: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(input)
}

#[test]
fn codes() {
    fuzz(include_str!("corpus/codes.txt"), |input| {
        let typed = text(input);
        match TypedCode::parse(&typed) {
            Ok(_) => {
                // Six digits, whatever stands between them; and a letter is never read as one.
                let digits = typed.chars().filter(|c| c.is_numeric()).count();
                assert_eq!(digits, 6, "{typed:?}");
                assert!(!typed.chars().any(char::is_alphabetic), "{typed:?}");
                "code".to_owned()
            }
            Err(fault) => format!("{fault:?}"),
        }
    });
}

#[test]
fn recovery_codes() {
    fuzz(include_str!("corpus/recovery_codes.txt"), |input| match RecoveryCode::parse(&text(input)) {
        Ok(code) => {
            let shown = code.shown();
            let again = RecoveryCode::parse(shown.expose()).map(|again| again.shown().expose().clone());
            assert_eq!(again.ok().as_ref(), Some(shown.expose()), "read back as it is shown");
            "code".to_owned()
        }
        Err(fault) => format!("{fault:?}"),
    });
}

#[test]
fn phone_numbers() {
    let countries: Vec<_> = ["US", "CA"].into_iter().map(|code| Country::parse(code).unwrap()).collect();
    fuzz(include_str!("corpus/phone_numbers.txt"), |input| {
        let typed = text(input);
        match PhoneNumber::parse(&typed, &countries[0], &countries) {
            Ok(number) => {
                let e164 = number.e164();
                assert!(e164.starts_with("+1") && e164.len() == 12, "{typed:?} became {e164}");
                assert!(e164[1..].bytes().all(|byte| byte.is_ascii_digit()), "{e164}");
                assert!(countries.contains(number.region()), "{typed:?} is in {:?}", number.region());
                for form in [e164.to_owned(), number.international(), number.national()] {
                    let again = PhoneNumber::parse(&form, number.region(), &countries);
                    assert_eq!(again.as_ref().map(PhoneNumber::e164), Ok(e164), "{form}");
                }
                let masked = number.masked().shown;
                let left = masked.chars().filter(char::is_ascii_digit).count();
                assert!(left <= 4, "{masked}");
                number.region().as_str().to_owned()
            }
            Err(fault) => format!("{fault:?}").chars().take(24).collect(),
        }
    });
}

#[test]
fn email_addresses() {
    fuzz(include_str!("corpus/email_addresses.txt"), |input| {
        let typed = text(input);
        match EmailAddress::parse(&typed) {
            Ok(address) => {
                let text = address.as_str();
                assert!(text.len() <= 254, "{text}");
                assert!(!text.contains(|c: char| c.is_control() || c.is_whitespace()), "{text:?}");
                assert!(!text.contains(['<', '>', ',', ';', '"']), "{text:?}");
                assert_eq!(
                    EmailAddress::parse(text).map(|again| again.as_str().to_owned()).as_deref(),
                    Ok(text)
                );
                let key = address.key();
                assert_eq!(EmailAddress::stored(key.clone()).key(), key, "a key is its own key");
                format!("address {}", text.matches('.').count().min(4))
            }
            Err(fault) => format!("{fault:?}"),
        }
    });
}

#[test]
fn usernames() {
    fuzz(include_str!("corpus/usernames.txt"), |input| {
        let typed = text(input);
        match Username::parse(&typed) {
            Ok(name) => {
                let again = Username::parse(name.as_str()).expect("a name is a name");
                assert_eq!((again.as_str(), again.key().as_str()), (name.as_str(), name.key().as_str()));
                assert!(!name.as_str().contains(|c: char| c.is_control() || c.is_whitespace()));
                "name".to_owned()
            }
            Err(fault) => format!("{fault:?}").chars().take(24).collect(),
        }
    });
}
