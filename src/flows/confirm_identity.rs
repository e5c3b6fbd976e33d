//! Confirm it's you: the password, then a code where a method is on, then the change that was being saved.

use chrono::{DateTime, Utc};

use crate::domain::challenge::{Challenge, Purpose};
use crate::domain::code::TypedCode;
use crate::domain::confirmation::{
    CONFIRMATION_LIFE, ConfirmedFor, Missing, is_confirmed_by, missing, missing_for,
};
use crate::domain::email::Masked;
use crate::domain::ids::Id;
use crate::domain::limits::SecondFactorStanding;
use crate::domain::password::PasswordInput;
use crate::domain::second_factor::{Method, SecondFactor};
use crate::domain::session::Session;
use crate::domain::token::Token;
use crate::flows::codes::{self, Delivery, NewChallenge, NotEntered, Resend, open_and_send};
use crate::flows::current::{LoggedIn, still_live};
use crate::flows::password_check::{Checked, Until, check_password};
use crate::flows::{FlowError, Services, Visitor, email, two_factor};
use crate::storage::pending_changes::PendingChange;
use crate::storage::sessions::Renewal;
use crate::storage::{AnyConnection, Tx, accounts, challenges, pending_changes, second_factors, sessions};

/// What the page asks next.
pub enum Prompt {
    /// The password.
    Password,
    /// The code.
    Code(CodePrompt),
    /// Nothing is missing.
    Nothing,
}

/// What the page shows while it asks for the code.
pub struct CodePrompt {
    /// How the code is sent.
    pub method: Method,
    /// Where to, masked.
    pub destination: Masked,
    /// How the newest message stands.
    pub delivery: Delivery,
    /// When the newest code stops working; `None` before one was sent.
    pub code_ends_at: Option<DateTime<Utc>>,
    /// When another message may be asked for; `None` after the last.
    pub resend_at: Option<DateTime<Utc>>,
    /// Whether codes are paused or suspended.
    pub standing: SecondFactorStanding,
    /// Now.
    pub now: DateTime<Utc>,
}

/// What one step of a confirmation came to. Where there is a token, the session goes on under it.
pub enum Confirmed {
    /// Identity is confirmed, and what waited was carried out; `None` if nothing waited any more.
    Done(Token, Option<Carried>),
    /// The password was right; the code is owed.
    CodeNeeded(Token),
    /// The code was right; the password is too old by now.
    PasswordNeeded(Token),
    /// Not the password.
    WrongPassword,
    /// Too many wrong passwords; not looked at.
    Rests(Until),
    /// Not the code.
    WrongCode {
        /// Tries that remain.
        left: u32,
    },
    /// Neither a recovery code nor a one-time pass of this account.
    WrongRecovery {
        /// Tries that remain.
        left: u32,
    },
    /// The code, but its ten minutes are over; or none is alive.
    TooOld,
    /// All tries are spent: back to the password.
    Spent,
    /// Codes are paused or suspended.
    Stopped(SecondFactorStanding),
    /// No code is owed.
    Gone,
}

/// What was carried out once identity was confirmed.
pub enum Carried {
    /// A change of two-factor authentication.
    TwoFactor(two_factor::Saved),
    /// Another e-mail address of record.
    Email(email::Saved),
}

impl Carried {
    /// Whether the person was told of it by mail already: one act, one mail.
    pub(super) fn was_told(&self) -> bool {
        match self {
            Self::TwoFactor(saved) => matches!(saved, two_factor::Saved::TurnedOff),
            Self::Email(_) => false,
        }
    }
}

/// What a story that needs a confirmed identity does now.
pub(super) enum Step {
    /// It is clear who asks.
    GoOn,
    /// *Confirm it's you* comes first.
    ConfirmFirst,
}

/// Draws the page. It sends nothing.
///
/// # Errors
/// As for any fault.
pub async fn prompt(services: &Services, who: &LoggedIn, purpose: ConfirmedFor) -> Result<Prompt, FlowError> {
    let (this, who) = (services.clone(), who.clone());
    services
        .db
        .read(move |conn| {
            let now = this.now();
            let factor = second_factors::find(conn, &who.account.id, &this.keys)?;
            match missing_for(purpose, &who.session, factor.is_on(), now) {
                None => return Ok(Prompt::Nothing),
                Some(Missing::Password) => return Ok(Prompt::Password),
                Some(Missing::Code) => {}
            }
            // Without an open challenge the code is sent by the POST of the password, so that drawing sends nothing.
            let Some(challenge) = owed(&this, conn, &who.session)? else { return Ok(Prompt::Password) };
            Ok(Prompt::Code(CodePrompt {
                method: challenge.destination.method(),
                destination: challenge.destination.masked(),
                delivery: codes::delivery(conn, &challenge, now)?,
                code_ends_at: challenge.code_ends_at,
                resend_at: codes::resend_at(&challenge),
                standing: who.account.second_factor_standing,
                now,
            }))
        })
        .await
}

