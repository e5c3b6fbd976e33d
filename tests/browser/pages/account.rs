//! Profile and trusted computers, in every state.

use chrono::TimeDelta;

use super::super::chrome::Chrome;
use super::super::support::test_app::{Deeds, TestApp};
use super::in_both_worlds;

const PHONE_BROWSER: &str = "Mozilla/5.0 (Linux; Android 15; SM-S931B) AppleWebKit/537.36 (KHTML, like Gecko) \
                             SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36";

#[actix_web::test]
async fn the_profile() {
    in_both_worlds("profile", &[], async |app, chrome| {
        app.person("ada").await;
        chrome.log_in("ada").await;
        chrome.says("Your password is the only thing that protects this account").await;
        chrome.look_twice("first-login").await;
        chrome.fill("Name", "").await;
        chrome.press("Save").await;
        assert_eq!(chrome.errors().await, ["Enter your name"]);
        chrome.look_twice("no-name").await;
        chrome.fill("Name", &"a".repeat(101)).await;
        chrome.press("Save").await;
        assert_eq!(chrome.errors().await, ["Enter a name of at most 100 characters"]);
        chrome.look_twice("long-name").await;
        chrome.fill("Name", "Ada Byron").await;
        chrome.choose("Time zone", "Eastern Time – Toronto").await;
        chrome.press("Save").await;
        assert_eq!(chrome.texts("#notice").await, ["Your profile is saved."]);
        chrome.says("It is 10:42 am there now").await;
        chrome.look_twice("saved").await;
        chrome.turn_on_email(app, "ada@example.com").await;
        chrome.log_out("ada").await;
        chrome.log_in("ada").await;
        chrome.look_twice("two-factor-on").await;
    })
    .await;
}

#[actix_web::test]
async fn the_longest_names() {
    let name = format!("w{}", "idest.account-name_".repeat(3)) + "012345";
    let name = name.as_str();
    in_both_worlds("long-names", &[("POSTERN_BRAND_NAME", "Harbour Freight Coop")], async |app, chrome| {
        app.person(name).await;
        chrome.log_in(name).await;
        chrome.fill("Name", &"Wolfeschlegelsteinhausenbergerdorff".repeat(3)[..100]).await;
        chrome.press("Save").await;
        chrome.look_twice("profile").await;
        chrome.press(name).await;
        chrome.look_twice("profile-menu").await;
        let address = format!("{}@{}.example.com", "w".repeat(64), "ide".repeat(20));
        chrome.open("/profile/two-factor").await;
        chrome.choose("Method", "Email").await;
        chrome.fill("Email address for codes", &address).await;
        chrome.press("Save").await;
        chrome.look_twice("code").await;
        chrome.enter_code(&app.code_for(&address).await, "Save").await;
        chrome.look_twice("two-factor").await;
        chrome.open("/dev/mailbox").await;
        chrome.look_twice("mailbox").await;
    })
    .await;
}

#[actix_web::test]
async fn trusted_computers() {
    in_both_worlds("computers", &[], async |app, chrome| {
        app.person("ada").await;
        chrome.log_in("ada").await;
        chrome.open("/profile/computers").await;
        chrome.says("because Two Factor Authentication is off").await;
        chrome.look_twice("two-factor-off").await;
        chrome.turn_on_email(app, "ada@example.com").await;
        chrome.open("/profile/computers").await;
        assert_eq!(chrome.texts("tbody tr").await.len(), 1);
        chrome.look_twice("one").await;
        use_others(app).await;
        chrome.log_in("ada").await;
        chrome.open("/profile/computers").await;
        assert_eq!(chrome.texts("tbody tr").await.len(), 4);
        chrome.look_twice("many").await;
        forget(app, chrome).await;
    })
    .await;
}

