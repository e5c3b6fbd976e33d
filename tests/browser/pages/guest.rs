//! What somebody sees who is not logged in.

use chrono::TimeDelta;
use postern::domain::account::Role;
use postern::domain::email::EmailAddress;
use postern::domain::event::Actor;
use postern::domain::username::Username;
use postern::flows::invitation::{self, First, Made, New};

use super::super::chrome::Chrome;
use super::super::deeds::setup_link;
use super::super::support::test_app::{PASSWORD, TestApp};
use super::in_both_worlds;

#[actix_web::test]
async fn the_login_page_in_every_state() {
    in_both_worlds("login", &[], async |app, chrome| {
        app.person("ada").await;
        chrome.open("/login").await;
        assert_eq!(chrome.focused().await, "Username");
        chrome.look_twice("clean").await;
        chrome.press("Log in").await;
        assert_eq!(chrome.errors().await, ["Enter your username", "Enter your password"]);
        chrome.look_twice("empty").await;
        chrome.log_in_with("ada", "").await;
        assert_eq!(chrome.errors().await, ["Enter your password"]);
        chrome.look_twice("no-password").await;
        chrome.log_in_with("ada", "wrong").await;
        assert_eq!(chrome.errors().await, ["The username or password is not correct"]);
        chrome.look_twice("wrong").await;

        chrome.log_in("ada").await;
        chrome.log_out("ada").await;
        chrome.says("You have logged out").await;
        chrome.look_twice("logged-out").await;
        chrome.log_in("ada").await;
        chrome.turn_on_email(app, "ada@example.com").await;
        chrome.log_out("ada").await;
        chrome.says("This computer stays trusted until December 8").await;
        chrome.look_twice("logged-out-trusted").await;
        chrome.log_in("ada").await;
        app.wait(TimeDelta::hours(1));
        chrome.open("/profile").await;
        chrome.says("because nothing happened for").await;
        chrome.look_twice("timed-out").await;
        chrome.log_in("ada").await;
        chrome.press("ada").await;
        chrome.look_twice("menu-open").await;
        chrome.press("Log out and forget this computer").await;
        chrome.says("This computer is not trusted any more").await;
        chrome.look_twice("logged-out-forgotten").await;
    })
    .await;
}

#[actix_web::test]
async fn the_login_page_when_it_does_not_go_on() {
    in_both_worlds("login-stopped", &[], async |app, chrome| {
        chrome.open("/login").await;
        chrome.driver().delete_all_cookies().await.expect("a browser without cookies");
        chrome.fill("Username", "ada").await;
        chrome.fill("Password", PASSWORD).await;
        chrome.press("Log in").await;
        chrome.says("Turn on cookies to log in").await;
        chrome.look_twice("cookies-off").await;

        // Another tab has begun anew meanwhile: the form here carries the token of before.
        chrome.open("/login").await;
        let other = app.browser();
        other.get("/login").await;
        let fresh = other.cookie("postern").unwrap();
        let fresh = thirtyfour::Cookie::new("postern", fresh.value());
        chrome.driver().add_cookie(fresh).await.expect("another guest's cookie");
        chrome.fill("Username", "ada").await;
        chrome.fill("Password", PASSWORD).await;
        chrome.press("Log in").await;
        chrome.says("This page was open too long").await;
        assert_eq!(chrome.field("Username").await.value().await.unwrap().unwrap(), "ada");
        chrome.look_twice("stale").await;

        for _ in 0..6 {
            chrome.log_in_with("ada", "wrong").await;
        }
        assert_eq!(chrome.heading().await, "You cannot log in for 30 seconds");
        chrome.look_twice("closed-for-a-while").await;
        let elsewhere = app.browser();
        for _ in 0..100 {
            app.wait(TimeDelta::hours(1));
            let form = elsewhere.get("/login").await.form("Log in");
            form.fill("username", "ada").fill("password", "wrong").submit().await;
        }
        chrome.log_in_with("ada", "wrong").await;
        assert_eq!(chrome.heading().await, "You cannot log in from here");
        chrome.look_twice("closed-until-a-reset").await;
    })
    .await;
}

