//! What Twilio's answers mean.
//!
//! Twilio splits its error codes now and then and advises against building on them, so the table is a hint and the HTTP
//! status decides where it has no entry.

use chrono::TimeDelta;
use serde::Deserialize;
use serde_json::Value;

use crate::delivery::scrub::scrub;
use crate::domain::delivery::FailureClass;
use crate::domain::twilio::class_of_code;
use crate::flows::outbox::Outcome;

/// Twilio's identifiers have 34 characters; what is much longer is none and not worth a place in a row.
const LONGEST_ID: usize = 64;

/// An answer, as far as it could be read.
pub struct Reply<'a> {
    /// The HTTP status.
    pub status: u16,
    /// How long to wait, where the provider says so.
    pub retry_after: Option<TimeDelta>,
    /// The body, if it came whole and was not too long.
    pub body: Option<&'a [u8]>,
}

/// A message resource, or an error: they share no field but `status`, which is a word in one and a number in the other.
#[derive(Default, Deserialize)]
struct Body {
    sid: Option<String>,
    #[serde(default)]
    status: Value,
    /// A number, a string or null.
    #[serde(default)]
    error_code: Value,
    /// A number, a string or null.
    #[serde(default)]
    code: Value,
    message: Option<String>,
}

impl Reply<'_> {
    /// What became of the text message.
    pub fn outcome(&self) -> Outcome {
        let body: Body = self.body.and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default();
        let code = number(&body.code).or_else(|| number(&body.error_code));
        if (200..300).contains(&self.status) && !is_given_up(&body.status) {
            return Outcome::HandedOver { provider_id: body.sid.filter(|sid| sid.len() <= LONGEST_ID) };
        }
        let mut detail = self.status.to_string();
        if let Some(code) = code {
            detail = format!("{detail}, error {code}");
        }
        if let Some(message) = &body.message {
            detail = format!("{detail}: {}", scrub(message));
        }
        Outcome::NotHandedOver { class: self.class(code), detail, retry_after: self.retry_after }
    }

    fn class(&self, code: Option<u32>) -> FailureClass {
        match self.status {
            // Never processed, whatever the body says.
            429 => FailureClass::RetrySafe,
            200..=499 => code.and_then(class_of_code).unwrap_or_else(|| self.class_of_status()),
            _ => self.class_of_status(),
        }
    }

    fn class_of_status(&self) -> FailureClass {
        match self.status {
            200..=299 => FailureClass::Filtered,
            401..=404 => FailureClass::ConfigAuth,
            408 => FailureClass::Ambiguous,
            503 if self.retry_after.is_some() => FailureClass::RetrySafe,
            500.. => FailureClass::Ambiguous,
            // A redirect, or a request that Twilio does not understand.
            _ => FailureClass::Bug,
        }
    }
}

/// A message resource can be born dead: taken by the interface and given up in the same breath.
fn is_given_up(status: &Value) -> bool {
    matches!(status.as_str(), Some("failed" | "undelivered"))
}

fn number(value: &Value) -> Option<u32> {
    match value {
        Value::Number(number) => number.as_u64().and_then(|number| u32::try_from(number).ok()),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(status: u16, body: &str) -> Outcome {
        Reply { status, retry_after: None, body: Some(body.as_bytes()) }.outcome()
    }

    fn class(status: u16, body: &str) -> FailureClass {
        match outcome(status, body) {
            Outcome::NotHandedOver { class, .. } => class,
            Outcome::HandedOver { .. } => panic!("handed over"),
        }
    }

    fn handed_over(id: Option<&str>) -> Outcome {
        Outcome::HandedOver { provider_id: id.map(ToOwned::to_owned) }
    }

    #[test]
    fn taken_is_taken_even_if_nobody_can_read_how() {
        assert_eq!(
            outcome(201, r#"{"sid":"SM1","status":"queued","error_code":null}"#),
            handed_over(Some("SM1"))
        );
        assert_eq!(outcome(202, r#"{"sid":"SM1"#), handed_over(None));
        assert_eq!(outcome(200, "<html>fine</html>"), handed_over(None));
        assert_eq!(Reply { status: 201, retry_after: None, body: None }.outcome(), handed_over(None));
    }

    #[test]
    fn a_message_born_dead_was_not_taken() {
        for code in ["30034", "\"30034\""] {
            let body = format!(r#"{{"sid":"SM1","status":"failed","error_code":{code}}}"#);
            assert_eq!(class(201, &body), FailureClass::ConfigSender);
        }
        assert_eq!(class(201, r#"{"status":"undelivered","error_code":null}"#), FailureClass::Filtered);
    }

    #[test]
    fn an_error_code_is_a_number_a_string_or_nothing() {
        for code in ["21610", "\"21610\"", "\" 21610 \""] {
            assert_eq!(class(400, &format!(r#"{{"code":{code},"status":400}}"#)), FailureClass::OptedOut);
        }
        for code in ["null", "\"\"", "\"many\"", "-1", "2.5", "[1]"] {
            assert_eq!(class(400, &format!(r#"{{"code":{code}}}"#)), FailureClass::Bug, "{code}");
        }
    }

    #[test]
    fn every_class_of_refusal_is_told_apart() {
        for (status, code, expected) in [
            (401, 20003, FailureClass::ConfigAuth),
            (404, 20404, FailureClass::ConfigAuth),
            (429, 20429, FailureClass::RetrySafe),
            (429, 21610, FailureClass::RetrySafe),
            (500, 20500, FailureClass::Ambiguous),
            (400, 21211, FailureClass::BadRecipient),
            (400, 21606, FailureClass::ConfigSender),
            (400, 21408, FailureClass::RegionBlocked),
            (400, 21608, FailureClass::ConfigAccount),
            (400, 21610, FailureClass::OptedOut),
            (400, 21611, FailureClass::RetrySafe),
            (400, 21612, FailureClass::BadRecipient),
            (400, 21614, FailureClass::BadRecipient),
            (400, 21617, FailureClass::Bug),
            (400, 99999, FailureClass::Bug),
            (403, 99999, FailureClass::ConfigAuth),
            (502, 21211, FailureClass::Ambiguous),
        ] {
            assert_eq!(class(status, &format!(r#"{{"code":{code}}}"#)), expected, "{status} {code}");
        }
    }

    #[test]
    fn a_redirect_is_our_mistake_and_a_gateway_page_tells_nothing() {
        assert_eq!(class(307, ""), FailureClass::Bug);
        assert_eq!(class(502, "<html>Bad gateway</html>"), FailureClass::Ambiguous);
        assert_eq!(class(503, ""), FailureClass::Ambiguous);
    }

    #[test]
    fn busy_with_a_time_is_worth_waiting_for() {
        let wait = Some(TimeDelta::seconds(3));
        let busy = Reply { status: 503, retry_after: wait, body: None }.outcome();
        let detail = "503".to_owned();
        assert_eq!(
            busy,
            Outcome::NotHandedOver { class: FailureClass::RetrySafe, detail, retry_after: wait }
        );
    }

    #[test]
    fn the_operator_reads_why_and_not_who() {
        let body = r#"{"code":21211,"message":"The 'To' number +15005550001 is not valid.","status":400}"#;
        let Outcome::NotHandedOver { detail, .. } = outcome(400, body) else { panic!("handed over") };
        assert_eq!(detail, "400, error 21211: The 'To' number +… is not valid.");
    }
}
