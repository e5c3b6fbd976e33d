//! The code page of a login, in every state.

use chrono::TimeDelta;

use super::super::chrome::Chrome;
use super::super::support::test_app::{Deeds, TestApp};
use super::super::support::twilio_server::{ACCOUNT, FROM, Fault, TwilioServer};
use super::in_both_worlds;

const MAIL: &str = "ada@example.com";

#[actix_web::test]
async fn a_code_by_email() {
    in_both_worlds("code", &[], async |app, chrome| {
        ada_with_email(app).await;
        chrome.log_in("ada").await;
        assert_eq!(chrome.heading().await, "Check your email");
        assert_eq!(chrome.focused().await, "6-digit code");
        chrome.says("We are about to send a 6-digit code").await;
        chrome.look_twice("waiting").await;
        app.deliver_all().await;
        chrome.open("/login/code").await;
        chrome.says("went to the mail server at 3:42 pm UTC").await;
        chrome.look_twice("handed-over").await;
        mistype(app, chrome).await;
        ask_for_more(app, chrome).await;
        be_too_late(app, chrome).await;
    })
    .await;
}

async fn mistype(app: &TestApp, chrome: &Chrome) {
    for (typed, problem, state) in [
        ("", "Enter the 6-digit code", Some("empty")),
        ("48291", "The code has 6 digits – you entered 5", None),
        ("48291o", "Enter the code using digits only", None),
        (&wrong(app).await, "That code is not correct. You have 4 tries left", Some("wrong")),
    ] {
        chrome.enter_code(typed, "Log in").await;
        assert_eq!(chrome.errors().await, [problem]);
        assert_eq!(chrome.field("6-digit code").await.value().await.unwrap().unwrap(), "");
        if let Some(state) = state {
            chrome.look_twice(state).await;
        }
    }
}

async fn ask_for_more(app: &TestApp, chrome: &Chrome) {
    chrome.press("Request another code").await;
    chrome.says("You can ask for another at 3:42 pm UTC, in 30 seconds").await;
    chrome.look_twice("too-soon").await;
    for wait in [30, 60, 120, 120] {
        app.wait(TimeDelta::seconds(wait));
        chrome.press("Request another code").await;
        chrome.says("Another message is on its way").await;
    }
    chrome.look_twice("sent-again-and-no-more").await;
}

async fn be_too_late(app: &TestApp, chrome: &Chrome) {
    app.wait(TimeDelta::minutes(11));
    chrome.press("Use another account").await;
    chrome.says("That login was cancelled").await;
    chrome.look_twice("cancelled").await;
    chrome.log_in("ada").await;
    let code = app.code_for(MAIL).await;
    app.wait(TimeDelta::minutes(10));
    chrome.enter_code(&code, "Log in").await;
    assert_eq!(chrome.errors().await, ["That code is too old. Request another code"]);
    chrome.look_twice("expired").await;
    app.wait(TimeDelta::minutes(21));
    chrome.open("/login/code").await;
    chrome.says("The code was not entered within 30 minutes").await;
    chrome.look_twice("took-too-long").await;
}

#[actix_web::test]
async fn a_code_that_is_held_back_or_paused() {
    in_both_worlds("code-limits", &[], async |app, chrome| {
        ada_with_email(app).await;
        app.wait(TimeDelta::seconds(1));
        for _ in 0..5 {
            app.browser().log_in("ada").await;
        }
        chrome.log_in("ada").await;
        assert_eq!(chrome.heading().await, "Enter your code");
        chrome.says("Nothing is sent now").await;
        chrome.look_twice("not-sent").await;

        app.wait(TimeDelta::minutes(31));
        for round in 1..=2 {
            chrome.log_in("ada").await;
            let wrong = wrong(app).await;
            for _ in 0..5 {
                chrome.enter_code(&wrong, "Log in").await;
            }
            if round == 1 {
                chrome.says("The code was entered wrongly 5 times").await;
                chrome.look_twice("tries-used-up").await;
            }
        }
        chrome.log_in("ada").await;
        assert!(chrome.heading().await.starts_with("Codes are paused until"));
        chrome.look_twice("paused").await;
    })
    .await;
}

