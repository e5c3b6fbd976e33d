//! Two Factor Authentication: see it, change it, confirm a new destination, turn it off.
//!
//! Nothing about the account changes until the code is right; a method already in force stays in force meanwhile.

mod turn_on;

use chrono::{DateTime, Utc};

use crate::domain::account::{Account, TrustEnd};
use crate::domain::challenge::Purpose;
use crate::domain::code::TypedCode;
use crate::domain::email::Masked;
use crate::domain::event::EventKind;
use crate::domain::limits::SecondFactorStanding;
use crate::domain::requirement::RequiredBy;
use crate::domain::second_factor::{Destination, SecondFactor};
use crate::domain::session::Session;
use crate::domain::token::Token;
use crate::domain::trusted_computer::asks_again_at;
use crate::flows::codes::{self, Delivery, NewChallenge, NotEntered, Resend, open_and_send};
use crate::flows::confirm_identity::{Step, next_step};
use crate::flows::current::{LoggedIn, end_the_others, still_live};
use crate::flows::events::{Happened, record, record_and_keep};
use crate::flows::prove_mailbox::{self, Waiting, ask_first, is_owed, waiting};
use crate::flows::two_factor::turn_on::RightCode;
use crate::flows::{ComputerCookie, FlowError, Services, Visitor};
use crate::storage::pending_changes::PendingChange;
use crate::storage::{AnyConnection, Tx, accounts, challenges, pending_changes, second_factors};

pub use crate::storage::pending_changes::Choice;

/// What the page shows.
pub struct Overview {
    /// What is in force.
    pub factor: SecondFactor,
    /// A destination that waits for its code.
    pub set_up: Option<SetUp>,
    /// Who requires two-factor authentication of the account, if anybody does.
    pub required_by: Option<RequiredBy>,
    /// Until when this computer would be trusted, if a code were entered now.
    pub trusted_until: Option<DateTime<Utc>>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// A destination that waits for its code.
pub struct SetUp {
    /// Where codes are to go, in full: to catch typing errors.
    pub destination: Destination,
    /// Where the code went that is asked first, where one is: the mailbox of record.
    pub mailbox: Option<Masked>,
    /// Whether that mailbox is where codes are to go, so that one code proves both.
    pub is_one_code: bool,
    /// What wrong codes have done to the code that is asked first.
    pub standing: SecondFactorStanding,
    /// What *ask on every login* will be.
    pub asks_every_login: bool,
    /// How the message stands.
    pub delivery: Delivery,
    /// When the newest code stops working; `None` before one was sent.
    pub code_ends_at: Option<DateTime<Utc>>,
    /// When another message may be asked for; `None` after the last.
    pub resend_at: Option<DateTime<Utc>>,
}

/// What saving a choice came to.
pub enum Saved {
    /// It is what was there already.
    NothingChanged,
    /// *Ask on every login* alone was saved, as this.
    EveryLoginSaved(bool),
    /// Two-factor authentication is off.
    TurnedOff,
    /// It stays on: somebody requires it.
    Required,
    /// As many accounts as may have their codes sent to that number already.
    NumberFull,
    /// A code is on its way to the new destination, or will be when the limits allow.
    CodeOwed(Resend),
    /// First confirm who you are; the choice waits.
    ConfirmFirst,
}

/// What the code of a set-up came to.
pub enum SetUpEntry {
    /// It is on; the session goes on under this token.
    Done(Token, ComputerCookie),
    /// The mailbox of record is proven; the code of the destination is on its way, or will be when the limits allow.
    MailboxProven,
    /// Not the code.
    Wrong {
        /// Tries that remain.
        left: u32,
    },
    /// The code, but its ten minutes are over; or none is alive.
    TooOld,
    /// All tries are spent: the set-up is over.
    Spent,
    /// Other accounts were quicker: as many as may have their codes sent to that number now.
    NumberFull,
    /// The account's codes are paused or suspended.
    Stopped,
    /// No set-up waits.
    Gone,
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
            let now = this.now();
            let waiting = waiting(&this, conn, &who.account, &who.session)?;
            let set_up = match &waiting {
                Some(waiting) => Some(shown(conn, &who.account, waiting, now)?),
                None => None,
            };
            let asks = set_up.as_ref().map_or(who.account.asks_every_login, |set_up| set_up.asks_every_login);
            let trusts_now = waiting.as_ref().is_none_or(|waiting| waiting.turns_on(&who.account));
            let days = who.account.trusted_days(this.settings.trusted_days);
            Ok(Overview {
                factor: second_factors::find(conn, &who.account.id, &this.keys)?,
                set_up,
                required_by: this.settings.required.of(&who.account),
                trusted_until: asks_again_at(asks, days, now).filter(|_| trusts_now),
                now,
            })
        })
        .await
}

