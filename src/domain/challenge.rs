//! A code that is owed: its tries, its sends, its two generations. The numbers of "Codes: the exact rules".

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::account::Account;
use crate::domain::code::{Bound, Code, TypedCode};
use crate::domain::ids::Id;
use crate::domain::keys::Keys;
use crate::domain::second_factor::Destination;

pub use crate::domain::purpose::Purpose;

/// How long one code works, from the request that made it (OWASP ASVS 5.0 6.5.5: ten minutes at most).
pub const CODE_LIFE: TimeDelta = TimeDelta::minutes(10);
/// A resend repeats the same code while at least this much of its life is left.
pub const REPEATS_WHILE: TimeDelta = TimeDelta::minutes(5);
/// How long the code may be owed before it is back to the password.
pub const CHALLENGE_LIFE: TimeDelta = TimeDelta::minutes(30);
/// Wrong tries at one challenge (OWASP ASVS 5.0 6.6.3).
pub const TRIES: u32 = 5;
/// Messages for one challenge.
pub const SENDS: u32 = 5;

/// A code that is owed by one browser, for one purpose, from one destination.
#[derive(Clone, Debug)]
pub struct Challenge {
    /// Random, and part of what the code is derived from.
    pub id: Id<Challenge>,
    /// What the code opens.
    pub purpose: Purpose,
    /// Whose code it is.
    pub account: Id<Account>,
    /// The pending login or session that asked: the browser it is bound to.
    pub owner: String,
    /// Where the code goes.
    pub destination: Destination,
    /// What *ask on every login* will be once a set-up is confirmed.
    pub asks_every_login: bool,
    /// The key the codes are derived with.
    pub key_id: String,
    /// Which code is the newest: 0 before the first was sent.
    pub generation: u32,
    /// When the newest code stops working.
    pub code_ends_at: Option<DateTime<Utc>>,
    /// When the code before it stops working.
    pub previous_ends_at: Option<DateTime<Utc>>,
    /// Tries spent.
    pub tries: u32,
    /// Messages asked for.
    pub sends: u32,
    /// When the last message was asked for.
    pub sent_at: Option<DateTime<Utc>>,
    /// When the next message may be asked for.
    pub resend_at: DateTime<Utc>,
    /// When it began.
    pub opened_at: DateTime<Utc>,
    /// When it ends, whatever happens.
    pub expires_at: DateTime<Utc>,
    /// When its code was entered.
    pub used_at: Option<DateTime<Utc>>,
    /// When it was given up: cancelled, or replaced by another.
    pub ended_at: Option<DateTime<Utc>>,
}

/// One try, spent and committed before anything is compared: the count comes first, so a fault gives no guess back.
pub struct SpentTry(());

impl SpentTry {
    /// The proof is the one row that the counting update touched.
    pub fn counted(rows: usize) -> Option<Self> {
        (rows == 1).then_some(Self(()))
    }
}

/// What a typed code was worth.
pub enum Verdict {
    /// It is the code; it counts once the challenge has been used up.
    Right(RightCode),
    /// It was the code, until its time ran out.
    TooOld,
    /// It is not the code.
    Wrong {
        /// Tries that remain.
        left: u32,
    },
}

/// The right code, not yet consumed.
pub struct RightCode(CodeProof);

impl RightCode {
    /// Becomes a proof for the one caller whose update marked the challenge as used.
    pub fn used_up(self, rows: usize) -> Option<CodeProof> {
        (rows == 1).then_some(self.0)
    }
}

/// A right code was entered, and nobody else can enter it again.
#[derive(Clone, Debug)]
pub struct CodeProof {
    challenge: Id<Challenge>,
    purpose: Purpose,
    account: Id<Account>,
    destination: Destination,
}

impl CodeProof {
    /// The challenge it answered.
    pub fn challenge(&self) -> &Id<Challenge> {
        &self.challenge
    }

    /// What it opens.
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Whose it is.
    pub fn account(&self) -> &Id<Account> {
        &self.account
    }

    /// Where the code had been sent.
    pub fn destination(&self) -> &Destination {
        &self.destination
    }
}

/// What a further message changes in the challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Send {
    /// The code it carries.
    pub generation: u32,
    /// When that code stops working.
    pub code_ends_at: DateTime<Utc>,
    /// When the code before it stops working.
    pub previous_ends_at: Option<DateTime<Utc>>,
    /// Messages asked for, with this one.
    pub sends: u32,
    /// When the next may be asked for.
    pub resend_at: DateTime<Utc>,
}

/// Why no further message may be asked for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoSend {
    /// Not before this moment.
    Before(DateTime<Utc>),
    /// This challenge has had its last.
    NoMore,
}

