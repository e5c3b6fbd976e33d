//! Accounts made by an operator: with a password, or with a link at which the person sets one.

use crate::domain::account::{Account, Role};
use crate::domain::email::EmailAddress;
use crate::domain::invitation::{INVITATION_LIFE, Invitation};
use crate::domain::password::{PasswordHash, PasswordInput, hash};
use crate::domain::secret::Secret;
use crate::domain::token::Token;
use crate::domain::username::Username;
use crate::flows::{FlowError, Services};
use crate::storage::accounts::NewAccount;
use crate::storage::{StorageError, Taken, accounts, invitations, outbox, pending_logins, sessions};

/// An account to be made.
pub struct New {
    /// The name.
    pub username: Username,
    /// The e-mail address of record.
    pub email: EmailAddress,
    /// What it may do.
    pub role: Role,
    /// Its password, already judged; `None` to invite the person.
    pub password: Option<PasswordInput>,
}

/// What making an account came to.
pub enum Made {
    /// It is there, with the password that was given.
    WithPassword,
    /// It is there; the person sets the password at this link.
    Invited(Secret<String>),
    /// The name exists.
    NameTaken,
}

/// How an invitation stands.
pub enum Standing {
    /// It waits for this account's first password.
    Open(Account),
    /// It was answered.
    Used,
    /// It is over, or never was.
    Closed,
}

/// Makes an account.
///
/// # Errors
/// As for any fault.
pub async fn create(services: &Services, new: New) -> Result<Made, FlowError> {
    let New { username, email, role, password } = new;
    let stored = match password {
        Some(password) => Some(stored_form(services, password).await?),
        None => None,
    };
    let this = services.clone();
    let made = services
        .db
        .write(move |tx| {
            let (id, now) = (this.new_id()?, this.now());
            let new =
                NewAccount { id: &id, username: &username, email: &email, role, password: stored.as_ref() };
            accounts::create(tx, &new, now)?;
            if stored.is_some() {
                return Ok(Made::WithPassword);
            }
            let invitation = Invitation {
                id: this.new_id()?,
                account: id,
                key_id: this.keys.current_id().to_owned(),
                made_at: now,
                expires_at: now + INVITATION_LIFE,
                used_at: None,
            };
            invitations::put(tx, &invitation)?;
            Ok(Made::Invited(link(&this, &invitation)?))
        })
        .await;
    match made {
        Err(FlowError::Storage(StorageError::Taken(Taken::Username))) => Ok(Made::NameTaken),
        other => other,
    }
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

/// The link of an invitation. It is a secret: it opens the account.
pub(super) fn link(services: &Services, invitation: &Invitation) -> Result<Secret<String>, FlowError> {
    let token = invitation.token(&services.keys);
    let token = token.ok_or_else(|| StorageError::Unreadable("an invitation's key is gone".to_owned()))?;
    let base = services.settings.public_url.as_str().trim_end_matches('/');
    Ok(Secret::new(format!("{base}/invitation?token={}", token.expose())))
}

/// Looks an invitation up by its token.
///
/// # Errors
/// As for any fault.
pub async fn find(services: &Services, token: &str) -> Result<Standing, FlowError> {
    let Some(id) = Invitation::named_by(token) else { return Ok(Standing::Closed) };
    let (this, token) = (services.clone(), Secret::new(token.to_owned()));
    services
        .db
        .read(move |conn| {
            let now = this.now();
            let Some(found) = invitations::find(conn, &id)? else { return Ok(Standing::Closed) };
            if !found.is_opened_by(token.expose(), &this.keys) {
                return Ok(Standing::Closed);
            }
            if found.used_at.is_some() {
                return Ok(Standing::Used);
            }
            if !found.is_open(now) {
                return Ok(Standing::Closed);
            }
            let account = accounts::find(conn, &found.account, now)?.filter(Account::is_active);
            Ok(account.map_or(Standing::Closed, Standing::Open))
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
    old_ticket: Option<Token>,
) -> Result<bool, FlowError> {
    let Standing::Open(account) = find(services, token).await? else { return Ok(false) };
    let Some(id) = Invitation::named_by(token) else { return Ok(false) };
    let stored = stored_form(services, password).await?;
    let now = services.now();
    services
        .db
        .write(move |tx| {
            if !invitations::use_up(tx, &id, now)? {
                return Ok(false);
            }
            if let Some(old) = old_ticket {
                sessions::end(tx, &old.hash())?;
                pending_logins::end(tx, &old.hash(), now)?;
            }
            let came_by_mail = outbox::has_mailed(tx, &id)?;
            Ok(accounts::accept_invitation(tx, &account.id, &stored, came_by_mail, now)?)
        })
        .await
}
