//! Whoever hangs up before the answer is there has tried all the same: what was counted is noted, told and written down.

use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::support::browser::{Browser, Page};
use crate::support::codes::wrong;
use crate::support::test_app::{Deeds, TestApp};

/// How often it is tried at most, until one was read and cut off often enough.
const MOST: usize = 200;

/// Sends this form, and hangs up without a word before anybody can answer.
async fn send_and_hang_up(
    app: &TestApp,
    browser: &Browser,
    page: &Page,
    path: &str,
    fields: &[(&str, &str)],
) {
    let token = page.form("Log in").value("form_token").unwrap();
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    let body = body.append_pair("form_token", &token).extend_pairs(fields).finish();
    let cookies: Vec<_> = browser.cookies().iter().map(|cookie| format!("{cookie}")).collect();
    let cookies: Vec<_> = cookies.iter().map(|cookie| cookie.split(';').next().unwrap()).collect();
    let address = app.base.trim_start_matches("http://");
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nCookie: {}\r\nSec-Fetch-Site: same-origin\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        cookies.join("; "),
        body.len()
    );
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("{head}{body}").as_bytes()).await.unwrap();
    // Long enough, most of the time, for it to be read, and too short for an answer.
    sleep(Duration::from_millis(3)).await;
    stream.set_zero_linger().unwrap();
}

async fn until_there_is(app: &TestApp, rows: &str) {
    for _ in 0..600 {
        if app.count(rows).await > 0 {
            return;
        }
        sleep(Duration::from_millis(50)).await;
    }
    panic!("there never is one of {rows}");
}

#[actix_web::test]
async fn five_wrong_passwords_cut_off_make_the_name_rest_and_the_log_says_so() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let stranger = app.browser();
    let page = stranger.get("/login").await;
    let fields = [("username", "ada"), ("password", "not her password")];
    for _ in 0..MOST {
        if app.count("throttles WHERE failures >= 5").await > 0 {
            break;
        }
        send_and_hang_up(&app, &stranger, &page, "/login", &fields).await;
    }
    until_there_is(&app, "security_events WHERE kind = 'password_paused'").await;
}

#[actix_web::test]
async fn ten_wrong_codes_cut_off_pause_the_codes_and_their_owner_is_told() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    'tries: for _ in 0..MOST {
        let stranger = app.browser();
        let page = stranger.log_in("ada").await;
        let code = wrong(&app.code_for("ada@example.com").await);
        for _ in 0..5 {
            if app.count("accounts WHERE code_failures >= 10").await > 0 {
                break 'tries;
            }
            send_and_hang_up(&app, &stranger, &page, "/login/code", &[("code", &code)]).await;
        }
        // So that there is always another message.
        app.wait(chrono::TimeDelta::minutes(11));
    }
    until_there_is(&app, "security_events WHERE kind = 'codes_paused'").await;
}
