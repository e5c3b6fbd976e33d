//! The e-mail address of record: changed by a code to the new one, told to both, and never where codes go.

use chrono::TimeDelta;

use crate::support::browser::{Browser, Page};
use crate::support::codes::{Reading, wrong};
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

const ADA: &str = "ada@example.com";
const NEW: &str = "lovelace@example.net";

async fn ada(app: &TestApp) -> Browser {
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    home
}

async fn save(browser: &Browser, address: &str) -> Page {
    browser.get("/profile/email").await.form("Save").fill("email", address).submit().await
}

async fn enter(page: &Page, code: &str) -> Page {
    page.form("Save").fill("code", code).submit().await
}

async fn is_now(app: &TestApp, address: &str) -> bool {
    app.count(&format!("accounts WHERE email = '{address}' AND email_key = LOWER('{address}')")).await == 1
}

#[actix_web::test]
async fn a_code_to_the_new_address_changes_it_and_both_are_told() {
    let app = TestApp::start().await;
    let home = ada(&app).await;
    let page = home.get("/profile").await.click("Change email address").await;
    assert_eq!(page.h1(), "Email address");
    let asked = save(&home, NEW).await.follow().await;
    asked.says(NEW).says("Until then your address is ada@example.com.");
    assert!(is_now(&app, ADA).await, "not before");
    let code = app.code_for(NEW).await;
    enter(&asked, &code).await.follow().await.says("Your email address is saved.");
    assert!(is_now(&app, NEW).await);
    for address in [ADA, NEW] {
        let told = app.last_to(address).await.text;
        assert!(told.starts_with("Email address changed") && told.contains("l•••@e•••.net"), "{told}");
    }
    assert_eq!(app.count("former_states WHERE email = 'ada@example.com'").await, 1);
    assert_eq!(app.count("accounts WHERE email_confirmed_at IS NOT NULL").await, 1);
    home.get("/profile").await.expect(200).says(NEW);
}

#[actix_web::test]
async fn where_codes_go_stays_and_the_page_says_so() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    home.get("/profile/email").await.says("Codes go by email to").says("It is this mailbox");
    let asked = save(&home, NEW).await.follow().await;
    let code = app.code_for(NEW).await;
    let done = enter(&asked, &code).await.follow().await;
    done.says("Codes go by email to").is_silent_about("It is this mailbox");
    let sent = app.sent_to(NEW).await;
    app.code_page("ada").await.says("a•••@e•••.com");
    assert_eq!(app.sent_to(NEW).await, sent);
}

#[actix_web::test]
async fn it_is_confirmed_first_who_asks_and_then_goes_on() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    app.wait(TimeDelta::minutes(11));
    let page = save(&home, NEW).await.follow().await;
    assert_eq!(page.path(), "/confirm");
    let page = page.form("Continue").fill("password", PASSWORD).submit().await.follow().await;
    assert_eq!(app.sent_to(NEW).await, 0);
    let code = app.code_for(ADA).await;
    let asked = page.form("Continue").fill("code", &code).submit().await.follow().await;
    assert_eq!(asked.path(), "/profile/email");
    let code = app.code_for(NEW).await;
    enter(&asked, &code).await.expect(303);
    assert!(is_now(&app, NEW).await);
}

#[actix_web::test]
async fn the_same_address_is_confirmed_once_and_is_no_change_after_that() {
    let app = TestApp::start().await;
    let home = ada(&app).await;
    home.get("/profile/email").await.says("Not confirmed");
    let asked = save(&home, ADA).await.follow().await;
    let code = app.code_for(ADA).await;
    enter(&asked, &code).await.follow().await.is_silent_about("Not confirmed");
    save(&home, ADA).await.follow().await.says("Nothing changed.");
}

#[actix_web::test]
async fn wrong_codes_end_it_and_count_for_nothing_else() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let asked = save(&home, NEW).await.follow().await;
    let code = app.code_for(NEW).await;
    enter(&asked, "12").await.expect(422).says("The code has 6 digits");
    for left in ["4 tries", "3 tries", "2 tries", "1 try"] {
        enter(&asked, &wrong(&code)).await.expect(422).says(left);
    }
    enter(&asked, &wrong(&code)).await.follow().await.says("The code was not confirmed, so nothing changed.");
    enter(&asked, &code).await.follow().await.says("The code was not confirmed");
    assert!(is_now(&app, ADA).await);
    assert_eq!(app.count("accounts WHERE code_failures > 0").await, 0);
}