#[actix_web::test]
async fn the_first_account() {
    in_both_worlds("setup", &[], async |app, chrome| {
        let link = setup_link(app).await;
        chrome.open(&link).await;
        assert_eq!(chrome.focused().await, "Username");
        chrome.look_twice("clean").await;
        chrome.fill("Username", "a").await;
        chrome.fill("Email address", "ada@").await;
        chrome.fill("Password", "short").await;
        chrome.press("Create account").await;
        assert_eq!(chrome.errors().await.len(), 3);
        chrome.look_twice("errors").await;
        chrome.fill("Username", "ada").await;
        chrome.fill("Email address", "ada@example.com").await;
        chrome.fill("Password", PASSWORD).await;
        chrome.fill("Password again", PASSWORD).await;
        chrome.press("Create account").await;
        chrome.says("Your account is ready").await;
        chrome.look_twice("done").await;
        chrome.click("turn on Two Factor Authentication").await;
        assert_eq!(chrome.path().await, "/profile/two-factor");

        chrome.open(&link).await;
        assert_eq!(chrome.heading().await, "There is no such page", "the link works once");
    })
    .await;
}

#[actix_web::test]
async fn an_invitation() {
    in_both_worlds("invitation", &[], async |app, chrome| {
        let link = invite(app, "grace").await;
        chrome.open(&link).await;
        assert_eq!(chrome.path().await, "/invitation", "the token does not stay in the address");
        assert_eq!(chrome.focused().await, "New password");
        chrome.look_twice("clean").await;
        chrome.fill("New password", "short").await;
        chrome.press("Save password").await;
        assert_eq!(chrome.errors().await, ["Enter at least 15 characters"]);
        chrome.look_twice("too-short").await;
        chrome.fill("New password", PASSWORD).await;
        chrome.fill("New password again", "correct horse").await;
        chrome.press("Save password").await;
        assert_eq!(chrome.errors().await.len(), 1);
        chrome.look_twice("different").await;
        chrome.fill("New password", PASSWORD).await;
        chrome.fill("New password again", PASSWORD).await;
        chrome.press("Save password").await;
        chrome.says("Your password is saved").await;
        chrome.look_twice("saved").await;

        chrome.open(&link).await;
        assert_eq!(chrome.heading().await, "This invitation was used");
        chrome.look_twice("used").await;
        let link = invite(app, "lin").await;
        app.wait(TimeDelta::days(60));
        chrome.open(&link).await;
        assert_eq!(chrome.heading().await, "This invitation is over");
        chrome.look_twice("over").await;
    })
    .await;
}

/// Invites somebody; the path of the link that was made.
async fn invite(app: &TestApp, name: &str) -> String {
    let new = New {
        username: Username::parse(name).unwrap(),
        email: EmailAddress::parse(&format!("{name}@example.com")).unwrap(),
        role: Role::Person,
        first: First::PrintedLink,
    };
    match invitation::create(app.app.services(), new, Actor::Operator).await.unwrap() {
        Made::Invited(link) => link.expose().strip_prefix(&app.base).expect("a link to here").to_owned(),
        Made::WithPassword | Made::Mailed(_) | Made::NameTaken => panic!("not invited"),
    }
}

#[actix_web::test]
async fn help_and_the_mailbox() {
    in_both_worlds("reading", &[("POSTERN_BRAND_SUPPORT", "help@harbour.example")], async |app, chrome| {
        app.person("ada").await;
        chrome.open("/help").await;
        chrome.look_twice("help").await;
        mailbox(app, chrome).await;
        chrome.open("/help").await;
        assert_eq!(chrome.texts(".who").await, ["ada"]);
        chrome.look_twice("help-logged-in").await;
    })
    .await;
}

async fn mailbox(app: &TestApp, chrome: &Chrome) {
    chrome.open("/dev/mailbox").await;
    chrome.says("Nothing yet").await;
    chrome.look_twice("mailbox-empty").await;
    chrome.log_in("ada").await;
    chrome.turn_on_email(app, "ada@example.com").await;
    chrome.turn_on_sms(app, "(212) 555-0142", "+12125550142").await;
    chrome.open("/dev/mailbox").await;
    assert_eq!(chrome.texts("article").await.len(), 3, "two codes, and the notice of the first");
    chrome.look_twice("mailbox").await;
}
