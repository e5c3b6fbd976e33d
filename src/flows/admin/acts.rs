//! The acts themselves: each changes the account, ends what hangs on it, writes its line of the log and tells the person.
//! One act, one mail.

use crate::domain::account::{Account, Role, State, TrustEnd};
use crate::domain::administration::{Act, Situation};
use crate::domain::email::EmailAddress;
use crate::domain::event::{Actor, EventKind};
use crate::domain::ids::Id;
use crate::domain::link::LinkPurpose;
use crate::domain::second_factor::Destination;
use crate::flows::admin::Outcome;
use crate::flows::admin::email::correct_email;
use crate::flows::events::{Happened, record, record_and_tell};
use crate::flows::links::{self, NewLink};
use crate::flows::recovery::issue_pass;
use crate::flows::{FlowError, Services, Visitor, password_check};
use crate::storage::{
    self, Tx, accounts, administration, former_states, recovery, second_factors, throttles,
};

/// Who does an act, why, and with what.
pub(super) struct Doing<'a> {
    pub(super) actor: Actor,
    /// Where the administrator sits; nowhere for the operator's command line.
    pub(super) visitor: Option<&'a Visitor>,
    pub(super) reason: Option<String>,
    pub(super) email: Option<EmailAddress>,
}

impl Doing<'_> {
    /// What the log is told of it.
    pub(super) fn happened<'b>(&'b self, kind: EventKind, account: &'b Id<Account>) -> Happened<'b> {
        let happened = Happened::by(self.actor.clone(), kind, account).because(self.reason.clone());
        match self.visitor {
            Some(visitor) => happened.from(visitor),
            None => happened,
        }
    }
}

/// Does an act that nothing stands in the way of.
pub(super) fn perform(
    services: &Services,
    tx: &mut Tx<'_>,
    act: Act,
    situation: &Situation,
    doing: &Doing<'_>,
) -> Result<Outcome, FlowError> {
    let account = &situation.account;
    let id = &account.id;
    administration::count_up(tx, id)?;
    let kind = match act {
        Act::IssuePass => return pass(services, tx, account, doing),
        Act::TurnOnEmail => return turn_on_email(services, tx, account, doing),
        Act::MailReset => return mail_reset(services, tx, account, doing),
        Act::InviteAgain => return invite_again(services, tx, account, doing),
        Act::CorrectEmail => {
            return correct_email(services, tx, account, situation.state == State::Invited, doing);
        }
        Act::RequireTwoFactor => {
            administration::require_two_factor(tx, id, true)?;
            EventKind::TwoFactorRequired
        }
        Act::LeaveTwoFactor => {
            administration::require_two_factor(tx, id, false)?;
            EventKind::TwoFactorOptional
        }
        Act::AllowTrust => {
            administration::allow_trust(tx, id, true)?;
            EventKind::TrustAllowed
        }
        Act::ForbidTrust => forbid_trust(tx, id)?,
        Act::ResetTwoFactor => reset(tx, id)?,
        Act::Unlock => {
            accounts::forgive_codes(tx, id)?;
            throttles::clear(tx, &password_check::subject(services, account.username.as_str()))?;
            EventKind::Unlocked
        }
        Act::EndSessions => {
            accounts::end_sessions(tx, id)?;
            EventKind::SessionsEnded
        }
        Act::ForgetComputers => {
            accounts::end_trust(tx, id, TrustEnd::Administrator)?;
            EventKind::ComputersForgotten
        }
        Act::Promote => give_role(tx, id, Role::Administrator, EventKind::Promoted)?,
        Act::Demote => give_role(tx, id, Role::Person, EventKind::Demoted)?,
        Act::Disable => disable(services, tx, id)?,
        Act::Enable => {
            administration::disable(tx, id, None)?;
            EventKind::Enabled
        }
    };
    record_and_tell(services, tx, doing.happened(kind, id), &account.email)?;
    Ok(Outcome::Done)
}

fn pass(
    services: &Services,
    tx: &mut Tx<'_>,
    account: &Account,
    doing: &Doing<'_>,
) -> Result<Outcome, FlowError> {
    let (actor, reason) = (doing.actor.clone(), doing.reason.clone());
    Ok(Outcome::Pass(issue_pass(services, tx, account, actor, reason, doing.visitor)?))
}

