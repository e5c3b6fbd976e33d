//! Requests that were written beforehand, sent over connections that stay open: little work for the client, so that the
//! server has the machine.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// What is sent, over and over in this order.
pub type Requests = Arc<Vec<Vec<u8>>>;

/// What came of it.
#[derive(Default)]
pub struct Answers {
    /// How many of each status.
    pub statuses: BTreeMap<u16, usize>,
    /// How long each took, the quickest first.
    pub times: Vec<Duration>,
    /// How long all took.
    pub took: Duration,
}

/// One connection to a server.
pub struct Line {
    address: String,
    stream: Option<TcpStream>,
    read: Vec<u8>,
}

/// A request for a page.
pub fn get(host: &str, path: &str, cookie: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n").into_bytes()
}

/// A form that is sent from one of our own pages.
pub fn post(host: &str, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Vec<u8> {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nSec-Fetch-Site: same-origin\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Sends so many requests over so many connections, each as soon as the one before it is answered.
pub async fn send(address: &str, requests: &Requests, connections: usize, times: usize) -> Answers {
    let (next, began) = (Arc::new(AtomicUsize::new(0)), Instant::now());
    let mut lines = JoinSet::new();
    for _ in 0..connections {
        let (mut line, requests, next) = (Line::to(address), requests.clone(), next.clone());
        lines.spawn(async move {
            let mut seen = Answers::default();
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= times {
                    return seen;
                }
                let began = Instant::now();
                let status = line.ask(&requests[n % requests.len()]).await;
                seen.times.push(began.elapsed());
                *seen.statuses.entry(status).or_default() += 1;
            }
        });
    }
    let mut all = Answers::default();
    while let Some(seen) = lines.join_next().await {
        all.add(seen.unwrap());
    }
    all.took = began.elapsed();
    all.times.sort_unstable();
    all
}

impl Answers {
    /// So many of a hundred took no longer than this.
    pub fn within(&self, percent: usize) -> Duration {
        self.times[(self.times.len() * percent / 100).min(self.times.len() - 1)]
    }

    /// Requests a second.
    pub fn rate(&self) -> f64 {
        f64::from(u32::try_from(self.times.len()).unwrap()) / self.took.as_secs_f64()
    }

    /// How many had another status.
    pub fn other_than(&self, status: u16) -> usize {
        self.statuses.iter().filter(|(other, _)| **other != status).map(|(_, count)| count).sum()
    }

    fn add(&mut self, seen: Self) {
        for (status, count) in seen.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        self.times.extend(seen.times);
    }
}

impl Line {
    /// A connection that is opened when it is first needed, and again where the server closed it.
    pub fn to(address: &str) -> Self {
        Self { address: address.to_owned(), stream: None, read: Vec::with_capacity(16_384) }
    }

    /// Sends a request, reads the whole answer, and answers its status.
    pub async fn ask(&mut self, request: &[u8]) -> u16 {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => {
                let stream = TcpStream::connect(&self.address).await.expect("a server that listens");
                stream.set_nodelay(true).unwrap();
                stream
            }
        };
        stream.write_all(request).await.unwrap();
        self.read.clear();
        let head = loop {
            assert!(stream.read_buf(&mut self.read).await.unwrap() > 0, "the server hung up");
            if let Some(end) = self.read.windows(4).position(|four| four == b"\r\n\r\n") {
                break end;
            }
        };
        let text = std::str::from_utf8(&self.read[..head]).unwrap().to_ascii_lowercase();
        let header = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let length: usize = header("content-length:").map_or(0, |length| length.parse().unwrap());
        while self.read.len() < head + 4 + length {
            assert!(stream.read_buf(&mut self.read).await.unwrap() > 0, "the server hung up");
        }
        if header("connection:") != Some("close") {
            self.stream = Some(stream);
        }
        text[9..12].parse().unwrap()
    }

    /// The answer that was read last, head and body.
    pub fn answer(&self) -> &[u8] {
        &self.read
    }
}
