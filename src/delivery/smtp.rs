//! One mail over SMTP, phase by phase.
//!
//! Why not lettre's own transport: its timeout ends with the connect, so a server that accepts and stays silent holds
//! a send for ever; a cancelled send puts its connection back into the pool, where the next mail reads the last one's
//! replies; and an accepted mail waits for the reply to QUIT. So there is one connection a mail, the commands go one by
//! one, each phase has its deadline, and the phase tells what a failure means: before the end of the data nothing was
//! sent; after it, without an answer, nobody knows.

use std::future::Future;
use std::net::IpAddr;
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, Certificate, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailParameter};
use lettre::transport::smtp::response::{Response, Severity};
use tokio::time::{Instant, timeout, timeout_at};

use crate::delivery::letter::{Letter, LetterFault};
use crate::delivery::line::{Line, is_loopback};
use crate::delivery::message::Mail;
use crate::delivery::scrub::scrub_naming;
use crate::delivery::smtp_fault::{Fault, Phase};
use crate::delivery::tls::{TlsRoots, choose_provider};
use crate::domain::delivery::FailureClass;
use crate::domain::secret::Secret;
use crate::flows::outbox::Outcome;

/// A mail server, as the operator described it.
#[derive(Clone, Debug)]
pub struct SmtpServer {
    /// A host name, or an IP address without brackets. Its certificate must be for this name.
    pub host: String,
    /// The port.
    pub port: u16,
    /// How the connection is encrypted.
    pub security: Security,
    /// User name and password.
    pub credentials: Option<(String, Secret<String>)>,
    /// What Postern calls itself in EHLO: its public host.
    pub hello: String,
    /// Whose certificates are believed.
    pub roots: TlsRoots,
    /// How long each phase may take.
    pub deadlines: Deadlines,
}

/// How the connection is encrypted. There is no "if the server offers it" (OWASP ASVS 5.0 12.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Security {
    /// TLS from the first byte.
    Implicit,
    /// A plain greeting, then STARTTLS or nothing at all.
    StartTls,
    /// None, and therefore only to this machine.
    PlainLoopback,
}

/// How long each phase of sending one mail may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// To the TCP connection.
    pub connect: Duration,
    /// Greeting, EHLO, STARTTLS and AUTH together.
    pub hello: Duration,
    /// MAIL and RCPT together.
    pub address: Duration,
    /// From DATA to the last reply.
    pub data: Duration,
    /// All of it.
    pub whole: Duration,
    /// For saying goodbye, which nobody waits for.
    pub quit: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            hello: Duration::from_secs(10),
            address: Duration::from_secs(10),
            data: Duration::from_secs(20),
            whole: Duration::from_secs(30),
            quit: Duration::from_secs(1),
        }
    }
}

/// Why no mail will ever leave with these settings.
#[derive(Debug, thiserror::Error)]
pub enum SmtpSetUpFault {
    /// Plain SMTP to another machine.
    #[error("plain smtp:// is for this machine only; use smtps:// or smtp+starttls://")]
    PlainToOthers,
    /// The system has no certificate authorities, or the extra one cannot be read.
    #[error("no certificates to trust: {0}")]
    Roots(#[from] Error),
}

/// A way to send mail.
pub struct Smtp {
    server: SmtpServer,
    hello: ClientId,
    way: Way,
}

enum Way {
    Implicit(TlsParameters),
    StartTls(TlsParameters),
    Plain,
}

impl Smtp {
    /// Prepares for a server and connects to nothing. It reads the system's certificates, so call it once.
    ///
    /// # Errors
    /// [`SmtpSetUpFault`] for settings that no retry mends.
    pub fn new(server: SmtpServer) -> Result<Self, SmtpSetUpFault> {
        let way = match server.security {
            Security::Implicit => Way::Implicit(tls_parameters(&server)?),
            Security::StartTls => Way::StartTls(tls_parameters(&server)?),
            Security::PlainLoopback if is_loopback(&server.host) => Way::Plain,
            Security::PlainLoopback => return Err(SmtpSetUpFault::PlainToOthers),
        };
        let hello = client_id(&server.hello);
        Ok(Self { server, hello, way })
    }

    /// Sends one mail and tells what became of it. After `time_left` nothing more of it leaves.
    pub async fn send(&self, mail: &Mail, time_left: Duration) -> Outcome {
        self.send_aloud(mail, time_left).await.1
    }

    /// [`Smtp::send`], with what was said on the way: a line for each phase, without secrets and addresses.
    pub async fn send_aloud(&self, mail: &Mail, time_left: Duration) -> (Vec<String>, Outcome) {
        let mut said = Conversation::default();
        let outcome = self.try_to_send(mail, time_left, &mut said).await;
        (said.lines, outcome)
    }

