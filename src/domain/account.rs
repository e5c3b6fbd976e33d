//! One person's login.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::domain::browser::BrowserLabel;
use crate::domain::email::EmailAddress;
use crate::domain::ids::Id;
use crate::domain::limits::SecondFactorStanding;
use crate::domain::second_factor::Method;
use crate::domain::username::Username;

/// An account as everything but the password check sees it.
#[derive(Clone, Debug)]
pub struct Account {
    /// Its identifier.
    pub id: Id<Account>,
    /// The name as it was typed when the account was made.
    pub username: Username,
    /// What pages call the person; the username where they gave nothing.
    pub display_name: String,
    /// The e-mail address of record.
    pub email: EmailAddress,
    /// When it was last shown that its owner reads that mailbox.
    pub email_confirmed_at: Option<DateTime<Utc>>,
    /// What the account may do.
    pub role: Role,
    /// Whether it may log in.
    pub standing: Standing,
    /// Where its times are shown.
    pub time_zone: Tz,
    /// How codes are sent, where a method is on: a copy of the second factor's own word, to decide by.
    pub method: Option<Method>,
    /// Whether an administrator requires two-factor authentication of it.
    pub requires_two_factor: bool,
    /// Whether an administrator lets it trust computers.
    pub allows_trust: bool,
    /// Whether its next set-up asks first for a code from the e-mail address of record.
    pub must_prove_mailbox: bool,
    /// The account's choice that no computer is ever trusted.
    pub asks_every_login: bool,
    /// What sessions and trust hang on.
    pub epochs: Epochs,
    /// Why trust last ended, for the code page to say.
    pub trust_ended_because: Option<TrustEnd>,
    /// What wrong codes have done to the second factor.
    pub second_factor_standing: SecondFactorStanding,
    /// Unused sends before this moment no longer count.
    pub sends_counted_from: DateTime<Utc>,
    /// The login before the current one.
    pub previous_login: Option<PastLogin>,
    /// When the password was last changed by its owner or reset.
    pub password_changed_at: Option<DateTime<Utc>>,
    /// Counts what administrators decide about it, so that a form opened before the last decision is known as stale.
    pub version: i64,
}

/// How an account stands in the list, for the filter: the first that is true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Somebody switched it off.
    Disabled,
    /// The invitation waits for its answer.
    Invited,
    /// Wrong codes suspended its second factor.
    Locked,
    /// It logs in.
    Active,
}

/// When and from where somebody logged in.
#[derive(Clone, Debug)]
pub struct PastLogin {
    /// When.
    pub at: DateTime<Utc>,
    /// What the browser called itself.
    pub browser: BrowserLabel,
}

/// What an account may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Logs in and keeps a profile.
    Person,
    /// Runs the accounts as well.
    Administrator,
}

/// Whether an account may log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may.
    Active,
    /// Somebody switched it off.
    Disabled {
        /// When.
        since: DateTime<Utc>,
    },
}

/// The two numbers that end things at once: a session or a trusted computer counts only under the number it began with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Epochs {
    /// Ends all sessions when it moves.
    pub session: i64,
    /// Ends all trusted computers when it moves.
    pub trust: i64,
}

/// Why all trusted computers of an account were forgotten at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrustEnd {
    /// Method or destination changed, or two-factor authentication was turned off.
    SecondFactorChanged,
    /// *Ask for a code on every login* was ticked.
    AsksEveryLogin,
    /// The owner forgot all computers.
    Forgotten,
    /// The password was changed or reset.
    PasswordChanged,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// An administrator or operator asked for it, by a reset or otherwise.
    Administrator,
    /// The owner said that something was not them.
    NotMe,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Person, Self::Administrator];

    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Administrator => "administrator",
        }
    }

    /// Reads the word in the database.
    pub fn stored(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

impl TrustEnd {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SecondFactorChanged => "second_factor_changed",
            Self::AsksEveryLogin => "asks_every_login",
            Self::Forgotten => "forgotten",
            Self::PasswordChanged => "password_changed",
            Self::RecoveryCodeUsed => "recovery_code_used",
            Self::Administrator => "administrator",
            Self::NotMe => "not_me",
        }
    }

    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::SecondFactorChanged,
        Self::AsksEveryLogin,
        Self::Forgotten,
        Self::PasswordChanged,
        Self::RecoveryCodeUsed,
        Self::Administrator,
        Self::NotMe,
    ];

    /// Reads the word in the database.
    pub fn stored(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|end| end.as_str() == text)
    }
}

impl State {
    /// All of them, in the order of the filter.
    pub const ALL: [Self; 4] = [Self::Active, Self::Invited, Self::Locked, Self::Disabled];

    /// The word in the database and in addresses.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Invited => "invited",
            Self::Locked => "locked",
            Self::Active => "active",
        }
    }

    /// Reads the word.
    pub fn stored(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// How an account stands that is disabled or not, has a password or not, and has its codes suspended or not.
    pub fn of(is_disabled: bool, has_password: bool, is_suspended: bool) -> Self {
        match (is_disabled, has_password, is_suspended) {
            (true, _, _) => Self::Disabled,
            (false, false, _) => Self::Invited,
            (false, true, true) => Self::Locked,
            (false, true, false) => Self::Active,
        }
    }
}

impl Account {
    /// For how many days it may trust a computer, out of the operator's `two_factor.trusted_days`.
    pub fn trusted_days(&self, setting: u8) -> u8 {
        if self.allows_trust { setting } else { 0 }
    }

    /// Whether the account may log in.
    pub fn is_active(&self) -> bool {
        match self.standing {
            Standing::Active => true,
            Standing::Disabled { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::{ada, at};

    #[test]
    fn the_words_in_the_database_are_read_back() {
        for role in Role::ALL {
            assert_eq!(Role::stored(role.as_str()), Some(role));
        }
        for state in State::ALL {
            assert_eq!(State::stored(state.as_str()), Some(state));
        }
        for end in TrustEnd::ALL {
            assert_eq!(TrustEnd::stored(end.as_str()), Some(end));
        }
        assert_eq!((Role::stored("root"), State::stored("paused"), TrustEnd::stored("")), (None, None, None));
    }

    #[test]
    fn in_the_list_it_stands_as_the_first_that_is_true() {
        for has_password in [false, true] {
            for is_suspended in [false, true] {
                assert_eq!(State::of(true, has_password, is_suspended), State::Disabled);
            }
        }
        assert_eq!(State::of(false, false, false), State::Invited);
        assert_eq!(State::of(false, false, true), State::Invited);
        assert_eq!(State::of(false, true, true), State::Locked);
        assert_eq!(State::of(false, true, false), State::Active);
    }

    #[test]
    fn it_trusts_computers_as_long_as_the_operator_and_an_administrator_let_it() {
        let forbidden = Account { allows_trust: false, ..ada() };
        for setting in [0, 1, 14] {
            assert_eq!(ada().trusted_days(setting), setting);
            assert_eq!(forbidden.trusted_days(setting), 0);
        }
    }

    #[test]
    fn it_logs_in_unless_somebody_switched_it_off() {
        assert!(ada().is_active());
        assert!(!Account { standing: Standing::Disabled { since: at(0) }, ..ada() }.is_active());
    }
}
