//! A mail server in this process, with manners as bad as a test wants them.
//!
//! Each connection takes the next script from a queue; with no script left the server behaves. It keeps what was
//! delivered and every line it heard, connection by connection. A test that runs beside it waits for what happens here
//! ([`SmtpServer::until`]) and never for a time.

mod wire;

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use data_encoding::BASE64;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::event::until;
pub use wire::Identity;
use wire::Wire;

/// The user the server knows, and the password.
pub const USER: (&str, &str) = ("postern", "mail-secret");

/// Where in a conversation something happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    Connect,
    Ehlo,
    StartTls,
    Auth,
    Mail,
    Rcpt,
    Data,
    /// After the dot, and the mail is lost.
    Content,
    /// After the dot, and the mail is kept.
    Kept,
    Quit,
}

/// What happens there.
#[derive(Clone, Copy, Debug)]
pub enum Fault {
    /// These words instead of the usual ones. After a yes the conversation goes on as usual.
    Says(&'static str),
    /// The usual words, after a while.
    Late(Duration),
    /// The usual words, once the test says [`SmtpServer::release`].
    Held,
    /// No word ever again.
    Silent,
    /// The connection is closed.
    HangsUp,
    /// At STARTTLS: it is not offered.
    NotOffered,
}

/// How a test's server wants to be spoken to.
#[derive(Clone)]
pub enum Encryption {
    None,
    StartTls(Identity),
    Implicit(Identity),
}

/// A mail that was taken.
#[derive(Clone, Debug)]
pub struct Taken {
    pub from: String,
    pub to: Vec<String>,
    pub raw: String,
    pub encrypted: bool,
    pub user: Option<String>,
}

/// A running server. It ends when it is dropped.
pub struct SmtpServer {
    pub port: u16,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

/// The port of a server that is not there yet: nobody else gets it, and nobody answers.
pub struct Away {
    pub port: u16,
    socket: TcpSocket,
}

impl Away {
    /// It comes up: a plain server that asks for no password.
    pub fn comes(self) -> SmtpServer {
        SmtpServer::on(self.socket.listen(16).unwrap(), Encryption::None, "")
    }
}

type Script = Vec<(At, Fault)>;

struct Shared {
    encryption: Encryption,
    mechanisms: &'static str,
    scripts: Mutex<VecDeque<Script>>,
    taken: Mutex<Vec<Taken>>,
    heard: Mutex<Vec<Vec<String>>>,
    is_down: AtomicBool,
    held: AtomicUsize,
    busy: AtomicUsize,
    gate: Notify,
    news: Notify,
}

impl SmtpServer {
    /// A plain server that asks for no password.
    pub async fn start() -> Self {
        Self::start_with(Encryption::None, "").await
    }

    /// A plain server that wants [`USER`] to log in, if a client offers to.
    pub async fn start_logging_in() -> Self {
        Self::start_with(Encryption::None, "PLAIN LOGIN").await
    }

    /// A server that offers these mechanisms in AUTH.
    pub async fn start_with(encryption: Encryption, mechanisms: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, encryption, mechanisms)
    }

    /// A server that is not there yet.
    pub fn away() -> Away {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Away { port: socket.local_addr().unwrap().port(), socket }
    }

