//! One form of every unsafe route, each in the browser of somebody it is for, filled in and ready to be sent.

use chrono::TimeDelta;
use postern::domain::administration::Act;

use super::administration::Administering;
use super::browser::{Browser, Form};
use super::test_app::{Deeds, PASSWORD, TestApp};

/// A password that nobody has yet.
const ANOTHER: &str = "a rather unlikely sentence about herons";

/// A Postern in which everybody is about to press a button.
pub struct Scene {
    /// Where people are.
    pub app: TestApp,
    /// Where nobody has an account yet.
    pub empty: TestApp,
    /// The forms, by the route that each is for.
    pub forms: Vec<(&'static str, Form)>,
}

impl Scene {
    /// Sets it all up. Sent honestly, every form is answered with 303, but the one whose page shows what is kept nowhere.
    pub async fn set() -> Self {
        let (app, empty) = (TestApp::start().await, TestApp::start().await);
        let mut forms = confirmations(&app).await;
        forms.extend(logins(&app).await);
        forms.extend(profile(&app).await);
        forms.extend(keys(&app).await);
        forms.extend(links(&app, &empty).await);
        forms.extend(administration(&app).await);
        Self { app, empty, forms }
    }
}

/// Somebody new who has two-factor authentication by Email and is logged in on a computer that is trusted.
async fn with_email(app: &TestApp, name: &str) -> Browser {
    let browser = logged_in(app, name).await;
    browser.turn_on_email(app, name).await;
    browser
}

async fn logged_in(app: &TestApp, name: &str) -> Browser {
    app.person(name).await;
    let browser = app.browser();
    browser.log_in(name).await;
    browser
}

async fn confirmations(app: &TestApp) -> Vec<(&'static str, Form)> {
    let (gina, hana) = (with_email(app, "gina").await, with_email(app, "hana").await);
    app.wait(TimeDelta::minutes(11));
    let mut asked = Vec::new();
    for browser in [&gina, &hana] {
        let form = browser.get("/profile/two-factor").await.form("Save").select("method", "disabled");
        let page = form.submit().await.follow_all().await;
        assert_eq!(page.path(), "/confirm");
        asked.push(page.form("Continue").fill("password", PASSWORD));
    }
    let code_page = asked.pop().unwrap().submit().await.follow_all().await;
    let resend = code_page.form("Request another code");
    app.wait(TimeDelta::minutes(1));
    vec![("/confirm", asked.pop().unwrap()), ("/confirm/resend", resend)]
}

async fn logins(app: &TestApp) -> Vec<(&'static str, Form)> {
    app.person("anna").await;
    let form = app.browser().get("/login").await.form("Log in");
    let mut forms = vec![("/login", form.fill("username", "anna").fill("password", PASSWORD))];
    with_email(app, "bea").await;
    for (route, button) in [
        ("/login/cancel", "Use another account"),
        ("/login/code/resend", "Request another code"),
        ("/login/code", "Log in"),
    ] {
        let page = app.browser().log_in("bea").await;
        assert_eq!(page.path(), "/login/code");
        forms.push((route, page.form(button)));
        // One message after the other, so that the newest is the last browser's.
        app.deliver_all().await;
    }
    let code = app.code_for("bea@example.com").await;
    let (route, form) = forms.pop().unwrap();
    forms.push((route, form.fill("code", &code)));
    app.wait(TimeDelta::minutes(1));
    forms
}

async fn profile(app: &TestApp) -> Vec<(&'static str, Form)> {
    let mut forms = Vec::new();
    let cara = logged_in(app, "cara").await;
    forms.push(("/logout", cara.get("/profile").await.form("Log out")));
    let dora = logged_in(app, "dora").await;
    forms.push(("/profile", dora.get("/profile").await.form("Save").fill("display_name", "Dora Countess")));
    for (name, route, button) in [
        ("emma", "/profile/two-factor", "Save"),
        ("fay", "/profile/two-factor/resend", "Request another code"),
        ("gail", "/profile/two-factor/cancel", "Cancel"),
    ] {
        let browser = logged_in(app, name).await;
        let form = browser.get("/profile/two-factor").await.form("Save").select("method", "email");
        let form = if name == "emma" { form } else { form.submit().await.follow_all().await.form(button) };
        forms.push((route, form));
    }
    app.wait(TimeDelta::minutes(1));
    for (name, route, button) in [
        ("hope", "/profile/computers/{id}/forget", "Forget Firefox on Windows"),
        ("iris", "/profile/computers/forget-all", "Forget all computers"),
    ] {
        let browser = with_email(app, name).await;
        forms.push((route, browser.get("/profile/computers").await.form(button)));
    }
    for (name, route, button) in [
        ("judy", "/profile/sessions/{id}/end", "End Firefox on Windows"),
        ("kate", "/profile/sessions/end-others", "End all other sessions"),
    ] {
        let browser = logged_in(app, name).await;
        app.browser().log_in(name).await;
        forms.push((route, browser.get("/profile/sessions").await.form(button)));
    }
    forms
}

async fn administration(app: &TestApp) -> Vec<(&'static str, Form)> {
    app.administrator("kim").await;
    app.person("lena").await;
    let kim = app.browser();
    kim.log_in("kim").await;
    let new = kim.get("/admin/accounts/new").await.form("Create account");
    let new = new.fill("username", "mona").fill("email", "mona@example.com");
    let disable = kim.act_form(app, "lena", Act::Disable).await;
    let test = kim.get("/admin/deliveries").await.form("Send a test email");
    vec![
        ("/admin/accounts/new", new),
        ("/admin/accounts/{id}/{action}", disable),
        ("/admin/deliveries/test", test),
    ]
}

/// What people prove themselves with: password, recovery codes, e-mail address of record.
async fn keys(app: &TestApp) -> Vec<(&'static str, Form)> {
    let codes = with_email(app, "kira").await.get("/profile/recovery-codes").await;
    let mut forms = vec![(SHOWN_ONCE, codes.form("Make new recovery codes"))];
    let login = with_recovery_codes(app, "lucy").await;
    forms.push(("/login/recovery", login));
    let mina = logged_in(app, "mina").await;
    let form = mina.get("/profile/password").await.form("Save").fill("current_password", PASSWORD);
    let form = form.fill("new_password", ANOTHER).fill("new_password_again", ANOTHER);
    forms.push(("/profile/password", form));
    for (name, route, button) in [
        ("nora", "/profile/email", "Save"),
        ("olga", "/profile/email/resend", "Request another code"),
        ("pia", "/profile/email/cancel", "Cancel"),
    ] {
        let browser = logged_in(app, name).await;
        let form = browser.get("/profile/email").await.form("Save").fill("email", "new@example.net");
        let form = if name == "nora" { form } else { form.submit().await.follow_all().await.form(button) };
        forms.push((route, form));
    }
    app.wait(TimeDelta::minutes(1));
    app.person("rita").await;
    app.person("sara").await;
    let form = app.browser().get("/password/forgot").await.form("Mail me a link").fill("username", "sara");
    forms.push(("/password/forgot", form));
    let form = app.follows_reset_link("rita").await.form("Save password");
    forms.push(("/password/reset", form.fill("new_password", ANOTHER).fill("new_password_again", ANOTHER)));
    forms
}

/// The one form whose answer is a page.
const SHOWN_ONCE: &str = "/profile/recovery-codes";

/// How a form is answered that was sent honestly.
pub fn success_of(route: &str) -> u16 {
    if route == SHOWN_ONCE { 200 } else { 303 }
}

/// Somebody who owes a code and is about to give a recovery code.
async fn with_recovery_codes(app: &TestApp, name: &str) -> Form {
    let code = with_email(app, name).await.make_recovery_codes().await.remove(0);
    let page = app.code_page(name).await.browser().get("/login/recovery").await;
    page.form("Log in").fill("recovery_code", &code)
}

async fn links(app: &TestApp, empty: &TestApp) -> Vec<(&'static str, Form)> {
    let form = app.invited("jane").await.get("/invitation").await.form("Save password");
    let invitation = form.fill("new_password", ANOTHER).fill("new_password_again", ANOTHER);
    let link = format!("/setup?token={}", empty.setup_token().await);
    let form = empty.browser().follow_all(&link).await.form("Create account");
    let form = form.fill("username", "ada").fill("email", "ada@example.com");
    let setup = form.fill("password", ANOTHER).fill("password_again", ANOTHER);
    with_email(app, "lola").await;
    let not_me = app.opened_notice("lola@example.com").await.get("/not-me").await.form("This wasn’t me");
    vec![("/invitation", invitation), ("/setup", setup), ("/not-me", not_me)]
}