#[actix_web::test]
async fn it_is_sent_again_given_up_and_replaced() {
    let app = TestApp::start().await;
    let home = ada(&app).await;
    let asked = save(&home, NEW).await.follow().await;
    let code = app.code_for(NEW).await;
    asked.form("Request another code").submit().await.follow().await.says("It is too early.");
    app.wait(TimeDelta::seconds(30));
    asked.form("Request another code").submit().await.follow().await.says("Another message is on its way.");
    assert_eq!((app.sent_to(NEW).await, app.code_for(NEW).await), (2, code.clone()));
    asked.form("Cancel").submit().await.follow().await.says("The new address was given up.");
    enter(&asked, &code).await.follow().await;
    assert!(is_now(&app, ADA).await);

    save(&home, NEW).await.expect(303);
    let first = app.code_for(NEW).await;
    let token = home.get("/profile").await.form("Log out").value("form_token").unwrap();
    let fields = [("form_token", token.as_str()), ("email", "second@example.net")];
    home.post_form("/profile/email", &fields).await.expect(303);
    let asked = home.get("/profile/email").await;
    asked.says("second@example.net");
    enter(&asked, &first).await.expect(422);
    let code = app.code_for("second@example.net").await;
    enter(&asked, &code).await.expect(303);
    assert!(is_now(&app, "second@example.net").await, "address and code never mix");
}

#[actix_web::test]
async fn its_code_is_bound_to_the_session_and_its_life_is_ten_minutes() {
    let app = TestApp::start().await;
    let home = ada(&app).await;
    let office = app.browser();
    office.log_in("ada").await;
    let asked = save(&home, NEW).await.follow().await;
    let code = app.code_for(NEW).await;
    let token = office.get("/profile").await.form("Log out").value("form_token").unwrap();
    office.post_form("/profile/email", &[("form_token", &token), ("code", &code)]).await.expect(303);
    assert!(is_now(&app, ADA).await);
    app.wait(TimeDelta::minutes(10));
    enter(&asked, &code).await.expect(422).says("That code is too old");
}

#[actix_web::test]
async fn a_bad_address_comes_back_and_a_form_that_is_not_ours_does_not() {
    let app = TestApp::start().await;
    let home = ada(&app).await;
    let page = save(&home, "ada@").await.expect(422);
    assert_eq!(page.form("Save").value("email").as_deref(), Some("ada@"));
    save(&home, "").await.expect(422).says("Enter an email address");
    let form = || page.form("Save").fill("email", NEW);
    form().repeat("email", "eve@example.com").submit().await.expect(400);
    form().forge("email[]", NEW).submit().await.expect(400);
    form().forge("code", "123456").submit().await.expect(400);
    form().forge("form_token", "stale").submit().await.expect(403);
    assert_eq!(app.sent_to(NEW).await, 0);
}

#[actix_web::test]
async fn open_reset_links_end_with_the_mailbox_they_went_to() {
    let app = TestApp::start().await;
    let home = ada(&app).await;
    app.ask_for_reset("ada").await;
    let link = app.reset_link_to(ADA).await;
    let asked = save(&home, NEW).await.follow().await;
    let code = app.code_for(NEW).await;
    enter(&asked, &code).await.expect(303);
    app.browser().follow_all(&link).await.expect(410);
}

#[actix_web::test]
async fn where_the_mailbox_must_be_proven_the_present_address_comes_first() {
    let app = TestApp::start().await;
    let home = ada(&app).await;
    app.alter("UPDATE accounts SET must_prove_mailbox = TRUE").await;
    let asked = save(&home, NEW).await.follow().await;
    asked.says("Your present address comes first").says(ADA);
    let (old, new) = (app.code_for(ADA).await, app.code_for(NEW).await);
    // The code of the new one opens nothing before that.
    if old != new {
        enter(&asked, &new).await.expect(422);
    }
    assert!(is_now(&app, ADA).await);
    let asked = enter(&asked, &old).await.follow().await;
    asked.says("Now enter the code that went to the new address.").says(NEW);
    assert!(is_now(&app, ADA).await);
    enter(&asked, &new).await.follow().await.says("Your email address is saved.");
    assert!(is_now(&app, NEW).await);
}

#[actix_web::test]
async fn a_requirement_that_comes_meanwhile_is_not_passed_by() {
    let app = TestApp::start().await;
    let home = ada(&app).await;
    let asked = save(&home, NEW).await.follow().await;
    let code = app.code_for(NEW).await;
    app.alter("UPDATE accounts SET must_prove_mailbox = TRUE").await;
    enter(&asked, &code).await.follow().await.says("so nothing changed");
    assert!(is_now(&app, ADA).await);
    // What was proven for one address proves nothing for a later one.
    let asked = save(&home, NEW).await.follow().await;
    let old = app.code_for(ADA).await;
    enter(&asked, &old).await.follow().await.form("Cancel").submit().await.expect(303);
    let asked = save(&home, "other@example.net").await.follow().await;
    asked.says("Your present address comes first");
}

#[actix_web::test]
async fn the_present_mailbox_is_guessed_at_ten_times_and_no_more() {
    let app = TestApp::start().await;
    let thief = ada(&app).await;
    app.alter("UPDATE accounts SET must_prove_mailbox = TRUE").await;
    for _ in 0..2 {
        let asked = save(&thief, NEW).await.follow().await;
        let code = wrong(&app.code_for(ADA).await);
        for _ in 0..5 {
            enter(&asked, &code).await;
        }
    }
    save(&thief, NEW).await.follow().await.says("Codes are paused");
    assert_eq!(app.count("security_events WHERE kind = 'codes_paused'").await, 1);
    assert!(is_now(&app, ADA).await);
}
