//! What comes with a request and is not ours: headers of proxies, cookies, and where one came from.

use std::marker::PhantomData;

use data_encoding::BASE64;
use postern::domain::code::{Code, TypedCode};
use postern::domain::password::{PasswordHash, PasswordInput};
use postern::domain::recovery::RecoveryCode;
use postern::domain::secret::Secret;
use postern::domain::token::Token;

use crate::support::test_app::{Deeds, PASSWORD, TestApp};

/// A default there believed in a name that anybody's request brought along.
#[actix_web::test]
async fn gitea_cve_2026_20896_nobody_is_somebody_by_a_header() {
    let app = TestApp::in_production().await;
    app.administrator("ada").await;
    let basic = format!("Basic {}", BASE64.encode(format!("ada:{PASSWORD}").as_bytes()));
    for (name, value) in [
        ("Remote-User", "ada"),
        ("X-Remote-User", "ada"),
        ("X-Forwarded-User", "ada"),
        ("X-Forwarded-Preferred-Username", "ada"),
        ("X-Forwarded-Email", "ada@example.com"),
        ("X-WEBAUTH-USER", "ada"),
        ("X-Authenticated-User", "ada"),
        ("X-Original-URL", "/healthz"),
        ("X-Rewrite-URL", "/healthz"),
        ("X-HTTP-Method-Override", "GET"),
        ("Authorization", basic.as_str()),
    ] {
        // The peer is a proxy that is trusted, as anywhere in production.
        let browser = app.browser_from("203.0.113.7").with_header(name, value);
        for path in ["/profile", "/admin/accounts"] {
            let page = browser.get(path).await;
            assert_eq!((page.status(), page.location()), (303, Some("/login")), "{name} at {path}");
        }
    }
    assert_eq!(app.count("sessions").await, 0);
}

/// A policy failed over an address it could not read there, and the step that asks for the password fell away with it.
#[actix_web::test]
async fn authentik_cve_2024_47070_an_address_that_cannot_be_read_skips_nothing() {
    let app = TestApp::in_production().await;
    app.person("ada").await;
    let long = vec!["a"; 300].join(", ");
    let odd = ["a", "", ",,,", "1.2.3.4.5", "[::", "999.1.1.1", "localhost", "::ffff:", "unknown", &long];
    for (n, address) in odd.into_iter().enumerate() {
        let browser = app.browser_from(address);
        assert_eq!(browser.get("/profile").await.location(), Some("/login"), "{address}");
        for _ in 0..2 {
            browser.log_in_with(&format!("nobody-{n}"), "the wrong words altogether").await.expect(422);
        }
    }
    // Nor do they add up to nobody: twenty from one proxy rest that proxy.
    app.browser_from("b").log_in_with("ada", PASSWORD).await.expect(429);
    assert_eq!(app.count("sessions").await, 0);
}

/// A cookie that could not be read was answered there in a way that some proxies took for a yes.
#[actix_web::test]
async fn authentik_cve_2026_25748_a_broken_cookie_is_a_guests() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    let whole = home.cookie("postern").unwrap().value().to_owned();
    let letters = whole.chars().count();
    let mut broken = vec![whole.replace('%', "%25"), format!("{whole}A"), whole.to_uppercase()];
    for at in (0..letters).step_by(1 + letters / 24) {
        let swap = |(n, letter): (usize, char)| match (n == at, letter) {
            (false, letter) => letter,
            (true, 'A') => 'B',
            (true, _) => 'A',
        };
        broken.push(whole.chars().enumerate().map(swap).collect());
        broken.push(whole.chars().take(at).collect());
    }
    for value in broken.iter().filter(|value| **value != whole) {
        let browser = app.browser();
        browser.set_cookie("postern", value);
        let page = browser.get("/profile").await;
        assert_eq!((page.status(), page.location()), (303, Some("/login")), "{value:?}");
    }
    home.get("/profile").await.expect(200);
}

/// What a browser said it came from was where it was led to.
#[actix_web::test]
async fn devise_cve_2026_40295_where_one_came_from_leads_nowhere() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let browser = app.browser().with_header("Referer", "https://evil.example/?next=//evil.example");
    let at_home = browser.log_in_with("ada", PASSWORD).await.expect(303);
    assert_eq!(at_home.location(), Some("/login/code"));
    let page = at_home.follow().await;
    let code = app.code_for("ada@example.com").await;
    let page = page.form("Log in").fill("code", &code).submit().await.expect(303);
    assert_eq!(page.location(), Some("/profile"));
    assert_eq!(browser.get("/login").await.expect(303).location(), Some("/profile"));
    let page = browser.get("/profile").await.form("Log out").submit().await.expect(303);
    assert_eq!(page.location(), Some("/login"));
    assert_eq!(browser.get("/profile").await.expect(303).location(), Some("/login"));
    let missing = browser.get("/nothing").await.expect(404);
    assert!(!missing.html().contains("evil.example"));
}

/// Whether a type has `==`: the first answer where it has, the second where it has not.
struct Compares<T>(PhantomData<T>);

trait Otherwise {
    const BY_EQ: bool = false;
}

impl<T> Otherwise for Compares<T> {}

impl<T: PartialEq> Compares<T> {
    const BY_EQ: bool = true;
}

/// A code was compared letter by letter there, so that the time told how much of it was right.
#[test]
fn totp_rs_cve_2022_29185_no_secret_has_an_equals_sign() {
    // The question is understood.
    const { assert!(Compares::<String>::BY_EQ) };
    let found = [
        Compares::<Secret<String>>::BY_EQ,
        Compares::<Code>::BY_EQ,
        Compares::<TypedCode>::BY_EQ,
        Compares::<Token>::BY_EQ,
        Compares::<RecoveryCode>::BY_EQ,
        Compares::<PasswordInput>::BY_EQ,
        Compares::<PasswordHash>::BY_EQ,
    ];
    assert_eq!(found, [false; 7]);
}
