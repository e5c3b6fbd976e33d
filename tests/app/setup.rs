//! The first administrator: one link, one account, and then never again.

use diesel::prelude::*;
use postern::storage::schema::accounts;

use crate::support::at_once::at_once;
use crate::support::browser::{Browser, Form};
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

async fn link(app: &TestApp) -> String {
    format!("/setup?token={}", app.setup_token().await)
}

/// The form behind the link, as somebody fills it in.
async fn form(browser: &Browser, link: &str, name: &str) -> Form {
    let form = browser.follow_all(link).await.form("Create account");
    let form = form.fill("username", name).fill("email", &format!("{name}@example.com"));
    form.fill("password", PASSWORD).fill("password_again", PASSWORD)
}

async fn accounts_and_roles(app: &TestApp) -> Vec<(String, String)> {
    app.in_database(|conn| accounts::table.select((accounts::username, accounts::role)).load(conn)).await
}

#[actix_web::test]
async fn the_first_account_is_an_administrators() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let profile = form(&browser, &link(&app).await, "ada").await.submit().await.follow_all().await;
    assert_eq!(profile.path(), "/profile");
    let notice = profile.notice().unwrap();
    assert!(notice.starts_with("Your account is ready") && notice.contains("you are logged in"), "{notice}");
    assert_eq!(profile.only(".who .name"), "ada");
    assert_eq!(accounts_and_roles(&app).await, [("ada".to_owned(), "administrator".to_owned())]);
    browser.log_out().await;
    assert_eq!(browser.log_in("ada").await.path(), "/profile");
}

#[actix_web::test]
async fn the_token_stands_in_no_address_and_on_no_page() {
    let app = TestApp::start().await;
    let (browser, token) = (app.browser(), app.setup_token().await);
    let answer = browser.get(&format!("/setup?token={token}")).await.expect(303);
    assert_eq!(answer.location(), Some("/setup"));
    let page = browser.get("/setup").await.expect(200);
    assert_eq!((page.path().as_str(), page.h1().as_str()), ("/setup", "Make the first account"));
    assert!(!page.html().contains(&token));
    assert_eq!(page.form("Create account").action(), "/setup");
    assert!(!browser.cookie("postern").unwrap().value().contains(&token));
}

#[actix_web::test]
async fn without_the_right_token_there_is_no_such_page() {
    let app = TestApp::start().await;
    let token = app.setup_token().await;
    let cut = &token[..token.len() - 1];
    for link in [
        "/setup",
        "/setup?token=",
        "/setup?token=x",
        &format!("/setup?token={cut}"),
        &format!("/setup?token={token}x"),
    ] {
        assert_eq!(app.browser().get(link).await.expect(404).h1(), "There is no such page");
    }
    // Nor does another browser's form help.
    let browser = app.browser();
    let stolen = form(&app.browser(), &link(&app).await, "mallory").await;
    let own = browser.get("/login").await.form("Log in").value("form_token").unwrap();
    let fields: Vec<_> = stolen.entries().into_iter().filter(|(name, _)| name != "form_token").collect();
    let mut fields: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    fields.push(("form_token", &own));
    browser.post_form("/setup", &fields).await.expect(404);
    assert!(accounts_and_roles(&app).await.is_empty());
}

#[actix_web::test]
async fn every_instance_has_the_same_link_and_another_postern_another() {
    let (app, elsewhere) = (TestApp::start().await, TestApp::start().await);
    let second = app.another().await;
    assert_eq!(app.setup_token().await, second.setup_token().await);
    assert_ne!(app.setup_token().await, elsewhere.setup_token().await);
}

#[actix_web::test]
async fn the_link_is_over_once_there_is_an_account() {
    let app = TestApp::start().await;
    let link = link(&app).await;
    let (late, browser) = (app.browser(), app.browser());
    let waiting = form(&late, &link, "mallory").await;
    form(&browser, &link, "ada").await.submit().await.expect(303);

    waiting.submit().await.expect(404);
    late.get("/setup").await.expect(404);
    late.get(&link).await.expect(404);
    browser.get(&link).await.expect(404);
    assert_eq!(accounts_and_roles(&app).await.len(), 1);
    assert!(postern::flows::setup::token(app.app.services()).await.unwrap().is_none());
}

#[actix_web::test]
async fn an_account_made_by_command_ends_the_link_as_well() {
    let app = TestApp::start().await;
    let link = link(&app).await;
    let waiting = form(&app.browser(), &link, "mallory").await;
    app.administrator("ada").await;
    waiting.submit().await.expect(404);
    app.browser().get(&link).await.expect(404);
}

#[actix_web::test]
async fn of_sixteen_founders_at_once_one_wins() {
    let app = TestApp::start().await;
    let other = app.another().await;
    let link = link(&app).await;
    let mut forms = Vec::new();
    for n in 0..16 {
        let instance = if n % 2 == 0 { &app } else { &other };
        forms.push(form(&instance.browser(), &link, &format!("founder-{n}")).await);
    }
    let pages = at_once(forms.into_iter().map(Form::submit)).await;
    let statuses: Vec<_> = pages.iter().map(|page| page.status()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 404).count(), 15, "{statuses:?}");
    assert_eq!(accounts_and_roles(&app).await.len(), 1);
}

#[actix_web::test]
async fn everything_that_is_wrong_is_said_in_one_go() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let form = form(&browser, &link(&app).await, "ada").await;
    let page = form
        .clone()
        .fill("username", "a b")
        .fill("email", "ada@")
        .fill("password", "short")
        .submit()
        .await
        .expect(422);
    assert_eq!(
        page.errors(),
        [
            "Use only letters, digits, dots, underscores and dashes in a username",
            "Enter an email address in the correct format, like name@example.com",
            "Enter at least 15 characters",
        ]
    );
    let again = page.form("Create account");
    assert_eq!(again.value("username").as_deref(), Some("a b"));
    assert_eq!(again.value("email").as_deref(), Some("ada@"));
    assert_eq!(again.value("password").as_deref(), Some(""));
    assert_eq!(again.value("password_again").as_deref(), Some(""));

    let page = form.clone().fill("password_again", "another password").submit().await.expect(422);
    assert_eq!(page.field_error("password_again").as_deref(), Some("The two passwords are not the same"));
    let nothing = ["username", "email", "password", "password_again"];
    let empty = nothing.into_iter().fold(form.clone(), |form, name| form.fill(name, ""));
    let errors = empty.submit().await.expect(422).errors();
    assert_eq!(errors, ["Enter a username", "Enter an email address", "Enter a password"]);
    assert!(accounts_and_roles(&app).await.is_empty());
    form.submit().await.expect(303);
}

#[actix_web::test]
async fn setting_up_ends_nothing_of_the_browser_but_the_link() {
    let app = TestApp::start().await;
    let browser = app.browser();
    let before = form(&browser, &link(&app).await, "ada").await;
    let thief = browser.copy();
    before.submit().await.expect(303);
    // The ticket of before is nobody's.
    assert_eq!(thief.get("/profile").await.expect(303).location(), Some("/login"));
    browser.get("/profile").await.expect(200);
}
