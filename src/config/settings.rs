//! The settings as the program uses them: typed, checked against each other, and complete.

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use url::Url;

use crate::domain::requirement::Required;
use crate::domain::secret::Secret;

/// Everything an operator can set. Read once at start and passed on; nothing changes it afterwards.
#[derive(Clone, Debug)]
pub struct Config {
    /// Whether this Postern is tried out or relied on.
    pub mode: Mode,
    /// Where it listens, and under which address people know it.
    pub server: Server,
    /// The form of the log lines.
    pub log: LogFormat,
    /// Where `/metrics` is served, if anywhere.
    pub metrics: Option<SocketAddr>,
    /// Where accounts are kept.
    pub database: DatabaseUrl,
    /// What all keys are derived from.
    pub secret: SecretKeys,
    /// How e-mail leaves.
    pub mail: Mail,
    /// How text messages leave.
    pub sms: Sms,
    /// Rules for the second factor.
    pub two_factor: TwoFactor,
    /// Rules for passwords.
    pub password: Password,
    /// How long a login lasts.
    pub session: Session,
    /// How long it is known what happened.
    pub activity: Activity,
    /// What people see of whoever runs this Postern.
    pub brand: Brand,
}

/// Trying it out, or relying on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Loopback only, with a built-in mailbox instead of a mail server.
    Development,
    /// Nothing is assumed: key, public https URL and mail server must be given.
    Production,
}

/// Where the server listens, and under which address people know it.
#[derive(Clone, Debug)]
pub struct Server {
    /// The address the server binds; a loopback address in development mode.
    pub listen: SocketAddr,
    /// The origin people type; https in production. Its path is `/`, and it has no query and no credentials.
    pub public_url: Url,
    /// The networks whose `X-Forwarded-For` is believed; an empty list believes nobody.
    pub trusted_proxies: Vec<IpNet>,
}

/// The form of the log lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    /// For reading.
    Text,
    /// One JSON object a line, for a log collector.
    Json,
}

/// Where accounts are kept.
#[derive(Clone, Debug)]
pub enum DatabaseUrl {
    /// A file; relative paths start at the working directory.
    Sqlite(PathBuf),
    /// The whole `postgres://` URL, which may hold a password.
    Postgres(Secret<String>),
}

/// What all other keys are derived from.
#[derive(Clone, Debug)]
pub struct SecretKeys {
    /// The key that writes.
    pub current: KeySource,
    /// The key before it, which still reads; 32 bytes or more.
    pub previous: Option<Secret<Vec<u8>>>,
}

/// Where the current key comes from.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// Given by the operator: 32 bytes or more.
    Given(Secret<Vec<u8>>),
    /// Development mode only: made once and kept in a file beside the database.
    BesideDatabase,
}

/// How e-mail leaves.
#[derive(Clone, Debug)]
pub enum Mail {
    /// Development mode only: the built-in mailbox at `/dev/mailbox`.
    Mailbox,
    /// A mail server.
    Smtp(SmtpSettings),
}

/// A mail server and the address Postern writes from.
#[derive(Clone, Debug)]
pub struct SmtpSettings {
    /// A host name, or an IP address without brackets.
    pub host: String,
    /// The port, from the URL or the usual one of its scheme.
    pub port: u16,
    /// How the connection is encrypted.
    pub security: SmtpSecurity,
    /// User name and password, percent-decoded.
    pub credentials: Option<(String, Secret<String>)>,
    /// The certificate of an authority that is trusted beside the system's, in PEM.
    pub ca_file: Option<PathBuf>,
    /// The bare address in `From`.
    pub from: String,
}

/// How the connection to the mail server is encrypted. There is no opportunistic kind (OWASP ASVS 5.0 12.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// TLS from the first byte (`smtps://`, usually port 465).
    Implicit,
    /// Plain greeting, then STARTTLS or nothing (`smtp+starttls://`, usually port 587).
    StartTls,
    /// No encryption, and therefore only to this machine (`smtp://`, usually port 25).
    PlainLoopback,
}

/// How text messages leave, where to, and how many.
#[derive(Clone, Debug)]
pub struct Sms {
    /// Who carries them.
    pub provider: SmsProvider,
    /// ISO 3166 codes, upper case, without repeats, in the operator's order; never empty.
    pub countries: Vec<String>,
    /// The most texts an hour for the whole installation; at least 1.
    pub per_hour: u32,
    /// The most texts a day for the whole installation; at least 1.
    pub per_day: u32,
}

/// Who carries text messages.
#[derive(Clone, Debug)]
pub enum SmsProvider {
    /// Nobody: the method is not offered.
    None,
    /// Development mode only: the built-in mailbox at `/dev/mailbox`.
    Mailbox,
    /// Twilio, or whoever speaks its language at `base_url`.
    Twilio(TwilioSettings),
    /// A bridge of the operator's own.
    Webhook(WebhookSettings),
}

/// A bridge that takes texts as signed JSON.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    /// Where it is.
    pub url: Url,
    /// What requests are signed with.
    pub secret: Secret<Vec<u8>>,
}

/// An account at Twilio.
#[derive(Clone, Debug)]
pub struct TwilioSettings {
    /// `AC` and 32 hexadecimal digits.
    pub account_sid: String,
    /// The password that goes with it; also signs Twilio's callbacks.
    pub auth_token: Secret<String>,
    /// In whose name texts are sent.
    pub sender: TwilioSender,
    /// Where the API is; https, or http to loopback. Its path ends with `/`.
    pub base_url: Url,
}

/// In whose name texts are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TwilioSender {
    /// A number in international form, a short code or an alphanumeric name.
    From(String),
    /// A Messaging Service: `MG` and 32 hexadecimal digits.
    MessagingService(String),
}

/// Rules for the second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TwoFactor {
    /// For how many days a computer is trusted, 0 to 14; 0 trusts none.
    pub trusted_days: u8,
    /// Who has to have it.
    pub required: Required,
}

/// Rules for passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Password {
    /// The shortest password accepted, in characters, 8 to 128.
    pub min_length: usize,
}

/// How long a login lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Minutes without a request after which a login ends.
    pub idle_minutes: u32,
    /// Hours after which a login ends whatever happens.
    pub max_hours: u32,
}

/// How long it is known what happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activity {
    /// Days for which the activity log is kept, 30 to 3650.
    pub keep_days: u16,
}

/// What people see of whoever runs this Postern.
#[derive(Clone, Debug)]
pub struct Brand {
    /// What pages and messages call the product; at most 20 GSM-7 characters, since text messages begin with it.
    pub name: String,
    /// Where help is, if anywhere.
    pub support: Option<Support>,
    /// The terms that go with text messages.
    pub terms: Option<Url>,
    /// The privacy notice that goes with text messages.
    pub privacy: Option<Url>,
}

/// Where help is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Support {
    /// A page, or an address to write to (`mailto:`).
    Link(Url),
    /// Words, such as "Ask at the front desk".
    Words(String),
}
