//! The table of keys. Everything that reads, refuses or explains a setting starts here.

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;
use url::Url;

use super::brand::{brand_name, support};
use super::key::Fallback::{Required, Text, Told};
use super::key::{About, Key};
use super::mail_url::{MailServer, mail_url};
use super::parse::{
    between, countries, database_url, file, listen, log_format, mail_address, metrics_listen, mode, networks,
    page, public_url, required, sms_provider,
};
use super::secret_key::{EXAMPLE_KEY, EXAMPLE_PREVIOUS_KEY, current_key, previous_key};
use super::settings::{DatabaseUrl, LogFormat, Mode, Support};
use super::twilio::{account_sid, auth_token, base_url, messaging_service_sid, sender};
use super::webhook::{EXAMPLE_WEBHOOK_SECRET, webhook_secret, webhook_url};
use crate::domain::requirement;
use crate::domain::secret::Secret;

/// A provider that an operator can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedProvider {
    /// `none`
    None,
    /// `twilio`
    Twilio,
    /// `webhook`
    Webhook,
}

/// All keys, in the order of the printed reference.
pub static TABLE: &[&About] = &[
    &MODE.about,
    &LISTEN.about,
    &PUBLIC_URL.about,
    &TRUSTED_PROXIES.about,
    &LOG_FORMAT.about,
    &METRICS_LISTEN.about,
    &DATABASE_URL.about,
    &SECRET_KEY.about,
    &SECRET_PREVIOUS.about,
    &MAIL_URL.about,
    &MAIL_CA_FILE.about,
    &MAIL_FROM.about,
    &SMS_PROVIDER.about,
    &TWILIO_ACCOUNT_SID.about,
    &TWILIO_AUTH_TOKEN.about,
    &TWILIO_FROM.about,
    &TWILIO_MESSAGING_SERVICE_SID.about,
    &TWILIO_BASE_URL.about,
    &WEBHOOK_URL.about,
    &WEBHOOK_SECRET.about,
    &SMS_COUNTRIES.about,
    &SMS_PER_HOUR.about,
    &SMS_PER_DAY.about,
    &TRUSTED_DAYS.about,
    &TWO_FACTOR_REQUIRED.about,
    &PASSWORD_MIN_LENGTH.about,
    &SESSION_IDLE_MINUTES.about,
    &SESSION_MAX_HOURS.about,
    &ACTIVITY_KEEP_DAYS.about,
    &BRAND_NAME.about,
    &BRAND_SUPPORT.about,
    &BRAND_TERMS.about,
    &BRAND_PRIVACY.about,
];

pub(super) static MODE: Key<Mode> = Key::new(
    "mode",
    "production",
    mode,
    "`development` is for trying Postern out: it listens on this machine only, keeps its own key and shows every \
     message in a built-in mailbox. `production` assumes nothing and starts only when a key, a public https URL \
     and a mail server are configured.",
)
.or("development");

pub(super) static LISTEN: Key<SocketAddr> = Key::new(
    "server.listen",
    "127.0.0.1:8080",
    listen,
    "The IP address and port the server listens on. In development mode only a loopback address is accepted.",
)
.or("127.0.0.1:8080");

pub(super) static PUBLIC_URL: Key<Url> = Key::new(
    "server.public_url",
    "https://login.example.com",
    public_url,
    "The address people type, without a path. Links in messages begin with it. In production mode it must be https.",
)
.or_in_mode(Told("`http://localhost:` and the port of `server.listen`"), Required);

pub(super) static TRUSTED_PROXIES: Key<Vec<IpNet>> = Key::new(
    "server.trusted_proxies",
    "10.0.0.0/8,fd00::/8",
    networks,
    "The networks of your own reverse proxies. Only a peer in one of them is believed when it names the visitor's \
     address in X-Forwarded-For. `none`, or an empty list in the file, believes nobody.",
)
.or_in_mode(Text("none"), Text("127.0.0.0/8,::1/128"))
.list();

pub(super) static LOG_FORMAT: Key<LogFormat> = Key::new(
    "log.format",
    "json",
    log_format,
    "`text` for reading, `json` for a log collector: one object a line.",
)
.or("text");

pub(super) static METRICS_LISTEN: Key<Option<SocketAddr>> = Key::new(
    "metrics.listen",
    "127.0.0.1:9090",
    metrics_listen,
    "An IP address and port of its own for `/metrics`, which Prometheus reads, or `off`. It is served nowhere else and asks \
     for no password: choose an address that only your own machines reach.",
)
.or("off");

