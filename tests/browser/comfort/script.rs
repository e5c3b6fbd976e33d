//! What the small script adds, and that nothing is lost without it.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use thirtyfour::prelude::Key;

use super::super::chrome::{Chrome, Script, View, walk};
use super::super::support::browser::Browser;
use super::super::support::test_app::{Deeds, PASSWORD, TestApp};
use super::{MAIL, ada_with_email};

const WITHOUT_SCRIPT: View = View { script: Script::Off, ..View::PLAIN };

#[actix_web::test]
async fn a_code_can_be_pasted_as_it_comes() {
    let app = ada_with_email().await;
    let spaced = |code: &str| format!(" {} {} ", &code[..3], &code[3..]);
    let dashed = |code: &str| format!("{}-{}", &code[..3], &code[3..]);
    let sentence = |code: &str| format!("Your code is {code}.");
    let plain: [&dyn Fn(&str) -> String; 2] = [&spaced, &dashed];
    for (view, ways) in [(View::PLAIN, [&plain[..], &[&sentence]].concat()), (WITHOUT_SCRIPT, plain.to_vec())]
    {
        walk("paste", view, &app.base, async |chrome| {
            for way in ways {
                chrome.log_in("ada").await;
                let code = app.code_for(MAIL).await;
                copy_and_paste(chrome, &way(&code)).await;
                chrome.press("Log in").await;
                assert_eq!(chrome.path().await, "/profile", "{}", way("482913"));
                chrome.press("ada").await;
                chrome.press("Log out and forget this computer").await;
            }
        })
        .await;
    }
}

/// Types into the code field, cuts it out again, and pastes it: what a clipboard does, and its events.
async fn copy_and_paste(chrome: &Chrome, text: &str) {
    chrome.fill("6-digit code", text).await;
    for letter in ["a", "x", "v"] {
        chrome.keys(Key::Control + letter).await;
    }
    let pasted = chrome.field("6-digit code").await.value().await.unwrap().unwrap();
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    assert_eq!(digits(&pasted), digits(text));
    if chrome.view().script == Script::On {
        assert_eq!(pasted, digits(text), "the script keeps the digits");
    }
}

#[actix_web::test]
async fn zeros_at_the_front_count() {
    let app = ada_with_email().await;
    let (browser, code) = asked_for_a_code_with_a_zero(&app).await;
    walk("leading-zero", WITHOUT_SCRIPT, &app.base, async |chrome| {
        chrome.open("/login").await;
        for cookie in browser.cookies() {
            let cookie = thirtyfour::Cookie::new(cookie.name(), cookie.value());
            chrome.driver().add_cookie(cookie).await.unwrap();
        }
        chrome.open("/login/code").await;
        chrome.enter_code(&code, "Log in").await;
        assert_eq!(chrome.path().await, "/profile", "{code}");
    })
    .await;
}

async fn asked_for_a_code_with_a_zero(app: &TestApp) -> (Browser, String) {
    loop {
        let browser = app.browser();
        browser.log_in("ada").await;
        let code = app.code_for(MAIL).await;
        if code.starts_with('0') {
            return (browser, code);
        }
        // Used codes count against no limit.
        let page = browser.get("/login/code").await;
        page.form("Log in").fill("code", &code).submit().await;
    }
}

#[actix_web::test]
async fn a_password_can_be_shown() {
    let app = TestApp::start().await;
    app.person("ada").await;
    walk("show-password", View::PLAIN, &app.base, async |chrome| {
        chrome.open("/login").await;
        let kind = async || chrome.field("Password").await.attr("type").await.unwrap().unwrap();
        chrome.fill("Username", "ada").await;
        chrome.fill("Password", PASSWORD).await;
        chrome.press("Show password").await;
        assert_eq!(kind().await, "text");
        assert_eq!(chrome.texts("[data-said]").await, ["What you typed is visible"]);
        chrome.look_twice("shown").await;
        chrome.press("Hide password").await;
        assert_eq!(kind().await, "password");
        chrome.press("Show password").await;
        chrome.press("Log in").await;
        assert_eq!(chrome.path().await, "/profile");
    })
    .await;
}

#[actix_web::test]
async fn a_double_click_does_no_harm() {
    for view in [View::PLAIN, WITHOUT_SCRIPT] {
        let app = ada_with_email().await;
        let before = app.sent().await.len();
        walk("double-click", view, &app.base, async |chrome| {
            chrome.open("/login").await;
            chrome.fill("Username", "ada").await;
            chrome.fill("Password", PASSWORD).await;
            chrome.press_twice("Log in").await;
            assert_eq!(chrome.path().await, "/login/code");
            let sent = app.sent().await;
            match view.script {
                Script::On => assert_eq!(sent.len(), before + 1, "one login, one message"),
                // Two logins began side by side. What is sent again is surely this one's code.
                Script::Off => {
                    app.wait(TimeDelta::seconds(60));
                    chrome.press("Request another code").await;
                }
            }
            chrome.fill("6-digit code", &app.code_for(MAIL).await).await;
            chrome.press_twice("Log in").await;
            match view.script {
                Script::On => assert_eq!(chrome.path().await, "/profile"),
                // The browser gives the first answer up, and with it perhaps the new ticket; then the page says what to do.
                Script::Off if chrome.path().await == "/profile" => {}
                Script::Off => chrome.says("That login is over. Log in again to go on.").await,
            }
        })
        .await;
    }
}

#[actix_web::test]
async fn the_page_learns_by_itself_that_the_message_left() {
    let app = ada_with_email().await;
    walk("status", View::PLAIN, &app.base, async |chrome| {
        chrome.log_in("ada").await;
        let waiting = "We are about to send a 6-digit code to";
        chrome.says(waiting).await;
        chrome.run("window.same = true", vec![]).await;
        app.deliver_all().await;
        let deadline = Instant::now() + Duration::from_secs(30);
        while chrome.text().await.contains(waiting) {
            assert!(Instant::now() < deadline, "the page never learns it");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        chrome.says("went to the mail server at 3:42 pm UTC. It should arrive within 5 minutes").await;
        assert_eq!(chrome.run("return window.same", vec![]).await, true, "it was not loaded anew");
        assert_eq!(chrome.focused().await, "6-digit code");
        chrome.look_twice("handed-over").await;
    })
    .await;
}
