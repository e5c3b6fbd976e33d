//! Required two-factor authentication, and the guard on a set-up that is forced or follows a reset.

use chrono::TimeDelta;
use postern::domain::administration::Act;

use crate::support::administration::Administering;
use crate::support::browser::{Browser, Page};
use crate::support::codes::{Reading, wrong};
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

const REQUIRED: &str = "POSTERN_TWO_FACTOR_REQUIRED";
const BOB: &str = "bob@example.com";
const PHONE: &str = "+12125550142";

/// Bob, logged in where two-factor authentication is required of him.
async fn bob(app: &TestApp) -> Browser {
    app.person("bob").await;
    let bob = app.browser();
    bob.log_in("bob").await;
    app.by_operator("bob", Act::RequireTwoFactor).await;
    app.deliver_all().await;
    bob
}

async fn choose_sms(browser: &Browser) -> Page {
    let form = browser.get("/profile/two-factor").await.form("Save").select("method", "sms");
    form.fill("phone", "212 555 0142").submit().await.follow_all().await
}

async fn choose_email(browser: &Browser, address: &str) -> Page {
    let form = browser.get("/profile/two-factor").await.form("Save").select("method", "email");
    form.fill("email", address).submit().await.follow_all().await
}

async fn enter(page: &Page, code: &str) -> Page {
    page.form("Save").fill("code", code).submit().await.follow_all().await
}

async fn is_on(app: &TestApp) -> bool {
    app.count("second_factors").await == 1
}

#[actix_web::test]
async fn from_the_next_request_nothing_else_is_reached() {
    let app = TestApp::start().await;
    let bob = bob(&app).await;
    for path in ["/profile", "/profile/computers", "/"] {
        assert_eq!(bob.follow_all(path).await.path(), "/profile/two-factor", "{path}");
    }
    let page = bob.get("/profile/two-factor").await;
    page.says("An administrator requires Two Factor Authentication of this account.");
    assert_eq!(page.attributes(".side a", "href"), ["/profile/two-factor"]);
    let options: Vec<_> = page.form("Save").options("method").into_iter().map(|(value, _)| value).collect();
    assert_eq!(options, ["email", "sms"]);
    let form = page.form("Log out");
    let save = bob.get("/profile/two-factor").await.form("Save").without("method").without("email");
    let save = save.without("country").without("phone").without("every_login");
    let page = save.forge("display_name", "Bob").forge("time_zone", "UTC").sent_to("/profile").submit().await;
    assert_eq!(page.location(), Some("/profile/two-factor"));
    bob.get("/help").await.expect(200);
    form.submit().await.expect(303);
}

#[actix_web::test]
async fn the_configuration_requires_it_of_administrators_or_of_everyone() {
    for (required, of_person, of_administrator) in
        [("nobody", false, false), ("administrators", false, true), ("everyone", true, true)]
    {
        let app = TestApp::with(&[(REQUIRED, required)]).await;
        app.person("bob").await;
        app.administrator("sam").await;
        for (name, is_led) in [("bob", of_person), ("sam", of_administrator)] {
            let browser = app.browser();
            let page = browser.log_in(name).await;
            assert_eq!(page.path() == "/profile/two-factor", is_led, "{required} {name}");
            if name == "sam" {
                let page = browser.follow_all("/admin/accounts/new").await;
                assert_eq!(page.path() == "/profile/two-factor", is_led, "{required} {name}");
            }
            if is_led {
                browser
                    .get("/profile/two-factor")
                    .await
                    .says("Postern requires Two Factor Authentication of every");
            }
        }
    }
}

#[actix_web::test]
async fn production_requires_it_of_administrators_unless_told_otherwise() {
    let app = TestApp::in_production().await;
    app.administrator("sam").await;
    assert_eq!(app.browser_from("203.0.113.7").log_in("sam").await.path(), "/profile/two-factor");
    let app = TestApp::in_production_with(&[(REQUIRED, "nobody")]).await;
    app.administrator("sam").await;
    assert_eq!(app.browser_from("203.0.113.7").log_in("sam").await.path(), "/profile");
}

