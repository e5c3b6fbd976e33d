//! `postern serve`: the first start, the next one, the end.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::browser::Browser;
use crate::support::program::{Home, Running};
use crate::support::test_app::{Deeds, PASSWORD};

/// Makes the first administrator behind the link that a first start prints.
async fn found(running: &mut Running, name: &str) -> Browser {
    let browser = running.browser();
    let form = browser.follow_all(&setup_link(running).await).await.form("Create account");
    let form = form.fill("username", name).fill("email", &format!("{name}@example.com"));
    let form = form.fill("password", PASSWORD).fill("password_again", PASSWORD);
    let page = form.submit().await.follow_all().await;
    assert_eq!(page.path(), "/profile", "{}", page.describe());
    browser
}

async fn setup_link(running: &mut Running) -> String {
    running.hear("/setup?token=").await.trim().to_owned()
}

fn mode(home: &Home, file: &str) -> u32 {
    fs::metadata(home.file(file)).unwrap().permissions().mode() & 0o777
}

#[actix_web::test]
async fn a_new_user_starts_it_and_has_everything() {
    let home = Home::ready().await;
    let mut running = home.serve().await;
    assert_eq!(running.address(), format!("http://localhost:{}", home.port()));
    let browser = found(&mut running, "ada").await;
    running.hear(&format!("arrives here:  {}/dev/mailbox", running.address())).await;
    assert!(browser.get("/profile").await.text().contains("ada@example.com"));
    assert_eq!(browser.get("/healthz").await.html(), "ok\n");
    assert_eq!(browser.get("/readyz").await.html(), "ok\n");
    assert_eq!(browser.get("/dev/mailbox").await.status(), 200);

    assert_eq!(mode(&home, "postern.key"), 0o600);
    if !home.database().is_postgres() {
        for file in ["postern.db", "postern.db-wal", "postern.db-shm"] {
            assert_eq!(mode(&home, file), 0o600, "{file}");
        }
    }
}

#[actix_web::test]
async fn only_this_very_address_is_answered_in_development() {
    let home = Home::ready().await;
    let running = home.serve().await;
    let here = format!("http://127.0.0.1:{}", home.port());
    assert_eq!(Browser::new(&here).get("/login").await.status(), 421);
    let proxy = running.browser().with_header("X-Forwarded-For", "192.0.2.7");
    let page = proxy.get("/login").await.expect(421);
    assert!(page.text().contains("production"), "{}", page.describe());
}

#[actix_web::test]
async fn the_link_stays_the_same_until_somebody_has_an_account_and_then_is_gone() {
    let home = Home::ready().await;
    let mut first = home.serve().await;
    let link = setup_link(&mut first).await;
    first.stop().await;
    let key = fs::read(home.file("postern.key")).unwrap();

    let mut second = home.serve().await;
    assert_eq!(setup_link(&mut second).await, link);
    found_by(&second, &link).await;
    assert_eq!(second.browser().get(&link).await.status(), 404, "the link is good once");
    let said = second.stop().await;
    assert!(!said.contains(PASSWORD), "{said}");

    let third = home.serve().await;
    let page = third.browser().log_in("ada").await;
    assert_eq!(page.path(), "/profile", "{}", page.describe());
    assert_eq!(fs::read(home.file("postern.key")).unwrap(), key);
    let said = third.stop().await;
    assert!(!said.contains("/setup") && said.contains("/dev/mailbox"), "{said}");
}

async fn found_by(running: &Running, link: &str) {
    let form = running.browser().follow_all(link).await.form("Create account");
    let form = form.fill("username", "ada").fill("email", "ada@example.com");
    form.fill("password", PASSWORD).fill("password_again", PASSWORD).submit().await.expect(303);
}

#[actix_web::test]
async fn an_address_in_use_is_named() {
    let home = Home::ready().await;
    let _taken = TcpListener::bind(("127.0.0.1", home.port())).unwrap();
    let said = home.run(&["serve"]).await.refusal();
    assert!(said.contains(&format!("server.listen: 127.0.0.1:{}: Address already in use", home.port())));
}

#[actix_web::test]
async fn a_request_under_way_is_finished_before_it_stops() {
    let home = Home::ready().await;
    let email = ["--email", "ada@example.com", "--password-stdin"];
    let create = [&["account", "create", "--username", "ada"][..], &email].concat();
    home.run_with_input(&create, &format!("{PASSWORD}\n")).await.well();
    let mut running = home.serve().await;
    let (head, body) = login_request(&running).await;

    let mut line = TcpStream::connect(("127.0.0.1", home.port())).await.unwrap();
    line.write_all(head.as_bytes()).await.unwrap();
    let mut go_on = [0; 25];
    line.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    running.terminate();
    running.hear("graceful shutdown").await;
    running.hear("accept thread stopped").await;
    refuses_newcomers(home.port()).await;

    line.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    line.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 303 ") && answer.contains("location: /profile\r\n"), "{answer}");
    let (is_well, said) = running.ended().await;
    assert!(is_well && said.contains("route=\"/login\" status=303"), "{said}");
}

/// Nobody new is let in: the socket closes just after the line in the log, so this looks for a few seconds at most.
async fn refuses_newcomers(port: u16) {
    for _ in 0..200 {
        if TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("newcomers are still let in");
}

/// The head and the body of a login that waits for leave before it sends the body.
async fn login_request(running: &Running) -> (String, String) {
    let browser = running.browser();
    let form = browser.get("/login").await.form("Log in").fill("username", "ada").fill("password", PASSWORD);
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form.entries()).finish();
    let cookies = browser.cookies();
    let cookies: Vec<_> = cookies.iter().map(|cookie| cookie.stripped().to_string()).collect();
    let host = running.address().trim_start_matches("http://");
    let head = format!(
        "POST /login HTTP/1.1\r\nHost: {host}\r\nOrigin: {}\r\nCookie: {}\r\nExpect: 100-continue\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        running.address(),
        cookies.join("; "),
        body.len()
    );
    (head, body)
}
