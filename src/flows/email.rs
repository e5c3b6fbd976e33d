//! The e-mail address of record: replaced once a code that went to the new one was entered. Where codes of two-factor
//! authentication go stays as it is.
//!
//! Where the account must prove its present mailbox, a code goes there too, and that one is asked first.

use chrono::{DateTime, Utc};

use crate::domain::account::Account;
use crate::domain::challenge::{Challenge, CodeProof, Purpose};
use crate::domain::code::TypedCode;
use crate::domain::email::EmailAddress;
use crate::domain::event::EventKind;
use crate::domain::limits::SecondFactorStanding;
use crate::domain::link::LinkPurpose;
use crate::domain::second_factor::{Destination, SecondFactor};
use crate::flows::codes::{self, Delivery, NewChallenge, NotEntered, Resend, open_and_send};
use crate::flows::confirm_identity::{Step, next_step};
use crate::flows::current::{LoggedIn, still_live};
use crate::flows::events::{Happened, record_and_keep};
use crate::flows::{FlowError, Services, Visitor};
use crate::storage::pending_changes::PendingChange;
use crate::storage::{AnyConnection, Tx, accounts, challenges, links, second_factors};

/// What the page shows.
pub struct Overview {
    /// Where codes go, whatever becomes of the address.
    pub factor: SecondFactor,
    /// A code that is owed.
    pub waiting: Option<Waiting>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// A code that is owed for a new address.
pub struct Waiting {
    /// Where it went, in full: to catch typing errors.
    pub destination: Destination,
    /// Whether that is the present address, and the code from the new one is still to come.
    pub is_present: bool,
    /// How the message stands.
    pub delivery: Delivery,
    /// Whether codes are paused or suspended; that of a new address never is.
    pub standing: SecondFactorStanding,
    /// When the newest code stops working; `None` before one was sent.
    pub code_ends_at: Option<DateTime<Utc>>,
    /// When another message may be asked for; `None` after the last.
    pub resend_at: Option<DateTime<Utc>>,
}

/// What saving an address came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saved {
    /// It is what was there already, and confirmed.
    NothingChanged,
    /// A code is on its way, or will be when the limits allow.
    CodeOwed,
    /// First confirm who you are; the address waits.
    ConfirmFirst,
}

/// What a typed code came to.
pub enum EmailEntry {
    /// The address is the new one now.
    Done,
    /// It was the code of the present address; that of the new one is owed.
    PresentProven,
    /// Not the code.
    Wrong {
        /// Tries that remain.
        left: u32,
    },
    /// The code, but its ten minutes are over; or none is alive.
    TooOld,
    /// All tries are spent: nothing waits any more.
    Spent,
    /// Codes are paused or suspended.
    Stopped,
    /// Nothing waits.
    Gone,
}

/// What the code of the new address opens.
const NEW: Purpose = Purpose::EmailOfRecord;
/// What the code of the present one opens, where that comes first. Wrong ones count for the account: it guards against
/// whoever has nothing but the password.
const PRESENT: Purpose = Purpose::PresentMailbox;

/// Ends whatever waits.
fn end(tx: &mut Tx<'_>, owner: &str, now: DateTime<Utc>) -> Result<(), FlowError> {
    challenges::end(tx, owner, NEW, now)?;
    challenges::end(tx, owner, PRESENT, now)?;
    Ok(())
}

/// Draws the page. It sends nothing.
///
/// # Errors
/// As for any fault.
pub async fn overview(services: &Services, who: &LoggedIn) -> Result<Overview, FlowError> {
    let (this, who) = (services.clone(), who.clone());
    services
        .db
        .read(move |conn| {
            let factor = second_factors::find(conn, &who.account.id, &this.keys)?;
            let waiting = match owed(&this, conn, &who)? {
                Some(challenge) => Some(Waiting {
                    is_present: is_present(&this, &who.account, &challenge),
                    standing: if challenge.purpose == PRESENT {
                        who.account.second_factor_standing
                    } else {
                        SecondFactorStanding::Open
                    },
                    delivery: codes::delivery(conn, &challenge, this.now())?,
                    code_ends_at: challenge.code_ends_at,
                    resend_at: codes::resend_at(&challenge),
                    destination: challenge.destination,
                }),
                None => None,
            };
            Ok(Overview { factor, waiting, now: this.now() })
        })
        .await
}

