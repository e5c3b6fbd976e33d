//! STOP, answered to a text: no further one goes to that number by itself. Whoever asks again at the page may have sent START
//! since, so that one is tried; what the carrier says of it is noted anew.

use crate::domain::challenge::{Challenge, Purpose};
use crate::domain::delivery::FailureClass;
use crate::domain::ids::Id;
use crate::domain::second_factor::{Destination, Method};
use crate::flows::outbox::{Message, Outcome};
use crate::flows::{FlowError, Services};
use crate::storage::second_factors::index_of;
use crate::storage::{AnyConnection, Tx, outbox_reports, suppressions};

/// Whether nothing is to go there.
pub(super) fn holds(
    services: &Services,
    conn: &mut AnyConnection,
    to: &Destination,
) -> Result<bool, FlowError> {
    if to.method() != Method::Sms {
        return Ok(false);
    }
    let to = index_of(&services.keys, to);
    Ok(suppressions::exists(conn, &to, &services.settings.texts_from)?)
}

/// Somebody at the page asks for a text: a set-up, or *Request another code*.
pub(super) fn lift_for(services: &Services, tx: &mut Tx<'_>, challenge: &Challenge) -> Result<(), FlowError> {
    let is_asked_for = challenge.sends > 0 || challenge.purpose == Purpose::SetUp;
    if is_asked_for { lift(services, tx, &challenge.destination) } else { Ok(()) }
}

/// Somebody asks for a text to this very number.
pub(super) fn lift(services: &Services, tx: &mut Tx<'_>, to: &Destination) -> Result<(), FlowError> {
    if to.method() == Method::Sms {
        suppressions::lift(tx, &index_of(&services.keys, to), &services.settings.texts_from)?;
    }
    Ok(())
}

/// Notes what an attempt at a text says of it.
pub(super) fn note(
    services: &Services,
    tx: &mut Tx<'_>,
    to: &Destination,
    outcome: &Outcome,
) -> Result<(), FlowError> {
    if to.method() != Method::Sms {
        return Ok(());
    }
    let (index, sender) = (index_of(&services.keys, to), &services.settings.texts_from);
    match outcome {
        Outcome::HandedOver { .. } => suppressions::lift(tx, &index, sender)?,
        Outcome::NotHandedOver { class: FailureClass::OptedOut, .. } => {
            suppressions::note(tx, &index, sender, services.now())?;
        }
        Outcome::NotHandedOver { .. } => {}
    }
    Ok(())
}

/// Notes what a carrier's report of a text says of it.
pub(super) fn note_report(
    services: &Services,
    tx: &mut Tx<'_>,
    message: &Id<Message>,
    failure: Option<FailureClass>,
) -> Result<(), FlowError> {
    if failure != Some(FailureClass::OptedOut) {
        return Ok(());
    }
    if let Some(to) = outbox_reports::destination(tx, message)? {
        suppressions::note(tx, &to, &services.settings.texts_from, services.now())?;
    }
    Ok(())
}
