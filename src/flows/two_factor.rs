//! Two Factor Authentication: see it, change it, confirm a new destination, turn it off.
//!
//! Nothing about the account changes until the code is right; a method already in force stays in force meanwhile.

use chrono::{DateTime, Utc};

use crate::domain::account::{Account, TrustEnd};
use crate::domain::challenge::{Challenge, Purpose};
use crate::domain::code::TypedCode;
use crate::domain::event::EventKind;
use crate::domain::second_factor::{Destination, SecondFactor};
use crate::domain::session::Session;
use crate::domain::token::Token;
use crate::domain::trusted_computer::asks_again_at;
use crate::flows::codes::{self, Delivery, NewChallenge, NotEntered, Resend, open_and_send};
use crate::flows::confirm_identity::{Step, next_step};
use crate::flows::current::{LoggedIn, end_the_others, still_live};
use crate::flows::enter_code::trust;
use crate::flows::events::{Happened, record_and_keep};
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
    /// Until when this computer would be trusted, if a code were entered now.
    pub trusted_until: Option<DateTime<Utc>>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// A destination that waits for its code.
pub struct SetUp {
    /// Where the code went, in full: to catch typing errors.
    pub destination: Destination,
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
    /// A code is on its way to the new destination, or will be when the limits allow.
    CodeOwed(Resend),
    /// First confirm who you are; the choice waits.
    ConfirmFirst,
}

/// What the code of a set-up came to.
pub enum SetUpEntry {
    /// It is on; the session goes on under this token.
    Done(Token, ComputerCookie),
    /// Not the code.
    Wrong {
        /// Tries that remain.
        left: u32,
    },
    /// The code, but its ten minutes are over; or none is alive.
    TooOld,
    /// All tries are spent: the set-up is over.
    Spent,
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
            let waiting = waiting(&this, conn, &who.session)?;
            let asks =
                waiting.as_ref().map_or(who.account.asks_every_login, |set_up| set_up.asks_every_login);
            let set_up = match waiting {
                Some(challenge) => Some(SetUp {
                    delivery: codes::delivery(conn, &challenge)?,
                    code_ends_at: challenge.code_ends_at,
                    resend_at: codes::resend_at(&challenge),
                    asks_every_login: challenge.asks_every_login,
                    destination: challenge.destination,
                }),
                None => None,
            };
            let factor = second_factors::find(conn, &who.account.id, &this.keys)?;
            Ok(Overview {
                factor,
                set_up,
                trusted_until: asks_again_at(asks, this.settings.trusted_days, now),
                now,
            })
        })
        .await
}

