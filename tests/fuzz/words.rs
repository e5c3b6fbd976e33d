//! What the other side of a delivery says.

use postern::delivery::scrub::scrub;
use postern::delivery::twilio_reply::Reply;
use postern::domain::password::PasswordHash;
use postern::domain::twilio::{ending, is_signed};
use postern::flows::outbox::Outcome;

use crate::fuzzer::fuzz;

/// Fit for a row, a page and a log: short, and with nobody's address or number in it.
fn is_clean(detail: &str) {
    assert!(detail.chars().count() <= 260, "{detail}");
    assert!(!detail.contains('@') && !detail.contains("://"), "{detail}");
    assert!(!detail.contains(|c: char| c.is_control()), "{detail:?}");
    let digits = detail.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or_default();
    assert!(digits <= 10, "{detail}");
}

#[test]
fn replies_of_the_carrier() {
    fuzz(include_str!("corpus/replies.txt"), |input| {
        let (status, body) = input.split_at(input.len().min(3));
        let status = std::str::from_utf8(status).ok().and_then(|status| status.parse().ok()).unwrap_or(200);
        match (Reply { status, retry_after: None, body: Some(body) }.outcome()) {
            Outcome::HandedOver { provider_id } => {
                assert!((200..300).contains(&status), "{status}");
                assert!(provider_id.is_none_or(|id| id.len() <= 64));
                "taken".to_owned()
            }
            Outcome::NotHandedOver { class, detail, .. } => {
                is_clean(&detail);
                format!("{class:?}")
            }
        }
    });
}

#[test]
fn words_of_the_mail_server() {
    fuzz(include_str!("corpus/server_words.txt"), |input| {
        let scrubbed = scrub(&String::from_utf8_lossy(input));
        is_clean(&scrubbed);
        assert!(!scrubbed.split(|c: char| !c.is_ascii_digit()).any(|run| run.len() > 2), "{scrubbed}");
        ["[address]", "[link]", "[data]", "…"]
            .map(|mark| if scrubbed.contains(mark) { "1" } else { "0" })
            .concat()
    });
}

#[test]
fn reports_of_the_carrier() {
    fuzz(include_str!("corpus/reports.txt"), |input| {
        let text = String::from_utf8_lossy(input);
        let mut parts = text.splitn(3, '|');
        let mut next = || parts.next().unwrap_or_default();
        let (status, code, signature) = (next(), next(), next());
        let fields = || [("MessageStatus", status), ("ErrorCode", code)].into_iter();
        assert!(!is_signed("token", "https://login.example.com/hooks/sms/twilio?m=1", fields(), signature));
        format!("{:?}", ending(status, code.parse().ok())).chars().take(32).collect()
    });
}

#[test]
fn hashes_in_the_database() {
    fuzz(include_str!("corpus/hashes.txt"), |input| {
        let text = String::from_utf8_lossy(input).into_owned();
        match PasswordHash::parse(text.clone()) {
            Some(hash) => {
                assert_eq!(hash.as_str(), text);
                "hash".to_owned()
            }
            None => "none".to_owned(),
        }
    });
}
