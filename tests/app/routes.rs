//! The route table, held against what answers: who gets what, by which method, and what is not there at all.

use std::collections::BTreeSet;

use postern::web::routes::{TABLE, Who};

use crate::support::browser::{Browser, Page};
use crate::support::test_app::{Deeds, TestApp};

/// Every method worth trying.
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"];

/// A path of the table with something in it where it has a gap.
fn filled(app: &TestApp, path: &str) -> String {
    let stylesheet = app.app.portal.assets.stylesheet_url();
    path.replace("/static/{path:.*}", stylesheet)
        .replace("{id}", "01JDFZ0000AAAAAAAAAAAAAAAA")
        .replace("{action}", "disable")
}

async fn ask(browser: &Browser, method: &str, path: &str) -> Page {
    browser.raw(method, path, &[("sec-fetch-site", "same-origin")], b"").await
}

/// Ada's browsers: nobody yet, owing a code, and logged in.
struct Ada {
    guest: Browser,
    pending: Browser,
    logged_in: Browser,
}

async fn ada(app: &TestApp) -> Ada {
    app.person("ada").await;
    let logged_in = app.browser();
    logged_in.log_in("ada").await;
    logged_in.turn_on_email(app, "ada").await;
    let pending = app.browser();
    assert_eq!(pending.log_in("ada").await.path(), "/login/code");
    Ada { guest: app.browser(), pending, logged_in }
}

#[actix_web::test]
async fn the_table_names_every_route_that_is_mounted() {
    let source = include_str!("../../src/web/routes/mod.rs");
    let mounted: BTreeSet<_> =
        source.split("at(\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let named: BTreeSet<_> = TABLE.iter().map(|(_, path, _)| *path).collect();
    assert_eq!(mounted, named);
}

#[actix_web::test]
async fn each_path_answers_the_methods_of_the_table_and_no_other() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    let paths: BTreeSet<_> = TABLE.iter().map(|(_, path, _)| *path).collect();
    for path in paths {
        let allowed: Vec<_> =
            TABLE.iter().filter(|(_, found, _)| *found == path).map(|(method, ..)| *method).collect();
        for method in METHODS {
            let page = ask(&ada.guest, method, &filled(&app, path)).await;
            let as_get = if method == "HEAD" { "GET" } else { method };
            if allowed.contains(&as_get) {
                assert_ne!(page.status(), 405, "{method} {path}");
                continue;
            }
            assert_eq!(page.status(), 405, "{method} {path}");
            let named: BTreeSet<_> = page.header("allow").unwrap_or_default().split(", ").collect();
            let mut right: BTreeSet<_> = allowed.iter().copied().collect();
            if right.contains("GET") {
                right.insert("HEAD");
            }
            assert_eq!(named, right, "{method} {path} says what would do");
        }
    }
}

#[actix_web::test]
async fn a_head_is_a_get_without_the_page() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    for (method, path, _) in TABLE.iter().filter(|(method, ..)| *method == "GET") {
        let path = filled(&app, path);
        for browser in [&ada.guest, &ada.pending, &ada.logged_in] {
            let (get, head) =
                (ask(&browser.copy(), method, &path).await, ask(&browser.copy(), "HEAD", &path).await);
            assert_eq!(head.status(), get.status(), "{path}");
            assert_eq!(head.location(), get.location(), "{path}");
            assert!(head.bytes().is_empty(), "{path}");
        }
    }
}

#[actix_web::test]
async fn what_is_not_in_the_table_is_not_there() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    for path in [
        "/login/",
        "/Login",
        "/login.php",
        "/profile/",
        "/profile//computers",
        "/static/",
        "/static/css/tokens.css",
        "/static/postern.db",
        "/static/..%2fCargo.toml",
        "/dev",
        "/dev/",
        "/dev/mailbox/1",
        "/admin",
        "/metrics",
        "/.git/config",
        "/.env",
        "/index.html",
        "/login%00",
        "/profile/computers/x/y/forget",
    ] {
        let page = ask(&ada.logged_in, "GET", path).await.expect(404);
        assert_eq!(page.h1(), "There is no such page", "{path}");
        let page = ask(&ada.logged_in, "POST", path).await;
        assert_eq!(page.status(), if path.starts_with("/static/") { 405 } else { 404 }, "{path}");
    }
}

