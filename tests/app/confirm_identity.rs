//! Confirm it's you: the password and a code not older than ten minutes, then the change that was being saved.

use chrono::TimeDelta;

use crate::support::browser::{Browser, Form, Page};
use crate::support::codes::{Reading, wrong};
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

const ADA: &str = "ada@example.com";
const NEW: &str = "new@example.com";

async fn save(browser: &Browser, choose: impl FnOnce(Form) -> Form) -> Page {
    choose(browser.get("/profile/two-factor").await.form("Save")).submit().await.follow().await
}

async fn turn_off(browser: &Browser) -> Page {
    save(browser, |form| form.select("method", "disabled")).await
}

async fn give_password(page: &Page, password: &str) -> Page {
    page.form("Continue").fill("password", password).submit().await
}

async fn give_code(page: &Page, code: &str) -> Page {
    page.form("Continue").fill("code", code).submit().await
}

/// Ada's trusted computer, at which she has just logged in by her password alone.
async fn by_trust(app: &TestApp) -> Browser {
    let home = app.guarded("ada").await;
    home.log_out().await;
    home.log_in("ada").await;
    home
}

/// The same eleven minutes later.
async fn a_while_ago(app: &TestApp) -> Browser {
    let home = by_trust(app).await;
    app.wait(TimeDelta::minutes(11));
    home
}

async fn is_on(browser: &Browser) -> bool {
    browser.get("/profile/two-factor").await.text().contains("Codes go by")
}

#[actix_web::test]
async fn a_login_with_its_code_counts_for_ten_minutes() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    for (waited, is_enough) in
        [(TimeDelta::minutes(10) - TimeDelta::microseconds(1), true), (TimeDelta::minutes(10), false)]
    {
        let browser = app.browser();
        browser.log_in_with_code(&app, "ada").await;
        app.wait(waited);
        let page = save(&browser, |form| form.fill("email", NEW)).await;
        if is_enough {
            page.says(&format!("Email to {NEW}"));
        } else {
            assert_eq!(page.path(), "/confirm");
        }
    }
}

#[actix_web::test]
async fn the_code_of_a_set_up_counts_for_ten_minutes() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    app.wait(TimeDelta::minutes(10) - TimeDelta::microseconds(1));
    save(&home, |form| form.fill("email", NEW)).await.form("Cancel").submit().await.expect(303);
    app.wait(TimeDelta::microseconds(1));
    assert_eq!(turn_off(&home).await.path(), "/confirm");
}

#[actix_web::test]
async fn a_login_by_a_trusted_computer_lacks_the_code_and_nothing_else() {
    let app = TestApp::start().await;
    let home = by_trust(&app).await;
    let sent = app.sent_to(ADA).await;

    let page = turn_off(&home).await;

    assert_eq!((page.path().as_str(), page.h1().as_str()), ("/confirm", "Confirm it’s you"));
    assert!(!page.form("Continue").has("password"), "that was just given");
    page.says("a•••@e•••.com").is_silent_about(ADA);
    assert_eq!(app.sent_to(ADA).await, sent + 1, "sent by the POST that led here");
    assert!(is_on(&home).await, "not before");
    let done = give_code(&page, &app.code_for(ADA).await).await.follow().await;
    done.says("Two Factor Authentication is off");
}

#[actix_web::test]
async fn the_password_comes_first_and_then_the_code_which_is_sent_only_then() {
    let app = TestApp::start().await;
    let home = a_while_ago(&app).await;
    let sent = app.sent_to(ADA).await;
    let page = turn_off(&home).await;
    page.says("Enter your password to go on. After it we ask for a code.");
    assert!(!page.form("Continue").has("code"));
    home.get("/confirm").await.expect(200);
    assert_eq!(app.sent_to(ADA).await, sent, "looking sends nothing");

    let page = give_password(&page, PASSWORD).await.follow().await;
    assert_eq!(page.path(), "/confirm");
    assert_eq!(app.sent_to(ADA).await, sent + 1);
    home.get("/confirm").await.expect(200);
    assert_eq!(app.sent_to(ADA).await, sent + 1);

    let done = give_code(&page, &app.code_for(ADA).await).await.follow().await;
    done.says("Two Factor Authentication is off");
    assert!(!is_on(&home).await);
}

#[actix_web::test]
async fn without_a_method_the_password_is_enough() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    app.wait(TimeDelta::minutes(11));
    let page = save(&home, |form| form.select("method", "email").tick("every_login")).await;
    assert_eq!(page.path(), "/confirm");
    page.is_silent_about("After it we ask for a code.");

    let set_up = give_password(&page, PASSWORD).await.follow().await;

    // On with what was being saved, as it was being saved.
    set_up.says(&format!("Email to {ADA}")).says("Ask for a code On every login");
    let code = app.code_for(ADA).await;
    set_up.form("Save").fill("code", &code).submit().await.follow().await.says("Every login asks for one.");
}

