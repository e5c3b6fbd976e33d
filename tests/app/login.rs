//! Log in with username and password: who gets in, what everybody else reads, and which tickets live on.

use std::sync::mpsc;
use std::thread::available_parallelism;

use diesel::prelude::*;
use postern::domain::password::Cost;
use postern::storage::schema::accounts;
use tokio::sync::mpsc::unbounded_channel;

use crate::support::at_once::at_once;
use crate::support::browser::{Browser, Form, Page};
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

const NOT_RIGHT: &str = "The username or password is not correct";

#[actix_web::test]
async fn ada_logs_in_with_her_password() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();
    let start = browser.follow_all("/").await;
    assert_eq!((start.path().as_str(), start.h1().as_str()), ("/login", "Log in"));

    let page = start.form("Log in").fill("username", "ada").fill("password", PASSWORD).submit().await;
    assert_eq!(page.expect(303).location(), Some("/profile"));
    let profile = browser.get("/profile").await.expect(200);
    assert_eq!(profile.only(".who .name"), "ada");
    assert_eq!(browser.follow_all("/").await.path(), "/profile");
}

#[actix_web::test]
async fn the_name_is_the_same_in_capitals_and_with_a_space_after_it() {
    let app = TestApp::start().await;
    app.person("Ada.Byron").await;
    for name in ["Ada.Byron", "ada.byron", "ADA.BYRON", " aDa.bYRON "] {
        let browser = app.browser();
        assert_eq!(browser.log_in(name).await.path(), "/profile", "{name}");
        assert_eq!(browser.get("/profile").await.only(".who .name"), "Ada.Byron");
    }
}

#[actix_web::test]
async fn the_password_counts_to_the_letter() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let capitals = PASSWORD.to_uppercase();
    for wrong in [&format!("{PASSWORD} "), &format!(" {PASSWORD}"), &capitals, &PASSWORD[1..]] {
        let page = app.browser().log_in_with("ada", wrong).await.expect(422);
        assert_eq!(page.field_error("username").as_deref(), Some(NOT_RIGHT), "{wrong:?}");
    }
}

async fn stored_hash(app: &TestApp) -> String {
    let hash: Option<String> =
        app.in_database(|conn| accounts::table.select(accounts::password_hash).first(conn)).await;
    hash.expect("a password")
}

#[actix_web::test]
async fn a_password_is_hashed_anew_at_the_login_after_its_cost_has_risen() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let (before, browser) = (stored_hash(&app).await, app.browser());
    browser.log_in("ada").await;
    let dearer = app.another_at(Cost::POLICY).await;
    dearer.browser().log_in_with("ada", "not her password at all").await.expect(422);
    assert_eq!(stored_hash(&app).await, before);

    dearer.browser().log_in_with("ada", PASSWORD).await.expect(303);
    let after = stored_hash(&app).await;
    assert!(after.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{after}");
    // It is the same password: nobody is logged out, it works everywhere, and no second time is it hashed.
    browser.get("/profile").await.expect(200);
    dearer.browser().log_in_with("ada", PASSWORD).await.expect(303);
    app.browser().log_in_with("ada", PASSWORD).await.expect(303);
    assert_eq!(stored_hash(&app).await, after);
}

#[actix_web::test]
async fn a_letter_with_its_accent_apart_is_the_same_letter() {
    let app = TestApp::start().await;
    let browser = app.invited("ada").await;
    let form = browser.get("/invitation").await.form("Save password");
    let composed = "caf\u{e9} au lait sans sucre";
    form.fill("new_password", composed).fill("new_password_again", composed).submit().await.expect(303);
    let apart = "cafe\u{301} au lait sans sucre";
    assert_eq!(browser.log_in_with("ada", apart).await.follow_all().await.path(), "/profile");
}

#[actix_web::test]
async fn empty_fields_are_named_and_the_password_does_not_come_back() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();

    let page = browser.log_in_with("ada", "").await.expect(422);
    assert_eq!(page.errors(), ["Enter your password"]);
    assert_eq!(page.field_error("password").as_deref(), Some("Enter your password"));
    assert_eq!(page.form("Log in").value("username").as_deref(), Some("ada"));
    assert!(page.title().starts_with("Error: "), "{}", page.title());

    for nothing in ["", "   "] {
        let page = browser.log_in_with(nothing, "open sesame, please").await.expect(422);
        assert_eq!(page.errors(), ["Enter your username"]);
        assert_eq!(page.field_error("username").as_deref(), Some("Enter your username"));
        assert_eq!(page.form("Log in").value("password").as_deref(), Some(""));
        assert!(!page.html().contains("sesame"));
    }

    let page = browser.log_in_with("", "").await.expect(422);
    assert_eq!(page.errors(), ["Enter your username", "Enter your password"]);
}