pub(super) fn owed(
    services: &Services,
    conn: &mut AnyConnection,
    session: &Session,
) -> Result<Option<Challenge>, FlowError> {
    let owner = session.id.as_str();
    let found = challenges::find_open(conn, owner, Purpose::ConfirmIdentity, &services.keys, services.now())?;
    Ok(found.filter(|challenge| challenge.tries_left() > 0))
}

/// Whether a sensitive change may go on. If not, this change waits in place of any other, and the code is on its way where
/// only that is missing.
pub(super) fn next_step(
    services: &Services,
    tx: &mut Tx<'_>,
    who: &LoggedIn,
    factor: &SecondFactor,
    waits: Option<&PendingChange>,
    visitor: &Visitor,
) -> Result<Step, FlowError> {
    let (session, now) = (&who.session.id, services.now());
    pending_changes::remove(tx, session)?;
    let Some(lacks) = missing(&who.session, factor, now) else { return Ok(Step::GoOn) };
    if let Some(change) = waits {
        let expires_at = now + CONFIRMATION_LIFE;
        pending_changes::put(tx, session, &who.account.id, change, &services.sealer()?, expires_at)?;
    }
    match lacks {
        Missing::Password => {}
        Missing::Code => ask_for_code(services, tx, who, factor, visitor)?,
    }
    Ok(Step::ConfirmFirst)
}

/// The password was just given elsewhere: if the code is missing, issues the session anew, sends the code and answers the
/// session's token.
pub(super) fn half_way(
    services: &Services,
    tx: &mut Tx<'_>,
    who: &LoggedIn,
    visitor: &Visitor,
) -> Result<Option<Token>, FlowError> {
    let factor = second_factors::find(tx, &who.account.id, &services.keys)?;
    match next_step(services, tx, who, &factor, None, visitor)? {
        Step::GoOn => Ok(None),
        Step::ConfirmFirst => renew(services, tx, who),
    }
}

/// Sends the code of a confirmation to the destination in force. While one is owed there already, it is that one, with its
/// tries and its waits: saving a change again must bring neither anew.
fn ask_for_code(
    services: &Services,
    tx: &mut Tx<'_>,
    who: &LoggedIn,
    factor: &SecondFactor,
    visitor: &Visitor,
) -> Result<(), FlowError> {
    let Some(destination) = factor.destination() else { return Ok(()) };
    if let Some(challenge) = owed(services, tx, &who.session)?
        && challenge.destination == destination
    {
        codes::send(services, tx, &who.account, &challenge)?;
        return Ok(());
    }
    let owner = who.session.id.as_str();
    challenges::end(tx, owner, Purpose::ConfirmIdentity, services.now())?;
    let new = NewChallenge {
        purpose: Purpose::ConfirmIdentity,
        owner,
        destination,
        asks_every_login: false,
        browser: &visitor.browser,
    };
    open_and_send(services, tx, &who.account, new)?;
    Ok(())
}

/// Takes the password.
///
/// # Errors
/// [`FlowError::Busy`] if too many wait; else as for any fault.
pub async fn password(
    services: &Services,
    who: LoggedIn,
    password: PasswordInput,
    purpose: ConfirmedFor,
    visitor: Visitor,
) -> Result<Confirmed, FlowError> {
    let name = who.account.username.as_str();
    let right = match check_password(services, name, password, &visitor).await? {
        Checked::Right(right) => right,
        Checked::Wrong => return Ok(Confirmed::WrongPassword),
        Checked::Rests(until) => return Ok(Confirmed::Rests(until)),
    };
    let this = services.clone();
    services
        .db
        .write(move |tx| {
            let now = this.now();
            still_live(tx, &who, now)?;
            if *right.proof.account() != who.account.id {
                return Ok(Confirmed::WrongPassword);
            }
            right.forgive(tx, now)?;
            let session = Session { password_at: Some(now), ..who.session.clone() };
            let who = LoggedIn { session, account: who.account };
            go_on(&this, tx, &who, purpose, &visitor)
        })
        .await
}

/// Takes the code.
///
/// # Errors
/// As for any fault; the try stays spent.
pub async fn code(
    services: &Services,
    who: LoggedIn,
    typed: TypedCode,
    purpose: ConfirmedFor,
    visitor: Visitor,
) -> Result<Confirmed, FlowError> {
    let (this, session) = (services.clone(), who.session.clone());
    let owed = services.db.read(move |conn| owed(&this, conn, &session)).await?;
    let Some(challenge) = owed else { return Ok(Confirmed::Gone) };
    let (this, asker, from) = (services.clone(), who.clone(), visitor.clone());
    let entered = codes::take(services, &challenge, typed, from, move |tx, proof| {
        let now = this.now();
        still_live(tx, &who, now)?;
        let factor = second_factors::find(tx, &who.account.id, &this.keys)?;
        if !is_confirmed_by(proof, &who.account.id, &factor) {
            return Ok(Confirmed::Gone);
        }
        let session = Session { code_at: Some(now), ..who.session.clone() };
        go_on(&this, tx, &LoggedIn { session, account: who.account }, purpose, &visitor)
    });
    back_to_the_password(services, &asker, &challenge.id, entered.await?.unwrap_or_else(refusal)).await
}

