//! One message through the very way of real codes, for `doctor`. Its code opens nothing.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::app::StartFault;
use crate::app::build;
use crate::config::Config;
use crate::delivery::message::{self, Unsayable};
use crate::domain::browser::BrowserLabel;
use crate::domain::challenge::Purpose;
use crate::domain::code::Code;
use crate::domain::delivery::FailureClass;
use crate::domain::email::EmailAddress;
use crate::domain::phone::PhoneNumber;
use crate::flows::outbox::{CodeMessage, Content, Outcome};
use crate::platform::clock::Clock;

/// How long a whole try may take: as long as a code's mail.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a try came to.
pub struct Trial {
    /// The conversation, step by step, without secrets, addresses and numbers.
    pub said: Vec<String>,
    /// What became of the message.
    pub outcome: Outcome,
}

/// Mails a code that opens nothing. `None` where no mail leaves.
///
/// # Errors
/// [`StartFault::Mail`] for settings that cannot work.
pub async fn mail(config: &Config, to: &EmailAddress) -> Result<Option<Trial>, StartFault> {
    let Some(smtp) = build::mail_server(config)? else { return Ok(None) };
    let now = Clock::system().now();
    let (sender, brand) = (build::sender(config)?, build::brand(config));
    Ok(Some(match message::mail(&name(now), &sender, to, &code(now), &brand, now) {
        Ok(mail) => {
            let (said, outcome) = smtp.send_aloud(&mail, PATIENCE).await;
            Trial { said, outcome }
        }
        Err(fault) => unsayable(&fault),
    }))
}

/// Texts a code that opens nothing, through whatever carries texts.
pub async fn text(config: &Config, to: &PhoneNumber) -> Trial {
    let now = Clock::system().now();
    let gateway = build::gateway(config, &crate::flows::mailbox::Mailbox::new());
    match message::text(&name(now), to, &code(now), &build::brand(config), now) {
        Ok(text) => Trial { said: Vec::new(), outcome: gateway.send(&text, now, PATIENCE).await },
        Err(fault) => unsayable(&fault),
    }
}

fn name(now: DateTime<Utc>) -> String {
    format!("doctor-{}", now.timestamp_micros())
}

fn code(now: DateTime<Utc>) -> Content {
    Content::Code(CodeMessage {
        purpose: Purpose::Login,
        code: Code::of_nothing(),
        valid_until: now + TimeDelta::minutes(10),
        requested_at: now,
        browser: BrowserLabel::stored("postern doctor".to_owned()),
        time_zone: chrono_tz::Tz::UTC,
    })
}

fn unsayable(fault: &Unsayable) -> Trial {
    let outcome =
        Outcome::NotHandedOver { class: FailureClass::Bug, detail: fault.to_string(), retry_after: None };
    Trial { said: Vec::new(), outcome }
}