fn shown(
    conn: &mut AnyConnection,
    account: &Account,
    waiting: &Waiting,
    now: DateTime<Utc>,
) -> Result<SetUp, FlowError> {
    let (asked, set_up) = (waiting.asked(), &waiting.set_up);
    let mailbox = waiting.mailbox.as_ref().map(|mailbox| mailbox.destination.masked());
    Ok(SetUp {
        destination: set_up.destination.clone(),
        standing: if mailbox.is_some() { account.second_factor_standing } else { SecondFactorStanding::Open },
        mailbox,
        is_one_code: prove_mailbox::is_one_code(account, set_up),
        asks_every_login: set_up.asks_every_login,
        delivery: codes::delivery(conn, asked, now)?,
        code_ends_at: asked.code_ends_at,
        resend_at: codes::resend_at(asked),
    })
}

/// Saves a choice, or begins to: what needs a confirmation of identity waits for one. Where there is a token, the session
/// goes on under it.
///
/// # Errors
/// As for any fault.
pub async fn save(
    services: &Services,
    who: LoggedIn,
    choice: Choice,
    visitor: Visitor,
) -> Result<(Saved, Option<Token>), FlowError> {
    let this = services.clone();
    services
        .db
        .write(move |tx| {
            let now = this.now();
            let account = still_live(tx, &who, now)?;
            if choice.destination.is_none() && this.settings.required.of(&account).is_some() {
                return Ok((Saved::Required, None));
            }
            let who = LoggedIn { account, ..who };
            let factor = second_factors::find(tx, &who.account.id, &this.keys)?;
            // Whatever waited, for its code or for a confirmation, gives way to this choice.
            end_waiting(tx, &who.session, now)?;
            pending_changes::remove(tx, &who.session.id)?;
            match change(&factor, who.account.asks_every_login, &choice) {
                Change::Nothing => Ok((Saved::NothingChanged, None)),
                Change::AskEveryLogin => {
                    accounts::ask_every_login(tx, &who.account.id, true)?;
                    accounts::end_trust(tx, &who.account.id, TrustEnd::AsksEveryLogin)?;
                    let kind = EventKind::EveryLoginOn;
                    record(&this, tx, Happened::by_owner(kind, &who.account.id, &visitor))?;
                    Ok((Saved::EveryLoginSaved(true), None))
                }
                Change::Sensitive if is_full(&this, tx, &who.account, &choice)? => {
                    Ok((Saved::NumberFull, None))
                }
                Change::Sensitive => {
                    let waits = PendingChange::TwoFactor(choice.clone());
                    match next_step(&this, tx, &who, &factor, Some(&waits), &visitor)? {
                        Step::GoOn => carry_out(&this, tx, &who, &factor, &choice, &visitor),
                        Step::ConfirmFirst => Ok((Saved::ConfirmFirst, None)),
                    }
                }
            }
        })
        .await
}

/// What a choice changes.
enum Change {
    Nothing,
    /// It only asks more often: nobody has to prove anything for that.
    AskEveryLogin,
    /// Method, destination, or asking less often.
    Sensitive,
}

fn change(factor: &SecondFactor, asks_every_login: bool, choice: &Choice) -> Change {
    if factor.destination() != choice.destination {
        return Change::Sensitive;
    }
    match (choice.destination.is_some(), asks_every_login, choice.asks_every_login) {
        (false, _, _) | (true, true, true) | (true, false, false) => Change::Nothing,
        (true, false, true) => Change::AskEveryLogin,
        (true, true, false) => Change::Sensitive,
    }
}

fn is_full(
    services: &Services,
    conn: &mut AnyConnection,
    account: &Account,
    choice: &Choice,
) -> Result<bool, FlowError> {
    match &choice.destination {
        Some(destination) => Ok(second_factors::is_full(conn, destination, &account.id, &services.keys)?),
        None => Ok(false),
    }
}

/// Carries a sensitive choice out: at once, or once identity has been confirmed.
pub(super) fn carry_out(
    services: &Services,
    tx: &mut Tx<'_>,
    who: &LoggedIn,
    factor: &SecondFactor,
    choice: &Choice,
    visitor: &Visitor,
) -> Result<(Saved, Option<Token>), FlowError> {
    // Looked up again: it may have been required, or reset, since the request began.
    let account = accounts::find(tx, &who.account.id, services.now())?.ok_or(FlowError::SessionOver)?;
    let Some(destination) = choice.destination.clone() else {
        if services.settings.required.of(&account).is_some() {
            return Ok((Saved::Required, None));
        }
        return Ok((Saved::TurnedOff, Some(turn_off(services, tx, who, factor, visitor)?)));
    };
    if factor.destination().as_ref() == Some(&destination) {
        ask_less_often(services, tx, who, factor, visitor)?;
        return Ok((Saved::EveryLoginSaved(false), None));
    }
    let new = NewChallenge {
        purpose: Purpose::SetUp,
        owner: who.session.id.as_str(),
        destination,
        asks_every_login: choice.asks_every_login,
        browser: &visitor.browser,
    };
    let resend = if is_owed(services, tx, &account, &who.session)? {
        ask_first(services, tx, &account, new)?
    } else {
        open_and_send(services, tx, &account, new)?.1
    };
    Ok((Saved::CodeOwed(resend), None))
}

