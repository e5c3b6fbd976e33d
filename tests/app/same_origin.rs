//! Forged requests: whatever another site, an old page or another person's form sends changes nothing.

use postern::web::routes::{TABLE, Who};

use crate::support::browser::{Form, Page};
use crate::support::dump;
use crate::support::scene::{Scene, success_of};
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

/// All there is in the database, but when a session was last used: that is noted whatever the use was.
fn contents(app: &TestApp) -> Vec<(String, Vec<u8>)> {
    let values = dump::everything(&app.database).into_iter().map(|value| (value.place, value.bytes));
    let mut values: Vec<_> = values.filter(|(place, _)| place != "sessions.last_seen_at").collect();
    values.sort();
    values
}

/// Sends every form in a forged way, expects this status, and that nothing came of it.
async fn expect_refusals(scene: &Scene, status: u16, how: &str, forge: impl Fn(Form) -> Form) -> Vec<Page> {
    let before = contents(&scene.app);
    let mut pages = Vec::new();
    for (route, form) in &scene.forms {
        let page = forge(form.clone()).submit().await;
        assert_eq!(page.status(), status, "{route}, {how}: {}", page.describe());
        assert!(page.headers().get("set-cookie").is_none(), "{route}, {how}");
        pages.push(page);
    }
    assert!(contents(&scene.app) == before, "{how} changed something");
    assert_eq!(scene.empty.count("accounts").await, 0, "{how}");
    pages
}

async fn expect_success(scene: &Scene) {
    for (route, form) in &scene.forms {
        let page = form.clone().submit().await;
        assert_eq!(page.status(), success_of(route), "{route}: {}", page.describe());
    }
}

#[actix_web::test]
async fn the_scene_has_every_unsafe_route() {
    let scene = Scene::set().await;
    let mut there: Vec<_> = scene.forms.iter().map(|(route, _)| *route).collect();
    let mut unsafe_routes: Vec<_> = TABLE
        .iter()
        .filter(|(method, _, who)| *method != "GET" && *who != Who::Provider)
        .map(|(_, path, _)| *path)
        .collect();
    there.sort_unstable();
    unsafe_routes.sort_unstable();
    assert_eq!(there, unsafe_routes, "a new route goes into support/scene.rs");
    expect_success(&scene).await;
}

#[actix_web::test]
async fn no_form_works_from_another_site() {
    let scene = Scene::set().await;
    expect_refusals(&scene, 403, "from another site", |form| form.sent_from("https://evil.example")).await;
    for site in ["cross-site", "same-site", "none", "SAME-ORIGIN", ""] {
        // Whatever `Origin` says: the newer header is the one that counts.
        expect_refusals(&scene, 403, site, |form| form.with_header("sec-fetch-site", site)).await;
    }
    let near = scene.app.base.replace("http://127.0.0.1", "http://127.0.0.2");
    let other_scheme = scene.app.base.replace("http:", "https:");
    let path = format!("{}/", scene.app.base);
    for origin in ["https://evil.example", "null", "", "http://127.0.0.1", &near, &other_scheme, &path] {
        let old_browser = |form: Form| form.without_header("sec-fetch-site").with_header("origin", origin);
        expect_refusals(&scene, 403, &format!("from {origin:?}"), old_browser).await;
    }
    expect_success(&scene).await;
}

#[actix_web::test]
async fn old_browsers_that_say_little_are_served() {
    let scene = Scene::set().await;
    for (n, (route, form)) in scene.forms.iter().enumerate() {
        let form = form.clone().without_header("sec-fetch-site");
        let form = if n % 2 == 0 { form.without_header("origin") } else { form };
        let page = form.submit().await;
        assert_eq!(page.status(), success_of(route), "{route}: {}", page.describe());
    }
}

#[actix_web::test]
async fn a_form_token_of_another_browser_is_refused() {
    let scene = Scene::set().await;
    let stranger = scene.app.browser().get("/login").await.form("Log in").value("form_token").unwrap();
    for token in [stranger.as_str(), "", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "\u{e9}"] {
        expect_refusals(&scene, 403, token, |form| form.forge("form_token", token)).await;
    }
    expect_success(&scene).await;
}

#[actix_web::test]
async fn a_form_without_its_token_is_none_of_ours() {
    let scene = Scene::set().await;
    let pages = expect_refusals(&scene, 400, "no token", |form| form.without("form_token")).await;
    assert!(pages.iter().all(|page| page.h1() == "That did not work"));
    let twice = |form: Form| {
        let token = form.value("form_token").unwrap();
        form.repeat("form_token", &token)
    };
    expect_refusals(&scene, 400, "two tokens", twice).await;
    expect_success(&scene).await;
}

#[actix_web::test]
async fn ones_own_form_token_of_before_the_login_is_refused() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();
    let old = browser.get("/login").await.form("Log in").value("form_token").unwrap();
    browser.log_in("ada").await;
    let profile = browser.get("/profile").await;
    let before = contents(&app);
    let page = profile.form("Save").fill("display_name", "Mallory").forge("form_token", &old).submit().await;
    // Nothing that was typed is lost by it.
    assert_eq!(page.expect(403).form("Save").value("display_name").as_deref(), Some("Mallory"));
    profile.form("Log out").forge("form_token", &old).submit().await.expect(403);
    assert!(contents(&app) == before);
}

#[actix_web::test]
async fn a_browser_that_keeps_no_cookies_is_told_so() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();
    let form = browser.get("/login").await.form("Log in").fill("username", "ada").fill("password", PASSWORD);
    browser.drop_cookies();
    let page = form.submit().await.expect(403);
    assert!(page.text().contains("cookie"), "{}", page.describe());
    browser.get("/profile").await.expect(303);
}

#[actix_web::test]
async fn a_link_from_elsewhere_still_opens_pages() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();
    browser.log_in("ada").await;
    let from_a_mail = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")];
    browser.raw("GET", "/profile", &from_a_mail, b"").await.expect(200);
}
