//! A lost phone: recovery codes and one-time passes stand in for a code, once, and for their own account only.

use chrono::TimeDelta;

use crate::support::browser::{Browser, Page};
use crate::support::codes::{Reading, wrong};
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

const ADA: &str = "ada@example.com";
const NOBODYS: &str = "AAAA-BBBB-CCCC-DDDD";

/// The page that takes a recovery code, reached as a person reaches it.
async fn recovery_page(app: &TestApp, name: &str) -> Page {
    let ways = app.code_page(name).await.click("Use another way").await;
    assert_eq!(ways.h1(), "Choose another way");
    ways.click("Use a one-time pass").await
}

async fn enter(page: &Page, typed: &str) -> Page {
    page.form("Log in").fill("recovery_code", typed).submit().await
}

async fn give_password(page: &Page) -> Page {
    page.form("Continue").fill("password", PASSWORD).submit().await.follow().await
}

#[actix_web::test]
async fn a_lost_phone_is_replaced_with_a_recovery_code() {
    let app = TestApp::start().await;
    let home = app.guarded_by_sms("ada", "212 555 0142", "+12125550142").await;
    let page = home.get("/profile/two-factor").await.click("See or make recovery codes").await;
    page.says("You have no recovery codes.");
    let codes = home.make_recovery_codes().await;
    app.deliver_all().await;
    home.get("/profile/recovery-codes").await.says("You have 10 recovery codes left.");

    let elsewhere = recovery_page(&app, "ada").await;
    let inside = enter(&elsewhere, &codes[3].to_lowercase().replace('-', " ")).await.follow().await;
    assert_eq!(inside.path(), "/profile");
    inside.says("You logged in with a recovery code").says("You have 9 recovery codes left.");
    assert!(app.last_to(ADA).await.text.starts_with("Recovery code used"));

    // With both halves just given, the number is replaced without a further page.
    let browser = elsewhere.browser();
    let form = browser.get("/profile/two-factor").await.form("Save").fill("phone", "212 555 0199");
    let set_up = form.submit().await.follow().await;
    set_up.says("SMS to +1 212-555-0199");
    let code = app.code_for("+12125550199").await;
    set_up.form("Save").fill("code", &code).submit().await.follow().await.says("••• ••• 0199");
}

#[actix_web::test]
async fn a_recovery_code_ends_sessions_and_trust_and_trusts_nothing() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let codes = home.make_recovery_codes().await;
    let page = recovery_page(&app, "ada").await;
    enter(&page, &codes[0]).await.expect(303);

    assert!(page.browser().cookie("postern-computer").is_none(), "no computer becomes trusted by it");
    assert_eq!(home.get("/profile").await.follow().await.path(), "/login");
    let asked = home.log_in("ada").await;
    assert_eq!(asked.path(), "/login/code");
    asked.says("We ask because a recovery code was used since you last logged in here.");
    page.browser().log_out().await;
    assert_eq!(page.browser().log_in("ada").await.path(), "/login/code");
}

#[actix_web::test]
async fn a_pass_opens_one_session_and_ends_nothing() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let pass = app.pass_for("ada").await;
    let page = recovery_page(&app, "ada").await;
    let inside = enter(&page, &pass).await.follow().await;
    inside.says("You logged in with a one-time pass");
    assert!(app.last_to(ADA).await.text.starts_with("One-time pass used"));
    assert_eq!(home.get("/profile").await.status(), 200);
    assert!(home.get("/profile/two-factor").await.text().contains("Codes go by"));
    enter(&recovery_page(&app, "ada").await, &pass).await.expect(422);

    let late = app.pass_for("ada").await;
    app.wait(TimeDelta::minutes(10));
    enter(&recovery_page(&app, "ada").await, &late).await.expect(422);
    let early = app.pass_for("ada").await;
    app.wait(TimeDelta::minutes(10) - TimeDelta::microseconds(1));
    enter(&recovery_page(&app, "ada").await, &early).await.expect(303);
}

#[actix_web::test]
async fn each_code_works_once_and_for_its_own_account() {
    let app = TestApp::start().await;
    let codes = app.guarded("ada").await.make_recovery_codes().await;
    let bobs = app.guarded("bob").await.make_recovery_codes().await;
    let bobs_pass = app.pass_for("bob").await;
    enter(&recovery_page(&app, "ada").await, &codes[0]).await.expect(303);
    let page = recovery_page(&app, "ada").await;
    for (typed, left) in [(&codes[0], "4 tries"), (&bobs[0], "3 tries"), (&bobs_pass, "2 tries")] {
        let again = enter(&page, typed).await.expect(422);
        let message = format!("That is not correct, or it was used before. You have {left} left");
        assert_eq!(again.field_error("recovery_code").as_deref(), Some(message.as_str()));
        assert!(!again.html().contains(typed.as_str()), "what was typed does not come back");
    }
    enter(&recovery_page(&app, "bob").await, &bobs[0]).await.expect(303);
}

