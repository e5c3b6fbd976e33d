//! Accounts as people live with them: phones are lost, passwords stolen, administrators leave. One story a file, from the
//! first page to the last.

mod leaving;
mod lost_phone;
mod set_right;
mod thief;

use crate::support::browser::{Browser, Page};
use crate::support::codes::Reading;
use crate::support::links::not_me_link;
use crate::support::test_app::TestApp;

const ADA: &str = "ada@example.com";
const THIEF: &str = "thief@example.com";
const PHONE: &str = "+12125550142";
const NEW_PASSWORD: &str = "a rather unlikely sentence about herons";

/// Changes the address of record of who is logged in just now.
async fn change_email(browser: &Browser, app: &TestApp, to: &str) {
    let form = browser.get("/profile/email").await.form("Save").fill("email", to);
    let asked = form.submit().await.follow_all().await;
    let code = app.code_for(to).await;
    let saved = asked.form("Save").fill("code", &code).submit().await.follow_all().await;
    saved.says("Your email address is saved");
}

/// The link in the newest notice to an address that begins with these words.
async fn link_in(app: &TestApp, to: &str, begins: &str) -> String {
    let sent = app.sent().await;
    let notice = sent.iter().find(|entry| entry.to == to && entry.text.starts_with(begins));
    not_me_link(&notice.unwrap_or_else(|| panic!("{to} was not told: {begins}")).text).unwrap()
}

/// Opens a link of a notice where nobody was before, and presses its button.
async fn press_not_me(app: &TestApp, link: &str) -> Page {
    let page = app.browser().follow_all(link).await.expect(200);
    page.form("This wasn’t me").submit().await.expect(303).follow_all().await
}

/// Chooses a new password by the newest link that was mailed to Ada.
async fn choose_new_password(app: &TestApp) {
    let link = app.reset_link_to(ADA).await;
    let form = app.browser().follow_all(&link).await.form("Save password");
    let form = form.fill("new_password", NEW_PASSWORD).fill("new_password_again", NEW_PASSWORD);
    form.submit().await.expect(303).follow().await.says("Your new password is saved");
}

#[track_caller]
fn expect_out(page: &Page) {
    assert_eq!((page.status(), page.location()), (303, Some("/login")), "{}", page.describe());
}
