//! Trusted computers, as others got them wrong.

use crate::support::at_once::at_once;
use crate::support::browser::Browser;
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

const TOKEN: &str = "postern-computer";

fn token(browser: &Browser) -> String {
    browser.cookie(TOKEN).expect("a trusted computer").value().to_owned()
}

/// Every computer had the same cookie there, practically for ever.
#[actix_web::test]
async fn devise_cve_2015_8314_each_computer_has_a_token_of_its_own() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let office = app.browser();
    office.log_in_with_code(&app, "ada").await;
    let (at_home, in_office) = (token(&home), token(&office));
    assert_ne!(at_home, in_office);

    // The thief has copied both; only what was forgotten is worth nothing.
    let (of_home, of_office) = (app.browser(), app.browser());
    of_home.set_cookie(TOKEN, &at_home);
    of_office.set_cookie(TOKEN, &in_office);
    let page = office.get("/profile").await.form("Log out and forget this computer").submit().await;
    page.expect(303);
    assert_eq!(of_home.log_in("ada").await.path(), "/profile");
    assert_eq!(of_office.log_in("ada").await.path(), "/login/code");

    // Trusted anew, it is another token, and the one before stays dead.
    office.log_in_with_code(&app, "ada").await;
    assert_ne!(token(&office), in_office);
    let of_office = app.browser();
    of_office.set_cookie(TOKEN, &in_office);
    assert_eq!(of_office.log_in("ada").await.path(), "/login/code");
}

/// A cookie that was drawn anew at each use made a thief of whoever had several tabs restored at once.
#[actix_web::test]
async fn joomla_46587_eight_logins_at_once_by_one_token_are_no_theft() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    home.log_out().await;
    let (before, mails) = (token(&home), app.sent_to("ada@example.com").await);
    let mut tabs = Vec::new();
    for _ in 0..8 {
        let tab = home.copy();
        let form = tab.get("/login").await.form("Log in");
        tabs.push(form.fill("username", "ada").fill("password", PASSWORD));
    }
    for (page, form) in at_once(tabs.iter().map(|form| form.clone().submit())).await.into_iter().zip(&tabs) {
        // At the worst the server asks for patience.
        let page = if page.status() == 503 { form.clone().submit().await } else { page };
        assert_eq!(page.expect(303).location(), Some("/profile"));
    }
    assert_eq!(app.count("trusted_computers").await, 1);
    assert_eq!(app.sent_to("ada@example.com").await, mails, "nobody is warned of anything");
    assert_eq!(home.log_in("ada").await.path(), "/profile");
    assert_eq!(token(&home), before);
}