    fn on(listener: TcpListener, encryption: Encryption, mechanisms: &'static str) -> Self {
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            encryption,
            mechanisms,
            scripts: Mutex::default(),
            taken: Mutex::default(),
            heard: Mutex::default(),
            is_down: AtomicBool::new(false),
            held: AtomicUsize::new(0),
            busy: AtomicUsize::new(0),
            gate: Notify::new(),
            news: Notify::new(),
        });
        let for_connections = Arc::clone(&shared);
        let accepting = tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let shared = Arc::clone(&for_connections);
                let number = {
                    let mut heard = shared.heard.lock().unwrap();
                    heard.push(Vec::new());
                    heard.len() - 1
                };
                shared.news.notify_waiters();
                if shared.is_down.load(Ordering::SeqCst) {
                    continue;
                }
                let script = shared.scripts.lock().unwrap().pop_front().unwrap_or_default();
                shared.busy.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(async move {
                    // A client that goes away in the middle is what many of these tests are about.
                    drop(Conversation::new(Arc::clone(&shared), script, number, tcp).hold().await);
                    shared.busy.fetch_sub(1, Ordering::SeqCst);
                    shared.news.notify_waiters();
                });
            }
        });
        Self { port, shared, accepting }
    }

    /// The next connection without a script goes like this.
    pub fn next(&self, script: &[(At, Fault)]) {
        self.shared.scripts.lock().unwrap().push_back(script.to_vec());
    }

    /// Forgets the scripts that nobody has met yet.
    pub fn behave(&self) {
        self.shared.scripts.lock().unwrap().clear();
    }

    /// From now on every connection is closed before a word, until [`SmtpServer::come_back`].
    pub fn go_down(&self) {
        self.shared.is_down.store(true, Ordering::SeqCst);
    }

    /// It answers again.
    pub fn come_back(&self) {
        self.shared.is_down.store(false, Ordering::SeqCst);
    }

    /// Lets go whoever met [`Fault::Held`], or the next who does.
    pub fn release(&self) {
        self.shared.gate.notify_one();
    }

    /// How many have met [`Fault::Held`] by now.
    pub fn held(&self) -> usize {
        self.shared.held.load(Ordering::SeqCst)
    }

    /// Waits until it has read all that was sent to it, and only those are left who met [`Fault::Held`].
    pub async fn settles(&self) {
        let connections = self.connections();
        // Whoever connected before this one is answered before it.
        drop(TcpStream::connect(("127.0.0.1", self.port)).await.unwrap());
        self.until("a moment of rest", |server| {
            server.connections() > connections && server.shared.busy.load(Ordering::SeqCst) == 0
        })
        .await;
    }

    /// How many connections there were, answered or not.
    pub fn connections(&self) -> usize {
        self.shared.heard.lock().unwrap().len()
    }

    /// Waits until something is so here, and panics if that takes half a minute.
    pub async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        until(&self.shared.news, what, || is_so(self)).await;
    }

    /// The mails that were taken, oldest first.
    pub fn taken(&self) -> Vec<Taken> {
        self.shared.taken.lock().unwrap().clone()
    }

    /// The lines that were heard outside of mails, connection by connection.
    pub fn heard(&self) -> Vec<Vec<String>> {
        self.shared.heard.lock().unwrap().clone()
    }

    /// Whether any connection heard a line that begins like this.
    pub fn heard_any(&self, verb: &str) -> bool {
        self.heard().iter().flatten().any(|line| line.starts_with(verb))
    }
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

struct Conversation {
    shared: Arc<Shared>,
    script: Script,
    number: usize,
    wire: Wire,
    user: Option<String>,
}

/// What a test's fault makes of a reply.
enum Next {
    GoOn,
    Refused,
}

impl Conversation {
    fn new(shared: Arc<Shared>, script: Script, number: usize, tcp: TcpStream) -> Self {
        Self { shared, script, number, wire: Wire::plain(tcp), user: None }
    }

    async fn hold(mut self) -> io::Result<()> {
        if let Encryption::Implicit(identity) = &self.shared.encryption {
            self.wire = self.wire.encrypt(identity).await?;
        }
        self.reply(At::Connect, "220 mail.test ESMTP").await?;
        let (mut from, mut to) = (String::new(), Vec::new());
        loop {
            let line = self.hear().await?;
            let verb = line.split(' ').next().unwrap_or_default().to_ascii_uppercase();
            match verb.as_str() {
                "EHLO" => {
                    let offers = self.offers();
                    self.reply(At::Ehlo, &offers).await?;
                }
                "STARTTLS" => self.start_tls().await?,
                "AUTH" => self.authenticate(&line).await?,
                "MAIL" => {
                    from = address(&line);
                    self.reply(At::Mail, "250 2.1.0 Ok").await?;
                }
                "RCPT" => {
                    if matches!(self.reply(At::Rcpt, "250 2.1.5 Ok").await?, Next::GoOn) {
                        to.push(address(&line));
                    }
                }
                "DATA" => {
                    if matches!(self.reply(At::Data, "354 Go on").await?, Next::GoOn) {
                        self.take_mail(&from, &to).await?;
                    }
                }
                "QUIT" => {
                    self.reply(At::Quit, "221 2.0.0 Bye").await?;
                    return self.wire.close().await;
                }
                _ => self.wire.say("502 5.5.2 What?").await?,
            }
        }
    }

