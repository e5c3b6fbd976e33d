//! Times as people read them, in their own time zone.
//!
//! English only. The month is a word, because 12/08 is a different day on either side of an ocean.

use chrono::{DateTime, Datelike, SecondsFormat, Utc};
use chrono_tz::Tz;

/// Reads the IANA name of a time zone, as in `America/New_York`; `None` if there is no such zone.
pub fn zone(name: &str) -> Option<Tz> {
    name.parse().ok()
}

/// The time of day, as in "10:42 am". The space is a no-break space, so that the line never breaks there.
pub fn clock(at: DateTime<Utc>, tz: Tz) -> String {
    at.with_timezone(&tz).format("%-I:%M\u{a0}%P").to_string()
}

/// The time of day with its zone, as in "10:42 am EST". A zone without letters of its own is shown by its
/// distance from UTC, as in "10:42 am UTC-03:00".
pub fn clock_and_zone(at: DateTime<Utc>, tz: Tz) -> String {
    let local = at.with_timezone(&tz);
    let name = local.format("%Z").to_string();
    let has_name = name.starts_with(|first: char| first.is_ascii_alphabetic());
    let name = if has_name { name } else { local.format("UTC%:z").to_string() };
    format!("{} {name}", clock(at, tz))
}

/// The day of the year, as in "December 8".
pub fn day(at: DateTime<Utc>, tz: Tz) -> String {
    at.with_timezone(&tz).format("%B %-d").to_string()
}

/// The day with its year, as in "December 8, 2026".
pub fn day_with_year(at: DateTime<Utc>, tz: Tz) -> String {
    at.with_timezone(&tz).format("%B %-d, %Y").to_string()
}

/// The instant for machines, as in "2026-11-24T15:52:00Z" (RFC 3339, whole seconds).
pub fn iso(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// The shortest way to say when: "10:42 am" today, "December 8, 10:42 am" in this year, else with the year.
pub fn moment(at: DateTime<Utc>, now: DateTime<Utc>, tz: Tz) -> String {
    let (then, today) = (at.with_timezone(&tz), now.with_timezone(&tz));
    if then.date_naive() == today.date_naive() {
        clock(at, tz)
    } else if then.year() == today.year() {
        format!("{}, {}", day(at, tz), clock(at, tz))
    } else {
        format!("{}, {}", day_with_year(at, tz), clock(at, tz))
    }
}
