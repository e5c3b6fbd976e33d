//! Who gets a code, and whose account an act is about: never what the request says of it.

use crate::support::at_once::at_once;
use crate::support::browser::Browser;
use crate::support::codes::{Reading, wrong};
use crate::support::dump;
use crate::support::scene::Scene;
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

const EVE: &str = "eve@evil.example";
const EVES_PHONE: &str = "+12125550199";

/// The recipient of a code came with the request that asked for it.
#[actix_web::test]
async fn authentik_ghsa_qgqp_a_code_goes_where_the_row_says() {
    let scene = Scene::set().await;
    for (route, form) in &scene.forms {
        let names = ["email", "phone", "country", "to", "recipient", "destination", "channel", "address"];
        for name in names.into_iter().filter(|name| !form.has(name)) {
            let value = if name == "phone" { EVES_PHONE } else { EVE };
            let page = form.clone().forge(name, value).submit().await;
            assert_eq!(page.status(), 400, "{route}, {name}: {}", page.describe());
        }
    }
    for eve in [EVE, EVES_PHONE] {
        assert_eq!(scene.app.sent_to(eve).await, 0);
    }
}

/// The same with the code already there: what was confirmed is what the code went to.
#[actix_web::test]
async fn authentik_ghsa_qgqp_a_right_code_confirms_no_other_address() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    let form = home.get("/profile/two-factor").await.form("Save").select("method", "email");
    let set_up = form.fill("email", "codes@example.com").submit().await.follow().await;
    let code = app.code_for("codes@example.com").await;
    for (name, value) in [("email", EVE), ("phone", EVES_PHONE), ("destination", EVE)] {
        let form = set_up.form("Save").fill("code", &code).forge(name, value);
        form.submit().await.expect(400);
    }
    set_up.form("Save").fill("code", &code).submit().await.expect(303);

    let form = home.get("/profile/email").await.form("Save").fill("email", "new@example.net");
    let asked = form.submit().await.follow().await;
    let code = app.code_for("new@example.net").await;
    asked.form("Save").fill("code", &code).forge("email", EVE).submit().await.expect(400);
    asked.form("Save").fill("code", &code).submit().await.expect(303);
    assert_eq!(app.count("accounts WHERE email = 'new@example.net'").await, 1);
    assert_eq!(app.sent_to(EVE).await, 0);
}

/// Whose two-factor authentication is turned off came with the request.
#[actix_web::test]
async fn shield_cve_2025_14427_nobody_turns_off_anybody_elses() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let bob = app.guarded("bob").await;
    let account = app.account_path("ada").await;
    let id = account.rsplit('/').next().unwrap();
    let off = bob.get("/profile/two-factor").await.form("Save").select("method", "disabled");
    for name in ["id", "account", "account_id", "user", "user_id", "username", "owner"] {
        for value in [id, "ada"] {
            off.clone().forge(name, value).submit().await.expect(400);
        }
    }
    let beside = off.clone().sent_to(&format!("/profile/two-factor?account={id}&user_id={id}&username=ada"));
    beside.submit().await;
    assert_eq!(app.browser().log_in("ada").await.path(), "/login/code");
}

/// Two changes of an address at once left the address of the one under the code of the other.
#[actix_web::test]
async fn devise_cve_2026_32700_code_and_address_never_mix() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    for round in 0..2 {
        let (first, second) = (format!("first{round}@example.net"), format!("second{round}@example.net"));
        let page = home.get("/profile/email").await;
        let page =
            if page.has_button("Cancel") { page.form("Cancel").submit().await.follow().await } else { page };
        let asked = page.form("Save").fill("email", &first).submit().await.follow_all().await;
        let code = app.code_for(&first).await;
        let enter = asked.form("Save").fill("code", &code);
        // The same button of a tab that still shows the form.
        let replace = enter.clone().without("code").forge("email", &second);
        let both = at_once([enter.submit(), replace.submit()]).await;
        assert!(both.iter().all(|page| page.status() < 500), "{}", both[0].describe());
        assert_eq!(app.count(&format!("accounts WHERE email = '{second}'")).await, 0, "round {round}");
    }
}

/// A blank token was found to be that of every row without one.
#[actix_web::test]
async fn devise_cve_2019_16109_a_blank_token_is_nobodys() {
    let (app, empty) = (TestApp::start().await, TestApp::start().await);
    app.person("ada").await;
    app.invite("bob").await;
    app.ask_for_reset("ada").await;
    for path in ["/invitation", "/password/reset", "/not-me", "/setup"] {
        for query in ["", "?token=", "?token=.", "?token=%20", "?token=%00", "?token=null", "?token=0"] {
            for app in [&app, &empty] {
                let page = app.browser().follow_all(&format!("{path}{query}")).await;
                assert!([400, 404, 410].contains(&page.status()), "{path}{query}: {}", page.describe());
                assert!(page.all("input[type=password]").is_empty(), "{path}{query}");
            }
        }
    }
}

/// The letters of the session cookie, whichever of them are written as `%2B`.
fn sealed_length(browser: &Browser) -> usize {
    let cookie = browser.cookie("postern").unwrap();
    cookie.value().len() - 2 * cookie.value().matches('%').count()
}

/// Passwords were kept, in plain, while the code was owed.
#[actix_web::test]
async fn django_two_factor_cve_2020_15105_while_a_code_is_owed_the_password_lies_nowhere() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let page = app.code_page("ada").await;
    let values = dump::everything(&app.database);
    assert_eq!(dump::traces(&values, PASSWORD), Vec::<String>::new());
    page.is_silent_about(PASSWORD);

    // What cannot be opened tells by its length: with a password five times as long the cookie is no longer.
    let long = [PASSWORD, PASSWORD, PASSWORD, PASSWORD].join(" ");
    let bob = app.invited("bob").await;
    let form = bob.get("/invitation").await.form("Save password").fill("new_password", &long);
    form.fill("new_password_again", &long).submit().await.expect(303);
    bob.log_in_with("bob", &long).await.expect(303);
    bob.turn_on_email(&app, "bob").await;
    let owing = app.browser();
    let there = owing.log_in_with("bob", &long).await.follow_all().await;
    assert_eq!(there.path(), "/login/code");
    assert_eq!(sealed_length(&owing), sealed_length(page.browser()));
    // Wrong tries bring nothing of it back either.
    let again = there.form("Log in").fill("code", &wrong(&app.code_for("bob@example.com").await));
    assert!(!again.submit().await.expect(422).html().contains(&long));
}
