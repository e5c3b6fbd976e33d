//! A destination that waits for its code: it neither opens nor locks anything, and belongs to one session.

use chrono::TimeDelta;

use crate::support::browser::{Browser, Page};
use crate::support::codes::{Reading, wrong};
use crate::support::test_app::{Deeds, TestApp};

const NEW: &str = "new@example.com";

/// Somebody who has just saved a new address.
async fn waiting(app: &TestApp, browser: &Browser) -> Page {
    let form = browser.get("/profile/two-factor").await.form("Save");
    let page = form.select("method", "email").fill("email", NEW).submit().await.follow().await;
    page.says(&format!("Email to {NEW}")).says("Not finished");
    app.deliver_all().await;
    page
}

async fn logged_in(app: &TestApp, name: &str) -> Browser {
    app.person(name).await;
    let browser = app.browser();
    browser.log_in(name).await;
    browser
}

async fn enter(page: &Page, code: &str) -> Page {
    page.form("Save").fill("code", code).submit().await
}

#[actix_web::test]
async fn until_the_code_is_entered_the_password_alone_opens_the_account() {
    let app = TestApp::start().await;
    let home = logged_in(&app, "ada").await;
    waiting(&app, &home).await;
    assert_eq!(app.browser().log_in("ada").await.path(), "/profile");
    home.get("/profile").await.expect(200);
}

#[actix_web::test]
async fn until_the_code_is_entered_the_method_in_force_stays_in_force() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let page = waiting(&app, &home).await;
    page.says("Until then codes still go by email to a•••@e•••.com");
    let login = app.code_page("ada").await;
    login.says("a•••@e•••.com");
    let (old, new) = (app.code_for("ada@example.com").await, app.code_for(NEW).await);

    login.form("Log in").fill("code", &new).submit().await.expect(422);
    assert_eq!(login.form("Log in").fill("code", &old).submit().await.follow().await.path(), "/profile");
    enter(&page, &old).await.expect(422);
    enter(&page, &new).await.follow().await.says("Codes go to the new place now");
}

#[actix_web::test]
async fn leaving_and_coming_back_finds_it_as_it_was() {
    let app = TestApp::start().await;
    let home = logged_in(&app, "ada").await;
    waiting(&app, &home).await;
    home.get("/profile").await;
    app.wait(TimeDelta::minutes(4));
    let page = home.get("/profile/two-factor").await;
    page.says(&format!("Email to {NEW}")).says("It works until 3:52 pm");
    assert_eq!(app.sent_to(NEW).await, 1);
    enter(&page, &app.code_for(NEW).await).await.follow().await.says("Two Factor Authentication is on");
}

#[actix_web::test]
async fn it_is_cancelled_by_its_button_and_its_code_is_worth_nothing_then() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let page = waiting(&app, &home).await;
    let after = page.form("Cancel").submit().await.follow().await;
    after.says("The set-up was cancelled. Nothing changed.").says("a•••@e•••.com");
    assert_eq!(after.form("Save").value("email").as_deref(), Some("ada@example.com"));

    let late = enter(&page, &app.code_for(NEW).await).await.follow().await;
    late.says("That code was not confirmed, so nothing changed.").says("a•••@e•••.com");
}

#[actix_web::test]
async fn change_leads_back_to_the_form_and_a_further_destination_takes_its_place() {
    let app = TestApp::start().await;
    let home = logged_in(&app, "ada").await;
    let page = waiting(&app, &home).await;
    let first = app.code_for(NEW).await;
    let form = page.click("Change the method or where codes go").await;
    assert_eq!(form.form("Save").value("email").as_deref(), Some(NEW));
    assert_eq!(form.form("Save").value("method").as_deref(), Some("email"));
    // Looking is not saving.
    home.get("/profile/two-factor").await.says(&format!("Email to {NEW}"));

    let page = form.form("Save").fill("email", "newer@example.com").submit().await.follow().await;

    page.says("Email to newer@example.com");
    let second = app.code_for("newer@example.com").await;
    enter(&page, &first).await.expect(422).says("That code is not correct");
    enter(&page, &second).await.follow().await.says("n•••@e•••.com");
    assert_eq!(
        home.get("/profile/two-factor").await.form("Save").value("email").unwrap(),
        "newer@example.com"
    );
}

#[actix_web::test]
async fn choosing_what_is_in_force_gives_it_up() {
    let app = TestApp::start().await;
    let home = logged_in(&app, "ada").await;
    let page = waiting(&app, &home).await;
    let form = page.click("Change the method or where codes go").await.form("Save");
    let page = form.select("method", "disabled").submit().await.follow().await;
    page.says("Nothing changed.").says("It is off");
    assert_eq!(page.form("Save").value("method").as_deref(), Some("disabled"));
}

