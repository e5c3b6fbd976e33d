//! Points in time, as pages show them.

use chrono::{DateTime, Utc};
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

    /// A time of an autumn day in Toronto, in the examples.
    pub fn sample(shown: &str) -> Self {
        Self { shown: shown.to_owned(), iso: "2026-11-24T15:42:00Z".to_owned() }
    }
}