#[actix_web::test]
async fn a_guest_is_led_to_the_login_from_everything_that_is_somebodys() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    for (method, path, who) in TABLE.iter().copied() {
        let page = ask(&ada.guest.copy(), method, &filled(&app, path)).await;
        let found = (page.status(), page.location());
        match who {
            Who::PendingLogin | Who::Session | Who::Administrator => {
                assert_eq!(found, (303, Some("/login")), "{method} {path}")
            }
            Who::Anyone | Who::Provider | Who::Development => {
                assert_ne!(page.location(), Some("/login/code"), "{method} {path}")
            }
        }
    }
}

#[actix_web::test]
async fn whoever_owes_a_code_gets_nothing_but_the_code_page() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    for (method, path, who) in TABLE.iter().copied() {
        let page = ask(&ada.pending.copy(), method, &filled(&app, path)).await;
        match (who, method) {
            (Who::Session | Who::Administrator, _) => {
                assert_eq!((page.status(), page.location()), (303, Some("/login/code")), "{path}")
            }
            (Who::PendingLogin, "GET") => assert_eq!(page.status(), 200, "{path}"),
            // Without a form token.
            (Who::PendingLogin, _) => assert_eq!(page.status(), 400, "{path}"),
            (Who::Anyone | Who::Provider | Who::Development, _) => {}
        }
    }
    // Not even the name in the corner, which a session's pages have.
    assert!(ada.pending.get("/help").await.all(".who").is_empty());
}

#[actix_web::test]
async fn whoever_is_logged_in_owes_no_code() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    for (method, path, who) in TABLE.iter().copied() {
        let page = ask(&ada.logged_in.copy(), method, &filled(&app, path)).await;
        match who {
            Who::PendingLogin => {
                assert_eq!((page.status(), page.location()), (303, Some("/profile")), "{method} {path}");
            }
            Who::Session => assert_ne!(page.location(), Some("/login"), "{method} {path}"),
            Who::Administrator => assert_eq!(page.status(), 403, "{method} {path}"),
            Who::Anyone | Who::Provider | Who::Development => {}
        }
    }
}

#[actix_web::test]
async fn what_anyone_may_see_answers_everybody() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    for browser in [&ada.guest, &ada.pending, &ada.logged_in] {
        for path in ["/help", "/healthz", "/readyz", "/robots.txt", "/dev/mailbox", "/dev/mailbox.json"] {
            browser.get(path).await.expect(200);
        }
        assert_eq!(
            browser.get("/.well-known/change-password").await.expect(303).location(),
            Some("/profile/password")
        );
        let icon = browser.get("/favicon.ico").await.expect(303);
        assert_eq!(
            browser.get(icon.location().unwrap()).await.header("content-type"),
            Some("image/svg+xml; charset=utf-8")
        );
        // Somebody has an account, and nobody here came by an invitation.
        browser.get("/setup").await.expect(404);
        browser.get("/invitation").await.expect(404);
    }
    assert_eq!(ada.guest.get("/healthz").await.html(), "ok\n");
    assert_eq!(ada.guest.get("/readyz").await.html(), "ok\n");
}

#[actix_web::test]
async fn another_persons_computer_is_nobodys() {
    let app = TestApp::start().await;
    let ada = ada(&app).await;
    let action =
        ada.logged_in.get("/profile/computers").await.form("Forget Firefox on Windows").action().to_owned();
    app.person("bob").await;
    let bob = app.browser();
    bob.log_in("bob").await;
    bob.turn_on_email(&app, "bob").await;
    let own = bob.get("/profile/computers").await.form("Forget Firefox on Windows");

    own.clone().sent_to(&action).submit().await.expect(404);
    own.clone().sent_to("/profile/computers/01JDFZ0000AAAAAAAAAAAAAAAA/forget").submit().await.expect(404);
    own.clone().sent_to("/profile/computers/x/forget").submit().await.expect(404);
    bob.get("/profile/computers").await.form("Forget all computers").submit().await.expect(303);
    ada.logged_in
        .get("/profile/computers")
        .await
        .form("Forget Firefox on Windows")
        .submit()
        .await
        .expect(303);
}

#[actix_web::test]
async fn in_production_there_is_no_mailbox() {
    let app = TestApp::in_production().await;
    app.person("ada").await;
    let browser = app.browser_from("203.0.113.7");
    let stranger = browser.stranger();
    browser.log_in("ada").await;
    for browser in [browser, stranger] {
        for path in ["/dev/mailbox", "/dev/mailbox.json", "/dev/", "/dev"] {
            browser.get(path).await.expect(404);
        }
        let help = browser.get("/help").await.expect(200);
        assert!(!help.html().contains("/dev/") && !help.text().contains("Development mode"));
    }
}
