//! The 14 days: a browser in which a code was entered and which is not asked again for a while.
//!
//! It only spares the code; the password is always asked. NIST SP 800-63B-4 §3.2.1 does not count it as an
//! authenticator, and neither does Postern.

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::account::{Account, TrustEnd};
use crate::domain::browser::BrowserLabel;
use crate::domain::ids::Id;

/// A browser that is trusted for one account, or was.
#[derive(Clone, Debug)]
pub struct TrustedComputer {
    /// Its identifier.
    pub id: Id<TrustedComputer>,
    /// The account it is trusted for.
    pub account: Id<Account>,
    /// The account's trust epoch when it was made.
    pub trust_epoch: i64,
    /// What the browser called itself.
    pub browser: BrowserLabel,
    /// When the code was entered.
    pub made_at: DateTime<Utc>,
    /// When it last spared a code.
    pub last_used_at: DateTime<Utc>,
    /// When it asks again: fixed when it was made, never extended.
    pub expires_at: DateTime<Utc>,
    /// Wrong passwords sent from it since the last right one.
    pub failures: u32,
}

/// Whether a code is spared, and if not, why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The password alone is enough here.
    Holds,
    /// Its days are over.
    DaysOver,
    /// All of the account's computers were forgotten since, for this reason where one is known.
    Ended(Option<TrustEnd>),
    /// The account is asked on every login, or no computer is ever trusted here.
    AsksEveryLogin,
}

impl TrustedComputer {
    /// How the trust stands now. `days` is the operator's `two_factor.trusted_days`.
    pub fn trust(&self, account: &Account, days: u8, now: DateTime<Utc>) -> Trust {
        if account.asks_every_login || days == 0 {
            Trust::AsksEveryLogin
        } else if self.trust_epoch != account.epochs.trust || self.account != account.id {
            Trust::Ended(account.trust_ended_because)
        } else if now >= self.ends_at(days) {
            Trust::DaysOver
        } else {
            Trust::Holds
        }
    }

    /// When it asks again under the operator's present setting: fewer days count at once, more lengthen nothing.
    pub fn ends_at(&self, days: u8) -> DateTime<Utc> {
        self.expires_at.min(self.made_at + TimeDelta::days(i64::from(days)))
    }
}

/// When a computer trusted now asks again; `None` where none is ever trusted.
pub fn asks_again_at(account_asks_every_login: bool, days: u8, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    (!account_asks_every_login && days > 0).then(|| now + TimeDelta::days(i64::from(days)))
}
