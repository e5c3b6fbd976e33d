//! How a text message leaves.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::delivery::http::HttpSetUpFault;
use crate::delivery::mailbox::keep_text;
use crate::delivery::message::Text;
use crate::delivery::twilio::{Twilio, TwilioAccount};
use crate::delivery::webhook::{Bridge, Webhook};
use crate::domain::delivery::FailureClass;
use crate::flows::mailbox::Mailbox;
use crate::flows::outbox::Outcome;

/// The ways for a text message to leave.
pub enum SmsGateway {
    /// None: the method is not offered, or the provider cannot be used at all.
    Off,
    /// Through Twilio.
    Twilio(Box<Twilio>),
    /// Through a bridge of the operator's own.
    Webhook(Box<Webhook>),
    /// Not at all: it is put into the built-in mailbox. Development mode and tests.
    Mailbox(Mailbox),
}

impl SmsGateway {
    /// Twilio, or [`SmsGateway::Off`] with a warning where no client can be built, on a machine without any certificate
    /// authorities, say: the rest of Postern works without text messages.
    pub fn twilio(account: TwilioAccount) -> Self {
        or_off(Twilio::new(account).map(|twilio| Self::Twilio(Box::new(twilio))))
    }

    /// A bridge, or [`SmsGateway::Off`] with a warning, as above.
    pub fn webhook(bridge: Bridge) -> Self {
        or_off(Webhook::new(bridge).map(|webhook| Self::Webhook(Box::new(webhook))))
    }

    /// Whether text messages can leave at all.
    pub fn is_on(&self) -> bool {
        match self {
            Self::Off => false,
            Self::Twilio(_) | Self::Webhook(_) | Self::Mailbox(_) => true,
        }
    }

    /// Sends one text message and tells what became of it. After `time_left` nothing more of it leaves.
    pub async fn send(&self, text: &Text, now: DateTime<Utc>, time_left: Duration) -> Outcome {
        match self {
            Self::Off => Outcome::NotHandedOver {
                class: FailureClass::ConfigAccount,
                detail: "text messages are off".to_owned(),
                retry_after: None,
            },
            Self::Twilio(twilio) => twilio.send(text, now, time_left).await,
            Self::Webhook(webhook) => webhook.send(text, now, time_left).await,
            Self::Mailbox(mailbox) => {
                keep_text(mailbox, text, now);
                Outcome::HandedOver { provider_id: None }
            }
        }
    }
}

fn or_off(gateway: Result<SmsGateway, HttpSetUpFault>) -> SmsGateway {
    gateway.unwrap_or_else(|fault| {
        tracing::warn!(event = "sms_off", %fault, "text messages are off");
        SmsGateway::Off
    })
}
