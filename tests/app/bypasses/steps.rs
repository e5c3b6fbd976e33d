//! Steps that others let one leave out: no step is taken by sending nothing, in another order or with what was before.

use chrono::TimeDelta;
use postern::web::routes::{TABLE, Who};

use crate::support::browser::Page;
use crate::support::codes::Reading;
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

const ADA: &str = "ada@example.com";

/// What the first step had left in a cookie was believed without the second.
#[actix_web::test]
async fn better_auth_ghsa_xg6x_cookies_of_before_the_code_open_nothing_after_it() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let browser = app.browser();
    let token = |page: &Page| page.form("Log in").value("form_token").unwrap();
    let guest = (token(&browser.get("/login").await), browser.copy());
    let page = browser.log_in("ada").await;
    let pending = (token(&page), browser.copy());
    let code = app.code_for(ADA).await;
    page.form("Log in").fill("code", &code).submit().await.expect(303);
    browser.get("/profile").await.expect(200);

    let somebodys = |who: &Who| matches!(who, Who::PendingLogin | Who::Session | Who::Administrator);
    for (method, path, _) in TABLE.iter().filter(|(_, _, who)| somebodys(who)) {
        let path = path.replace("{id}", "01JDFZ0000AAAAAAAAAAAAAAAA").replace("{action}", "disable");
        for (token, before) in [&guest, &pending] {
            let page = match *method {
                "GET" => before.copy().get(&path).await,
                _ => before.copy().post_form(&path, &[("form_token", token)]).await,
            };
            assert_eq!(page.status(), 303, "{method} {path}");
            // By way of the code page, if need be, which knows nothing of it any more.
            assert_eq!(page.follow_all().await.path(), "/login", "{method} {path}");
        }
    }
}

/// An empty form, a form of another step and a form of no step each went on to the next one there.
#[actix_web::test]
async fn authentik_cve_2026_49443_nothing_entered_opens_nothing() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let page = app.code_page("ada").await;
    let browser = page.browser();
    let login = || page.form("Log in");
    for form in [
        login().fill("code", ""),
        login().without("code"),
        login().without("code").without("trust_computer"),
        login().without("code").forge("recovery_code", ""),
        login().without("code").forge("password", PASSWORD),
        login().forge("code", "null"),
        login().forge("code", "undefined"),
        login().forge("step", "done"),
        login().forge("method", "disabled"),
        login().forge("username", "bob"),
        login().without("code").sent_to("/login/recovery"),
        login().without("code").forge("recovery_code", "").sent_to("/login/recovery"),
        login().without("code").sent_to("/login/code?code=123456"),
        login().without("code").sent_to("/profile"),
    ] {
        let answer = form.submit().await;
        assert!([303, 400, 422].contains(&answer.status()), "{}", answer.describe());
        assert!([None, Some("/login/code")].contains(&answer.location()), "{}", answer.describe());
        assert_eq!(browser.get("/profile").await.location(), Some("/login/code"));
    }
    for method in ["GET", "HEAD"] {
        browser.raw(method, "/login/code?code=000000&trust_computer=yes", &[], b"").await;
        assert_eq!(browser.get("/profile").await.location(), Some("/login/code"));
    }
    assert_eq!(app.count("sessions").await, 1, "hers at home");
    assert_eq!(app.count("accounts WHERE code_failures > 0").await, 0);
    home.get("/profile").await.expect(200);
}

/// State was looked at too late there, so that a later step could be sent first.
#[actix_web::test]
async fn joomla_cve_2026_48896_the_code_half_is_not_taken_before_the_password_half() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    home.log_out().await;
    home.log_in("ada").await;
    app.wait(TimeDelta::minutes(11));
    let off = home.get("/profile/two-factor").await.form("Save").select("method", "disabled");
    let asked = off.submit().await.follow_all().await;
    assert_eq!(asked.path(), "/confirm");
    let sent = app.sent_to(ADA).await;
    let codes = home.get("/login/code").await;
    assert_eq!(codes.location(), Some("/profile"), "a login's page is no way around");
    let form = || asked.form("Continue").without("password");
    for form in [
        form(),
        form().forge("code", "000000"),
        form().forge("code", ""),
        form().forge("recovery_code", ""),
        form().forge("password", "").forge("code", "000000"),
        form().forge("confirmed", "yes"),
        form().sent_to("/confirm/resend"),
    ] {
        let answer = form.submit().await;
        assert!([303, 400, 422].contains(&answer.status()), "{}", answer.describe());
        assert!(home.get("/confirm").await.form("Continue").has("password"), "{}", answer.describe());
    }
    assert_eq!(app.sent_to(ADA).await, sent, "nothing is sent before the password");
    home.get("/profile/two-factor").await.says("a•••@e•••.com");
    assert_eq!(app.browser().log_in("ada").await.path(), "/login/code");
}
