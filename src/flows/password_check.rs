//! The one place where a password is checked, with every limit around it (OWASP ASVS 5.0 6.3.1, 6.3.4, 6.3.8).
//!
//! Unknown, wrong and disabled take the same way: count, hash once, answer. The count is committed before the hash, so a
//! burst is never evaluated beyond the limit, and it is taken back when the password was right or was not checked at all.

use chrono::{DateTime, Utc};

use crate::domain::account::Account;
use crate::domain::ids::Id;
use crate::domain::limits::NameStanding;
use crate::domain::password::{Claim, PasswordHash, PasswordInput, PasswordProof, check, hash};
use crate::domain::trusted_computer::{Trust, TrustedComputer};
use crate::domain::username::Username;
use crate::flows::{FlowError, Services, Visitor};
use crate::storage::{StorageError, Tx, accounts, failed_logins, throttles, trusted_computers};

/// What a typed password was worth.
pub(super) enum Checked {
    /// It is the account's.
    Right(Box<RightPassword>),
    /// It is not, or there is no such account.
    Wrong,
    /// It was not looked at.
    Rests(Until),
}

/// How long no password is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// Until this moment.
    Moment(DateTime<Utc>),
    /// Until the password is reset.
    Reset,
}

/// A right password, whose counts are still to be taken back.
pub(super) struct RightPassword {
    pub(super) proof: PasswordProof,
    /// The same password under a higher cost, where the stored hash is below the policy.
    rehashed: Option<(PasswordHash, PasswordHash)>,
    counted: Counted,
}

/// Under what a try was counted.
#[derive(Clone)]
enum Counted {
    /// The name.
    Name(Vec<u8>),
    /// The trusted computer's own allowance.
    Computer(Id<TrustedComputer>),
}

struct Found {
    account: Option<(Id<Account>, i64, PasswordHash)>,
    counted: Counted,
}

impl RightPassword {
    /// Takes the counts back, in the transaction that carries out what the password allowed.
    pub(super) fn forgive(&self, tx: &mut Tx<'_>, now: DateTime<Utc>) -> Result<(), StorageError> {
        match &self.counted {
            Counted::Name(subject) => throttles::clear(tx, subject)?,
            Counted::Computer(id) => trusted_computers::used(tx, id, now)?,
        }
        match &self.rehashed {
            Some((old, new)) => accounts::rehash(tx, self.proof.account(), old, new),
            None => Ok(()),
        }
    }
}

/// Checks a password for a name, known or not.
pub(super) async fn check_password(
    services: &Services,
    typed_name: &str,
    password: PasswordInput,
    visitor: &Visitor,
) -> Result<Checked, FlowError> {
    let subject = subject(services, typed_name);
    let _turn = services.turns.of(&subject).await;
    let found = match count(services, typed_name, &subject, visitor).await? {
        Ok(found) => found,
        Err(until) => return Ok(Checked::Rests(until)),
    };
    let counted = found.counted.clone();
    match verify(services, password, found).await {
        Ok(Some(right)) => Ok(Checked::Right(Box::new(right))),
        Ok(None) => {
            note_failure(services, subject, visitor, counted).await?;
            Ok(Checked::Wrong)
        }
        Err(fault) => {
            services.db.write(move |tx| give_back(tx, &counted)).await?;
            Err(fault)
        }
    }
}

/// Under what a name is counted: a keyed hash of it, so that names nobody has are not kept.
pub(super) fn subject(services: &Services, typed_name: &str) -> Vec<u8> {
    const ENOUGH: usize = 128;
    let folded = match Username::parse(typed_name) {
        Ok(name) => name.key().as_str().to_owned(),
        Err(_) => typed_name.trim().chars().take(ENOUGH).flat_map(char::to_lowercase).collect(),
    };
    services.keys.throttle().mac(&[b"name", folded.as_bytes()]).to_vec()
}

fn network(services: &Services, visitor: &Visitor) -> Vec<u8> {
    services.keys.throttle().mac(&[b"address", visitor.network.as_bytes()]).to_vec()
}

/// Looks the name up and counts the try. A computer that the account trusts has an allowance of its own, so that strangers
/// cannot lock its owner out.
async fn count(
    services: &Services,
    typed_name: &str,
    subject: &[u8],
    visitor: &Visitor,
) -> Result<Result<Found, Until>, FlowError> {
    let now = services.now();
    let key = Username::parse(typed_name).ok().map(|name| name.key());
    let (subject, network) = (subject.to_vec(), network(services, visitor));
    let (visitor, days) = (visitor.clone(), services.settings.trusted_days);
    services
        .db
        .write(move |tx| {
            let found = match &key {
                Some(key) => accounts::for_login(tx, key, now)?,
                None => None,
            };
            let mut counted = Counted::Name(subject.clone());
            if let (Some((account, _)), Some(token)) = (&found, &visitor.computer)
                && let Some(computer) = trusted_computers::find(tx, &token.hash(), &account.id)?
                && computer.trust(account, days, now) == Trust::Holds
                && trusted_computers::count_failure(tx, &computer.id)?
            {
                counted = Counted::Computer(computer.id);
            }
            if let Counted::Name(subject) = &counted {
                if !visitor.is_exempt
                    && let Some(until) = failed_logins::rests_until(tx, &network, now)?
                {
                    return Ok(Err(Until::Moment(until)));
                }
                match throttles::count_failure(tx, subject, now)? {
                    NameStanding::Open => {}
                    NameStanding::Rests(until) => return Ok(Err(Until::Moment(until))),
                    NameStanding::Closed => return Ok(Err(Until::Reset)),
                }
            }
            let account =
                found.and_then(|(account, hash)| hash.map(|hash| (account.id, account.epochs.session, hash)));
            Ok(Ok(Found { account, counted }))
        })
        .await
}

/// One run of Argon2, whoever asked; a second one only to rehash a right password.
async fn verify(
    services: &Services,
    password: PasswordInput,
    found: Found,
) -> Result<Option<RightPassword>, FlowError> {
    let (cost, salt) = (services.settings.cost, services.random.bytes()?);
    let counted = found.counted;
    let account = found.account;
    let right = services
        .hashing
        .run(move |area| {
            let claim = account.as_ref().map(|(account, session_epoch, hash)| Claim {
                account,
                session_epoch: *session_epoch,
                hash,
            });
            let proof = check(&password, claim, &cost.decoy(), area)?;
            let (Some(proof), Some((_, _, old))) = (proof, account) else { return Ok(None) };
            let new = if old.is_below(&cost) { Some(hash(&password, &cost, &salt, area)?) } else { None };
            Ok(Some((proof, new.map(|new| (old, new)))))
        })
        .await?;
    Ok(right.map(|(proof, rehashed)| RightPassword { proof, rehashed, counted }))
}

async fn note_failure(
    services: &Services,
    subject: Vec<u8>,
    visitor: &Visitor,
    counted: Counted,
) -> Result<(), FlowError> {
    match counted {
        Counted::Computer(_) => return Ok(()),
        Counted::Name(_) if visitor.is_exempt => return Ok(()),
        Counted::Name(_) => {}
    }
    let (id, now) = (services.new_id::<Account>()?, services.now());
    let network = network(services, visitor);
    services.db.write(move |tx| Ok(failed_logins::note(tx, id.as_str(), &network, &subject, now)?)).await
}

fn give_back(tx: &mut Tx<'_>, counted: &Counted) -> Result<(), FlowError> {
    match counted {
        Counted::Name(subject) => throttles::give_back(tx, subject)?,
        Counted::Computer(id) => trusted_computers::give_back(tx, id)?,
    }
    Ok(())
}
