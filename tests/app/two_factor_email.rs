//! Two Factor Authentication by Email: turn it on, log in with it, change it, turn it off.

use chrono::TimeDelta;

use crate::support::browser::{Browser, Form, Page};
use crate::support::codes::Reading;
use crate::support::test_app::{Deeds, TestApp};

const ADA: &str = "ada@example.com";

async fn settings(browser: &Browser) -> Page {
    let page = browser.get("/profile/two-factor").await.expect(200);
    assert_eq!(page.h1(), "Two Factor Authentication");
    page
}

async fn save(browser: &Browser, choose: impl FnOnce(Form) -> Form) -> Page {
    choose(settings(browser).await.form("Save")).submit().await
}

#[actix_web::test]
async fn ada_turns_it_on_logs_in_with_it_and_turns_it_off() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    let page = home.get("/profile").await.click("Two Factor Authentication").await;
    page.says("It is off: your password alone opens this account.");
    let form = page.form("Save");
    let methods = [("disabled", "Disabled"), ("email", "Email"), ("sms", "SMS")];
    assert_eq!(form.options("method"), methods.map(|(value, label)| (value.to_owned(), label.to_owned())));
    assert_eq!(form.value("method").as_deref(), Some("disabled"));
    assert_eq!(form.value("email").as_deref(), Some(ADA), "the address of record stands there to begin with");
    assert_eq!(form.value("every_login"), None);

    let page = form.select("method", "email").submit().await.follow().await;
    // In full here, to catch typing errors.
    page.says(&format!("Email to {ADA}")).says("Until then your password alone protects your account.");
    let code = app.code_for(ADA).await;
    let page = page.form("Save").fill("code", &code).submit().await.follow().await;
    page.says("Two Factor Authentication is on").says("This computer is trusted until December 8, 2026.");
    page.says("Codes go by email to a•••@e•••.com").says("since November 24, 2026");
    page.says("A trusted computer is asked every 14 days.");

    let elsewhere = app.code_page("ada").await;
    let code = app.code_for(ADA).await;
    let inside = elsewhere.form("Log in").fill("code", &code).submit().await.follow().await;
    assert_eq!(inside.path(), "/profile");

    let off = save(&home, |form| form.select("method", "disabled")).await.follow().await;
    off.says("Two Factor Authentication is off").says("you were logged out everywhere else");
    off.says("It is off: your password alone opens this account.");
    let page = app.browser().log_in("ada").await;
    assert_eq!(page.path(), "/profile");
}

#[actix_web::test]
async fn codes_may_go_to_another_address_than_that_of_record() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    let page =
        save(&home, |form| form.select("method", "email").fill("email", " ada+codes@HOME.example ")).await;
    let code = app.code_for("ada+codes@home.example").await;
    page.follow().await.form("Save").fill("code", &code).submit().await.expect(303);

    let page = settings(&home).await;
    page.says("a•••@h•••.example");
    // The field of the method in force, and only that, has it in full.
    assert_eq!(page.form("Save").value("email").as_deref(), Some("ada+codes@home.example"));
    assert_eq!(page.html().matches("ada+codes@home.example").count(), 1);
    app.code_page("ada").await.says("a•••@h•••.example").is_silent_about("ada+codes@home.example");
    assert_eq!(app.sent_to("ada+codes@home.example").await, 2);
    home.get("/profile").await.is_silent_about("ada+codes@home.example").says(ADA);
}

#[actix_web::test]
async fn saving_what_is_there_changes_nothing_and_sends_nothing() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    let nothing = "Nothing changed.";
    assert_eq!(save(&home, |form| form).await.follow().await.notice().as_deref(), Some(nothing));
    save(&home, |form| form.tick("every_login")).await.follow().await.says(nothing);
    home.turn_on_email(&app, "ada").await;
    let (sent, cookie) = (app.sent().await.len(), home.cookie("postern-computer").unwrap());
    // Long after any confirmation.
    app.wait(TimeDelta::minutes(20));
    save(&home, |form| form).await.follow().await.says(nothing);
    save(&home, |form| form.tick("every_login")).await.expect(303);
    save(&home, |form| form).await.follow().await.says(nothing);

    assert_eq!(app.sent().await.len(), sent);
    assert_eq!(home.cookie("postern-computer").unwrap().value(), cookie.value());
}

#[actix_web::test]
async fn every_login_alone_is_saved_at_once_and_taken_back_only_by_who_is_there() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    home.log_out().await;
    // Neither a code nor, after a while, a recent password: asking more often needs no proof.
    home.log_in("ada").await;
    app.wait(TimeDelta::minutes(20));
    let page = save(&home, |form| form.tick("every_login")).await.follow().await;
    page.says("From now on every login asks for a code.").says("Every login asks for one.");
    assert_eq!(page.form("Save").value("every_login").as_deref(), Some("yes"));
    assert_eq!(home.get("/profile").await.status(), 200, "nobody is logged out by it");

    let page = save(&home, |form| form.untick("every_login")).await.follow().await;
    assert_eq!(page.path(), "/confirm");
    settings(&home).await.says("Every login asks for one.");

    // Within ten minutes of password and code it is saved at once, too.
    let page = app.code_page("ada").await;
    let code = app.code_for(ADA).await;
    page.form("Log in").fill("code", &code).submit().await.expect(303);
    app.wait(TimeDelta::minutes(10) - TimeDelta::microseconds(1));
    let page = save(page.browser(), |form| form.untick("every_login")).await.follow().await;
    page.says("Saved.").says("A trusted computer is asked every 14 days.");
}

