//! The owner changes the password: the present one is asked in the same form, and a code first where one is missing.

use crate::domain::account::TrustEnd;
use crate::domain::event::EventKind;
use crate::domain::link::LinkPurpose;
use crate::domain::password::{PasswordHash, PasswordInput};
use crate::domain::session::Session;
use crate::domain::token::Token;
use crate::flows::confirm_identity::half_way;
use crate::flows::current::{LoggedIn, end_the_others, still_live};
use crate::flows::events::{Happened, record_and_tell};
use crate::flows::invitation::stored_form;
use crate::flows::password_check::{Checked, RightPassword, Until, check_password};
use crate::flows::{FlowError, Services, Visitor};
use crate::storage::{Tx, accounts, links};

/// What the wish for another password came to. Where there is a token, the session goes on under it.
pub enum Changed {
    /// It is the new one now.
    Done(Token),
    /// The present one was right; first the code that is missing. The new one is kept nowhere.
    CodeNeeded(Token),
    /// Not the present one.
    WrongPassword,
    /// Too many wrong ones; not looked at.
    Rests(Until),
}

/// Changes the password to one that was judged already. All other sessions and all trusted computers end.
///
/// # Errors
/// [`FlowError::Busy`] if too many wait; else as for any fault.
pub async fn change(
    services: &Services,
    who: LoggedIn,
    current: PasswordInput,
    new: PasswordInput,
    visitor: Visitor,
) -> Result<Changed, FlowError> {
    let right = match check_password(services, who.account.username.as_str(), current, &visitor).await? {
        Checked::Right(right) => right,
        Checked::Wrong => return Ok(Changed::WrongPassword),
        Checked::Rests(until) => return Ok(Changed::Rests(until)),
    };
    let stored = stored_form(services, new).await?;
    let this = services.clone();
    services.db.write(move |tx| put(&this, tx, who, &right, &stored, &visitor)).await
}

fn put(
    services: &Services,
    tx: &mut Tx<'_>,
    who: LoggedIn,
    right: &RightPassword,
    stored: &PasswordHash,
    visitor: &Visitor,
) -> Result<Changed, FlowError> {
    let now = services.now();
    still_live(tx, &who, now)?;
    if *right.proof.account() != who.account.id {
        return Ok(Changed::WrongPassword);
    }
    right.forgive(tx, now)?;
    let session = Session { password_at: Some(now), ..who.session };
    let who = LoggedIn { session, account: who.account };
    if let Some(token) = half_way(services, tx, &who, visitor)? {
        return Ok(Changed::CodeNeeded(token));
    }
    let account = &who.account;
    accounts::replace_password(tx, &account.id, stored, now)?;
    links::end_all(tx, &account.id, LinkPurpose::PasswordReset, now)?;
    let happened = Happened::by_owner(EventKind::PasswordChanged, &account.id, visitor);
    record_and_tell(services, tx, happened, &account.email)?;
    let (password_at, code_at) = (who.session.password_at, who.session.code_at);
    let token = end_the_others(services, tx, &who, TrustEnd::PasswordChanged, password_at, code_at)?;
    Ok(Changed::Done(token))
}