/// Three more computers, one of them used again since.
async fn use_others(app: &TestApp) {
    let agents = [None, Some(PHONE_BROWSER), Some("curl/8.5.0")];
    for agent in agents {
        app.wait(TimeDelta::hours(20));
        let browser = app.browser();
        let browser = match agent {
            Some(agent) => browser.with_user_agent(agent),
            None => browser,
        };
        browser.log_in_with_code(app, "ada").await;
        if agent.is_some() {
            app.wait(TimeDelta::minutes(50));
            browser.log_in("ada").await;
        }
    }
}

async fn forget(app: &TestApp, chrome: &Chrome) {
    chrome.press("Forget Samsung Internet on Android").await;
    chrome.says("Samsung Internet on Android is not trusted any more").await;
    chrome.look_twice("one-forgotten").await;
    chrome.press("Forget all computers").await;
    chrome.says("No computer is trusted any more").await;
    chrome.look_twice("all-forgotten").await;
    chrome.log_out("ada").await;
    chrome.log_in_with_code(app, "ada", "ada@example.com").await;
    chrome.open("/profile/two-factor").await;
    chrome.tick("Ask for a code on every login", true).await;
    chrome.press("Save").await;
    chrome.open("/profile/computers").await;
    chrome.says("because you chose to be asked for a code on every login").await;
    chrome.look_twice("every-login").await;
}

#[actix_web::test]
async fn sessions_and_activity() {
    in_both_worlds("sessions", &[], async |app, chrome| {
        app.person("ada").await;
        chrome.log_in("ada").await;
        chrome.go_to("Sessions").await;
        chrome.says("You are logged in nowhere else").await;
        chrome.look_twice("one").await;
        let phone = app.browser().with_user_agent(PHONE_BROWSER);
        phone.log_in("ada").await;
        app.browser().log_in("ada").await;
        app.wait(TimeDelta::minutes(5));
        chrome.open("/profile/sessions").await;
        chrome.look_twice("three").await;
        chrome.press("End Samsung Internet on Android").await;
        chrome.says("Samsung Internet on Android is logged out").await;
        chrome.look_twice("one-ended").await;
        chrome.press("End all other sessions").await;
        chrome.says("You are logged out everywhere else").await;
        chrome.turn_on_email(app, "ada@example.com").await;
        app.wait(TimeDelta::seconds(1));
        for n in 0..50 {
            let name = format!("Ada {n}");
            chrome.open("/profile").await;
            chrome.fill("Name", &name).await;
            chrome.press("Save").await;
        }
        chrome.go_to("Activity").await;
        chrome.click("Older").await;
        chrome.says("Two Factor Authentication turned on").await;
        chrome.look_twice("activity").await;
        chrome.click("Newer").await;
        chrome.look_twice("activity-newest").await;
    })
    .await;
}

#[actix_web::test]
async fn this_was_not_me() {
    in_both_worlds("not-me", &[], async |app, chrome| {
        app.person("ada").await;
        let thief = app.browser();
        thief.log_in("ada").await;
        thief.turn_on_sms(app, "212 555 0142", "+12125550142").await;
        let link = app.notice_link("ada@example.com").await;
        chrome.open("/dev/mailbox").await;
        chrome.look_twice("mailbox").await;
        chrome.open(&link).await;
        assert_eq!(
            (chrome.path().await, chrome.heading().await),
            ("/not-me".into(), "This wasn’t me".into())
        );
        chrome.look_twice("page").await;
        chrome.press("This wasn’t me").await;
        chrome.says("Everybody is logged out").await;
        chrome.look_twice("done").await;
        chrome.open(&link).await;
        assert_eq!(chrome.heading().await, "This link was used");
        chrome.look_twice("used").await;
        app.wait(TimeDelta::hours(73));
        chrome.open("/not-me?token=x.y").await;
        chrome.look_twice("over").await;
        chrome.log_in("ada").await;
        assert_eq!(chrome.path().await, "/profile", "the thief’s phone is not asked");
    })
    .await;
}
