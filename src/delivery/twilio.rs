//! Twilio's HTTP interface (Programmable Messaging, API 2010-04-01), and whoever speaks the same at another address.
//!
//! A POST is not idempotent there: after a timeout or a 5xx the text may or may not be under way. A 429 was never
//! processed. The client follows no redirect, because a 307 would repeat the form elsewhere (OWASP ASVS 5.0 15.3.2),
//! asks no proxy, and keeps no connection: a fresh one a text leaves no doubt whether a request was seen.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::RETRY_AFTER;
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use url::{Host, Url};

use crate::delivery::message::Text;
use crate::delivery::tls::{choose_provider, is_certificate_refused};
use crate::delivery::twilio_reply::Reply;
use crate::domain::delivery::FailureClass;
use crate::domain::secret::Secret;
use crate::flows::outbox::Outcome;

/// What is read of an answer (OWASP ASVS 5.0 13.2.4); Twilio's have about one KiB.
const LARGEST_ANSWER: usize = 64 * 1024;

/// An account at Twilio.
#[derive(Clone, Debug)]
pub struct TwilioAccount {
    /// `AC` and 32 hexadecimal digits.
    pub account_sid: String,
    /// The password that goes with it.
    pub auth_token: Secret<String>,
    /// In whose name texts are sent.
    pub sender: TwilioSender,
    /// Where the interface is: https, or http to this machine.
    pub base_url: Url,
    /// How long a text may take to be handed over.
    pub deadlines: TwilioDeadlines,
}

/// In whose name texts are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TwilioSender {
    /// A number in international form, a short code or an alphanumeric name.
    From(String),
    /// A Messaging Service: `MG` and 32 hexadecimal digits.
    MessagingService(String),
}

/// How long a text may take to be handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TwilioDeadlines {
    /// To the connection.
    pub connect: Duration,
    /// All of it.
    pub whole: Duration,
}

impl Default for TwilioDeadlines {
    fn default() -> Self {
        Self { connect: Duration::from_secs(3), whole: Duration::from_secs(10) }
    }
}

