//! An invited person sets a password: a link that may be looked at often, is answered once, and logs nobody in.

use chrono::TimeDelta;
use diesel::prelude::*;
use postern::storage::schema::accounts;

use crate::support::at_once::at_once;
use crate::support::browser::{Browser, Form, Page};
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

async fn form(browser: &Browser, password: &str) -> Form {
    let form = browser.get("/invitation").await.expect(200).form("Save password");
    form.fill("new_password", password).fill("new_password_again", password)
}

async fn email_confirmed_at(app: &TestApp) -> Option<i64> {
    app.in_database(|conn| accounts::table.select(accounts::email_confirmed_at).first(conn)).await
}

#[track_caller]
fn expect_over(page: &Page, h1: &str) {
    assert_eq!((page.status(), page.h1().as_str()), (410, h1), "{}", page.describe());
}

#[actix_web::test]
async fn ada_sets_her_password_and_logs_in_with_it() {
    let app = TestApp::start().await;
    let browser = app.invited("ada").await;
    let page = browser.get("/invitation").await;
    assert_eq!(page.h1(), "Choose your password");
    assert!(page.text().contains("Your username is ada"), "{}", page.text());

    let login = form(&browser, PASSWORD).await.submit().await.follow_all().await;
    assert_eq!((login.path().as_str(), login.h1().as_str()), ("/login", "Log in"), "it logs nobody in");
    assert_eq!(login.notice().as_deref(), Some("Your password is saved Log in with it now."));
    // The link was printed; who reads that mailbox is as unknown as before.
    assert_eq!(email_confirmed_at(&app).await, None);
    assert_eq!(browser.get("/profile").await.expect(303).location(), Some("/login"));
    assert_eq!(browser.log_in("ada").await.path(), "/profile");
}

#[actix_web::test]
async fn an_invitation_that_came_by_mail_confirms_the_address() {
    let app = TestApp::start().await;
    app.invite_by_mail("ada").await;
    let text = app.last_to("ada@example.com").await.text;
    let link = text.split_whitespace().find_map(|word| word.strip_prefix(&app.base)).expect("a link");
    let browser = app.browser();
    browser.follow_all(link).await;
    form(&browser, PASSWORD).await.submit().await.expect(303);
    assert_eq!(email_confirmed_at(&app).await, Some(app.now().timestamp_micros()));
}

#[actix_web::test]
async fn looking_uses_nothing_up() {
    let app = TestApp::start().await;
    let link = app.invite("ada").await;
    // A scanner opens every link in a mail, and so do two impatient clicks.
    let scanner = app.browser().with_user_agent("MailScanner/1.0");
    for _ in 0..3 {
        scanner.raw("HEAD", &link, &[], b"").await.expect(303);
        assert_eq!(scanner.stranger().follow_all(&link).await.status(), 200);
    }
    let browser = app.browser();
    for _ in 0..3 {
        assert_eq!(browser.get(&link).await.expect(303).location(), Some("/invitation"));
        browser.get("/invitation").await.expect(200);
    }
    form(&browser, PASSWORD).await.submit().await.expect(303);
    assert_eq!(browser.log_in("ada").await.path(), "/profile");
}

#[actix_web::test]
async fn the_token_stands_in_no_address_and_on_no_page() {
    let app = TestApp::start().await;
    let (link, browser) = (app.invite("ada").await, app.browser());
    let token = link.strip_prefix("/invitation?token=").unwrap();
    let proof = token.split_once('.').unwrap().1;
    let page = browser.follow_all(&link).await;
    assert_eq!(page.path(), "/invitation");
    assert!(!page.html().contains(proof));
    assert_eq!(page.form("Save password").action(), "/invitation");
}

#[actix_web::test]
async fn a_used_invitation_says_so() {
    let app = TestApp::start().await;
    let (link, thief) = (app.invite("ada").await, app.browser());
    thief.follow_all(&link).await;
    let late = form(&thief, "the thief's own long sentence").await;
    let browser = app.browser();
    browser.follow_all(&link).await;
    form(&browser, PASSWORD).await.submit().await.expect(303);

    expect_over(&late.submit().await, "This invitation was used");
    for browser in [app.browser(), browser.clone()] {
        expect_over(&browser.follow_all(&link).await, "This invitation was used");
    }
    app.browser().log_in_with("ada", "the thief's own long sentence").await.expect(422);
    assert_eq!(browser.log_in("ada").await.path(), "/profile");
}