    async fn try_to_send(&self, mail: &Mail, time_left: Duration, said: &mut Conversation) -> Outcome {
        if time_left.is_zero() {
            return not_handed_over(FailureClass::Expired, "too late to be sent".to_owned());
        }
        let letter = match Letter::new(mail) {
            Ok(letter) => letter,
            Err(LetterFault::Recipient) => {
                return not_handed_over(FailureClass::BadRecipient, LetterFault::Recipient.to_string());
            }
            Err(LetterFault::Build) => {
                return not_handed_over(FailureClass::Bug, LetterFault::Build.to_string());
            }
        };
        said.recipient = letter.to.user().to_owned();
        match self.hand_over(&letter, time_left, said).await {
            Ok(()) => Outcome::HandedOver { provider_id: None },
            Err(fault) => not_handed_over(fault.class(), fault.detail(letter.to.user())),
        }
    }

    /// Connects, encrypts and logs in, and sends nothing: for the readiness page and for `doctor`.
    ///
    /// # Errors
    /// The class of the failure, and one scrubbed sentence for the operator.
    pub async fn check(&self) -> Result<(), (FailureClass, String)> {
        let ends_at = Instant::now() + self.server.deadlines.whole;
        match self.log_in(ends_at, &mut Conversation::default()).await {
            Ok(connection) => {
                self.say_goodbye(connection);
                Ok(())
            }
            Err(fault) => Err((fault.class(), fault.detail(""))),
        }
    }

    async fn hand_over(
        &self,
        letter: &Letter,
        time_left: Duration,
        said: &mut Conversation,
    ) -> Result<(), Fault> {
        let ends_at = Instant::now() + self.server.deadlines.whole.min(time_left);
        let mut connection = self.log_in(ends_at, said).await?;
        let result = self.dictate(&mut connection, letter, ends_at, said).await;
        // A line that broke or fell silent is dropped, which closes it; on any other we say goodbye.
        if result.as_ref().err().is_none_or(Fault::was_answered) {
            self.say_goodbye(connection);
        }
        result
    }

    async fn log_in(&self, ends_at: Instant, said: &mut Conversation) -> Result<AsyncSmtpConnection, Fault> {
        let limits = &self.server.deadlines;
        let connected_by = ends_at.min(Instant::now() + limits.connect);
        let (mut connection, ends_at) = match &self.way {
            Way::Implicit(tls) => {
                // lettre greets inside the same call, so this phase has the time of both.
                let ends_at = ends_at.min(connected_by + limits.hello);
                (self.connect_encrypted(tls, ends_at).await?, ends_at)
            }
            Way::StartTls(tls) => {
                let line = self.dial(connected_by, false).await?;
                let ends_at = ends_at.min(Instant::now() + limits.hello);
                let mut connection = self.greet(line, ends_at).await?;
                if !connection.can_starttls() {
                    return Err(Fault::no_starttls());
                }
                step(Phase::StartTls, ends_at, connection.starttls(tls.clone(), &self.hello)).await?;
                (connection, ends_at)
            }
            Way::Plain => {
                let line = self.dial(connected_by, true).await?;
                let ends_at = ends_at.min(Instant::now() + limits.hello);
                (self.greet(line, ends_at).await?, ends_at)
            }
        };
        said.note(Phase::Hello, &format!("{}:{} answers as we want", self.server.host, self.server.port));
        if let Some((user, password)) = &self.server.credentials {
            let credentials = Credentials::new(user.clone(), password.expose().clone());
            let reply =
                step(Phase::LogIn, ends_at, connection.auth(DEFAULT_MECHANISMS, &credentials)).await?;
            said.hear(Phase::LogIn, &reply);
        }
        Ok(connection)
    }

    async fn connect_encrypted(
        &self,
        tls: &TlsParameters,
        ends_at: Instant,
    ) -> Result<AsyncSmtpConnection, Fault> {
        let server = (self.server.host.as_str(), self.server.port);
        let patience = Some(self.server.deadlines.connect);
        let connecting =
            AsyncSmtpConnection::connect_tokio1(server, patience, &self.hello, Some(tls.clone()), None);
        step(Phase::Connect, ends_at, connecting).await
    }

    async fn dial(&self, ends_at: Instant, only_loopback: bool) -> Result<Line, Fault> {
        let opening = Line::open(&self.server.host, self.server.port, only_loopback, ends_at);
        match timeout_at(ends_at, opening).await {
            Ok(line) => line.map_err(|error| Fault::unconnected(&error)),
            Err(_) => Err(Fault::silent(Phase::Connect)),
        }
    }

    async fn greet(&self, line: Line, ends_at: Instant) -> Result<AsyncSmtpConnection, Fault> {
        let greeting = AsyncSmtpConnection::connect_with_transport(Box::new(line), &self.hello);
        step(Phase::Hello, ends_at, greeting).await
    }

