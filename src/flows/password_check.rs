//! The one place where a password is checked, with every limit around it (OWASP ASVS 5.0 6.3.1, 6.3.4, 6.3.8).
//!
//! Unknown, wrong and disabled take the same way: count, hash once, answer. The count is committed before the hash, so a
//! burst is never evaluated beyond the limit, and it is taken back when the password was right or was not checked at all.

use chrono::{DateTime, Utc};

use crate::domain::account::Account;
use crate::domain::ids::Id;
use crate::domain::limits::{AFTER_RESET_FAILURES, NameStanding, PasswordFailure};
use crate::domain::password::{Claim, PasswordHash, PasswordInput, PasswordProof, check, hash};
use crate::domain::secret::Secret;
use crate::domain::token::Token;
use crate::domain::trusted_computer::{Trust, TrustedComputer};
use crate::domain::username::{Username, UsernameKey};
use crate::flows::hashing::Place;
use crate::flows::measures::PasswordResult;
use crate::flows::turns::Turn;
use crate::flows::{FlowError, Services, Visitor, links, wrong_tries};
use crate::storage::throttles::NameCount;
use crate::storage::{
    AnyConnection, StorageError, Tx, accounts, failed_logins, throttles, trusted_computers,
};

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
    /// For this name, until this moment.
    Moment(DateTime<Utc>),
    /// For this name, until the password is reset.
    Reset,
    /// For any name from this address, until this moment.
    Network(DateTime<Utc>),
}

/// A right password, whose counts are still to be taken back.
pub(super) struct RightPassword {
    pub(super) proof: PasswordProof,
    /// The same password under a higher cost, where the stored hash is below the policy.
    rehashed: Option<Rehashed>,
    counted: Counted,
    /// Nobody else's turn before the counts are taken back.
    #[expect(dead_code, reason = "held for its drop")]
    turn: Turn,
}

/// The stored hash, and the one to take its place.
type Rehashed = (PasswordHash, PasswordHash);

/// Where a try was counted as a failure before it was looked at.
#[derive(Clone)]
struct Counted {
    /// The name, unless the try was taken from a trusted computer's own allowance.
    name: Option<Vec<u8>>,
    /// The computer it came from, if the account trusts it.
    computer: Option<Id<TrustedComputer>>,
    /// The allowance of the browser in which this account's password was just reset, if it was taken from that.
    after_reset: Option<Vec<u8>>,
    /// The note of the address, unless the limits leave it alone.
    note: Option<Id<Note>>,
    /// What it brings the name, if it is wrong.
    brings: PasswordFailure,
}

/// A failure noted for an address; only its identifier is ever needed.
enum Note {}

struct Found {
    account: Option<(Id<Account>, i64, PasswordHash)>,
    counted: Counted,
}

impl RightPassword {
    /// Takes the counts back, in the transaction that carries out what the password allowed. Of an address only this very
    /// try: a success clears nothing there.
    pub(super) fn forgive(&self, tx: &mut Tx<'_>, now: DateTime<Utc>) -> Result<(), StorageError> {
        if let Some(subject) = &self.counted.name {
            throttles::clear(tx, subject)?;
        }
        if let Some(computer) = &self.counted.computer {
            trusted_computers::used(tx, computer, now)?;
        }
        if let Some(allowance) = &self.counted.after_reset {
            throttles::clear(tx, allowance)?;
        }
        if let Some(note) = &self.counted.note {
            failed_logins::take_back(tx, note.as_str())?;
        }
        match &self.rehashed {
            Some((old, new)) => accounts::rehash(tx, self.proof.account(), old, new),
            None => Ok(()),
        }
    }
}

impl Counted {
    /// Gives the try back: it was not looked at after all.
    fn give_back(&self, tx: &mut Tx<'_>) -> Result<(), FlowError> {
        match (&self.name, &self.after_reset, &self.computer) {
            (Some(subject), _, _) | (None, Some(subject), _) => throttles::give_back(tx, subject)?,
            (None, None, Some(computer)) => trusted_computers::give_back(tx, computer)?,
            (None, None, None) => {}
        }
        if let Some(note) = &self.note {
            failed_logins::take_back(tx, note.as_str())?;
        }
        Ok(())
    }
}

/// Checks a password for a name, known or not.
pub(super) async fn check_password(
    services: &Services,
    typed_name: &str,
    password: PasswordInput,
    visitor: &Visitor,
) -> Result<Checked, FlowError> {
    let checked = check_uncounted(services, typed_name, password, visitor).await;
    match &checked {
        Ok(Checked::Right(_)) => services.measures.password(PasswordResult::Right),
        Ok(Checked::Wrong) => services.measures.password(PasswordResult::Wrong),
        Ok(Checked::Rests(_)) => services.measures.password(PasswordResult::Rests),
        Err(FlowError::Busy) => services.measures.password(PasswordResult::Busy),
        Err(_) => {}
    }
    checked
}