#[actix_web::test]
async fn each_change_is_carried_out_as_it_was_saved() {
    let app = TestApp::start().await;
    let home = a_while_ago(&app).await;
    save(&home, |form| form.tick("every_login")).await.says("From now on every login asks for a code.");
    // Asking less often.
    let page = save(&home, |form| form.untick("every_login")).await;
    let page = give_password(&page, PASSWORD).await.follow().await;
    let done = give_code(&page, &app.code_for(ADA).await).await.follow().await;
    done.says("Saved.").says("A trusted computer is asked every 14 days.");

    // A number: its set-up goes on where it would have.
    app.wait(TimeDelta::minutes(11));
    let page = save(&home, |form| form.select("method", "sms").fill("phone", "212 555 0142")).await;
    let page = give_password(&page, PASSWORD).await.follow().await;
    assert_eq!(app.sent_to("+12125550142").await, 0, "not before it is clear who asks");
    let set_up = give_code(&page, &app.code_for(ADA).await).await.follow().await;
    set_up.says("SMS to +1 212-555-0142");
    let code = app.code_for("+12125550142").await;
    set_up.form("Save").fill("code", &code).submit().await.follow().await.says("••• ••• 0142");
}

#[actix_web::test]
async fn the_change_waits_ten_minutes() {
    let app = TestApp::start().await;
    let home = a_while_ago(&app).await;
    let page = turn_off(&home).await;
    app.wait(TimeDelta::minutes(9));
    let page = give_password(&page, PASSWORD).await.follow().await;
    let code = app.code_for(ADA).await;
    app.wait(TimeDelta::minutes(1));
    let late = give_code(&page, &code).await.follow().await;
    late.says("Your change waited longer than 10 minutes, so nothing was saved. Make it again.");
    assert!(is_on(&home).await);
    // Who it is has been confirmed all the same.
    turn_off(&home).await.says("Two Factor Authentication is off");

    app.guarded("bob").await;
    let bob = app.browser();
    bob.log_in_with_code(&app, "bob").await;
    app.wait(TimeDelta::minutes(11));
    let page = turn_off(&bob).await;
    app.wait(TimeDelta::minutes(9));
    let page = give_password(&page, PASSWORD).await.follow().await;
    let code = app.code_for("bob@example.com").await;
    app.wait(TimeDelta::minutes(1) - TimeDelta::microseconds(1));
    give_code(&page, &code).await.follow().await.says("Two Factor Authentication is off");
}

#[actix_web::test]
async fn what_was_left_behind_is_not_done_by_who_goes_to_administration() {
    let app = TestApp::start().await;
    let home = a_while_ago(&app).await;
    app.database.execute("UPDATE accounts SET role = 'administrator'");
    turn_off(&home).await.click("Cancel, and change nothing").await;
    let page = home.follow_all("/admin/accounts").await;
    let page = give_password(&page, PASSWORD).await.follow().await;
    let code = app.code_for(ADA).await;
    assert_eq!(give_code(&page, &code).await.follow_all().await.path(), "/admin/accounts");
    assert!(is_on(&home).await);

    // What is saved after that is carried out, wherever they were going before.
    app.wait(TimeDelta::minutes(16));
    home.get("/admin/accounts").await.expect(303);
    let page = turn_off(&home).await;
    let page = give_password(&page, PASSWORD).await.follow().await;
    give_code(&page, &app.code_for(ADA).await).await.follow().await.says("is off");
}

#[actix_web::test]
async fn a_wrong_password_comes_back_without_what_was_typed() {
    let app = TestApp::start().await;
    let home = a_while_ago(&app).await;
    let page = turn_off(&home).await;
    for (typed, message) in
        [("", "Enter your password"), ("the wrong words altogether", "The password is not correct")]
    {
        let page = give_password(&page, typed).await.expect(422);
        assert_eq!(page.field_error("password").as_deref(), Some(message));
        assert!(typed.is_empty() || !page.html().contains(typed));
    }
    assert!(is_on(&home).await);
    // What waited waits on.
    let page = give_password(&page, PASSWORD).await.follow().await;
    give_code(&page, &app.code_for(ADA).await).await.follow().await.says("is off");
}

