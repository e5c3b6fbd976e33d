//! Whatever people type comes back as text and never as markup.

use crate::support::browser::Page;
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

const HOSTILE: [&str; 6] = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "' autofocus onfocus=alert(1) x='",
    "</title></textarea><svg onload=alert(1)>",
    "&lt;b&gt; & &amp; \u{202e}",
    "{{ 7*7 }}${7*7}<!--",
];

/// Whether what was typed is nowhere an element, an attribute or a comment of its own.
#[track_caller]
fn expect_harmless(page: &Page) {
    for css in
        ["img", "body script", "svg[onload]", "[onerror]", "[onfocus]", "[onload]", "main style", "iframe"]
    {
        assert!(page.all(css).is_empty(), "{css} in {}", page.describe());
    }
    for inline in page.attributes("script", "src") {
        assert!(inline.starts_with("/static/"), "{inline}");
    }
    assert_eq!(page.all("script").len(), 1);
    assert!(!page.html().contains("<!--"), "{}", page.describe());
}

#[actix_web::test]
async fn the_name_at_the_login_comes_back_as_it_was_typed() {
    let app = TestApp::start().await;
    let browser = app.browser();
    for hostile in HOSTILE {
        let page = browser.log_in_with(hostile, "not the password at all").await.expect(422);
        assert_eq!(page.form("Log in").value("username").as_deref(), Some(hostile));
        expect_harmless(&page);
    }
}

#[actix_web::test]
async fn a_display_name_is_a_name_whatever_it_is() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();
    browser.log_in("ada").await;
    for hostile in HOSTILE {
        let form = browser.get("/profile").await.form("Save").fill("display_name", hostile);
        let page = form.submit().await.follow_all().await;
        assert_eq!(page.form("Save").value("display_name").as_deref(), Some(hostile));
        expect_harmless(&page);
        expect_harmless(&browser.get("/profile/two-factor").await);
    }
}

#[actix_web::test]
async fn what_was_typed_for_a_code_comes_back_as_text() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();
    browser.log_in("ada").await;
    for hostile in HOSTILE {
        let form = browser.get("/profile/two-factor").await.form("Save");
        let page = form.clone().select("method", "email").fill("email", hostile).submit().await.expect(422);
        assert_eq!(page.form("Save").value("email").as_deref(), Some(hostile));
        expect_harmless(&page);
        let page = form.select("method", "sms").fill("phone", hostile).submit().await.expect(422);
        assert_eq!(page.form("Save").value("phone").as_deref(), Some(hostile));
        expect_harmless(&page);
    }
}

#[actix_web::test]
async fn what_a_browser_calls_itself_is_never_repeated() {
    let app = TestApp::start().await;
    app.person("ada").await;
    for agent in ["<script>alert(1)</script>", "Firefox/1\"><img src=x onerror=alert(1)>", "curl/8", ""] {
        let browser = app.browser().with_user_agent(agent);
        browser.log_in_with("ada", PASSWORD).await.expect(303);
        browser.log_out().await;
        browser.log_in("ada").await;
        let profile = browser.get("/profile").await.expect(200);
        assert!(
            profile.text().contains("a browser") || profile.text().contains("Firefox"),
            "{}",
            profile.text()
        );
        expect_harmless(&profile);
    }
    let browser = app.browser().with_user_agent("<script>alert(1)</script>");
    browser.log_in("ada").await;
    browser.turn_on_email(&app, "ada").await;
    let computers = browser.get("/profile/computers").await;
    assert!(computers.text().contains("a browser This computer"), "{}", computers.text());
    expect_harmless(&computers);
    // Nor in the mail, which says from which browser a code was asked.
    for mail in app.sent().await {
        assert!(!mail.text.contains("script") && !mail.subject.unwrap_or_default().contains("script"));
    }
    expect_harmless(&browser.get("/dev/mailbox").await);
}

#[actix_web::test]
async fn an_address_that_is_not_there_is_not_repeated() {
    let app = TestApp::start().await;
    let browser = app.browser();
    for path in [
        "/<script>alert(1)</script>",
        "/setup?token=<img+src=x>",
        "/invitation?token=\"><img src=x>",
        "/help?<svg>",
    ] {
        let page = browser.follow_all(path).await;
        expect_harmless(&page);
        assert!(!page.html().contains("alert(1)"), "{path}");
    }
}

#[actix_web::test]
async fn what_the_operator_calls_the_place_is_text_too() {
    let settings = [
        ("POSTERN_BRAND_NAME", "Tea & <b>Co</b>"),
        ("POSTERN_BRAND_SUPPORT", "Room <script>alert(1)</script>, ask & wait"),
    ];
    let app = TestApp::with(&settings).await;
    for path in ["/login", "/help", "/nothing"] {
        let page = app.browser().get(path).await;
        assert!(page.title().ends_with("Tea & <b>Co</b>"), "{}", page.title());
        expect_harmless(&page);
    }
    assert!(app.browser().get("/help").await.text().contains("Room <script>alert(1)</script>, ask & wait"));
}
