//! The address of record, corrected by somebody else than its owner.

use crate::domain::account::Account;
use crate::domain::event::EventKind;
use crate::domain::link::LinkPurpose;
use crate::flows::admin::Outcome;
use crate::flows::admin::acts::{Doing, mail_link};
use crate::flows::events::{record, tell, tell_elsewhere};
use crate::flows::{FlowError, Services};
use crate::storage::{Tx, administration, former_states, links};

/// Sets another address of record, which nobody has confirmed yet, and tells both. Whoever reads the old one may be a
/// stranger: the links that went there end, *This wasn't me* in the notice there leads to the new one, and no notice to an
/// address before it puts back what stood then.
pub(super) fn correct_email(
    services: &Services,
    tx: &mut Tx<'_>,
    account: &Account,
    is_invited: bool,
    doing: &Doing<'_>,
) -> Result<Outcome, FlowError> {
    let Some(email) = &doing.email else { return Ok(Outcome::Done) };
    let (id, old) = (&account.id, &account.email);
    let detail = format!("{} to {}", old.masked().shown, email.masked().shown);
    let event = record(services, tx, doing.happened(EventKind::EmailChanged, id).in_detail(detail))?;
    administration::set_email(tx, id, email)?;
    former_states::forget_all(tx, id)?;
    links::end_all_to(tx, id, old, services.now())?;
    if is_invited {
        // The invitation is what the new address hears of it.
        mail_link(services, tx, LinkPurpose::Invitation, id, email)?;
    } else {
        tell(services, tx, &event, id, &[email])?;
    }
    if old.key() != email.key() {
        tell_elsewhere(services, tx, &event, id, old, email)?;
    }
    Ok(Outcome::Done)
}