#[actix_web::test]
async fn wrong_passwords_count_like_those_at_the_login() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let login = app.code_page("ada").await;
    let code = app.code_for(ADA).await;
    // An untrusted computer, which has no allowance of its own.
    login.form("Log in").fill("code", &code).untick("trust_computer").submit().await.expect(303);
    let browser = login.browser();
    app.wait(TimeDelta::minutes(11));
    let page = turn_off(browser).await;
    for _ in 0..2 {
        app.browser().log_in_with("ada", "the wrong words altogether").await.expect(422);
    }
    for _ in 0..3 {
        give_password(&page, "the wrong words altogether").await.expect(422);
    }
    let rests = give_password(&page, PASSWORD).await.expect(429);
    assert!(rests.header("retry-after").is_some());
    app.browser().log_in_with("ada", PASSWORD).await.expect(429);

    app.wait(TimeDelta::seconds(30));
    assert_eq!(give_password(&page, PASSWORD).await.follow().await.path(), "/confirm");
    app.browser().log_in_with("ada", "the wrong words altogether").await.expect(422);
}

#[actix_web::test]
async fn five_wrong_codes_lead_back_to_the_password() {
    let app = TestApp::start().await;
    let home = by_trust(&app).await;
    let mut page = turn_off(&home).await;
    let code = app.code_for(ADA).await;
    for left in ["4 tries", "3 tries", "2 tries", "1 try"] {
        page = give_code(&page, &wrong(&code)).await.expect(422);
        page.says(&format!("That code is not correct. You have {left} left"));
    }
    let last = page.clone();
    let back = give_code(&page, &wrong(&code)).await.follow().await;
    assert_eq!(back.path(), "/confirm");
    back.says("The code was entered wrongly 5 times.").says("Enter your password to go on.");
    // The right one is worth nothing any more.
    let refused = give_code(&last, &code).await.follow().await;
    assert!(refused.form("Continue").has("password"));
    assert!(is_on(&home).await);
    // Saving anew leads there too: five more tries cost a password.
    let again = turn_off(&home).await;
    assert!(again.form("Continue").has("password"));

    let page = give_password(&again, PASSWORD).await.follow().await;
    let new = app.code_for(ADA).await;
    assert_ne!(new, code);
    give_code(&page, &new).await.follow().await.says("Two Factor Authentication is off");
}

#[actix_web::test]
async fn another_code_is_asked_for_as_at_a_login() {
    let app = TestApp::start().await;
    let home = by_trust(&app).await;
    let page = turn_off(&home).await;
    let first = app.code_for(ADA).await;
    let sent = app.sent_to(ADA).await;
    let early = page.form("Request another code").submit().await.follow().await;
    early.says("You can ask for another at 3:42 pm");
    app.wait(TimeDelta::seconds(30));
    early.form("Request another code").submit().await.follow().await.says("Another message is on its way.");
    assert_eq!((app.sent_to(ADA).await, app.code_for(ADA).await), (sent + 1, first.clone()));

    let late = app.browser();
    late.log_in_with_code(&app, "ada").await;
    late.log_out().await;
    late.log_in("ada").await;
    let page = turn_off(&late).await;
    let code = app.code_for(ADA).await;
    app.wait(TimeDelta::minutes(9));
    let page = give_code(&page, &wrong(&code)).await.expect(422);
    app.wait(TimeDelta::minutes(1));
    // The password is too old by then as well.
    give_code(&page, &code).await.expect(422).says("Enter your password to go on.");
    assert!(is_on(&late).await);
}

#[actix_web::test]
async fn what_waits_belongs_to_one_session() {
    let app = TestApp::start().await;
    let home = by_trust(&app).await;
    let page = turn_off(&home).await;
    let code = app.code_for(ADA).await;
    // Another session of hers: nothing waits there, and the code is worth nothing.
    let other = app.browser();
    other.log_in_with_code(&app, "ada").await;
    let token = other.get("/profile").await.form("Log out").value("form_token").unwrap();
    let fields = [("form_token", token.as_str()), ("code", code.as_str())];
    other.post_form("/confirm", &fields).await.expect(303);
    assert_eq!(other.get("/confirm").await.follow().await.path(), "/profile/two-factor");
    assert!(is_on(&other).await);
    // Nor after logging in anew in the same browser.
    home.log_out().await;
    home.log_in("ada").await;
    assert!(give_code(&page, &code).await.status() == 403, "a form of the session before");
    let page = home.get("/confirm").await;
    let page = give_password(&page, PASSWORD).await.follow().await;
    give_code(&page, &app.code_for(ADA).await).await.expect(303);
    assert!(is_on(&home).await);
}

