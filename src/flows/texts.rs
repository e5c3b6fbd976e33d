//! What all text messages of the installation together come to: administrators are warned before the day's are gone.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::account::Account;
use crate::domain::email::EmailAddress;
use crate::domain::ids::Id;
use crate::domain::limits::texts_run_low_at;
use crate::domain::second_factor::Destination;
use crate::flows::{FlowError, Services};
use crate::storage::instance::{self, Fact};
use crate::storage::outbox::{self, NewMessage, Reason};
use crate::storage::{Tx, administration, sends};

/// How often administrators are warned at most, and how long the warning is worth sending.
const DAY: TimeDelta = TimeDelta::days(1);

/// Warns administrators if, with the text that was just written, most of the day's are gone. To be called under the
/// installation's lock.
pub(super) fn warn_if_low(services: &Services, tx: &mut Tx<'_>) -> Result<(), FlowError> {
    let (now, most) = (services.now(), services.settings.texts_a_day);
    if warned_since(tx, now - DAY)? || !sends::have_been(tx, texts_run_low_at(most), now - DAY)? {
        return Ok(());
    }
    instance::put(tx, Fact::TextsRanLowAt, &now.timestamp_micros().to_string())?;
    for (account, address) in administration::administrators(tx)? {
        write_to(services, tx, &account, address)?;
    }
    tx.after_commit(move || {
        tracing::warn!(event = "texts_run_low", most, "most of the day's texts are gone")
    });
    Ok(())
}

fn warned_since(tx: &mut Tx<'_>, since: DateTime<Utc>) -> Result<bool, FlowError> {
    let last = instance::find(tx, Fact::TextsRanLowAt)?.and_then(|at| at.parse().ok());
    Ok(last.is_some_and(|at: i64| at > since.timestamp_micros()))
}

fn write_to(
    services: &Services,
    tx: &mut Tx<'_>,
    account: &Id<Account>,
    address: EmailAddress,
) -> Result<(), FlowError> {
    let now = services.now();
    let message = NewMessage {
        id: &services.new_id()?,
        account,
        reason: Reason::TextsRunLow,
        recipient: &Destination::Email(address),
        is_confirmed: true,
        give_up_at: now + DAY,
    };
    Ok(outbox::put(tx, &message, &services.sealer()?, now)?)
}
