//! *Request another code*: when, how often, and which code it brings.

use chrono::TimeDelta;

use crate::support::browser::Page;
use crate::support::codes::{Reading, wrong};
use crate::support::test_app::{Deeds, TestApp};

const ADA: &str = "ada@example.com";

async fn ask_again(page: &Page) -> Page {
    let page = page.browser().get("/login/code").await;
    page.form("Request another code").submit().await.follow().await
}

async fn enter(page: &Page, code: &str) -> Page {
    page.form("Log in").fill("code", code).submit().await
}

#[actix_web::test]
async fn another_code_may_be_asked_for_after_30_s_then_60_s_then_120_s_and_the_fifth_message_is_the_last() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let already = app.sent_to(ADA).await;
    let mut page = app.code_page("ada").await;

    for (messages, (wait, clock)) in
        (1..).zip([(30, "3:42 pm"), (60, "3:43 pm"), (120, "3:45 pm"), (120, "3:47 pm")])
    {
        app.wait(TimeDelta::seconds(wait) - TimeDelta::microseconds(1));
        let too_soon = ask_again(&page).await;
        too_soon.says(&format!("You can ask for another at {clock}"));
        assert_eq!(app.sent_to(ADA).await - already, messages, "before {wait} s nothing is sent");
        app.wait(TimeDelta::microseconds(1));
        page = ask_again(&page).await;
        page.says("Another message is on its way.");
        assert_eq!(app.sent_to(ADA).await - already, messages + 1, "after {wait} s one is");
    }

    page.says("No more codes are sent for this login. To get another, log in again.");
    assert!(!page.has_button("Request another code"));
    // The server insists, whatever the page offers.
    app.wait(TimeDelta::minutes(15));
    let form = page.form("Use another account").sent_to("/login/code/resend");
    form.submit().await.follow().await.says("No more codes are sent here.");
    assert_eq!(app.sent_to(ADA).await - already, 5);
    // Each wait counts from the message before it; asking too early does not lengthen it.
    assert_eq!(page.browser().get("/login/code").await.path(), "/login/code");
}

#[actix_web::test]
async fn while_five_minutes_are_left_the_same_code_comes_again_with_the_same_end() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let page = app.code_page("ada").await;
    let first = app.code_for(ADA).await;

    app.wait(TimeDelta::minutes(5));
    let page = ask_again(&page).await;
    assert_eq!(app.code_for(ADA).await, first);
    page.says("It works until 3:52 pm");
    app.last_to(ADA).await.text.find("It works until 3:52").expect("the message names the same end");

    app.wait(TimeDelta::minutes(5));
    enter(&page, &first).await.expect(422).says("That code is too old");
}

#[actix_web::test]
async fn after_that_a_new_code_comes_and_both_are_good_to_their_own_ends() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let (just_over_five, just_under_five) = (
        TimeDelta::minutes(5) + TimeDelta::microseconds(1),
        TimeDelta::minutes(5) - TimeDelta::microseconds(2),
    );
    let mut logins = Vec::new();
    for _ in 0..2 {
        let page = app.code_page("ada").await;
        logins.push((page, app.code_for(ADA).await));
    }
    app.wait(just_over_five);
    for (page, first) in &logins {
        let again = ask_again(page).await;
        again.says("It works until 3:57 pm");
        assert_ne!(&app.code_for(ADA).await, first);
    }
    let newest = app.code_for(ADA).await;

    // The last moment of the first code: a late message is never a wrong code.
    app.wait(just_under_five);
    let (page, first) = &logins[0];
    assert_eq!(enter(page, first).await.follow().await.path(), "/profile");

    // Then it is too old, on the one counter, and the second goes on.
    app.wait(TimeDelta::microseconds(1));
    let (page, first) = &logins[1];
    enter(page, first).await.expect(422).says("That code is too old");
    enter(page, &wrong(&newest)).await.expect(422).says("You have 3 tries left");
    app.wait(TimeDelta::minutes(5) - TimeDelta::microseconds(1));
    assert_eq!(enter(page, &newest).await.follow().await.path(), "/profile");
}