#[actix_web::test]
async fn a_wrong_password_brings_the_form_back_with_the_name_alone() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();
    let page = browser.log_in_with("Ada", "open sesame, please").await.expect(422);
    assert_eq!(page.errors(), [NOT_RIGHT]);
    let form = page.form("Log in");
    assert_eq!(form.value("username").as_deref(), Some("Ada"));
    assert_eq!(form.value("password").as_deref(), Some(""));
    assert!(!page.html().contains("sesame"));
    // The same form goes on from there.
    assert_eq!(form.fill("password", PASSWORD).submit().await.location(), Some("/profile"));
}

/// An answer without what differs from one request to the next: the typed name, the id in the log, the encrypted cookie.
fn comparable(page: &Page, name: &str) -> (u16, Vec<(String, String)>, String) {
    let differs = ["date", "x-request-id", "set-cookie", "content-length"];
    let headers = page.headers().iter().map(|(name, value)| {
        let shown = if differs.contains(&name.as_str()) { "" } else { value.to_str().unwrap() };
        (name.as_str().to_owned(), shown.to_owned())
    });
    let html = page.html().replace(&format!("value=\"{name}\""), "value=\"NAME\"");
    (page.status(), headers.collect(), html)
}

#[actix_web::test]
async fn unknown_wrong_and_disabled_read_the_same_to_the_byte() {
    let app = TestApp::start().await;
    for name in ["ada", "bob", "eve"] {
        app.person(name).await;
    }
    app.invited("ian").await;
    app.disable("eve").await;
    let browser = app.browser();
    let form = browser.get("/login").await.form("Log in");
    let too_long = "x".repeat(65);
    let long_words = "a wrong password ".repeat(100);
    let tries = [
        ("ada", "not her password at all"),
        ("bob", long_words.as_str()),
        ("nobody", PASSWORD),
        ("eve", PASSWORD),
        ("eve", "not her password at all"),
        // Invited, without a password of its own yet.
        ("ian", PASSWORD),
        ("no name at all", PASSWORD),
        ("a", PASSWORD),
        (too_long.as_str(), PASSWORD),
        ("\u{430}da", PASSWORD),
    ];
    let mut answers = Vec::new();
    for (name, password) in tries {
        let page = form.clone().fill("username", name).fill("password", password).submit().await.expect(422);
        answers.push((name, comparable(&page, name)));
    }
    let (_, first) = &answers[0];
    assert!(first.2.contains(NOT_RIGHT) && first.2.contains("value=\"NAME\""));
    for (name, answer) in &answers {
        assert_eq!(answer, first, "{name}");
    }
}

#[actix_web::test]
async fn a_name_that_nobody_has_costs_a_hash_like_any_other() {
    let app = TestApp::start().await;
    for name in ["ada", "eve"] {
        app.person(name).await;
    }
    app.invited("ian").await;
    app.disable("eve").await;
    let form = app.browser().get("/login").await.form("Log in").fill("password", "not the password at all");
    let tries =
        ["ada", "nobody", "eve", "ian", "no name at all"].map(|name| form.clone().fill("username", name));

    // Every core is at work on something else: whoever is answered in spite of it was not hashed for.
    let (started, mut starts) = unbounded_channel();
    let (mut busy, mut releases) = (Vec::new(), Vec::new());
    for _ in 0..available_parallelism().map_or(1, usize::from) {
        let hashing = app.app.services().hashing.clone();
        let place = hashing.reserve().ok().expect("a place");
        let (release, released) = mpsc::channel::<()>();
        let started = started.clone();
        busy.push(actix_web::rt::spawn(async move {
            let work = move |_: &mut _| {
                started.send(()).ok();
                // An error is the sign to go on: the other end was dropped.
                Ok(released.recv().is_err())
            };
            hashing.run(place, work).await.is_ok()
        }));
        releases.push(release);
    }
    for _ in &busy {
        starts.recv().await.unwrap();
    }
    for page in at_once(tries.clone().into_iter().map(Form::submit)).await {
        page.expect(503);
    }
    drop(releases);
    for work in busy {
        assert!(work.await.unwrap());
    }
    for form in tries {
        form.submit().await.expect(422);
    }
}

/// What the forms in this browser carry now.
async fn form_token(browser: &Browser, path: &str, button: &str) -> String {
    browser.get(path).await.form(button).value("form_token").unwrap()
}

#[actix_web::test]
async fn every_step_brings_a_new_ticket_and_the_old_one_is_dead() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    home.turn_on_email(&app, "ada").await;

    let browser = app.browser();
    let as_guest = form_token(&browser, "/login", "Log in").await;
    let (guest, code_page) = (browser.copy(), browser.log_in("ada").await);
    let as_pending = code_page.form("Log in").value("form_token").unwrap();
    assert_eq!(code_page.path(), "/login/code");
    assert_eq!(guest.get("/login/code").await.location(), Some("/login"));

    let pending = browser.copy();
    let code = app.code_for("ada@example.com").await;
    let profile = code_page.form("Log in").fill("code", &code).submit().await.follow_all().await;
    let as_ada = profile.form("Log out").value("form_token").unwrap();
    assert_eq!(profile.path(), "/profile");
    // The thief who copied the browser before the code was entered has nothing.
    let page = pending.get("/login/code").await;
    assert_eq!(page.expect(303).location(), Some("/login"));
    for path in ["/profile", "/profile/two-factor", "/login/code"] {
        assert_eq!(pending.copy().follow_all(path).await.path(), "/login", "{path}");
    }

    assert!(as_guest != as_pending && as_pending != as_ada && as_ada != as_guest);
}

