//! The code page around the code: how long it waits, what ends it, and what it never shows.

use chrono::TimeDelta;

use crate::support::browser::{Browser, Page};
use crate::support::codes::{Reading, wrong};
use crate::support::test_app::{Deeds, TestApp};

const ADA: &str = "ada@example.com";

#[actix_web::test]
async fn a_pending_login_waits_thirty_minutes_and_then_it_is_back_to_the_password() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let page = app.code_page("ada").await;
    let browser = page.browser().clone();
    app.wait(TimeDelta::minutes(29));
    let page = browser.get("/login/code").await.expect(200);
    page.form("Request another code").submit().await.expect(303);
    let code = app.code_for(ADA).await;

    // The code has nine minutes left; the login that asked for it has none.
    app.wait(TimeDelta::minutes(1));
    let over = page.form("Log in").fill("code", &code).submit().await.follow().await;
    assert_eq!(over.path(), "/login");
    over.says("The code was not entered within 30 minutes. Log in again to get a new one.");
    assert_eq!(app.count("sessions").await, 1);
    assert_eq!(browser.get("/login/code").await.follow().await.path(), "/login");
}

#[actix_web::test]
async fn an_account_that_is_disabled_meanwhile_is_not_opened() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let page = app.code_page("ada").await;
    let code = app.code_for(ADA).await;
    app.disable("ada").await;

    let refused = page.form("Log in").fill("code", &code).submit().await.follow_all().await;

    assert_eq!(refused.path(), "/login");
    assert_eq!(app.count("sessions").await, 1);
    refused.says("That login is over. Log in again to go on.");
    // A new login says what it says for a wrong password.
    let again = page.browser().log_in("ada").await;
    let unknown = app.browser().log_in("nobody").await;
    assert_eq!((again.status(), again.errors()), (unknown.status(), unknown.errors()));
}

#[actix_web::test]
async fn a_login_that_waits_ends_when_the_method_changes_elsewhere() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let page = app.code_page("ada").await;
    let code = app.code_for(ADA).await;
    home.get("/profile/two-factor").await.form("Save").select("method", "disabled").submit().await;

    let refused = page.form("Log in").fill("code", &code).submit().await.follow_all().await;

    assert_eq!(refused.path(), "/login");
    // The password alone is enough now.
    assert_eq!(page.browser().log_in("ada").await.path(), "/profile");
}

#[actix_web::test]
async fn a_login_that_was_given_up_is_not_taken_up_again() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let page = app.code_page("ada").await;
    let code = app.code_for(ADA).await;
    let copied = page.browser().copy().get("/login/code").await;

    let login = page.form("Use another account").submit().await.follow().await;
    assert_eq!(login.path(), "/login");
    login.says("That login was cancelled.");

    assert_eq!(page.browser().get("/login/code").await.follow().await.path(), "/login");
    let refused = copied.form("Log in").fill("code", &code).submit().await.follow_all().await;
    assert_eq!(refused.path(), "/login");
    assert_eq!(app.count("sessions").await, 1);
}

#[actix_web::test]
async fn a_new_login_in_the_same_browser_takes_the_place_of_the_one_that_waits() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let page = app.code_page("ada").await;
    let copied = page.browser().copy().get("/login/code").await;
    let first = app.code_for(ADA).await;
    // The login page sends a browser whose code is owed back to it; a form from before still works.
    assert_eq!(page.browser().get("/login").await.follow().await.path(), "/login/code");
    let form = app.browser().get("/login").await.form("Log in");
    let token = page.form("Log in").value("form_token").unwrap();
    let fields = [
        ("form_token", token.as_str()),
        ("username", "ada"),
        ("password", crate::support::test_app::PASSWORD),
    ];
    assert_eq!(form.action(), "/login");
    let second = page.browser().post_form("/login", &fields).await.follow().await;
    assert_eq!(second.path(), "/login/code");
    let code = app.code_for(ADA).await;

    copied.form("Log in").fill("code", &first).submit().await.follow_all().await;
    assert_eq!(app.count("sessions").await, 1);
    assert_eq!(second.form("Log in").fill("code", &code).submit().await.follow().await.path(), "/profile");
}

