//! Times and lengths of time, as pages show them.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::domain::when;

/// A point in time, for people and for machines.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moment {
    /// As a person reads it, in their time zone: `10:42 am`.
    pub shown: String,
    /// As RFC 3339 has it, in UTC: `2026-11-24T15:42:00Z`.
    pub iso: String,
}

impl Moment {
    /// The time of day: `10:42 am`.
    pub fn clock(at: DateTime<Utc>, zone: Tz) -> Self {
        Self { shown: when::clock(at, zone), iso: when::iso(at) }
    }

    /// The time of day for somebody whose time zone may be another: `10:42 am EST`.
    pub fn clock_and_zone(at: DateTime<Utc>, zone: Tz) -> Self {
        Self { shown: when::clock_and_zone(at, zone), iso: when::iso(at) }
    }

    /// The day: `December 8`.
    pub fn day(at: DateTime<Utc>, zone: Tz) -> Self {
        Self { shown: when::day(at, zone), iso: when::iso(at) }
    }

    /// The day, with its year: `November 24, 2026`.
    pub fn date(at: DateTime<Utc>, zone: Tz) -> Self {
        Self { shown: when::day_with_year(at, zone), iso: when::iso(at) }
    }

    /// The time of day, with the day where that is another: `December 8, 10:42 am`.
    pub fn short(at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> Self {
        Self { shown: when::moment(at, now, zone), iso: when::iso(at) }
    }

    /// In a list under which the zone is named: `Today, 10:42 am`.
    pub fn in_a_list(at: DateTime<Utc>, now: DateTime<Utc>, zone: Tz) -> Self {
        Self { shown: when::moment_in_a_list(at, now, zone), iso: when::iso(at) }
    }

    /// A time of an autumn day in Toronto, in the examples.
    pub fn sample(shown: &str) -> Self {
        Self { shown: shown.to_owned(), iso: "2026-11-24T15:42:00Z".to_owned() }
    }
}

/// A length of time in words, rounded up so that nobody comes back too early: `30 seconds`, `15 minutes`, `1 hour`.
pub fn in_words(span: TimeDelta) -> String {
    let seconds = span.num_seconds().max(1);
    let whole = |size: i64| (seconds + size - 1) / size;
    match seconds {
        ..60 => counted(seconds, "second"),
        60..3_600 => counted(whole(60), "minute"),
        _ => counted(whole(3_600), "hour"),
    }
}

fn counted(count: i64, word: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {word}{s}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_read_well_and_never_too_short() {
        for (seconds, words) in [
            (-5, "1 second"),
            (30, "30 seconds"),
            (60, "1 minute"),
            (61, "2 minutes"),
            (900, "15 minutes"),
            (3_600, "1 hour"),
            (3_601, "2 hours"),
        ] {
            assert_eq!(in_words(TimeDelta::seconds(seconds)), words);
        }
    }
}
