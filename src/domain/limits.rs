//! How often things may be tried: every limit side by side, as functions of a count and the time.
//!
//! OWASP ASVS 5.0 6.1.1 and 6.3.1; NIST SP 800-63B-4 §3.2.2, whose ceiling is 100 consecutive failures.

use chrono::{DateTime, TimeDelta, Utc};

/// Wrong passwords in a row for one name before it rests.
pub const FREE_PASSWORD_FAILURES: u32 = 5;
/// Wrong passwords in a row at which only trusted computers get through.
pub const PASSWORD_FAILURES_CLOSE: u32 = 100;
/// Wrong passwords a trusted computer may send, whatever others do to the name.
pub const TRUSTED_COMPUTER_FAILURES: u32 = 10;
/// Wrong passwords that the browser in which a password was just reset may send, likewise.
pub const AFTER_RESET_FAILURES: u32 = 10;
/// Password resets that are mailed to one account in [`RESETS_WINDOW`], whoever asks.
pub const RESETS: i64 = 5;
/// How far back mailed resets count.
pub const RESETS_WINDOW: TimeDelta = TimeDelta::hours(1);
/// Failures from one address in a minute.
pub const ADDRESS_FAILURES_A_MINUTE: i64 = 20;
/// Failures from one address in an hour.
pub const ADDRESS_FAILURES_AN_HOUR: i64 = 200;
/// Different names failing from one address in ten minutes.
pub const ADDRESS_NAMES: i64 = 30;
/// How far back the names of an address are counted, and how long it rests after too many.
pub const ADDRESS_NAMES_WINDOW: TimeDelta = TimeDelta::minutes(10);
/// Wrong codes in a row, over all logins and confirmations, that pause the second factor.
pub const CODE_FAILURES_PAUSE: u32 = 10;
/// Wrong codes in a row that suspend it.
pub const CODE_FAILURES_SUSPEND: u32 = 50;
/// How long a pause lasts.
pub const CODE_PAUSE: TimeDelta = TimeDelta::minutes(15);

/// Unused messages one account may ask for in [`SENDS_WINDOW`], and likewise one unconfirmed destination.
pub const UNUSED_SENDS: i64 = 5;
/// How far back unused messages count.
pub const SENDS_WINDOW: TimeDelta = TimeDelta::minutes(10);
/// Text messages to a confirmed number, a day and account.
pub const TEXTS_A_DAY: i64 = 30;
/// Mails to a confirmed address, a day and account.
pub const MAILS_A_DAY: i64 = 60;
/// Text messages to an unconfirmed number, a day, per account and per number.
pub const UNCONFIRMED_TEXTS_A_DAY: i64 = 10;
/// Mails to an unconfirmed address, a day, per account and per address.
pub const UNCONFIRMED_MAILS_A_DAY: i64 = 30;
/// How often at most a password change or reset begins the counts of an account's sends anew: often enough for an owner whose
/// sends a thief has used up, and seldom enough that no account uses up the texts of all.
pub const SENDS_COUNTED_ANEW_EVERY: TimeDelta = TimeDelta::hours(1);
/// How many of a hundred of the day's texts may have been asked for before administrators are warned.
pub const TEXTS_RUN_LOW_PERCENT: u32 = 80;
/// Test messages an administrator may have sent in [`TEST_MESSAGES_WINDOW`].
pub const TEST_MESSAGES: i64 = 3;
/// How far back test messages count.
pub const TEST_MESSAGES_WINDOW: TimeDelta = TimeDelta::minutes(10);
/// Accounts that may have their codes sent to one number.
pub const ACCOUNTS_A_NUMBER: i64 = 5;

/// How many texts of a day's most are so many that administrators are warned.
pub fn texts_run_low_at(most: u32) -> i64 {
    let hundredths = i64::from(most) * i64::from(TEXTS_RUN_LOW_PERCENT);
    (hundredths + 99).div_euclid(100).max(1)
}

/// How a name stands after wrong passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameStanding {
    /// A password may be tried.
    Open,
    /// Not before this moment.
    Rests(DateTime<Utc>),
    /// Only trusted computers, until the password is reset.
    Closed,
}

/// How a name with this many failures in a row stands now.
pub fn name_standing(failures: u32, rests_until: Option<DateTime<Utc>>, now: DateTime<Utc>) -> NameStanding {
    if failures >= PASSWORD_FAILURES_CLOSE {
        return NameStanding::Closed;
    }
    match rests_until {
        Some(until) if now < until => NameStanding::Rests(until),
        Some(_) | None => NameStanding::Open,
    }
}

