//! Administration: look at an account, do one of the acts to it, make a new one. Who asks is looked at again inside the
//! write, and each act writes its line of the log there.

mod acts;
mod email;
pub mod operator;

use chrono::{DateTime, Utc};

use crate::domain::account::{Account, Role};
use crate::domain::administration::{Act, Hindrance, Situation};
use crate::domain::email::EmailAddress;
use crate::domain::event::Actor;
use crate::domain::ids::Id;
use crate::domain::limits::NameStanding;
use crate::domain::recovery::RecoveryCode;
use crate::domain::requirement::RequiredBy;
use crate::domain::second_factor::SecondFactor;
use crate::domain::username::Username;
use crate::flows::admin::acts::{Doing, perform};
use crate::flows::current::{LoggedIn, still_administers};
use crate::flows::invitation::{self, Made, New};
use crate::flows::locks::lock_both;
use crate::flows::{FlowError, Services, Visitor, password_check};
use crate::storage::administration::Record;
use crate::storage::{
    AnyConnection, StorageError, Taken, Tx, accounts, administration, instance, second_factors, throttles,
};

/// What the page of one account shows.
pub struct Overview {
    /// The account, and what bears on what can be done to it.
    pub situation: Situation,
    /// When it was made, and last logged in.
    pub record: Record,
    /// What is in force.
    pub factor: SecondFactor,
    /// Who requires two-factor authentication of it, if anybody does.
    pub required_by: Option<RequiredBy>,
    /// The acts that can be done now, in the order of the page.
    pub acts: Vec<Act>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// An act to be done.
pub struct Order {
    /// To which account.
    pub account: Id<Account>,
    /// Which.
    pub act: Act,
    /// The account's version when the form was opened.
    pub version: i64,
    /// Why, where the act wants a reason.
    pub reason: Option<String>,
    /// The new address, where the act is to correct it.
    pub email: Option<EmailAddress>,
}

/// What an act came to.
pub enum Outcome {
    /// It is done.
    Done,
    /// It is done: this pass was given out, to be shown once.
    Pass(RecoveryCode),
    /// The account changed since the form was opened; nothing was done.
    Stale,
    /// Something stands in the way; nothing was done.
    Hindered(Hindrance),
    /// There is no such account.
    NoSuchAccount,
}

/// Looks at an account; `None` if there is none by that identifier.
///
/// # Errors
/// As for any fault.
pub async fn overview(
    services: &Services,
    who: &LoggedIn,
    id: Id<Account>,
) -> Result<Option<Overview>, FlowError> {
    let (this, oneself) = (services.clone(), who.account.id.clone());
    services.db.read(move |conn| look(&this, conn, &id, Some(&oneself))).await
}

fn look(
    services: &Services,
    conn: &mut AnyConnection,
    id: &Id<Account>,
    oneself: Option<&Id<Account>>,
) -> Result<Option<Overview>, FlowError> {
    let Some((situation, record)) = situation(services, conn, id, oneself)? else { return Ok(None) };
    Ok(Some(Overview {
        factor: second_factors::find(conn, id, &services.keys)?,
        required_by: situation.required.of(&situation.account),
        acts: Act::ALL.into_iter().filter(|act| act.hindrance(&situation).is_none()).collect(),
        situation,
        record,
        now: services.now(),
    }))
}

fn situation(
    services: &Services,
    conn: &mut AnyConnection,
    id: &Id<Account>,
    oneself: Option<&Id<Account>>,
) -> Result<Option<(Situation, Record)>, FlowError> {
    let now = services.now();
    let (Some(account), Some(record)) = (accounts::find(conn, id, now)?, administration::record(conn, id)?)
    else {
        return Ok(None);
    };
    let subject = password_check::subject(services, account.username.as_str());
    let situation = Situation {
        state: record.state,
        required: services.settings.required,
        name_rests: throttles::standing(conn, &subject, now)? != NameStanding::Open,
        has_deputy: administration::has_deputy(conn, id)?,
        is_oneself: oneself == Some(id),
        account,
    };
    Ok(Some((situation, record)))
}

/// Does an act, as an administrator.
///
/// # Errors
/// [`FlowError::SessionOver`] if whoever asks is no administrator any more; else as for any fault.
pub async fn carry_out(
    services: &Services,
    who: LoggedIn,
    order: Order,
    visitor: Visitor,
) -> Result<Outcome, FlowError> {
    let this = services.clone();
    services
        .db
        .write(move |tx| {
            // Two administrators may be about each other's accounts.
            lock_both(tx, &who.account.id, &order.account)?;
            still_administers(tx, &who, this.now())?;
            let oneself = Some(&who.account.id);
            let Some(situation) = settled(&this, tx, &order.account, order.act, oneself)? else {
                return Ok(Outcome::NoSuchAccount);
            };
            if situation.account.version != order.version {
                return Ok(Outcome::Stale);
            }
            if let Some(hindrance) = order.act.hindrance(&situation) {
                return Ok(Outcome::Hindered(hindrance));
            }
            let doing = Doing {
                actor: Actor::Administrator(who.account.id.clone()),
                visitor: Some(&visitor),
                reason: order.reason,
                email: order.email,
            };
            perform(&this, tx, order.act, &situation, &doing)
        })
        .await
}

/// The situation that an act is decided on, with everything locked that could change it.
fn settled(
    services: &Services,
    tx: &mut Tx<'_>,
    id: &Id<Account>,
    act: Act,
    oneself: Option<&Id<Account>>,
) -> Result<Option<Situation>, FlowError> {
    // Whether somebody is the last one depends on all the others.
    if matches!(act, Act::Disable | Act::Demote) {
        instance::lock(tx)?;
    }
    Ok(situation(services, tx, id, oneself)?.map(|(situation, _)| situation))
}

/// Makes an account as an administrator: the person is invited by mail. `None` if the name exists.
///
/// # Errors
/// As [`carry_out`].
pub async fn create(
    services: &Services,
    who: LoggedIn,
    username: Username,
    email: EmailAddress,
    role: Role,
    visitor: Visitor,
) -> Result<Option<Id<Account>>, FlowError> {
    let this = services.clone();
    let made = services
        .db
        .write(move |tx| {
            still_administers(tx, &who, this.now())?;
            let new = New { username, email, role, first: invitation::First::MailedLink };
            let actor = Actor::Administrator(who.account.id.clone());
            invitation::make(&this, tx, &new, None, actor, Some(&visitor))
        })
        .await;
    match made {
        Ok(Made::Mailed(id)) => Ok(Some(id)),
        Ok(Made::WithPassword | Made::Invited(_) | Made::NameTaken)
        | Err(FlowError::Storage(StorageError::Taken(Taken::Username))) => Ok(None),
        Err(fault) => Err(fault),
    }
}