#[actix_web::test]
async fn every_login_is_part_of_a_set_up() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    let page = save(&home, |form| form.select("method", "email").tick("every_login")).await.follow().await;
    page.says("Ask for a code On every login");
    let code = app.code_for(ADA).await;
    page.form("Save").fill("code", &code).submit().await.follow().await.says("Every login asks for one.");
    // Turned off and on again, it is as it was first.
    save(&home, |form| form.select("method", "disabled")).await.expect(303);
    assert_eq!(settings(&home).await.form("Save").value("every_login"), None);
    home.turn_on_email(&app, "ada").await.says("A trusted computer is asked every 14 days.");
}

#[actix_web::test]
async fn with_another_destination_every_login_waits_for_its_code() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let page = save(&home, |form| form.fill("email", "new@example.com").tick("every_login")).await;
    page.follow().await.form("Cancel").submit().await.expect(303);
    settings(&home).await.says("A trusted computer is asked every 14 days.").says("a•••@e•••.com");
}

/// Two more sessions of Ada's, and her computer's own cookie from before.
async fn others(app: &TestApp, home: &Browser) -> [Browser; 2] {
    let page = app.code_page("ada").await;
    let code = app.code_for(ADA).await;
    page.form("Log in").fill("code", &code).submit().await.expect(303);
    [page.browser().clone(), home.copy()]
}

#[actix_web::test]
async fn turning_it_off_ends_all_sessions_but_this_one_which_goes_on_under_a_new_cookie() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let others = others(&app, &home).await;
    let before = home.cookie("postern").unwrap();

    save(&home, |form| form.select("method", "disabled")).await.expect(303);

    assert_ne!(home.cookie("postern").unwrap().value(), before.value());
    assert_eq!(home.get("/profile").await.status(), 200);
    for other in others {
        assert_eq!(other.get("/profile").await.follow().await.path(), "/login");
    }
}

#[actix_web::test]
async fn a_new_destination_ends_all_sessions_but_this_one_which_goes_on_under_a_new_cookie() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let page = save(&home, |form| form.fill("email", "new@example.com")).await.follow().await;
    let others = others(&app, &home).await;
    for other in &others {
        assert_eq!(other.get("/profile").await.status(), 200, "not before the code was right");
    }
    let code = app.code_for("new@example.com").await;
    let page = page.form("Save").fill("code", &code).submit().await.follow().await;

    page.says("Codes go to the new place now").says("n•••@e•••.com");
    assert_eq!(home.get("/profile").await.status(), 200);
    for other in others {
        assert_eq!(other.get("/profile").await.follow().await.path(), "/login");
    }
    assert_eq!(app.code_page("ada").await.path(), "/login/code");
    assert_eq!(app.sent_to("new@example.com").await, 2);
}

#[actix_web::test]
async fn an_address_that_is_none_comes_back_as_typed() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    let format = "Enter an email address in the correct format, like name@example.com";
    for (typed, message) in [
        ("", "Enter the email address for codes"),
        ("ada", format),
        ("ada@", format),
        ("@example.com", format),
        ("ada@example", format),
        ("ada@example.com, eve@example.com", format),
        ("<b>ada</b>@example.com", format),
    ] {
        let form = |form: Form| form.select("method", "email").fill("email", typed).tick("every_login");
        let page = save(&home, form).await.expect(422);
        assert_eq!(page.field_error("email").as_deref(), Some(message), "{typed}");
        assert_eq!(page.errors(), [message]);
        let form = page.form("Save");
        assert_eq!(form.value("email").as_deref(), Some(typed));
        assert_eq!(form.value("method").as_deref(), Some("email"));
        assert_eq!(form.value("every_login").as_deref(), Some("yes"));
    }
    assert_eq!(app.sent().await.len(), 0);
}

#[actix_web::test]
async fn what_no_form_of_ours_sends_is_refused_whole() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let form = || async { settings(&home).await.form("Save").fill("email", "new@example.com") };
    form().await.forge("method", "pigeon").submit().await.expect(400);
    form().await.forge("method", "").submit().await.expect(400);
    form().await.forge("method", "EMAIL").submit().await.expect(400);
    form().await.repeat("method", "email").submit().await.expect(400);
    form().await.repeat("method", "disabled").submit().await.expect(400);
    form().await.without("method").submit().await.expect(400);
    form().await.repeat("email", "eve@example.com").submit().await.expect(400);
    form().await.forge("every_login", "perhaps").submit().await.expect(400);
    form().await.forge("role", "administrator").submit().await.expect(400);
    form().await.forge("code", "123456").submit().await.expect(400);
    assert_eq!(app.sent_to("new@example.com").await, 0);
    settings(&home).await.says("a•••@e•••.com");
}

#[actix_web::test]
async fn a_form_that_lay_open_too_long_comes_back_with_what_was_typed() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let form = settings(&home).await.form("Save").fill("email", "new@example.com");
    let page = form.forge("form_token", "of another session").submit().await.expect(403);
    page.says("This page was open too long, so nothing was saved. Try again.");
    assert_eq!(page.form("Save").value("email").as_deref(), Some("new@example.com"));
    assert_eq!(app.sent_to("new@example.com").await, 0);
    page.form("Save").submit().await.follow().await.says("Email to new@example.com");
}

#[actix_web::test]
async fn what_a_method_does_not_protect_from_is_said_where_it_is_chosen() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();
    browser.log_in("ada").await;
    let page = settings(&browser).await;
    for words in [
        "Protects you when somebody learns or guesses your password.",
        "Does not protect you from somebody who can read your mail",
        "Does not protect you from somebody who takes over your phone number",
        "from a false page that asks you for the code",
    ] {
        page.says(words);
    }
}
