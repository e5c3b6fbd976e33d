//! The code page of a login: what it shows, the code, another message.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::domain::account::Account;
use crate::domain::challenge::{Challenge, CodeProof};
use crate::domain::code::TypedCode;
use crate::domain::email::Masked;
use crate::domain::event::{EventKind, SecurityEvent};
use crate::domain::ids::Id;
use crate::domain::limits::SecondFactorStanding;
use crate::domain::login::AskedBecause;
use crate::domain::second_factor::Method;
use crate::domain::session::{Entry, PendingLogin};
use crate::domain::token::Token;
use crate::domain::trusted_computer::{TrustedComputer, asks_again_at};
use crate::flows::codes::{self, Delivery, NotEntered, Resend};
use crate::flows::events::{Happened, record, tell};
use crate::flows::login::start_session;
use crate::flows::{ComputerCookie, FlowError, Services, Visitor};
use crate::storage::{Tx, accounts, challenges, pending_logins, second_factors, trusted_computers};

/// What the code page shows.
pub struct Prompt {
    /// How the code is sent.
    pub method: Method,
    /// Where to, masked.
    pub destination: Masked,
    /// Why it is asked.
    pub asked_because: AskedBecause,
    /// How the newest message stands.
    pub delivery: Delivery,
    /// When the newest code stops working; `None` before one was sent.
    pub code_ends_at: Option<DateTime<Utc>>,
    /// When another message may be asked for; `None` after the last.
    pub resend_at: Option<DateTime<Utc>>,
    /// Until when this computer would be trusted; `None` if every login asks.
    pub trusted_until: Option<DateTime<Utc>>,
    /// Tries that remain.
    pub tries_left: u32,
    /// Whether codes are paused or suspended.
    pub standing: SecondFactorStanding,
    /// Where the account's times are shown.
    pub time_zone: Tz,
    /// Now.
    pub now: DateTime<Utc>,
}

/// What a typed code came to.
pub enum CodeEntry {
    /// A session, and what becomes of the browser's token.
    Done(Token, ComputerCookie),
    /// Not the code.
    Wrong {
        /// Tries that remain.
        left: u32,
    },
    /// The code, but its ten minutes are over; or none is alive.
    TooOld,
    /// All tries are spent: back to the password.
    Spent,
    /// Codes are paused or suspended.
    Stopped(SecondFactorStanding),
    /// The pending login is over: back to the password.
    Over,
}

/// Draws the page. It sends nothing. `None` if the pending login has no tries left or is over.
///
/// # Errors
/// As for any fault.
pub async fn prompt(services: &Services, pending: &PendingLogin) -> Result<Option<Prompt>, FlowError> {
    let (this, pending) = (services.clone(), pending.clone());
    services
        .db
        .read(move |conn| {
            let now = this.now();
            let Some(account) = accounts::find(conn, &pending.account, now)? else { return Ok(None) };
            let Some(challenge) = challenges::find(conn, &pending.challenge, &this.keys)? else {
                return Ok(None);
            };
            if !challenge.is_open(now) || challenge.tries_left() == 0 {
                return Ok(None);
            }
            let days = account.trusted_days(this.settings.trusted_days);
            Ok(Some(Prompt {
                method: challenge.destination.method(),
                destination: challenge.destination.masked(),
                asked_because: pending.asked_because,
                delivery: codes::delivery(conn, &challenge, now)?,
                code_ends_at: challenge.code_ends_at,
                resend_at: codes::resend_at(&challenge),
                trusted_until: asks_again_at(account.asks_every_login, days, now),
                tries_left: challenge.tries_left(),
                standing: account.second_factor_standing,
                time_zone: account.time_zone,
                now,
            }))
        })
        .await
}

/// Takes a code. Right, it opens the session.
///
/// # Errors
/// As for any fault; the try stays spent.
pub async fn submit(
    services: &Services,
    ticket: Token,
    pending: PendingLogin,
    typed: TypedCode,
    trust_computer: bool,
    visitor: Visitor,
) -> Result<CodeEntry, FlowError> {
    let (keys, id) = (services.keys.clone(), pending.challenge.clone());
    let owed = services.db.read(move |conn| Ok::<_, FlowError>(challenges::find(conn, &id, &keys)?)).await?;
    let Some(challenge) = owed else { return Ok(CodeEntry::Over) };
    let (this, from) = (services.clone(), visitor.clone());
    let entered = codes::take(services, &challenge, typed, from, move |tx, proof| {
        open(&this, tx, &ticket, &pending, proof, trust_computer, &visitor)
    });
    Ok(entered.await?.unwrap_or_else(refusal))
}

