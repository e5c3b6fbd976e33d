//! Twilio's HTTP interface (Programmable Messaging, API 2010-04-01), and whoever speaks the same at another address.
//!
//! A POST is not idempotent there: after a timeout or a 5xx the text may or may not be under way. A 429 was never processed.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Client;
use url::Url;

use crate::delivery::http::{HttpDeadlines, HttpSetUpFault, ask, client, ensure_encrypted, not_handed_over};
use crate::delivery::message::Text;
use crate::delivery::twilio_reply::Reply;
use crate::domain::delivery::FailureClass;
use crate::domain::secret::Secret;
use crate::flows::outbox::Outcome;

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
    /// Where the account is to report what became of a text; `None` where it could not reach us.
    pub reports_to: Option<Url>,
    /// How long a text may take to be handed over.
    pub deadlines: HttpDeadlines,
}

/// In whose name texts are sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TwilioSender {
    /// A number in international form, a short code or an alphanumeric name.
    From(String),
    /// A Messaging Service: `MG` and 32 hexadecimal digits.
    MessagingService(String),
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
    /// [`HttpSetUpFault`] for settings that no retry mends.
    pub fn new(account: TwilioAccount) -> Result<Self, HttpSetUpFault> {
        let messages = messages_url(&account.base_url, &account.account_sid)?;
        let client = client(account.deadlines)?;
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
        match ask(posting, now).await {
            Ok(answer) => {
                let (status, retry_after) = (answer.status, answer.retry_after);
                Reply { status, retry_after, body: answer.body.as_deref() }.outcome()
            }
            Err(outcome) => outcome,
        }
    }

    fn form(&self, text: &Text, now: DateTime<Utc>) -> Vec<(&'static str, String)> {
        let sender = match &self.account.sender {
            TwilioSender::From(from) => ("From", from.clone()),
            TwilioSender::MessagingService(service) => ("MessagingServiceSid", service.clone()),
        };
        let mut form = vec![
            ("To", text.to.e164().to_owned()),
            ("Body", text.body.clone()),
            sender,
            ("ValidityPeriod", validity_period(text.valid_until - now).to_string()),
        ];
        if let Some(address) = &self.account.reports_to {
            form.push(("StatusCallback", report_address(address, &text.id)));
        }
        form
    }
}

/// Our own name for the message stands in the address, so that a report which overtakes our note of the hand-over is matched
/// all the same.
fn report_address(base: &Url, message: &str) -> String {
    format!("{base}?m={message}")
}

/// For how many seconds the provider may still deliver: until half a minute before the code ends, so that no carrier
/// empties its queue of dead codes onto somebody's telephone.
fn validity_period(left: TimeDelta) -> i64 {
    (left.num_seconds() - 30).clamp(30, 600)
}

fn messages_url(base: &Url, account_sid: &str) -> Result<Url, HttpSetUpFault> {
    ensure_encrypted(base)?;
    let mut url = base.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.path_segments_mut().map_err(|()| HttpSetUpFault::Address)?.pop_if_empty().extend([
        "2010-04-01",
        "Accounts",
        account_sid,
        "Messages.json",
    ]);
    Ok(url)
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
    fn a_report_names_our_message() {
        let base = Url::parse("https://login.example.com/hooks/sms/twilio").unwrap();
        assert_eq!(report_address(&base, "01JD"), "https://login.example.com/hooks/sms/twilio?m=01JD");
    }
}
