//! Callers who never say what they want: half a request, or a form that arrives byte by byte.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::support::program::{Home, Running};
use crate::support::test_app::Deeds;

/// How many stand in the door, if the system allows that many files to this process and the program together.
const CROWD: usize = 2_000;
/// How many send a form that never ends.
const SLOW: usize = 200;

/// So many as half of what may be open here: this process has one end of each, the program the other.
fn as_many_as_there_may_be() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find(|line| line.starts_with("Max open files")).unwrap_or_default();
    let most = line.split_whitespace().nth(3).and_then(|most| most.parse().ok()).unwrap_or(CROWD);
    CROWD.min(most / 2)
}

async fn connect(running: &Running, words: String) -> TcpStream {
    let address = running.address().trim_start_matches("http://").replace("localhost", "127.0.0.1");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(words.as_bytes()).await.unwrap();
    stream
}

/// What is said until the other side hangs up.
async fn heard(mut stream: TcpStream) -> String {
    let mut heard = Vec::new();
    // Err: it hung up without a word, which is an answer too.
    drop(
        tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut heard)).await.expect("an end"),
    );
    String::from_utf8_lossy(&heard).into_owned()
}

#[actix_web::test]
async fn half_open_connections_by_the_thousand_hold_nobody_up_and_are_closed() {
    let postern = Home::ready().await;
    postern.person("ada").await;
    let running = postern.serve().await;
    let mut crowd = Vec::new();
    for _ in 0..as_many_as_there_may_be() {
        crowd.push(connect(&running, "GET /login HTTP/1.1\r\nHost: localhost\r\nX-Half: ".to_owned()).await);
    }
    assert_eq!(postern.browser().log_in("ada").await.path(), "/profile");
    assert_eq!(postern.browser().get("/healthz").await.status(), 200);
    let mut ends = JoinSet::new();
    for stream in crowd {
        ends.spawn(heard(stream));
    }
    for said in ends.join_all().await {
        assert!(said.is_empty() || said.starts_with("HTTP/1.1 408"), "{said}");
    }
    assert_eq!(postern.browser().log_in("ada").await.path(), "/profile");
    running.stop_at_once().await;
}

#[actix_web::test]
async fn forms_that_never_end_hold_nobody_up_and_are_refused() {
    let postern = Home::ready().await;
    postern.person("ada").await;
    let running = postern.serve().await;
    let host = running.address().trim_start_matches("http://");
    let head = format!(
        "POST /login HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: 9000\r\n\r\nusername=a"
    );
    let mut slow = JoinSet::new();
    for _ in 0..SLOW {
        let stream = connect(&running, head.clone()).await;
        slow.spawn(heard(stream));
    }
    assert_eq!(postern.browser().log_in("ada").await.path(), "/profile");
    for said in slow.join_all().await {
        assert!(said.starts_with("HTTP/1.1 400"), "{said}");
    }
    assert_eq!(postern.browser().log_in("ada").await.path(), "/profile");
    running.stop_at_once().await;
}