pub(super) static DATABASE_URL: Key<DatabaseUrl> = Key::new(
    "database.url",
    "sqlite://postern.db",
    database_url,
    "Where accounts are kept: `sqlite://` and a file (`sqlite:///var/lib/postern/postern.db` for an absolute path), \
     or a `postgres://` URL.",
)
.or("sqlite://postern.db")
.secret();

pub(super) static SECRET_KEY: Key<Secret<Vec<u8>>> = Key::new(
    "secret.key",
    EXAMPLE_KEY,
    current_key,
    "What all other keys are derived from: at least 32 bytes of chance, written as they are. `openssl rand -base64 48` \
     makes a good one. Keep it apart from the database and its backups. The example itself is refused.",
)
.or_in_mode(Told("made once and kept beside the database"), Required)
.secret();

pub(super) static SECRET_PREVIOUS: Key<Secret<Vec<u8>>> = Key::new(
    "secret.previous",
    EXAMPLE_PREVIOUS_KEY,
    previous_key,
    "After a change of `secret.key`: the key before it. What it sealed can still be read; nothing new is made with it. \
     `postern keys rotate` says when it may go.",
)
.secret();

pub(super) static MAIL_URL: Key<MailServer> = Key::new(
    "mail.url",
    "smtps://postern%40example.com:password@smtp.example.com",
    mail_url,
    "The mail server: `smtps://` for TLS from the start (port 465), `smtp+starttls://` for STARTTLS (port 587), \
     `smtp://` without encryption (port 25) only to this machine. In user and password write `@` as `%40`, `:` as \
     `%3A`, `/` as `%2F`, `?` as `%3F`, `#` as `%23` and `%` as `%25`.",
)
.or_in_mode(Told("the built-in mailbox"), Required)
.secret();

pub(super) static MAIL_CA_FILE: Key<PathBuf> = Key::new(
    "mail.ca_file",
    "/etc/postern/mail-ca.pem",
    file,
    "An additional certificate authority for the mail server: a file with its certificate in PEM, if it is one of your \
     own. It is trusted for the mail server alone, and the system's authorities beside it.",
);

pub(super) static MAIL_FROM: Key<String> = Key::new(
    "mail.from",
    "postern@example.com",
    mail_address,
    "The address messages come from, without a name; `brand.name` is shown beside it.",
)
.or_in_mode(Text("postern@localhost"), Required);

pub(super) static SMS_PROVIDER: Key<NamedProvider> = Key::new(
    "sms.provider",
    "twilio",
    sms_provider,
    "Who carries text messages: `none`, `twilio` or `webhook`. With `none` the method is not offered.",
)
.or_in_mode(Told("the built-in mailbox"), Text("none"));

pub(super) static TWILIO_ACCOUNT_SID: Key<String> = Key::new(
    "sms.twilio.account_sid",
    "AC00112233445566778899aabbccddeeff",
    account_sid,
    "The account at Twilio: AC and 32 hexadecimal digits.",
);

pub(super) static TWILIO_AUTH_TOKEN: Key<Secret<String>> = Key::new(
    "sms.twilio.auth_token",
    "0123456789abcdef0123456789abcdef",
    auth_token,
    "The auth token of that account. Twilio signs its status reports with it, so an API key does not do instead.",
)
.secret();

pub(super) static TWILIO_FROM: Key<String> = Key::new(
    "sms.twilio.from",
    "+12125550123",
    sender,
    "The number texts come from, in international form; a short code or an alphanumeric sender name where the \
     country allows one. Set this or `sms.twilio.messaging_service_sid`.",
);

pub(super) static TWILIO_MESSAGING_SERVICE_SID: Key<String> = Key::new(
    "sms.twilio.messaging_service_sid",
    "MG00112233445566778899aabbccddeeff",
    messaging_service_sid,
    "The Messaging Service that picks the number: MG and 32 hexadecimal digits. Set this or `sms.twilio.from`.",
);

pub(super) static TWILIO_BASE_URL: Key<Url> = Key::new(
    "sms.twilio.base_url",
    "https://api.twilio.com",
    base_url,
    "Where the API is, for a region of Twilio's or a service that speaks its language. It must be https; plain http is \
     accepted to this machine only.",
)
.or("https://api.twilio.com");

pub(super) static WEBHOOK_URL: Key<Url> = Key::new(
    "sms.webhook.url",
    "https://sms.example.com/send",
    webhook_url,
    "Where a bridge of your own takes texts, as signed JSON, and hands them to a carrier; docs/delivery.md has an example. It \
     must be https; plain http is accepted to this machine only.",
);

