//! What people do in most walks, with their own hands.

use postern::flows::setup;

use super::chrome::{Chrome, Width};
use super::support::test_app::{PASSWORD, TestApp};

impl Chrome {
    /// Logs in with username and password, wherever that leads.
    pub async fn log_in(&self, name: &str) {
        self.log_in_with(name, PASSWORD).await;
    }

    /// The same with another password.
    pub async fn log_in_with(&self, name: &str, password: &str) {
        self.open("/login").await;
        self.fill("Username", name).await;
        self.fill("Password", password).await;
        self.press("Log in").await;
    }

    /// Logs in on a computer that is asked, and enters the code that went to `to`.
    pub async fn log_in_with_code(&self, app: &TestApp, name: &str, to: &str) {
        self.log_in(name).await;
        self.enter_code(&app.code_for(to).await, "Log in").await;
    }

    /// Logs out by the drop-down under the username.
    pub async fn log_out(&self, name: &str) {
        self.press(name).await;
        self.press("Log out").await;
    }

    /// Enters a code and presses the button that takes it.
    pub async fn enter_code(&self, code: &str, button: &str) {
        self.fill("6-digit code", code).await;
        self.press(button).await;
    }

    /// Goes to a page of the account, by the menu on its left; on a narrow window that menu opens from a button.
    pub async fn go_to(&self, page: &str) {
        if self.view().width == Width::Narrow {
            let [open] = self.texts(".side-button").await.try_into().expect("one button that opens the menu");
            self.press(&open).await;
        }
        self.click_in("#side-menu", page).await;
    }

    /// From being logged in just now to codes by Email at `address`; this computer is trusted.
    pub async fn turn_on_email(&self, app: &TestApp, address: &str) {
        self.open("/profile/two-factor").await;
        self.choose("Method", "Email").await;
        self.fill("Email address for codes", address).await;
        self.press("Save").await;
        self.enter_code(&app.code_for(address).await, "Save").await;
    }

    /// From being logged in just now to codes by SMS; this computer is trusted.
    pub async fn turn_on_sms(&self, app: &TestApp, phone: &str, e164: &str) {
        self.open("/profile/two-factor").await;
        self.choose("Method", "SMS").await;
        self.fill("Mobile phone number", phone).await;
        self.press("Save").await;
        self.enter_code(&app.code_for(e164).await, "Save").await;
    }

    /// Makes ten recovery codes, from having just confirmed who this is, and reads them from the page.
    pub async fn make_recovery_codes(&self) -> Vec<String> {
        self.open("/profile/recovery-codes").await;
        self.press("Make new recovery codes").await;
        let codes = self.texts("#recovery-codes li").await;
        assert_eq!(codes.len(), 10);
        codes
    }

    /// Holds some words of the page against what is expected.
    pub async fn says(&self, words: &str) {
        let text = self.text().await;
        assert!(text.contains(words), "{} does not say {words:?} but: {text}", self.path().await);
    }

    /// The opposite.
    pub async fn says_nothing_of(&self, words: &str) {
        let text = self.text().await;
        assert!(!text.contains(words), "{} says {words:?}: {text}", self.path().await);
    }
}

/// The path of the one-time link that the first start prints.
pub async fn setup_link(app: &TestApp) -> String {
    let token = setup::token(app.app.services()).await.expect("a database").expect("no account yet");
    format!("/setup?token={}", token.expose())
}
