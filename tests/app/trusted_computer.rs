//! The 14 days: not asked on this computer, always on another, and never longer than promised.

use chrono::TimeDelta;

use crate::support::browser::{Browser, Page};
use crate::support::codes::Reading;
use crate::support::test_app::{Deeds, TestApp};

const TOKEN: &str = "postern-computer";

/// Enters the code that was sent for a login, with the box as it is.
async fn enter_code(app: &TestApp, page: &Page, name: &str) -> Page {
    let code = app.code_for(&format!("{name}@example.com")).await;
    page.form("Log in").fill("code", &code).submit().await.follow().await
}

/// Whether the password alone is enough here. It logs in and out again.
async fn is_trusted(browser: &Browser, name: &str) -> bool {
    let page = browser.log_in(name).await;
    let is_in = page.path() == "/profile";
    if is_in {
        browser.log_out().await;
    } else {
        assert_eq!(page.path(), "/login/code");
        page.form("Use another account").submit().await;
    }
    is_in
}

fn token(browser: &Browser) -> Option<String> {
    browser.cookie(TOKEN).map(|cookie| cookie.value().to_owned())
}

#[actix_web::test]
async fn ada_is_left_alone_for_fourteen_days_and_asked_after_them() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    home.turn_on_email(&app, "ada").await;
    home.log_out().await;

    // However often she logs in between, the fourteen days count from the code.
    for _ in 0..13 {
        app.wait(TimeDelta::days(1));
        assert_eq!(home.log_in("ada").await.path(), "/profile");
        home.log_out().await;
    }
    app.wait(TimeDelta::hours(23) + TimeDelta::minutes(59));
    assert_eq!(home.log_in("ada").await.path(), "/profile");
    home.log_out().await;

    app.wait(TimeDelta::minutes(1));
    let page = home.log_in("ada").await;
    assert_eq!(page.path(), "/login/code");
    page.says("We ask because 14 days have passed since you last entered a code on this computer.");
    // And from that code they count again.
    enter_code(&app, &page, "ada").await;
    home.log_out().await;
    app.wait(TimeDelta::days(14) - TimeDelta::microseconds(1));
    assert!(is_trusted(&home, "ada").await);
    app.wait(TimeDelta::microseconds(1));
    assert!(!is_trusted(&home, "ada").await);
}

#[actix_web::test]
async fn another_computer_is_always_asked() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    home.turn_on_email(&app, "ada").await;

    let page = app.browser().log_in("ada").await;
    assert_eq!(page.path(), "/login/code");
    assert!(page.text().contains("this computer is new to your account"), "{}", page.text());
}

#[actix_web::test]
async fn a_code_of_a_login_makes_the_computer_trusted_as_well() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let page = app.code_page("ada").await;
    page.says("Trust this computer for 14 days").says("Until December 8 your password is enough here.");
    enter_code(&app, &page, "ada").await;
    let browser = page.browser();
    browser.log_out().await;
    assert!(is_trusted(browser, "ada").await);
    // Also when it was closed in between.
    browser.restart();
    assert!(is_trusted(browser, "ada").await);
}

#[actix_web::test]
async fn with_the_box_unticked_no_computer_is_trusted() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    let form = home.get("/profile/two-factor").await.form("Save").select("method", "email");
    let page = form.submit().await.follow().await;
    let code = app.code_for("ada@example.com").await;
    let done = page.form("Save").fill("code", &code).untick("trust_computer").submit().await;
    done.follow().await.says("From the next login on we ask for a code.");
    assert_eq!(token(&home), None);
    home.log_out().await;

    let page = home.log_in("ada").await;
    assert_eq!(page.path(), "/login/code");
    let code = app.code_for("ada@example.com").await;
    let form = page.form("Log in").fill("code", &code).untick("trust_computer");
    assert_eq!(form.submit().await.follow().await.path(), "/profile");
    assert_eq!(token(&home), None);
    home.log_out().await;
    assert!(!is_trusted(&home, "ada").await);
}

#[actix_web::test]
async fn the_box_keeps_what_was_chosen_while_the_code_is_wrong() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let page = app.code_page("ada").await;
    let page = page.form("Log in").untick("trust_computer").fill("code", "letters").submit().await;
    assert_eq!(page.form("Log in").value("trust_computer"), None);
    let page = page.form("Log in").tick("trust_computer").fill("code", "letters").submit().await;
    assert_eq!(page.form("Log in").value("trust_computer").as_deref(), Some("yes"));
}

#[actix_web::test]
async fn the_token_is_out_of_reach_of_scripts_and_other_sites_and_outlives_the_days_by_a_month() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let cookie = home.cookie(TOKEN).unwrap();
    assert_eq!(cookie.http_only(), Some(true));
    assert_eq!(cookie.same_site(), Some(actix_web::cookie::SameSite::Strict));
    assert_eq!((cookie.path(), cookie.domain()), (Some("/"), None));
    // So that the code page can say that the days are over.
    assert_eq!(cookie.max_age().map(|age| age.whole_days()), Some(44));
}

