//! From the password to the code in somebody's hand: the whole program, with a mail server and a carrier that take what it
//! sends, and what its pages say meanwhile.

mod bad_mail_days;
mod bad_text_days;
mod not_wanted;
mod truth;

use std::collections::HashSet;

use chrono::TimeDelta;

use crate::support::post::{ADAS_PHONE, Post, enter};
use crate::support::test_app::{Deeds, PASSWORD};

#[actix_web::test]
async fn ada_gets_her_code_by_mail_and_is_in() {
    let post = Post::open().await;
    post.ada_by_email().await;
    post.app.wait(TimeDelta::minutes(20));

    let page = post.ada_owes_a_code().await;
    assert!(page.text().contains("We are about to send a 6-digit code to a•••@e•••.com"), "{}", page.text());
    post.app.wait(TimeDelta::minutes(1));
    post.app.deliver_all().await;

    let taken = post.mail.taken().pop().unwrap();
    assert_eq!((taken.from.as_str(), taken.to), ("login@example.org", vec!["ada@example.com".to_owned()]));
    let page = page.browser().get("/login/code").await;
    let words = " went to the mail server at 4:03 pm UTC. It should arrive within 5 minutes.";
    assert!(page.text().contains(words), "{}", page.text());
    let page = enter(page, "Log in", &post.last_letter().code()).await;
    assert_eq!((page.path().as_str(), page.status()), ("/profile", 200));
}

#[actix_web::test]
async fn the_mail_says_what_it_must_and_links_nowhere() {
    let post = Post::open().await;
    post.ada_by_email().await;
    post.ada_owes_a_code().await;
    post.app.deliver_all().await;

    let (letter, code) = (post.last_letter(), post.last_letter().code());
    assert_eq!(letter.header("From"), "Postern <login@example.org>");
    assert_eq!(letter.header("To"), "ada@example.com");
    assert_eq!(letter.header("Subject"), format!("{code} is your Postern login code"));
    assert_eq!(letter.header("Date"), "Tue, 24 Nov 2026 15:42:00 +0000");
    assert_eq!(letter.header("Auto-Submitted"), "auto-generated");
    assert_eq!(letter.header("X-Auto-Response-Suppress"), "All");
    assert_eq!(letter.header("MIME-Version"), "1.0");
    assert!(!letter.headers.iter().any(|(name, _)| name.to_ascii_lowercase().starts_with("list-")));

    for words in [
        "Enter it on the page where you are logging in. It works until 3:52\u{a0}pm UTC on November 24 and only once.",
        "Asked for at 3:42\u{a0}pm UTC from Firefox on Windows.",
        "Not you? Someone knows your password. Do not give this code to anyone.",
        "We never ask for this code by phone, chat or e-mail.",
    ] {
        assert!(letter.text.contains(words), "{words}\n{}", letter.text);
    }
    assert!(letter.html.contains(&format!(">{code}<")), "one piece of text, to be copied: {}", letter.html);
    for part in [&letter.text, &letter.html] {
        for found in ["http", "href", "src=", "url(", "127.0.0.1", "/login", PASSWORD] {
            assert!(!part.contains(found), "{found} in {part}");
        }
    }
    for (name, value) in letter.headers.iter().filter(|(name, _)| name != "Subject") {
        assert!(!value.contains(&code), "{name} holds the code");
    }
}

#[actix_web::test]
async fn every_mail_has_a_name_of_its_own_and_a_resend_too() {
    let post = Post::open().await;
    post.ada_by_email().await;
    let page = post.ada_owes_a_code().await;
    post.app.deliver_all().await;
    post.app.wait(TimeDelta::seconds(30));
    page.form("Request another code").submit().await.follow().await;
    post.app.deliver_all().await;

    let letters = post.letters();
    let names: HashSet<_> = letters.iter().map(|letter| letter.header("Message-ID")).collect();
    assert_eq!((letters.len(), names.len()), (3, 3), "set-up, login, login again");
    for name in names {
        assert!(name.starts_with('<') && name.ends_with("@example.org>"), "{name}");
    }
    assert_eq!(letters[1].code(), letters[2].code(), "the same code, since most of its life is left");
}

#[actix_web::test]
async fn ada_gets_her_code_by_text_and_is_in() {
    let post = Post::open().await;
    post.ada_by_sms().await;
    post.app.wait(TimeDelta::minutes(20));

    let page = post.ada_owes_a_code().await;
    assert!(page.text().contains("We are about to send a 6-digit code to ••• ••• 0142"), "{}", page.text());
    post.app.wait(TimeDelta::seconds(2));
    post.app.deliver_all().await;

    let page = page.browser().get("/login/code").await;
    let words = " went to the carrier at 4:02 pm UTC. It can take a few minutes to arrive.";
    assert!(page.text().contains(words), "{}", page.text());
    let page = enter(page, "Log in", &post.texted_code()).await;
    assert_eq!((page.path().as_str(), page.status()), ("/profile", 200));
    assert!(post.letters().is_empty(), "nothing of it went by mail");
}

#[actix_web::test]
async fn the_text_is_one_segment_that_ends_with_the_bound_code_and_dies_with_it() {
    let post = Post::open().await;
    post.ada_by_sms().await;
    post.ada_owes_a_code().await;
    post.app.wait(TimeDelta::seconds(40));
    post.app.deliver_all().await;

    let (text, code) = (post.last_text(), post.texted_code());
    assert_eq!(text["To"], ADAS_PHONE.1);
    // The code has 9 minutes and 20 seconds left, and no carrier may deliver it in its last half minute.
    assert_eq!(text["ValidityPeriod"], "530");
    let body = &text["Body"];
    assert_eq!(body.lines().last(), Some(format!("@127.0.0.1 #{code}").as_str()));
    assert_eq!(
        body.lines().next(),
        Some(format!("{code} is your Postern login code. It works for 9 minutes. Never share it.").as_str())
    );
    // Of ASCII, GSM 03.38 lacks the grave accent and writes eight characters as two; this text has none of them.
    assert!(body.is_ascii() && !body.contains(['`', '^', '{', '}', '\\', '[', '~', ']', '|']), "{body}");
    assert!(body.len() <= 136, "{} septets: {body}", body.len());
}

#[actix_web::test]
async fn a_code_by_mail_and_a_code_by_text_know_nothing_of_each_other() {
    let post = Post::open().await;
    post.ada_by_email().await;
    post.app.person("grace").await;
    let graces = post.app.browser();
    graces.log_in("grace").await;
    let form = graces.get("/profile/two-factor").await.form("Save");
    form.select("method", "sms").fill("phone", "(416) 555-0199").submit().await.follow().await;
    post.ada_owes_a_code().await;
    post.app.deliver_all().await;

    let page = graces.get("/profile/two-factor").await;
    let page = enter(page, "Save", &post.last_letter().code()).await;
    assert!(page.field_error("code").unwrap().contains("not correct"), "{}", page.text());
    let page = enter(page, "Save", &post.texted_code()).await;
    assert!(page.text().contains("••• ••• 0199"), "{}", page.text());
}
