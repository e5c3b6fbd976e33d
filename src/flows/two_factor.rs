//! Two Factor Authentication: see it, change it, confirm a new destination, turn it off.
//!
//! Nothing about the account changes until the code is right; a method already in force stays in force meanwhile.

use chrono::{DateTime, Utc};

use crate::domain::account::{Account, TrustEnd};
use crate::domain::challenge::{Challenge, Purpose};
use crate::domain::code::TypedCode;
use crate::domain::confirmation::{CONFIRMATION_LIFE, Missing, missing};
use crate::domain::event::EventKind;
use crate::domain::ids::Id;
use crate::domain::second_factor::{Destination, SecondFactor};
use crate::domain::session::Session;
use crate::domain::token::Token;
use crate::domain::trusted_computer::asks_again_at;
use crate::flows::codes::{self, Delivery, NewChallenge, NotEntered, Resend, open_and_send};
use crate::flows::confirm_identity::ask_for_code;
use crate::flows::current::{LoggedIn, still_live};
use crate::flows::enter_code::trust;
use crate::flows::events::{Happened, record, record_and_keep};
use crate::flows::{ComputerCookie, FlowError, Services, Visitor};
use crate::storage::sessions::Renewal;
use crate::storage::{AnyConnection, Tx, accounts, challenges, pending_changes, second_factors, sessions};

pub use crate::storage::pending_changes::PendingChange as Choice;

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
                    let kind = EventKind::EveryLoginOn;
                    record(&this, tx, Happened::by_owner(kind, &who.account.id, &visitor))?;
                    Ok((Saved::EveryLoginSaved(true), None))
                }
                Change::Sensitive => match missing(&who.session, &factor, now) {
                    None => carry_out(&this, tx, &who, &factor, &choice, &visitor),
                    Some(lacks) => {
                        wait_for_confirmation(&this, tx, &who, &factor, &choice, lacks, &visitor)?;
                        Ok((Saved::ConfirmFirst, None))
                    }
                },
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

fn wait_for_confirmation(
    services: &Services,
    tx: &mut Tx<'_>,
    who: &LoggedIn,
    factor: &SecondFactor,
    choice: &Choice,
    lacks: Missing,
    visitor: &Visitor,
) -> Result<(), FlowError> {
    let (session, account) = (&who.session.id, &who.account.id);
    let expires_at = services.now() + CONFIRMATION_LIFE;
    pending_changes::put(tx, session, account, choice, &services.sealer()?, expires_at)?;
    match lacks {
        Missing::Password => Ok(()),
        Missing::Code => ask_for_code(services, tx, who, factor, visitor),
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
    let (_, resend) = open_and_send(services, tx, &who.account, new)?;
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
    end_the_others(services, tx, who, who.session.password_at, None)
}

/// Ends all of the account's trusted computers and all its sessions but this one, which is issued anew.
fn end_the_others(
    services: &Services,
    tx: &mut Tx<'_>,
    who: &LoggedIn,
    password_at: Option<DateTime<Utc>>,
    code_at: Option<DateTime<Utc>>,
) -> Result<Token, FlowError> {
    accounts::end_trust(tx, &who.account.id, TrustEnd::SecondFactorChanged)?;
    let session_epoch = accounts::end_sessions(tx, &who.account.id)?;
    let token = services.new_token()?;
    let renewal = Renewal { token: &token.hash(), session_epoch, password_at, code_at };
    sessions::renew(tx, &who.session.id, &renewal)?;
    Ok(token)
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
        let id = &who.account.id;
        let Some(before) = accounts::find(tx, id, now)? else { return Ok(SetUpEntry::Gone) };
        let factor_before = second_factors::find(tx, id, &this.keys)?;
        turn_on(&this, tx, id, &factor, asks_every_login)?;
        let token = end_the_others(&this, tx, &who, Some(now), Some(now))?;
        let Some(account) = accounts::find(tx, id, now)? else { return Ok(SetUpEntry::Gone) };
        let (cookie, trusted) = trust(&this, tx, &account, trust_computer, &visitor)?;
        let detail = in_detail(&factor, trusted.is_some());
        tell_of_set_up(&this, tx, (&before, &factor_before), detail, &visitor)?;
        Ok(SetUpEntry::Done(token, cookie))
    });
    Ok(entered.await?.unwrap_or_else(refusal))
}

fn turn_on(
    services: &Services,
    tx: &mut Tx<'_>,
    account: &Id<Account>,
    factor: &SecondFactor,
    asks_every_login: bool,
) -> Result<(), FlowError> {
    if let Some(destination) = factor.destination() {
        second_factors::put(tx, account, &destination, &services.sealer()?, services.now())?;
    }
    accounts::ask_every_login(tx, account, asks_every_login)?;
    Ok(())
}

/// One mail of all that a right code at a set-up did: what stood before it is kept for as long as it can be undone.
fn tell_of_set_up(
    services: &Services,
    tx: &mut Tx<'_>,
    before: (&Account, &SecondFactor),
    detail: String,
    visitor: &Visitor,
) -> Result<(), FlowError> {
    let (account, factor) = before;
    let kind = if factor.is_on() { EventKind::TwoFactorChanged } else { EventKind::TwoFactorOn };
    let happened = Happened::by_owner(kind, &account.id, visitor).in_detail(detail);
    record_and_keep(services, tx, happened, before, &[&account.email])
}

/// The method, its destination, and whether the computer is trusted now, as the log and the notice name them.
fn in_detail(factor: &SecondFactor, is_trusted: bool) -> String {
    let trusted = if is_trusted { ", with that computer trusted" } else { "" };
    match factor.destination() {
        Some(destination) => {
            format!("{}, {}{trusted}", destination.method().label(), destination.masked().shown)
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
