//! A password changed, and one forgotten; the e-mail address of record. In every state.

use chrono::TimeDelta;

use super::super::chrome::Chrome;
use super::super::support::test_app::PASSWORD;
use super::in_both_worlds;

const MAIL: &str = "ada@example.com";
const NEW_MAIL: &str = "lovelace@example.net";
const NEW: &str = "a rather unlikely sentence about herons";

async fn choose_password(chrome: &Chrome, password: &str, again: &str, button: &str) {
    chrome.fill("New password", password).await;
    chrome.fill("New password again", again).await;
    chrome.press(button).await;
}

#[actix_web::test]
async fn a_password_is_changed() {
    in_both_worlds("password", &[], async |app, chrome| {
        app.person("ada").await;
        chrome.log_in("ada").await;
        chrome.go_to("Password").await;
        chrome.look_twice("empty").await;
        chrome.fill("Current password", "not the one at all").await;
        choose_password(chrome, "short", "shorter", "Save").await;
        assert!(!chrome.errors().await.is_empty());
        chrome.look_twice("refused").await;
        chrome.fill("Current password", PASSWORD).await;
        choose_password(chrome, NEW, NEW, "Save").await;
        chrome.says("Your new password is saved").await;
        chrome.look_twice("saved").await;
        chrome.turn_on_email(app, MAIL).await;
        app.wait(TimeDelta::minutes(11));
        chrome.open("/profile/password").await;
        chrome.says("we ask for a code first").await;
        chrome.look_twice("code-first").await;
        chrome.fill("Current password", NEW).await;
        choose_password(chrome, PASSWORD, PASSWORD, "Save").await;
        assert_eq!(chrome.path().await, "/confirm");
        chrome.look_twice("confirm").await;
        chrome.enter_code(&app.code_for(MAIL).await, "Continue").await;
        chrome.says("Now choose the new password").await;
        chrome.look_twice("choose-now").await;
    })
    .await;
}

#[actix_web::test]
async fn a_password_is_forgotten() {
    in_both_worlds("forgotten", &[], async |app, chrome| {
        app.person("ada").await;
        chrome.open("/login").await;
        chrome.click("Forgot your password?").await;
        chrome.look_twice("asked").await;
        chrome.press("Mail me a link").await;
        assert_eq!(chrome.errors().await, ["Enter your username"]);
        chrome.look_twice("no-username").await;
        chrome.fill("Username", "nobody").await;
        chrome.press("Mail me a link").await;
        chrome.says("If there is such an account").await;
        chrome.look_twice("mailed").await;
        app.ask_for_reset("ada").await;
        chrome.open("/dev/mailbox").await;
        chrome.look_twice("mailbox").await;
        let link = app.reset_link_to(MAIL).await;
        chrome.open(&link).await;
        assert_eq!(chrome.path().await, "/password/reset", "the token does not stay in the address");
        chrome.look_twice("choose").await;
        choose_password(chrome, "short", "short", "Save password").await;
        assert_eq!(chrome.errors().await, ["Enter at least 15 characters"]);
        chrome.look_twice("refused").await;
        choose_password(chrome, NEW, NEW, "Save password").await;
        assert_eq!(chrome.path().await, "/login", "it logs nobody in");
        chrome.look_twice("saved").await;
        chrome.open(&link).await;
        assert_eq!(chrome.heading().await, "This link was used");
        chrome.look_twice("used").await;
        chrome.open("/password/reset?token=x.y").await;
        assert_eq!(chrome.heading().await, "This link is over");
        chrome.look_twice("over").await;
    })
    .await;
}

#[actix_web::test]
async fn a_mailbox_that_is_both_factors_is_not_enough() {
    in_both_worlds("one-mailbox", &[], async |app, chrome| {
        app.guarded("ada").await;
        app.ask_for_reset("ada").await;
        chrome.open(&app.reset_link_to(MAIL).await).await;
        chrome.says("we ask for one thing more").await;
        chrome.look_twice("asked").await;
        choose_password(chrome, NEW, NEW, "Save password").await;
        assert_eq!(chrome.errors().await, ["Enter a recovery code or one-time pass"]);
        chrome.look_twice("nothing-entered").await;
    })
    .await;
}

#[actix_web::test]
async fn the_email_address_of_record() {
    in_both_worlds("email", &[], async |app, chrome| {
        app.person("ada").await;
        chrome.log_in("ada").await;
        chrome.turn_on_email(app, MAIL).await;
        chrome.open("/profile").await;
        chrome.click("Change email address").await;
        chrome.says("It is this mailbox").await;
        chrome.look_twice("page").await;
        chrome.fill("New email address", "ada@").await;
        chrome.press("Save").await;
        assert_eq!(chrome.errors().await.len(), 1);
        chrome.look_twice("bad-address").await;
        chrome.fill("New email address", NEW_MAIL).await;
        chrome.press("Save").await;
        chrome.look_twice("code-waiting").await;
        chrome.enter_code("12", "Save").await;
        chrome.look_twice("code-short").await;
        chrome.press("Request another code").await;
        chrome.says("It is too early").await;
        chrome.look_twice("too-soon").await;
        chrome.press("Cancel").await;
        chrome.says("The new address was given up").await;
        chrome.look_twice("given-up").await;
        app.wait(TimeDelta::seconds(31));
        chrome.fill("New email address", NEW_MAIL).await;
        chrome.press("Save").await;
        chrome.enter_code(&app.code_for(NEW_MAIL).await, "Save").await;
        chrome.says("Your email address is saved").await;
        chrome.look_twice("changed").await;
        app.deliver_all().await;
        chrome.open("/dev/mailbox").await;
        chrome.says("Email address changed").await;
        chrome.look_twice("mailbox").await;
    })
    .await;
}
