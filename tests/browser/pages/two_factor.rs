//! Two Factor Authentication and *Confirm it's you*, in every state.

use chrono::TimeDelta;

use super::super::chrome::Chrome;
use super::super::support::test_app::{PASSWORD, TestApp};
use super::in_both_worlds;

const MAIL: &str = "ada@example.com";
const PHONE: &str = "+12125550142";

#[actix_web::test]
async fn turning_it_on() {
    in_both_worlds("two-factor", &[], async |app, chrome| {
        app.person("ada").await;
        chrome.log_in("ada").await;
        chrome.open("/profile/two-factor").await;
        choose_each_method(chrome).await;
        mistype(chrome).await;
        wait_for_the_code(app, chrome).await;
        give_it_up(app, chrome).await;
    })
    .await;
}

/// The fields of the chosen method show, and no others, with script or without.
async fn choose_each_method(chrome: &Chrome) {
    for (method, fields, state) in [
        ("Disabled", vec!["Method"], "off"),
        ("Email", vec!["Method", "Email address for codes", "Ask for a code on every login"], "email-chosen"),
        (
            "SMS",
            vec!["Method", "Country code", "Mobile phone number", "Ask for a code on every login"],
            "sms-chosen",
        ),
    ] {
        chrome.choose("Method", method).await;
        let shown = "return [...document.querySelectorAll('.methods label')]\
            .filter(label => label.checkVisibility()).map(label => label.innerText)";
        assert_eq!(chrome.run(shown, vec![]).await, serde_json::json!(fields));
        chrome.look_twice(state).await;
    }
}

async fn mistype(chrome: &Chrome) {
    chrome.fill("Mobile phone number", "212 555 014").await;
    chrome.press("Save").await;
    assert_eq!(chrome.errors().await, ["Enter a mobile number with 10 digits after the country code"]);
    chrome.look_twice("bad-number").await;
    chrome.fill("Mobile phone number", "(876) 555-0142").await;
    chrome.press("Save").await;
    assert_eq!(chrome.errors().await.len(), 1, "Jamaica is +1, too");
    chrome.says("This number is in Jamaica").await;
    chrome.choose("Method", "Email").await;
    chrome.fill("Email address for codes", "ada@").await;
    chrome.press("Save").await;
    assert_eq!(chrome.errors().await.len(), 1);
    chrome.look_twice("bad-address").await;
    chrome.choose("Method", "Disabled").await;
    chrome.press("Save").await;
    assert_eq!(chrome.texts("#notice").await, ["Nothing changed."]);
    chrome.look_twice("nothing-changed").await;
}

#[actix_web::test]
async fn a_number_that_five_accounts_use_already() {
    in_both_worlds("two-factor-number-full", &[], async |app, chrome| {
        for name in ["ada", "bob", "cem", "dan", "eve"] {
            app.guarded_by_sms(name, "(212) 555-0142", PHONE).await;
            app.wait(TimeDelta::minutes(3));
        }
        app.person("fay").await;
        chrome.log_in("fay").await;
        chrome.open("/profile/two-factor").await;
        chrome.choose("Method", "SMS").await;
        chrome.fill("Mobile phone number", "(212) 555-0142").await;
        chrome.press("Save").await;
        assert_eq!(chrome.errors().await.len(), 1);
        chrome.says("5 accounts use this number already").await;
        chrome.look_twice("full").await;
    })
    .await;
}

async fn wait_for_the_code(app: &TestApp, chrome: &Chrome) {
    chrome.choose("Method", "Email").await;
    chrome.fill("Email address for codes", MAIL).await;
    chrome.press("Save").await;
    assert_eq!(chrome.focused().await, "6-digit code");
    chrome.look_twice("code-waiting").await;
    app.deliver_all().await;
    chrome.open("/profile/two-factor").await;
    chrome.look_twice("code-handed-over").await;
    chrome.enter_code("1234", "Save").await;
    assert_eq!(chrome.errors().await, ["The code has 6 digits – you entered 4"]);
    chrome.look_twice("code-short").await;
    chrome.press("Request another code").await;
    chrome.says("You can ask for another at 3:42 pm UTC, in 30 seconds").await;
    chrome.look_twice("code-too-soon").await;
    app.wait(TimeDelta::seconds(30));
    chrome.press("Request another code").await;
    chrome.says("Another message is on its way").await;
    chrome.look_twice("code-sent-again").await;
}