fn waiting(
    services: &Services,
    conn: &mut AnyConnection,
    session: &Session,
) -> Result<Option<Challenge>, FlowError> {
    let owner = session.id.as_str();
    let found = challenges::find_open(conn, owner, Purpose::SetUp, &services.keys, services.now())?;
    Ok(found.filter(|challenge| challenge.tries_left() > 0))
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
            still_live(tx, &who, now)?;
            let factor = second_factors::find(tx, &who.account.id, &this.keys)?;
            // Whatever waited, for its code or for a confirmation, gives way to this choice.
            challenges::end(tx, who.session.id.as_str(), Purpose::SetUp, now)?;
            pending_changes::remove(tx, &who.session.id)?;
            match change(&factor, who.account.asks_every_login, &choice) {
                Change::Nothing => Ok((Saved::NothingChanged, None)),
                Change::AskEveryLogin => {
                    accounts::ask_every_login(tx, &who.account.id, true)?;
                    accounts::end_trust(tx, &who.account.id, TrustEnd::AsksEveryLogin)?;
                    Ok((Saved::EveryLoginSaved(true), None))
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

/// Carries a sensitive choice out: at once, or once identity has been confirmed.
pub(super) fn carry_out(
    services: &Services,
    tx: &mut Tx<'_>,
    who: &LoggedIn,
    factor: &SecondFactor,
    choice: &Choice,
    visitor: &Visitor,
) -> Result<(Saved, Option<Token>), FlowError> {
    let Some(destination) = choice.destination.clone() else {
        return Ok((Saved::TurnedOff, Some(turn_off(services, tx, who, factor, visitor)?)));
    };
    if factor.destination().as_ref() == Some(&destination) {
        accounts::ask_every_login(tx, &who.account.id, choice.asks_every_login)?;
        return Ok((Saved::EveryLoginSaved(choice.asks_every_login), None));
    }
    let new = NewChallenge {
        purpose: Purpose::SetUp,
        owner: who.session.id.as_str(),
        destination,
        asks_every_login: choice.asks_every_login,
        browser: &visitor.browser,
    };
    let (_, resend) = open_and_send(services, tx, &who.account, new)?;
    Ok((Saved::CodeOwed(resend), None))
}

fn turn_off(
    services: &Services,
    tx: &mut Tx<'_>,
    who: &LoggedIn,
    before: &SecondFactor,
    visitor: &Visitor,
) -> Result<Token, FlowError> {
    let account = &who.account;
    let happened = Happened::by_owner(EventKind::TwoFactorOff, &account.id, visitor);
    record_and_keep(services, tx, happened, (account, before), &[&account.email])?;
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
    let (this, session) = (services.clone(), who.session.clone());
    let waiting = services.db.read(move |conn| waiting(&this, conn, &session)).await?;
    let Some(challenge) = waiting else { return Ok(SetUpEntry::Gone) };
    let (this, asks_every_login) = (services.clone(), challenge.asks_every_login);
    let entered = codes::take(services, &challenge, typed, move |tx, proof| {
        let now = this.now();
        still_live(tx, &who, now)?;
        let Some(factor) = SecondFactor::set_up(proof, now) else { return Ok(SetUpEntry::Gone) };
        turn_on(&this, tx, &who, &factor, asks_every_login, &visitor)?;
        let because = TrustEnd::SecondFactorChanged;
        let token = end_the_others(&this, tx, &who, because, Some(now), Some(now))?;
        let Some(account) = accounts::find(tx, &who.account.id, now)? else { return Ok(SetUpEntry::Gone) };
        let cookie = trust(&this, tx, &account, trust_computer, &visitor)?;
        Ok(SetUpEntry::Done(token, cookie))
    });
    Ok(entered.await?.unwrap_or_else(refusal))
}

fn turn_on(
    services: &Services,
    tx: &mut Tx<'_>,
    who: &LoggedIn,
    factor: &SecondFactor,
    asks_every_login: bool,
    visitor: &Visitor,
) -> Result<(), FlowError> {
    let account: &Account = &who.account;
    let before = second_factors::find(tx, &account.id, &services.keys)?;
    let kind = if before.is_on() { EventKind::TwoFactorChanged } else { EventKind::TwoFactorOn };
    let happened = Happened::by_owner(kind, &account.id, visitor).in_detail(in_detail(factor));
    record_and_keep(services, tx, happened, (account, &before), &[&account.email])?;
    if let Some(destination) = factor.destination() {
        second_factors::put(tx, &account.id, &destination, &services.sealer()?, services.now())?;
    }
    accounts::ask_every_login(tx, &account.id, asks_every_login)?;
    Ok(())
}

/// The method and its destination as the log and the notice name them.
fn in_detail(factor: &SecondFactor) -> String {
    match factor.destination() {
        Some(destination) => {
            format!("{}, {}", destination.method().label(), destination.masked().shown)
        }
        None => "Disabled".to_owned(),
    }
}

fn refusal(refused: NotEntered) -> SetUpEntry {
    match refused {
        NotEntered::Wrong { left } => SetUpEntry::Wrong { left },
        NotEntered::TooOld => SetUpEntry::TooOld,
        NotEntered::Spent => SetUpEntry::Spent,
        // Set-up codes never stop with the account's.
        NotEntered::Gone | NotEntered::Stopped(_) => SetUpEntry::Gone,
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
        .write(move |tx| match waiting(&this, tx, &who.session)? {
            Some(challenge) => Ok(Some(codes::send(&this, tx, &who.account, &challenge)?)),
            None => Ok(None),
        })
        .await
}

/// Gives a set-up up.
///
/// # Errors
/// As for any fault.
pub async fn cancel(services: &Services, who: &LoggedIn) -> Result<(), FlowError> {
    let (now, session) = (services.now(), who.session.id.clone());
    services.db.write(move |tx| Ok(challenges::end(tx, session.as_str(), Purpose::SetUp, now)?)).await
}