/// Whether the address changes only with a code to the present one too: while the next set-up asks that mailbox, a password
/// alone must not move it.
fn must_prove_present(services: &Services, account: &Account) -> bool {
    account.must_prove_mailbox || services.settings.required.guards_set_up_of(account)
}

/// Whether a code proves the present mailbox, on the way to another.
fn is_present(services: &Services, account: &Account, challenge: &Challenge) -> bool {
    must_prove_present(services, account)
        && challenge.purpose == PRESENT
        && challenge.destination == Destination::Email(account.email.clone())
}

fn index_of_present(services: &Services, account: &Account) -> Vec<u8> {
    second_factors::index_of(&services.keys, &Destination::Email(account.email.clone()))
}

/// The code that is asked now: the present mailbox's first, where that has to be proven.
fn owed(
    services: &Services,
    conn: &mut AnyConnection,
    who: &LoggedIn,
) -> Result<Option<Challenge>, FlowError> {
    let (owner, keys, now) = (who.session.id.as_str(), &services.keys, services.now());
    if must_prove_present(services, &who.account) {
        let present = Destination::Email(who.account.email.clone());
        let first = challenges::find_open(conn, owner, PRESENT, keys, now)?;
        if let Some(first) = first.filter(|first| first.destination == present) {
            return Ok(Some(first).filter(|challenge| challenge.tries_left() > 0));
        }
    }
    let found = challenges::find_open(conn, owner, NEW, keys, now)?;
    Ok(found.filter(|challenge| challenge.tries_left() > 0))
}

/// Saves an address, or begins to: it waits for a confirmation of identity, and then for its code.
///
/// # Errors
/// As for any fault.
pub async fn save(
    services: &Services,
    who: LoggedIn,
    address: EmailAddress,
    visitor: Visitor,
) -> Result<Saved, FlowError> {
    let this = services.clone();
    services
        .db
        .write(move |tx| {
            let now = this.now();
            still_live(tx, &who, now)?;
            end(tx, who.session.id.as_str(), now)?;
            if address == who.account.email && who.account.email_confirmed_at.is_some() {
                return Ok(Saved::NothingChanged);
            }
            let factor = second_factors::find(tx, &who.account.id, &this.keys)?;
            let waits = PendingChange::EmailOfRecord(address.clone());
            match next_step(&this, tx, &who, &factor, Some(&waits), &visitor)? {
                Step::GoOn => carry_out(&this, tx, &who, &address, &visitor),
                Step::ConfirmFirst => Ok(Saved::ConfirmFirst),
            }
        })
        .await
}

/// Sends the codes: at once, or once identity has been confirmed.
pub(super) fn carry_out(
    services: &Services,
    tx: &mut Tx<'_>,
    who: &LoggedIn,
    address: &EmailAddress,
    visitor: &Visitor,
) -> Result<Saved, FlowError> {
    let owner = who.session.id.as_str();
    end(tx, owner, services.now())?;
    let mut send_to = |purpose: Purpose, address: &EmailAddress| {
        let new = NewChallenge {
            purpose,
            owner,
            destination: Destination::Email(address.clone()),
            asks_every_login: false,
            browser: &visitor.browser,
        };
        open_and_send(services, tx, &who.account, new)
    };
    send_to(NEW, address)?;
    if must_prove_present(services, &who.account) && *address != who.account.email {
        send_to(PRESENT, &who.account.email)?;
    }
    Ok(Saved::CodeOwed)
}

