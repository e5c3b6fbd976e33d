//! Text messages by webhook: a signed JSON POST to a bridge of the operator's own, which hands them to any carrier.
//!
//! Signed as Standard Webhooks 1.0 has it: `webhook-id` is the message's identifier and stays the same over all attempts, so
//! that a bridge can tell a repetition; the signature covers identifier, time and body. What the bridge answers is read as
//!
//! | answer | means |
//! | --- | --- |
//! | 2xx | taken; a JSON body `{"message_id": "…"}` names it |
//! | 409 | taken before |
//! | 408, 5xx, none | perhaps taken |
//! | 425, 429, 503 with `Retry-After` | not taken, try again |
//! | 401, 403, 404, 410 | the bridge or its secret is wrong |
//! | any other | not taken; a JSON body `{"reason": "…"}` says why, in the words of [`FailureClass`] |

use chrono::{DateTime, SecondsFormat, Utc};
use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use reqwest::Client;
use reqwest::header::CONTENT_TYPE;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::time::Duration;
use url::Url;

use crate::delivery::http::{
    Answer, HttpDeadlines, HttpSetUpFault, ask, client, ensure_encrypted, not_handed_over,
};
use crate::delivery::message::Text;
use crate::delivery::scrub::scrub;
use crate::domain::delivery::FailureClass;
use crate::domain::secret::Secret;
use crate::flows::outbox::Outcome;

/// The longest identifier of a bridge's that is kept.
const LONGEST_ID: usize = 64;

/// Where the bridge is, and what it knows us by.
#[derive(Clone, Debug)]
pub struct Bridge {
    /// Its address: https, or http to this machine.
    pub url: Url,
    /// What requests are signed with.
    pub secret: Secret<Vec<u8>>,
    /// How long a text may take to be handed over.
    pub deadlines: HttpDeadlines,
}

/// A way to send text messages.
pub struct Webhook {
    bridge: Bridge,
    client: Client,
}

#[derive(Serialize)]
struct Event<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: String,
    data: TextMessage<'a>,
}

#[derive(Serialize)]
struct TextMessage<'a> {
    id: &'a str,
    to: &'a str,
    text: &'a str,
    /// After this moment the text is of no use and must not be delivered.
    expires_at: String,
}

#[derive(Default, Deserialize)]
struct Reply {
    message_id: Option<String>,
    reason: Option<String>,
}

impl Webhook {
    /// Prepares a client and connects to nothing. It reads the system's certificates, so call it once.
    ///
    /// # Errors
    /// [`HttpSetUpFault`] for settings that no retry mends.
    pub fn new(bridge: Bridge) -> Result<Self, HttpSetUpFault> {
        ensure_encrypted(&bridge.url)?;
        let client = client(bridge.deadlines)?;
        Ok(Self { bridge, client })
    }

    /// Sends one text message and tells what became of it. After `time_left` nothing more of it leaves.
    pub async fn send(&self, text: &Text, now: DateTime<Utc>, time_left: Duration) -> Outcome {
        if time_left.is_zero() {
            return not_handed_over(FailureClass::Expired, "too late to be sent");
        }
        let Ok(body) = serde_json::to_string(&event(text, now)) else {
            return not_handed_over(FailureClass::Bug, "the request could not be built");
        };
        let seconds = now.timestamp();
        let Some(signature) = sign(self.bridge.secret.expose(), &text.id, seconds, &body) else {
            return not_handed_over(FailureClass::Bug, "the request could not be signed");
        };
        let request = self
            .client
            .post(self.bridge.url.clone())
            .timeout(self.bridge.deadlines.whole.min(time_left))
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &text.id)
            .header("webhook-timestamp", seconds)
            .header("webhook-signature", signature)
            .body(body);
        ask(request, now).await.map_or_else(|outcome| outcome, |answer| outcome(&answer))
    }
}

fn event(text: &Text, now: DateTime<Utc>) -> Event<'_> {
    let moment = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Secs, true);
    Event {
        kind: "sms.send",
        timestamp: moment(now),
        data: TextMessage {
            id: &text.id,
            to: text.to.e164(),
            text: &text.body,
            expires_at: moment(text.valid_until),
        },
    }
}

/// Standard Webhooks 1.0, "Signature scheme", symmetric: `v1,` and HMAC-SHA256 over identifier, time and body. `None` only for
/// a key that HMAC cannot take.
fn sign(secret: &[u8], id: &str, seconds: i64, body: &str) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    Some(format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes())))
}