#[actix_web::test]
async fn new_codes_take_the_place_of_the_old_ones() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let old = home.make_recovery_codes().await;
    let new = home.make_recovery_codes().await;
    assert!(app.last_to(ADA).await.text.starts_with("Recovery codes made"));
    enter(&recovery_page(&app, "ada").await, &old[9]).await.expect(422);
    enter(&recovery_page(&app, "ada").await, &new[9]).await.expect(303);
    let kept = app.count("recovery_codes").await;
    assert_eq!(kept, 10);
}

#[actix_web::test]
async fn wrong_ones_spend_the_tries_of_the_login_and_not_those_of_the_account() {
    let app = TestApp::start().await;
    let codes = app.guarded("ada").await.make_recovery_codes().await;
    let page = recovery_page(&app, "ada").await;
    // Neither of these can be one, so they cost nothing.
    for (typed, message) in [
        ("", "Enter a recovery code or one-time pass"),
        ("482913", "Enter all 16 letters and digits, like ABCD-EFGH-IJKL-MNOP"),
    ] {
        let again = enter(&page, typed).await.expect(422);
        assert_eq!(again.field_error("recovery_code").as_deref(), Some(message));
    }
    let right = app.code_for(ADA).await;
    for _ in 0..2 {
        let form = page.browser().get("/login/code").await.form("Log in");
        form.fill("code", &wrong(&right)).submit().await.expect(422);
    }
    enter(&page, NOBODYS).await.expect(422).says("You have 2 tries left");
    enter(&page, NOBODYS).await.expect(422).says("You have 1 try left");
    let back = enter(&page, NOBODYS).await.follow().await;
    assert_eq!(back.path(), "/login");
    back.says("The code was entered wrongly 5 times.");
    // A form of a login that is over uses nothing up.
    enter(&page, &codes[0]).await;
    assert_eq!(app.count("accounts WHERE code_failures = 2").await, 1);
    enter(&recovery_page(&app, "ada").await, &codes[0]).await.expect(303);
    assert_eq!(app.count("accounts WHERE code_failures = 0").await, 1, "a right one forgives");
}

#[actix_web::test]
async fn while_codes_are_suspended_a_recovery_code_is_still_tried_and_lifts_it() {
    let app = TestApp::start().await;
    let codes = app.guarded("ada").await.make_recovery_codes().await;
    app.alter("UPDATE accounts SET code_failures = 50, codes_suspended_at = 1").await;
    let paused = app.browser().log_in("ada").await;
    assert_eq!(paused.status(), 429);
    let page = paused.click("Use another way").await.click("Use a recovery code").await;
    enter(&page, NOBODYS).await.expect(422);
    enter(&page, &codes[0]).await.expect(303);
    app.code_page("ada").await;
}

#[actix_web::test]
async fn another_way_lists_only_what_there_is() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let ways = app.code_page("ada").await.click("Use another way").await;
    ways.is_silent_about("recovery code").says("Use a one-time pass").says("Ask an administrator");
    home.make_recovery_codes().await;
    ways.browser().get("/login/another-way").await.says("Use a recovery code");
    assert_eq!(ways.click("Back to the code page").await.path(), "/login/code");
}

#[actix_web::test]
async fn three_left_is_a_warning_and_none_is_another() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    home.make_recovery_codes().await;
    for (used, words) in [
        (6, "You have 4 recovery codes left."),
        (7, "You have 3 recovery codes left. Make new ones"),
        (9, "You have 1 recovery code left."),
        (10, "You have no recovery codes."),
    ] {
        let some = format!("SELECT id FROM recovery_codes ORDER BY id LIMIT {used}");
        app.alter(&format!("UPDATE recovery_codes SET used_at = 1 WHERE id IN ({some})")).await;
        home.get("/profile/recovery-codes").await.says(words);
    }
}

#[actix_web::test]
async fn the_codes_are_shown_once_and_only_to_who_has_confirmed() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let page = home.get("/profile/recovery-codes").await.form("Make new recovery codes").submit().await;
    assert_eq!(page.header("cache-control"), Some("no-store"));
    let file = page.attributes("a[download]", "href").remove(0);
    let codes = page.all("#recovery-codes li");
    assert!(codes.iter().all(|code| code.len() == 19 && file.contains(code.as_str())));
    assert!(!home.get("/profile/recovery-codes").await.html().contains(&codes[0]));

    app.wait(TimeDelta::minutes(11));
    let made = app.count("security_events WHERE kind = 'recovery_codes_made'").await;
    let confirm = home.get("/profile/recovery-codes").await.form("Make new recovery codes").submit().await;
    let confirm = confirm.follow().await;
    assert_eq!(confirm.path(), "/confirm");
    let asked = give_password(&confirm).await;
    let back = asked.form("Continue").fill("code", &app.code_for(ADA).await).submit().await.follow().await;
    assert_eq!(back.path(), "/profile/recovery-codes", "and there the button is pressed again");
    assert_eq!(app.count("security_events WHERE kind = 'recovery_codes_made'").await, made);
    home.make_recovery_codes().await;
}