/// How long a name rests after its `failures`-th wrong password in a row: 30 s from the fifth, doubling to an hour.
pub fn rest_after(failures: u32) -> Option<TimeDelta> {
    const FIRST: i64 = 30;
    const LONGEST: i64 = 3_600;
    let doublings = failures.checked_sub(FREE_PASSWORD_FAILURES)?;
    let seconds = 1_i64.checked_shl(doublings.min(12)).map_or(LONGEST, |factor| FIRST * factor);
    Some(TimeDelta::seconds(seconds.min(LONGEST)))
}

/// What the `failures`-th wrong password in a row brings its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordFailure {
    /// Nothing yet.
    Counts,
    /// A rest.
    Pauses,
    /// Only trusted computers get through from now on.
    Closes,
}

/// What the `failures`-th wrong password in a row brings: a rest from the fifth on, and at the hundredth the end.
pub fn password_failure(failures: u32) -> PasswordFailure {
    if failures >= PASSWORD_FAILURES_CLOSE {
        PasswordFailure::Closes
    } else if rest_after(failures).is_some() {
        PasswordFailure::Pauses
    } else {
        PasswordFailure::Counts
    }
}

/// What wrong codes have done to an account's second factor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecondFactorStanding {
    /// Codes may be entered.
    Open,
    /// Not before this moment.
    Paused(DateTime<Utc>),
    /// Not until somebody lifts it.
    Suspended,
}

/// What the `failures`-th wrong code in a row brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeFailure {
    /// Nothing yet.
    Counts,
    /// A pause of [`CODE_PAUSE`].
    Pauses,
    /// A suspension.
    Suspends,
}

/// What the `failures`-th wrong code in a row brings: a pause at every tenth, a suspension at the fiftieth.
pub fn code_failure(failures: u32) -> CodeFailure {
    if failures >= CODE_FAILURES_SUSPEND {
        CodeFailure::Suspends
    } else if failures > 0 && failures.is_multiple_of(CODE_FAILURES_PAUSE) {
        CodeFailure::Pauses
    } else {
        CodeFailure::Counts
    }
}

/// How the second factor stands, from what its row says.
pub fn second_factor_standing(
    paused_until: Option<DateTime<Utc>>,
    suspended_at: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> SecondFactorStanding {
    match (suspended_at, paused_until) {
        (Some(_), _) => SecondFactorStanding::Suspended,
        (None, Some(until)) if now < until => SecondFactorStanding::Paused(until),
        (None, Some(_) | None) => SecondFactorStanding::Open,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_000_000 + seconds, 0).unwrap()
    }

    #[test]
    fn texts_run_low_at_four_fifths_and_never_earlier() {
        for (most, low) in [(1, 1), (2, 2), (5, 4), (6, 5), (10, 8), (1_000, 800), (u32::MAX, 3_435_973_836)]
        {
            assert_eq!(texts_run_low_at(most), low, "{most}");
        }
    }

    #[test]
    fn the_fifth_wrong_password_rests_the_name_and_each_further_one_twice_as_long() {
        let rests: Vec<_> = (4..14).map(|n| rest_after(n).map(|rest| rest.num_seconds())).collect();
        let expected =
            [None, Some(30), Some(60), Some(120), Some(240), Some(480), Some(960), Some(1_920), Some(3_600)];
        assert_eq!(rests[..9], expected);
        assert_eq!(rest_after(99), Some(TimeDelta::hours(1)));
    }

    #[test]
    fn a_rest_ends_and_a_hundred_failures_do_not() {
        assert_eq!(name_standing(5, Some(at(30)), at(29)), NameStanding::Rests(at(30)));
        assert_eq!(name_standing(5, Some(at(30)), at(30)), NameStanding::Open);
        assert_eq!(name_standing(100, Some(at(30)), at(86_400)), NameStanding::Closed);
    }

    #[test]
    fn from_the_fifth_on_each_wrong_password_pauses_and_the_hundredth_closes() {
        let brings = [4, 5, 6, 99, 100].map(password_failure);
        let pauses = PasswordFailure::Pauses;
        assert_eq!(brings, [PasswordFailure::Counts, pauses, pauses, pauses, PasswordFailure::Closes]);
    }

    #[test]
    fn every_tenth_wrong_code_pauses_and_the_fiftieth_suspends() {
        let pauses: Vec<u32> = (0..50).filter(|n| code_failure(*n) == CodeFailure::Pauses).collect();
        assert_eq!(pauses, [10, 20, 30, 40]);
        assert_eq!(code_failure(49), CodeFailure::Counts);
        assert_eq!(code_failure(50), CodeFailure::Suspends);
    }

    #[test]
    fn a_pause_ends_by_itself_and_a_suspension_does_not() {
        assert_eq!(second_factor_standing(Some(at(1)), None, at(0)), SecondFactorStanding::Paused(at(1)));
        assert_eq!(second_factor_standing(Some(at(1)), None, at(1)), SecondFactorStanding::Open);
        assert_eq!(second_factor_standing(None, Some(at(0)), at(9_999)), SecondFactorStanding::Suspended);
    }
}
