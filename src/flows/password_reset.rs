//! A forgotten password: a link is mailed to the e-mail address of record, and whoever follows it chooses another.
//!
//! Asking changes nothing and has one answer, known or not: what depends on the account happens after it. A reset logs nobody
//! in and spares nobody the second factor. Where the codes go to the very mailbox that the link went to, the mailbox would be
//! both factors; so there it also wants a recovery code, a one-time pass or a trusted computer.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::domain::account::{Account, TrustEnd};
use crate::domain::email::EmailAddress;
use crate::domain::event::{Actor, EventKind};
use crate::domain::ids::Id;
use crate::domain::limits::{RESETS, RESETS_WINDOW};
use crate::domain::link::{Link, LinkPurpose};
use crate::domain::password::{PasswordHash, PasswordInput};
use crate::domain::recovery::{RecoveryCode, RecoveryKind, RecoveryProof};
use crate::domain::token::Token;
use crate::domain::trusted_computer::Trust;
use crate::domain::username::{Username, UsernameKey};
use crate::flows::events::{Happened, record, tell};
use crate::flows::invitation::stored_form;
use crate::flows::links::{self, NewLink};
use crate::flows::locks::lock_with_ticket;
use crate::flows::logout::give_up;
use crate::flows::password_check::subject;
use crate::flows::recovery::{use_up, used};
use crate::flows::{FlowError, Services, Visitor};
use crate::storage::throttles::NameCount;
use crate::storage::{
    self, AnyConnection, Tx, accounts, failed_logins, second_factors, throttles, trusted_computers,
};

/// How a reset link stands.
pub enum Standing {
    /// It waits for this account's new password.
    Open {
        /// Whose.
        account: Box<Account>,
        /// Whether it also wants a recovery code, a one-time pass or a trusted computer.
        wants_more: bool,
    },
    /// A password was chosen by it.
    Used,
    /// It is over, for something else, or never was.
    Closed,
}

/// What choosing a password came to.
pub enum Reset {
    /// It is the new one now.
    Done,
    /// A recovery code or pass is wanted as well.
    WantsMore,
    /// Neither a recovery code nor a pass of this account.
    WrongRecovery,
    /// Too many wrong ones; not looked at before this moment.
    Rests(DateTime<Utc>),
    /// The link is over by now.
    Over,
}

/// A failure noted for an address; only its identifier is ever needed.
enum Note {}

/// Asks for a link. Until when nothing is taken from this address, if so; else one answer, whoever was named.
///
/// # Errors
/// As for any fault.
pub async fn ask(
    services: &Services,
    typed_name: &str,
    visitor: Visitor,
) -> Result<Option<DateTime<Utc>>, FlowError> {
    let (now, id) = (services.now(), services.new_id::<Note>()?);
    let (address, name) = (asking_address(services, &visitor), subject(services, typed_name));
    let is_exempt = visitor.is_exempt;
    // A crowd that can only be told to wait costs a read each, and keeps no writer waiting. The write looks again.
    if !is_exempt && let Some(until) = rests_until(services, &address).await? {
        return Ok(Some(until));
    }
    let rests = services
        .db
        .write(move |tx| {
            throttles::lock(tx, &address, now)?;
            let rests_until = failed_logins::rests_until(tx, &address, now)?.filter(|_| !is_exempt);
            if rests_until.is_none() {
                failed_logins::note(tx, id.as_str(), &address, &name, now)?;
            }
            Ok::<_, FlowError>(rests_until)
        })
        .await?;
    if rests.is_none()
        && let Ok(name) = Username::parse(typed_name)
    {
        mail_after_answering(services, name.key(), visitor);
    }
    Ok(rests)
}

async fn rests_until(services: &Services, address: &[u8]) -> Result<Option<DateTime<Utc>>, FlowError> {
    let (address, now) = (address.to_vec(), services.now());
    services.db.glance(move |conn| Ok(failed_logins::rests_until(conn, &address, now)?)).await
}

/// Under what those who ask from one address are counted: apart from its wrong passwords.
fn asking_address(services: &Services, visitor: &Visitor) -> Vec<u8> {
    services.keys.throttle().mac(&[b"asks for resets", visitor.network.as_bytes()]).to_vec()
}

/// Off the request's path, so that the answer takes as long for a name that nobody has. What is lost with the process, the
/// person asks for again.
fn mail_after_answering(services: &Services, key: UsernameKey, visitor: Visitor) {
    let this = services.clone();
    tokio::spawn(async move {
        if let Err(fault) = mail_later(&this, key, visitor).await {
            tracing::warn!(%fault, "a password reset was not mailed");
        }
    });
}