    async fn dictate(
        &self,
        connection: &mut AsyncSmtpConnection,
        letter: &Letter,
        ends_at: Instant,
        said: &mut Conversation,
    ) -> Result<(), Fault> {
        let addressed_by = ends_at.min(Instant::now() + self.server.deadlines.address);
        let from = MailFrom::new(Some(letter.from.clone()), mail_parameters(connection, letter)?);
        let reply = step(Phase::Sender, addressed_by, connection.command(from)).await?;
        said.hear(Phase::Sender, &reply);
        expect(Phase::Sender, &reply, Severity::PositiveCompletion)?;
        let to = Rcpt::new(letter.to.clone(), Vec::new());
        let reply = step(Phase::Recipient, addressed_by, connection.command(to)).await?;
        said.hear(Phase::Recipient, &reply);
        expect(Phase::Recipient, &reply, Severity::PositiveCompletion)?;

        let sent_by = ends_at.min(Instant::now() + self.server.deadlines.data);
        let reply = step(Phase::Data, sent_by, connection.command(Data)).await?;
        said.hear(Phase::Data, &reply);
        expect(Phase::Data, &reply, Severity::PositiveIntermediate)?;
        let reply = step(Phase::Content, sent_by, connection.message(&letter.bytes)).await?;
        said.hear(Phase::Content, &reply);
        expect(Phase::Content, &reply, Severity::PositiveCompletion)
    }

    /// The mail is out or refused; whether the server answers QUIT changes nothing, so nobody waits for it.
    fn say_goodbye(&self, mut connection: AsyncSmtpConnection) {
        let patience = self.server.deadlines.quit;
        tokio::spawn(async move { timeout(patience, connection.quit()).await.is_ok() });
    }
}

/// What was said, phase by phase.
#[derive(Default)]
struct Conversation {
    lines: Vec<String>,
    recipient: String,
}

impl Conversation {
    fn hear(&mut self, phase: Phase, reply: &Response) {
        let words: Vec<_> = reply.message().collect();
        let words = scrub_naming(&words.join(" "), &self.recipient);
        self.note(phase, &format!("{} {words}", reply.code()));
    }

    fn note(&mut self, phase: Phase, words: &str) {
        self.lines.push(format!("{}: {words}", phase.as_words()));
    }
}

async fn step<T>(
    phase: Phase,
    ends_at: Instant,
    doing: impl Future<Output = Result<T, Error>>,
) -> Result<T, Fault> {
    match timeout_at(ends_at, doing).await {
        Ok(done) => done.map_err(|error| Fault::from_lettre(phase, &error)),
        Err(_) => Err(Fault::silent(phase)),
    }
}

/// lettre takes any positive reply for a yes; 250 to DATA, say, is none.
fn expect(phase: Phase, reply: &Response, severity: Severity) -> Result<(), Fault> {
    if reply.code().severity == severity { Ok(()) } else { Err(Fault::unexpected(phase, reply)) }
}

fn mail_parameters(connection: &AsyncSmtpConnection, letter: &Letter) -> Result<Vec<MailParameter>, Fault> {
    if AsRef::<str>::as_ref(&letter.to).is_ascii() {
        Ok(Vec::new())
    } else if connection.server_info().supports_feature(Extension::SmtpUtfEight) {
        Ok(vec![MailParameter::SmtpUtfEight])
    } else {
        Err(Fault::no_smtputf8())
    }
}

fn tls_parameters(server: &SmtpServer) -> Result<TlsParameters, Error> {
    choose_provider();
    let builder = TlsParameters::builder(server.host.clone());
    match &server.roots {
        TlsRoots::System => builder,
        TlsRoots::SystemAnd(pem) => builder.add_root_certificate(Certificate::from_pem(pem)?),
    }
    .build_rustls()
}

/// RFC 5321 section 4.1.4: a host name, or an address in brackets.
fn client_id(host: &str) -> ClientId {
    match host.trim_matches(['[', ']']).parse() {
        Ok(IpAddr::V4(ip)) => ClientId::Ipv4(ip),
        Ok(IpAddr::V6(ip)) => ClientId::Ipv6(ip),
        Err(_) => ClientId::Domain(host.to_owned()),
    }
}

fn not_handed_over(class: FailureClass, detail: String) -> Outcome {
    Outcome::NotHandedOver { class, detail, retry_after: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(host: &str, security: Security) -> SmtpServer {
        SmtpServer {
            host: host.to_owned(),
            port: 25,
            security,
            credentials: None,
            hello: "login.example.com".to_owned(),
            roots: TlsRoots::System,
            deadlines: Deadlines::default(),
        }
    }

    #[test]
    fn plain_smtp_stays_on_this_machine() {
        assert!(Smtp::new(server("localhost", Security::PlainLoopback)).is_ok());
        let refused = Smtp::new(server("mail.example.com", Security::PlainLoopback));
        assert!(matches!(refused.err(), Some(SmtpSetUpFault::PlainToOthers)));
    }

    #[test]
    fn we_introduce_ourselves_as_the_standard_wants() {
        assert_eq!(client_id("login.example.com").to_string(), "login.example.com");
        assert_eq!(client_id("127.0.0.1").to_string(), "[127.0.0.1]");
        assert_eq!(client_id("[::1]").to_string(), "[IPv6:::1]");
    }
}