/// With all tries spent, the password has to be given anew: unless one of them, at the same moment, was right.
pub(super) async fn back_to_the_password(
    services: &Services,
    who: &LoggedIn,
    owed: &Id<Challenge>,
    outcome: Confirmed,
) -> Result<Confirmed, FlowError> {
    if matches!(outcome, Confirmed::Spent) {
        let (this, who, owed) = (services.clone(), who.clone(), owed.clone());
        let forget = move |tx: &mut Tx<'_>| {
            accounts::lock(tx, &who.account.id)?;
            let owed = challenges::find(tx, &owed, &this.keys)?;
            if owed.is_none_or(|owed| owed.used_at.is_none()) {
                sessions::forget_password_half(tx, &who.session.id)?;
            }
            Ok::<_, FlowError>(())
        };
        services.db.write(forget).await?;
    }
    Ok(outcome)
}

pub(super) fn refusal(refused: NotEntered) -> Confirmed {
    match refused {
        NotEntered::Wrong { left } => Confirmed::WrongCode { left },
        NotEntered::TooOld => Confirmed::TooOld,
        NotEntered::Spent => Confirmed::Spent,
        NotEntered::Stopped(standing) => Confirmed::Stopped(standing),
        NotEntered::Gone => Confirmed::Gone,
    }
}

/// One half was just proven: issues the session anew, then asks for the other half or carries out what waits.
pub(super) fn go_on(
    services: &Services,
    tx: &mut Tx<'_>,
    who: &LoggedIn,
    purpose: ConfirmedFor,
    visitor: &Visitor,
) -> Result<Confirmed, FlowError> {
    let now = services.now();
    let Some(token) = renew(services, tx, who)? else { return Ok(Confirmed::Gone) };
    let factor = second_factors::find(tx, &who.account.id, &services.keys)?;
    let waiting = match purpose {
        ConfirmedFor::Change => pending_changes::find(tx, &who.session.id, &services.keys, now)?,
        // Whoever goes to administration has left it behind, and what is enough there is not enough for it.
        ConfirmedFor::Administration => {
            pending_changes::remove(tx, &who.session.id)?;
            None
        }
    };
    match missing_for(purpose, &who.session, factor.is_on(), now) {
        Some(Missing::Password) => Ok(Confirmed::PasswordNeeded(token)),
        Some(Missing::Code) => {
            ask_for_code(services, tx, who, &factor, visitor)?;
            Ok(Confirmed::CodeNeeded(token))
        }
        None => {
            let is_there = pending_changes::remove(tx, &who.session.id)?;
            match waiting.filter(|_| is_there) {
                None => Ok(Confirmed::Done(token, None)),
                Some(PendingChange::TwoFactor(choice)) => {
                    let (saved, renewed) =
                        two_factor::carry_out(services, tx, who, &factor, &choice, visitor)?;
                    Ok(Confirmed::Done(renewed.unwrap_or(token), Some(Carried::TwoFactor(saved))))
                }
                Some(PendingChange::EmailOfRecord(address)) => {
                    let saved = email::carry_out(services, tx, who, &address, visitor)?;
                    Ok(Confirmed::Done(token, Some(Carried::Email(saved))))
                }
            }
        }
    }
}

/// Issues the session anew, with what it has proven; `None` if it is gone.
fn renew(services: &Services, tx: &mut Tx<'_>, who: &LoggedIn) -> Result<Option<Token>, FlowError> {
    let token = services.new_token()?;
    let renewal = Renewal {
        token: &token.hash(),
        session_epoch: who.account.epochs.session,
        password_at: who.session.password_at,
        code_at: who.session.code_at,
    };
    Ok(sessions::renew(tx, &who.session.id, &renewal)?.then_some(token))
}

/// Asks for another message; `None` if no code is owed.
///
/// # Errors
/// As for any fault.
pub async fn resend(services: &Services, who: LoggedIn) -> Result<Option<Resend>, FlowError> {
    let this = services.clone();
    services
        .db
        .write(move |tx| match owed(&this, tx, &who.session)? {
            Some(challenge) => Ok(Some(codes::send(&this, tx, &who.account, &challenge)?)),
            None => Ok(None),
        })
        .await
}
