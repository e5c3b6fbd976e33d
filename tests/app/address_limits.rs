//! Wrong passwords from one address: how many, over how many names, and whose word about the address counts.

use chrono::TimeDelta;

use crate::support::at_once::at_once;
use crate::support::browser::{Browser, Form};
use crate::support::smtp_server::SmtpServer;
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

const WRONG: &str = "not the password at all";
const STRANGER: &str = "203.0.113.7";

async fn form(browser: &Browser, name: &str, password: &str) -> Form {
    let form = browser.get("/login").await.form("Log in");
    form.fill("username", name).fill("password", password)
}

/// Sends so many wrong passwords, for as many names as it takes that no name rests; each is looked at.
async fn fail(browser: &Browser, names: &str, times: usize) {
    let form = form(browser, "", WRONG).await;
    for n in 0..times {
        form.clone().fill("username", &format!("{names}-{}", n / 4)).submit().await.expect(422);
    }
}

async fn expect_rest(browser: &Browser, seconds: i64) {
    let page = browser.log_in_with("ada", PASSWORD).await.expect(429);
    assert_eq!(page.h1(), "Too many tries from your network");
    assert!(!page.text().contains("this username"), "{}", page.text());
    let again: i64 = page.header("retry-after").unwrap().parse().unwrap();
    assert_eq!(again, seconds + 1);
}

#[actix_web::test]
async fn twenty_failures_in_a_minute_rest_the_address_until_the_minute_is_over() {
    let app = TestApp::in_production().await;
    app.person("ada").await;
    let stranger = app.browser_from(STRANGER);
    fail(&stranger, "first", 10).await;
    app.wait(TimeDelta::seconds(20));
    fail(&stranger, "then", 10).await;

    expect_rest(&stranger, 40).await;
    // Not looked at, right or wrong; and no other address has to suffer for it.
    expect_rest(&stranger.stranger(), 40).await;
    assert_eq!(app.browser_from("203.0.113.8").log_in("ada").await.path(), "/profile");

    app.wait(TimeDelta::seconds(40));
    assert_eq!(stranger.log_in("ada").await.path(), "/profile");
}

#[actix_web::test]
async fn a_success_never_clears_the_count_of_an_address() {
    let app = TestApp::in_production().await;
    app.person("ada").await;
    let stranger = app.browser_from(STRANGER);
    for n in 0..5 {
        fail(&stranger, &format!("round-{n}"), 4).await;
        if n < 4 {
            assert_eq!(stranger.stranger().log_in("ada").await.path(), "/profile");
        }
    }
    expect_rest(&stranger, 60).await;
}

#[actix_web::test]
async fn right_passwords_are_no_failures_of_an_address() {
    let app = TestApp::in_production().await;
    app.person("ada").await;
    let office = app.browser_from(STRANGER);
    fail(&office, "slip", 19).await;
    for _ in 0..5 {
        assert_eq!(office.stranger().log_in("ada").await.path(), "/profile");
    }
    fail(&office, "another", 1).await;
    expect_rest(&office, 60).await;
}

#[actix_web::test]
async fn two_hundred_failures_in_an_hour_rest_the_address_until_the_hour_is_over() {
    let app = TestApp::in_production().await;
    app.person("ada").await;
    let stranger = app.browser_from(STRANGER);
    for n in 0..10 {
        fail(&stranger, &format!("slot-{n}"), 20).await;
        app.wait(TimeDelta::minutes(5));
    }
    expect_rest(&stranger, 10 * 60).await;
    app.wait(TimeDelta::minutes(10));
    assert_eq!(stranger.log_in("ada").await.path(), "/profile");
}

#[actix_web::test]
async fn thirty_names_in_ten_minutes_rest_the_address_for_ten_more() {
    let app = TestApp::in_production().await;
    app.person("ada").await;
    let stranger = app.browser_from(STRANGER);
    let form = form(&stranger, "", WRONG).await;
    for n in 0..30 {
        form.clone().fill("username", &format!("name-{n}")).submit().await.expect(422);
        app.wait(TimeDelta::seconds(15));
    }
    // The last was fifteen seconds ago.
    expect_rest(&stranger, 10 * 60 - 15).await;
    app.wait(TimeDelta::minutes(10) - TimeDelta::seconds(15));
    assert_eq!(stranger.log_in("ada").await.path(), "/profile");
}

#[actix_web::test]
async fn twenty_nine_names_or_thirty_in_a_longer_time_do_not() {
    let app = TestApp::in_production().await;
    app.person("ada").await;
    let slow = app.browser_from(STRANGER);
    for n in 0..29 {
        fail(&slow, &format!("name-{n}"), 1).await;
        // However many spellings, it is one name.
        fail(&slow, &format!("NAME-{n}"), 1).await;
        app.wait(TimeDelta::seconds(21));
    }
    // The first has left the ten minutes when the thirtieth comes.
    fail(&slow, "name-29", 1).await;
    assert_eq!(slow.log_in("ada").await.path(), "/profile");
}

#[actix_web::test]
async fn ipv6_addresses_count_by_their_network() {
    let app = TestApp::in_production().await;
    app.person("ada").await;
    for n in 0..5 {
        fail(&app.browser_from(&format!("2001:db8:1:2:{n}::{n}")), &format!("host-{n}"), 4).await;
    }
    expect_rest(&app.browser_from("2001:db8:1:2:ffff::1"), 60).await;
    assert_eq!(app.browser_from("2001:db8:1:3::1").log_in("ada").await.path(), "/profile");
}

