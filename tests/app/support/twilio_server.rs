//! A server in this process that has the shape of Twilio's Messages resource, and as bad a day as a test wants.
//!
//! It checks a request as Twilio does, knows Twilio's magic test numbers, and answers with the fields of a real
//! message. Each request takes the next fault from a queue; with none left the server behaves.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use data_encoding::BASE64;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use url::form_urlencoded;

use super::event::until;
use super::smtp_server::Identity;

/// The account the server knows, and its token.
pub const ACCOUNT: (&str, &str) = ("AC00000000000000000000000000000001", "twilio-secret");
/// The number the account owns.
pub const FROM: &str = "+15005550006";

/// How long a body of [`Fault::HugeBody`] is.
const HUGE: usize = 64 << 20;

/// What goes wrong with one request.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Nothing.
    Ok,
    /// This answer instead; the request is recorded, and a 2xx takes the message.
    Status(u16, &'static str, &'static [(&'static str, &'static str)]),
    /// The usual answer, after a while.
    Slow(Duration),
    /// The usual head at once, and then a byte of the body now and then.
    Drip(Duration),
    /// The connection is reset before anything was read.
    ResetBeforeRead,
    /// The message is taken, and the connection is reset instead of an answer.
    AcceptThenReset,
    /// The message is taken, and the answer says that something broke.
    AcceptThen500,
    /// The usual answer, once the test says [`TwilioServer::release`].
    Held,
    /// The message is taken, and the answer breaks off in its body.
    TruncatedJson,
    /// A gateway's page.
    Html502,
    /// Another address, at this server.
    Redirect307,
    /// The message is taken, and the answer has 64 MiB of body.
    HugeBody,
    /// No answer, ever.
    Hang,
}

/// A request that was read.
#[derive(Clone, Debug)]
pub struct Request {
    pub path: String,
    pub headers: HashMap<String, String>,
    pub form: HashMap<String, String>,
}

/// A running server. It ends when it is dropped.
pub struct TwilioServer {
    /// What `sms.twilio.base_url` is to be.
    pub base_url: String,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    faults: Mutex<VecDeque<Fault>>,
    requests: Mutex<Vec<Request>>,
    taken: Mutex<Vec<HashMap<String, String>>>,
    poured: AtomicUsize,
    connections: AtomicUsize,
    busy: AtomicUsize,
    gate: Notify,
    news: Notify,
}

struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: String,
}

impl TwilioServer {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}/", listener.local_addr().unwrap());
        let shared = Arc::new(Shared::default());
        let for_connections = Arc::clone(&shared);
        let accepting = tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let shared = Arc::clone(&for_connections);
                shared.connections.fetch_add(1, Ordering::SeqCst);
                shared.busy.fetch_add(1, Ordering::SeqCst);
                shared.news.notify_waiters();
                tokio::spawn(async move {
                    // A client that goes away in the middle is what some of these tests are about.
                    drop(shared.serve(tcp).await);
                    shared.busy.fetch_sub(1, Ordering::SeqCst);
                    shared.news.notify_waiters();
                });
            }
        });
        Self { base_url, shared, accepting }
    }

    /// The next request without a fault meets this one.
    pub fn next(&self, fault: Fault) {
        self.shared.faults.lock().unwrap().push_back(fault);
    }

    /// Forgets the faults that nobody has met yet.
    pub fn behave(&self) {
        self.shared.faults.lock().unwrap().clear();
    }

    /// Lets go the request that met [`Fault::Held`], or the next that does.
    pub fn release(&self) {
        self.shared.gate.notify_one();
    }

    /// Waits until something is so here, and panics if that takes half a minute.
    pub async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        until(&self.shared.news, what, || is_so(self)).await;
    }

    /// The requests that were read, oldest first.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.requests.lock().unwrap().clone()
    }

    /// Waits until it has read all that was sent to it, and only those are left who met [`Fault::Held`].
    pub async fn settles(&self) {
        let connections = self.shared.connections.load(Ordering::SeqCst);
        let address = self.base_url.trim_start_matches("http://").trim_end_matches('/');
        // Whoever connected before this one is answered before it.
        drop(TcpStream::connect(address).await.unwrap());
        self.until("a moment of rest", |server| {
            server.shared.connections.load(Ordering::SeqCst) > connections
                && server.shared.busy.load(Ordering::SeqCst) == 0
        })
        .await;
    }

    /// How much of huge bodies somebody took.
    pub fn poured(&self) -> usize {
        self.shared.poured.load(Ordering::SeqCst)
    }

    /// The same server behind TLS: its address. It ends with the test.
    pub async fn behind(&self, identity: &Identity) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}/", listener.local_addr().unwrap().port());
        let inner = self.base_url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let identity = identity.clone();
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                // A client that does not like the certificate goes away.
                let Ok(mut tls) = identity.accept(tcp).await else { continue };
                let mut plain = TcpStream::connect(&inner).await.unwrap();
                drop(copy_bidirectional(&mut tls, &mut plain).await);
            }
        });
        url
    }

    /// The forms of the messages that were taken, oldest first: these reach a telephone.
    pub fn taken(&self) -> Vec<HashMap<String, String>> {
        self.shared.taken.lock().unwrap().clone()
    }
}

