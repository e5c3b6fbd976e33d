//! *This wasn't me*: what the link in a notice undoes, once its button is pressed.
//!
//! Everybody is logged out and every computer forgotten, whatever waits is withdrawn, and a link to a new password is mailed.
//! Where the notice told of a change that the account's own login made, what stood before is put back too. Acts are undone
//! from their end: whatever was done after the oldest act that is undone is undone with it, and never comes back by a later
//! act's notice. Links that went to a mailbox which came in by such a change end with it, or a thief could answer in kind.
//! What an administrator or operator has set since stays: it took the place of what stood before.

use crate::domain::account::{Account, TrustEnd};
use crate::domain::email::EmailAddress;
use crate::domain::event::{Actor, EventKind, SecurityEvent};
use crate::domain::ids::Id;
use crate::domain::link::{Link, LinkPurpose};
use crate::domain::secret::Secret;
use crate::domain::token::Token;
use crate::domain::username::Username;
use crate::flows::events::{Happened, record};
use crate::flows::links::{self, NewLink};
use crate::flows::locks::lock_with_ticket;
use crate::flows::logout::give_up;
use crate::flows::{FlowError, Services, Visitor};
use crate::storage::former_states::{self, FormerState};
use crate::storage::{
    self, AnyConnection, StorageError, Tx, accounts, administration, challenges, events, pending_changes,
    recovery, second_factors,
};

/// How the link of a notice stands.
pub enum Standing {
    /// The button can be pressed.
    Open(Box<Undoing>),
    /// It was pressed.
    Used,
    /// It is over, for something else, or never was.
    Closed,
}

/// What the page shows before the button is pressed.
pub struct Undoing {
    /// Whose account it is.
    pub account: Account,
    /// What the notice told of.
    pub event: Option<SecurityEvent>,
    /// The administrator who did that, if one did.
    pub administrator: Option<Username>,
    /// Whether what stood before is put back.
    pub puts_back: bool,
    /// Where the link to a new password goes; `None` where that mailbox does not count any more.
    pub mails_to: Option<EmailAddress>,
}

/// What pressing the button came to.
pub enum Pressed {
    /// Done; the link to a new password is on its way there, if anywhere.
    Done(Option<EmailAddress>),
    /// Somebody was faster.
    Used,
    /// The link is over by now.
    Closed,
}

/// Looks a link up by its token. Looking undoes nothing: mail scanners look at every link.
///
/// # Errors
/// As for any fault.
pub async fn find(services: &Services, token: &str) -> Result<Standing, FlowError> {
    let (this, token) = (services.clone(), Secret::new(token.to_owned()));
    services
        .db
        .read(move |conn| {
            let link = match links::find(&this, conn, token.expose(), LinkPurpose::NotMe)? {
                links::Standing::Open(link) => link,
                links::Standing::Used(_) => return Ok(Standing::Used),
                links::Standing::Closed => return Ok(Standing::Closed),
            };
            let undoing = undoing(&this, conn, &link)?;
            Ok(undoing.map_or(Standing::Closed, |undoing| Standing::Open(Box::new(undoing))))
        })
        .await
}

fn undoing(services: &Services, conn: &mut AnyConnection, link: &Link) -> Result<Option<Undoing>, FlowError> {
    let now = services.now();
    let Some(account) = accounts::find(conn, &link.account, now)? else { return Ok(None) };
    let event = match &link.event {
        Some(id) => events::find(conn, id)?,
        None => None,
    };
    let administrator = match event.as_ref().and_then(|event| event.actor.administrator()) {
        Some(id) => accounts::find(conn, id, now)?.map(|administrator| administrator.username),
        None => None,
    };
    let former = former(services, conn, link)?;
    let mails_to = mails_to(services, conn, &account, link, former.as_ref())?;
    Ok(Some(Undoing { account, event, administrator, puts_back: former.is_some(), mails_to }))
}

fn former(
    services: &Services,
    conn: &mut AnyConnection,
    link: &Link,
) -> Result<Option<FormerState>, FlowError> {
    let Some(event) = &link.event else { return Ok(None) };
    let former = former_states::find(conn, event, &services.keys)?;
    Ok(former.filter(|former| former.account == link.account))
}

/// Where the link to a new password goes: to the mailbox that the notice went to, as long as it is the account's, or was
/// before an act that can still be undone. A mailbox that an operator replaced is neither.
fn mails_to(
    services: &Services,
    conn: &mut AnyConnection,
    account: &Account,
    link: &Link,
    former: Option<&FormerState>,
) -> Result<Option<EmailAddress>, FlowError> {
    let Some(address) = link.address.clone().filter(|_| account.is_active()) else { return Ok(None) };
    let undone = link.event.as_ref().filter(|_| former.is_some());
    let mut counting = former_states::addresses(conn, &account.id, undone, services.now())?;
    counting.push(former.map_or(&account.email, |former| &former.email).clone());
    let counts = counting.iter().any(|counting| counting.key() == address.key());
    Ok(counts.then_some(address))
}

