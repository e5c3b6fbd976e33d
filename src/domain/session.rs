//! Sessions, pending logins, and the permission to start a session.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::account::Account;
use crate::domain::browser::BrowserLabel;
use crate::domain::challenge::{CHALLENGE_LIFE, Challenge, CodeProof, Purpose};
use crate::domain::ids::Id;
use crate::domain::login::AskedBecause;
use crate::domain::password::PasswordProof;
use crate::domain::recovery::{RecoveryKind, RecoveryProof};
use crate::domain::second_factor::SecondFactor;

/// How long a pending login waits for its code.
pub const PENDING_LOGIN_LIFE: TimeDelta = CHALLENGE_LIFE;

/// How long a right password may go without its code before the account's owner is told.
pub const CODE_AWAITED_FOR: TimeDelta = TimeDelta::minutes(10);
/// How often at most the owner is told.
pub const TOLD_EVERY: TimeDelta = TimeDelta::hours(1);
/// How many sessions an account has at once; one more ends the oldest (OWASP ASVS 5.0 7.1.2).
pub const MOST_SESSIONS: i64 = 10;

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
    /// From which network it was begun.
    pub network: Option<String>,
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
    /// The password and a recovery code.
    RecoveryCode,
    /// The password and a one-time pass.
    Pass,
}

