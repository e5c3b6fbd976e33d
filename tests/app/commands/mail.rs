//! Mail servers that are away, and mail servers that are really used.

use crate::support::browser::Browser;
use crate::support::program::{Home, Running};
use crate::support::smtp_server::SmtpServer;
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

async fn create(home: &Home, name: &str) {
    let words = ["account", "create", "--username", name, "--email", "ada@example.com", "--password-stdin"];
    home.run_with_input(&words, PASSWORD).await.well();
}

/// A browser on the other side of the proxy that stands before a production server.
fn visitor(home: &Home) -> Browser {
    let socket = format!("http://127.0.0.1:{}", home.port());
    Browser::through_proxy(&socket, "https://login.example.com", "198.51.100.7")
}

#[actix_web::test]
async fn a_mail_server_that_is_away_stops_no_start() {
    let away = SmtpServer::away();
    let home = Home::new().in_production(away.port);
    home.migrate().await;
    create(&home, "ada").await;
    let mut running = home.serve().await;
    assert_eq!(running.address(), "https://login.example.com");
    let warning = running.hear("mail_unreachable").await;
    assert!(warning.contains("WARN") && warning.contains("codes by e-mail wait"), "{warning}");

    let health = Browser::new(&format!("http://127.0.0.1:{}", home.port()));
    assert_eq!(health.get("/readyz").await.expect(200).html(), "degraded\n");
    let page = visitor(&home).log_in("ada").await;
    assert_eq!(page.path(), "/profile", "who needs no code still logs in: {}", page.describe());
    assert!(page.all(".banner").is_empty());
    visitor(&home).get("/dev/mailbox").await.expect(404);
    let said = running.stop().await;
    assert!(!said.contains("arrives here") && !said.contains("development mode"), "{said}");
}

#[actix_web::test]
async fn codes_wait_for_the_mail_server_and_go_out_when_it_comes() {
    let away = SmtpServer::away();
    let app = TestApp::with(&[("POSTERN_MAIL_URL", &format!("smtp://127.0.0.1:{}", away.port))]).await;
    app.person("ada").await;
    app.app.look_at_mail().await;
    assert_eq!(app.browser().get("/readyz").await.html(), "degraded\n");
    let browser = app.browser();
    browser.log_in("ada").await;
    let form = browser.get("/profile/two-factor").await.form("Save");
    form.select("method", "email").fill("email", "ada@example.com").submit().await.expect(303);
    app.deliver_all().await;

    let server = away.comes();
    app.app.look_at_mail().await;
    assert_eq!(app.browser().get("/readyz").await.html(), "ok\n");
    assert!(server.taken().is_empty());
    app.wait(chrono::TimeDelta::seconds(30));
    app.deliver_all().await;
    assert_eq!(server.taken().len(), 1);
    let page = browser.get("/profile/two-factor").await;
    let page = page.form("Save").fill("code", &code_in(&server)).submit().await.follow_all().await;
    assert!(page.text().contains("Two Factor Authentication is on"), "{}", page.describe());
}

/// The six digits in the subject of the newest mail.
fn code_in(server: &SmtpServer) -> String {
    let taken = server.taken();
    let raw = &taken.last().expect("a mail").raw;
    let subject = raw.lines().find(|line| line.starts_with("Subject: ")).unwrap();
    let digits: String = subject.chars().filter(char::is_ascii_digit).collect();
    assert_eq!(digits.len(), 6, "{subject}");
    digits
}

async fn waits_for_the_mail(server: &SmtpServer) {
    while server.taken().is_empty() {
        tokio::task::yield_now().await;
    }
}

async fn banner(running: &Running) -> String {
    running.browser().get("/login").await.only(".banner")
}

#[actix_web::test]
async fn development_really_sends_where_a_mail_server_is_named_and_says_so() {
    let server = SmtpServer::start().await;
    let home =
        Home::ready().await.with(&[("POSTERN_MAIL_URL", &format!("smtp://127.0.0.1:{}", server.port))]);
    create(&home, "ada").await;
    let mut running = home.serve().await;
    running.hear("Email really goes out; text messages arrive here:  http://localhost").await;
    assert!(
        banner(&running).await.contains("Email really goes out; text messages go to the built-in mailbox")
    );

    let browser = running.browser();
    browser.log_in("ada").await;
    let form = browser.get("/profile/two-factor").await.form("Save");
    let page =
        form.select("method", "email").fill("email", "ada@example.net").submit().await.follow_all().await;
    waits_for_the_mail(&server).await;
    assert_eq!(server.taken()[0].to, ["ada@example.net"]);
    let page = page.form("Save").fill("code", &code_in(&server)).submit().await.follow_all().await;
    assert!(page.text().contains("Two Factor Authentication is on"), "{}", page.describe());
    assert_eq!(browser.get("/dev/mailbox.json").await.json(), serde_json::json!([]));
}

#[actix_web::test]
async fn development_keeps_messages_to_itself_unless_told_otherwise() {
    let running = Home::ready().await.serve().await;
    assert!(banner(&running).await.contains("Messages go to the built-in mailbox"));
}
