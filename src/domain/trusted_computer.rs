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
        let days = account.trusted_days(days);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::{ada, at, days, id};

    /// A computer that Ada has just trusted for fourteen days.
    fn computer() -> TrustedComputer {
        TrustedComputer {
            id: id(4),
            account: id(1),
            trust_epoch: 5,
            browser: BrowserLabel::from_user_agent(None),
            made_at: at(0),
            last_used_at: at(0),
            expires_at: days(14),
            failures: 0,
        }
    }

    #[test]
    fn trust_holds_for_its_days_and_not_a_moment_longer() {
        let last = days(14) - TimeDelta::microseconds(1);
        assert_eq!(computer().trust(&ada(), 14, at(0)), Trust::Holds);
        assert_eq!(computer().trust(&ada(), 14, last), Trust::Holds);
        assert_eq!(computer().trust(&ada(), 14, days(14)), Trust::DaysOver);
        assert_eq!(computer().trust(&ada(), 14, days(400)), Trust::DaysOver);
    }

    #[test]
    fn use_does_not_lengthen_it() {
        let used = TrustedComputer { last_used_at: days(13), ..computer() };
        assert_eq!(used.trust(&ada(), 14, days(14)), Trust::DaysOver);
    }

    #[test]
    fn fewer_days_count_at_once_and_more_lengthen_nothing() {
        let made_for_seven = TrustedComputer { expires_at: days(7), ..computer() };
        for (computer, setting, ends) in
            [(computer(), 7, days(7)), (computer(), 1, days(1)), (made_for_seven, 14, days(7))]
        {
            assert_eq!(computer.ends_at(setting), ends);
            let last = ends - TimeDelta::microseconds(1);
            assert_eq!(computer.trust(&ada(), setting, last), Trust::Holds);
            assert_eq!(computer.trust(&ada(), setting, ends), Trust::DaysOver);
        }
    }

    #[test]
    fn where_every_login_asks_nothing_is_trusted_and_that_is_the_reason() {
        let asks = Account { asks_every_login: true, ..ada() };
        let ended = TrustedComputer { trust_epoch: 4, ..computer() };
        for computer in [computer(), ended] {
            for now in [at(0), days(14)] {
                assert_eq!(computer.trust(&asks, 14, now), Trust::AsksEveryLogin);
                assert_eq!(computer.trust(&ada(), 0, now), Trust::AsksEveryLogin);
            }
        }
    }

    #[test]
    fn trust_of_an_epoch_before_has_ended_for_the_reason_that_was_kept() {
        let before = TrustedComputer { trust_epoch: 4, ..computer() };
        for because in [
            None,
            Some(TrustEnd::SecondFactorChanged),
            Some(TrustEnd::AsksEveryLogin),
            Some(TrustEnd::Forgotten),
        ] {
            let account = Account { trust_ended_because: because, ..ada() };
            // The reason is told also when its days would be over by now.
            for now in [at(0), days(14)] {
                assert_eq!(before.trust(&account, 14, now), Trust::Ended(because));
            }
            // A computer trusted since then is not touched by it.
            assert_eq!(computer().trust(&account, 14, at(0)), Trust::Holds);
        }
    }

    #[test]
    fn trust_of_another_account_is_none() {
        let bobs = TrustedComputer { account: id(2), ..computer() };
        assert_eq!(bobs.trust(&ada(), 14, at(0)), Trust::Ended(None));
    }

    #[test]
    fn a_computer_is_trusted_for_the_operators_days_or_not_at_all() {
        assert_eq!(asks_again_at(false, 14, at(0)), Some(days(14)));
        assert_eq!(asks_again_at(false, 1, at(0)), Some(days(1)));
        assert_eq!(asks_again_at(false, 0, at(0)), None);
        assert_eq!(asks_again_at(true, 14, at(0)), None);
        assert_eq!(asks_again_at(true, 0, at(0)), None);
    }
}