/// Unticks *ask on every login*: the one choice about it that waits for a confirmation, and that is told, since it weakens.
fn ask_less_often(
    services: &Services,
    tx: &mut Tx<'_>,
    who: &LoggedIn,
    factor: &SecondFactor,
    visitor: &Visitor,
) -> Result<(), FlowError> {
    let Some(account) = accounts::find(tx, &who.account.id, services.now())? else { return Ok(()) };
    if !account.asks_every_login {
        return Ok(());
    }
    let happened = Happened::by_owner(EventKind::EveryLoginOff, &account.id, visitor);
    record_and_keep(services, tx, happened, (&account, factor), &[&account.email])?;
    accounts::ask_every_login(tx, &account.id, false)?;
    Ok(())
}

fn turn_off(
    services: &Services,
    tx: &mut Tx<'_>,
    who: &LoggedIn,
    before: &SecondFactor,
    visitor: &Visitor,
) -> Result<Token, FlowError> {
    let account = accounts::find(tx, &who.account.id, services.now())?.ok_or(FlowError::SessionOver)?;
    let happened = Happened::by_owner(EventKind::TwoFactorOff, &account.id, visitor);
    record_and_keep(services, tx, happened, (&account, before), &[&account.email])?;
    second_factors::remove(tx, &who.account.id)?;
    accounts::ask_every_login(tx, &who.account.id, false)?;
    end_the_others(services, tx, who, TrustEnd::SecondFactorChanged, who.session.password_at, None)
}

/// Takes the code of a set-up. Right, it turns the method on; wrong ones do not count towards the account's pause.
///
/// # Errors
/// As for any fault; the try stays spent.
pub async fn confirm(
    services: &Services,
    who: LoggedIn,
    typed: TypedCode,
    trust_computer: bool,
    visitor: Visitor,
) -> Result<SetUpEntry, FlowError> {
    let (this, asker) = (services.clone(), who.clone());
    let waiting = services.db.read(move |conn| waiting(&this, conn, &asker.account, &asker.session)).await?;
    let Some(waiting) = waiting else { return Ok(SetUpEntry::Gone) };
    let asks_every_login = waiting.set_up.asks_every_login;
    let this = services.clone();
    let from = visitor.clone();
    let entered = codes::take(services, waiting.asked(), typed, from, move |tx, proof| {
        let account = still_live(tx, &who, this.now())?;
        let right = RightCode {
            who: &LoggedIn { account, ..who },
            proof,
            asks_every_login,
            trust_computer,
            visitor: &visitor,
        };
        turn_on::go_on(&this, tx, &right)
    });
    Ok(entered.await?.unwrap_or_else(refusal))
}

fn refusal(refused: NotEntered) -> SetUpEntry {
    match refused {
        NotEntered::Wrong { left } => SetUpEntry::Wrong { left },
        NotEntered::TooOld => SetUpEntry::TooOld,
        NotEntered::Spent => SetUpEntry::Spent,
        // Only the mailbox's: set-up codes never stop with the account's.
        NotEntered::Stopped(_) => SetUpEntry::Stopped,
        NotEntered::Gone => SetUpEntry::Gone,
    }
}

/// Asks for another message to the destination that waits; `None` if none does.
///
/// # Errors
/// As for any fault.
pub async fn resend(services: &Services, who: LoggedIn) -> Result<Option<Resend>, FlowError> {
    let this = services.clone();
    services
        .db
        .write(move |tx| match waiting(&this, tx, &who.account, &who.session)? {
            Some(waiting) => Ok(Some(codes::send(&this, tx, &who.account, waiting.asked())?)),
            None => Ok(None),
        })
        .await
}

/// Gives a set-up up.
///
/// # Errors
/// As for any fault.
pub async fn cancel(services: &Services, who: &LoggedIn) -> Result<(), FlowError> {
    let (now, session) = (services.now(), who.session.clone());
    services.db.write(move |tx| end_waiting(tx, &session, now)).await
}

fn end_waiting(tx: &mut Tx<'_>, session: &Session, now: DateTime<Utc>) -> Result<(), FlowError> {
    challenges::end(tx, session.id.as_str(), Purpose::Mailbox, now)?;
    Ok(challenges::end(tx, session.id.as_str(), Purpose::SetUp, now)?)
}
