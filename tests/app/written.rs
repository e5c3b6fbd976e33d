//! What is written into mails and texts, whatever the product, the host and the people are called.

use std::fs;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use postern::delivery::gsm7;
use postern::delivery::letter::{Letter, Sender};
use postern::delivery::message::{Brand, Mail, mail, text};
use postern::domain::browser::BrowserLabel;
use postern::domain::challenge::Purpose;
use postern::domain::code::{Bound, Code};
use postern::domain::email::EmailAddress;
use postern::domain::keys::Keys;
use postern::domain::link::LinkPurpose;
use postern::domain::phone::PhoneNumber;
use postern::domain::secret::Secret;
use postern::domain::username::Username;
use postern::flows::outbox::{CodeMessage, Content, LinkMessage};
use proptest::prelude::*;
use url::Host;

/// What a product may be called, but for the letters that count twice.
const LETTERS: &str = "[@£$¥èéùìòÇØøÅåΔΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà-]{1,20}";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_534_920, 0).unwrap()
}

fn code() -> Code {
    let keys = Keys::derive(&Secret::new(vec![7; 32]), None).unwrap();
    let bound = Bound { challenge: "c", generation: 1, purpose: "login", account: "ada", destination: "a" };
    Code::derive(&keys.code(keys.current_id()).unwrap(), &bound)
}

fn code_message(purpose: Purpose, life: TimeDelta) -> Content {
    Content::Code(CodeMessage {
        purpose,
        code: code(),
        valid_until: now() + life,
        requested_at: now(),
        browser: BrowserLabel::stored("Firefox on Windows".to_owned()),
        time_zone: chrono_tz::America::New_York,
    })
}

fn invitation() -> Content {
    Content::Link(Box::new(LinkMessage {
        purpose: LinkPurpose::Invitation,
        told: None,
        username: Username::stored("ada".to_owned()),
        link: Secret::new("https://login.example.com/invitation?token=abc&x=1".to_owned()),
        valid_until: now() + TimeDelta::days(7),
        time_zone: chrono_tz::America::New_York,
    }))
}

/// A letter as it follows DATA.
fn letter(mail: &Mail) -> String {
    String::from_utf8(Letter::new(mail).unwrap().bytes).unwrap()
}

fn written(content: &Content, name: &str, to: EmailAddress) -> Mail {
    let from = Sender::new(name, "login@example.org").unwrap();
    let brand = Brand::new(name, "login.example.com", Some("416-555-0177"));
    mail("01a20e38-9940-72cf-9a40-f2da9f0ac9d0", &from, &to, content, &brand, now()).unwrap()
}

/// The names of the headers, in lower case and in order.
fn header_names(letter: &str) -> Vec<String> {
    let (head, _) = letter.split_once("\r\n\r\n").unwrap();
    let beginnings = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
    beginnings.map(|line| line.split(':').next().unwrap().to_ascii_lowercase()).collect()
}

/// The host and the code of a text's last line, read as browsers do (WICG, origin-bound one-time codes).
fn bound(text: &str) -> Option<(String, String)> {
    let (host, code) = text.lines().last()?.strip_prefix('@')?.split_once(' ')?;
    let code = code.strip_prefix('#')?.split(' ').next()?;
    let is_host = matches!(Host::parse(host), Ok(Host::Domain(_)));
    (is_host && !code.is_empty()).then(|| (host.to_owned(), code.to_owned()))
}

/// Holds a letter against the one that is kept in a file. The boundary between its parts is another each time.
#[track_caller]
fn assert_is(letter: &str, file: &str) {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/app/written").join(file);
    let kept = fs::read_to_string(kept).unwrap();
    let boundary = letter.split("boundary=\"").nth(1).unwrap().split('"').next().unwrap();
    let letter = letter.replace(boundary, "BOUNDARY").replace("\r\n", "\n");
    assert!(letter == kept, "not {file}:\n{letter}");
}

#[test]
fn letters_are_to_the_byte_what_they_were() {
    let ada = || EmailAddress::parse("ada@example.com").unwrap();
    let login = written(&code_message(Purpose::Login, TimeDelta::minutes(10)), "Postern", ada());
    assert_is(&letter(&login), "login.eml");
    assert_is(&letter(&written(&invitation(), "Bücher", ada())), "invitation.eml");
}

#[test]
fn an_address_of_other_letters_or_of_the_greatest_length_is_written_in_ascii() {
    let longest = format!("{}@example.com", "a".repeat(64));
    for (typed, written_as) in [("ada@bücher.example", "ada@xn--bcher-kva.example"), (&longest, &longest)] {
        let to = EmailAddress::parse(typed).unwrap();
        let letter = letter(&written(&code_message(Purpose::Login, TimeDelta::minutes(10)), "Postern", to));
        assert!(letter.contains(&format!("\r\nTo: {written_as}\r\n")), "{letter}");
        assert!(letter.is_ascii());
    }
    assert!(EmailAddress::parse(&format!("{}@example.com", "a".repeat(65))).is_err());
}

proptest! {
    #[test]
    fn no_name_breaks_a_letter_or_adds_to_its_headers(
        name in "(\\PC|[\r\n\0\u{1b}\u{7}\t:]){0,40}",
        subject in "(\\PC|[\r\n\0\u{1b}\t:]|\r\nBcc: eve@example\\.net){0,60}",
    ) {
        let to = EmailAddress::parse("ada@example.com").unwrap();
        let usual = written(&code_message(Purpose::Login, TimeDelta::minutes(10)), "Postern", to.clone());
        let usual_names = header_names(&letter(&usual));
        let named = || written(&code_message(Purpose::Login, TimeDelta::minutes(10)), &name, to.clone());
        prop_assert_eq!(&header_names(&letter(&Mail { subject, ..named() })), &usual_names);
        let letter = letter(&named());
        prop_assert_eq!(&header_names(&letter), &usual_names);
        let (head, _) = letter.split_once("\r\n\r\n").unwrap();
        prop_assert!(!head.replace("\r\n", "").contains(|c: char| c.is_control() && c != '\t'), "{}", head);
    }

    #[test]
    fn every_text_is_one_segment_whose_last_line_browsers_read(
        name in LETTERS,
        label in "[a-z]([a-z0-9-]{0,11}[a-z0-9])?",
        site in "[a-z]([a-z0-9-]{0,10}[a-z0-9])?",
        seconds in 120_i64..=600,
    ) {
        let host = format!("{label}.{site}.com");
        prop_assert!(host.len() <= 30);
        let brand = Brand::new(&name, &host, None);
        let to = PhoneNumber::stored("+12125550142").unwrap();
        for purpose in Purpose::ALL {
            let content = code_message(purpose, TimeDelta::seconds(seconds));
            let body = text("m1", &to, &content, &brand, now()).unwrap().body;
            prop_assert!(gsm7::septets(&body).is_some_and(|septets| septets <= 136), "{}", body);
            prop_assert_eq!(bound(&body), Some((host.clone(), code().expose().to_owned())), "{}", body);
        }
    }
}