impl Challenge {
    /// Whether it still waits for its code.
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        self.used_at.is_none() && self.ended_at.is_none() && now < self.expires_at
    }

    /// Tries that remain.
    pub fn tries_left(&self) -> u32 {
        TRIES.saturating_sub(self.tries)
    }

    /// Whether a code is alive that could be entered.
    pub fn has_live_code(&self, now: DateTime<Utc>) -> bool {
        self.code_ends_at.is_some_and(|end| now < end) || self.previous_ends_at.is_some_and(|end| now < end)
    }

    /// The code of a generation; `None` under a key that is gone.
    pub fn code(&self, keys: &Keys, generation: u32) -> Option<Code> {
        let key = keys.code(&self.key_id)?;
        let bound = Bound {
            challenge: self.id.as_str(),
            generation,
            purpose: self.purpose.as_str(),
            account: self.account.as_str(),
            destination: self.destination.as_str(),
        };
        Some(Code::derive(&key, &bound))
    }

    /// Compares a typed code with the live ones, for one spent try. Without the key nothing is right.
    pub fn check(&self, _spent: SpentTry, typed: &TypedCode, keys: &Keys, now: DateTime<Utc>) -> Verdict {
        let is = |generation: u32| self.code(keys, generation).is_some_and(|code| code.is(typed));
        let newest = (self.generation, self.code_ends_at);
        let previous = (self.generation.saturating_sub(1), self.previous_ends_at);
        let live = [newest, previous]
            .into_iter()
            .any(|(generation, end)| generation > 0 && end.is_some_and(|end| now < end) && is(generation));
        if live {
            return Verdict::Right(RightCode(CodeProof {
                challenge: self.id.clone(),
                purpose: self.purpose,
                account: self.account.clone(),
                destination: self.destination.clone(),
            }));
        }
        if (1..=self.generation).any(is) {
            Verdict::TooOld
        } else {
            Verdict::Wrong { left: self.tries_left() }
        }
    }

    /// What the next message would be, or why there is none now.
    ///
    /// # Errors
    /// [`NoSend`] before the wait is over, or after the fifth message.
    pub fn next_send(&self, now: DateTime<Utc>) -> Result<Send, NoSend> {
        if self.sends >= SENDS {
            return Err(NoSend::NoMore);
        }
        if now < self.resend_at {
            return Err(NoSend::Before(self.resend_at));
        }
        let sends = self.sends.saturating_add(1);
        let resend_at = now + wait_after(sends);
        Ok(match self.code_ends_at {
            Some(end) if end - now >= REPEATS_WHILE => Send {
                generation: self.generation,
                code_ends_at: end,
                previous_ends_at: self.previous_ends_at,
                sends,
                resend_at,
            },
            end => Send {
                generation: self.generation.saturating_add(1),
                code_ends_at: now + CODE_LIFE,
                previous_ends_at: end,
                sends,
                resend_at,
            },
        })
    }
}

