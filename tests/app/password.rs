//! The owner changes the password: the present one in the same form, a code first where one is missing, and everything
//! else that was open ends.

use chrono::TimeDelta;

use crate::support::browser::{Browser, Form, Page};
use crate::support::codes::Reading;
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

const ADA: &str = "ada@example.com";
const NEW: &str = "a rather unlikely sentence about herons";

async fn form(browser: &Browser, current: &str, new: &str) -> Form {
    let form = browser.get("/profile/password").await.form("Save").fill("current_password", current);
    form.fill("new_password", new).fill("new_password_again", new)
}

async fn change(browser: &Browser) -> Page {
    form(browser, PASSWORD, NEW).await.submit().await
}

async fn ada(app: &TestApp) -> Browser {
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    home
}

#[actix_web::test]
async fn the_new_password_is_the_one_and_the_person_is_told() {
    let app = TestApp::start().await;
    let home = ada(&app).await;
    let before = home.copy();
    let page = home.get("/profile").await.click("Change password").await;
    assert_eq!((page.path().as_str(), page.h1().as_str()), ("/profile/password", "Password"));
    change(&home).await.follow().await.says("Your new password is saved");
    assert!(app.last_to(ADA).await.text.starts_with("Password changed"));
    assert_eq!(app.sent_to(ADA).await, 1);
    assert_eq!(before.get("/profile").await.follow().await.path(), "/login", "this session goes on anew");
    home.get("/profile").await.expect(200).says("Changed on November 24, 2026");

    app.browser().log_in_with("ada", PASSWORD).await.expect(422);
    assert_eq!(app.browser().log_in_with("ada", NEW).await.location(), Some("/profile"));
    assert_eq!(home.get("/.well-known/change-password").await.location(), Some("/profile/password"));
}

#[actix_web::test]
async fn everything_else_that_was_open_ends() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let office = app.browser();
    office.log_in_with_code(&app, "ada").await;
    let owes = app.code_page("ada").await;
    app.ask_for_reset("ada").await;
    let link = app.reset_link_to(ADA).await;
    change(&home).await.follow().await.says("Your new password is saved");

    assert_eq!(office.get("/profile").await.follow().await.path(), "/login");
    assert_eq!(owes.browser().get("/login/code").await.follow().await.path(), "/login");
    app.browser().follow_all(&link).await.expect(410).says("This link is over");
    home.log_out().await;
    for browser in [home, office] {
        let page = browser.log_in_with("ada", NEW).await.follow_all().await;
        page.says("We ask because your password was changed since you last logged in here.");
    }
}

#[actix_web::test]
async fn a_code_that_is_missing_comes_first_and_the_form_again_after_it() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    home.log_out().await;
    home.log_in("ada").await;
    home.get("/profile/password").await.says("On this computer we ask for a code first.");
    form(&home, "the wrong words altogether", NEW).await.submit().await.expect(422);
    let sent = app.sent_to(ADA).await;
    let asked = change(&home).await.follow().await;
    assert_eq!((asked.path().as_str(), app.sent_to(ADA).await), ("/confirm", sent + 1));
    app.browser().log_in_with("ada", NEW).await.expect(422);
    let code = app.code_for(ADA).await;
    let back = asked.form("Continue").fill("code", &code).submit().await.follow().await;
    assert_eq!(back.path(), "/profile/password");
    back.says("Now choose the new password.");
    change(&home).await.follow().await.says("Your new password is saved");
}

#[actix_web::test]
async fn what_is_wrong_is_said_at_its_field_and_nothing_comes_back() {
    let app = TestApp::start().await;
    let home = ada(&app).await;
    for (current, new, again, field, message) in [
        ("", NEW, NEW, "current_password", "Enter your password"),
        ("the wrong words altogether", NEW, NEW, "current_password", "The password is not correct"),
        (PASSWORD, "", "", "new_password", "Enter a password"),
        (PASSWORD, "short", "short", "new_password", "Enter at least 15 characters"),
        (PASSWORD, NEW, "another", "new_password_again", "The two passwords are not the same"),
        (
            PASSWORD,
            "ada-postern-ada-postern",
            "x",
            "new_password",
            "Use more than the username and the name of this site",
        ),
    ] {
        let page =
            form(&home, current, new).await.fill("new_password_again", again).submit().await.expect(422);
        assert_eq!(page.field_error(field).as_deref(), Some(message));
        for typed in [current, new].into_iter().filter(|typed| !typed.is_empty()) {
            assert!(!page.html().contains(typed));
        }
    }
    let ours = async || form(&home, PASSWORD, NEW).await;
    ours().await.repeat("new_password", NEW).submit().await.expect(400);
    ours().await.forge("account", "bob").submit().await.expect(400);
    ours().await.forge("form_token", "stale").submit().await.expect(403);
    assert_eq!(app.browser().log_in("ada").await.path(), "/profile");
}

#[actix_web::test]
async fn wrong_ones_count_like_those_at_the_login() {
    let app = TestApp::start().await;
    let home = ada(&app).await;
    for _ in 0..5 {
        form(&home, "the wrong words altogether", NEW).await.submit().await.expect(422);
    }
    change(&home).await.expect(429);
    app.browser().log_in_with("ada", PASSWORD).await.expect(429);
    app.wait(TimeDelta::seconds(30));
    change(&home).await.expect(303);
}

#[actix_web::test]
async fn the_counts_of_codes_begin_anew_with_it() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    for _ in 0..5 {
        app.code_page("ada").await;
    }
    app.code_page("ada").await.says("Nothing is sent now");
    app.wait(TimeDelta::seconds(1));
    change(&home).await.expect(303);
    let page = app.browser().log_in_with("ada", NEW).await.follow_all().await;
    page.says("We are about to send a 6-digit code");
}

#[actix_web::test]
async fn it_never_grows_too_old() {
    let app = TestApp::start().await;
    app.person("ada").await;
    app.wait(TimeDelta::days(4_000));
    assert_eq!(app.browser().log_in("ada").await.path(), "/profile");
}

/// Or one account could use up the texts of all.
#[actix_web::test]
async fn a_second_one_within_the_hour_begins_no_count_anew() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    form(&home, PASSWORD, NEW).await.submit().await.expect(303);
    app.wait(TimeDelta::seconds(1));
    for n in 0..6 {
        let page = app.browser().log_in_with("ada", NEW).await.follow().await;
        assert_eq!(n == 5, page.text().contains("Nothing is sent now"), "login {n}");
    }
    form(&home, NEW, PASSWORD).await.submit().await.expect(303);
    app.browser().log_in_with("ada", PASSWORD).await.follow().await.says("Nothing is sent now");
}

#[actix_web::test]
async fn what_goes_to_places_that_nobody_has_confirmed_is_counted_on() {
    let app = TestApp::start().await;
    let home = ada(&app).await;
    let set_up = async |n: usize| {
        let form = home.get("/profile/two-factor?change=yes").await.form("Save").select("method", "email");
        form.fill("email", &format!("stranger{n}@example.com")).submit().await.follow().await
    };
    for n in 0..5 {
        set_up(n).await.is_silent_about("Nothing is sent now");
        app.deliver_all().await;
    }
    change(&home).await.expect(303);
    set_up(5).await.says("Nothing is sent now");
}