#[actix_web::test]
async fn an_invitation_may_be_answered_for_seventy_two_hours() {
    let app = TestApp::start().await;
    let (early, late) = (app.invited("ada").await, app.invited("bob").await);
    let (early_form, late_form) = (form(&early, PASSWORD).await, form(&late, PASSWORD).await);
    app.wait(TimeDelta::hours(72) - TimeDelta::microseconds(1));
    early_form.submit().await.expect(303);
    app.wait(TimeDelta::microseconds(1));
    expect_over(&late_form.submit().await, "This invitation is over");
    app.browser().log_in_with("bob", PASSWORD).await.expect(422);
}

#[actix_web::test]
async fn a_token_that_was_tampered_with_opens_nothing() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.invite("ada").await, app.invite("bob").await);
    let (ada, bob) = (ada.split_once('=').unwrap().1, bob.split_once('=').unwrap().1);
    let ((id, proof), (other_id, other_proof)) = (ada.split_once('.').unwrap(), bob.split_once('.').unwrap());
    let (cut, lower) = (&proof[..proof.len() - 1], proof.to_lowercase());
    for token in [
        format!("{id}.{other_proof}"),
        format!("{other_id}.{proof}"),
        format!("{id}.{cut}"),
        format!("{id}.{lower}"),
        format!("{id}."),
        id.to_owned(),
        format!(".{proof}"),
        format!("01JDFZ0000AAAAAAAAAAAAAAAA.{proof}"),
        format!("{id}.{proof}."),
        "x".to_owned(),
        String::new(),
        "x".repeat(2_000),
    ] {
        let browser = app.browser();
        expect_over(
            &browser.follow_all(&format!("/invitation?token={token}")).await,
            "This invitation is over",
        );
        browser.get("/invitation").await.expect(404);
    }
    assert_eq!(app.browser().follow_all(&format!("/invitation?token={ada}")).await.status(), 200);
}

#[actix_web::test]
async fn the_form_of_one_invitation_does_not_answer_another() {
    let app = TestApp::start().await;
    let (ada, bob) = (app.invited("ada").await, app.invited("bob").await);
    let stolen = form(&ada, PASSWORD).await.value("form_token").unwrap();
    form(&bob, PASSWORD).await.forge("form_token", &stolen).submit().await.expect(403);
    // Without a link there is nothing to answer.
    let stranger = app.browser();
    let own = stranger.get("/login").await.form("Log in").value("form_token").unwrap();
    let fields = [("form_token", own.as_str()), ("new_password", PASSWORD), ("new_password_again", PASSWORD)];
    stranger.post_form("/invitation", &fields).await.expect(404);
    for name in ["ada", "bob"] {
        app.browser().log_in_with(name, PASSWORD).await.expect(422);
    }
}

#[actix_web::test]
async fn somebody_disabled_meanwhile_is_not_let_in_by_the_link() {
    let app = TestApp::start().await;
    let browser = app.invited("ada").await;
    let form = form(&browser, PASSWORD).await;
    app.disable("ada").await;
    expect_over(&form.submit().await, "This invitation is over");
}