/// Mails a link, and not right after the answer: SQLite has one writer, and whoever asks and sends the next request at once
/// would wait for what is written for a name that somebody has, but for none that nobody has. That is the link, and then its
/// message, claimed and settled; decoys of all three would have to keep step with a mail server. So it begins at a moment that
/// only the dice know. Of these few an hour that one account gets, nobody can tell one from what else is written meanwhile.
async fn mail_later(services: &Services, key: UsernameKey, visitor: Visitor) -> Result<(), FlowError> {
    let dice = services.random.bytes()?;
    tokio::time::sleep(put_off(services.resets_put_off, dice)).await;
    let this = services.clone();
    services.db.write(move |tx| mail_if_there(&this, tx, &key, &visitor)).await
}

/// A part of `most`, each as likely as the other.
fn put_off(most: Duration, dice: [u8; 4]) -> Duration {
    most.mul_f64(f64::from(u32::from_le_bytes(dice)) / f64::from(u32::MAX))
}

/// Mails a link, if the name has an account with a password that may log in, and it was not mailed too many.
fn mail_if_there(
    services: &Services,
    tx: &mut Tx<'_>,
    key: &UsernameKey,
    visitor: &Visitor,
) -> Result<(), FlowError> {
    let now = services.now();
    let Some((account, Some(_))) = accounts::for_login(tx, key, now)? else { return Ok(()) };
    accounts::lock(tx, &account.id)?;
    let Some(account) = accounts::find(tx, &account.id, now)?.filter(Account::is_active) else {
        return Ok(());
    };
    // Earlier ones go on working, and when the last has ended there is always another: strangers who ask in somebody's name
    // must not leave them without one.
    let (id, address, purpose) = (&account.id, &account.email, LinkPurpose::PasswordReset);
    let many = storage::links::made_since(tx, id, purpose, now - RESETS_WINDOW)? >= RESETS;
    if many && storage::links::any_open(tx, id, purpose, address, now)? {
        return Ok(());
    }
    links::make(services, tx, &NewLink { purpose, account: id, address: Some(address), event: None })?;
    let happened = Happened::by_owner(EventKind::PasswordResetMailed, &account.id, visitor);
    record(services, tx, happened)?;
    Ok(())
}

/// Looks a link up by its token. Looking uses nothing up.
///
/// # Errors
/// As for any fault.
pub async fn find(services: &Services, token: &str, visitor: &Visitor) -> Result<Standing, FlowError> {
    let (this, token, visitor) = (services.clone(), token.to_owned(), visitor.clone());
    services
        .db
        .read(move |conn| match links::find(&this, conn, &token, LinkPurpose::PasswordReset)? {
            links::Standing::Used(_) => Ok(Standing::Used),
            links::Standing::Closed => Ok(Standing::Closed),
            links::Standing::Open(link) => {
                let account = accounts::find(conn, &link.account, this.now())?;
                let Some(account) = account.filter(Account::is_active) else { return Ok(Standing::Closed) };
                let wants_more = wants_more(&this, conn, &account, &link, &visitor)?;
                Ok(Standing::Open { account: Box::new(account), wants_more })
            }
        })
        .await
}

/// The mailbox that the link went to.
fn mailbox<'a>(account: &'a Account, link: &'a Link) -> &'a EmailAddress {
    link.address.as_ref().unwrap_or(&account.email)
}

/// Whether the mailbox alone would be both factors, and this browser is not trusted.
fn wants_more(
    services: &Services,
    conn: &mut AnyConnection,
    account: &Account,
    link: &Link,
    visitor: &Visitor,
) -> Result<bool, FlowError> {
    let factor = second_factors::find(conn, &account.id, &services.keys)?;
    if !factor.shares_mailbox(mailbox(account, link)) {
        return Ok(false);
    }
    let Some(token) = &visitor.computer else { return Ok(true) };
    let computer = trusted_computers::find(conn, &token.hash(), &account.id)?;
    let (days, now) = (services.settings.trusted_days, services.now());
    Ok(computer.is_none_or(|computer| computer.trust(account, days, now) != Trust::Holds))
}

/// Chooses the password, judged already. It logs nobody in, and ends whatever was open.
///
/// # Errors
/// As for any fault.
pub async fn reset(
    services: &Services,
    token: &str,
    password: PasswordInput,
    typed: Option<RecoveryCode>,
    old_ticket: Option<Token>,
    visitor: Visitor,
) -> Result<Reset, FlowError> {
    let Standing::Open { wants_more, .. } = find(services, token, &visitor).await? else {
        return Ok(Reset::Over);
    };
    let Some(id) = Link::named_by(token) else { return Ok(Reset::Over) };
    if wants_more {
        if typed.is_none() {
            return Ok(Reset::WantsMore);
        }
        if let Some(until) = count_guess(services, &id).await? {
            return Ok(Reset::Rests(until));
        }
    }
    let stored = stored_form(services, password).await?;
    let this = services.clone();
    services
        .db
        .write(move |tx| put(&this, tx, &id, &stored, typed.as_ref(), old_ticket.as_ref(), &visitor))
        .await
}

