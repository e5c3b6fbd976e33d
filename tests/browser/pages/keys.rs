//! Recovery codes, and the other ways in, in every state.

use chrono::TimeDelta;

use super::super::chrome::{Chrome, Script};
use super::super::support::test_app::{PASSWORD, TestApp};
use super::in_both_worlds;

const MAIL: &str = "ada@example.com";
const WRONG: &str = "AAAA-BBBB-CCCC-DDDD";
const LABEL: &str = "Recovery code or one-time pass";

async fn ada_by_email(app: &TestApp, chrome: &Chrome) {
    app.person("ada").await;
    chrome.log_in("ada").await;
    chrome.turn_on_email(app, MAIL).await;
}

/// Logs out, and comes back on this computer after its trust is over, to the page with the other ways.
async fn choose_another_way(app: &TestApp, chrome: &Chrome) {
    chrome.log_out("ada").await;
    app.wait(TimeDelta::days(15));
    chrome.log_in("ada").await;
    chrome.click("Use another way").await;
    assert_eq!(chrome.heading().await, "Choose another way");
}

#[actix_web::test]
async fn recovery_codes_are_made_and_kept() {
    in_both_worlds("recovery-codes", &[], async |app, chrome| {
        app.person("ada").await;
        chrome.log_in("ada").await;
        chrome.open("/profile/recovery-codes").await;
        chrome.says("Two Factor Authentication is off, so no code is ever asked").await;
        chrome.look_twice("not-needed").await;
        chrome.turn_on_email(app, MAIL).await;
        chrome.click("make recovery codes").await;
        chrome.says("You have no recovery codes").await;
        chrome.look_twice("none").await;
        let codes = chrome.make_recovery_codes().await;
        let keeping = chrome.texts(".keep:not([hidden])").await.len();
        let expected = if chrome.view().script == Script::On { 2 } else { 0 };
        assert_eq!(keeping, expected, "Print and Copy need the script, Download does not");
        chrome.look_twice("made").await;
        chrome.click("I have kept them").await;
        assert_eq!(chrome.path().await, "/profile/two-factor");
        chrome.open("/profile/recovery-codes").await;
        chrome.says("You have 10 recovery codes left").await;
        chrome.says_nothing_of(&codes[0]).await;
        chrome.look_twice("ten-left").await;
        app.alter("UPDATE recovery_codes SET used_at = made_at WHERE id NOT IN (SELECT id FROM recovery_codes LIMIT 2)").await;
        chrome.open("/profile/recovery-codes").await;
        chrome.look_twice("few-left").await;
    })
    .await;
}

#[actix_web::test]
async fn another_way_at_a_login() {
    in_both_worlds("another-way", &[], async |app, chrome| {
        ada_by_email(app, chrome).await;
        choose_another_way(app, chrome).await;
        chrome.look_twice("no-recovery-codes").await;
        chrome.click("Use a one-time pass").await;
        chrome.look_twice("recovery").await;
        chrome.press("Log in").await;
        assert_eq!(chrome.errors().await, ["Enter a recovery code or one-time pass"]);
        chrome.look_twice("recovery-nothing-entered").await;
        chrome.fill(LABEL, WRONG).await;
        chrome.press("Log in").await;
        chrome.says("That is not correct, or it was used before. You have 4 tries left").await;
        chrome.look_twice("recovery-wrong").await;
        chrome.fill(LABEL, &app.pass_for("ada").await).await;
        chrome.press("Log in").await;
        chrome.says("You logged in with a one-time pass").await;
        chrome.look_twice("pass-used").await;

        let codes = chrome.make_recovery_codes().await;
        choose_another_way(app, chrome).await;
        chrome.look_twice("with-recovery-codes").await;
        chrome.click("Use a recovery code").await;
        chrome.fill(LABEL, &codes[0]).await;
        chrome.press("Log in").await;
        chrome.says("You have 9 recovery codes left").await;
        chrome.look_twice("recovery-code-used").await;
    })
    .await;
}

#[actix_web::test]
async fn a_recovery_code_confirms_who_it_is() {
    in_both_worlds("confirm-recovery", &[], async |app, chrome| {
        ada_by_email(app, chrome).await;
        let codes = chrome.make_recovery_codes().await;
        app.wait(TimeDelta::minutes(11));
        chrome.open("/profile/recovery-codes").await;
        chrome.press("Make new recovery codes").await;
        chrome.fill("Password", PASSWORD).await;
        chrome.press("Continue").await;
        chrome.look_twice("code").await;
        chrome.click("Use a recovery code or one-time pass").await;
        chrome.look_twice("asked").await;
        chrome.fill(LABEL, WRONG).await;
        chrome.press("Continue").await;
        assert_eq!(chrome.errors().await.len(), 1);
        chrome.look_twice("wrong").await;
        chrome.fill(LABEL, &codes[4]).await;
        chrome.press("Continue").await;
        assert_eq!(chrome.path().await, "/profile/recovery-codes");
        chrome.look_twice("went-on").await;
        app.deliver_all().await;
        chrome.open("/dev/mailbox").await;
        chrome.says("Recovery code used").await;
        chrome.look_twice("mailbox").await;
    })
    .await;
}
