//! Sessions, pending logins, and the permission to start a session.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::account::Account;
use crate::domain::browser::BrowserLabel;
use crate::domain::challenge::{CHALLENGE_LIFE, Challenge, CodeProof, Purpose};
use crate::domain::ids::Id;
use crate::domain::login::AskedBecause;
use crate::domain::password::PasswordProof;
use crate::domain::second_factor::SecondFactor;

/// How long a pending login waits for its code.
pub const PENDING_LOGIN_LIFE: TimeDelta = CHALLENGE_LIFE;

/// How long sessions live; the operator's `session.*`. NIST SP 800-63B-4 §2.2.3 allows an hour and a day.
#[derive(Clone, Copy, Debug)]
pub struct SessionRules {
    /// Without any request.
    pub idle: TimeDelta,
    /// In all.
    pub max: TimeDelta,
}

/// The password was right, the code is still owed. It opens nothing but the code page.
#[derive(Clone, Debug)]
pub struct PendingLogin {
    /// Its identifier; the challenge's owner.
    pub id: Id<PendingLogin>,
    /// Who has given the password.
    pub account: Id<Account>,
    /// The account's session epoch at that moment.
    pub session_epoch: i64,
    /// The code that is owed.
    pub challenge: Id<Challenge>,
    /// Why a code is asked.
    pub asked_because: AskedBecause,
    /// When the password was given.
    pub opened_at: DateTime<Utc>,
    /// When it is back to the password.
    pub expires_at: DateTime<Utc>,
}

impl PendingLogin {
    /// Whether the code may still be entered, as far as the time goes.
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        now < self.expires_at
    }
}

/// A completed login.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its identifier.
    pub id: Id<Session>,
    /// Who is logged in.
    pub account: Id<Account>,
    /// What completed the login.
    pub entered_by: EnteredBy,
    /// When the password was last given.
    pub password_at: Option<DateTime<Utc>>,
    /// When a code was last entered.
    pub code_at: Option<DateTime<Utc>>,
    /// What the browser called itself.
    pub browser: BrowserLabel,
    /// When the login was completed.
    pub started_at: DateTime<Utc>,
    /// The last request, to the minute.
    pub last_seen_at: DateTime<Utc>,
    /// When it ends, whatever happens.
    pub expires_at: DateTime<Utc>,
}

impl Session {
    /// Whether it has neither idled out nor run its time.
    pub fn is_live(&self, rules: &SessionRules, now: DateTime<Utc>) -> bool {
        now < self.expires_at && now < self.last_seen_at + rules.idle
    }

    /// Whether `last_seen_at` is old enough to be written again: once a minute at most.
    pub fn wants_touch(&self, now: DateTime<Utc>) -> bool {
        now - self.last_seen_at >= TimeDelta::minutes(1)
    }
}

/// What completed a login.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnteredBy {
    /// The password alone: no method is on.
    Password,
    /// The password on a trusted computer. No proof of a second factor (OWASP ASVS 5.0 6.3.3).
    TrustedComputer,
    /// The password and a code.
    Code,
}

impl EnteredBy {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::TrustedComputer => "trusted_computer",
            Self::Code => "code",
        }
    }

    /// Reads the word in the database.
    pub fn stored(text: &str) -> Option<Self> {
        [Self::Password, Self::TrustedComputer, Self::Code].into_iter().find(|by| by.as_str() == text)
    }
}

/// Permission to start one session. It is consumed by starting it, and only proofs make it.
#[derive(Debug)]
pub struct Entry {
    account: Id<Account>,
    session_epoch: i64,
    entered_by: EnteredBy,
}

impl Entry {
    /// The password is all that is asked.
    pub(in crate::domain) fn by_password(proof: &PasswordProof) -> Self {
        Self::of(proof, EnteredBy::Password)
    }

    /// The password on a computer that is trusted for the account.
    pub(in crate::domain) fn by_trusted_computer(proof: &PasswordProof) -> Self {
        Self::of(proof, EnteredBy::TrustedComputer)
    }

    /// The code of this very pending login, while the account is active and nothing has ended its logins since; and
    /// entered at the destination that is still in force.
    pub fn by_code(
        pending: &PendingLogin,
        proof: &CodeProof,
        account: &Account,
        factor: &SecondFactor,
    ) -> Option<Self> {
        let holds = proof.purpose() == Purpose::Login
            && proof.challenge() == &pending.challenge
            && proof.account() == &pending.account
            && account.id == pending.account
            && account.is_active()
            && account.epochs.session == pending.session_epoch
            && factor.destination().as_ref() == Some(proof.destination());
        holds.then(|| Self {
            account: pending.account.clone(),
            session_epoch: pending.session_epoch,
            entered_by: EnteredBy::Code,
        })
    }

    fn of(proof: &PasswordProof, entered_by: EnteredBy) -> Self {
        Self { account: proof.account().clone(), session_epoch: proof.session_epoch(), entered_by }
    }

    /// Who may enter.
    pub fn account(&self) -> &Id<Account> {
        &self.account
    }

    /// The epoch under which the session begins.
    pub fn session_epoch(&self) -> i64 {
        self.session_epoch
    }

    /// What completed the login.
    pub fn entered_by(&self) -> EnteredBy {
        self.entered_by
    }

    /// When a code was entered, if one was.
    pub fn code_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self.entered_by {
            EnteredBy::Code => Some(now),
            EnteredBy::Password | EnteredBy::TrustedComputer => None,
        }
    }
}
