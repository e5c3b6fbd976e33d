//! The guard on a set-up that is forced, or follows an administrator's reset: first a code from the mailbox of record, so
//! that a stolen password alone cannot enrol a thief's phone. A one-time pass stands in for it.
//!
//! The choice waits in the set-up's own challenge, whose code is not sent before. Where it is the mailbox itself, one code
//! proves both.

use crate::domain::account::Account;
use crate::domain::challenge::{CHALLENGE_LIFE, Challenge, CodeProof, Purpose};
use crate::domain::recovery::RecoveryCode;
use crate::domain::second_factor::Destination;
use crate::domain::session::Session;
use crate::flows::codes::{self, NewChallenge, Resend};
use crate::flows::current::{LoggedIn, still_live};
use crate::flows::events::record_and_tell;
use crate::flows::recovery::{use_pass_up, used};
use crate::flows::{FlowError, Services, Visitor};
use crate::storage::{AnyConnection, Tx, administration, challenges};

/// A set-up, and what it waits for.
pub(super) struct Waiting {
    /// What asks for the code from the mailbox of record, where that comes first.
    pub(super) mailbox: Option<Challenge>,
    /// The set-up itself, which holds the choice.
    pub(super) set_up: Challenge,
}

/// What a one-time pass came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PassEntry {
    /// It stood in for the mailbox's code; the destination's is on its way, or will be when the limits allow.
    Taken,
    /// It is none of this account's, or was used.
    NotOne,
    /// No set-up waits for the mailbox.
    Gone,
}

impl Waiting {
    /// The challenge whose code is asked now.
    pub(super) fn asked(&self) -> &Challenge {
        self.mailbox.as_ref().unwrap_or(&self.set_up)
    }

    /// Whether the code that is asked now turns the method on.
    pub(super) fn turns_on(&self, account: &Account) -> bool {
        self.mailbox.is_none() || is_one_code(account, &self.set_up)
    }
}

/// Whether the destination of a set-up is the mailbox of record itself.
pub(super) fn is_one_code(account: &Account, set_up: &Challenge) -> bool {
    match &set_up.destination {
        Destination::Email(address) => address.key() == account.email.key(),
        Destination::Phone(_) => false,
    }
}

/// What the set-up of a session waits for, if there is one.
pub(super) fn waiting(
    services: &Services,
    conn: &mut AnyConnection,
    account: &Account,
    session: &Session,
) -> Result<Option<Waiting>, FlowError> {
    let Some(set_up) = open(services, conn, session, Purpose::SetUp)? else { return Ok(None) };
    if !is_owed(services, conn, account, session)? {
        return Ok(Some(Waiting { mailbox: None, set_up }));
    }
    let mailbox = open(services, conn, session, Purpose::Mailbox)?;
    Ok(mailbox.map(|mailbox| Waiting { mailbox: Some(mailbox), set_up }))
}

fn open(
    services: &Services,
    conn: &mut AnyConnection,
    session: &Session,
    purpose: Purpose,
) -> Result<Option<Challenge>, FlowError> {
    let owner = session.id.as_str();
    let found = challenges::find_open(conn, owner, purpose, &services.keys, services.now())?;
    Ok(found.filter(|challenge| challenge.tries_left() > 0))
}

/// Whether a set-up in this session still has to prove the mailbox of record: asked wherever a set-up goes on, so that
/// no way leads around it.
pub(super) fn is_owed(
    services: &Services,
    conn: &mut AnyConnection,
    account: &Account,
    session: &Session,
) -> Result<bool, FlowError> {
    if !services.settings.required.guards_set_up_of(account) {
        return Ok(false);
    }
    let since = services.now() - CHALLENGE_LIFE;
    let owner = session.id.as_str();
    let used = challenges::find_used(conn, owner, Purpose::Mailbox, &services.keys, since)?;
    let of_record = Destination::Email(account.email.clone());
    Ok(used.is_none_or(|used| used.destination != of_record))
}

/// Begins a guarded set-up: keeps the choice, and sends a code to the mailbox of record.
pub(super) fn ask_first(
    services: &Services,
    tx: &mut Tx<'_>,
    account: &Account,
    new: NewChallenge<'_>,
) -> Result<Resend, FlowError> {
    let mailbox = NewChallenge {
        purpose: Purpose::Mailbox,
        owner: new.owner,
        destination: Destination::Email(account.email.clone()),
        asks_every_login: new.asks_every_login,
        browser: new.browser,
    };
    codes::open(services, tx, account, new)?;
    Ok(codes::open_and_send(services, tx, account, mailbox)?.1)
}

/// The mailbox's code was right: notes that its owner reads it, and answers the set-up that waits.
pub(super) fn proven(
    services: &Services,
    tx: &mut Tx<'_>,
    who: &LoggedIn,
    proof: &CodeProof,
) -> Result<Option<Challenge>, FlowError> {
    // The address of record may be another one by now.
    if *proof.destination() != Destination::Email(who.account.email.clone()) {
        return Ok(None);
    }
    administration::confirm_email(tx, &who.account.id, services.now())?;
    open(services, tx, &who.session, Purpose::SetUp)
}

/// Takes a one-time pass in place of the mailbox's code.
///
/// # Errors
/// As for any fault.
pub async fn pass(
    services: &Services,
    who: LoggedIn,
    typed: RecoveryCode,
    visitor: Visitor,
) -> Result<PassEntry, FlowError> {
    let this = services.clone();
    services
        .db
        .write(move |tx| {
            let now = this.now();
            let account = still_live(tx, &who, now)?;
            let waiting = waiting(&this, tx, &account, &who.session)?;
            let Some(Waiting { mailbox: Some(asked), set_up }) = waiting else { return Ok(PassEntry::Gone) };
            let Some(proof) = use_pass_up(&this, tx, &account.id, &typed)? else {
                return Ok(PassEntry::NotOne);
            };
            let (happened, _) = used(tx, &account, proof.kind(), &visitor)?;
            record_and_tell(&this, tx, happened, &account.email)?;
            challenges::use_up(tx, &asked.id, now)?;
            codes::send(&this, tx, &account, &set_up)?;
            Ok(PassEntry::Taken)
        })
        .await
}
