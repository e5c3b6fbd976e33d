//! The first start: a one-time link, and the administrator that is made behind it. Only while no account exists.

use crate::domain::account::Role;
use crate::domain::email::EmailAddress;
use crate::domain::event::EventKind;
use crate::domain::link::{same, setup_token};
use crate::domain::login::{NextStep, next_step};
use crate::domain::password::{Claim, PasswordInput, check, hash};
use crate::domain::second_factor::SecondFactor;
use crate::domain::secret::Secret;
use crate::domain::token::Token;
use crate::domain::username::Username;
use crate::flows::events::{Happened, record};
use crate::flows::login::start_session;
use crate::flows::{FlowError, Services, Visitor};
use crate::storage::accounts;
use crate::storage::accounts::NewAccount;
use crate::storage::instance::{self, Fact};

/// What the first administrator chose.
pub struct Founder {
    /// The name.
    pub username: Username,
    /// The e-mail address of record.
    pub email: EmailAddress,
    /// The password, already judged.
    pub password: PasswordInput,
}

/// The token of the one-time link; `None` once there is an account.
///
/// # Errors
/// As for any fault.
pub async fn token(services: &Services) -> Result<Option<Secret<String>>, FlowError> {
    let keys = services.keys.clone();
    services
        .db
        .read(move |conn| {
            if accounts::any(conn)? {
                return Ok(None);
            }
            let name = instance::find(conn, Fact::Name)?;
            Ok(name.map(|name| setup_token(&keys, &name)))
        })
        .await
}

/// Whether a token is that of the one-time link, and there is no account yet.
///
/// # Errors
/// As for any fault.
pub async fn is_open(services: &Services, given: &str) -> Result<bool, FlowError> {
    Ok(token(services).await?.is_some_and(|own| same(own.expose(), given)))
}

/// Makes the first administrator and logs them in; `None` if somebody was faster or the link is not the one.
///
/// # Errors
/// As for any fault.
pub async fn found(
    services: &Services,
    given: &str,
    founder: Founder,
    visitor: Visitor,
) -> Result<Option<Token>, FlowError> {
    if !is_open(services, given).await? {
        return Ok(None);
    }
    let (cost, salt) = (services.settings.cost, services.random.bytes()?);
    let id = services.new_id()?;
    let account = id.clone();
    let Founder { username, email, password } = founder;
    let (stored, proof) = services
        .hashing
        .run(services.hashing.reserve()?, move |area| {
            let stored = hash(&password, &cost, &salt, area)?;
            let claim = Claim { account: &account, session_epoch: 1, hash: &stored };
            let proof = check(&password, Some(claim), &stored, area)?;
            Ok((stored, proof))
        })
        .await?;
    let this = services.clone();
    services
        .db
        .write(move |tx| {
            let now = this.now();
            instance::lock(tx)?;
            if accounts::any(tx)? {
                return Ok(None);
            }
            let role = Role::Administrator;
            let new =
                NewAccount { id: &id, username: &username, email: &email, role, password: Some(&stored) };
            accounts::create(tx, &new, now)?;
            let happened = Happened::by_owner(EventKind::AccountCreated, &id, &visitor);
            record(&this, tx, happened.in_detail(role.as_str()))?;
            let (Some(proof), Some(account)) = (proof, accounts::find(tx, &id, now)?) else {
                return Ok(None);
            };
            match next_step(&proof, &account, &SecondFactor::Off, None, this.settings.trusted_days, now) {
                // Nothing ends with it: before the first account there was none that the browser's ticket could have opened.
                NextStep::Enter(entry) => Ok(Some(start_session(&this, tx, entry, &visitor)?)),
                NextStep::AskForCode(..) | NextStep::Refuse => Ok(None),
            }
        })
        .await
}