#[actix_web::test]
async fn what_is_required_cannot_be_turned_off() {
    let app = TestApp::start().await;
    let ada = app.guarded("ada").await;
    let before = ada.get("/profile/two-factor").await.form("Save").select("method", "disabled");
    let waiting = app.browser();
    waiting.log_in_with_code(&app, "ada").await;
    app.wait(TimeDelta::minutes(11));
    let form = waiting.get("/profile/two-factor").await.form("Save").select("method", "disabled");
    let confirm = form.submit().await.follow_all().await;
    app.by_operator("ada", Act::RequireTwoFactor).await;

    let page = before.submit().await.expect(422);
    assert!(page.field_error("method").unwrap().contains("this account needs Two Factor Authentication"));
    page.says("It can be changed, but not turned off.");
    // Nor by a change that waited for a confirmation meanwhile.
    let page = confirm.form("Continue").fill("password", PASSWORD).submit().await.follow_all().await;
    let code = app.code_for("ada@example.com").await;
    let page = page.form("Continue").fill("code", &code).submit().await.follow_all().await;
    page.says("Two Factor Authentication stays on");
    assert!(is_on(&app).await);
    // Left to the person again, it can.
    app.by_operator("ada", Act::LeaveTwoFactor).await;
    let form = waiting.get("/profile/two-factor").await.form("Save").select("method", "disabled");
    form.submit().await.follow_all().await.says("Two Factor Authentication is off");
}

#[actix_web::test]
async fn a_forced_set_up_asks_first_for_a_code_from_the_mailbox_of_record() {
    let app = TestApp::start().await;
    let bob = bob(&app).await;
    let page = choose_sms(&bob).await;
    page.says("First show that it is you").says("b•••@e•••.com").says("SMS to +1 212-555-0142");
    assert!(!page.form("Save").has("trust_computer"));
    assert_eq!(app.sent_to(PHONE).await, 0, "nothing goes to the phone before");

    let code = app.code_for(BOB).await;
    assert_eq!(
        enter(&page, &wrong(&code)).await.errors(),
        ["That code is not correct. You have 4 tries left"]
    );
    let page = enter(&page, &code).await;
    assert!(!is_on(&app).await);
    assert!(page.form("Save").has("trust_computer"));
    let page = enter(&page, &app.code_for(PHONE).await).await;

    page.says("Two Factor Authentication is on");
    assert_eq!(app.count("accounts WHERE username_key = 'bob' AND email_confirmed_at IS NOT NULL").await, 1);
    bob.get("/profile").await.expect(200);
}

#[actix_web::test]
async fn where_the_mailbox_of_record_is_the_destination_one_code_is_enough() {
    let app = TestApp::start().await;
    let bob = bob(&app).await;
    let before = app.sent_to(BOB).await;
    let page = choose_email(&bob, "Bob@Example.com").await;
    page.says("one code is enough");
    assert!(page.form("Save").has("trust_computer"));
    let page = enter(&page, &app.code_for(BOB).await).await;
    page.says("Two Factor Authentication is on").says("This computer is trusted");
    // The code and the notice.
    assert_eq!(app.sent_to(BOB).await - before, 2);
}

#[actix_web::test]
async fn a_thief_with_the_password_enrols_no_phone_of_his_own() {
    let app = TestApp::start().await;
    let thief = bob(&app).await;
    let page = choose_sms(&thief).await;
    // Another code, the button for the other code, the status, a change of mind: none leads around.
    for _ in 0..5 {
        enter(&page, "000000").await;
    }
    thief.get("/profile/two-factor").await.says("An administrator requires");
    let form = page.form("Request another code");
    app.wait(TimeDelta::minutes(2));
    form.submit().await.follow_all().await;
    page.form("Save").fill("code", "000000").submit().await.follow_all().await;
    assert_eq!(app.sent_to(PHONE).await, 0);
    // Nor does a confirmation of identity carry the choice out.
    app.wait(TimeDelta::minutes(11));
    let page = choose_sms(&thief).await;
    assert_eq!(page.path(), "/confirm");
    let page = page.form("Continue").fill("password", PASSWORD).submit().await.follow_all().await;
    page.says("First show that it is you");
    assert_eq!(app.sent_to(PHONE).await, 0);
    assert!(!is_on(&app).await);
    // Ten wrong ones in a row pause it, however often he begins anew.
    for _ in 0..5 {
        enter(&page, "000000").await;
    }
    choose_sms(&thief).await.says("Codes are paused");
    assert_eq!(app.count("security_events WHERE kind = 'codes_paused'").await, 1);
}

#[actix_web::test]
async fn a_set_up_begun_before_it_was_required_asks_for_the_mailbox_too() {
    let app = TestApp::start().await;
    app.person("bob").await;
    let bob = app.browser();
    bob.log_in("bob").await;
    let page = choose_sms(&bob).await;
    let code = app.code_for(PHONE).await;
    app.by_operator("bob", Act::RequireTwoFactor).await;
    enter(&page, &code).await;
    assert!(!is_on(&app).await);
    bob.get("/profile/two-factor").await.says("we first send a code to your email address of record");
}

