//! Wrong codes over all logins and confirmations of an account: ten in a row pause the second factor, fifty suspend it.

use chrono::TimeDelta;
use postern::domain::administration::Act;

use crate::support::browser::{Browser, Page};
use crate::support::codes::{Reading, wrong};
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

const ADA: &str = "ada@example.com";

/// Logs in somewhere and enters so many wrong codes, five at most.
async fn guess_at_a_login(app: &TestApp, tries: usize) -> Page {
    let mut page = app.code_page("ada").await;
    let code = app.code_for(ADA).await;
    for _ in 0..tries {
        page = page.form("Log in").fill("code", &wrong(&code)).submit().await;
    }
    page
}

/// Begins to turn it off from a session that has given no code, and gives the page that asks for one.
async fn begin_to_turn_off(browser: &Browser) -> Page {
    let form = browser.get("/profile/two-factor").await.form("Save");
    let page = form.select("method", "disabled").submit().await.follow().await;
    assert_eq!(page.path(), "/confirm", "{}", page.describe());
    page
}

async fn guess_at_a_confirmation(app: &TestApp, browser: &Browser, tries: usize) {
    let mut page = begin_to_turn_off(browser).await;
    let code = app.code_for(ADA).await;
    for _ in 0..tries {
        page = page.form("Continue").fill("code", &wrong(&code)).submit().await;
    }
}

async fn right_code(app: &TestApp, page: &Page) -> Page {
    page.form("Log in").fill("code", &app.code_for(ADA).await).submit().await
}

async fn unlock(app: &TestApp) {
    assert!(app.by_operator("ada", Act::Unlock).await);
}

#[actix_web::test]
async fn ten_wrong_codes_in_a_row_pause_the_second_factor_for_fifteen_minutes() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    home.log_out().await;
    guess_at_a_login(&app, 5).await;
    guess_at_a_login(&app, 5).await.follow().await.says("The code was entered wrongly 5 times.");
    let sent = app.sent_to(ADA).await;

    let paused = app.browser().log_in("ada").await;
    assert_eq!((paused.path().as_str(), paused.status()), ("/login/code", 429));
    assert_eq!(paused.h1(), "Codes are paused until 3:57 pm UTC");
    paused.says("A computer that you trusted before can still log in.");
    assert!(!paused.has_button("Log in") && !paused.has_button("Request another code"));
    let status = paused.browser().get("/login/code/status").await.json();
    assert_eq!((&status["state"], &status["at"]), (&"paused".into(), &"2026-11-24T15:57:00Z".into()));
    // The server insists, whatever the page offers.
    let form = || paused.form("Use another account");
    form().sent_to("/login/code").forge("code", "123456").submit().await.expect(429);
    form().sent_to("/login/code/resend").submit().await.expect(303);
    assert_eq!(app.sent_to(ADA).await, sent, "nothing is sent that could not be entered");

    // Her own computer gets in all the while.
    assert_eq!(home.log_in("ada").await.path(), "/profile");

    app.wait(TimeDelta::minutes(15) - TimeDelta::microseconds(1));
    paused.browser().get("/login/code").await.expect(429);
    app.wait(TimeDelta::microseconds(1));
    let page = app.code_page("ada").await;
    assert_eq!(right_code(&app, &page).await.follow().await.path(), "/profile");
    // The login from during the pause may ask for its first code now.
    let page = paused.browser().get("/login/code").await.expect(200);
    page.says("No code has been sent yet").is_silent_about("Too many codes");
    let page = page.form("Request another code").submit().await.follow().await;
    assert_eq!(right_code(&app, &page).await.follow().await.path(), "/profile");
}

#[actix_web::test]
async fn logins_and_confirmations_count_together() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    home.log_out().await;
    home.log_in("ada").await;
    guess_at_a_login(&app, 5).await;
    guess_at_a_confirmation(&app, &home, 4).await;
    app.code_page("ada").await;
    let sent = app.sent_to(ADA).await;

    let confirm = home.get("/confirm").await;
    let paused = confirm.form("Continue").fill("code", "123456").submit().await.follow_all().await;

    // The tenth was wrong as well; the page says what that brought.
    paused.says("The code was entered wrongly 5 times.");
    app.browser().log_in("ada").await.expect(429).says("Codes are paused until 3:57 pm UTC");
    // A confirmation says the same, and sends nothing either.
    let form = paused.form("Continue").fill("password", PASSWORD);
    let page = form.submit().await.follow().await;
    page.says("Codes are paused").says("You can enter a code again at 3:57 pm UTC");
    let page = page.form("Continue").fill("code", "123456").submit().await.follow_all().await;
    page.says("Codes are paused");
    assert_eq!(app.sent_to(ADA).await, sent);

    // After the pause it goes on with the password, which is too old by then, as the change that waited is.
    app.wait(TimeDelta::minutes(15));
    let form = home.get("/confirm").await.form("Continue").fill("password", PASSWORD);
    let page = form.submit().await.follow().await;
    let code = app.code_for(ADA).await;
    let done = page.form("Continue").fill("code", &code).submit().await.follow().await;
    done.says("Your change waited longer than 10 minutes, so nothing was saved.");
}