/// Why no text will ever leave with these settings.
#[derive(Debug, thiserror::Error)]
pub enum TwilioSetUpFault {
    /// The address would carry codes and the password in clear over a network.
    #[error("the provider's address must be https, or http to this machine")]
    NotEncrypted,
    /// The address cannot be one of an HTTP interface.
    #[error("the provider's address cannot be used")]
    Address,
    /// No HTTP client, for lack of certificate authorities.
    #[error("no HTTP client could be built: {0}")]
    Client(#[from] reqwest::Error),
}

/// A way to send text messages.
pub struct Twilio {
    account: TwilioAccount,
    messages: Url,
    client: Client,
}

impl Twilio {
    /// Prepares a client and connects to nothing. It reads the system's certificates, so call it once.
    ///
    /// # Errors
    /// [`TwilioSetUpFault`] for settings that no retry mends.
    pub fn new(account: TwilioAccount) -> Result<Self, TwilioSetUpFault> {
        choose_provider();
        let messages = messages_url(&account.base_url, &account.account_sid)?;
        let client = Client::builder()
            .user_agent(concat!("postern/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .no_proxy()
            .connect_timeout(account.deadlines.connect)
            .timeout(account.deadlines.whole)
            .pool_max_idle_per_host(0)
            .build()?;
        Ok(Self { account, messages, client })
    }

    /// Sends one text message and tells what became of it. After `time_left` nothing more of it leaves.
    pub async fn send(&self, text: &Text, now: DateTime<Utc>, time_left: Duration) -> Outcome {
        if time_left.is_zero() {
            return not_handed_over(FailureClass::Expired, "too late to be sent");
        }
        let patience = self.account.deadlines.whole.min(time_left);
        let posting = self
            .client
            .post(self.messages.clone())
            .basic_auth(&self.account.account_sid, Some(self.account.auth_token.expose()))
            .timeout(patience)
            .form(&self.form(text, now));
        match posting.send().await {
            Ok(response) => outcome(response, now).await,
            Err(error) => without_answer(&error),
        }
    }

    fn form(&self, text: &Text, now: DateTime<Utc>) -> [(&'static str, String); 4] {
        let sender = match &self.account.sender {
            TwilioSender::From(from) => ("From", from.clone()),
            TwilioSender::MessagingService(service) => ("MessagingServiceSid", service.clone()),
        };
        [
            ("To", text.to.e164().to_owned()),
            ("Body", text.body.clone()),
            sender,
            ("ValidityPeriod", validity_period(text.valid_until - now).to_string()),
        ]
    }
}

/// For how many seconds the provider may still deliver: until half a minute before the code ends, so that no carrier
/// empties its queue of dead codes onto somebody's telephone.
fn validity_period(left: TimeDelta) -> i64 {
    (left.num_seconds() - 30).clamp(30, 600)
}

fn messages_url(base: &Url, account_sid: &str) -> Result<Url, TwilioSetUpFault> {
    let is_here = match base.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    match base.scheme() {
        "https" => {}
        "http" if is_here => {}
        _ => return Err(TwilioSetUpFault::NotEncrypted),
    }
    let mut url = base.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.path_segments_mut().map_err(|()| TwilioSetUpFault::Address)?.pop_if_empty().extend([
        "2010-04-01",
        "Accounts",
        account_sid,
        "Messages.json",
    ]);
    Ok(url)
}

async fn outcome(mut response: Response, now: DateTime<Utc>) -> Outcome {
    let status = response.status().as_u16();
    let wait = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let retry_after = wait.and_then(|wait| seconds_to_wait(wait, now));
    // A body that breaks off, drips or has no end leaves the status as it is: taken is taken.
    let body = read(&mut response).await;
    Reply { status, retry_after, body: body.as_deref() }.outcome()
}

async fn read(response: &mut Response) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.ok()? {
        if body.len() + chunk.len() > LARGEST_ANSWER {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    Some(body)
}

/// RFC 9110 section 10.2.3: a number of seconds, or a date.
fn seconds_to_wait(header: &str, now: DateTime<Utc>) -> Option<TimeDelta> {
    if let Ok(seconds) = header.trim().parse::<u32>() {
        return Some(TimeDelta::seconds(i64::from(seconds)));
    }
    let date = DateTime::parse_from_rfc2822(header.trim()).ok()?;
    Some((date.with_timezone(&Utc) - now).max(TimeDelta::zero()))
}

fn without_answer(error: &reqwest::Error) -> Outcome {
    if is_certificate_refused(error) {
        not_handed_over(FailureClass::ConfigAuth, "the provider's certificate was refused")
    } else if error.is_connect() {
        not_handed_over(FailureClass::RetrySafe, "no connection to the provider")
    } else if error.is_builder() {
        not_handed_over(FailureClass::Bug, "the request could not be built")
    } else if error.is_timeout() {
        not_handed_over(FailureClass::Ambiguous, "no answer in time")
    } else {
        not_handed_over(FailureClass::Ambiguous, "the connection broke before an answer came")
    }
}

fn not_handed_over(class: FailureClass, detail: &str) -> Outcome {
    Outcome::NotHandedOver { class, detail: detail.to_owned(), retry_after: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(base: &str) -> Option<String> {
        let made = messages_url(&Url::parse(base).unwrap(), "AC1");
        made.ok().map(|url| url.to_string())
    }

    #[test]
    fn the_address_is_made_from_the_base_and_encrypted() {
        let path = "2010-04-01/Accounts/AC1/Messages.json";
        assert_eq!(url("https://api.twilio.com"), Some(format!("https://api.twilio.com/{path}")));
        assert_eq!(url("https://x.example/api/laml/"), Some(format!("https://x.example/api/laml/{path}")));
        assert_eq!(url("http://127.0.0.1:4010"), Some(format!("http://127.0.0.1:4010/{path}")));
        assert_eq!(url("http://[::1]:4010/"), Some(format!("http://[::1]:4010/{path}")));
        for refused in ["http://api.twilio.com", "http://10.0.0.1/", "ftp://localhost/", "data:text/plain,x"]
        {
            assert_eq!(url(refused), None, "{refused}");
        }
    }

    #[test]
    fn no_text_may_arrive_after_its_code() {
        assert_eq!(validity_period(TimeDelta::minutes(10)), 570);
        assert_eq!(validity_period(TimeDelta::minutes(5)), 270);
        assert_eq!(validity_period(TimeDelta::seconds(40)), 30);
        assert_eq!(validity_period(TimeDelta::hours(1)), 600);
    }

    #[test]
    fn a_wait_is_read_as_seconds_or_as_a_date() {
        let now = DateTime::from_timestamp(1_795_535_520, 0).unwrap();
        assert_eq!(seconds_to_wait("3", now), Some(TimeDelta::seconds(3)));
        assert_eq!(seconds_to_wait("Tue, 24 Nov 2026 15:52:30 GMT", now), Some(TimeDelta::seconds(30)));
        assert_eq!(seconds_to_wait("Tue, 24 Nov 2026 15:00:00 GMT", now), Some(TimeDelta::zero()));
        assert_eq!(seconds_to_wait("soon", now), None);
    }
}
