//! Administration of one account, and the set-up that is required, in every state.

use postern::domain::administration::Act;

use super::super::chrome::Chrome;
use super::super::support::test_app::TestApp;
use super::in_both_worlds;

const PHONE: &str = "+12125550142";

async fn open_act(app: &TestApp, chrome: &Chrome, name: &str, act: Act) {
    chrome.open(&format!("{}/{}", app.account_path(name).await, act.as_str())).await;
}

#[actix_web::test]
async fn an_account_and_what_is_done_to_it() {
    in_both_worlds("admin", &[], async |app, chrome| {
        app.guarded("ada").await;
        app.administrator("sam").await;
        chrome.log_in("sam").await;
        chrome.press("sam").await;
        chrome.look_twice("menu").await;
        chrome.open(&app.account_path("ada").await).await;
        chrome.look_twice("account").await;
        chrome.click("Reset Two Factor Authentication").await;
        chrome.look_twice("reset").await;
        chrome.press("Reset it").await;
        assert_eq!(chrome.errors().await, ["Enter a reason of at least 3 characters"]);
        chrome.look_twice("no-reason").await;
        open_act(app, chrome, "ada", Act::IssuePass).await;
        chrome.fill("Reason", "Her phone fell into the harbour").await;
        chrome.press("Give out a pass").await;
        assert_eq!(chrome.heading().await, "One-time pass");
        chrome.look_twice("pass").await;
        open_act(app, chrome, "ada", Act::CorrectEmail).await;
        chrome.look_twice("correct-email").await;
        open_act(app, chrome, "ada", Act::Disable).await;
        chrome.press("Disable").await;
        chrome.says("The account is disabled").await;
        chrome.look_twice("disabled").await;
        chrome.open(&app.account_path("sam").await).await;
        chrome.look_twice("own-account").await;
    })
    .await;
}

#[actix_web::test]
async fn a_new_account_with_a_long_name() {
    let name = format!("w{}", "idest.account-name_".repeat(3)) + "012345";
    in_both_worlds("admin-new", &[], async |app, chrome| {
        app.administrator("sam").await;
        chrome.log_in("sam").await;
        chrome.open("/admin/accounts/new").await;
        chrome.look_twice("empty").await;
        chrome.press("Create account").await;
        assert_eq!(chrome.errors().await.len(), 2);
        chrome.look_twice("refused").await;
        chrome.fill("Username", &name).await;
        chrome.fill("Email address", &format!("{}@{}.example.com", "w".repeat(64), "ide".repeat(20))).await;
        chrome.press("Create account").await;
        chrome.says("The account is made").await;
        chrome.look_twice("made").await;
        chrome.click("Mail the invitation again").await;
        chrome.look_twice("invite-again").await;
    })
    .await;
}

#[actix_web::test]
async fn a_set_up_that_is_required() {
    in_both_worlds("required", &[("POSTERN_TWO_FACTOR_REQUIRED", "everyone")], async |app, chrome| {
        app.person("ada").await;
        chrome.log_in("ada").await;
        assert_eq!(chrome.path().await, "/profile/two-factor");
        chrome.look_twice("off").await;
        chrome.choose("Method", "SMS").await;
        chrome.fill("Mobile phone number", "212 555 0142").await;
        chrome.press("Save").await;
        chrome.says("First show that it is you").await;
        chrome.look_twice("mailbox").await;
        chrome.press("Use the pass").await;
        assert_eq!(chrome.errors().await, ["Enter the one-time pass"]);
        chrome.look_twice("no-pass").await;
        chrome.enter_code(&app.code_for("ada@example.com").await, "Save").await;
        chrome.look_twice("phone").await;
        chrome.enter_code(&app.code_for(PHONE).await, "Save").await;
        chrome.says("Two Factor Authentication is on").await;
        chrome.look_twice("on").await;
        app.by_operator("ada", Act::ForbidTrust).await;
        chrome.open("/profile/computers").await;
        chrome.says("an administrator has this account asked").await;
        chrome.look_twice("no-trust").await;
    })
    .await;
}

#[actix_web::test]
async fn one_code_where_the_mailbox_is_what_was_chosen() {
    in_both_worlds("one-code", &[], async |app, chrome| {
        app.person("ada").await;
        app.by_operator("ada", Act::RequireTwoFactor).await;
        chrome.log_in("ada").await;
        chrome.press("Save").await;
        chrome.says("one code is enough").await;
        chrome.look_twice("asked").await;
        chrome.enter_code(&app.code_for("ada@example.com").await, "Save").await;
        chrome.says("Two Factor Authentication is on").await;
    })
    .await;
}