async fn check_uncounted(
    services: &Services,
    typed_name: &str,
    password: PasswordInput,
    visitor: &Visitor,
) -> Result<Checked, FlowError> {
    let (subject, network) = (subject(services, typed_name), network(services, visitor));
    let turn = match look(services, typed_name, &subject, network.as_deref(), visitor).await? {
        Looked::Rests(until) => return Ok(Checked::Rests(until)),
        Looked::Trusted(computer) => services.turns.wait(computer.as_str().as_bytes(), None).await?,
        Looked::JustReset(allowance) => services.turns.wait(&allowance, None).await?,
        Looked::Open => {
            let whose = [subject.as_slice(), network.as_deref().unwrap_or_default()].concat();
            services.turns.wait(&whose, network.as_deref()).await?
        }
    };
    let place = services.hashing.reserve()?;
    let found = match count(services, typed_name, subject, network, visitor).await? {
        Ok(found) => found,
        Err(until) => return Ok(Checked::Rests(until)),
    };
    let counted = found.counted.clone();
    match verify(services, place, password, found).await {
        Ok(Some((proof, rehashed))) => {
            Ok(Checked::Right(Box::new(RightPassword { proof, rehashed, counted, turn })))
        }
        Ok(None) => {
            if let Some(subject) = counted.name {
                wrong_tries::password(services, typed_name, subject, counted.brings, visitor).await?;
            }
            Ok(Checked::Wrong)
        }
        Err(fault) => {
            services.db.write(move |tx| counted.give_back(tx)).await?;
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

/// Under what an address is counted; `None` where the limits leave it alone.
fn network(services: &Services, visitor: &Visitor) -> Option<Vec<u8>> {
    let mac = || services.keys.throttle().mac(&[b"address", visitor.network.as_bytes()]).to_vec();
    (!visitor.is_exempt).then(mac)
}

/// What a first look says, before anything is waited for or written.
enum Looked {
    /// Nothing is looked at before this: answered at once, and it cost a read.
    Rests(Until),
    /// The browser is one that the account trusts: strangers at its name do not hold it up.
    Trusted(Id<TrustedComputer>),
    /// The browser is one in which the account's password was just reset, and has an allowance of its own left.
    JustReset(Vec<u8>),
    /// Everything else.
    Open,
}

/// Looks, without counting. A crowd that can only be told to wait must take no turn, no place and no write from those whose
/// password would be checked; the count decides, and looks again.
async fn look(
    services: &Services,
    typed_name: &str,
    subject: &[u8],
    network: Option<&[u8]>,
    visitor: &Visitor,
) -> Result<Looked, FlowError> {
    let (now, days) = (services.now(), services.settings.trusted_days);
    let key = Username::parse(typed_name).ok().map(|name| name.key());
    let (subject, network) = (subject.to_vec(), network.map(<[u8]>::to_vec));
    let (token, reset_by, this) = (visitor.computer.clone(), visitor.reset_by.clone(), services.clone());
    services
        .db
        .glance(move |conn| {
            if let (Some(key), Some(token)) = (&key, &token)
                && let Some(computer) = trusted(conn, key, token, days, now)?
            {
                return Ok(Looked::Trusted(computer));
            }
            if let (Some(key), Some(token)) = (&key, &reset_by)
                && let Some(allowance) = allowance(&this, conn, key, token)?
                && throttles::has_left(conn, &allowance, AFTER_RESET_FAILURES)?
            {
                return Ok(Looked::JustReset(allowance));
            }
            if let Some(network) = &network
                && let Some(until) = failed_logins::rests_until(conn, network, now)?
            {
                return Ok(Looked::Rests(Until::Network(until)));
            }
            Ok(match throttles::standing(conn, &subject, now)? {
                NameStanding::Open => Looked::Open,
                NameStanding::Rests(until) => Looked::Rests(Until::Moment(until)),
                NameStanding::Closed => Looked::Rests(Until::Reset),
            })
        })
        .await
}

/// The computer that carries a token, if the account of this name trusts it. A token that hangs on nothing, or on another
/// account, costs as much at a name that nobody has.
fn trusted(
    conn: &mut AnyConnection,
    name: &UsernameKey,
    token: &Token,
    days: u8,
    now: DateTime<Utc>,
) -> Result<Option<Id<TrustedComputer>>, StorageError> {
    let Some(computer) = trusted_computers::at_name(conn, &token.hash(), name)? else { return Ok(None) };
    let account = accounts::find(conn, &computer.account, now)?;
    Ok(account
        .is_some_and(|account| computer.trust(&account, days, now) == Trust::Holds)
        .then_some(computer.id))
}

/// Looks the name up and counts the try. A computer that the account trusts has an allowance of its own, so that strangers
/// cannot lock the owner out of it, and no limit by address; for every other name it counts like any browser.
async fn count(
    services: &Services,
    typed_name: &str,
    subject: Vec<u8>,
    network: Option<Vec<u8>>,
    visitor: &Visitor,
) -> Result<Result<Found, Until>, FlowError> {
    let (now, note) = (services.now(), services.new_id::<Note>()?);
    let key = Username::parse(typed_name).ok().map(|name| name.key());
    let (token, days) = (visitor.computer.clone(), services.settings.trusted_days);
    let (this, reset_by) = (services.clone(), visitor.reset_by.clone());
    services
        .db
        .write(move |tx| {
            let found = match &key {
                Some(key) => accounts::for_login(tx, key, now)?,
                None => None,
            };
            let computer = match (&key, &token) {
                (Some(key), Some(token)) => trusted(tx, key, token, days, now)?,
                (Some(_) | None, Some(_) | None) => None,
            };
            let is_trusted = match &computer {
                Some(computer) => trusted_computers::count_failure(tx, computer)?,
                None => false,
            };
            let after_reset = match (&key, &reset_by) {
                (Some(key), Some(token)) if !is_trusted => match allowance(&this, tx, key, token)? {
                    Some(own) => throttles::count_of(tx, &own, AFTER_RESET_FAILURES, now)?.then_some(own),
                    None => None,
                },
                (Some(_) | None, Some(_) | None) => None,
            };
            let brings = PasswordFailure::Counts;
            let mut counted = Counted { name: None, computer, after_reset, note: None, brings };
            if !is_trusted && counted.after_reset.is_none() {
                let address = network.filter(|_| counted.computer.is_none()).map(|network| (network, note));
                counted.brings = match count_at_name(tx, &subject, address.as_ref(), now)? {
                    Ok(brings) => brings,
                    Err(until) => return Ok(Err(until)),
                };
                counted.name = Some(subject);
                counted.note = address.map(|(_, note)| note);
            }
            let account =
                found.and_then(|(account, hash)| hash.map(|hash| (account.id, account.epochs.session, hash)));
            Ok(Ok(Found { account, counted }))
        })
        .await
}

/// Under what wrong passwords are counted in the browser in which the password of this name was just reset. What is looked up
/// hangs on the token alone, so that the time it takes tells nothing about the name.
fn allowance(
    services: &Services,
    conn: &mut AnyConnection,
    name: &UsernameKey,
    token: &Secret<String>,
) -> Result<Option<Vec<u8>>, FlowError> {
    let Some(link) = links::reset_by(services, conn, token.expose())? else { return Ok(None) };
    let account = accounts::find(conn, &link.account, services.now())?;
    let subject = || services.keys.throttle().mac(&[b"after reset", link.id.as_str().as_bytes()]).to_vec();
    Ok(account.filter(|account| account.username.key() == *name).map(|_| subject()))
}

/// Counts the try for the name, and notes it for the address; answers what it brings the name if it is wrong, or until when
/// neither is looked at. Always the address first: two transactions that wait for each other's rows would never end.
fn count_at_name(
    tx: &mut Tx<'_>,
    subject: &[u8],
    address: Option<&(Vec<u8>, Id<Note>)>,
    now: DateTime<Utc>,
) -> Result<Result<PasswordFailure, Until>, StorageError> {
    if let Some((network, _)) = address {
        throttles::lock(tx, network, now)?;
        if let Some(until) = failed_logins::rests_until(tx, network, now)? {
            return Ok(Err(Until::Network(until)));
        }
    }
    let brings = match throttles::count_failure(tx, subject, now)? {
        NameCount::Counted(brings) => brings,
        NameCount::Rests(until) => return Ok(Err(Until::Moment(until))),
        NameCount::Closed => return Ok(Err(Until::Reset)),
    };
    if let Some((network, note)) = address {
        failed_logins::note(tx, note.as_str(), network, subject, now)?;
    }
    Ok(Ok(brings))
}

/// One run of Argon2, whoever asked; a second one only to rehash a right password.
async fn verify(
    services: &Services,
    place: Place,
    password: PasswordInput,
    found: Found,
) -> Result<Option<(PasswordProof, Option<Rehashed>)>, FlowError> {
    let (cost, salt) = (services.settings.cost, services.random.bytes()?);
    let account = found.account;
    let checked = services
        .hashing
        .run(place, move |area| {
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
    Ok(checked)
}
