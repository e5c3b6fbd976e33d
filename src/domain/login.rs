//! The whole login decision as one pure function.

use chrono::{DateTime, Utc};

use crate::domain::account::{Account, TrustEnd};
use crate::domain::password::PasswordProof;
use crate::domain::second_factor::{Destination, SecondFactor};
use crate::domain::session::Entry;
use crate::domain::trusted_computer::{Trust, TrustedComputer};

/// What comes after a right password.
#[derive(Debug)]
pub enum NextStep {
    /// A session.
    Enter(Entry),
    /// The code page.
    AskForCode(Destination, AskedBecause),
    /// Nothing: the account was disabled, or its logins were ended, since the password was looked up.
    Refuse,
}

/// Why a code is asked, for the code page to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskedBecause {
    /// This browser is new to the account.
    NewComputer,
    /// Its days are over.
    DaysOver,
    /// The account, or this installation, asks on every login.
    EveryLogin,
    /// Method or destination changed.
    SecondFactorChanged,
    /// The owner forgot all computers.
    Forgotten,
    /// The password was changed or reset.
    PasswordChanged,
    /// A recovery code was used.
    RecoveryCodeUsed,
    /// An administrator asks for it.
    Administrator,
    /// The owner said that something was not them.
    NotMe,
}

impl AskedBecause {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::NewComputer,
        Self::DaysOver,
        Self::EveryLogin,
        Self::SecondFactorChanged,
        Self::Forgotten,
        Self::PasswordChanged,
        Self::RecoveryCodeUsed,
        Self::Administrator,
        Self::NotMe,
    ];

    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NewComputer => "new_computer",
            Self::DaysOver => "days_over",
            Self::EveryLogin => "every_login",
            Self::SecondFactorChanged => "second_factor_changed",
            Self::Forgotten => "forgotten",
            Self::PasswordChanged => "password_changed",
            Self::RecoveryCodeUsed => "recovery_code_used",
            Self::Administrator => "administrator",
            Self::NotMe => "not_me",
        }
    }

    /// Reads the word in the database.
    pub fn stored(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|because| because.as_str() == text)
    }

    fn trust_ended(because: Option<TrustEnd>) -> Self {
        match because {
            Some(TrustEnd::SecondFactorChanged) => Self::SecondFactorChanged,
            Some(TrustEnd::Forgotten) => Self::Forgotten,
            Some(TrustEnd::PasswordChanged) => Self::PasswordChanged,
            Some(TrustEnd::RecoveryCodeUsed) => Self::RecoveryCodeUsed,
            Some(TrustEnd::Administrator) => Self::Administrator,
            Some(TrustEnd::NotMe) => Self::NotMe,
            // The choice was taken back since, or the row is older than the reason: what remains true is that it is new.
            Some(TrustEnd::AsksEveryLogin) | None => Self::NewComputer,
        }
    }
}

/// Decides what a right password opens. `computer` is the row of the browser's token for this account, trusted or not;
/// `trusted_days` is the operator's setting.
pub fn next_step(
    proof: &PasswordProof,
    account: &Account,
    factor: &SecondFactor,
    computer: Option<&TrustedComputer>,
    trusted_days: u8,
    now: DateTime<Utc>,
) -> NextStep {
    let holds = account.id == *proof.account()
        && account.is_active()
        && account.epochs.session == proof.session_epoch();
    if !holds {
        return NextStep::Refuse;
    }
    let Some(destination) = factor.destination() else {
        return NextStep::Enter(Entry::by_password(proof));
    };
    let because = match computer.map(|computer| computer.trust(account, trusted_days, now)) {
        Some(Trust::Holds) => return NextStep::Enter(Entry::by_trusted_computer(proof)),
        Some(Trust::DaysOver) => AskedBecause::DaysOver,
        Some(Trust::Ended(because)) => AskedBecause::trust_ended(because),
        // Forbidden by an administrator, where the person and the operator would allow it.
        Some(Trust::AsksEveryLogin) | None
            if !account.allows_trust && !account.asks_every_login && trusted_days > 0 =>
        {
            AskedBecause::Administrator
        }
        Some(Trust::AsksEveryLogin) => AskedBecause::EveryLogin,
        None if account.asks_every_login || trusted_days == 0 => AskedBecause::EveryLogin,
        None => AskedBecause::NewComputer,
    };
    NextStep::AskForCode(destination, because)
}

#[cfg(test)]
mod tests;