/// Under what wrong recovery codes at a link are counted.
fn guesses(services: &Services, link: &Id<Link>) -> Vec<u8> {
    services.keys.throttle().mac(&[b"reset", link.as_str().as_bytes()]).to_vec()
}

/// Counts a recovery code about to be looked up, alone and first; answers until when none is, if so.
async fn count_guess(services: &Services, link: &Id<Link>) -> Result<Option<DateTime<Utc>>, FlowError> {
    let (now, subject) = (services.now(), guesses(services, link));
    let standing =
        services.db.write(move |tx| Ok::<_, FlowError>(throttles::count_failure(tx, &subject, now)?)).await?;
    Ok(match standing {
        NameCount::Counted(_) => None,
        NameCount::Rests(until) => Some(until),
        // The link is over long before a hundred.
        NameCount::Closed => Some(now + LinkPurpose::PasswordReset.life()),
    })
}

/// Looks again, under the account's lock, and carries it out: exactly one caller gets there with one link.
fn put(
    services: &Services,
    tx: &mut Tx<'_>,
    id: &Id<Link>,
    stored: &PasswordHash,
    typed: Option<&RecoveryCode>,
    old_ticket: Option<&Token>,
    visitor: &Visitor,
) -> Result<Reset, FlowError> {
    let now = services.now();
    let Some(link) = storage::links::find(tx, id)? else { return Ok(Reset::Over) };
    lock_with_ticket(tx, &link.account, old_ticket)?;
    let account = accounts::find(tx, &link.account, now)?.filter(Account::is_active);
    let is_open = storage::links::find(tx, id)?.is_some_and(|link| link.is_open(now));
    let Some(account) = account.filter(|_| is_open) else { return Ok(Reset::Over) };
    let mut stood_in = None;
    if wants_more(services, tx, &account, &link, visitor)? {
        let Some(typed) = typed else { return Ok(Reset::WantsMore) };
        stood_in = use_up(services, tx, &account.id, typed)?;
        if stood_in.is_none() {
            return Ok(Reset::WrongRecovery);
        }
    }
    if !storage::links::use_up(tx, id, now)? {
        return Ok(Reset::Over);
    }
    replace(services, tx, &account, &link, stored)?;
    if let Some(old) = old_ticket {
        give_up(tx, old, now)?;
    }
    note(services, tx, &account, &link, stood_in.as_ref(), visitor)?;
    Ok(Reset::Done)
}

/// Replaces the password, and ends what hung on the old one: sessions, trusted computers, other links, and the wrong
/// passwords that were counted for the name.
fn replace(
    services: &Services,
    tx: &mut Tx<'_>,
    account: &Account,
    link: &Link,
    stored: &PasswordHash,
) -> Result<(), FlowError> {
    let now = services.now();
    accounts::replace_password(tx, &account.id, stored, now)?;
    if link.address.as_ref().is_some_and(|address| address.key() == account.email.key()) {
        accounts::confirm_email(tx, &account.id, now)?;
    }
    accounts::end_trust(tx, &account.id, TrustEnd::PasswordChanged)?;
    accounts::end_sessions(tx, &account.id)?;
    storage::links::end_all(tx, &account.id, LinkPurpose::PasswordReset, now)?;
    throttles::clear(tx, &subject(services, account.username.as_str()))?;
    throttles::clear(tx, &guesses(services, &link.id))?;
    Ok(())
}

/// Writes the log, and tells of it: one act, one mail.
fn note(
    services: &Services,
    tx: &mut Tx<'_>,
    account: &Account,
    link: &Link,
    stood_in: Option<&RecoveryProof>,
    visitor: &Visitor,
) -> Result<(), FlowError> {
    let mut happened = Happened::by(Actor::Mailbox, EventKind::PasswordReset, &account.id).from(visitor);
    if let Some(proof) = stood_in {
        happened = happened.in_detail(match proof.kind() {
            RecoveryKind::RecoveryCode => "with a recovery code",
            RecoveryKind::Pass => "with a one-time pass",
        });
        let (use_of_it, _) = used(tx, account, proof.kind(), visitor)?;
        record(services, tx, use_of_it)?;
    }
    let event = record(services, tx, happened)?;
    tell(services, tx, &event, &account.id, &[&account.email, mailbox(account, link)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_put_off_by_any_part_of_the_time_and_by_no_more() {
        let most = Duration::from_secs(8);
        assert_eq!(put_off(most, [0; 4]), Duration::ZERO);
        assert_eq!(put_off(most, [255; 4]), most);
        let a_quarter = put_off(most, [0, 0, 0, 64]).as_secs_f64();
        assert!((a_quarter - 2.0).abs() < 0.000_001, "{a_quarter}");
        assert_eq!(put_off(Duration::ZERO, [255; 4]), Duration::ZERO);
    }
}
