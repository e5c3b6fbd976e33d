//! For eyes that need larger letters or more room between them, and for thumbs.

use serde_json::{Value, json};

use super::super::chrome::{Chrome, View, walk};
use super::super::support::test_app::TestApp;

/// What a person may set without losing anything: room between lines, letters and words (WCAG 2.2, 1.4.12), and letters
/// of twice the size (1.4.4).
const STYLES: [(&str, &str); 2] = [
    (
        "spaced",
        "* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important } \
         p { margin-bottom: 2em !important }",
    ),
    ("large", ":root { font-size: 200% !important }"),
];

/// Sets a style as an extension of the browser does, and names what is then wider than the window.
const TOO_WIDE: &str = "const sheet = new CSSStyleSheet(); sheet.replaceSync(arguments[0]); \
    document.adoptedStyleSheets = [sheet]; \
    const wide = [...document.body.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right > innerWidth + 1); \
    return document.documentElement.scrollWidth > innerWidth ? wide.map(e => e.outerHTML.slice(0, 100)) : []";

/// What a thumb must hit and cannot, because it is less than 44 pixels high. Links in a sentence are exempt (2.5.8), and
/// so are the small buttons of a table, which are 24 at least: axe-core sees to that.
const TOO_SMALL: &str = "const css = '.button:not(.small), .input, select, .code, .link, .who, .side a, .side-button, \
    .menu a, .menu button'; \
    return [...document.querySelectorAll(css)].filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 44) \
    .map(e => e.outerHTML.slice(0, 100))";

#[actix_web::test]
async fn large_letters_fit_and_thumbs_hit() {
    let app = TestApp::start().await;
    app.person("ada").await;
    walk("sight", View::PLAIN, &app.base, async |chrome| {
        chrome.open("/login").await;
        check(chrome, "login").await;
        chrome.press("Log in").await;
        check(chrome, "login-error").await;
        chrome.open("/help").await;
        check(chrome, "help").await;
        chrome.log_in("ada").await;
        check(chrome, "profile").await;
        chrome.open("/profile/two-factor").await;
        chrome.choose("Method", "SMS").await;
        check(chrome, "two-factor").await;
        chrome.choose("Method", "Email").await;
        chrome.press("Save").await;
        check(chrome, "two-factor-code").await;
        chrome.enter_code(&app.code_for("ada@example.com").await, "Save").await;
        chrome.open("/profile/computers").await;
        check(chrome, "computers").await;
        chrome.press("ada").await;
        chrome.press("Log out and forget this computer").await;
        chrome.log_in("ada").await;
        check(chrome, "code").await;
    })
    .await;
}

async fn check(chrome: &Chrome, page: &str) {
    for width in [1280, 320] {
        chrome.resize(width).await;
        assert_eq!(chrome.run(TOO_SMALL, vec![]).await, json!([]), "{page} at {width} px");
        for (how, style) in STYLES {
            let wide = chrome.run(TOO_WIDE, vec![style.into()]).await;
            chrome.picture(&format!("sight-{width}-{page}-{how}")).await;
            assert_eq!(wide, json!([]), "{page}, {how}, at {width} px");
        }
        chrome.run("document.adoptedStyleSheets = []", Vec::<Value>::new()).await;
    }
    chrome.resize(View::PLAIN.width.pixels()).await;
}
