//! A test message: what an administrator has sent to themselves, by the very way of the codes.

use chrono::{DateTime, Utc};

use crate::domain::delivery::send_window;
use crate::domain::event::EventKind;
use crate::domain::limits::{TEST_MESSAGES, TEST_MESSAGES_WINDOW};
use crate::domain::second_factor::{Destination, Method};
use crate::flows::codes::wake_after;
use crate::flows::current::{LoggedIn, still_administers};
use crate::flows::events::{Happened, record};
use crate::flows::{FlowError, Services, Visitor, stops, texts};
use crate::storage::outbox::{self, NewMessage, Reason};
use crate::storage::{AnyConnection, Tx, instance, second_factors, sends};

/// What asking for a test message came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tested {
    /// It is on its way.
    Sent,
    /// Not before this moment.
    NotBefore(DateTime<Utc>),
    /// The administrator has no codes sent by SMS, so there is no number of theirs.
    NoNumber,
}

/// The number of one's own that a test text would go to.
///
/// # Errors
/// As for any fault.
pub async fn number(services: &Services, who: &LoggedIn) -> Result<Option<Destination>, FlowError> {
    let (this, who) = (services.clone(), who.clone());
    services.db.read(move |conn| own(&this, conn, &who, Method::Sms)).await
}

/// Sends one to a destination of one's own.
///
/// # Errors
/// [`FlowError::SessionOver`] if whoever asks is no administrator any more; else as for any fault.
pub async fn send(
    services: &Services,
    who: LoggedIn,
    channel: Method,
    visitor: Visitor,
) -> Result<Tested, FlowError> {
    let this = services.clone();
    services
        .db
        .write(move |tx| {
            let account = still_administers(tx, &who, this.now())?;
            let who = LoggedIn { account, ..who };
            let Some(to) = own(&this, tx, &who, channel)? else { return Ok(Tested::NoNumber) };
            if let Some(at) = held_until(&this, tx, &who, channel)? {
                return Ok(Tested::NotBefore(at));
            }
            write(&this, tx, &who, &to)?;
            let detail = format!("{}, {}", channel.label(), to.masked().shown);
            let happened = Happened::by_owner(EventKind::TestMessageSent, &who.account.id, &visitor);
            record(&this, tx, happened.in_detail(detail))?;
            Ok(Tested::Sent)
        })
        .await
}

fn own(
    services: &Services,
    conn: &mut AnyConnection,
    who: &LoggedIn,
    channel: Method,
) -> Result<Option<Destination>, FlowError> {
    Ok(match channel {
        Method::Email => Some(Destination::Email(who.account.email.clone())),
        Method::Sms if services.settings.offers_sms => {
            let factor = second_factors::find(conn, &who.account.id, &services.keys)?;
            factor.destination().filter(|destination| destination.method() == Method::Sms)
        }
        Method::Sms => None,
    })
}

/// A test costs what a code costs, and counts with the installation's texts.
fn held_until(
    services: &Services,
    tx: &mut Tx<'_>,
    who: &LoggedIn,
    channel: Method,
) -> Result<Option<DateTime<Utc>>, FlowError> {
    let now = services.now();
    let own = sends::tests_held_until(tx, &who.account.id, TEST_MESSAGES, TEST_MESSAGES_WINDOW, now)?;
    if own.is_some() || channel == Method::Email {
        return Ok(own);
    }
    instance::lock(tx)?;
    let (an_hour, a_day) = (services.settings.texts_an_hour, services.settings.texts_a_day);
    Ok(sends::texts_held_until(tx, (i64::from(an_hour), i64::from(a_day)), true, now)?)
}

fn write(services: &Services, tx: &mut Tx<'_>, who: &LoggedIn, to: &Destination) -> Result<(), FlowError> {
    let now = services.now();
    let message = NewMessage {
        id: &services.new_id()?,
        account: &who.account.id,
        reason: Reason::Test,
        recipient: to,
        is_confirmed: true,
        give_up_at: now + send_window(to.method()),
    };
    stops::lift(services, tx, to)?;
    outbox::put(tx, &message, &services.sealer()?, now)?;
    if to.method() == Method::Sms {
        texts::warn_if_low(services, tx)?;
    }
    wake_after(services, tx);
    Ok(())
}