#[actix_web::test]
async fn the_last_two_codes_are_good_and_no_third() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let page = app.code_page("ada").await;
    let first = app.code_for(ADA).await;
    let mut codes = vec![first];
    for _ in 0..2 {
        app.wait(TimeDelta::minutes(6));
        ask_again(&page).await;
        codes.push(app.code_for(ADA).await);
    }
    let page = page.browser().get("/login/code").await;
    enter(&page, &codes[0]).await.expect(422).says("That code is too old");
    // Made six minutes ago, and the one before the newest.
    assert_eq!(enter(&page, &codes[1]).await.follow().await.path(), "/profile");
}

#[actix_web::test]
async fn another_code_gives_no_further_tries() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let mut page = app.code_page("ada").await;
    let code = app.code_for(ADA).await;
    for _ in 0..3 {
        page = enter(&page, &wrong(&code)).await.expect(422);
    }
    for (wait, left) in [(1, "You have 1 try left"), (6, "The code was entered wrongly 5 times.")] {
        app.wait(TimeDelta::minutes(wait));
        let page = ask_again(&page).await;
        let code = app.code_for(ADA).await;
        enter(&page, &wrong(&code)).await.follow_all().await.says(left);
    }
}

#[actix_web::test]
async fn the_sixth_unused_code_in_ten_minutes_waits_and_the_password_still_leads_to_the_code_page() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    app.wait(TimeDelta::minutes(1));
    let already = app.sent_to(ADA).await;
    let mut first = None;
    for _ in 0..5 {
        let page = app.code_page("ada").await;
        first.get_or_insert((page, app.code_for(ADA).await));
        app.wait(TimeDelta::minutes(1));
    }

    let sixth = app.code_page("ada").await;

    sixth.says("Nothing is sent now").says("The next may be sent at 3:53 pm");
    assert_eq!(sixth.h1(), "Enter your code");
    assert_eq!(app.sent_to(ADA).await - already, 5);
    let status = sixth.browser().get("/login/code/status").await.json();
    assert_eq!((&status["state"], &status["at"]), (&"not_sent".into(), &"2026-11-24T15:53:00Z".into()));
    ask_again(&sixth).await.says("You can ask for another at 3:53 pm");
    // Nothing was sent for this login, so nothing is right here.
    enter(&sixth, "123456").await.expect(422).says("That code is too old. Request another code");

    // The moment the oldest is ten minutes old, one may go out again.
    app.wait(TimeDelta::minutes(5));
    assert_eq!(app.now().to_rfc3339(), "2026-11-24T15:53:00+00:00");
    let page = sixth.browser().get("/login/code").await;
    page.says("No code has been sent yet").says("Request another code").is_silent_about("may be sent at");
    ask_again(&sixth).await.says("Another message is on its way.");
    let code = app.code_for(ADA).await;
    assert_eq!(enter(&sixth, &code).await.follow().await.path(), "/profile");
}

#[actix_web::test]
async fn the_limit_counts_over_logins_and_resends_together() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let already = app.sent_to(ADA).await;
    let page = app.code_page("ada").await;
    for wait in [30, 60, 120] {
        app.wait(TimeDelta::seconds(wait));
        ask_again(&page).await;
    }
    app.code_page("ada").await;
    assert_eq!(app.sent_to(ADA).await - already, 5);
    app.wait(TimeDelta::seconds(120));
    ask_again(&page).await.says("You can ask for another at 3:52 pm");
    app.code_page("ada").await.says("Nothing is sent now");
    assert_eq!(app.sent_to(ADA).await - already, 5);
}

#[actix_web::test]
async fn a_used_code_gives_its_message_back() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    for _ in 0..4 {
        app.code_page("ada").await;
        // What leaves together arrives in any order.
        app.deliver_all().await;
    }
    for _ in 0..3 {
        let page = app.code_page("ada").await;
        let code = app.code_for(ADA).await;
        assert_eq!(enter(&page, &code).await.follow().await.path(), "/profile");
    }
    app.code_page("ada").await.is_silent_about("Nothing is sent now");
    app.code_page("ada").await.says("Nothing is sent now");
}

#[actix_web::test]
async fn strangers_who_know_no_password_send_nothing() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let already = app.sent_to(ADA).await;
    for _ in 0..3 {
        app.browser().log_in_with("ada", "the wrong words altogether").await.expect(422);
    }
    assert_eq!(app.sent_to(ADA).await, already);
}
