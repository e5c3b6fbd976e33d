//! What a right code of a set-up leads to: on to the next code, or a method that is on.

use crate::domain::account::{Account, TrustEnd};
use crate::domain::challenge::{CodeProof, Purpose};
use crate::domain::event::EventKind;
use crate::domain::second_factor::SecondFactor;
use crate::flows::codes;
use crate::flows::current::{LoggedIn, end_the_others};
use crate::flows::enter_code::trust;
use crate::flows::events::{Happened, record_and_keep};
use crate::flows::prove_mailbox::{self, is_one_code, is_owed};
use crate::flows::two_factor::SetUpEntry;
use crate::flows::{FlowError, Services, Visitor};
use crate::storage::{Tx, accounts, administration, challenges, second_factors, throttles};

/// A right code, and what was chosen with it.
pub(super) struct RightCode<'a> {
    pub(super) who: &'a LoggedIn,
    pub(super) proof: &'a CodeProof,
    pub(super) asks_every_login: bool,
    pub(super) trust_computer: bool,
    pub(super) visitor: &'a Visitor,
}

/// Goes on from a right code. After the mailbox's comes the destination's, unless they are one.
pub(super) fn go_on(
    services: &Services,
    tx: &mut Tx<'_>,
    right: &RightCode<'_>,
) -> Result<SetUpEntry, FlowError> {
    let LoggedIn { session, account } = right.who;
    if right.proof.purpose() != Purpose::Mailbox {
        // Required, or reset, since the code was sent: then the mailbox comes first.
        let is_owed = is_owed(services, tx, account, session)?;
        return if is_owed { Ok(SetUpEntry::Gone) } else { finish(services, tx, right) };
    }
    let Some(set_up) = prove_mailbox::proven(services, tx, right.who, right.proof)? else {
        return Ok(SetUpEntry::Gone);
    };
    if is_one_code(account, &set_up) {
        challenges::end(tx, session.id.as_str(), Purpose::SetUp, services.now())?;
        return finish(services, tx, right);
    }
    codes::send(services, tx, account, &set_up)?;
    Ok(SetUpEntry::MailboxProven)
}

/// The code was right: turns the method on, ends what hung on the one before, and trusts the computer if asked to.
fn finish(services: &Services, tx: &mut Tx<'_>, right: &RightCode<'_>) -> Result<SetUpEntry, FlowError> {
    let (now, who) = (services.now(), right.who);
    let Some(factor) = SecondFactor::set_up(right.proof, now) else { return Ok(SetUpEntry::Gone) };
    let before = second_factors::find(tx, &who.account.id, &services.keys)?;
    if let Some(destination) = factor.destination() {
        // Counting and adding must not interleave.
        throttles::lock(tx, &second_factors::index_of(&services.keys, &destination), now)?;
        if second_factors::is_full(tx, &destination, &who.account.id, &services.keys)? {
            return Ok(SetUpEntry::NumberFull);
        }
    }
    turn_on(services, tx, right, &factor)?;
    let because = TrustEnd::SecondFactorChanged;
    let token = end_the_others(services, tx, who, because, Some(now), Some(now))?;
    let Some(account) = accounts::find(tx, &who.account.id, now)? else { return Ok(SetUpEntry::Gone) };
    let (cookie, trusted) = trust(services, tx, &account, right.trust_computer, right.visitor)?;
    let detail = in_detail(&factor, trusted.is_some());
    tell_of_set_up(services, tx, (&who.account, &before), detail, right.visitor)?;
    Ok(SetUpEntry::Done(token, cookie))
}

fn turn_on(
    services: &Services,
    tx: &mut Tx<'_>,
    right: &RightCode<'_>,
    factor: &SecondFactor,
) -> Result<(), FlowError> {
    let account = &right.who.account;
    if let Some(destination) = factor.destination() {
        second_factors::put(tx, &account.id, &destination, &services.sealer()?, services.now())?;
    }
    accounts::ask_every_login(tx, &account.id, right.asks_every_login)?;
    administration::must_prove_mailbox(tx, &account.id, false)?;
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