/// How long after its `sends`-th message a challenge waits for the next: 30 s, 60 s, then 120 s each.
fn wait_after(sends: u32) -> TimeDelta {
    match sends {
        0 | 1 => TimeDelta::seconds(30),
        2 => TimeDelta::seconds(60),
        _ => TimeDelta::seconds(120),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::email::EmailAddress;
    use crate::domain::secret::Secret;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_000_000 + seconds, 0).unwrap()
    }

    fn keys() -> Keys {
        Keys::derive(&Secret::new(vec![9; 32]), None).unwrap()
    }

    fn fresh() -> Challenge {
        Challenge {
            id: Id::new(at(0), &[1; 10]),
            purpose: Purpose::Login,
            account: Id::new(at(0), &[2; 10]),
            owner: "browser".to_owned(),
            destination: Destination::Email(EmailAddress::parse("ada@example.com").unwrap()),
            asks_every_login: false,
            key_id: keys().current_id().to_owned(),
            generation: 0,
            code_ends_at: None,
            previous_ends_at: None,
            tries: 0,
            sends: 0,
            sent_at: None,
            resend_at: at(0),
            opened_at: at(0),
            expires_at: at(0) + CHALLENGE_LIFE,
            used_at: None,
            ended_at: None,
        }
    }

    fn sent(mut challenge: Challenge, now: DateTime<Utc>) -> Challenge {
        let send = challenge.next_send(now).unwrap();
        challenge.generation = send.generation;
        challenge.code_ends_at = Some(send.code_ends_at);
        challenge.previous_ends_at = send.previous_ends_at;
        challenge.sends = send.sends;
        challenge.resend_at = send.resend_at;
        challenge
    }

    fn verdict(challenge: &Challenge, generation: u32, now: DateTime<Utc>) -> Verdict {
        let typed = TypedCode::parse(challenge.code(&keys(), generation).unwrap().expose()).unwrap();
        challenge.check(SpentTry::counted(1).unwrap(), &typed, &keys(), now)
    }

    #[test]
    fn a_code_works_for_ten_minutes_and_not_a_second_longer() {
        let challenge = sent(fresh(), at(0));
        assert!(matches!(verdict(&challenge, 1, at(599)), Verdict::Right(_)));
        assert!(matches!(verdict(&challenge, 1, at(600)), Verdict::TooOld));
    }

    #[test]
    fn a_resend_repeats_the_code_while_five_minutes_are_left() {
        let first = sent(fresh(), at(0));
        let second = sent(first.clone(), at(300));
        assert_eq!((second.generation, second.code_ends_at), (1, first.code_ends_at));
    }

    #[test]
    fn after_that_it_brings_a_new_code_and_both_are_good_to_their_own_end() {
        let challenge = sent(sent(fresh(), at(0)), at(301));
        assert_eq!(challenge.generation, 2);
        assert!(matches!(verdict(&challenge, 1, at(599)), Verdict::Right(_)));
        assert!(matches!(verdict(&challenge, 1, at(600)), Verdict::TooOld));
        assert!(matches!(verdict(&challenge, 2, at(900)), Verdict::Right(_)));
        assert!(matches!(verdict(&challenge, 2, at(901)), Verdict::TooOld));
    }

    #[test]
    fn before_anything_was_sent_no_code_is_right() {
        let challenge = fresh();
        assert!(!challenge.has_live_code(at(0)));
        for generation in 0..3 {
            assert!(matches!(verdict(&challenge, generation, at(0)), Verdict::Wrong { .. }));
        }
    }

    #[test]
    fn there_is_no_code_before_the_first_whatever_a_row_says() {
        let none_sent = Challenge { code_ends_at: Some(at(600)), ..fresh() };
        let one_sent = Challenge { previous_ends_at: Some(at(600)), ..sent(fresh(), at(0)) };
        for challenge in [none_sent, one_sent] {
            assert!(matches!(verdict(&challenge, 0, at(1)), Verdict::Wrong { .. }));
        }
    }

    #[test]
    fn messages_wait_longer_each_time_and_end_with_the_fifth() {
        let mut challenge = sent(fresh(), at(0));
        let mut now = at(0);
        for wait in [30, 60, 120, 120] {
            let early = now + TimeDelta::seconds(wait - 1);
            assert_eq!(challenge.next_send(early), Err(NoSend::Before(challenge.resend_at)));
            now += TimeDelta::seconds(wait);
            challenge = sent(challenge, now);
        }
        assert_eq!(challenge.next_send(now + TimeDelta::hours(1)), Err(NoSend::NoMore));
    }

    #[test]
    fn it_waits_for_its_code_for_half_an_hour_unless_it_is_used_or_given_up() {
        let last = at(1_800) - TimeDelta::microseconds(1);
        assert!(fresh().is_open(at(0)) && fresh().is_open(last));
        assert!(!fresh().is_open(at(1_800)) && !fresh().is_open(at(9_999)));
        let used = Challenge { used_at: Some(at(1)), ..fresh() };
        let ended = Challenge { ended_at: Some(at(1)), ..fresh() };
        assert!(!used.is_open(at(2)) && !ended.is_open(at(2)));
    }

    #[test]
    fn it_has_five_tries_and_a_wrong_code_says_how_many_are_left() {
        for (tries, left) in [(0, 5), (1, 4), (4, 1), (5, 0), (6, 0)] {
            let challenge = Challenge { tries, ..sent(fresh(), at(0)) };
            assert_eq!(challenge.tries_left(), left);
            let Verdict::Wrong { left: told } = verdict(&challenge, 2, at(1)) else { panic!("wrong") };
            assert_eq!(told, left);
        }
    }

    #[test]
    fn a_code_lives_until_the_last_of_two_is_over() {
        let one = sent(fresh(), at(0));
        assert!(one.has_live_code(at(599)) && !one.has_live_code(at(600)));
        let two = sent(one, at(400));
        assert!([599, 600, 999].iter().all(|second| two.has_live_code(at(*second))));
        assert!(!two.has_live_code(at(1_000)));
        // Where the newest were over first, the one before it would still be good.
        let outlived = Challenge { code_ends_at: Some(at(10)), previous_ends_at: Some(at(20)), ..two };
        assert!(outlived.has_live_code(at(19)) && !outlived.has_live_code(at(20)));
    }

    #[test]
    fn under_a_key_that_is_gone_nothing_is_right() {
        let challenge = sent(fresh(), at(0));
        let typed = TypedCode::parse(challenge.code(&keys(), 1).unwrap().expose()).unwrap();
        let other = Keys::derive(&Secret::new(vec![8; 32]), None).unwrap();
        let verdict = challenge.check(SpentTry::counted(1).unwrap(), &typed, &other, at(1));
        assert!(matches!(verdict, Verdict::Wrong { .. }));
    }

    #[test]
    fn a_try_and_a_right_code_count_only_by_the_one_row_they_touched() {
        assert!(SpentTry::counted(0).is_none());
        let Verdict::Right(right) = verdict(&sent(fresh(), at(0)), 1, at(1)) else { panic!("right") };
        assert!(right.used_up(0).is_none());
    }
}
