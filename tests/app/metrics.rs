//! What an operator watches: how many and how long, and never who.

use chrono::TimeDelta;
use postern::flows::measures;

use crate::support::browser::Browser;
use crate::support::post::Post;
use crate::support::program::{Home, free_port};
use crate::support::reaching::claimed;
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

const MAIL: &str = "ada@example.com";

async fn ada_with_email() -> TestApp {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();
    browser.log_in("ada").await;
    browser.turn_on_email(&app, "ada").await;
    app
}

async fn read(app: &TestApp) -> String {
    measures::render(app.app.services()).await
}

/// The value behind a name and its labels; 0 for what has not happened yet.
fn value(text: &str, name: &str) -> f64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map_or(0.0, |value| value.parse().unwrap())
}

#[actix_web::test]
async fn passwords_and_codes_are_counted_by_what_they_came_to() {
    let app = ada_with_email().await;
    let before = read(&app).await;
    let browser = app.browser();
    browser.log_in_with("ada", "not her password").await;
    browser.log_in_with("nobody", PASSWORD).await;
    let page = browser.log_in("ada").await;
    let code = app.code_for(MAIL).await;
    let wrong = if code == "111111" { "222222" } else { "111111" };
    let page = page.form("Log in").fill("code", wrong).submit().await;
    page.form("Log in").fill("code", &code).submit().await;

    let after = read(&app).await;
    for (name, more) in [
        (r#"postern_passwords_checked_total{result="right"}"#, 1.0),
        (r#"postern_passwords_checked_total{result="wrong"}"#, 2.0),
        (r#"postern_codes_asked_for_total{channel="email",result="written"}"#, 1.0),
        (r#"postern_codes_entered_total{purpose="login",channel="email",result="wrong"}"#, 1.0),
        (r#"postern_codes_entered_total{purpose="login",channel="email",result="right"}"#, 1.0),
        (r#"postern_requests_total{method="POST",route="/login/code",status="422"}"#, 1.0),
        (r#"postern_delivery_attempts_total{channel="email",result="handed_over"}"#, 1.0),
        (r#"postern_messages_ended_total{channel="email",state="handed_over",class="none"}"#, 1.0),
        (r#"postern_delivery_hand_over_seconds_count{channel="email"}"#, 1.0),
    ] {
        assert_eq!(value(&after, name) - value(&before, name), more, "{name} in\n{after}");
    }
}

#[actix_web::test]
async fn what_waits_is_counted_and_how_long() {
    let app = ada_with_email().await;
    app.deliver_all().await;
    let (count, age) =
        (r#"postern_outbox_waiting{channel="email"}"#, r#"postern_outbox_oldest_seconds{channel="email"}"#);
    assert_eq!(value(&read(&app).await, count), 0.0);
    app.browser().log_in("ada").await;
    app.wait(TimeDelta::seconds(90));
    let text = read(&app).await;
    assert_eq!((value(&text, count), value(&text, age)), (1.0, 90.0), "{text}");
    assert_eq!(value(&text, "postern_database_up"), 1.0);
    app.deliver_all().await;
    let text = read(&app).await;
    assert_eq!((value(&text, count), value(&text, age)), (0.0, 0.0), "{text}");
}

#[actix_web::test]
async fn a_channel_that_is_down_and_a_message_that_was_left_alone_show() {
    let post = Post::open().await;
    post.ada_by_email().await;
    let up = r#"postern_channel_up{channel="email"}"#;
    assert_eq!(value(&read(&post.app).await, up), 1.0);
    post.ada_owes_a_code().await;
    assert_eq!(claimed(&post.app).await.len(), 1, "and whoever claimed it dies");
    post.app.wait(TimeDelta::seconds(61));
    post.app.deliver_all().await;
    let text = read(&post.app).await;
    assert_eq!(value(&text, r#"postern_leases_reclaimed_total{channel="email"}"#), 1.0, "{text}");
    post.app.alter("UPDATE channel_health SET down_since = 1, failure_class = 'config_auth', probe_at = 2 WHERE channel = 'email'").await;
    let text = read(&post.app).await;
    assert_eq!((value(&text, up), value(&text, r#"postern_channel_up{channel="sms"}"#)), (0.0, 1.0));
}

#[actix_web::test]
async fn texts_are_counted_by_country_because_each_costs_money() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();
    browser.log_in("ada").await;
    browser.turn_on_sms(&app, "(212) 555-0142", "+12125550142").await;
    let text = read(&app).await;
    assert_eq!(value(&text, r#"postern_texts_handed_over_total{country="US"}"#), 1.0, "{text}");
}

#[actix_web::test]
async fn nobody_can_be_told_from_them() {
    let app = ada_with_email().await;
    let browser = app.browser();
    browser.log_in_with("eve-who-was-never-here", "swordfish-in-the-measures").await;
    browser.get("/no-such-page-for-eve?token=secret-in-a-query").await;
    let page = browser.log_in("ada").await;
    let code = app.code_for(MAIL).await;
    page.form("Log in").fill("code", &code).submit().await;
    let text = read(&app).await;
    for secret in
        ["ada", "eve", "example.com", "swordfish", "secret-in", "127.0.0.1", code.as_str(), PASSWORD]
    {
        assert!(!text.contains(secret), "{secret} stands in\n{text}");
    }
    assert!(text.contains(r#"route="unmatched",status="404""#), "{text}");
}

#[actix_web::test]
async fn they_are_served_on_an_address_of_their_own_and_nowhere_else() {
    let port = free_port();
    let address = format!("127.0.0.1:{port}");
    let home = Home::ready().await.with(&[("POSTERN_METRICS_LISTEN", address.as_str())]);
    let running = home.serve().await;
    assert_eq!(running.browser().get("/metrics").await.status(), 404);

    let scraper = Browser::new(&format!("http://{address}"));
    let page = scraper.get("/metrics").await;
    assert_eq!(page.status(), 200);
    assert_eq!(page.headers()["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let version = format!(r#"postern_build_info{{version="{}"}} 1"#, env!("CARGO_PKG_VERSION"));
    assert!(page.html().contains(&version), "{}", page.html());
    assert_eq!(
        value(page.html(), r#"postern_requests_total{method="GET",route="unmatched",status="404"}"#),
        1.0
    );
    for elsewhere in ["/", "/login", "/healthz"] {
        assert_eq!(scraper.get(elsewhere).await.status(), 404, "{elsewhere}");
    }
}

#[actix_web::test]
async fn an_address_that_is_taken_is_named_with_its_setting() {
    let home = Home::ready().await;
    let here = format!("127.0.0.1:{}", home.port());
    let ran = home.with(&[("POSTERN_METRICS_LISTEN", here.as_str())]).run(&["serve"]).await;
    assert!(!ran.is_well);
    assert!(ran.err.contains("must be another address than server.listen"), "{}", ran.err);

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let there = taken.local_addr().unwrap().to_string();
    let ran = home.with(&[("POSTERN_METRICS_LISTEN", there.as_str())]).run(&["serve"]).await;
    assert!(!ran.is_well);
    assert!(ran.err.contains(&format!("metrics.listen: {there}: ")), "{}", ran.err);
}
