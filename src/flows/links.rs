//! Mailed links: make one, put it on its way, look one up by its token.

use crate::domain::account::Account;
use crate::domain::email::EmailAddress;
use crate::domain::event::SecurityEvent;
use crate::domain::ids::Id;
use crate::domain::link::{Link, LinkPurpose};
use crate::domain::second_factor::Destination;
use crate::domain::secret::Secret;
use crate::flows::codes::wake_after;
use crate::flows::{FlowError, Services};
use crate::storage::outbox::{self, NewMessage, Reason};
use crate::storage::{AnyConnection, StorageError, Tx, links};

/// A link to be made.
pub(super) struct NewLink<'a> {
    pub(super) purpose: LinkPurpose,
    pub(super) account: &'a Id<Account>,
    /// Where it goes by mail; `None` if it is printed.
    pub(super) address: Option<&'a EmailAddress>,
    /// What it tells of, in a notice.
    pub(super) event: Option<&'a Id<SecurityEvent>>,
}

/// How the link of a token stands.
pub(super) enum Standing {
    /// It can be used.
    Open(Link),
    /// It was used.
    Used(Link),
    /// It is over, for something else, or never was.
    Closed,
}

/// Makes a link, and puts it on its way where it has an address.
pub(super) fn make(services: &Services, tx: &mut Tx<'_>, new: &NewLink<'_>) -> Result<Link, FlowError> {
    make_to(services, tx, new, new.address)
}

/// The same, where the message goes to another address than the one the link is bound to.
pub(super) fn make_to(
    services: &Services,
    tx: &mut Tx<'_>,
    new: &NewLink<'_>,
    recipient: Option<&EmailAddress>,
) -> Result<Link, FlowError> {
    let now = services.now();
    let link = Link {
        id: services.new_id()?,
        purpose: new.purpose,
        account: new.account.clone(),
        key_id: services.keys.current_id().to_owned(),
        address: new.address.cloned(),
        event: new.event.cloned(),
        made_at: now,
        expires_at: now + new.purpose.life(),
        used_at: None,
    };
    links::put(tx, &link)?;
    if let Some(address) = recipient {
        let message = NewMessage {
            id: &services.new_id()?,
            account: new.account,
            reason: Reason::Link(link.id.clone()),
            recipient: &Destination::Email(address.clone()),
            is_confirmed: true,
            give_up_at: link.expires_at,
        };
        outbox::put(tx, &message, &services.sealer()?, now)?;
        wake_after(services, tx);
    }
    Ok(link)
}

/// The address that a link is followed to. It is a secret: whoever has it can use it.
pub(super) fn url(services: &Services, link: &Link) -> Result<Secret<String>, FlowError> {
    let token = link.token(&services.keys);
    let token = token.ok_or_else(|| StorageError::Unreadable("a link's key is gone".to_owned()))?;
    let base = services.settings.public_url.as_str().trim_end_matches('/');
    Ok(Secret::new(format!("{base}{}?token={}", link.purpose.path(), token.expose())))
}

/// Looks a link up by its token. Looking uses nothing up: mail scanners look at every link.
pub(super) fn find(
    services: &Services,
    conn: &mut AnyConnection,
    token: &str,
    purpose: LinkPurpose,
) -> Result<Standing, FlowError> {
    let Some(id) = Link::named_by(token) else { return Ok(Standing::Closed) };
    let found = links::find(conn, &id)?;
    let Some(link) = found.filter(|link| link.is_opened_by(token, purpose, &services.keys)) else {
        return Ok(Standing::Closed);
    };
    Ok(match link.used_at {
        Some(_) => Standing::Used(link),
        None if link.is_open(services.now()) => Standing::Open(link),
        None => Standing::Closed,
    })
}

/// The link of a token by which a password was reset lately.
pub(super) fn reset_by(
    services: &Services,
    conn: &mut AnyConnection,
    token: &str,
) -> Result<Option<Link>, FlowError> {
    Ok(match find(services, conn, token, LinkPurpose::PasswordReset)? {
        Standing::Used(link) => Some(link).filter(|link| link.was_just_reset_by(services.now())),
        Standing::Open(_) | Standing::Closed => None,
    })
}
