//! The lists of administration: nobody found, one, and very many with long names.

use chrono::TimeDelta;
use thirtyfour::By;

use super::super::chrome::Chrome;
use super::super::support::seed::{self, Size};
use super::super::support::test_app::{Deeds, TestApp};
use super::in_both_worlds;

const LONGEST: &str = "Wolfeschlegelsteinhausenbergerdorff.of-the-northern-harbour_1234";

fn fill(app: &TestApp) {
    let mut conn = app.database.location().connect().unwrap();
    seed::fill(&mut conn, Size { accounts: 1_500, events: 3_000, browsers: 0 }, app.now(), "$argon2id$");
}

#[actix_web::test]
async fn accounts() {
    in_both_worlds("admin-accounts", &[], async |app, chrome| {
        app.administrator("grace").await;
        chrome.log_in("grace").await;
        chrome.open("/admin/accounts").await;
        chrome.says("1 account. 1 has no Two Factor Authentication.").await;
        chrome.look_twice("one").await;
        chrome.fill("Username, name or email begins with", "nobody").await;
        chrome.press("Search").await;
        chrome.says("No account is like that.").await;
        chrome.look_twice("none").await;
        app.person(LONGEST).await;
        fill(app);
        chrome.click("Show all accounts").await;
        chrome.says("1,000+ accounts.").await;
        chrome.look_twice("many").await;
        chrome.click("Next page").await;
        chrome.look_twice("second-page").await;
        chrome.click("Previous page").await;
        filter(chrome).await;
        chrome.open("/admin/accounts?q=w").await;
        chrome.look_twice("long-names").await;
    })
    .await;
}

async fn filter(chrome: &Chrome) {
    let [locked] = chrome.texts(".filters ul:nth-of-type(3) li:nth-child(3) a").await.try_into().unwrap();
    chrome.click(&locked).await;
    chrome.fill("Username, name or email begins with", "A").await;
    chrome.press("Search").await;
    assert_eq!(chrome.path().await, "/admin/accounts?q=A&state=locked");
    chrome.look_twice("filtered").await;
}

#[actix_web::test]
async fn activity() {
    in_both_worlds("admin-activity", &[], async |app, chrome| {
        app.administrator("grace").await;
        app.person(LONGEST).await;
        let person = app.browser();
        person.log_in(LONGEST).await;
        chrome.log_in("grace").await;
        chrome.open("/admin/activity").await;
        chrome.look_twice("few").await;
        fill(app);
        chrome.open("/admin/activity").await;
        chrome.look_twice("many").await;
        chrome.click("Older").await;
        chrome.look_twice("older").await;
        chrome.choose("What happened", "Made an administrator").await;
        chrome.press("Show").await;
        chrome.says("Reason: Asked for by telephone").await;
        chrome.look_twice("filtered").await;
        chrome.fill("Username", "nobody").await;
        chrome.press("Show").await;
        assert_eq!(chrome.errors().await, ["There is no account with this username"]);
        chrome.look_twice("unknown-account").await;
        chrome.open("/admin/activity?to=2020-01-01").await;
        chrome.says("Nothing like that happened.").await;
        chrome.look_twice("none").await;
    })
    .await;
}

#[actix_web::test]
async fn deliveries() {
    in_both_worlds("admin-deliveries", &[], async |app, chrome| {
        app.administrator("grace").await;
        chrome.log_in("grace").await;
        chrome.open("/admin/deliveries").await;
        chrome.says("There is no such message.").await;
        chrome.look_twice("none").await;
        app.guarded(LONGEST).await;
        chrome.open("/admin/deliveries").await;
        chrome.look_twice("few").await;
        chrome.choose("State", "Handed over").await;
        chrome.choose("Sent by", "Email").await;
        chrome.press("Show").await;
        chrome.says("Set-up code").await;
        chrome.look_twice("filtered").await;
        chrome.press("Send a test email").await;
        chrome.says("A test message is on its way").await;
        chrome.look_twice("test").await;
    })
    .await;
}

#[actix_web::test]
async fn a_channel_that_is_down() {
    in_both_worlds("admin-alarm", &[("POSTERN_MAIL_URL", "smtp://127.0.0.1:1")], async |app, chrome| {
        app.administrator("grace").await;
        app.app.look_at_mail().await;
        chrome.log_in("grace").await;
        chrome.says_nothing_of("No email leaves").await;
        chrome.open("/admin/deliveries").await;
        chrome.says("No email leaves since").await;
        chrome.says("postern doctor --send-mail").await;
        chrome.look_twice("down").await;
        chrome.click("what was tried").await;
        assert_eq!(chrome.path().await, "/admin/deliveries?channel=email");
    })
    .await;
}

#[actix_web::test]
async fn a_message_that_took_several_attempts() {
    in_both_worlds("admin-attempts", &[("POSTERN_MAIL_URL", "smtp://127.0.0.1:1")], async |app, chrome| {
        app.administrator("grace").await;
        app.person(LONGEST).await;
        chrome.log_in("grace").await;
        let person = app.browser();
        person.log_in(LONGEST).await;
        let form = person.get("/profile/two-factor").await.form("Save").select("method", "email");
        form.fill("email", "long@example.com").submit().await;
        for _ in 0..3 {
            app.deliver_all().await;
            app.wait(TimeDelta::seconds(3));
        }
        chrome.open("/admin/deliveries").await;
        let attempts = chrome.driver().find(By::Css("summary")).await.unwrap();
        // Two or three: the waits between them are never quite the same.
        assert!(attempts.text().await.unwrap().ends_with(" attempts"));
        attempts.click().await.unwrap();
        chrome.says("connecting").await;
        chrome.look_twice("attempts").await;
    })
    .await;
}
