//! Confirm it's you without a code: a recovery code or one-time pass, or a lost phone could never be replaced.

use crate::domain::account::{Account, Epochs};
use crate::domain::challenge::{Challenge, SpentTry};
use crate::domain::confirmation::ConfirmedFor;
use crate::domain::ids::Id;
use crate::domain::recovery::RecoveryCode;
use crate::domain::session::Session;
use crate::flows::confirm_identity::{Confirmed, back_to_the_password, go_on, owed, refusal};
use crate::flows::current::{LoggedIn, still_live};
use crate::flows::events::{record, tell};
use crate::flows::{FlowError, Services, Visitor, recovery};
use crate::storage::{Tx, challenges};

/// Takes a recovery code or one-time pass in place of the code.
///
/// # Errors
/// As for any fault; the try stays spent.
pub async fn stand_in(
    services: &Services,
    who: LoggedIn,
    typed: RecoveryCode,
    purpose: ConfirmedFor,
    visitor: Visitor,
) -> Result<Confirmed, FlowError> {
    let (this, session) = (services.clone(), who.session.clone());
    let owed = services.db.read(move |conn| owed(&this, conn, &session)).await?;
    let Some(challenge) = owed else { return Ok(Confirmed::Gone) };
    let (asker, id) = (who.clone(), challenge.id.clone());
    let outcome = match recovery::spend(services, &who.account.id, &challenge.id).await? {
        Err(refused) => refusal(refused),
        Ok(spent) => {
            let this = services.clone();
            services
                .db
                .write(move |tx| {
                    still_live(tx, &who, this.now())?;
                    stood_in(&this, tx, spent, who, &challenge.id, &typed, purpose, &visitor)
                })
                .await?
        }
    };
    back_to_the_password(services, &asker, &id, outcome).await
}

/// Looks again, uses it up, and goes on; exactly one caller gets past that.
#[expect(clippy::too_many_arguments, reason = "one step of a story, called from one place")]
fn stood_in(
    services: &Services,
    tx: &mut Tx<'_>,
    _spent: SpentTry,
    who: LoggedIn,
    owed: &Id<Challenge>,
    typed: &RecoveryCode,
    purpose: ConfirmedFor,
    visitor: &Visitor,
) -> Result<Confirmed, FlowError> {
    let now = services.now();
    let Some(challenge) = challenges::find(tx, owed, &services.keys)?.filter(|owed| owed.is_open(now)) else {
        return Ok(Confirmed::Gone);
    };
    let Some(proof) = recovery::use_up(services, tx, &who.account.id, typed)? else {
        return Ok(match challenge.tries_left() {
            0 => Confirmed::Spent,
            left => Confirmed::WrongRecovery { left },
        });
    };
    challenges::end_one(tx, owed, now)?;
    let (happened, _) = recovery::used(tx, &who.account, proof.kind(), visitor)?;
    let event = record(services, tx, happened)?;
    let (id, address) = (who.account.id.clone(), who.account.email.clone());
    let session_epoch = recovery::end_after(tx, &who.account, proof.kind())?;
    let epochs = Epochs { session: session_epoch, ..who.account.epochs };
    let who = LoggedIn {
        session: Session { code_at: Some(now), ..who.session },
        account: Account { epochs, ..who.account },
    };
    let outcome = go_on(services, tx, &who, purpose, visitor)?;
    if !matches!(&outcome, Confirmed::Done(_, Some(carried)) if carried.was_told()) {
        tell(services, tx, &event, &id, &[&address])?;
    }
    Ok(outcome)
}
