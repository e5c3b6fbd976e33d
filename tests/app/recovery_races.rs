//! What is used once, by sixteen at once: a recovery code, a pass, a reset link, the code of a new address.

use chrono::TimeDelta;

use crate::support::at_once::at_once;
use crate::support::browser::{Form, Page};
use crate::support::test_app::{Deeds, TestApp};

const MANY: usize = 16;
const NEW: &str = "a rather unlikely sentence about herons";

async fn all_at_once(forms: Vec<Form>) -> Vec<Page> {
    let pages = at_once(forms.into_iter().map(Form::submit)).await;
    for page in &pages {
        assert!(page.status() < 500, "{}", page.describe());
    }
    pages
}

fn that_went_to(pages: &[Page], path: &str) -> usize {
    pages.iter().filter(|page| page.location() == Some(path)).count()
}

/// As many logins of Ada's that each owe a code, about to give this in its place.
async fn logins(app: &TestApp, typed: &str) -> Vec<Form> {
    let mut forms = Vec::new();
    for _ in 0..MANY {
        let page = app.code_page("ada").await.browser().get("/login/recovery").await;
        forms.push(page.form("Log in").fill("recovery_code", typed));
    }
    forms
}

#[actix_web::test]
async fn of_sixteen_uses_of_one_recovery_code_one_opens_a_session() {
    let app = TestApp::start().await;
    let codes = app.guarded("ada").await.make_recovery_codes().await;
    let sessions = app.count("sessions").await;
    let pages = all_at_once(logins(&app, &codes[0]).await).await;
    assert_eq!(that_went_to(&pages, "/profile"), 1);
    assert_eq!(app.count("sessions").await, sessions + 1);
    assert_eq!(app.count("security_events WHERE kind = 'recovery_code_used'").await, 1);
}

#[actix_web::test]
async fn of_sixteen_uses_of_one_recovery_code_in_one_login_one_opens_a_session() {
    let app = TestApp::start().await;
    let codes = app.guarded("ada").await.make_recovery_codes().await;
    let page = app.code_page("ada").await;
    let mut forms = Vec::new();
    for n in 0..MANY {
        let form = page.browser().copy().get("/login/recovery").await.form("Log in");
        forms.push(form.fill("recovery_code", &codes[n % 10]));
    }
    let pages = all_at_once(forms).await;
    assert_eq!(that_went_to(&pages, "/profile"), 1);
    assert_eq!(app.count("recovery_codes WHERE used_at IS NOT NULL").await, 1, "no other was used up for it");
}

#[actix_web::test]
async fn of_sixteen_uses_of_one_pass_one_opens_a_session() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let pass = app.pass_for("ada").await;
    let pages = all_at_once(logins(&app, &pass).await).await;
    assert_eq!(that_went_to(&pages, "/profile"), 1);
    assert_eq!(app.count("security_events WHERE kind = 'pass_used'").await, 1);
}

#[actix_web::test]
async fn of_sixteen_uses_of_one_recovery_code_at_confirm_one_is_enough() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let codes = home.make_recovery_codes().await;
    home.log_out().await;
    home.log_in("ada").await;
    home.get("/profile/recovery-codes").await.form("Make new recovery codes").submit().await.expect(303);
    let mut forms = Vec::new();
    for _ in 0..MANY {
        let form = home.copy().get("/confirm?recovery=yes").await.form("Continue");
        forms.push(form.fill("recovery_code", &codes[0]));
    }
    let pages = all_at_once(forms).await;
    assert_eq!(that_went_to(&pages, "/profile/recovery-codes"), 1);
    assert_eq!(app.count("security_events WHERE kind = 'recovery_code_used'").await, 1);
}

#[actix_web::test]
async fn of_sixteen_uses_of_one_reset_link_one_sets_the_password() {
    let app = TestApp::start().await;
    app.person("ada").await;
    app.ask_for_reset("ada").await;
    let link = app.reset_link_to("ada@example.com").await;
    let (mut forms, mut passwords) = (Vec::new(), Vec::new());
    for n in 0..MANY {
        let password = format!("{NEW} number {n}");
        let form = app.browser().follow_all(&link).await.form("Save password");
        forms.push(form.fill("new_password", &password).fill("new_password_again", &password));
        passwords.push(password);
    }
    let pages = all_at_once(forms).await;
    assert_eq!(that_went_to(&pages, "/login"), 1);
    let winner = pages.iter().position(|page| page.location() == Some("/login")).unwrap();
    assert_eq!(app.browser().log_in_with("ada", &passwords[winner]).await.location(), Some("/profile"));
    assert_eq!(app.count("security_events WHERE kind = 'password_reset'").await, 1);
}

#[actix_web::test]
async fn of_sixteen_uses_of_one_code_of_a_new_address_one_changes_it() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    let form = home.get("/profile/email").await.form("Save").fill("email", "new@example.net");
    form.submit().await.expect(303);
    let code = app.code_for("new@example.net").await;
    let mut forms = Vec::new();
    for _ in 0..MANY {
        forms.push(home.copy().get("/profile/email").await.form("Save").fill("code", &code));
    }
    all_at_once(forms).await;
    assert_eq!(app.count("security_events WHERE kind = 'email_changed'").await, 1);
    assert_eq!(app.count("accounts WHERE email = 'new@example.net'").await, 1);
}

#[actix_web::test]
async fn of_sixteen_new_sets_of_recovery_codes_one_remains_whole() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let mut forms = Vec::new();
    for _ in 0..MANY {
        forms.push(home.copy().get("/profile/recovery-codes").await.form("Make new recovery codes"));
    }
    let pages = all_at_once(forms).await;
    assert_eq!(app.count("recovery_codes").await, 10);
    app.wait(TimeDelta::minutes(1));
    let mut opened = 0;
    for page in pages {
        let code = page.all("#recovery-codes li").remove(0);
        let login = app.code_page("ada").await.browser().get("/login/recovery").await;
        opened +=
            usize::from(login.form("Log in").fill("recovery_code", &code).submit().await.status() == 303);
    }
    assert_eq!(opened, 1);
}