async fn give_it_up(app: &TestApp, chrome: &Chrome) {
    chrome.click("Change the method or where codes go").await;
    assert_eq!(chrome.field("Email address for codes").await.value().await.unwrap().unwrap(), MAIL);
    chrome.look_twice("change").await;
    chrome.open("/profile/two-factor").await;
    chrome.press("Cancel").await;
    chrome.says("The set-up was cancelled").await;
    chrome.look_twice("cancelled").await;

    chrome.choose("Method", "Email").await;
    chrome.press("Save").await;
    let code = app.code_for(MAIL).await;
    let wrong = if code == "123456" { "654321" } else { "123456" };
    for _ in 0..5 {
        chrome.enter_code(wrong, "Save").await;
    }
    chrome.says("That code was not confirmed, so nothing changed").await;
    chrome.look_twice("ended").await;
}

#[actix_web::test]
async fn changing_it_and_turning_it_off() {
    in_both_worlds("two-factor-on", &[], async |app, chrome| {
        app.person("ada").await;
        chrome.log_in("ada").await;
        chrome.turn_on_email(app, MAIL).await;
        chrome.look_twice("turned-on").await;
        chrome.tick("Ask for a code on every login", true).await;
        chrome.press("Save").await;
        chrome.says("From now on every login asks for a code").await;
        chrome.look_twice("every-login").await;

        app.wait(TimeDelta::minutes(11));
        chrome.choose("Method", "SMS").await;
        chrome.choose("Country code", "Canada (+1)").await;
        chrome.fill("Mobile phone number", "(416) 555-0142").await;
        chrome.tick("Ask for a code on every login", false).await;
        chrome.press("Save").await;
        confirm_who_you_are(app, chrome).await;
        app.deliver_all().await;
        chrome.open("/profile/two-factor").await;
        chrome.says("went to the carrier").await;
        chrome.look_twice("code-to-the-phone").await;
        chrome.enter_code(&app.code_for("+14165550142").await, "Save").await;
        chrome.says("Codes go to the new place now").await;
        chrome.look_twice("changed").await;
        turn_it_off(chrome).await;
    })
    .await;
}

async fn confirm_who_you_are(app: &TestApp, chrome: &Chrome) {
    assert_eq!((chrome.path().await, chrome.focused().await), ("/confirm".into(), "Password".into()));
    chrome.look_twice("confirm-password").await;
    chrome.fill("Password", "wrong").await;
    chrome.press("Continue").await;
    assert_eq!(chrome.errors().await.len(), 1);
    chrome.look_twice("confirm-wrong-password").await;
    chrome.fill("Password", PASSWORD).await;
    chrome.press("Continue").await;
    assert_eq!(chrome.focused().await, "6-digit code");
    app.deliver_all().await;
    chrome.open("/confirm").await;
    chrome.look_twice("confirm-code").await;
    chrome.enter_code("12", "Continue").await;
    assert_eq!(chrome.errors().await.len(), 1);
    chrome.look_twice("confirm-wrong-code").await;
    chrome.press("Request another code").await;
    chrome.look_twice("confirm-too-soon").await;
    chrome.enter_code(&app.code_for(MAIL).await, "Continue").await;
}

async fn turn_it_off(chrome: &Chrome) {
    chrome.choose("Method", "Disabled").await;
    chrome.says("With Disabled your password alone opens this account").await;
    chrome.look_twice("disabled-chosen").await;
    chrome.press("Save").await;
    chrome.says("Two Factor Authentication is off").await;
    chrome.look_twice("turned-off").await;
}

#[actix_web::test]
async fn too_many_codes_at_set_up() {
    in_both_worlds("two-factor-limits", &[], async |app, chrome| {
        app.person("ada").await;
        chrome.log_in("ada").await;
        for _ in 0..6 {
            chrome.open("/profile/two-factor?change=yes").await;
            chrome.choose("Method", "SMS").await;
            chrome.fill("Mobile phone number", PHONE).await;
            chrome.press("Save").await;
        }
        chrome.says("Nothing is sent now").await;
        chrome.look_twice("not-sent").await;
        chrome.press("Request another code").await;
        chrome.says("You can ask for another at 3:52 pm UTC, in 10 minutes").await;
        chrome.look_twice("not-sent-too-soon").await;
    })
    .await;
}