#[actix_web::test]
async fn after_a_reset_the_first_set_up_asks_for_the_mailbox_or_a_pass() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    app.administrator("sam").await;
    let sam = app.browser();
    sam.log_in("sam").await;
    sam.administer(&app, "ada", Act::ResetTwoFactor).await;
    assert_eq!(home.get("/profile").await.location(), Some("/login"));
    assert_eq!(home.log_in("ada").await.path(), "/profile", "nothing is required, and nothing is on");

    let page = choose_sms(&home).await;
    page.says("First show that it is you");
    let again = |page: &Page, pass: &str| page.form("Use the pass").fill("recovery_code", pass);
    assert_eq!(again(&page, " ").submit().await.expect(422).errors(), ["Enter the one-time pass"]);
    again(&page, "123").submit().await.expect(422).says("A one-time pass has 16 letters and digits");
    again(&page, "ABCD-EFGH-IJKL-MNOP").submit().await.expect(422).says("That pass is not correct");
    let pass = sam.administer(&app, "ada", Act::IssuePass).await.only(".pass");
    let page = again(&page, &pass.to_lowercase()).submit().await.follow().await;
    page.says("Your pass was taken");
    let told = |mail: &postern::flows::mailbox::Entry| mail.text.contains("One-time pass used");
    assert!(app.sent().await.iter().any(told));
    enter(&page, &app.code_for(PHONE).await).await.says("Two Factor Authentication is on");

    // Once done, the next one asks as always.
    let page = choose_email(&home, "new@example.com").await;
    page.says("Email to new@example.com");
    assert!(page.all("#recovery_code").is_empty());
}

#[actix_web::test]
async fn a_pass_of_somebody_else_or_a_second_time_stands_in_for_nothing() {
    let app = TestApp::start().await;
    let bob = bob(&app).await;
    app.administrator("sam").await;
    app.guarded("ada").await;
    let sam = app.browser();
    sam.log_in("sam").await;
    let adas = sam.administer(&app, "ada", Act::IssuePass).await.only(".pass");
    let page = choose_sms(&bob).await;
    page.form("Use the pass").fill("recovery_code", &adas).submit().await.expect(422);
    let bobs = sam.administer(&app, "bob", Act::IssuePass).await.only(".pass");
    app.wait(TimeDelta::minutes(10));
    page.form("Use the pass").fill("recovery_code", &bobs).submit().await.expect(422);
    let bobs = sam.administer(&app, "bob", Act::IssuePass).await.only(".pass");
    let form = page.form("Use the pass").fill("recovery_code", &bobs);
    form.clone().submit().await.expect(303);
    form.submit().await.follow().await.says("That code was not confirmed, so nothing changed");
    assert_eq!(app.count("security_events WHERE kind = 'pass_used'").await, 1);
}

#[actix_web::test]
async fn an_employee_from_the_invitation_to_required_two_factor_authentication() {
    let app = TestApp::start().await;
    app.administrator("sam").await;
    let sam = app.browser();
    sam.log_in("sam").await;
    let form = sam.get("/admin/accounts/new").await.form("Create account");
    let form = form.fill("username", "grace").fill("email", "grace@example.com");
    form.submit().await.follow().await.says("The account is made");
    sam.administer(&app, "grace", Act::RequireTwoFactor).await;

    let letter = app.sent().await.into_iter().find(|mail| mail.text.contains("/invitation?token=")).unwrap();
    let link =
        letter.text.lines().find(|line| line.contains("/invitation?token=")).unwrap().trim().to_owned();
    let grace = app.browser();
    let form = grace.follow_all(&link).await.form("Save password");
    form.fill("new_password", PASSWORD).fill("new_password_again", PASSWORD).submit().await.expect(303);
    let page = grace.log_in("grace").await;
    assert_eq!(page.path(), "/profile/two-factor");
    let page = choose_sms(&grace).await;
    let page = enter(&page, &app.code_for("grace@example.com").await).await;
    enter(&page, &app.code_for(PHONE).await).await.says("Two Factor Authentication is on");
    grace.get("/profile").await.expect(200);
    sam.get(&app.account_path("grace").await).await.says("by SMS to").says("Yes, by an administrator");

    // The next day, at another computer, the code is asked.
    let office = app.code_page("grace").await;
    let code = app.code_for(PHONE).await;
    office.form("Log in").fill("code", &code).submit().await.follow_all().await;
    office.browser().get("/profile").await.expect(200);
}