#[actix_web::test]
async fn a_later_choice_takes_the_place_of_the_one_that_waits() {
    let app = TestApp::start().await;
    let home = by_trust(&app).await;
    turn_off(&home).await;
    let page = save(&home, |form| form.fill("email", NEW)).await;
    let set_up = give_code(&page, &app.code_for(ADA).await).await.follow().await;
    set_up.says(&format!("Email to {NEW}"));
    set_up.form("Cancel").submit().await.expect(303);
    assert!(is_on(&home).await);

    // Also where the later choice is to leave it as it is.
    app.wait(TimeDelta::minutes(11));
    turn_off(&home).await;
    save(&home, |form| form).await.says("Nothing changed.");
    let page = give_password(&home.get("/confirm").await, PASSWORD).await.follow().await;
    give_code(&page, &app.code_for(ADA).await).await.expect(303);
    assert!(is_on(&home).await);
}

#[actix_web::test]
async fn each_half_goes_on_under_a_new_cookie() {
    let app = TestApp::start().await;
    let home = a_while_ago(&app).await;
    let page = turn_off(&home).await;
    let first = home.copy();
    let page = give_password(&page, PASSWORD).await.follow().await;
    let second = home.copy();
    give_code(&page, &app.code_for(ADA).await).await.expect(303);
    for old in [first, second] {
        assert_eq!(old.get("/profile").await.follow().await.path(), "/login");
    }
    assert_eq!(home.get("/profile").await.status(), 200);
}

#[actix_web::test]
async fn a_form_of_both_halves_or_of_none_is_not_ours() {
    let app = TestApp::start().await;
    let home = by_trust(&app).await;
    let page = turn_off(&home).await;
    let code = app.code_for(ADA).await;
    let form = || page.form("Continue").fill("code", &code);
    form().forge("password", PASSWORD).submit().await.expect(400);
    form().without("code").submit().await.expect(400);
    form().repeat("code", &code).submit().await.expect(400);
    form().forge("method", "disabled").submit().await.expect(400);
    form().forge("form_token", "stale").submit().await.expect(403);
    assert!(is_on(&home).await);
    // A password where the code is owed is looked at, and opens nothing by itself.
    let again = form().without("code").forge("password", PASSWORD).submit().await.follow().await;
    assert!(again.form("Continue").has("code"));
}

#[actix_web::test]
async fn with_nothing_to_confirm_the_page_leads_on() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    assert_eq!(home.get("/confirm").await.follow().await.path(), "/profile/two-factor");
    home.get("/confirm/status").await.expect(404);
    assert_eq!(app.browser().get("/confirm").await.follow().await.path(), "/login");
    let page = app.code_page("ada").await;
    assert_eq!(page.browser().get("/confirm").await.follow().await.path(), "/login/code");
}

#[actix_web::test]
async fn an_account_that_is_disabled_meanwhile_changes_nothing() {
    let app = TestApp::start().await;
    let home = by_trust(&app).await;
    let page = turn_off(&home).await;
    let code = app.code_for(ADA).await;
    app.disable("ada").await;
    assert_eq!(give_code(&page, &code).await.follow().await.path(), "/login");
    assert_eq!(app.count("second_factors").await, 1);
}

#[actix_web::test]
async fn a_password_that_grew_too_old_before_the_code_came_is_asked_again_and_nothing_is_lost() {
    let app = TestApp::start().await;
    let home = a_while_ago(&app).await;
    let page = give_password(&turn_off(&home).await, PASSWORD).await.follow().await;
    app.wait(TimeDelta::minutes(6));
    let page = page.form("Request another code").submit().await.follow().await;
    let code = app.code_for(ADA).await;
    app.wait(TimeDelta::minutes(5));
    // The change itself waits for ten minutes only; who confirms is not thrown out over it.
    let page = give_code(&page, &code).await.follow_all().await;
    assert_eq!(page.path(), "/confirm", "{}", page.describe());
    give_password(&page, PASSWORD).await.follow_all().await.says("Your change waited longer than 10 minutes");
    assert_eq!(turn_off(&home).await.path(), "/profile/two-factor");
    assert!(!is_on(&home).await);
}

#[actix_web::test]
async fn saving_again_brings_no_new_tries_and_no_earlier_message() {
    let app = TestApp::start().await;
    let home = by_trust(&app).await;
    turn_off(&home).await;
    let (code, sent) = (app.code_for(ADA).await, app.sent_to(ADA).await);
    for _ in 0..4 {
        let page = home.get("/confirm").await;
        give_code(&page, &wrong(&code)).await.expect(422);
        assert_eq!(turn_off(&home).await.path(), "/confirm");
    }
    assert_eq!(app.sent_to(ADA).await, sent, "the wait for another message is the same");
    let page = home.get("/confirm").await;
    let page = give_code(&page, &wrong(&code)).await.follow().await;
    page.says("The code was entered wrongly 5 times. Enter your password to get a new one.");
    assert!(page.form("Continue").has("password"));
    assert!(is_on(&home).await);
}
