//! Forged requests: whatever another site, an old page or another person's form sends changes nothing.

use diesel::prelude::*;
use postern::storage::schema::{
    accounts, challenges, invitations, outbox, pending_changes, pending_logins, second_factors, sessions,
    throttles, trusted_computers,
};
use postern::web::routes::TABLE;

use crate::support::browser::{Form, Page};
use crate::support::scene::Scene;
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

fn lines<T: std::fmt::Debug>(rows: Vec<T>) -> impl Iterator<Item = String> {
    rows.into_iter().map(|row| format!("{row:?}"))
}

/// What there is in the database, as far as any form changes it.
async fn contents(app: &TestApp) -> Vec<String> {
    app.in_database(|conn| {
        use accounts::{
            asks_every_login, code_failures, display_name, password_hash, session_epoch, time_zone,
            trust_epoch,
        };
        use challenges::{ended_at, generation, sends, tries, used_at};

        let mut all = Vec::new();
        let people = accounts::table.order(accounts::id);
        let chosen = people.select((accounts::id, display_name, password_hash, time_zone));
        all.extend(lines(chosen.load::<(String, String, Option<String>, String)>(conn)?));
        let guarded = people.select((asks_every_login, session_epoch, trust_epoch, code_failures));
        all.extend(lines(guarded.load::<(bool, i64, i64, i32)>(conn)?));
        let codes = challenges::table.order(challenges::id);
        all.extend(lines(codes.select((tries, sends, generation)).load::<(i32, i32, i32)>(conn)?));
        all.extend(lines(codes.select((used_at, ended_at)).load::<(Option<i64>, Option<i64>)>(conn)?));
        let pending = pending_logins::table.order(pending_logins::id).select(pending_logins::ended_at);
        all.extend(lines(pending.load::<Option<i64>>(conn)?));
        let tickets = sessions::table.order(sessions::id).select(sessions::token_hash);
        all.extend(lines(tickets.load::<Vec<u8>>(conn)?));
        let used = invitations::table.order(invitations::id).select(invitations::used_at);
        all.extend(lines(used.load::<Option<i64>>(conn)?));
        let counts = vec![
            second_factors::table.count().get_result::<i64>(conn)?,
            pending_changes::table.count().get_result(conn)?,
            trusted_computers::table.count().get_result(conn)?,
            throttles::table.count().get_result(conn)?,
            outbox::table.count().get_result(conn)?,
        ];
        all.extend(lines(counts));
        Ok(all)
    })
    .await
}

async fn everything(scene: &Scene) -> (Vec<String>, Vec<String>) {
    (contents(&scene.app).await, contents(&scene.empty).await)
}

/// Sends every form in a forged way, expects this status, and that nothing came of it.
async fn expect_refusals(scene: &Scene, status: u16, how: &str, forge: impl Fn(Form) -> Form) -> Vec<Page> {
    let before = everything(scene).await;
    let mut pages = Vec::new();
    for (route, form) in &scene.forms {
        let page = forge(form.clone()).submit().await;
        assert_eq!(page.status(), status, "{route}, {how}: {}", page.describe());
        assert!(page.headers().get("set-cookie").is_none(), "{route}, {how}");
        pages.push(page);
    }
    assert!(everything(scene).await == before, "{how} changed something");
    pages
}

async fn expect_success(scene: &Scene) {
    for (route, form) in &scene.forms {
        let page = form.clone().submit().await;
        assert_eq!(page.status(), 303, "{route}: {}", page.describe());
    }
}

#[actix_web::test]
async fn the_scene_has_every_unsafe_route() {
    let scene = Scene::set().await;
    let mut there: Vec<_> = scene.forms.iter().map(|(route, _)| *route).collect();
    let mut unsafe_routes: Vec<_> =
        TABLE.iter().filter(|(method, ..)| *method != "GET").map(|(_, path, _)| *path).collect();
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
        assert_eq!(page.status(), 303, "{route}: {}", page.describe());
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
    let before = contents(&app).await;
    let page = profile.form("Save").fill("display_name", "Mallory").forge("form_token", &old).submit().await;
    // Nothing that was typed is lost by it.
    assert_eq!(page.expect(403).form("Save").value("display_name").as_deref(), Some("Mallory"));
    profile.form("Log out").forge("form_token", &old).submit().await.expect(403);
    assert!(contents(&app).await == before);
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