/// Presses the button. It works once, and ends whatever the browser's ticket had opened.
///
/// # Errors
/// As for any fault; nothing is undone then.
pub async fn press(
    services: &Services,
    token: &str,
    visitor: Visitor,
    old_ticket: Option<Token>,
) -> Result<Pressed, FlowError> {
    let (this, token) = (services.clone(), Secret::new(token.to_owned()));
    services
        .db
        .write(move |tx| {
            let link = match links::find(&this, tx, token.expose(), LinkPurpose::NotMe)? {
                links::Standing::Open(link) => link,
                links::Standing::Used(_) => return Ok(Pressed::Used),
                links::Standing::Closed => return Ok(Pressed::Closed),
            };
            let now = this.now();
            lock_with_ticket(tx, &link.account, old_ticket.as_ref())?;
            if !storage::links::use_up(tx, &link.id, now)? {
                return Ok(Pressed::Used);
            }
            let Some(account) = accounts::find(tx, &link.account, now)? else { return Ok(Pressed::Closed) };
            if let Some(old) = old_ticket {
                give_up(tx, &old, now)?;
            }
            undo(&this, tx, &account, &link, &visitor).map(Pressed::Done)
        })
        .await
}

fn undo(
    services: &Services,
    tx: &mut Tx<'_>,
    account: &Account,
    link: &Link,
    visitor: &Visitor,
) -> Result<Option<EmailAddress>, FlowError> {
    let (id, now) = (&account.id, services.now());
    accounts::end_sessions(tx, id)?;
    accounts::end_trust(tx, id, TrustEnd::NotMe)?;
    pending_changes::remove_all(tx, id)?;
    challenges::end_all(tx, id, now)?;
    recovery::void_passes(tx, id)?;
    void_codes_made(tx, link)?;
    let former = former(services, tx, link)?;
    let mut happened = Happened::by(Actor::Mailbox, EventKind::NotMe, id).from(visitor);
    if let (Some(former), Some(event)) = (&former, &link.event) {
        put_back(services, tx, account, former, event)?;
        happened = happened.in_detail("email address and Two Factor Authentication put back");
    }
    record(services, tx, happened)?;
    let mails_to = mails_to(services, tx, account, link, former.as_ref())?;
    storage::links::end_all(tx, id, LinkPurpose::PasswordReset, now)?;
    if let Some(address) = &mails_to {
        let new =
            NewLink { purpose: LinkPurpose::PasswordReset, account: id, address: Some(address), event: None };
        links::make(services, tx, &new)?;
    }
    Ok(mails_to)
}

/// Where the notice told of new recovery codes, these open nothing any more.
fn void_codes_made(tx: &mut Tx<'_>, link: &Link) -> Result<(), FlowError> {
    let Some(event) = &link.event else { return Ok(()) };
    if let Some(made) = events::find(tx, event)?.filter(|told| told.kind == EventKind::RecoveryCodesMade) {
        recovery::void_codes_since(tx, &link.account, made.at)?;
    }
    Ok(())
}

/// Puts back what stood before an act, and undoes what came after it.
fn put_back(
    services: &Services,
    tx: &mut Tx<'_>,
    account: &Account,
    former: &FormerState,
    event: &Id<SecurityEvent>,
) -> Result<(), FlowError> {
    let (id, now) = (&account.id, services.now());
    let told = events::find(tx, event)?;
    let since = told.ok_or_else(|| StorageError::Unreadable("a notice's line is gone".to_owned()))?.at;
    let email = (&former.email, former.email_confirmed_at);
    accounts::put_back(tx, id, email, former.asks_every_login)?;
    match &former.factor {
        Some((destination, since)) => {
            second_factors::put(tx, id, destination, &services.sealer()?, *since)?;
        }
        None => {
            second_factors::remove(tx, id)?;
            // Whoever enrolled what is undone may still know the password: the next set-up asks the mailbox first.
            administration::must_prove_mailbox(tx, id, true)?;
        }
    }
    recovery::void_codes_since(tx, id, since)?;
    recovery::void_passes(tx, id)?;
    former_states::forget_since(tx, id, event)?;
    storage::links::end_elsewhere(tx, id, &former.email, since, now)?;
    Ok(())
}
