//! What the activity log is told, in the transaction of the act itself; and what the person is told of it by mail.

use chrono::{DateTime, Utc};

use crate::domain::account::Account;
use crate::domain::browser::BrowserLabel;
use crate::domain::email::EmailAddress;
use crate::domain::event::{Actor, EventKind, SecurityEvent};
use crate::domain::ids::Id;
use crate::domain::link::{LinkPurpose, NOT_ME_LIFE};
use crate::domain::second_factor::SecondFactor;
use crate::flows::links::{self, NewLink};
use crate::flows::{FlowError, Services, Visitor};
use crate::storage::{Tx, events, former_states};

/// Something that happened.
pub(super) struct Happened<'a> {
    kind: EventKind,
    actor: Actor,
    account: &'a Id<Account>,
    at: Option<DateTime<Utc>>,
    network: Option<String>,
    browser: Option<String>,
    request_id: Option<String>,
    reason: Option<String>,
    detail: Option<String>,
}

impl<'a> Happened<'a> {
    /// Something that the account's owner did in this browser.
    pub(super) fn by_owner(kind: EventKind, account: &'a Id<Account>, visitor: &'a Visitor) -> Self {
        Self::by(Actor::Owner, kind, account).from(visitor)
    }

    /// Something that somebody did, or nobody.
    pub(super) fn by(actor: Actor, kind: EventKind, account: &'a Id<Account>) -> Self {
        Self {
            kind,
            actor,
            account,
            at: None,
            network: None,
            browser: None,
            request_id: None,
            reason: None,
            detail: None,
        }
    }

    /// From this browser.
    pub(super) fn from(self, visitor: &Visitor) -> Self {
        let request_id = Some(visitor.request_id.clone());
        let (network, browser) = (Some(visitor.network.clone()), Some(visitor.browser.as_str().to_owned()));
        Self { network, browser, request_id, ..self }
    }

    /// Some time ago, from a browser that is not asking now.
    pub(super) fn back_then(
        self,
        at: DateTime<Utc>,
        network: Option<String>,
        browser: Option<BrowserLabel>,
    ) -> Self {
        let browser = browser.map(|browser| browser.as_str().to_owned());
        Self { at: Some(at), network, browser, ..self }
    }

    /// For this reason, in the words of whoever did it.
    pub(super) fn because(self, reason: Option<String>) -> Self {
        Self { reason, ..self }
    }

    /// What exactly: names of settings and masked destinations only.
    pub(super) fn in_detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }
}

/// Writes a line of the log. Where that fails, the act fails.
pub(super) fn record(
    services: &Services,
    tx: &mut Tx<'_>,
    happened: Happened<'_>,
) -> Result<Id<SecurityEvent>, FlowError> {
    let at = happened.at.unwrap_or_else(|| services.now());
    let event = SecurityEvent {
        id: services.id_at(at)?,
        at,
        kind: happened.kind,
        actor: happened.actor,
        account: happened.account.clone(),
        reason: happened.reason,
        detail: happened.detail,
        network: happened.network,
        browser: happened.browser,
        request_id: happened.request_id,
    };
    events::append(tx, &event)?;
    Ok(event.id)
}

/// Tells of a line of the log by mail, each address once, with a link to *This wasn't me* of its own.
pub(super) fn tell(
    services: &Services,
    tx: &mut Tx<'_>,
    event: &Id<SecurityEvent>,
    account: &Id<Account>,
    addresses: &[&EmailAddress],
) -> Result<(), FlowError> {
    let mut told: Vec<String> = Vec::new();
    for address in addresses {
        if told.contains(&address.key()) {
            continue;
        }
        told.push(address.key());
        let new =
            NewLink { purpose: LinkPurpose::NotMe, account, address: Some(address), event: Some(event) };
        links::make(services, tx, &new)?;
    }
    Ok(())
}

/// Tells an address that is not the account's any more. The link there is bound to the address that is: whoever reads the
/// old one gets nothing by it.
pub(super) fn tell_elsewhere(
    services: &Services,
    tx: &mut Tx<'_>,
    event: &Id<SecurityEvent>,
    account: &Id<Account>,
    told: &EmailAddress,
    of_record: &EmailAddress,
) -> Result<(), FlowError> {
    let new = NewLink { purpose: LinkPurpose::NotMe, account, address: Some(of_record), event: Some(event) };
    links::make_to(services, tx, &new, Some(told))?;
    Ok(())
}

/// Writes a line of the log about a change of two-factor authentication or of the address of record that the account's
/// own login made, keeps what stood before it, and tells each address: *This wasn't me* puts it back. `before` is as it was
/// read before the change.
pub(super) fn record_and_keep(
    services: &Services,
    tx: &mut Tx<'_>,
    happened: Happened<'_>,
    before: (&Account, &SecondFactor),
    addresses: &[&EmailAddress],
) -> Result<(), FlowError> {
    let (account, factor) = before;
    let event = record(services, tx, happened)?;
    let until = services.now() + NOT_ME_LIFE;
    former_states::put(tx, &event, account, factor, &services.sealer()?, until)?;
    tell(services, tx, &event, &account.id, addresses)
}

/// Writes a line of the log and tells the account's address of record of it.
pub(super) fn record_and_tell(
    services: &Services,
    tx: &mut Tx<'_>,
    happened: Happened<'_>,
    address: &EmailAddress,
) -> Result<Id<SecurityEvent>, FlowError> {
    let account = happened.account.clone();
    let event = record(services, tx, happened)?;
    tell(services, tx, &event, &account, &[address])?;
    Ok(event)
}
