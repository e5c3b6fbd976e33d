//! The log: one line a request, findable by the id on the page, and nothing in it that opens anything.

use std::collections::HashMap;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::browser::{Browser, Page};
use crate::support::program::{Home, Running};
use crate::support::test_app::PASSWORD;

/// Everything that must not be in a log, and the ids of all requests that were answered.
#[derive(Default)]
struct Notes {
    secrets: Vec<String>,
    ids: Vec<String>,
}

impl Notes {
    fn note(&mut self, page: Page) -> Page {
        self.ids.push(page.header("x-request-id").expect("a request id").to_owned());
        page
    }

    fn keep_out(&mut self, secret: &str) {
        assert!(secret.len() > 3, "{secret:?} would be found by chance");
        self.secrets.push(secret.to_owned());
    }

    async fn open(&mut self, browser: &Browser, path: &str) -> Page {
        let page = self.note(browser.get(path).await);
        for token in page.attributes("[name=form_token]", "value") {
            self.keep_out(&token);
        }
        page
    }

    async fn newest_code(&mut self, browser: &Browser) -> String {
        loop {
            let mailbox = self.note(browser.get("/dev/mailbox.json").await).json();
            if let Some(code) = mailbox[0]["code"].as_str() {
                self.keep_out(code);
                return code.to_owned();
            }
        }
    }
}

/// The first administrator, two-factor authentication by SMS, a wrong password, a code at the next login.
async fn walk(home: &Home, running: &mut Running, notes: &mut Notes) {
    let browser = running.browser();
    let link = running.hear("/setup?token=").await.trim().to_owned();
    notes.keep_out(link.split_once("token=").unwrap().1);
    notes.note(browser.get(&link).await.expect(303));
    let form = notes.open(&browser, "/setup").await.form("Create account");
    let form = form.fill("username", "ada").fill("email", "ada@example.com");
    notes.note(form.fill("password", PASSWORD).fill("password_again", PASSWORD).submit().await.expect(303));
    let form = notes.open(&browser, "/profile/two-factor").await.form("Save");
    notes.note(form.select("method", "sms").fill("phone", "212 555 0142").submit().await.expect(303));
    let code = notes.newest_code(&browser).await;
    let form = notes.open(&browser, "/profile/two-factor").await.form("Save");
    notes.note(form.fill("code", &code).submit().await.expect(303));

    let stranger = browser.stranger();
    let form = notes.open(&stranger, "/login").await.form("Log in");
    notes.note(form.fill("username", "ada").fill("password", "hunter2 hunter2").submit().await.expect(422));
    let form = notes.open(&stranger, "/login").await.form("Log in");
    notes.note(form.fill("username", "ada").fill("password", PASSWORD).submit().await.expect(303));
    let form = notes.open(&stranger, "/login/code").await.form("Log in");
    notes.note(form.fill("code", "000 000").submit().await);
    notes.open(&stranger, "/wp-login.php?user=ada%40example.com").await.expect(404);
    let form = notes.open(&stranger, "/login/code").await.form("Log in").sent_from("https://evil.example");
    notes.note(form.fill("code", "000 000").submit().await.expect(403));
    for cookie in browser.cookies().iter().chain(&stranger.cookies()) {
        notes.keep_out(cookie.value());
    }

    let words = ["account", "create", "--username", "grace", "--email", "grace@example.com"];
    let invited = home.run(&words).await.well();
    let link = invited.out.lines().last().unwrap();
    notes.keep_out(link.split_once("token=").unwrap().1);
    notes.note(stranger.get(link).await.expect(303));
    for secret in [PASSWORD, "hunter2", "000 000", "ada@", "grace@", "example.com", "5550142", "555 0142"] {
        notes.keep_out(secret);
    }
    notes.keep_out("wp-login");
}

/// A line without the digits that are there by chance: its time and the ids of requests.
fn bare(line: &str, ids: &[String]) -> String {
    let (_, said) = line.split_once('Z').expect("a time");
    ids.iter().fold(said.to_owned(), |line, id| line.replace(id.as_str(), ""))
}

/// The log without the greeting, which is for the console and ends before the server starts.
fn log_of(said: &str) -> Vec<&str> {
    said.lines()
        .skip_while(|line| !line.contains("starting 2 workers") && !line.contains(" workers"))
        .collect()
}

#[actix_web::test]
async fn a_text_log_has_one_line_a_request_and_no_secret() {
    let home = Home::ready().await;
    let (mut running, mut notes) = (home.serve().await, Notes::default());
    walk(&home, &mut running, &mut notes).await;
    let said = running.stop().await;
    assert!(!said.contains('\u{1b}'), "no colours where nobody looks: {said}");
    let log = log_of(&said);
    for id in &notes.ids {
        let lines: Vec<_> = log
            .iter()
            .filter(|line| line.contains("request method=") && line.contains(id.as_str()))
            .collect();
        assert_eq!(lines.len(), 1, "{id} in {said}");
    }
    let requests = log.iter().filter(|line| line.contains("request method=")).count();
    assert_eq!(requests, notes.ids.len(), "{said}");
    let log = log.iter().map(|line| bare(line, &notes.ids)).collect::<Vec<_>>().join("\n");
    for secret in &notes.secrets {
        assert!(!log.contains(secret.as_str()), "{secret} is in {log}");
    }
    assert!(log.contains("method=\"GET\" route=\"/invitation\" status=303"), "{log}");
    assert!(log.contains("method=\"POST\" route=\"/login/code\" status=403"), "{log}");
}

#[actix_web::test]
async fn a_json_log_is_one_object_a_line_with_the_same() {
    let home = Home::ready().await.with(&[("POSTERN_LOG_FORMAT", "json")]);
    let (mut running, mut notes) = (home.serve().await, Notes::default());
    walk(&home, &mut running, &mut notes).await;
    let said = running.stop().await;
    let log = log_of(&said);
    let objects: Vec<HashMap<String, serde_json::Value>> =
        log.iter().map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("{line}"))).collect();
    let requests: Vec<_> = objects.iter().filter(|object| object["message"] == "request").collect();
    let ids: Vec<_> =
        requests.iter().map(|request| request["request_id"].as_str().unwrap().to_owned()).collect();
    let (mut ids, mut expected) = (ids, notes.ids.clone());
    ids.sort();
    expected.sort();
    assert_eq!(ids, expected);
    for request in requests {
        for field in ["timestamp", "level", "method", "route", "status", "ms"] {
            assert!(request.contains_key(field), "{field} is not in {request:?}");
        }
    }
    let log = log.iter().map(|line| bare(line, &notes.ids)).collect::<Vec<_>>().join("\n");
    for secret in &notes.secrets {
        assert!(!log.contains(secret.as_str()), "{secret} is in {log}");
    }
}

#[actix_web::test]
async fn whoever_knocks_at_ports_raises_no_alarm() {
    let home = Home::ready().await;
    let running = home.serve().await;
    let long = [b"GET / HTTP/1.1\r\nHost: ".as_slice(), &[b'a'; 200_000]].concat();
    let two_lengths = b"GET / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n";
    for bytes in [b"SSH-2.0-OpenSSH_9.2\r\n\r\n", two_lengths.as_slice(), long.as_slice()] {
        let mut door = TcpStream::connect(("127.0.0.1", home.port())).await.unwrap();
        // Err: it was shut before all was said.
        drop(door.write_all(bytes).await);
        drop(door.read_to_end(&mut Vec::new()).await);
    }
    let said = running.stop().await;
    assert!(!said.contains("ERROR") && !said.contains("WARN"), "{said}");
}