#[actix_web::test]
async fn a_password_has_to_be_long_and_hard_to_guess() {
    let app = TestApp::with(&[("POSTERN_BRAND_NAME", "Harbour")]).await;
    let browser = app.invited("countess.ada").await;
    let too_long = "a long sentence about herons ".repeat(5);
    for (password, words) in [
        ("", "Enter a password"),
        ("14 characters.", "Enter at least 15 characters"),
        ("\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}\u{e9}", "Enter at least 15 characters"),
        // Fifteen as typed, eight when an accent is part of its letter.
        ("e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}e\u{301}x", "Enter at least 15 characters"),
        (&too_long, "Enter at most 128 characters"),
        ("countess.ada-harbour", "Use more than the username and the name of this site"),
        ("password12345678", "This password is easy to guess. "),
        ("aaaaaaaaaaaaaaaaaaaa", "This password is easy to guess. "),
        ("qwertyuiopqwertyuiop", "This password is easy to guess. "),
    ] {
        let page = form(&browser, password).await.submit().await.expect(422);
        let error = page.field_error("new_password").unwrap();
        assert!(error.starts_with(words), "{password:?}: {error}");
        assert!(!words.ends_with(' ') || error.len() > words.len() + 10, "advice: {error}");
        assert_eq!(page.errors(), [error]);
        assert_eq!(page.form("Save password").value("new_password").as_deref(), Some(""));
    }
    let page = form(&browser, PASSWORD).await.fill("new_password_again", "something else").submit().await;
    assert_eq!(
        page.expect(422).field_error("new_password_again").as_deref(),
        Some("The two passwords are not the same")
    );
    // Nothing of it used the invitation up. No mixture of letters, digits and signs is asked for.
    let plain = "herons stand in cold water";
    form(&browser, plain).await.submit().await.expect(303);
    browser.log_in_with("countess.ada", plain).await.expect(303);
}

#[actix_web::test]
async fn a_password_may_have_a_hundred_and_twenty_eight_letters_of_any_script() {
    let app = TestApp::start().await;
    let browser = app.invited("ada").await;
    let words =
        "\u{447}\u{430}\u{439}\u{43a}\u{430} \u{1f40b} \u{9dfa}\u{306f}\u{6c34}\u{306b}\u{7acb}\u{3064} ";
    let longest: String = words.chars().cycle().take(127).chain(['!']).collect();
    assert!(longest.len() > 200);
    form(&browser, &longest).await.submit().await.expect(303);
    browser.log_in_with("ada", &longest).await.expect(303);
}

#[actix_web::test]
async fn the_operator_may_ask_for_another_length() {
    let app = TestApp::with(&[("POSTERN_PASSWORD_MIN_LENGTH", "20")]).await;
    let browser = app.invited("ada").await;
    assert!(browser.get("/invitation").await.text().contains("At least 20 characters"));
    let page = form(&browser, "nineteen characters").await.submit().await.expect(422);
    assert_eq!(page.errors(), ["Enter at least 20 characters"]);
}

#[actix_web::test]
async fn of_sixteen_answers_at_once_one_counts() {
    let app = TestApp::start().await;
    let (link, other) = (app.invite("ada").await, app.another().await);
    let mut forms = Vec::new();
    for n in 0..16 {
        let browser = if n % 2 == 0 { app.browser() } else { other.browser() };
        browser.follow_all(&link).await;
        forms.push(form(&browser, &format!("number {n} of the herons in cold water")).await);
    }
    let pages = at_once(forms.into_iter().map(Form::submit)).await;
    let won: Vec<_> = (0..16).filter(|n| pages[*n].status() == 303).collect();
    let lost = pages.iter().filter(|page| page.status() == 410).count();
    assert_eq!((won.len(), lost), (1, 15), "{:?}", pages.iter().map(Page::status).collect::<Vec<_>>());
    let password = format!("number {} of the herons in cold water", won[0]);
    app.browser().log_in_with("ada", &password).await.expect(303);
}

#[actix_web::test]
async fn whoever_was_logged_in_here_is_logged_out_for_good() {
    let app = TestApp::start().await;
    app.person("bob").await;
    let (link, browser) = (app.invite("ada").await, app.browser());
    browser.log_in("bob").await;
    let thief = browser.copy();
    assert_eq!(browser.follow_all(&link).await.h1(), "Choose your password");
    form(&browser, PASSWORD).await.submit().await.expect(303);
    assert_eq!(browser.follow_all("/profile").await.path(), "/login");
    assert_eq!(thief.get("/profile").await.expect(303).location(), Some("/login"));
    assert_eq!(browser.log_in("ada").await.path(), "/profile");
}

#[actix_web::test]
async fn a_link_that_is_far_too_long_is_nobodys_and_breaks_nothing() {
    let app = TestApp::start().await;
    app.person("bob").await;
    let browser = app.browser();
    browser.log_in("bob").await;
    for length in [200, 2_950, 4_000, 7_000] {
        let page = browser.follow_all(&format!("/invitation?token={}", "A".repeat(length))).await;
        expect_over(&page, "This invitation is over");
    }
    browser.get("/profile").await.expect(200);
}