#[actix_web::test]
async fn without_a_right_password_there_is_no_code_page() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let stranger = app.browser();
    let login = stranger.get("/login").await;
    let token = login.form("Log in").value("form_token").unwrap();
    assert_eq!(stranger.get("/login/code").await.follow().await.path(), "/login");
    for path in ["/login/code", "/login/code/resend", "/login/cancel"] {
        let page = stranger.post_form(path, &[("form_token", &token), ("code", "123456")]).await;
        assert_eq!(page.follow().await.path(), "/login", "{path}");
    }
    assert_eq!(stranger.get("/login/code/status").await.follow().await.path(), "/login");
    // Nor for somebody who is in already.
    assert_eq!(home.get("/login/code").await.follow().await.path(), "/profile");
}

#[actix_web::test]
async fn the_page_tells_the_truth_about_the_message_and_hides_where_it_went() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let page = app.code_page("ada").await;
    assert_eq!(page.h1(), "Check your email");
    page.says("We are about to send a 6-digit code to a•••@e•••.com").is_silent_about("mail server");
    page.is_silent_about(ADA);
    let status = page.browser().get("/login/code/status").await.expect(200).json();
    assert_eq!((&status["state"], &status["resend_at"]), (&"waiting".into(), &"2026-11-24T15:42:30Z".into()));

    app.wait(TimeDelta::minutes(1));
    app.deliver_all().await;
    let page = page.browser().get("/login/code").await;
    page.says("went to the mail server at 3:43 pm UTC. It should arrive within 5 minutes.");
    page.says("Look in the spam folder too.");
    let status = page.browser().get("/login/code/status").await.json();
    assert_eq!((&status["state"], &status["at"]), (&"handed_over".into(), &"2026-11-24T15:43:00Z".into()));
}

#[actix_web::test]
async fn looking_at_the_page_sends_nothing() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let page = app.code_page("ada").await;
    let sent = app.sent_to(ADA).await;
    for _ in 0..5 {
        app.wait(TimeDelta::minutes(2));
        page.browser().get("/login/code").await.expect(200);
        page.browser().get("/login/code/status").await.expect(200);
        page.browser().get("/login").await.expect(303);
    }
    assert_eq!(app.sent_to(ADA).await, sent);
}

/// Panics if these six digits stand anywhere in an answer.
fn holds_no(code: &str, page: &Page) {
    let has = |text: &str| text.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == code);
    assert!(!has(&String::from_utf8_lossy(page.bytes())), "the code is on {}", page.path());
    assert!(!has(&page.path()), "the code is in {}", page.path());
    for (name, value) in page.headers() {
        assert!(!has(&String::from_utf8_lossy(value.as_bytes())), "the code is in {name} of {}", page.path());
    }
}

/// Types a wrong code and the right one, and looks at every answer on the way.
async fn type_and_look(page: &Page, button: &str, code: &str, look_at: &[&str]) {
    let browser: &Browser = page.browser();
    for path in look_at {
        holds_no(code, &browser.get(path).await);
    }
    holds_no(code, &page.form(button).fill("code", &format!("{code}1")).submit().await.expect(422));
    holds_no(code, &page.form(button).fill("code", &wrong(code)).submit().await.expect(422));
    holds_no(code, &page.form("Request another code").submit().await.expect(303));
    let done = page.form(button).fill("code", code).submit().await.expect(303);
    holds_no(code, &done);
    holds_no(code, &done.follow_all().await);
}

#[actix_web::test]
async fn a_code_stands_in_no_page_no_address_and_no_header() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    let form = home.get("/profile/two-factor").await.form("Save");
    let set_up = form.select("method", "email").submit().await.follow().await;
    let code = app.code_for(ADA).await;
    type_and_look(&set_up, "Save", &code, &["/profile/two-factor", "/profile/two-factor/status"]).await;

    let login = app.code_page("ada").await;
    let code = app.code_for(ADA).await;
    type_and_look(&login, "Log in", &code, &["/login/code", "/login/code/status", "/login"]).await;

    home.log_out().await;
    home.log_in("ada").await;
    let form = home.get("/profile/two-factor").await.form("Save");
    let confirm = form.select("method", "disabled").submit().await.follow().await;
    let code = app.code_for(ADA).await;
    type_and_look(&confirm, "Continue", &code, &["/confirm", "/confirm/status"]).await;
}
