//! What a browser must not show, send or believe.

use actix_web::{App, HttpResponse, HttpServer, web};
use serde_json::json;

use super::super::chrome::{Script, View, walk};
use super::super::support::test_app::TestApp;
use super::{MAIL, ada_with_email};

const WITHOUT_SCRIPT: View = View { script: Script::Off, ..View::PLAIN };

#[actix_web::test]
async fn back_shows_nothing_after_logging_out() {
    let app = TestApp::start().await;
    app.person("ada").await;
    for view in [View::PLAIN, WITHOUT_SCRIPT] {
        walk("back", view, &app.base, async |chrome| {
            chrome.log_in("ada").await;
            chrome.open("/profile/two-factor").await;
            chrome.log_out("ada").await;
            chrome.driver().back().await.unwrap();
            assert_eq!(chrome.path().await, "/login");
            chrome.says_nothing_of("ada").await;

            chrome.log_in("ada").await;
            chrome.driver().back().await.unwrap();
            assert_eq!(chrome.path().await, "/profile", "no filled login form comes back either");
        })
        .await;
    }
}

#[actix_web::test]
async fn the_code_page_gives_away_neither_address_nor_code() {
    let app = ada_with_email().await;
    walk("masked", View::PLAIN, &app.base, async |chrome| {
        chrome.log_in("ada").await;
        let code = app.code_for(MAIL).await;
        chrome.open("/login/code").await;
        let html = chrome.driver().source().await.unwrap();
        assert!(!html.contains(MAIL) && !html.contains(&code), "{html}");
        chrome.says("a•••@e•••.com").await;
    })
    .await;
}

#[actix_web::test]
async fn password_managers_and_phones_know_the_fields() {
    let app = ada_with_email().await;
    walk("fields", WITHOUT_SCRIPT, &app.base, async |chrome| {
        let fields = "return [...document.querySelectorAll('main input:not([type=hidden])')]\
            .map(field => [field.id, field.type, field.autocomplete, field.inputMode])";
        chrome.open("/login").await;
        let login =
            json!([["username", "text", "username", ""], ["password", "password", "current-password", ""]]);
        assert_eq!(chrome.run(fields, vec![]).await, login);
        chrome.log_in("ada").await;
        let code =
            json!([["code", "text", "one-time-code", "numeric"], ["trust_computer", "checkbox", "", ""]]);
        assert_eq!(chrome.run(fields, vec![]).await, code);
        let longest = chrome.run("return document.getElementById('code').maxLength", vec![]).await;
        assert!(longest.as_i64().unwrap() >= 20, "a pasted sentence is not cut off");
    })
    .await;
}

#[actix_web::test]
async fn the_first_visit_weighs_little() {
    let app = TestApp::start().await;
    walk("weight", View::PLAIN, &app.base, async |chrome| {
        chrome.open("/login").await;
        let sizes =
            "return performance.getEntriesByType('resource').map(part => [part.name, part.decodedBodySize])";
        let parts = chrome.run(sizes, vec![]).await;
        let parts: Vec<(String, u64)> = serde_json::from_value(parts).unwrap();
        for (end, most) in [(".css", 20_480), (".js", 4_096), (".woff2", 40_960)] {
            let heavy: Vec<_> =
                parts.iter().filter(|(name, size)| name.ends_with(end) && *size > most).collect();
            assert!(heavy.is_empty(), "{heavy:?} weighs more than {most} bytes");
            assert!(parts.iter().any(|(name, _)| name.ends_with(end)), "no {end} among {parts:?}");
        }
    })
    .await;
}

#[actix_web::test]
async fn a_form_on_somebody_elses_page_does_nothing_here() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let strange = strange_site(&app.base).await;
    walk("cross-site", View::PLAIN, &app.base, async |chrome| {
        chrome.log_in("ada").await;
        // The same host on another port shares its cookies with us; another host does not.
        for host in ["127.0.0.1", "localhost"] {
            for button in ["Log her out", "Rename her", "Log in as somebody"] {
                chrome.driver().goto(format!("http://{host}:{strange}/")).await.unwrap();
                chrome.press(button).await;
                assert_eq!(chrome.heading().await, "You do not have access to this page", "{host}: {button}");
            }
        }
        let left = chrome.complaints().await;
        assert!(left.iter().all(|line| line.contains(&format!(":{strange}/"))), "{left:?}");
        chrome.look_twice("refused").await;
        chrome.open("/profile").await;
        assert_eq!(chrome.texts(".who").await, ["ada"], "she is still logged in");
        assert_ne!(chrome.field("Name").await.value().await.unwrap().as_deref(), Some("Mallory"));
    })
    .await;
}

/// A page on another port, with forms that post here. Its port.
async fn strange_site(base: &str) -> u16 {
    let form = |path: &str, fields: &[(&str, &str)], button: &str| {
        let fields: String = fields
            .iter()
            .map(|(name, value)| format!("<input type=hidden name={name} value='{value}'>"))
            .collect();
        format!("<form method=post action='{base}{path}'>{fields}<button>{button}</button></form>")
    };
    let html = format!(
        "<!doctype html><html lang=en><head><title>A strange page</title><link rel=icon href=data:,></head><body>{}{}{}",
        form("/logout", &[("form_token", "x")], "Log her out"),
        form(
            "/profile",
            &[("form_token", "x"), ("display_name", "Mallory"), ("time_zone", "UTC")],
            "Rename her"
        ),
        form("/login", &[("form_token", "x"), ("username", "m"), ("password", "m")], "Log in as somebody"),
    );
    let page = move || {
        let html = html.clone();
        async move { HttpResponse::Ok().content_type("text/html").body(html) }
    };
    let server = HttpServer::new(move || App::new().route("/", web::get().to(page.clone())));
    let server = server.workers(1).disable_signals().bind(("127.0.0.1", 0)).unwrap();
    let port = server.addrs()[0].port();
    actix_web::rt::spawn(server.run());
    port
}
