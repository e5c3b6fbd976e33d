//! Accounts made by an operator or an administrator: with a password, or with a link at which the person sets one.

use crate::domain::account::{Account, Role};
use crate::domain::email::EmailAddress;
use crate::domain::event::{Actor, EventKind};
use crate::domain::ids::Id;
use crate::domain::link::{Link, LinkPurpose};
use crate::domain::password::{PasswordHash, PasswordInput, hash};
use crate::domain::secret::Secret;
use crate::domain::token::Token;
use crate::domain::username::Username;
use crate::flows::events::{Happened, record};
use crate::flows::links::{self, NewLink};
use crate::flows::locks::lock_with_ticket;
use crate::flows::logout::give_up;
use crate::flows::{FlowError, Services, Visitor};
use crate::storage::accounts::NewAccount;
use crate::storage::{self, StorageError, Taken, Tx, accounts};

/// An account to be made.
pub struct New {
    /// The name.
    pub username: Username,
    /// The e-mail address of record.
    pub email: EmailAddress,
    /// What it may do.
    pub role: Role,
    /// Where its first password comes from.
    pub first: First,
}

/// Where a first password comes from.
pub enum First {
    /// It is this one, already judged.
    Password(PasswordInput),
    /// The person sets it at a link that is printed. It confirms no address.
    PrintedLink,
    /// The person sets it at a link that is mailed, which confirms the address.
    MailedLink,
}

/// What making an account came to.
pub enum Made {
    /// It is there, with the password that was given.
    WithPassword,
    /// It is there; the person sets the password at this link.
    Invited(Secret<String>),
    /// It is there; the link is on its way by mail.
    Mailed(Id<Account>),
    /// The name exists.
    NameTaken,
}

/// How an invitation stands.
pub enum Standing {
    /// It waits for this account's first password.
    Open(Box<Account>),
    /// It was answered.
    Used,
    /// It is over, or never was.
    Closed,
}

/// Makes an account.
///
/// # Errors
/// As for any fault.
pub async fn create(services: &Services, new: New, actor: Actor) -> Result<Made, FlowError> {
    let (mut new, mut stored) = (new, None);
    if let First::Password(password) = new.first {
        stored = Some(stored_form(services, password).await?);
        new.first = First::PrintedLink;
    }
    let this = services.clone();
    let made = services.db.write(move |tx| make(&this, tx, &new, stored.as_ref(), actor.clone(), None)).await;
    match made {
        Err(FlowError::Storage(StorageError::Taken(Taken::Username))) => Ok(Made::NameTaken),
        other => other,
    }
}

/// Makes an account in a transaction that is under way: with this password, or else with a link.
pub(super) fn make(
    services: &Services,
    tx: &mut Tx<'_>,
    new: &New,
    password: Option<&PasswordHash>,
    actor: Actor,
    visitor: Option<&Visitor>,
) -> Result<Made, FlowError> {
    let New { username, email, role, first } = new;
    let (id, now) = (services.new_id()?, services.now());
    accounts::create(tx, &NewAccount { id: &id, username, email, role: *role, password }, now)?;
    let happened = Happened::by(actor, EventKind::AccountCreated, &id).in_detail(role.as_str());
    record(services, tx, visitor.into_iter().fold(happened, Happened::from))?;
    if password.is_some() {
        return Ok(Made::WithPassword);
    }
    let mails = matches!(first, First::MailedLink);
    let address = mails.then_some(email);
    let new = NewLink { purpose: LinkPurpose::Invitation, account: &id, address, event: None };
    let link = links::make(services, tx, &new)?;
    if mails {
        return Ok(Made::Mailed(id));
    }
    Ok(Made::Invited(links::url(services, &link)?))
}

/// A password, as it is stored.
pub(super) async fn stored_form(
    services: &Services,
    password: PasswordInput,
) -> Result<PasswordHash, FlowError> {
    let (cost, salt) = (services.settings.cost, services.random.bytes()?);
    let place = services.hashing.reserve()?;
    Ok(services.hashing.run(place, move |area| hash(&password, &cost, &salt, area)).await?)
}

/// Looks an invitation up by its token.
///
/// # Errors
/// As for any fault.
pub async fn find(services: &Services, token: &str) -> Result<Standing, FlowError> {
    let (this, token) = (services.clone(), Secret::new(token.to_owned()));
    services
        .db
        .read(move |conn| {
            let now = this.now();
            let link = match links::find(&this, conn, token.expose(), LinkPurpose::Invitation)? {
                links::Standing::Open(link) => link,
                links::Standing::Used(_) => return Ok(Standing::Used),
                links::Standing::Closed => return Ok(Standing::Closed),
            };
            let account = accounts::find(conn, &link.account, now)?.filter(Account::is_active);
            Ok(account.map_or(Standing::Closed, |account| Standing::Open(Box::new(account))))
        })
        .await
}

/// Sets the first password. It logs nobody in, and ends whatever the browser's ticket had opened. `false` if the invitation
/// is closed by now.
///
/// # Errors
/// As for any fault.
pub async fn accept(
    services: &Services,
    token: &str,
    password: PasswordInput,
    visitor: Visitor,
    old_ticket: Option<Token>,
) -> Result<bool, FlowError> {
    let Standing::Open(account) = find(services, token).await? else { return Ok(false) };
    let Some(id) = Link::named_by(token) else { return Ok(false) };
    let stored = stored_form(services, password).await?;
    let this = services.clone();
    services
        .db
        .write(move |tx| {
            let now = this.now();
            lock_with_ticket(tx, &account.id, old_ticket.as_ref())?;
            let link = storage::links::find(tx, &id)?;
            if !storage::links::use_up(tx, &id, now)? {
                return Ok(false);
            }
            if let Some(old) = old_ticket {
                give_up(tx, &old, now)?;
            }
            let came_by_mail = link.is_some_and(|link| link.address.is_some());
            if !accounts::accept_invitation(tx, &account.id, &stored, came_by_mail, now)? {
                return Ok(false);
            }
            let actor = if came_by_mail { Actor::Mailbox } else { Actor::Owner };
            let happened = Happened::by(actor, EventKind::InvitationAccepted, &account.id);
            record(&this, tx, happened.from(&visitor))?;
            Ok(true)
        })
        .await
}
