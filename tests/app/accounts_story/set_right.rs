//! What an administrator or operator has set right is not undone by an older notice, in whosever mailbox it lies.

use chrono::TimeDelta;
use postern::domain::administration::Act;
use postern::domain::email::EmailAddress;
use postern::domain::username::Username;
use postern::flows::admin::{Outcome, operator};

use super::{ADA, PHONE, THIEF, change_email, link_in, press_not_me};
use crate::support::administration::Administering;
use crate::support::browser::Browser;
use crate::support::codes::Reading;
use crate::support::test_app::{Deeds, TestApp};

async fn logged_in(app: &TestApp, name: &str) -> Browser {
    let browser = app.browser();
    browser.log_in(name).await;
    browser
}

async fn sam(app: &TestApp) -> Browser {
    app.administrator("sam").await;
    logged_in(app, "sam").await
}

async fn is_of_record(app: &TestApp, address: &str) -> bool {
    app.count(&format!("accounts WHERE username_key = 'ada' AND email = '{address}'")).await == 1
}

#[actix_web::test]
async fn a_phone_that_was_reset_comes_back_by_no_notice_of_the_thiefs_own() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let thief = logged_in(&app, "ada").await;
    thief.turn_on_sms(&app, "212 555 0142", PHONE).await;
    app.wait(TimeDelta::seconds(1));
    change_email(&thief, &app, THIEF).await;
    let (adas, thiefs) = (
        link_in(&app, ADA, "Email address changed").await,
        link_in(&app, THIEF, "Email address changed").await,
    );
    sam(&app).await.administer(&app, "ada", Act::ResetTwoFactor).await.says("was reset");

    press_not_me(&app, &thiefs).await;

    assert_eq!(app.count("second_factors").await, 0, "the thief's phone is back");
    assert!(is_of_record(&app, ADA).await, "what was not set right is put back");
    assert_eq!(app.count("accounts WHERE username_key = 'ada' AND must_prove_mailbox").await, 1);
    press_not_me(&app, &adas).await;
    assert_eq!(app.count("second_factors").await, 0);
}

#[actix_web::test]
async fn an_address_that_the_operator_corrected_is_not_taken_back_from_an_older_one() {
    let app = TestApp::start().await;
    app.person("ada").await;
    // Somebody else reads Ada's mailbox; she moves away from it, and the operator moves her on.
    change_email(&logged_in(&app, "ada").await, &app, "ada@example.net").await;
    let link = link_in(&app, ADA, "Email address changed").await;
    let (name, email) = (Username::parse("ada").unwrap(), EmailAddress::parse("ada@acme.test").unwrap());
    let done = operator::carry_out(app.app.services(), &name, Act::CorrectEmail, Some(email)).await.unwrap();
    assert!(matches!(done, Outcome::Done));

    let page = app.browser().follow_all(&link).await;
    page.is_silent_about("back as they were").is_silent_about("mail a link to a new password");
    press_not_me(&app, &link).await.says("No link to a new password was mailed");

    assert!(is_of_record(&app, "ada@acme.test").await);
    assert!(app.sent().await.iter().all(|entry| !entry.text.contains("/password/reset?token=")));
}

#[actix_web::test]
async fn email_that_an_administrator_turned_on_stays_on() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let ada = logged_in(&app, "ada").await;
    ada.turn_on_sms(&app, "212 555 0142", PHONE).await;
    let link = link_in(&app, ADA, "Two Factor Authentication turned on").await;
    let off = ada.get("/profile/two-factor").await.form("Save").select("method", "disabled");
    off.submit().await.expect(303);
    app.alter("UPDATE accounts SET email_confirmed_at = 1 WHERE username_key = 'ada'").await;
    sam(&app).await.administer(&app, "ada", Act::TurnOnEmail).await.expect(200);

    press_not_me(&app, &link).await;

    assert_eq!(app.count("second_factors WHERE method = 'email'").await, 1);
    assert_eq!(app.code_page("ada").await.path(), "/login/code");
    app.code_for(ADA).await;
}

#[actix_web::test]
async fn email_that_an_administrator_turned_on_goes_back_with_the_address_it_went_to() {
    let app = TestApp::start().await;
    app.person("ada").await;
    app.alter("UPDATE accounts SET email_confirmed_at = 1 WHERE username_key = 'ada'").await;
    // A thief moves the address of record, and has codes turned on by asking for help.
    change_email(&logged_in(&app, "ada").await, &app, THIEF).await;
    let link = link_in(&app, ADA, "Email address changed").await;
    sam(&app).await.administer(&app, "ada", Act::TurnOnEmail).await.expect(200);

    press_not_me(&app, &link).await;

    assert!(is_of_record(&app, ADA).await);
    assert_eq!(app.count(&format!("second_factors WHERE email = '{ADA}'")).await, 1);
    assert_eq!(app.code_page("ada").await.path(), "/login/code");
    app.code_for(ADA).await;
}
