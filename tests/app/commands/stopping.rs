//! The end of `postern serve` in production, where somebody stands in front who is not to notice.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{interval, timeout};

use crate::support::at_once::at_once;
use crate::support::browser::Browser;
use crate::support::event::PATIENCE;
use crate::support::program::{Home, Running};
use crate::support::smtp_server::SmtpServer;

const CROWD: usize = 16;
/// How often they have come in when the door is shut.
const MANY: usize = 200;

/// Somebody who comes through the proxy.
fn visitor(home: &Home) -> Browser {
    let socket = format!("http://127.0.0.1:{}", home.port());
    Browser::through_proxy(&socket, "https://login.example.com", "203.0.113.7")
}

/// Asks it to stop, and waits until it says that it is not ready.
async fn begins_to_stop(running: &Running, visitor: &Browser) {
    running.terminate();
    let mut looks = interval(Duration::from_millis(20));
    let waiting = async {
        while visitor.get("/readyz").await.status() == 200 {
            looks.tick().await;
        }
    };
    timeout(PATIENCE, waiting).await.expect("it is still ready");
}

#[actix_web::test]
async fn it_says_that_it_is_not_ready_while_it_still_works() {
    let mail = SmtpServer::start().await;
    let home = Home::new().in_production(mail.port);
    home.migrate().await;
    let (running, visitor) = (home.serve().await, visitor(&home));
    assert_eq!(visitor.get("/readyz").await.expect(200).header("connection"), None);

    begins_to_stop(&running, &visitor).await;
    let page = visitor.get("/readyz").await.expect(503);
    assert_eq!((page.html(), page.header("connection")), ("stopping\n", Some("close")));
    let page = visitor.get("/login").await.expect(200);
    assert_eq!(page.header("connection"), Some("close"), "nobody keeps a connection to it");
    page.form("Log in").fill("username", "ada").fill("password", "whatever it is").submit().await.expect(422);
    assert_eq!(visitor.get("/healthz").await.status(), 200);

    running.terminate();
    let (is_well, said) = running.ended().await;
    assert!(is_well && said.contains("event=\"stopping\""), "{said}");
}

/// Comes in again and again until nobody is let in, and counts how often it was. Why it was not answered then, if so.
async fn comes_in(port: u16, times: Arc<AtomicUsize>) -> Option<io::Error> {
    while let Ok(mut line) = TcpStream::connect(("127.0.0.1", port)).await {
        times.fetch_add(1, Ordering::SeqCst);
        let mut answer = String::new();
        let asked = line.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await;
        let answered = match asked {
            Ok(()) => line.read_to_string(&mut answer).await,
            Err(fault) => Err(fault),
        };
        match answered {
            Ok(_) if answer.ends_with("ok\n") => {}
            Ok(_) => return Some(io::Error::other(format!("{answer:?}"))),
            Err(fault) => return Some(fault),
        }
    }
    None
}

#[cfg(target_os = "linux")]
#[actix_web::test]
async fn whoever_was_let_in_is_answered_and_the_others_have_sent_nothing() {
    let mail = SmtpServer::start().await;
    let home = Home::new().in_production(mail.port);
    home.migrate().await;
    let (running, visitor, port) = (home.serve().await, visitor(&home), home.port());
    begins_to_stop(&running, &visitor).await;

    let times = Arc::new(AtomicUsize::new(0));
    let crowd = at_once((0..CROWD).map(|_| comes_in(port, Arc::clone(&times))));
    let at_their_busiest = async {
        while times.load(Ordering::SeqCst) < MANY {
            tokio::task::yield_now().await;
        }
        running.terminate();
    };
    let (turned_away, ()) = tokio::join!(crowd, at_their_busiest);
    let turned_away: Vec<_> = turned_away.into_iter().flatten().collect();
    assert!(turned_away.is_empty(), "of {}: {turned_away:?}", times.load(Ordering::SeqCst));
    assert!(running.ended().await.0);
}
