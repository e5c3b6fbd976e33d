//! What a page owes to people beyond being right: to hands without a mouse, eyes that need larger letters, password
//! managers, double clicks, and those whom somebody else's page sends here.

mod guards;
mod keyboard;
mod script;
mod sight;

use super::support::test_app::{Deeds, TestApp};

const MAIL: &str = "ada@example.com";

/// Ada, with codes by Email, and on another computer until now.
async fn ada_with_email() -> TestApp {
    let app = TestApp::start().await;
    app.person("ada").await;
    let elsewhere = app.browser();
    elsewhere.log_in("ada").await;
    elsewhere.turn_on_email(&app, "ada").await;
    app
}