/// Ends trust as well as forbidding it: allowed again, none comes back to life.
fn forbid_trust(tx: &mut Tx<'_>, id: &Id<Account>) -> Result<EventKind, FlowError> {
    administration::allow_trust(tx, id, false)?;
    accounts::end_trust(tx, id, TrustEnd::Administrator)?;
    Ok(EventKind::TrustForbidden)
}

fn give_role(tx: &mut Tx<'_>, id: &Id<Account>, role: Role, kind: EventKind) -> Result<EventKind, FlowError> {
    administration::set_role(tx, id, role)?;
    accounts::end_sessions(tx, id)?;
    Ok(kind)
}

fn disable(services: &Services, tx: &mut Tx<'_>, id: &Id<Account>) -> Result<EventKind, FlowError> {
    administration::disable(tx, id, Some(services.now()))?;
    recovery::void_passes(tx, id)?;
    end_everything(tx, id)?;
    Ok(EventKind::Disabled)
}

/// Takes the second factor away with all that could stand in for it, and the wrong codes that were counted against it. No
/// older notice brings one back.
fn reset(tx: &mut Tx<'_>, id: &Id<Account>) -> Result<EventKind, FlowError> {
    second_factors::remove(tx, id)?;
    recovery::void_codes(tx, id)?;
    recovery::void_passes(tx, id)?;
    accounts::ask_every_login(tx, id, false)?;
    former_states::settle_factor(tx, id, None, false)?;
    accounts::forgive_codes(tx, id)?;
    administration::must_prove_mailbox(tx, id, true)?;
    end_everything(tx, id)?;
    Ok(EventKind::TwoFactorReset)
}

fn end_everything(tx: &mut Tx<'_>, id: &Id<Account>) -> Result<(), FlowError> {
    accounts::end_sessions(tx, id)?;
    Ok(accounts::end_trust(tx, id, TrustEnd::Administrator)?)
}

fn turn_on_email(
    services: &Services,
    tx: &mut Tx<'_>,
    account: &Account,
    doing: &Doing<'_>,
) -> Result<Outcome, FlowError> {
    let (id, now) = (&account.id, services.now());
    let destination = Destination::Email(account.email.clone());
    second_factors::put(tx, id, &destination, &services.sealer()?, now)?;
    former_states::settle_factor(tx, id, Some((&account.email, now)), account.asks_every_login)?;
    administration::must_prove_mailbox(tx, id, false)?;
    end_everything(tx, id)?;
    let detail = format!("{}, {}", destination.method().label(), destination.masked().shown);
    let happened = doing.happened(EventKind::TwoFactorOn, id).in_detail(detail);
    record_and_tell(services, tx, happened, &account.email)?;
    Ok(Outcome::Done)
}

/// The mail with the link is what the person hears of it.
fn mail_reset(
    services: &Services,
    tx: &mut Tx<'_>,
    account: &Account,
    doing: &Doing<'_>,
) -> Result<Outcome, FlowError> {
    mail_link(services, tx, LinkPurpose::PasswordReset, &account.id, &account.email)?;
    record(services, tx, doing.happened(EventKind::PasswordResetMailed, &account.id))?;
    Ok(Outcome::Done)
}

fn invite_again(
    services: &Services,
    tx: &mut Tx<'_>,
    account: &Account,
    doing: &Doing<'_>,
) -> Result<Outcome, FlowError> {
    mail_link(services, tx, LinkPurpose::Invitation, &account.id, &account.email)?;
    record(services, tx, doing.happened(EventKind::InvitationMailed, &account.id))?;
    Ok(Outcome::Done)
}

/// Mails a link in place of any earlier one that is for the same.
pub(super) fn mail_link(
    services: &Services,
    tx: &mut Tx<'_>,
    purpose: LinkPurpose,
    account: &Id<Account>,
    address: &EmailAddress,
) -> Result<(), FlowError> {
    storage::links::end_all(tx, account, purpose, services.now())?;
    links::make(services, tx, &NewLink { purpose, account, address: Some(address), event: None })?;
    Ok(())
}