impl Drop for TwilioServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Shared {
    async fn serve(&self, mut tcp: TcpStream) -> io::Result<()> {
        let fault = self.faults.lock().unwrap().pop_front().unwrap_or(Fault::Ok);
        if matches!(fault, Fault::ResetBeforeRead) {
            return reset(tcp);
        }
        let request = read(&mut tcp).await?;
        self.requests.lock().unwrap().push(request.clone());
        self.news.notify_waiters();
        match fault {
            Fault::Ok => self.usual(&request).write_to(&mut tcp).await,
            Fault::Status(status, body, headers) => {
                if (200..300).contains(&status) {
                    self.take(&request);
                }
                let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
                Answer { status, headers: headers.collect(), body: body.to_owned() }.write_to(&mut tcp).await
            }
            Fault::Slow(time) => {
                let answer = self.usual(&request);
                sleep(time).await;
                answer.write_to(&mut tcp).await
            }
            Fault::Drip(pause) => {
                let answer = self.usual(&request);
                tcp.write_all(answer.head(answer.body.len()).as_bytes()).await?;
                for byte in answer.body.bytes() {
                    tcp.write_all(&[byte]).await?;
                    sleep(pause).await;
                }
                Ok(())
            }
            Fault::ResetBeforeRead => Ok(()),
            Fault::AcceptThenReset => {
                self.take(&request);
                reset(tcp)
            }
            Fault::AcceptThen500 => {
                self.take(&request);
                let body = r#"{"code":20500,"message":"Internal server error","status":500}"#.to_owned();
                Answer { status: 500, headers: Vec::new(), body }.write_to(&mut tcp).await
            }
            Fault::Held => {
                self.busy.fetch_sub(1, Ordering::SeqCst);
                self.news.notify_waiters();
                self.gate.notified().await;
                self.busy.fetch_add(1, Ordering::SeqCst);
                self.usual(&request).write_to(&mut tcp).await
            }
            Fault::TruncatedJson => {
                let answer = self.usual(&request);
                let half = &answer.body[..answer.body.len() / 2];
                tcp.write_all(answer.head(answer.body.len()).as_bytes()).await?;
                tcp.write_all(half.as_bytes()).await
            }
            Fault::Html502 => {
                let body = "<html><h1>Bad gateway</h1>+12125550142 482913</html>".to_owned();
                Answer { status: 502, headers: Vec::new(), body }.write_to(&mut tcp).await
            }
            Fault::Redirect307 => {
                let headers = vec![("Location".to_owned(), "/elsewhere".to_owned())];
                Answer { status: 307, headers, body: String::new() }.write_to(&mut tcp).await
            }
            Fault::HugeBody => {
                tcp.write_all(self.usual(&request).head(HUGE).as_bytes()).await?;
                let spaces = vec![b' '; 1 << 16];
                for _ in 0..HUGE >> 16 {
                    tcp.write_all(&spaces).await?;
                    self.poured.fetch_add(1 << 16, Ordering::SeqCst);
                }
                Ok(())
            }
            Fault::Hang => std::future::pending().await,
        }
    }

    fn take(&self, request: &Request) {
        self.taken.lock().unwrap().push(request.form.clone());
        self.news.notify_waiters();
    }

    fn usual(&self, request: &Request) -> Answer {
        match refusal(request) {
            Some((status, code, message)) => {
                let more_info = format!("https://www.twilio.com/docs/errors/{code}");
                let body =
                    json!({"code": code, "message": message, "more_info": more_info, "status": status});
                Answer { status, headers: Vec::new(), body: body.to_string() }
            }
            None => {
                self.take(request);
                Answer { status: 201, headers: Vec::new(), body: message(&request.form).to_string() }
            }
        }
    }
}