fn refusal(refused: NotEntered) -> CodeEntry {
    match refused {
        NotEntered::Wrong { left } => CodeEntry::Wrong { left },
        NotEntered::TooOld => CodeEntry::TooOld,
        NotEntered::Spent => CodeEntry::Spent,
        NotEntered::Stopped(standing) => CodeEntry::Stopped(standing),
        NotEntered::Gone => CodeEntry::Over,
    }
}

/// The code was right: looks at the account once more, starts the session, and trusts the computer if asked to.
fn open(
    services: &Services,
    tx: &mut Tx<'_>,
    ticket: &Token,
    pending: &PendingLogin,
    proof: &CodeProof,
    trust_computer: bool,
    visitor: &Visitor,
) -> Result<CodeEntry, FlowError> {
    let now = services.now();
    if pending_logins::end(tx, &ticket.hash(), now)?.is_none() {
        return Ok(CodeEntry::Over);
    }
    let Some(account) = accounts::find(tx, &pending.account, now)? else { return Ok(CodeEntry::Over) };
    let factor = second_factors::find(tx, &account.id, &services.keys)?;
    let Some(entry) = Entry::by_code(pending, proof, &account, &factor) else { return Ok(CodeEntry::Over) };
    let token = start_session(services, tx, entry, visitor)?;
    let (cookie, event) = trust(services, tx, &account, trust_computer, visitor)?;
    if let Some(event) = event {
        tell(services, tx, &event, &account.id, &[&account.email])?;
    }
    Ok(CodeEntry::Done(token, cookie))
}

/// Makes the browser a trusted computer of the account, if it is wanted and allowed: called only where a code was just
/// entered, at a login or a set-up. Answers the line of the log, for the caller to tell of together with what else was done.
pub(super) fn trust(
    services: &Services,
    tx: &mut Tx<'_>,
    account: &Account,
    wanted: bool,
    visitor: &Visitor,
) -> Result<(ComputerCookie, Option<Id<SecurityEvent>>), FlowError> {
    let (now, days) = (services.now(), account.trusted_days(services.settings.trusted_days));
    let old = visitor.computer.as_ref().map(Token::hash);
    let until = asks_again_at(account.asks_every_login, days, now).filter(|_| wanted);
    let Some(expires_at) = until else {
        return match old {
            Some(old) if !trusted_computers::any_on(tx, &old, now)? => Ok((ComputerCookie::Remove, None)),
            Some(_) | None => Ok((ComputerCookie::Keep, None)),
        };
    };
    let token = services.new_token()?;
    let id: Id<TrustedComputer> = services.new_id()?;
    let computer = TrustedComputer {
        id,
        account: account.id.clone(),
        trust_epoch: account.epochs.trust,
        browser: visitor.browser.clone(),
        made_at: now,
        last_used_at: now,
        expires_at,
        failures: 0,
    };
    trusted_computers::add(tx, &computer, &token.hash(), old.as_ref())?;
    let happened = Happened::by_owner(EventKind::ComputerTrusted, &account.id, visitor);
    let event = record(services, tx, happened)?;
    Ok((ComputerCookie::Set(token, expires_at), Some(event)))
}

/// Asks for another message.
///
/// # Errors
/// As for any fault.
pub async fn resend(services: &Services, pending: PendingLogin) -> Result<Resend, FlowError> {
    let this = services.clone();
    services
        .db
        .write(move |tx| {
            let now = this.now();
            let challenge: Option<Challenge> = challenges::find(tx, &pending.challenge, &this.keys)?;
            let account = accounts::find(tx, &pending.account, now)?;
            match (challenge, account) {
                (Some(challenge), Some(account)) if challenge.is_open(now) && challenge.tries_left() > 0 => {
                    codes::send(&this, tx, &account, &challenge)
                }
                (Some(_) | None, Some(_) | None) => Ok(Resend::NoMore),
            }
        })
        .await
}
