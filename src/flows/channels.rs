//! How mail and text messages stand as a whole: what each message and each look at the mail server says of it.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::domain::channel::{ChannelHealth, Sign};
use crate::domain::delivery::FailureClass;
use crate::domain::second_factor::Method;
use crate::flows::{FlowError, Services};
use crate::storage::{AnyConnection, Tx, channel_health};

/// A channel that is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Which.
    pub channel: Method,
    /// Since when.
    pub since: DateTime<Utc>,
    /// What was met last.
    pub class: FailureClass,
}

/// The channels that are down.
///
/// # Errors
/// As for any fault.
pub async fn troubles(services: &Services) -> Result<Vec<Trouble>, FlowError> {
    services.db.read(in_trouble).await
}

pub(super) fn in_trouble(conn: &mut AnyConnection) -> Result<Vec<Trouble>, FlowError> {
    let mut troubles = Vec::new();
    for channel in Method::ALL {
        if let Some(down) = channel_health::find(conn, channel)?.down {
            troubles.push(Trouble { channel, since: down.since, class: down.class });
        }
    }
    Ok(troubles)
}

/// Notes whether the mail server lets us in. `is_first` at a start: nothing is known of it then, so one failure tells.
///
/// # Errors
/// As for any fault.
pub async fn note_look_at_mail(
    services: &Services,
    failure: Option<FailureClass>,
    is_first: bool,
) -> Result<(), FlowError> {
    let sign = match failure {
        None => Sign::Answers,
        Some(class) if is_first => Sign::Breaks(class),
        Some(class) => Sign::of_failure(class),
    };
    let this = services.clone();
    services
        .db
        .write(move |tx| {
            note(&this, tx, Method::Email, (sign, false))?;
            let wake = Arc::clone(&this.wake);
            tx.after_commit(move || wake.notify_one());
            Ok(())
        })
        .await
}

/// Notes what was learned about a channel. Most of it is no news, and is not written.
pub(super) fn note(
    services: &Services,
    tx: &mut Tx<'_>,
    channel: Method,
    (sign, is_probe): (Sign, bool),
) -> Result<(), FlowError> {
    let now = services.now();
    let before = channel_health::find(tx, channel)?;
    if before.after(sign, is_probe, now) == before {
        return Ok(());
    }
    let before = channel_health::lock(tx, channel)?;
    let after = before.after(sign, is_probe, now);
    channel_health::put(tx, channel, &after)?;
    tx.after_commit(move || log_change(channel, &before, &after));
    Ok(())
}

fn log_change(channel: Method, before: &ChannelHealth, after: &ChannelHealth) {
    let channel = channel.as_str();
    match (before.down, after.down) {
        (None, Some(down)) => {
            let class = down.class.as_str();
            tracing::error!(event = "channel_down", channel, class, "messages wait until it works again");
        }
        (Some(_), None) => tracing::info!(event = "channel_up", channel, "it works again"),
        (None, None) | (Some(_), Some(_)) => {}
    }
}