impl EnteredBy {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Password, Self::TrustedComputer, Self::Code, Self::RecoveryCode, Self::Pass];

    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Password => "password",
            Self::TrustedComputer => "trusted_computer",
            Self::Code => "code",
            Self::RecoveryCode => "recovery_code",
            Self::Pass => "pass",
        }
    }

    /// What the activity log calls it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Password => "with the password",
            Self::TrustedComputer => "with the password, on a trusted computer",
            Self::Code => "with the password and a code",
            Self::RecoveryCode => "with the password and a recovery code",
            Self::Pass => "with the password and a one-time pass",
        }
    }

    /// Reads the word in the database.
    pub fn stored(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.as_str() == text)
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

    /// A recovery code or one-time pass of the account, in place of the code of this pending login, while the account is
    /// active and nothing has ended its logins since. The session begins under `session_epoch`: using a recovery code ends
    /// all sessions before it. The proof is consumed: one use, one session.
    #[expect(clippy::needless_pass_by_value, reason = "a proof must not be used twice")]
    pub fn by_recovery(
        pending: &PendingLogin,
        proof: RecoveryProof,
        account: &Account,
        session_epoch: i64,
    ) -> Option<Self> {
        let holds = proof.account() == &pending.account
            && account.id == pending.account
            && account.is_active()
            && account.epochs.session == pending.session_epoch;
        let entered_by = match proof.kind() {
            RecoveryKind::RecoveryCode => EnteredBy::RecoveryCode,
            RecoveryKind::Pass => EnteredBy::Pass,
        };
        holds.then(|| Self { account: pending.account.clone(), session_epoch, entered_by })
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

    /// When a code was entered, or what stands in for one, if it was.
    pub fn code_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self.entered_by {
            EnteredBy::Code | EnteredBy::RecoveryCode | EnteredBy::Pass => Some(now),
            EnteredBy::Password | EnteredBy::TrustedComputer => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::account::{Epochs, Standing};
    use crate::domain::samples::{
        ada, at, challenge, id, mailbox, on, right_code, right_password, telephone,
    };
    use crate::domain::second_factor::Destination;

    const RULES: SessionRules = SessionRules { idle: TimeDelta::minutes(30), max: TimeDelta::hours(12) };

    fn session() -> Session {
        Session {
            id: id(2),
            account: id(1),
            entered_by: EnteredBy::Code,
            password_at: Some(at(0)),
            code_at: Some(at(0)),
            browser: BrowserLabel::from_user_agent(None),
            network: None,
            started_at: at(0),
            last_seen_at: at(0),
            expires_at: at(0) + RULES.max,
        }
    }

    /// Ada's pending login: it waits for the code of the sample challenge.
    fn pending() -> PendingLogin {
        PendingLogin {
            id: id(3),
            account: id(1),
            session_epoch: 3,
            challenge: id(9),
            asked_because: AskedBecause::NewComputer,
            opened_at: at(0),
            expires_at: at(0) + PENDING_LOGIN_LIFE,
        }
    }

    fn ada_at_home() -> Destination {
        mailbox("ada@example.com")
    }

    fn login_code() -> CodeProof {
        right_code(&challenge(Purpose::Login, ada_at_home()))
    }

    const A_MOMENT: TimeDelta = TimeDelta::microseconds(1);

    #[test]
    fn a_session_idles_out_and_runs_its_time() {
        assert!(session().is_live(&RULES, at(0) + RULES.idle - A_MOMENT));
        assert!(!session().is_live(&RULES, at(0) + RULES.idle));
        let busy = Session { last_seen_at: at(0) + RULES.max, ..session() };
        assert!(busy.is_live(&RULES, at(0) + RULES.max - A_MOMENT));
        assert!(!busy.is_live(&RULES, at(0) + RULES.max));
    }

    #[test]
    fn its_use_is_noted_once_a_minute() {
        assert!(!session().wants_touch(at(60) - A_MOMENT));
        assert!(session().wants_touch(at(60)));
    }

    #[test]
    fn a_pending_login_waits_as_long_as_its_code_may_be_owed() {
        assert_eq!(PENDING_LOGIN_LIFE, TimeDelta::minutes(30));
        assert!(pending().is_live(at(0) + PENDING_LOGIN_LIFE - A_MOMENT));
        assert!(!pending().is_live(at(0) + PENDING_LOGIN_LIFE));
    }

    #[test]
    fn the_code_of_this_very_login_opens_a_session() {
        let entry = Entry::by_code(&pending(), &login_code(), &ada(), &on(ada_at_home())).unwrap();
        assert_eq!(entry.account(), &id(1));
        assert_eq!(entry.session_epoch(), 3);
        assert_eq!(entry.entered_by(), EnteredBy::Code);
        assert_eq!(entry.code_at(at(7)), Some(at(7)));

        let phone = right_code(&challenge(Purpose::Login, telephone()));
        assert!(Entry::by_code(&pending(), &phone, &ada(), &on(telephone())).is_some());
    }

    #[test]
    fn no_other_code_opens_it() {
        let of = |purpose| right_code(&challenge(purpose, ada_at_home()));
        let of_another_login =
            right_code(&Challenge { id: id(8), ..challenge(Purpose::Login, ada_at_home()) });
        let of_bob = right_code(&Challenge { account: id(7), ..challenge(Purpose::Login, ada_at_home()) });
        for (code, whose) in [
            (of(Purpose::SetUp), "a set-up"),
            (of(Purpose::ConfirmIdentity), "a confirmation"),
            (of(Purpose::EmailOfRecord), "an address of record"),
            (of(Purpose::PresentMailbox), "the present address of record"),
            (of_another_login, "another login"),
            (of_bob, "another account"),
        ] {
            assert!(Entry::by_code(&pending(), &code, &ada(), &on(ada_at_home())).is_none(), "{whose}");
        }
    }

    #[test]
    fn a_right_code_opens_nothing_once_something_has_ended_the_login() {
        let changed: [(&str, Account, SecondFactor); 7] = [
            ("another account", Account { id: id(7), ..ada() }, on(ada_at_home())),
            (
                "disabled",
                Account { standing: Standing::Disabled { since: at(0) }, ..ada() },
                on(ada_at_home()),
            ),
            ("ended", Account { epochs: Epochs { session: 4, trust: 5 }, ..ada() }, on(ada_at_home())),
            (
                "an epoch to come",
                Account { epochs: Epochs { session: 2, trust: 5 }, ..ada() },
                on(ada_at_home()),
            ),
            ("turned off", ada(), SecondFactor::Off),
            ("another address", ada(), on(mailbox("ada@elsewhere.example"))),
            ("another method", ada(), on(telephone())),
        ];
        for (what, account, factor) in changed {
            assert!(Entry::by_code(&pending(), &login_code(), &account, &factor).is_none(), "{what}");
        }
        let of_bob = PendingLogin { account: id(7), ..pending() };
        assert!(Entry::by_code(&of_bob, &login_code(), &ada(), &on(ada_at_home())).is_none());
    }

    #[test]
    fn a_password_alone_is_no_code() {
        let proof = right_password(&id(1), 3);
        for (entry, entered_by) in [
            (Entry::by_password(&proof), EnteredBy::Password),
            (Entry::by_trusted_computer(&proof), EnteredBy::TrustedComputer),
        ] {
            assert_eq!((entry.account(), entry.session_epoch()), (&id(1), 3));
            assert_eq!(entry.entered_by(), entered_by);
            assert_eq!(entry.code_at(at(0)), None);
        }
    }

    #[test]
    fn what_stands_in_for_a_code_opens_its_own_account_while_nothing_has_ended_the_login() {
        for (kind, entered_by) in
            [(RecoveryKind::RecoveryCode, EnteredBy::RecoveryCode), (RecoveryKind::Pass, EnteredBy::Pass)]
        {
            let proof = |account| RecoveryProof::used_up(1, kind, &id(account)).unwrap();
            let entry = Entry::by_recovery(&pending(), proof(1), &ada(), 4).unwrap();
            assert_eq!((entry.account(), entry.session_epoch()), (&id(1), 4));
            assert_eq!((entry.entered_by(), entry.code_at(at(0))), (entered_by, Some(at(0))));

            assert!(Entry::by_recovery(&pending(), proof(2), &ada(), 4).is_none(), "bob's for ada");
            let since = Account { epochs: Epochs { session: 4, trust: 5 }, ..ada() };
            assert!(Entry::by_recovery(&pending(), proof(1), &since, 4).is_none());
            let disabled = Account { standing: Standing::Disabled { since: at(0) }, ..ada() };
            assert!(Entry::by_recovery(&pending(), proof(1), &disabled, 4).is_none());
        }
    }

    #[test]
    fn the_words_in_the_database_are_read_back() {
        for entered_by in EnteredBy::ALL {
            assert_eq!(EnteredBy::stored(entered_by.as_str()), Some(entered_by));
            assert!(entered_by.label().starts_with("with the password"), "in the activity log");
        }
        assert_eq!(EnteredBy::stored("recovery"), None);
    }
}