#[actix_web::test]
async fn what_a_client_says_of_its_own_address_is_not_believed() {
    let app = TestApp::in_production().await;
    app.person("ada").await;
    // The proxy appends what it saw; the client wrote what stands before it.
    for n in 0..5 {
        fail(&app.browser_from(&format!("198.51.100.{n}, {STRANGER}")), &format!("forged-{n}"), 4).await;
    }
    expect_rest(&app.browser_from(&format!("192.0.2.1, {STRANGER}")), 60).await;
    assert_eq!(app.browser_from("198.51.100.1").log_in("ada").await.path(), "/profile");
}

#[actix_web::test]
async fn a_peer_that_is_no_trusted_proxy_cannot_choose_an_address() {
    let app = TestApp::in_production_with(&[("POSTERN_SERVER_TRUSTED_PROXIES", "10.0.0.0/8")]).await;
    app.person("ada").await;
    for n in 0..5 {
        fail(&app.browser_from(&format!("198.51.100.{n}")), &format!("forged-{n}"), 4).await;
    }
    expect_rest(&app.browser_from("192.0.2.1"), 60).await;
}

#[actix_web::test]
async fn an_account_that_trusts_this_browser_is_let_in_from_a_resting_address() {
    let server = SmtpServer::start().await;
    let app = TestApp::in_production_with_mail(&server).await;
    for name in ["ada", "bob"] {
        app.person(name).await;
    }
    let home = app.browser_from(STRANGER);
    home.log_in("ada").await;
    let form = home.get("/profile/two-factor").await.form("Save").select("method", "email");
    let page = form.submit().await.follow_all().await;
    let code = app.mailed_code(&server).await;
    page.form("Save").fill("code", &code).submit().await.expect(303);
    home.log_out().await;
    fail(&app.browser_from(STRANGER), "neighbour", 20).await;

    // For every other name the browser counts like any.
    home.log_in_with("bob", PASSWORD).await.expect(429);
    assert_eq!(home.log_in("ada").await.path(), "/profile");
    home.log_out().await;
    // Nor do its own slips for that account count against the address.
    app.wait(TimeDelta::minutes(1));
    fail(&app.browser_from(STRANGER), "again", 19).await;
    for _ in 0..9 {
        home.log_in_with("ada", WRONG).await.expect(422);
    }
    assert_eq!(home.stranger().log_in("bob").await.path(), "/profile");
}

#[actix_web::test]
async fn in_development_this_machine_is_exempt_from_the_address_limits_only() {
    let app = TestApp::start().await;
    app.person("ada").await;
    fail(&app.browser(), "names", 40 * 4).await;
    assert_eq!(app.browser().log_in("ada").await.path(), "/profile");
    for _ in 0..5 {
        app.browser().log_in_with("ada", WRONG).await.expect(422);
    }
    app.browser().log_in_with("ada", PASSWORD).await.expect(429);
}

#[actix_web::test]
async fn of_sixty_names_at_once_an_address_has_twenty_looked_at() {
    let app = TestApp::in_production().await;
    app.person("ada").await;
    let other = app.another().await;
    let mut forms = Vec::new();
    for (n, instance) in [&app, &other].into_iter().cycle().take(60).enumerate() {
        forms.push(form(&instance.browser_from(STRANGER), &format!("name-{n}"), WRONG).await);
    }
    let mut looked_at = 0;
    for page in at_once(forms.iter().cloned().map(Form::submit)).await {
        match page.status() {
            422 => looked_at += 1,
            429 | 503 => {}
            _ => panic!("{}", page.describe()),
        }
    }
    assert!(looked_at <= 20, "{looked_at}");
    // Who was too late for a turn tries again.
    for form in forms.into_iter().skip(20) {
        looked_at += usize::from(form.submit().await.status() == 422);
    }
    assert_eq!(looked_at, 20);
    expect_rest(&app.browser_from(STRANGER), 60).await;
}

#[actix_web::test]
async fn a_whole_office_behind_one_address_logs_in_at_the_same_moment() {
    let app = TestApp::in_production().await;
    let mut forms = Vec::new();
    for n in 0..30 {
        let name = format!("clerk-{n}");
        app.person(&name).await;
        forms.push(form(&app.browser_from(STRANGER), &name, PASSWORD).await);
    }
    let pages = at_once(forms.iter().cloned().map(Form::submit)).await;
    for (form, page) in forms.into_iter().zip(pages) {
        // Nobody is told that the network rests; at the worst, that the server is busy.
        let page = if page.status() == 503 { form.submit().await } else { page };
        assert_eq!(page.expect(303).location(), Some("/profile"));
    }
}

#[actix_web::test]
async fn asking_for_resets_from_a_resting_address_costs_no_write() {
    let app = TestApp::in_production().await;
    let stranger = app.browser_from(STRANGER);
    let form = stranger.get("/password/forgot").await.form("Mail me a link");
    for n in 0..20 {
        form.clone().fill("username", &format!("name-{n}")).submit().await.expect(303);
    }
    let asked = app.now().timestamp_micros();
    app.wait(TimeDelta::seconds(1));
    for _ in 0..5 {
        form.clone().fill("username", "ada").submit().await.expect(429);
    }
    assert_eq!(app.count(&format!("throttles WHERE changed_at > {asked}")).await, 0);
    assert_eq!(app.count("failed_logins").await, 20);
    app.wait(TimeDelta::seconds(59));
    form.fill("username", "ada").submit().await.expect(303);
    assert_eq!(app.count(&format!("throttles WHERE changed_at > {asked}")).await, 1);
}
