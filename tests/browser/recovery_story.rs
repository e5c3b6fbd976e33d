//! What is lost and found again: a phone, with a recovery code or an administrator; a password, by mail.

use chrono::TimeDelta;

use super::chrome::{Chrome, Scheme, Script, View, Width, walk};
use super::support::test_app::TestApp;

const PHONE: (&str, &str) = ("212 555 0142", "+12125550142");
const NEXT_PHONE: (&str, &str) = ("212 555 0199", "+12125550199");
const NEW: &str = "a rather unlikely sentence about herons";
const LABEL: &str = "Recovery code or one-time pass";
const POCKET: View = View { script: Script::Off, width: Width::Narrow, scheme: Scheme::Dark };

async fn enter_stand_in(chrome: &Chrome, way: &str, typed: &str) {
    chrome.log_in("ada").await;
    assert_eq!(chrome.path().await, "/login/code");
    chrome.click("Use another way").await;
    chrome.click(way).await;
    chrome.fill(LABEL, typed).await;
    chrome.press("Log in").await;
}

async fn replace_the_number(app: &TestApp, chrome: &Chrome) {
    chrome.click("change where they go").await;
    chrome.fill("Mobile phone number", NEXT_PHONE.0).await;
    chrome.press("Save").await;
    assert_eq!(chrome.path().await, "/profile/two-factor", "both halves were just given");
    chrome.enter_code(&app.code_for(NEXT_PHONE.1).await, "Save").await;
    chrome.says("Codes go to the new place now").await;
    chrome.says("••• ••• 0199").await;
}

/// The number is the new one from here on.
async fn is_asked_at_the_new_number(app: &TestApp, view: View) {
    // So that this code is newer than the one of the set-up.
    app.deliver_all().await;
    app.wait(TimeDelta::minutes(1));
    walk("story-next-phone", view, &app.base, async |elsewhere| {
        elsewhere.log_in_with_code(app, "ada", NEXT_PHONE.1).await;
        assert_eq!(elsewhere.path().await, "/profile");
    })
    .await;
}

#[actix_web::test]
async fn a_lost_phone_and_a_recovery_code() {
    for view in [View::PLAIN, POCKET] {
        let app = TestApp::start().await;
        app.person("ada").await;
        walk("story-recovery-code", view, &app.base, async |home| {
            home.log_in("ada").await;
            home.turn_on_sms(&app, PHONE.0, PHONE.1).await;
            home.click("make recovery codes").await;
            let codes = home.make_recovery_codes().await;
            home.click("I have kept them").await;
            walk("story-recovery-code-elsewhere", view, &app.base, async |elsewhere| {
                enter_stand_in(elsewhere, "Use a recovery code", &codes[6]).await;
                elsewhere.says("You have 9 recovery codes left").await;
                replace_the_number(&app, elsewhere).await;
                elsewhere.log_out("ada").await;
                enter_again(&app, elsewhere, &codes[6]).await;
            })
            .await;
            home.open("/profile").await;
            assert_eq!(home.path().await, "/login", "logged out everywhere else");
        })
        .await;
        is_asked_at_the_new_number(&app, view).await;
    }
}

/// The computer that entered the new number's code is trusted; another is not, and there the used code opens nothing.
async fn enter_again(app: &TestApp, trusted: &Chrome, used: &str) {
    trusted.log_in("ada").await;
    assert_eq!(trusted.path().await, "/profile");
    walk("story-recovery-code-again", trusted.view(), &app.base, async |other| {
        enter_stand_in(other, "Use a recovery code", used).await;
        other.says("That is not correct, or it was used before").await;
    })
    .await;
}

#[actix_web::test]
async fn a_lost_phone_and_an_administrators_pass() {
    for view in [View::PLAIN, POCKET] {
        let app = TestApp::start().await;
        app.guarded_by_sms("ada", PHONE.0, PHONE.1).await;
        app.administrator("sam").await;
        walk("story-pass-administrator", view, &app.base, async |sam| {
            sam.log_in("sam").await;
            sam.open("/admin/accounts").await;
            sam.click("ada").await;
            sam.click("Give out a one-time pass").await;
            sam.fill("Reason", "Her phone fell into the harbour").await;
            sam.press("Give out a pass").await;
            let [pass] = sam.texts(".pass").await.try_into().expect("one pass");
            walk("story-pass", view, &app.base, async |ada| {
                enter_stand_in(ada, "Use a one-time pass", &pass).await;
                ada.says("You logged in with a one-time pass").await;
                replace_the_number(&app, ada).await;
            })
            .await;
        })
        .await;
        is_asked_at_the_new_number(&app, view).await;
    }
}

#[actix_web::test]
async fn a_forgotten_password() {
    for view in [View::PLAIN, POCKET] {
        let app = TestApp::start().await;
        app.guarded_by_sms("ada", PHONE.0, PHONE.1).await;
        walk("story-forgotten", view, &app.base, async |chrome| {
            chrome.open("/login").await;
            chrome.click("Forgot your password?").await;
            chrome.fill("Username", "ada").await;
            chrome.press("Mail me a link").await;
            chrome.says("a link to choose another password is on its way").await;
            app.ask_for_reset("ada").await;
            chrome.open(&app.reset_link_to("ada@example.com").await).await;
            chrome.fill("New password", NEW).await;
            chrome.fill("New password again", NEW).await;
            chrome.press("Save password").await;
            chrome.says("Your new password is saved").await;
            chrome.log_in("ada").await;
            chrome.says("not correct").await;
            chrome.log_in_with("ada", NEW).await;
            assert_eq!(chrome.path().await, "/login/code", "the second factor is asked as ever");
            chrome.enter_code(&app.code_for(PHONE.1).await, "Log in").await;
            assert_eq!(chrome.path().await, "/profile");
        })
        .await;
    }
}