#[actix_web::test]
async fn where_no_code_is_asked_none_is_stood_in_for() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    let page = home.get("/profile/recovery-codes").await;
    page.says("Two Factor Authentication is off");
    assert!(!page.has_button("Make new recovery codes"));
    let token = page.form("Log out").value("form_token").unwrap();
    home.post_form("/profile/recovery-codes", &[("form_token", &token)]).await.expect(303);
    assert_eq!(app.count("recovery_codes").await, 0);
    let on = home.turn_on_email(&app, "ada").await;
    on.says("Next, make recovery codes");
    assert_eq!(on.click("make recovery codes").await.path(), "/profile/recovery-codes");
}

async fn turn_off(browser: &Browser) -> Page {
    let form = browser.get("/profile/two-factor").await.form("Save").select("method", "disabled");
    form.submit().await.follow().await
}

#[actix_web::test]
async fn at_confirm_it_stands_in_for_the_code_half() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let codes = home.make_recovery_codes().await;
    let office = app.browser();
    office.log_in_with_code(&app, "ada").await;
    app.wait(TimeDelta::minutes(11));
    let asked = give_password(&turn_off(&home).await).await;
    let form = asked.click("Use a recovery code or one-time pass").await.form("Continue");
    let wrong = form.clone().fill("recovery_code", NOBODYS).submit().await.expect(422);
    wrong.says("You have 4 tries left");
    assert_eq!(app.count("accounts WHERE code_failures > 0").await, 0);
    let mails = app.sent_to(ADA).await;
    let done = form.fill("recovery_code", &codes[0]).submit().await.follow().await;
    done.says("Two Factor Authentication is off");
    assert_eq!(app.sent_to(ADA).await, mails + 1, "one act, one mail");
    assert_eq!(app.count("security_events WHERE kind = 'recovery_code_used'").await, 1);
    assert_eq!(office.get("/profile").await.follow().await.path(), "/login");
}

#[actix_web::test]
async fn at_confirm_a_pass_leaves_the_others_alone_and_five_wrong_ones_lead_back() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let office = app.browser();
    office.log_in_with_code(&app, "ada").await;
    app.wait(TimeDelta::minutes(11));
    let press =
        async || home.get("/profile/recovery-codes").await.form("Make new recovery codes").submit().await;
    let page = press().await.follow().await;
    give_password(&page).await;
    let form = home.get("/confirm?recovery=yes").await.form("Continue");
    for _ in 0..4 {
        form.clone().fill("recovery_code", NOBODYS).submit().await.expect(422);
    }
    let back = form.fill("recovery_code", NOBODYS).submit().await.follow().await;
    back.says("Enter your password to go on.");

    give_password(&back).await;
    let form = home.get("/confirm?recovery=yes").await.form("Continue");
    let pass = app.pass_for("ada").await;
    let done = form.fill("recovery_code", &pass).submit().await.follow().await;
    assert_eq!(done.path(), "/profile/recovery-codes");
    assert!(app.last_to(ADA).await.text.starts_with("One-time pass used"));
    assert_eq!(office.get("/profile").await.status(), 200);
    home.make_recovery_codes().await;
}

#[actix_web::test]
async fn forms_that_are_not_ours_are_refused() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let codes = home.make_recovery_codes().await;
    let page = recovery_page(&app, "ada").await;
    let form = || page.form("Log in").fill("recovery_code", &codes[0]);
    form().repeat("recovery_code", &codes[1]).submit().await.expect(400);
    form().forge("recovery_code[]", &codes[0]).submit().await.expect(400);
    form().forge("username", "bob").submit().await.expect(400);
    form().forge("form_token", "stale").submit().await.expect(403);
    app.wait(TimeDelta::minutes(11));
    give_password(&turn_off(&home).await).await;
    let form = home.get("/confirm?recovery=yes").await.form("Continue").fill("recovery_code", &codes[0]);
    form.clone().forge("code", "123456").submit().await.expect(400);
    form.clone().repeat("recovery_code", &codes[0]).submit().await.expect(400);
    home.get("/confirm?elsewhere=yes").await.expect(400);
    assert_eq!(app.count("recovery_codes WHERE used_at IS NOT NULL").await, 0);
}

#[actix_web::test]
async fn an_account_that_is_disabled_meanwhile_uses_nothing_up() {
    let app = TestApp::start().await;
    let codes = app.guarded("ada").await.make_recovery_codes().await;
    let page = recovery_page(&app, "ada").await;
    app.disable("ada").await;
    assert_eq!(enter(&page, &codes[0]).await.follow().await.path(), "/login");
    assert_eq!(app.count("recovery_codes WHERE used_at IS NOT NULL").await, 0);
}
