//! What a request is, byte for byte, and what comes back: no HTTP library stands between, since none would send these.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::support::browser::Form;
use crate::support::test_app::FIREFOX;

/// A body's type, as our forms have it.
pub const FORM: &str = "application/x-www-form-urlencoded";

/// Far more than the server's own patience with a request that does not come.
const PATIENCE: Duration = Duration::from_secs(40);

/// One request.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: Vec<u8>,
    pub target: Vec<u8>,
    pub version: &'static str,
    pub headers: Vec<(Vec<u8>, Vec<u8>)>,
    pub body: Vec<u8>,
    /// What `Content-Length` says; nothing for none.
    pub length: Option<String>,
}

impl Request {
    /// What a browser would send to open a page.
    pub fn get(target: &str, origin: &str, cookies: &str) -> Self {
        let host = origin.split("//").nth(1).unwrap();
        let mut request = Self {
            method: b"GET".to_vec(),
            target: target.as_bytes().to_vec(),
            version: "HTTP/1.1",
            headers: Vec::new(),
            body: Vec::new(),
            length: None,
        };
        request.add("Host", host);
        request.add("User-Agent", FIREFOX);
        request.add("Accept", "text/html,*/*;q=0.8");
        request.add("Sec-Fetch-Site", "same-origin");
        if !cookies.is_empty() {
            request.add("Cookie", cookies);
        }
        request.add("Connection", "close");
        request
    }

    /// What a browser would send for a form, with these pairs in it.
    pub fn of(form: &Form, pairs: &[Pair]) -> Self {
        let browser = form.browser();
        let mut request = Self::get(form.action(), &browser.origin(), &cookies(form));
        request.method = b"POST".to_vec();
        request.add("Origin", &browser.origin());
        request.add("Content-Type", FORM);
        request.fill(pairs);
        request
    }

    /// Puts these pairs into the body.
    pub fn fill(&mut self, pairs: &[Pair]) {
        let pairs: Vec<_> =
            pairs.iter().map(|(name, value)| [&name[..], b"=", &value[..]].concat()).collect();
        self.carry(pairs.join(&b"&"[..]));
    }

    /// Puts this into the body, and says how long it is.
    pub fn carry(&mut self, body: Vec<u8>) {
        self.length = Some(body.len().to_string());
        self.body = body;
    }

    pub fn add(&mut self, name: &str, value: &str) {
        self.headers.push((name.as_bytes().to_vec(), value.as_bytes().to_vec()));
    }

    pub fn remove(&mut self, name: &str) {
        self.headers.retain(|(found, _)| !found.eq_ignore_ascii_case(name.as_bytes()));
    }

    pub fn set(&mut self, name: &str, value: &str) {
        self.remove(name);
        self.add(name, value);
    }

    /// The value of a header that is there.
    pub fn value(&self, name: &str) -> Option<String> {
        let mut found = self.headers.iter().filter(|(found, _)| found.eq_ignore_ascii_case(name.as_bytes()));
        found.next().map(|(_, value)| String::from_utf8_lossy(value).into_owned())
    }

    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes =
            [&self.method[..], b" ", &self.target, b" ", self.version.as_bytes(), b"\r\n"].concat();
        let length =
            self.length.iter().map(|length| (b"Content-Length".to_vec(), length.clone().into_bytes()));
        for (name, value) in self.headers.iter().cloned().chain(length) {
            bytes.extend([&name[..], b": ", &value, b"\r\n"].concat());
        }
        bytes.extend(b"\r\n");
        bytes.extend(&self.body);
        bytes
    }
}

/// Name and value of a field, encoded for the wire, or not.
pub type Pair = (Vec<u8>, Vec<u8>);

/// The pairs of a form as a browser sends them.
pub fn pairs(form: &Form) -> Vec<Pair> {
    form.entries().iter().map(|(name, value)| (encoded(name), encoded(value))).collect()
}

/// As a browser encodes it.
pub fn encoded(text: &str) -> Vec<u8> {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().into_bytes()
}

/// The `Cookie` header of a form's browser.
pub fn cookies(form: &Form) -> String {
    let cookies = form.browser().cookies();
    cookies
        .iter()
        .map(|cookie| format!("{}={}", cookie.name(), cookie.value()))
        .collect::<Vec<_>>()
        .join("; ")
}

/// What came back.
pub struct Answer {
    /// The status; none where the connection was closed without a word.
    pub status: Option<u16>,
    /// Everything up to the empty line.
    pub head: String,
    pub body: String,
}

impl Answer {
    /// A header of the answer.
    pub fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let text = text.strip_prefix("HTTP/1.1 100 Continue\r\n\r\n").unwrap_or(&text);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = ["HTTP/1.1 ", "HTTP/1.0 "].iter().find_map(|version| head.strip_prefix(version));
        let status = status.and_then(|rest| rest.get(..3)?.parse().ok());
        Self { status, head: head.to_owned(), body: body.to_owned() }
    }
}

/// Sends these bytes and waits for the answer, or until the server hangs up. `Err` is what was not clean about it.
pub async fn send(to: SocketAddr, bytes: &[u8]) -> Result<Answer, String> {
    let answer = timeout(PATIENCE, exchange(to, bytes)).await;
    let bytes = answer.map_err(|_| format!("neither answered nor hung up on within {PATIENCE:?}"))??;
    let answer = Answer::read(&bytes);
    if answer.status.is_none() && !bytes.is_empty() {
        return Err(format!("no answer begins so: {:?}", answer.head));
    }
    Ok(answer)
}

async fn exchange(to: SocketAddr, bytes: &[u8]) -> Result<Vec<u8>, String> {
    let mut connection = TcpStream::connect(to).await.map_err(|fault| format!("not let in: {fault}"))?;
    // Whoever refuses a long request does not read it to its end; then the rest finds nobody.
    if connection.write_all(bytes).await.is_ok() {
        drop(connection.shutdown().await);
    }
    let mut answer = Vec::new();
    // Where a body was left unread, the server keeps the connection for up to a second more.
    while !is_whole(&answer) {
        match connection.read_buf(&mut answer).await {
            Ok(0) => break,
            Ok(_) => {}
            Err(fault) if fault.kind() == ErrorKind::ConnectionReset => break,
            Err(fault) => return Err(format!("broken off: {fault}")),
        }
    }
    Ok(answer)
}

/// Whether as much has come as was announced.
fn is_whole(answer: &[u8]) -> bool {
    let Answer { status, head, .. } = Answer::read(answer);
    let announced =
        head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse::<usize>().ok());
    let is_last = status.is_some_and(|status| status >= 200);
    is_last && announced.is_some_and(|length| answer.len() >= head.len() + b"\r\n\r\n".len() + length)
}