#[actix_web::test]
async fn a_right_code_is_not_looked_at_during_the_pause_and_costs_nothing() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let page = app.code_page("ada").await;
    let code = app.code_for(ADA).await;
    guess_at_a_login(&app, 5).await;
    guess_at_a_login(&app, 5).await;

    page.form("Log in").fill("code", &code).submit().await.expect(429).says("paused until 3:57 pm UTC");
    assert_eq!(app.count("sessions").await, 1);

    app.wait(TimeDelta::minutes(15));
    let page = page.browser().get("/login/code").await.expect(200);
    let page = page.form("Request another code").submit().await.follow().await;
    let new = app.code_for(ADA).await;
    let page = page.form("Log in").fill("code", &wrong(&new)).submit().await;
    page.says("You have 4 tries left");
    assert_eq!(page.form("Log in").fill("code", &new).submit().await.follow().await.path(), "/profile");
}

#[actix_web::test]
async fn only_in_a_row_a_right_code_begins_the_count_anew() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    guess_at_a_login(&app, 5).await;
    let page = guess_at_a_login(&app, 4).await;
    // The tenth entered, and right.
    assert_eq!(right_code(&app, &page).await.follow().await.path(), "/profile");
    app.wait(TimeDelta::minutes(10));
    guess_at_a_login(&app, 5).await;
    guess_at_a_login(&app, 4).await.says("You have 1 try left");
    app.code_page("ada").await.expect(200);
}

#[actix_web::test]
async fn neither_another_code_nor_a_new_login_nor_time_begins_it_anew() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    guess_at_a_login(&app, 5).await;
    app.wait(TimeDelta::days(2));
    guess_at_a_login(&app, 3).await;
    let page = guess_at_a_login(&app, 1).await;
    app.wait(TimeDelta::seconds(30));
    let page = page.form("Request another code").submit().await.follow().await.expect(200);

    let code = app.code_for(ADA).await;
    let paused = page.form("Log in").fill("code", &wrong(&code)).submit().await;

    paused.says("Codes are paused until");
    app.browser().log_in("ada").await.expect(429);
}

#[actix_web::test]
async fn wrong_codes_of_a_set_up_do_not_count() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    for n in 0..3 {
        let form = home.get("/profile/two-factor").await.form("Save");
        let mut page = form.fill("email", &format!("new{n}@example.com")).submit().await.follow().await;
        let code = app.code_for(&format!("new{n}@example.com")).await;
        for _ in 0..5 {
            page = page.form("Save").fill("code", &wrong(&code)).submit().await;
        }
        page.follow().await.says("That code was not confirmed, so nothing changed.");
    }
    app.code_page("ada").await.expect(200);
}

#[actix_web::test]
async fn what_strangers_do_to_one_account_leaves_the_others_alone() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    app.guarded("bob").await;
    guess_at_a_login(&app, 5).await;
    guess_at_a_login(&app, 5).await;
    app.browser().log_in("ada").await.expect(429);
    app.code_page("bob").await.expect(200);
}

#[actix_web::test]
async fn an_operator_lifts_the_pause() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    guess_at_a_login(&app, 5).await;
    guess_at_a_login(&app, 5).await;
    app.browser().log_in("ada").await.expect(429);

    unlock(&app).await;

    let page = app.code_page("ada").await.expect(200);
    assert_eq!(right_code(&app, &page).await.follow().await.path(), "/profile");
}

#[actix_web::test]
async fn fifty_wrong_codes_in_a_row_suspend_it_until_a_person_lifts_that() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    home.log_out().await;
    for round in 1..=5 {
        guess_at_a_login(&app, 5).await;
        if round < 5 {
            guess_at_a_login(&app, 5).await;
            let page = app.browser().log_in("ada").await.expect(429);
            assert!(page.h1().starts_with("Codes are paused until"), "{}", page.h1());
            app.wait(TimeDelta::minutes(15));
        }
    }
    // Forty-five so far, and no pause since the fortieth.
    guess_at_a_login(&app, 5).await;
    app.wait(TimeDelta::days(13));
    let sent = app.sent_to(ADA).await;

    let suspended = app.browser().log_in("ada").await.expect(429);

    assert_eq!(suspended.h1(), "Codes are turned off for this account");
    let form = suspended.form("Use another account").sent_to("/login/code").forge("code", "123456");
    form.submit().await.expect(429);
    assert_eq!(app.sent_to(ADA).await, sent);
    // Her own computer gets in, and is told where it asks for a code.
    assert_eq!(home.log_in("ada").await.path(), "/profile");
    begin_to_turn_off(&home).await.says("Codes are paused").says("Ask for help.");
    assert_eq!(app.sent_to(ADA).await, sent);

    unlock(&app).await;
    let page = app.code_page("ada").await.expect(200);
    assert_eq!(right_code(&app, &page).await.follow().await.path(), "/profile");
}
