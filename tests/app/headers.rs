//! What every answer carries: the headers that protect it, and cookies as well kept as the way allows.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};

use crate::support::browser::{Browser, Page};
use crate::support::smtp_server::SmtpServer;
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; font-src 'self'; img-src 'self'; \
                      connect-src 'self'; object-src 'none'; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// Whether an answer is protected as every one should be, over https or not.
#[track_caller]
pub fn expect_protection(page: &Page, over_https: bool) {
    let what = page.describe();
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("x-frame-options", "DENY"),
    ] {
        assert_eq!(page.header(name), Some(value), "{name} of {what}");
    }
    let permissions = page.header("permissions-policy").expect("a permissions policy");
    assert!(permissions.contains("camera=()") && permissions.contains("geolocation=()"), "{permissions}");
    let https = page.header("strict-transport-security");
    assert_eq!(https.is_some(), over_https, "{https:?} of {what}");
    if let Some(https) = https {
        let seconds: i64 =
            https.split(';').next().unwrap().strip_prefix("max-age=").unwrap().parse().unwrap();
        assert!(seconds >= 31_536_000, "{https}");
    }
    for name in page.headers().keys() {
        let name = name.as_str();
        assert!(!name.starts_with("access-control-"), "{name} of {what}");
        assert!(!["server", "x-powered-by", "etag", "last-modified"].contains(&name), "{name} of {what}");
    }
    assert!(page.header("x-request-id").is_some_and(|id| id.len() > 20), "{what}");
    let is_static = page.path().starts_with("/static/") && page.status() == 200;
    let kept = if is_static { "public, max-age=31536000, immutable" } else { "no-store" };
    let kept = if page.path() == "/robots.txt" { "public, max-age=86400" } else { kept };
    assert_eq!(page.header("cache-control"), Some(kept), "{what}");
}

/// One answer of each kind.
async fn answers(browser: &Browser) -> Vec<(u16, Page)> {
    let login = browser.get("/login").await;
    let form = login.form("Log in").fill("username", "ada");
    let stylesheet = login.attributes("link[rel=stylesheet]", "href").pop().unwrap();
    let script = login.attributes("script[src]", "src").pop().unwrap();
    let mut answers = vec![
        (422, form.clone().submit().await),
        (403, form.clone().forge("form_token", "x").submit().await),
        (403, form.clone().sent_from("https://evil.example").submit().await),
        (400, form.clone().without("form_token").submit().await),
        (400, form.clone().repeat("role", "administrator").submit().await),
        (413, form.clone().forge("username", &"a".repeat(20_000)).submit().await),
        (400, form.clone().with_header("content-type", "application/json").submit().await),
        (200, login),
    ];
    let wrong = form.clone().fill("password", "not the password at all");
    for _ in 0..5 {
        answers.push((422, wrong.clone().submit().await));
    }
    answers.push((429, wrong.submit().await));
    for (status, path) in [
        (200, "/help"),
        (200, "/healthz"),
        (200, "/readyz"),
        (200, "/robots.txt"),
        (200, stylesheet.as_str()),
        (200, script.as_str()),
        (303, "/"),
        (303, "/profile"),
        (303, "/login/code"),
        (303, "/favicon.ico"),
        (404, "/nothing"),
        (404, "/static/nothing.css"),
        (404, "/setup?token=x"),
    ] {
        answers.push((status, browser.get(path).await));
    }
    let from_elsewhere = [("origin", "https://evil.example")];
    answers.push((200, browser.raw("GET", "/login", &from_elsewhere, b"").await));
    let preflight = [from_elsewhere[0], ("access-control-request-method", "POST")];
    answers.push((405, browser.raw("OPTIONS", "/login", &preflight, b"").await));
    answers.push((405, browser.get("/logout").await));
    answers.push((421, browser.raw("GET", "/login", &[("host", "evil.example")], b"").await));
    answers
}

#[actix_web::test]
async fn every_answer_is_protected_in_development() {
    let app = TestApp::start().await;
    app.person("ada").await;
    for (status, page) in answers(&app.browser()).await {
        expect_protection(&page.expect(status), false);
    }
}

#[actix_web::test]
async fn every_answer_is_protected_in_production() {
    let app = TestApp::in_production().await;
    app.person("ada").await;
    for (status, page) in answers(&app.browser_from("203.0.113.7")).await {
        expect_protection(&page.expect(status), true);
    }
}

