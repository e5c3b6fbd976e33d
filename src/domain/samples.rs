//! An account and proofs for the tests of this module. The proofs come about as they always do: by the checks.

use chrono::{DateTime, TimeDelta, Utc};

use super::account::{Account, Epochs, Role, Standing};
use super::challenge::{CHALLENGE_LIFE, CODE_LIFE, Challenge, CodeProof, Purpose, SpentTry, Verdict};
use super::code::TypedCode;
use super::email::EmailAddress;
use super::ids::Id;
use super::keys::Keys;
use super::limits::SecondFactorStanding;
use super::password::{Area, Claim, Cost, PasswordInput, PasswordProof, check, hash};
use super::phone::PhoneNumber;
use super::second_factor::{Destination, SecondFactor};
use super::secret::Secret;
use super::username::Username;

/// The beginning of every test's time, and so many seconds later.
pub fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_000_000 + seconds, 0).unwrap()
}

/// The moment at which so many days have passed.
pub fn days(days: i64) -> DateTime<Utc> {
    at(0) + TimeDelta::days(days)
}

/// An identifier, a different one for each number.
pub fn id<K>(number: u8) -> Id<K> {
    Id::new(at(0), &[number; 10])
}

/// Ada's account: number 1, session epoch 3, trust epoch 5.
pub fn ada() -> Account {
    Account {
        id: id(1),
        username: Username::parse("ada").unwrap(),
        display_name: "Ada".to_owned(),
        email: EmailAddress::parse("ada@example.com").unwrap(),
        role: Role::Person,
        standing: Standing::Active,
        email_confirmed_at: None,
        time_zone: chrono_tz::Tz::UTC,
        method: None,
        requires_two_factor: false,
        allows_trust: true,
        must_prove_mailbox: false,
        asks_every_login: false,
        epochs: Epochs { session: 3, trust: 5 },
        trust_ended_because: None,
        second_factor_standing: SecondFactorStanding::Open,
        sends_counted_from: at(0),
        previous_login: None,
        password_changed_at: None,
        version: 1,
    }
}

/// An address that codes go to.
pub fn mailbox(address: &str) -> Destination {
    Destination::Email(EmailAddress::parse(address).unwrap())
}

/// A number that codes go to.
pub fn telephone() -> Destination {
    Destination::Phone(PhoneNumber::stored("+12125550142").unwrap())
}

/// A second factor that is on.
pub fn on(destination: Destination) -> SecondFactor {
    SecondFactor::stored(destination, at(0))
}

/// The proof that somebody gave the right password of an account while its session epoch was this.
pub fn right_password(account: &Id<Account>, session_epoch: i64) -> PasswordProof {
    let (input, cost) = (PasswordInput::from_typed(Secret::new("open sesame".to_owned())), Cost::CHEAPEST);
    let mut area = Area::for_cost(cost);
    let hash = hash(&input, &cost, &[7; 16], &mut area).unwrap();
    let claim = Claim { account, session_epoch, hash: &hash };
    check(&input, Some(claim), &cost.decoy(), &mut area).unwrap().unwrap()
}

/// A challenge of Ada's, number 9, whose first code was just sent.
pub fn challenge(purpose: Purpose, destination: Destination) -> Challenge {
    Challenge {
        id: id(9),
        purpose,
        account: id(1),
        owner: "browser".to_owned(),
        destination,
        asks_every_login: false,
        key_id: keys().current_id().to_owned(),
        generation: 1,
        code_ends_at: Some(at(0) + CODE_LIFE),
        previous_ends_at: None,
        tries: 1,
        sends: 1,
        sent_at: Some(at(0)),
        resend_at: at(30),
        opened_at: at(0),
        expires_at: at(0) + CHALLENGE_LIFE,
        used_at: None,
        ended_at: None,
    }
}

/// The proof that the right code of a challenge was entered.
pub fn right_code(challenge: &Challenge) -> CodeProof {
    let typed = TypedCode::parse(challenge.code(&keys(), 1).unwrap().expose()).unwrap();
    let Verdict::Right(right) = challenge.check(SpentTry::counted(1).unwrap(), &typed, &keys(), at(0)) else {
        panic!("the code of a challenge is right")
    };
    right.used_up(1).unwrap()
}

fn keys() -> Keys {
    Keys::derive(&Secret::new(vec![9; 32]), None).unwrap()
}