#[actix_web::test]
async fn a_login_anew_ends_the_one_before() {
    let app = TestApp::start().await;
    for name in ["ada", "bob"] {
        app.person(name).await;
    }
    let browser = app.browser();
    let form = browser.get("/login").await.form("Log in");
    browser.log_in("ada").await;
    let old = browser.copy();
    // The form of another tab: a login anew is a POST, and it carries what this browser's forms carry now.
    let token = form_token(&browser, "/profile", "Log out").await;
    let form = form.forge("form_token", &token).fill("username", "bob").fill("password", PASSWORD);
    let profile = form.submit().await.follow_all().await;
    assert_eq!(profile.only(".who .name"), "bob");
    assert_eq!(old.get("/profile").await.location(), Some("/login"));
    assert!(old.get("/login").await.notice().unwrap().contains("You were logged out"));
}

#[actix_web::test]
async fn a_wrong_password_in_between_ends_nothing() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();
    let form = browser.get("/login").await.form("Log in");
    browser.log_in("ada").await;
    let token = form_token(&browser, "/profile", "Log out").await;
    let form = form.forge("form_token", &token).fill("username", "ada").fill("password", "not that one");
    form.submit().await.expect(422);
    browser.get("/profile").await.expect(200);
}

#[actix_web::test]
async fn what_a_guests_form_carries_is_worth_nothing_after_the_login() {
    let app = TestApp::start().await;
    for name in ["ada", "mallory"] {
        app.person(name).await;
    }
    let browser = app.browser();
    let old = browser.get("/login").await.form("Log in");
    browser.log_in("ada").await;

    let again = old.clone().fill("username", "mallory").fill("password", PASSWORD).submit().await.expect(403);
    assert!(again.notice().unwrap().contains("This page was open too long"), "{}", again.describe());
    assert_eq!(again.form("Log in").value("username").as_deref(), Some("mallory"));
    assert_eq!(again.form("Log in").value("password").as_deref(), Some(""));

    let old = old.value("form_token").unwrap();
    browser.get("/profile").await.form("Save").forge("form_token", &old).submit().await.expect(403);
    browser.get("/profile").await.form("Log out").forge("form_token", &old).submit().await.expect(403);
    assert_eq!(browser.get("/profile").await.only(".who .name"), "ada");
}

#[actix_web::test]
async fn a_login_leads_back_to_the_page_that_was_asked_for() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();
    for path in ["/profile/two-factor", "/profile/computers", "/profile"] {
        assert_eq!(browser.follow_all(path).await.path(), "/login");
        // A slip on the way loses nothing.
        browser.log_in_with("ada", "not her password at all").await.expect(422);
        assert_eq!(browser.log_in("ada").await.path(), path);
        browser.log_out().await;
    }
    // Once: the next login begins at the profile again.
    assert_eq!(browser.log_in("ada").await.path(), "/profile");
}

#[actix_web::test]
async fn the_page_that_was_asked_for_comes_after_the_code_too() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    home.turn_on_email(&app, "ada").await;
    let other = app.browser();
    other.follow_all("/profile/computers").await;
    assert_eq!(other.log_in_with_code(&app, "ada").await.path(), "/profile/computers");
}

#[actix_web::test]
async fn a_login_never_leads_anywhere_else() {
    let app = TestApp::start().await;
    app.person("ada").await;
    for hostile in [
        "/login?next=https://evil.example/",
        "/login?next=//evil.example",
        "/login?return_to=/%2F/evil.example",
        "/profile/two-factor?next=https://evil.example/",
        "//evil.example/",
    ] {
        let browser = app.browser();
        browser.raw("GET", &format!("{}{hostile}", browser.origin()), &[], b"").await;
        let answer = browser.log_in_with("ada", PASSWORD).await.expect(303);
        let location = answer.location().unwrap();
        assert!(["/profile", "/profile/two-factor"].contains(&location), "{hostile}: {location}");
    }
}

#[actix_web::test]
async fn who_is_logged_in_is_led_on_from_the_login_page() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();
    browser.log_in("ada").await;
    assert_eq!(browser.get("/login").await.expect(303).location(), Some("/profile"));
    assert_eq!(browser.get("/").await.expect(303).location(), Some("/profile"));

    browser.turn_on_email(&app, "ada").await;
    let other = app.browser();
    other.log_in("ada").await;
    assert_eq!(other.get("/").await.expect(303).location(), Some("/login/code"));
    assert_eq!(other.get("/login").await.expect(303).location(), Some("/login/code"));
}