fn outcome(answer: &Answer) -> Outcome {
    let reply: Reply =
        answer.body.as_deref().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default();
    if matches!(answer.status, 200..=299 | 409) {
        let provider_id = reply.message_id.filter(|id| id.len() <= LONGEST_ID);
        return Outcome::HandedOver { provider_id };
    }
    let mut detail = answer.status.to_string();
    if let Some(reason) = &reply.reason {
        detail = format!("{detail}: {}", scrub(reason));
    }
    Outcome::NotHandedOver { class: class(answer, &reply), detail, retry_after: answer.retry_after }
}

fn class(answer: &Answer, reply: &Reply) -> FailureClass {
    match answer.status {
        425 | 429 => FailureClass::RetrySafe,
        503 if answer.retry_after.is_some() => FailureClass::RetrySafe,
        408 | 500.. => FailureClass::Ambiguous,
        401 | 403 | 404 | 410 => FailureClass::ConfigAuth,
        // What may have been sent is not for a bridge to say with a status that means that nothing was.
        _ => match reply.reason.as_deref().and_then(FailureClass::stored) {
            Some(FailureClass::Ambiguous | FailureClass::Bug) | None => FailureClass::Bug,
            Some(class) => class,
        },
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn class_of(status: u16, body: &str) -> Option<FailureClass> {
        match outcome(&Answer { status, retry_after: None, body: Some(body.as_bytes().to_vec()) }) {
            Outcome::NotHandedOver { class, .. } => Some(class),
            Outcome::HandedOver { .. } => None,
        }
    }

    /// The first as in Svix's manual, the second as in the tests of the reference libraries; recomputed with the Python one.
    #[test]
    fn signatures_are_those_of_others() {
        for (secret, id, seconds, body, signature) in [
            (
                "plJ3nmyCDGBKInavdOK15jsl",
                "msg_loFOjxBNrRLzqYUf",
                1_731_705_121,
                r#"{"event_type":"ping","data":{"success":true}}"#,
                "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=",
            ),
            (
                "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                "msg_p5jXN8AQM9LWM0D4loKWxJek",
                1_614_265_330,
                r#"{"test": 2432232314}"#,
                "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
            ),
        ] {
            let secret = BASE64.decode(secret.as_bytes()).unwrap();
            assert_eq!(sign(&secret, id, seconds, body).as_deref(), Some(signature));
        }
    }

    #[test]
    fn taken_is_taken_even_if_nobody_can_read_how_and_so_is_taken_before() {
        for (status, body, id) in [
            (200, r#"{"message_id":"m-1"}"#, Some("m-1")),
            (204, "", None),
            (202, "<html>fine</html>", None),
            (409, "", None),
            (201, r#"{"message_id":7}"#, None),
        ] {
            let answer = Answer { status, retry_after: None, body: Some(body.as_bytes().to_vec()) };
            assert_eq!(outcome(&answer), Outcome::HandedOver { provider_id: id.map(ToOwned::to_owned) });
        }
    }

    #[test]
    fn a_refusal_is_of_the_class_that_the_status_or_the_bridge_says() {
        for (status, body, class) in [
            (400, "", FailureClass::Bug),
            (307, "", FailureClass::Bug),
            (422, r#"{"reason":"bad_recipient"}"#, FailureClass::BadRecipient),
            (422, r#"{"reason":"opted_out"}"#, FailureClass::OptedOut),
            (402, r#"{"reason":"config_account"}"#, FailureClass::ConfigAccount),
            (422, r#"{"reason":"ambiguous"}"#, FailureClass::Bug),
            (422, r#"{"reason":"because"}"#, FailureClass::Bug),
            (401, r#"{"reason":"bad_recipient"}"#, FailureClass::ConfigAuth),
            (410, "", FailureClass::ConfigAuth),
            (408, "", FailureClass::Ambiguous),
            (500, r#"{"reason":"bad_recipient"}"#, FailureClass::Ambiguous),
            (429, "", FailureClass::RetrySafe),
        ] {
            assert_eq!(class_of(status, body), Some(class), "{status} {body}");
        }
        let busy = Answer { status: 503, retry_after: Some(TimeDelta::seconds(3)), body: None };
        assert!(matches!(outcome(&busy), Outcome::NotHandedOver { class: FailureClass::RetrySafe, .. }));
    }
}