#[actix_web::test]
async fn another_message_comes_after_the_wait_and_the_box_does_not_matter() {
    let app = TestApp::start().await;
    let home = logged_in(&app, "ada").await;
    let page = waiting(&app, &home).await;
    let first = app.code_for(NEW).await;
    let early = page.form("Request another code").submit().await.follow().await;
    early.says("You can ask for another at 3:42 pm");
    app.wait(TimeDelta::seconds(30));
    // The button stands in the code's form: what is typed there comes along and counts for nothing.
    let form = early.form("Request another code").untick("trust_computer").fill("code", &wrong(&first));
    let again = form.submit().await.follow().await;
    again.says("Another message is on its way.");
    assert_eq!(app.sent_to(NEW).await, 2);
    assert_eq!(app.code_for(NEW).await, first);
    enter(&again, &wrong(&first)).await.says("You have 4 tries left");

    for wait in [60, 120, 120] {
        app.wait(TimeDelta::seconds(wait));
        home.get("/profile/two-factor").await.form("Request another code").submit().await.expect(303);
    }
    let page = home.get("/profile/two-factor").await;
    assert!(!page.has_button("Request another code"), "that was the fifth");
    let form = page.form("Cancel").sent_to("/profile/two-factor/resend");
    form.submit().await.follow().await.says("No more codes are sent here.");
}

#[actix_web::test]
async fn five_wrong_codes_end_it() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let mut page = waiting(&app, &home).await;
    let code = app.code_for(NEW).await;
    for left in ["4 tries", "3 tries", "2 tries", "1 try"] {
        page = enter(&page, &wrong(&code)).await.expect(422);
        assert_eq!(page.field_error("code"), Some(format!("That code is not correct. You have {left} left")));
        page.says(&format!("Email to {NEW}"));
    }
    let last = page.clone();
    let over = enter(&page, &wrong(&code)).await.follow().await;
    over.says("That code was not confirmed, so nothing changed. Save again to get a new one.");
    over.says("a•••@e•••.com");
    enter(&last, &code).await.follow().await.says("That code was not confirmed");
    home.get("/profile/two-factor").await.says("a•••@e•••.com");
}

#[actix_web::test]
async fn its_code_is_too_old_after_ten_minutes_and_all_of_it_after_thirty() {
    let app = TestApp::start().await;
    let home = logged_in(&app, "ada").await;
    let page = waiting(&app, &home).await;
    let code = app.code_for(NEW).await;
    app.wait(TimeDelta::minutes(10));
    let page = enter(&page, &code).await.expect(422);
    page.says("That code is too old. Request another code");
    app.wait(TimeDelta::minutes(19));
    let page = page.form("Request another code").submit().await.follow().await;
    let new = app.code_for(NEW).await;
    assert_ne!(new, code);

    app.wait(TimeDelta::minutes(1));
    enter(&page, &new).await.follow().await.says("That code was not confirmed, so nothing changed.");
    assert!(home.get("/profile/two-factor").await.form("Save").has("method"));
}

#[actix_web::test]
async fn within_its_thirty_minutes_a_second_code_completes_it() {
    let app = TestApp::start().await;
    let home = logged_in(&app, "ada").await;
    waiting(&app, &home).await;
    app.wait(TimeDelta::minutes(25));
    let page = home.get("/profile/two-factor").await;
    let page = page.form("Request another code").submit().await.follow().await;
    app.wait(TimeDelta::minutes(4));
    enter(&page, &app.code_for(NEW).await).await.follow().await.says("Two Factor Authentication is on");
}

#[actix_web::test]
async fn what_cannot_be_a_code_costs_no_try_here_either() {
    let app = TestApp::start().await;
    let home = logged_in(&app, "ada").await;
    let page = waiting(&app, &home).await;
    let code = app.code_for(NEW).await;
    for (typed, message) in [
        ("", "Enter the 6-digit code"),
        ("12345", "The code has 6 digits – you entered 5"),
        ("abcdef", "Enter the code using digits only"),
    ] {
        let page = enter(&page, typed).await.expect(422);
        assert_eq!(page.field_error("code").as_deref(), Some(message));
    }
    enter(&page, &wrong(&code)).await.says("You have 4 tries left");
    let typed = format!(" {}-{} ", &code[..3], &code[3..]);
    enter(&page, &typed).await.follow().await.says("Two Factor Authentication is on");
}

#[actix_web::test]
async fn one_sessions_set_up_is_not_anothers() {
    let app = TestApp::start().await;
    let home = logged_in(&app, "ada").await;
    let page = waiting(&app, &home).await;
    let code = app.code_for(NEW).await;

    // The same person in another browser, and another person.
    let other = app.browser();
    other.log_in("ada").await;
    let bob = logged_in(&app, "bob").await;
    for browser in [&other, &bob] {
        let form = browser.get("/profile/two-factor").await.form("Save");
        assert!(form.has("method"), "nothing waits here");
        let token = form.value("form_token").unwrap();
        let fields = [("form_token", token.as_str()), ("code", code.as_str())];
        let page = browser.post_form("/profile/two-factor", &fields).await.follow().await;
        page.says("That code was not confirmed, so nothing changed.").says("It is off");
        browser.get("/profile/two-factor/status").await.expect(404);
    }
    // Two may wait side by side; whichever is completed first ends the other with its session.
    let theirs = waiting(&app, &other).await;
    enter(&theirs, &app.code_for(NEW).await).await.follow().await.says("Two Factor Authentication is on");
    assert_eq!(enter(&page, &code).await.follow_all().await.path(), "/login");
}

#[actix_web::test]
async fn logging_out_leaves_it_behind() {
    let app = TestApp::start().await;
    let home = logged_in(&app, "ada").await;
    waiting(&app, &home).await;
    home.log_out().await;
    assert_eq!(home.log_in("ada").await.path(), "/profile");
    let page = home.get("/profile/two-factor").await;
    assert_eq!(page.form("Save").value("method").as_deref(), Some("disabled"));
}