#[actix_web::test]
async fn a_browser_without_trust_carries_no_token() {
    let app = TestApp::start().await;
    app.person("bob").await;
    let home = app.guarded("ada").await;
    let other = app.browser();
    other.log_in("bob").await;
    other.get("/profile/computers").await;
    assert_eq!(token(&other), None, "two-factor authentication is off");
    other.log_out().await;
    other.log_in("ada").await;
    assert_eq!(token(&other), None, "the code is still owed");

    home.get("/profile").await.form("Log out and forget this computer").submit().await;
    assert_eq!(token(&home), None);
}

#[actix_web::test]
async fn logging_in_by_trust_changes_nothing() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let before = token(&home).unwrap();
    home.log_out().await;
    app.wait(TimeDelta::days(3));
    home.log_in("ada").await;
    assert_eq!(token(&home).unwrap(), before);
    home.get("/profile/computers").await.says("December 8");
}

#[actix_web::test]
async fn two_people_share_a_browser_and_each_is_trusted_on_their_own() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let adas = token(&home).unwrap();
    home.log_out().await;
    app.person("bob").await;
    app.wait(TimeDelta::days(4));
    home.log_in("bob").await;
    assert!(!home.get("/profile/two-factor").await.has_button("Request another code"));
    home.turn_on_email(&app, "bob").await;
    // Drawn anew, and Ada's trust moved to it.
    let both = token(&home).unwrap();
    assert_ne!(both, adas);
    home.log_out().await;
    assert!(is_trusted(&home, "ada").await);
    assert!(is_trusted(&home, "bob").await);

    // Whoever copied the cookie before has nothing.
    let thief = app.browser();
    thief.set_cookie(TOKEN, &adas);
    assert!(!is_trusted(&thief, "ada").await);

    // Each has fourteen days of their own.
    app.wait(TimeDelta::days(10));
    assert!(is_trusted(&home, "bob").await);
    let page = home.log_in("ada").await;
    page.says("14 days have passed");
    enter_code(&app, &page, "ada").await;
    home.log_out().await;
    app.wait(TimeDelta::days(4));
    assert!(is_trusted(&home, "ada").await);
    assert!(!is_trusted(&home, "bob").await);
}

#[actix_web::test]
async fn trust_of_one_account_opens_no_other() {
    let app = TestApp::start().await;
    let adas = app.guarded("ada").await;
    let bobs = app.guarded("bob").await;
    for (browser, name) in [(&adas, "bob"), (&bobs, "ada")] {
        browser.log_out().await;
        let page = browser.log_in(name).await;
        assert_eq!(page.path(), "/login/code");
        page.says("this computer is new to your account");
    }
    // Bob's token in a fresh browser is Bob's computer, and nobody else's.
    let fresh = app.browser();
    fresh.set_cookie(TOKEN, &token(&bobs).unwrap());
    assert!(!is_trusted(&fresh, "ada").await);
    for nonsense in ["", "x", "%00", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", &"A".repeat(3_000)] {
        fresh.set_cookie(TOKEN, nonsense);
        assert!(!is_trusted(&fresh, "ada").await, "{nonsense}");
    }
}

#[actix_web::test]
async fn logging_out_keeps_the_trust_and_the_other_button_ends_it() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    home.log_out().await.says("This computer stays trusted until December 8.");
    assert!(is_trusted(&home, "ada").await);

    let copy = home.copy();
    home.log_in("ada").await;
    let forget = home.get("/profile").await.form("Log out and forget this computer");
    let login = forget.submit().await.follow().await;
    login.says("This computer is not trusted any more. The next login here asks for a code.");
    assert_eq!(token(&home), None);
    assert!(!is_trusted(&home, "ada").await);
    assert!(!is_trusted(&copy, "ada").await, "the row is gone, whoever kept the token");
}

#[actix_web::test]
async fn forgetting_a_shared_computer_ends_only_ones_own_trust() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    home.log_out().await;
    app.person("bob").await;
    home.log_in("bob").await;
    home.turn_on_email(&app, "bob").await;
    home.get("/profile").await.form("Log out and forget this computer").submit().await;

    assert!(is_trusted(&home, "ada").await);
    assert!(!is_trusted(&home, "bob").await);
    home.log_in("ada").await;
    home.get("/profile").await.form("Log out and forget this computer").submit().await;
    assert_eq!(token(&home), None, "nobody is trusted here any more");
}

#[actix_web::test]
async fn confirming_who_you_are_makes_no_computer_trusted() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let page = app.code_page("ada").await;
    let code = app.code_for("ada@example.com").await;
    page.form("Log in").fill("code", &code).untick("trust_computer").submit().await.expect(303);
    let browser = page.browser();
    app.wait(TimeDelta::minutes(11));
    let form = browser.get("/profile/two-factor").await.form("Save").fill("email", "new@example.com");
    let confirm = form.submit().await.follow().await;
    let form = confirm.form("Continue").fill("password", crate::support::test_app::PASSWORD);
    let confirm = form.submit().await.follow().await;
    assert!(!confirm.form("Continue").has("trust_computer"));
    let code = app.code_for("ada@example.com").await;
    let form = || confirm.form("Continue").fill("code", &code);
    form().forge("trust_computer", "yes").submit().await.expect(400);
    let set_up = form().submit().await.follow().await;
    assert_eq!(set_up.path(), "/profile/two-factor");
    assert_eq!(token(browser), None);
    browser.log_out().await;
    assert!(!is_trusted(browser, "ada").await);
}
