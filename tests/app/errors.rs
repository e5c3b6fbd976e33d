//! Everything that goes wrong: what the visitor reads, what to do next, and that nothing inside shows.

use std::sync::mpsc;

use diesel::RunQueryDsl;

use crate::headers::expect_protection;
use crate::support::browser::Page;
use crate::support::scene::{Scene, success_of};
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

const FORM: [(&str, &str); 2] =
    [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];

#[actix_web::test]
async fn a_field_that_is_unknown_or_comes_twice_is_refused_in_every_form() {
    let scene = Scene::set().await;
    for (route, form) in &scene.forms {
        for (name, value) in [("role", "administrator"), ("", ""), ("is_admin", "1"), ("username[]", "ada")] {
            let page = form.clone().repeat(name, value).submit().await;
            assert_eq!(page.status(), 400, "{route}, {name:?}: {}", page.describe());
            assert!(!page.html().contains("administrator"), "{route}");
        }
        for (name, value) in form.entries() {
            let page = form.clone().repeat(&name, &value).submit().await;
            assert_eq!(page.status(), 400, "{route}, {name:?}: {}", page.describe());
        }
        form.clone().submit().await.expect(success_of(route));
    }
}

#[actix_web::test]
async fn a_technical_field_that_is_missing_or_odd_is_refused() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();
    browser.log_in("ada").await;
    let form = browser
        .get("/profile/two-factor")
        .await
        .form("Save")
        .select("method", "sms")
        .fill("phone", "212-555-0142");
    form.clone().without("method").submit().await.expect(400);
    for method in ["", "EMAIL", "totp", "webauthn"] {
        form.clone().forge("method", method).submit().await.expect(400);
    }
    for country in ["XX", "JM", "+1", "United States"] {
        form.clone().forge("country", country).submit().await.expect(400);
    }
    for ticked in ["", "no", "true", "YES"] {
        form.clone().forge("every_login", ticked).submit().await.expect(400);
    }
    assert!(browser.get("/profile/two-factor").await.form("Save").has("method"), "nothing waits for a code");
}

#[actix_web::test]
async fn a_body_that_is_no_form_is_refused() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let token = browser.get("/login").await.form("Log in").value("form_token").unwrap();
    let body = format!("form_token={token}&username=ada&password=x");
    assert_eq!(browser.raw("POST", "/login", &FORM, body.as_bytes()).await.status(), 422);
    for kind in ["application/json", "text/plain", "multipart/form-data; boundary=x", ""] {
        let headers = [("content-type", kind), FORM[1]];
        browser.raw("POST", "/login", &headers, body.as_bytes()).await.expect(400);
    }
    for broken in
        [&b"%zz=1"[..], b"username=%ff", b"username=%00", b"username", b"\xff\xfe", b"{\"a\":1}", b""]
    {
        let page = browser.raw("POST", "/login", &FORM, broken).await.expect(400);
        assert_eq!(page.h1(), "That did not work");
    }
}

#[actix_web::test]
async fn a_body_of_unseemly_size_is_refused() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let form = browser.get("/login").await.form("Log in");
    form.clone().forge("username", &"a".repeat(15_000)).submit().await.expect(422);
    let page = form.clone().forge("username", &"a".repeat(17_000)).submit().await.expect(413);
    assert_eq!(page.h1(), "That was too much at once");
    let page = form.forge("password", &"a".repeat(5_000_000)).submit().await.expect(413);
    expect_protection(&page, false);
    browser.get("/login").await.expect(200);
}

#[actix_web::test]
async fn what_is_not_there_names_the_way_out_and_a_reference() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let page = browser.get("/profil").await.expect(404);
    assert_eq!(page.h1(), "There is no such page");
    assert_eq!(page.only(".reference"), page.header("x-request-id").unwrap());
    assert_eq!(page.click("Go to the start page").await.follow_all().await.path(), "/login");

    let page = browser.get("/logout").await.expect(405);
    assert_eq!(page.h1(), "This page cannot be used that way");
    assert_eq!(page.header("allow"), Some("POST"));
    assert_eq!(page.only(".reference"), page.header("x-request-id").unwrap());
}

#[actix_web::test]
async fn an_address_or_an_origin_that_none_of_our_pages_has_gets_a_page_too() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();
    browser.log_in("ada").await;
    for path in
        ["/profile/two-factor?x=1", "/profile/two-factor?change=yes&change=yes", "/setup?token=a&token=b"]
    {
        let page = browser.get(path).await.expect(400);
        assert_eq!(page.h1(), "That did not work");
        assert!(!page.text().contains("deserialize"), "{}", page.describe());
    }
    let form = browser.get("/profile").await.form("Save").sent_from("https://evil.example");
    let page = form.submit().await.expect(403);
    assert_eq!(page.h1(), "You do not have access to this page");
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
}