#[actix_web::test]
async fn so_is_every_page_of_somebody_who_is_logged_in() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();
    expect_protection(&browser.log_in_with("ada", PASSWORD).await.expect(303), false);
    browser.turn_on_email(&app, "ada").await;
    for path in [
        "/profile",
        "/profile/two-factor",
        "/profile/computers",
        "/help",
        "/dev/mailbox",
        "/dev/mailbox.json",
    ] {
        expect_protection(&browser.get(path).await.expect(200), false);
    }
    let other = app.browser();
    expect_protection(&other.log_in("ada").await.expect(200), false);
    let status = other.get("/login/code/status").await.expect(200);
    expect_protection(&status, false);
    assert_eq!(status.header("content-type"), Some("application/json"));
    expect_protection(&browser.get("/profile").await.form("Log out").submit().await.expect(303), false);
}

#[actix_web::test]
async fn pages_say_what_they_are() {
    let app = TestApp::start().await;
    let browser = app.browser();
    for path in ["/login", "/help", "/nothing"] {
        assert_eq!(
            browser.get(path).await.header("content-type"),
            Some("text/html; charset=utf-8"),
            "{path}"
        );
    }
    for path in ["/healthz", "/readyz", "/robots.txt"] {
        assert_eq!(
            browser.get(path).await.header("content-type"),
            Some("text/plain; charset=utf-8"),
            "{path}"
        );
    }
}

#[track_caller]
fn expect_kept_well(cookie: &Cookie<'_>, is_secure: bool, same_site: SameSite) {
    assert_eq!(cookie.http_only(), Some(true), "{cookie}");
    assert_eq!(cookie.same_site(), Some(same_site), "{cookie}");
    assert_eq!(cookie.path(), Some("/"), "{cookie}");
    assert_eq!(cookie.domain(), None, "{cookie}");
    assert_eq!(cookie.secure().unwrap_or(false), is_secure, "{cookie}");
}

#[actix_web::test]
async fn cookies_in_development_work_over_plain_http() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();
    browser.log_in("ada").await;
    browser.turn_on_email(&app, "ada").await;
    let session = browser.cookie("postern").unwrap();
    expect_kept_well(&session, false, SameSite::Lax);
    assert_eq!((session.max_age(), session.expires()), (None, None), "it ends with the browser");
    let computer = browser.cookie("postern-computer").unwrap();
    expect_kept_well(&computer, false, SameSite::Strict);
    // The trust ends after 14 days; the cookie a month later, so that the code page can say so.
    assert_eq!(computer.max_age(), Some(Duration::days(44)));
    assert_eq!(browser.cookies().len(), 2);

    let profile = browser.get("/profile").await;
    profile.form("Log out and forget this computer").submit().await.expect(303);
    assert!(browser.cookie("postern-computer").is_none());
}

#[actix_web::test]
async fn cookies_in_production_are_for_this_host_and_https_alone() {
    let server = SmtpServer::start().await;
    let app = TestApp::in_production_with_mail(&server).await;
    app.person("ada").await;
    let browser = app.browser_from("203.0.113.7");
    browser.log_in("ada").await;
    let form = browser.get("/profile/two-factor").await.form("Save").select("method", "email");
    let page = form.submit().await.follow_all().await;
    let code = app.mailed_code(&server).await;
    page.form("Save").fill("code", &code).submit().await.expect(303);

    let session = browser.cookie("__Host-postern").unwrap();
    expect_kept_well(&session, true, SameSite::Lax);
    assert_eq!((session.max_age(), session.expires()), (None, None));
    expect_kept_well(&browser.cookie("__Host-postern-computer").unwrap(), true, SameSite::Strict);
    assert_eq!(browser.cookies().len(), 2);
    // Under its name in development it is nobody's.
    let thief = browser.stranger();
    thief.set_cookie("postern", session.value());
    assert_eq!(thief.get("/profile").await.expect(303).location(), Some("/login"));
}

#[actix_web::test]
async fn what_needs_no_cookie_sets_none() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let stylesheet = app.app.portal.assets.stylesheet_url().to_owned();
    for path in ["/healthz", "/readyz", "/robots.txt", "/favicon.ico", &stylesheet, "/help", "/nothing"] {
        assert!(browser.get(path).await.headers().get("set-cookie").is_none(), "{path}");
    }
}