pub(super) static WEBHOOK_SECRET: Key<Secret<Vec<u8>>> = Key::new(
    "sms.webhook.secret",
    EXAMPLE_WEBHOOK_SECRET,
    webhook_secret,
    "What requests to the bridge are signed with, after Standard Webhooks: whsec_ and 24 to 64 bytes in base64.",
)
.secret();

pub(super) static SMS_COUNTRIES: Key<Vec<String>> = Key::new(
    "sms.countries",
    "US,CA",
    countries,
    "The countries whose numbers receive texts, as ISO 3166 codes of two letters. Each country more is a country \
     more that can run up your bill; your provider must allow it too.",
)
.or("US,CA")
.list();

pub(super) static SMS_PER_HOUR: Key<u32> = Key::new(
    "sms.per_hour",
    "200",
    between::<u32, 1, 1_000_000>,
    "The most texts in an hour, for the whole installation.",
)
.or("200")
.number();

pub(super) static SMS_PER_DAY: Key<u32> = Key::new(
    "sms.per_day",
    "1000",
    between::<u32, 1, 1_000_000>,
    "The most texts in a day, for the whole installation.",
)
.or("1000")
.number();

// NIST SP 800-63B-4 3.2.1 does not count a remembered browser as an authenticator; 14 days is the longest we go.
pub(super) static TRUSTED_DAYS: Key<u8> = Key::new(
    "two_factor.trusted_days",
    "14",
    between::<u8, 0, 14>,
    "For how many days a computer is not asked for a code again, 0 to 14. With 0 no computer is ever trusted.",
)
.or("14")
.number();

pub(super) static TWO_FACTOR_REQUIRED: Key<requirement::Required> = Key::new(
    "two_factor.required",
    "everyone",
    required,
    "Who must have two-factor authentication: `nobody`, `administrators` or `everyone`. Whoever has not set it up is led to \
     it at the next request and reaches nothing else before. Administrators can require it of single accounts besides, \
     and cannot lift what is required here.",
)
.or_in_mode(Text("nobody"), Text("administrators"));

// 8 is the floor of OWASP ASVS 5.0 6.2.1; 15 is NIST SP 800-63B-4 3.1.1.2, where a password can be the only factor.
pub(super) static PASSWORD_MIN_LENGTH: Key<usize> = Key::new(
    "password.min_length",
    "15",
    between::<usize, 8, 128>,
    "The fewest characters a new password may have, 8 to 128. Below 15 a password alone is weak, and on a trusted \
     computer it is alone.",
)
.or("15")
.number();

pub(super) static SESSION_IDLE_MINUTES: Key<u32> = Key::new(
    "session.idle_minutes",
    "30",
    between::<u32, 1, 1440>,
    "A login ends after this many minutes without a request, 1 to 1440.",
)
.or("30")
.number();

// 30 days is the longest session NIST SP 800-63B-4 2.1.3 knows.
pub(super) static SESSION_MAX_HOURS: Key<u32> = Key::new(
    "session.max_hours",
    "12",
    between::<u32, 1, 720>,
    "A login ends after this many hours whatever happens, 1 to 720.",
)
.or("12")
.number();

// The links of notices lead back to their lines for three days; a month is the least that helps anybody to look back.
pub(super) static ACTIVITY_KEEP_DAYS: Key<u16> = Key::new(
    "activity.keep_days",
    "400",
    between::<u16, 30, 3650>,
    "For how many days the activity log is kept, 30 to 3650. Until then the database itself refuses to delete a line.",
)
.or("400")
.number();

pub(super) static BRAND_NAME: Key<String> = Key::new(
    "brand.name",
    "Acme",
    brand_name,
    "What pages and messages call this portal. At most 20 characters of the plain text-message alphabet (GSM-7), so \
     that a text stays one text.",
)
.or("Postern");

pub(super) static BRAND_SUPPORT: Key<Support> = Key::new(
    "brand.support",
    "help@example.com",
    support,
    "Where people find help: an e-mail address, a link, or words such as \"Ask at the front desk\".",
);

pub(super) static BRAND_TERMS: Key<Url> = Key::new(
    "brand.terms",
    "https://example.com/terms",
    page,
    "A link to your terms, shown where people enter a phone number.",
);

pub(super) static BRAND_PRIVACY: Key<Url> = Key::new(
    "brand.privacy",
    "https://example.com/privacy",
    page,
    "A link to your privacy notice, shown where people enter a phone number.",
);