    fn offers(&self) -> String {
        let mut offers = vec!["mail.test at your service".to_owned(), "8BITMIME".to_owned()];
        let is_hidden = self.script.iter().any(|(_, fault)| matches!(fault, Fault::NotOffered));
        if matches!(self.shared.encryption, Encryption::StartTls(_))
            && !self.wire.is_encrypted()
            && !is_hidden
        {
            offers.push("STARTTLS".to_owned());
        }
        if !self.shared.mechanisms.is_empty() {
            offers.push(format!("AUTH {}", self.shared.mechanisms));
        }
        let last = offers.len() - 1;
        let lines = offers.iter().enumerate();
        let lines: Vec<_> =
            lines.map(|(n, offer)| format!("250{}{offer}", if n == last { ' ' } else { '-' })).collect();
        lines.join("\r\n")
    }

    async fn start_tls(&mut self) -> io::Result<()> {
        let Encryption::StartTls(identity) = self.shared.encryption.clone() else {
            return self.wire.say("502 5.5.1 Not here").await;
        };
        if matches!(self.reply(At::StartTls, "220 2.0.0 Go on").await?, Next::GoOn) {
            let plain = std::mem::replace(&mut self.wire, Wire::gone());
            self.wire = plain.encrypt(&identity).await?;
        }
        Ok(())
    }

    async fn authenticate(&mut self, line: &str) -> io::Result<()> {
        let words: Vec<_> = line.split(' ').collect();
        let told = match words.as_slice() {
            [_, "PLAIN", response] => decode(response),
            [_, "LOGIN"] => {
                self.wire.say(&format!("334 {}", BASE64.encode(b"Username:"))).await?;
                let user = decode(&self.hear().await?);
                self.wire.say(&format!("334 {}", BASE64.encode(b"Password:"))).await?;
                format!("\0{user}\0{}", decode(&self.hear().await?))
            }
            _ => return self.wire.say("504 5.5.4 Unknown mechanism").await,
        };
        if told != format!("\0{}\0{}", USER.0, USER.1) {
            return self.wire.say("535 5.7.8 Authentication failed").await;
        }
        if matches!(self.reply(At::Auth, "235 2.7.0 Welcome").await?, Next::GoOn) {
            self.user = Some(USER.0.to_owned());
        }
        Ok(())
    }

    async fn take_mail(&mut self, from: &str, to: &[String]) -> io::Result<()> {
        let mut raw = String::new();
        loop {
            let line = self.wire.read_line().await?;
            if line == "." {
                break;
            }
            raw.push_str(line.strip_prefix('.').unwrap_or(&line));
            raw.push_str("\r\n");
        }
        if self.fault(At::Content).is_none() {
            self.shared.taken.lock().unwrap().push(Taken {
                from: from.to_owned(),
                to: to.to_vec(),
                raw,
                encrypted: self.wire.is_encrypted(),
                user: self.user.clone(),
            });
            self.shared.news.notify_waiters();
            self.reply(At::Kept, "250 2.0.0 Ok: queued").await?;
        } else {
            self.reply(At::Content, "250 2.0.0 Ok").await?;
        }
        Ok(())
    }

    fn fault(&self, at: At) -> Option<Fault> {
        self.script.iter().find(|(place, _)| *place == at).map(|(_, fault)| *fault)
    }

    async fn reply(&mut self, at: At, usual: &str) -> io::Result<Next> {
        match self.fault(at) {
            None | Some(Fault::NotOffered) => self.wire.say(usual).await?,
            Some(Fault::Late(time)) => {
                sleep(time).await;
                self.wire.say(usual).await?;
            }
            Some(Fault::Held) => {
                self.shared.held.fetch_add(1, Ordering::SeqCst);
                self.shared.busy.fetch_sub(1, Ordering::SeqCst);
                self.shared.news.notify_waiters();
                self.shared.gate.notified().await;
                self.shared.busy.fetch_add(1, Ordering::SeqCst);
                self.wire.say(usual).await?;
            }
            Some(Fault::Silent) => std::future::pending().await,
            Some(Fault::HangsUp) => return Err(io::ErrorKind::ConnectionAborted.into()),
            Some(Fault::Says(words)) => {
                self.wire.say(words).await?;
                if words.starts_with(['4', '5']) {
                    return Ok(Next::Refused);
                }
            }
        }
        Ok(Next::GoOn)
    }

    async fn hear(&mut self) -> io::Result<String> {
        let line = self.wire.read_line().await?;
        self.shared.heard.lock().unwrap()[self.number].push(line.clone());
        self.shared.news.notify_waiters();
        Ok(line)
    }
}

fn address(line: &str) -> String {
    line.split(['<', '>']).nth(1).unwrap_or_default().to_owned()
}

fn decode(base64: &str) -> String {
    String::from_utf8(BASE64.decode(base64.as_bytes()).unwrap_or_default()).unwrap_or_default()
}
