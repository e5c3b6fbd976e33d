//! Log in: from a name and a password to a session, a code page, or a refusal.

use crate::domain::challenge::Purpose;
use crate::domain::event::{Actor, EventKind};
use crate::domain::login::{AskedBecause, NextStep, next_step};
use crate::domain::password::PasswordInput;
use crate::domain::second_factor::Destination;
use crate::domain::session::{CODE_AWAITED_FOR, Entry, PENDING_LOGIN_LIFE, PendingLogin};
use crate::domain::token::Token;
use crate::flows::codes::{NewChallenge, open_and_send};
use crate::flows::events::{Happened, record};
use crate::flows::locks::lock_with_ticket;
use crate::flows::logout::give_up;
use crate::flows::password_check::{Checked, RightPassword, check_password};
use crate::flows::{FlowError, Services, Visitor};
use crate::storage::pending_logins::Watch;
use crate::storage::sessions::NewSession;
use crate::storage::{Tx, accounts, pending_logins, second_factors, sessions, trusted_computers};

pub use crate::flows::password_check::Until;

/// What somebody typed at the login page.
pub struct Attempt {
    /// The name, as typed.
    pub username: String,
    /// The password.
    pub password: PasswordInput,
    /// From where.
    pub visitor: Visitor,
    /// The ticket the browser held: whatever it opened ends with a new login.
    pub old_ticket: Option<Token>,
}

/// What a login attempt came to.
pub enum Login {
    /// A session.
    Done(Token),
    /// A pending login: the code is owed.
    CodeNeeded(Token),
    /// Unknown, wrong or disabled: one answer for the three.
    Refused,
    /// Too many wrong ones; not looked at.
    Rests(Until),
}

/// Tries a name and a password.
///
/// # Errors
/// [`FlowError::Busy`] if too many wait; else as for any fault.
pub async fn attempt(services: &Services, attempt: Attempt) -> Result<Login, FlowError> {
    let checked = check_password(services, &attempt.username, attempt.password, &attempt.visitor).await?;
    let right = match checked {
        Checked::Right(right) => right,
        Checked::Wrong => return Ok(Login::Refused),
        Checked::Rests(until) => return Ok(Login::Rests(until)),
    };
    let this = services.clone();
    services
        .db
        .write(move |tx| proceed(&this, tx, &right, &attempt.visitor, attempt.old_ticket.as_ref()))
        .await
}

/// Looks again, decides, and carries the decision out.
fn proceed(
    services: &Services,
    tx: &mut Tx<'_>,
    right: &RightPassword,
    visitor: &Visitor,
    old_ticket: Option<&Token>,
) -> Result<Login, FlowError> {
    let now = services.now();
    lock_with_ticket(tx, right.proof.account(), old_ticket)?;
    let Some(account) = accounts::find(tx, right.proof.account(), now)? else { return Ok(Login::Refused) };
    let factor = second_factors::find(tx, &account.id, &services.keys)?;
    let computer = match &visitor.computer {
        Some(token) => trusted_computers::find(tx, &token.hash(), &account.id)?,
        None => None,
    };
    let days = services.settings.trusted_days;
    let step = next_step(&right.proof, &account, &factor, computer.as_ref(), days, now);
    if matches!(step, NextStep::Refuse) {
        return Ok(Login::Refused);
    }
    // A login begun before in this browser goes on with this one, and so does the watch over it.
    let watched_until = match old_ticket {
        Some(old) => pending_logins::hand_on(tx, &old.hash(), &account.id)?,
        None => None,
    };
    let login = match step {
        NextStep::Refuse => return Ok(Login::Refused),
        NextStep::Enter(entry) => Login::Done(start_session(services, tx, entry, visitor)?),
        NextStep::AskForCode(destination, because) => {
            let until = watched_until.unwrap_or(now + CODE_AWAITED_FOR);
            let watch = Watch { until, network: &visitor.network };
            Login::CodeNeeded(ask_for_code(services, tx, &account, destination, because, (visitor, &watch))?)
        }
    };
    right.forgive(tx, now)?;
    if let Some(old) = old_ticket {
        give_up(tx, old, now)?;
    }
    Ok(login)
}

/// Starts a session, and notes the login.
pub(super) fn start_session(
    services: &Services,
    tx: &mut Tx<'_>,
    entry: Entry,
    visitor: &Visitor,
) -> Result<Token, FlowError> {
    let (now, token) = (services.now(), services.new_token()?);
    let (id, rules) = (services.new_id()?, &services.settings.sessions);
    accounts::logged_in(tx, entry.account(), &visitor.browser, now)?;
    let happened = Happened::by_owner(EventKind::LoggedIn, entry.account(), visitor);
    record(services, tx, happened.in_detail(entry.entered_by().label()))?;
    let account = entry.account().clone();
    let new =
        NewSession { id: &id, token: &token.hash(), browser: &visitor.browser, network: &visitor.network };
    sessions::start(tx, entry, &new, rules, now)?;
    for browser in sessions::end_surplus(tx, (&account, &id), rules, now)? {
        let happened = Happened::by(Actor::Postern, EventKind::SessionEnded, &account);
        record(services, tx, happened.in_detail(format!("{}, the oldest of too many", browser.as_str())))?;
    }
    Ok(token)
}

fn ask_for_code(
    services: &Services,
    tx: &mut Tx<'_>,
    account: &crate::domain::account::Account,
    destination: Destination,
    because: AskedBecause,
    (visitor, watch): (&Visitor, &Watch<'_>),
) -> Result<Token, FlowError> {
    let (now, token, id) = (services.now(), services.new_token()?, services.new_id()?);
    let new = NewChallenge {
        purpose: Purpose::Login,
        owner: id.as_str(),
        destination,
        asks_every_login: account.asks_every_login,
        browser: &visitor.browser,
    };
    let (challenge, _) = open_and_send(services, tx, account, new)?;
    let pending = PendingLogin {
        id,
        account: account.id.clone(),
        session_epoch: account.epochs.session,
        challenge: challenge.id,
        asked_because: because,
        opened_at: now,
        expires_at: now + PENDING_LOGIN_LIFE,
    };
    pending_logins::open(tx, &pending, &token.hash(), watch)?;
    Ok(token)
}
