//! HTTP to whoever carries text messages.
//!
//! A POST may have had its effect whenever the answer is missing: after a timeout the text may or may not be under way. The
//! client follows no redirect, because a 307 would repeat the request elsewhere (OWASP ASVS 5.0 15.3.2), asks no proxy, and
//! keeps no connection: a fresh one a text leaves no doubt whether a request was seen.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::RETRY_AFTER;
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response};
use url::{Host, Url};

use crate::delivery::tls::{choose_provider, is_certificate_refused};
use crate::domain::delivery::FailureClass;
use crate::flows::outbox::Outcome;

/// What is read of an answer (OWASP ASVS 5.0 13.2.4); carriers' have about one KiB.
const LARGEST_ANSWER: usize = 64 * 1024;

/// How long a text may take to be handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpDeadlines {
    /// To the connection.
    pub connect: Duration,
    /// All of it.
    pub whole: Duration,
}

impl Default for HttpDeadlines {
    fn default() -> Self {
        Self { connect: Duration::from_secs(3), whole: Duration::from_secs(10) }
    }
}

/// Why no text will ever leave with these settings.
#[derive(Debug, thiserror::Error)]
pub enum HttpSetUpFault {
    /// The address would carry codes and secrets in clear over a network.
    #[error("the provider's address must be https, or http to this machine")]
    NotEncrypted,
    /// The address cannot be one of an HTTP interface.
    #[error("the provider's address cannot be used")]
    Address,
    /// No HTTP client, for lack of certificate authorities.
    #[error("no HTTP client could be built: {0}")]
    Client(#[from] reqwest::Error),
}

/// An answer, as far as it could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// How long to wait, where the other side says so.
    pub retry_after: Option<TimeDelta>,
    /// The body, if it came whole and was not too long.
    pub body: Option<Vec<u8>>,
}

/// Prepares a client and connects to nothing. It reads the system's certificates, so call it once.
///
/// # Errors
/// [`HttpSetUpFault::Client`] on a machine without any certificate authorities.
pub fn client(deadlines: HttpDeadlines) -> Result<Client, HttpSetUpFault> {
    choose_provider();
    Ok(Client::builder()
        .user_agent(concat!("postern/", env!("CARGO_PKG_VERSION")))
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(deadlines.connect)
        .timeout(deadlines.whole)
        .pool_max_idle_per_host(0)
        .build()?)
}

/// Refuses an address to which codes would travel in clear.
///
/// # Errors
/// [`HttpSetUpFault::NotEncrypted`] unless it is https, or http to this machine.
pub fn ensure_encrypted(address: &Url) -> Result<(), HttpSetUpFault> {
    let is_here = match address.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    };
    match address.scheme() {
        "https" => Ok(()),
        "http" if is_here => Ok(()),
        _ => Err(HttpSetUpFault::NotEncrypted),
    }
}

/// Sends a request and reads the answer.
///
/// # Errors
/// What became of the text message, if no answer came.
pub async fn ask(request: RequestBuilder, now: DateTime<Utc>) -> Result<Answer, Outcome> {
    let mut response = request.send().await.map_err(|error| without_answer(&error))?;
    let wait = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    Ok(Answer {
        status: response.status().as_u16(),
        retry_after: wait.and_then(|wait| seconds_to_wait(wait, now)),
        // A body that breaks off, drips or has no end leaves the status as it is: taken is taken.
        body: read(&mut response).await,
    })
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

/// What became of a text that nobody took, or of which nobody says so.
pub fn not_handed_over(class: FailureClass, detail: &str) -> Outcome {
    Outcome::NotHandedOver { class, detail: detail.to_owned(), retry_after: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_travel_encrypted_or_stay_on_this_machine() {
        for fine in
            ["https://sms.example.com/", "http://127.0.0.1:4010", "http://[::1]:4010/", "http://localhost/"]
        {
            assert!(ensure_encrypted(&Url::parse(fine).unwrap()).is_ok(), "{fine}");
        }
        for refused in ["http://sms.example.com", "http://10.0.0.1/", "ftp://localhost/", "data:text/plain,x"]
        {
            assert!(ensure_encrypted(&Url::parse(refused).unwrap()).is_err(), "{refused}");
        }
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