#[actix_web::test]
async fn in_development_another_name_or_a_proxy_gets_a_page_that_says_what_to_set() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let port = app.base.rsplit(':').next().unwrap();
    for (name, value) in [
        ("host", "login.harbour.example"),
        ("host", "127.0.0.1"),
        ("host", &format!("localhost:{port}")),
        ("x-forwarded-for", "203.0.113.7"),
        ("x-forwarded-host", &app.base[7..]),
        ("x-forwarded-proto", "https"),
        ("forwarded", "for=203.0.113.7"),
        ("x-real-ip", "203.0.113.7"),
        ("via", "1.1 proxy"),
    ] {
        for path in ["/login", "/dev/mailbox", "/dev/mailbox.json", "/healthz", "/nothing"] {
            let page = browser.raw("GET", path, &[(name, value)], b"").await.expect(421);
            assert!(page.text().contains("mode = \"production\""), "{}", page.describe());
            assert!(page.text().contains(&app.base), "{}", page.describe());
        }
        browser.raw("POST", "/login", &[(name, value), FORM[0], FORM[1]], b"").await.expect(421);
    }
    browser.get("/login").await.expect(200);
}

#[actix_web::test]
async fn in_production_another_name_gets_a_page_that_names_the_right_one() {
    let app = TestApp::in_production().await;
    let browser = app.browser_from("203.0.113.7");
    for host in
        ["evil.example", "127.0.0.1", "login.harbour.example:8443", "login.harbour.example.evil.example"]
    {
        let page = browser.raw("GET", "/login", &[("host", host)], b"").await.expect(421);
        assert!(page.text().contains("https://login.harbour.example"), "{}", page.describe());
        assert!(!page.text().contains("evil.example"), "{}", page.describe());
        assert!(!page.text().contains("evelopment"), "{}", page.describe());
        browser.raw("GET", "/healthz", &[("host", host)], b"").await.expect(200);
        browser.raw("GET", "/readyz", &[("host", host)], b"").await.expect(200);
    }
    // What a proxy forwards about the name is not believed.
    let forged = [("x-forwarded-host", "evil.example"), ("x-forwarded-proto", "http")];
    let page = browser.raw("GET", "/profile", &forged, b"").await.expect(303);
    assert_eq!(page.location(), Some("/login"));
}

#[track_caller]
fn expect_unavailable(page: &Page) {
    assert_eq!(page.status(), 503, "{}", page.describe());
    assert_eq!(page.h1(), "Postern is not available now");
    let again: u64 = page.header("retry-after").expect("a time to come back").parse().unwrap();
    assert!((1..=60).contains(&again));
    expect_protection(page, false);
}

#[actix_web::test]
async fn a_busy_server_says_so_at_once_and_nobody_loses_a_try() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();
    let form = browser.get("/login").await.form("Log in").fill("username", "ada");
    let hashing = app.app.services().hashing.clone();
    let mut busy = Vec::new();
    let mut releases = Vec::new();
    while let Ok(place) = hashing.reserve() {
        let (release, released) = mpsc::channel::<()>();
        let hashing = hashing.clone();
        let work = actix_web::rt::spawn(async move {
            // The answer is an error: the other end was dropped, which is the sign to go on.
            let waited = hashing.run(place, move |_| Ok(released.recv().is_err()));
            waited.await.is_ok()
        });
        busy.push(work);
        releases.push(release);
    }
    for _ in 0..6 {
        expect_unavailable(&form.clone().fill("password", "not the password at all").submit().await);
    }
    drop(releases);
    for work in busy {
        work.await.unwrap();
    }
    for _ in 0..4 {
        form.clone().fill("password", "not the password at all").submit().await.expect(422);
    }
    form.fill("password", PASSWORD).submit().await.expect(303);
}

#[actix_web::test]
async fn what_breaks_inside_stays_inside() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();
    let form = browser.get("/login").await.form("Log in").fill("username", "ada");
    app.in_database(|conn| diesel::sql_query("DROP TABLE throttles").execute(conn)).await;

    let page = form.fill("password", PASSWORD).submit().await.expect(500);
    assert_eq!(page.h1(), "There is a problem");
    assert_eq!(page.only(".reference"), page.header("x-request-id").unwrap());
    expect_protection(&page, false);
    // The reference is made of hexadecimal digits, and "ada" is one of the words they happen to form.
    let html = page.html().replace(&page.only(".reference"), "").to_lowercase();
    for inside in
        ["throttles", "no such table", "relation", "sql", "diesel", "panic", "src/", "broken", "ada"]
    {
        assert!(!html.contains(inside), "{inside}: {}", page.describe());
    }
    // Everything else goes on.
    browser.get("/help").await.expect(200);
    browser.get("/login").await.expect(200);
}