/// Takes a code. That of the new address replaces the address of record; wrong ones do not count towards the account's
/// pause. Those of the present address do.
///
/// # Errors
/// As for any fault; the try stays spent.
pub async fn confirm(
    services: &Services,
    who: LoggedIn,
    typed: TypedCode,
    visitor: Visitor,
) -> Result<EmailEntry, FlowError> {
    let (this, asked) = (services.clone(), who.clone());
    let owed = services.db.read(move |conn| owed(&this, conn, &asked)).await?;
    let Some(challenge) = owed else { return Ok(EmailEntry::Gone) };
    let this = services.clone();
    let (opened_at, from) = (challenge.opened_at, visitor.clone());
    let entered = codes::take(services, &challenge, typed, from, move |tx, proof| {
        still_live(tx, &who, this.now())?;
        entered(&this, tx, &who, proof, opened_at, &visitor)
    });
    // With all tries spent nothing is owed any more. Nothing is ended for that: the right code may be among those that are
    // being compared right now.
    Ok(entered.await?.unwrap_or_else(refusal))
}

/// A code was right: looks at the account once more, and carries out what that code allows.
fn entered(
    services: &Services,
    tx: &mut Tx<'_>,
    who: &LoggedIn,
    proof: &CodeProof,
    opened_at: DateTime<Utc>,
    visitor: &Visitor,
) -> Result<EmailEntry, FlowError> {
    let now = services.now();
    let Some(account) = accounts::find(tx, &who.account.id, now)? else { return Ok(EmailEntry::Gone) };
    let Destination::Email(address) = proof.destination() else { return Ok(EmailEntry::Gone) };
    let owner = who.session.id.as_str();
    match proof.purpose() {
        PRESENT => {
            let waits = challenges::find_open(tx, owner, NEW, &services.keys, now)?.is_some();
            let is_proven = waits && *address == account.email;
            return Ok(if is_proven { EmailEntry::PresentProven } else { EmailEntry::Gone });
        }
        NEW => {}
        Purpose::Login | Purpose::SetUp | Purpose::ConfirmIdentity | Purpose::Mailbox => {
            return Ok(EmailEntry::Gone);
        }
    }
    if *address != account.email && must_prove_present(services, &account) {
        let present = index_of_present(services, &account);
        if !challenges::was_proven(tx, owner, PRESENT, &present, opened_at)? {
            return Ok(EmailEntry::Gone);
        }
    }
    end(tx, owner, now)?;
    let detail = address.masked().shown;
    let happened = Happened::by_owner(EventKind::EmailChanged, &account.id, visitor).in_detail(detail);
    let before = second_factors::find(tx, &account.id, &services.keys)?;
    record_and_keep(services, tx, happened, (&account, &before), &[&account.email, address])?;
    accounts::replace_email(tx, &account.id, address, now)?;
    // They went to the mailbox that counted before.
    links::end_all(tx, &account.id, LinkPurpose::PasswordReset, now)?;
    Ok(EmailEntry::Done)
}

fn refusal(refused: NotEntered) -> EmailEntry {
    match refused {
        NotEntered::Wrong { left } => EmailEntry::Wrong { left },
        NotEntered::TooOld => EmailEntry::TooOld,
        NotEntered::Spent => EmailEntry::Spent,
        NotEntered::Stopped(_) => EmailEntry::Stopped,
        NotEntered::Gone => EmailEntry::Gone,
    }
}

/// Asks for another message; `None` if no code is owed.
///
/// # Errors
/// As for any fault.
pub async fn resend(services: &Services, who: LoggedIn) -> Result<Option<Resend>, FlowError> {
    let this = services.clone();
    services
        .db
        .write(move |tx| match owed(&this, tx, &who)? {
            Some(challenge) => Ok(Some(codes::send(&this, tx, &who.account, &challenge)?)),
            None => Ok(None),
        })
        .await
}

/// Gives the new address up.
///
/// # Errors
/// As for any fault.
pub async fn cancel(services: &Services, who: &LoggedIn) -> Result<(), FlowError> {
    let (now, session) = (services.now(), who.session.id.clone());
    services.db.write(move |tx| end(tx, session.as_str(), now)).await
}
