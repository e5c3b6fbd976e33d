//! Without a mouse.

use thirtyfour::prelude::Key;

use super::super::chrome::{Chrome, Scheme, Script, View, Width, walk};
use super::super::support::test_app::{PASSWORD, TestApp};
use super::{MAIL, ada_with_email};

const WITHOUT_SCRIPT: View = View { script: Script::Off, ..View::PLAIN };

#[actix_web::test]
async fn a_whole_login_without_a_mouse() {
    for view in [View::PLAIN, WITHOUT_SCRIPT] {
        let app = ada_with_email().await;
        walk("keyboard-login", view, &app.base, async |chrome| {
            chrome.open("/login").await;
            assert_eq!(chrome.focused().await, "Username");
            chrome.keys("ada").await;
            chrome.keys(Key::Tab + "").await;
            assert_eq!(chrome.focused().await, "Password");
            chrome.keys(PASSWORD).await;
            // Only a script can show a password, so without one there is no button for it.
            let show: &[&str] = if view.script == Script::On { &["Show password"] } else { &[] };
            let rest = ["Log in", "Forgot your password?", "I cannot log in", "Help"];
            assert_eq!(tab_through(chrome, show.len() + rest.len()).await, [show, &rest].concat());
            chrome.field("Password").await.focus().await.unwrap();
            chrome.enter().await;

            assert_eq!(
                (chrome.path().await, chrome.focused().await),
                ("/login/code".into(), "6-digit code".into())
            );
            chrome.keys(app.code_for(MAIL).await).await;
            let order = ["Trust this computer for 14 days", "Log in", "Request another code"];
            assert_eq!(tab_through(chrome, 3).await, order);
            chrome.field("6-digit code").await.focus().await.unwrap();
            chrome.enter().await;
            assert_eq!(chrome.path().await, "/profile", "Enter logs in and asks for nothing");
        })
        .await;
    }
}

#[actix_web::test]
async fn the_menus_open_and_close_by_keys() {
    let app = TestApp::start().await;
    app.person("ada").await;
    for view in [View::PLAIN, WITHOUT_SCRIPT] {
        walk("keyboard-menus", view, &app.base, async |chrome| {
            chrome.log_in("ada").await;
            chrome.open("/profile/two-factor").await;
            chrome.keys(Key::Tab + "").await;
            assert_eq!(chrome.focused().await, "Skip to main content");
            assert_eq!(tab_through(chrome, 2).await, ["Postern", "ada"]);
            opens_and_closes(chrome, "#user-menu", "ada", "Profile").await;
            assert_eq!(chrome.focused().await, "ada");

            chrome.turn(Width::Narrow, Scheme::Light).await;
            chrome.keys(Key::Tab + "").await;
            chrome.keys(Key::Tab + "").await;
            let button = "Your account Two Factor Authentication";
            assert_eq!(chrome.focused().await, button);
            opens_and_closes(chrome, "#side-menu", button, "Profile").await;
            chrome.keys(Key::Space + "").await;
            chrome.keys(Key::Tab + "").await;
            chrome.enter().await;
            assert_eq!(chrome.path().await, "/profile");
        })
        .await;
    }
}

/// Space opens the menu whose button has the keyboard, Tab leads into it, Escape closes it and leads back.
async fn opens_and_closes(chrome: &Chrome, menu: &str, button: &str, first: &str) {
    assert!(!is_open(chrome, menu).await);
    chrome.keys(Key::Space + "").await;
    assert!(is_open(chrome, menu).await, "{menu}");
    assert_eq!(tab_through(chrome, 1).await, [first]);
    chrome.keys(Key::Escape + "").await;
    assert!(!is_open(chrome, menu).await);
    assert_eq!(chrome.focused().await, button);
}

async fn is_open(chrome: &Chrome, menu: &str) -> bool {
    chrome
        .run("return document.querySelector(arguments[0]).matches(':popover-open')", vec![menu.into()])
        .await
        == true
}

/// Presses Tab so many times; what has the keyboard after each.
async fn tab_through(chrome: &Chrome, times: usize) -> Vec<String> {
    let mut order = Vec::new();
    for _ in 0..times {
        chrome.keys(Key::Tab + "").await;
        order.push(chrome.focused().await);
    }
    order
}

#[actix_web::test]
async fn errors_have_the_keyboard_and_lead_to_their_fields() {
    let app = TestApp::start().await;
    app.person("ada").await;
    for view in [View::PLAIN, WITHOUT_SCRIPT] {
        walk("errors", view, &app.base, async |chrome| {
            chrome.open("/login").await;
            chrome.press("Log in").await;
            leads_to_its_field(chrome, "Enter your username", "Username").await;
            chrome.log_in("ada").await;
            chrome.fill("Name", "").await;
            chrome.press("Save").await;
            leads_to_its_field(chrome, "Enter your name", "Name").await;
            chrome.open("/profile/two-factor").await;
            chrome.choose("Method", "SMS").await;
            chrome.press("Save").await;
            leads_to_its_field(chrome, "Enter a mobile phone number", "Mobile phone number").await;
        })
        .await;
    }
}

async fn leads_to_its_field(chrome: &Chrome, error: &str, field: &str) {
    assert!(chrome.title().await.starts_with("Error: "));
    let summary = chrome.focused().await;
    assert!(summary.starts_with("There is a problem") && summary.contains(error), "{summary}");
    chrome.click(error).await;
    assert_eq!(chrome.focused().await, field);
    let control = chrome.field(field).await;
    assert_eq!(control.attr("aria-invalid").await.unwrap().as_deref(), Some("true"));
    let described = control.attr("aria-describedby").await.unwrap().unwrap_or_default();
    let described: Vec<_> = described.split(' ').collect();
    let id = control.id().await.unwrap().unwrap();
    assert!(described.contains(&format!("{id}-error").as_str()), "{described:?}");
    assert_eq!(chrome.texts(&format!("#{id}-error")).await, [format!("Error: {error}")]);
}

#[actix_web::test]
async fn enter_in_the_code_field_saves() {
    let app = TestApp::start().await;
    app.person("ada").await;
    walk("enter-saves", WITHOUT_SCRIPT, &app.base, async |chrome| {
        chrome.log_in("ada").await;
        chrome.open("/profile/two-factor").await;
        chrome.choose("Method", "Email").await;
        chrome.press("Save").await;
        chrome.keys(app.code_for(MAIL).await).await;
        chrome.enter().await;
        chrome.says("Two Factor Authentication is on").await;
        assert_eq!(app.sent().await.len(), 2, "the code and the notice, and no second code");
    })
    .await;
}