fn refusal(request: &Request) -> Option<(u16, u32, String)> {
    let field = |name: &str| request.form.get(name).map_or("", String::as_str);
    let to = field("To");
    if request.path != format!("/2010-04-01/Accounts/{}/Messages.json", ACCOUNT.0) {
        return Some((404, 20404, "The requested resource was not found".to_owned()));
    }
    let expected = format!("Basic {}", BASE64.encode(format!("{}:{}", ACCOUNT.0, ACCOUNT.1).as_bytes()));
    if request.headers.get("authorization") != Some(&expected) {
        return Some((401, 20003, "Authenticate".to_owned()));
    }
    if request.headers.get("content-type").map(String::as_str) != Some("application/x-www-form-urlencoded") {
        return Some((415, 20415, "Unsupported media type".to_owned()));
    }
    if request.form.contains_key("From") == request.form.contains_key("MessagingServiceSid") {
        return Some((400, 21603, "One of 'From' and 'MessagingServiceSid' is required".to_owned()));
    }
    if !field("ValidityPeriod").parse::<u32>().is_ok_and(|seconds| (1..=36_000).contains(&seconds)) {
        return Some((400, 21624, "The ValidityPeriod is invalid".to_owned()));
    }
    if field("Body").is_empty() || field("Body").chars().count() > 1_600 {
        return Some((400, 21617, "The message body is empty or too long".to_owned()));
    }
    let invalid_from = |what: &str| format!("The 'From' number {} is {what}", field("From"));
    match field("From") {
        "+15005550001" => return Some((400, 21212, invalid_from("not a valid phone number"))),
        "+15005550007" => return Some((400, 21606, invalid_from("not a number of this account"))),
        "+15005550008" => return Some((429, 21611, invalid_from("over its queue limit"))),
        _ => {}
    }
    let invalid_to = |what: &str| format!("The 'To' number {to} {what}");
    match to {
        "+15005550001" => Some((400, 21211, invalid_to("is not a valid phone number"))),
        "+15005550002" => Some((400, 21612, invalid_to("cannot be reached from this sender"))),
        "+15005550003" => Some((400, 21408, invalid_to("is in a region that is not enabled"))),
        "+15005550004" => Some((400, 21610, invalid_to("has replied STOP"))),
        "+15005550009" => Some((400, 21614, invalid_to("is not a mobile number"))),
        "" => Some((400, 21604, "A 'To' number is required".to_owned())),
        _ => None,
    }
}

fn message(form: &HashMap<String, String>) -> Value {
    let has_service = form.contains_key("MessagingServiceSid");
    let sid = "SM00000000000000000000000000000001";
    json!({
        "account_sid": ACCOUNT.0,
        "api_version": "2010-04-01",
        "body": form.get("Body"),
        "date_created": "Tue, 24 Nov 2026 15:42:00 +0000",
        "date_sent": null,
        "date_updated": "Tue, 24 Nov 2026 15:42:00 +0000",
        "direction": "outbound-api",
        "error_code": null,
        "error_message": null,
        "from": form.get("From"),
        "messaging_service_sid": form.get("MessagingServiceSid"),
        "num_media": "0",
        "num_segments": if has_service { "0" } else { "1" },
        "price": null,
        "price_unit": "USD",
        "sid": sid,
        "status": if has_service { "accepted" } else { "queued" },
        "to": form.get("To"),
        "uri": format!("/2010-04-01/Accounts/{}/Messages/{sid}.json", ACCOUNT.0),
    })
}

async fn read(tcp: &mut TcpStream) -> io::Result<Request> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(tcp.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.lines();
    let path = lines.next().and_then(|line| line.split(' ').nth(1)).unwrap_or_default().to_owned();
    let headers: HashMap<_, _> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    tcp.read_exact(&mut body).await?;
    let form = form_urlencoded::parse(&body).into_owned().collect();
    Ok(Request { path, headers, form })
}

fn reset(tcp: TcpStream) -> io::Result<()> {
    tcp.set_zero_linger()
}

impl Answer {
    fn head(&self, length: usize) -> String {
        let mut head = format!(
            "HTTP/1.1 {} Whatever\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n",
            self.status
        );
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head + "Connection: close\r\n\r\n"
    }

    async fn write_to(self, tcp: &mut TcpStream) -> io::Result<()> {
        tcp.write_all(self.head(self.body.len()).as_bytes()).await?;
        tcp.write_all(self.body.as_bytes()).await?;
        tcp.shutdown().await
    }
}