#[actix_web::test]
async fn a_code_by_sms_and_one_that_could_not_be_sent() {
    let twilio = TwilioServer::start().await;
    let settings = [
        ("POSTERN_SMS_PROVIDER", "twilio"),
        ("POSTERN_SMS_TWILIO_ACCOUNT_SID", ACCOUNT.0),
        ("POSTERN_SMS_TWILIO_AUTH_TOKEN", ACCOUNT.1),
        ("POSTERN_SMS_TWILIO_FROM", FROM),
        ("POSTERN_SMS_TWILIO_BASE_URL", &twilio.base_url),
    ];
    in_both_worlds("code-sms", &settings, async |app, chrome| {
        app.person("ada").await;
        chrome.log_in("ada").await;
        refuse_the_number(&twilio, app, chrome).await;
        chrome.press("Request another code").await;
        app.deliver_all().await;
        let texts = twilio.taken();
        let code: String = texts.last().unwrap()["Body"].chars().take(6).collect();
        chrome.enter_code(&code, "Save").await;
        chrome.says("Two Factor Authentication is on").await;
        chrome.press("ada").await;
        chrome.press("Log out and forget this computer").await;

        chrome.log_in("ada").await;
        assert_eq!(chrome.heading().await, "Check your phone");
        app.deliver_all().await;
        chrome.open("/login/code").await;
        chrome.says("went to the carrier at 3:43 pm UTC").await;
        chrome.look_twice("handed-over").await;
        twilio.next(refusal());
        app.wait(TimeDelta::minutes(1));
        chrome.press("Request another code").await;
        app.deliver_all().await;
        chrome.open("/login/code").await;
        chrome.says("We could not send the code to").await;
        chrome.says_nothing_of("refused").await;
        chrome.look_twice("failed").await;
    })
    .await;
}

/// Where somebody has typed the number in, the page says what is wrong with it.
async fn refuse_the_number(twilio: &TwilioServer, app: &TestApp, chrome: &Chrome) {
    chrome.open("/profile/two-factor").await;
    chrome.choose("Method", "SMS").await;
    chrome.fill("Mobile phone number", "(212) 555-0142").await;
    twilio.next(refusal());
    chrome.press("Save").await;
    app.deliver_all().await;
    chrome.open("/profile/two-factor").await;
    chrome.says("Messages to +1 212-555-0142 were refused").await;
    chrome.look_twice("refused-at-set-up").await;
    twilio.next(Fault::Status(400, r#"{"code": 21610, "message": "STOP", "status": 400}"#, &[]));
    app.wait(TimeDelta::seconds(30));
    chrome.press("Request another code").await;
    app.deliver_all().await;
    chrome.open("/profile/two-factor").await;
    chrome.says("because STOP was sent from it").await;
    chrome.look_twice("opted-out-at-set-up").await;
    app.wait(TimeDelta::seconds(60));
}

fn refusal() -> Fault {
    Fault::Status(400, r#"{"code": 21211, "message": "Not a valid number", "status": 400}"#, &[])
}

#[actix_web::test]
async fn a_code_while_no_mail_leaves() {
    in_both_worlds("code-channel-down", &[], async |app, chrome| {
        ada_with_email(app).await;
        let (now, next) = (app.now().timestamp_micros(), app.now() + TimeDelta::minutes(4));
        let down = format!(
            "down_since = {now}, failure_class = 'config_auth', probe_at = {}",
            next.timestamp_micros()
        );
        app.alter(&format!("UPDATE channel_health SET {down} WHERE channel = 'email'")).await;
        chrome.log_in("ada").await;
        chrome.says("cannot send").await;
        chrome.look_twice("down").await;
    })
    .await;
}

#[actix_web::test]
async fn a_code_on_every_login() {
    in_both_worlds("code-every-login", &[], async |app, chrome| {
        ada_with_email(app).await;
        let elsewhere = app.browser();
        elsewhere.log_in_with_code(app, "ada").await;
        let form = elsewhere.get("/profile/two-factor").await.form("Save");
        form.tick("every_login").submit().await;
        chrome.log_in("ada").await;
        chrome.says("We ask because you chose to be asked on every login").await;
        chrome.says_nothing_of("Trust this computer").await;
        app.deliver_all().await;
        chrome.open("/login/code").await;
        chrome.look_twice("asked").await;
    })
    .await;
}

async fn ada_with_email(app: &TestApp) {
    app.person("ada").await;
    let elsewhere = app.browser();
    elsewhere.log_in("ada").await;
    elsewhere.turn_on_email(app, "ada").await;
}

/// Six digits that are not the newest code.
async fn wrong(app: &TestApp) -> String {
    let code = app.code_for(MAIL).await;
    let wrong = if code == "123456" { "654321" } else { "123456" };
    wrong.to_owned()
}
