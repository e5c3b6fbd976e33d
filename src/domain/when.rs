//! Times as people read them, in their own time zone.
//!
//! English only. The month is a word, because 12/08 is a different day on either side of an ocean.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, SecondsFormat, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// Reads the IANA name of a time zone, as in `America/New_York`; `None` if there is no such zone.
pub fn zone(name: &str) -> Option<Tz> {
    name.parse().ok()
}

/// The time of day, as in "10:42 am". The space is a no-break space, so that the line never breaks there.
///
/// UTC is named, as in "3:42 pm UTC": accounts begin there, and on the wall of most people another time is shown.
pub fn clock(at: DateTime<Utc>, tz: Tz) -> String {
    if tz == Tz::UTC { clock_and_zone(at, tz) } else { wall_clock(at, tz) }
}

/// The time of day with its zone, as in "10:42 am EST". A zone without letters of its own is shown by its
/// distance from UTC, as in "10:42 am UTC-03:00".
pub fn clock_and_zone(at: DateTime<Utc>, tz: Tz) -> String {
    let local = at.with_timezone(&tz);
    let name = local.format("%Z").to_string();
    let has_name = name.starts_with(|first: char| first.is_ascii_alphabetic());
    let name = if has_name { name } else { local.format("UTC%:z").to_string() };
    format!("{} {name}", wall_clock(at, tz))
}

fn wall_clock(at: DateTime<Utc>, tz: Tz) -> String {
    at.with_timezone(&tz).format("%-I:%M\u{a0}%P").to_string()
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

/// The same in a list, under which the zone is named once.
pub fn moment_in_a_list(at: DateTime<Utc>, now: DateTime<Utc>, tz: Tz) -> String {
    let (then, today) = (at.with_timezone(&tz), now.with_timezone(&tz));
    let day = if then.date_naive() == today.date_naive() {
        "Today".to_owned()
    } else if then.year() == today.year() {
        day(at, tz)
    } else {
        day_with_year(at, tz)
    };
    format!("{day}, {}", wall_clock(at, tz))
}

/// The first moment of a day. Where clocks go forward at midnight, it begins later than that.
pub fn begins(day: NaiveDate, tz: Tz) -> DateTime<Utc> {
    let midnight = day.and_time(NaiveTime::MIN);
    // A zone that crosses the date line leaves out a whole day.
    let first = (0..=48).find_map(|halves| {
        let time = midnight.checked_add_signed(TimeDelta::minutes(30 * halves))?;
        tz.from_local_datetime(&time).earliest()
    });
    first.map_or_else(|| midnight.and_utc(), |first| first.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(iso: &str) -> DateTime<Utc> {
        iso.parse().unwrap()
    }

    fn new_york() -> Tz {
        zone("America/New_York").unwrap()
    }

    #[test]
    fn zones_are_known_by_their_iana_names() {
        assert_eq!(zone("Europe/Berlin").unwrap().name(), "Europe/Berlin");
        assert_eq!(zone("UTC"), Some(Tz::UTC));
        assert_eq!(zone("Berlin"), None);
        assert_eq!(zone("../../etc/passwd"), None);
    }

    #[test]
    fn the_clock_never_breaks_before_am_and_pm() {
        assert_eq!(clock(at("2026-11-24T15:42:00Z"), new_york()), "10:42\u{a0}am");
        assert_eq!(clock(at("2026-11-25T00:05:00Z"), new_york()), "7:05\u{a0}pm");
    }

    #[test]
    fn noon_is_pm_and_midnight_is_am() {
        assert_eq!(clock(at("2026-11-24T17:00:00Z"), new_york()), "12:00\u{a0}pm");
        assert_eq!(clock(at("2026-11-24T05:00:00Z"), new_york()), "12:00\u{a0}am");
    }

    #[test]
    fn somebody_who_chose_no_zone_learns_which_one_it_is() {
        assert_eq!(clock(at("2026-11-24T15:42:00Z"), Tz::UTC), "3:42\u{a0}pm UTC");
    }

    #[test]
    fn the_zone_changes_its_name_with_the_season() {
        // In 2026 the clocks of New York went from EST to EDT at 07:00 UTC on March 8, and back at 06:00 UTC on November 1.
        assert_eq!(clock_and_zone(at("2026-03-08T06:59:59Z"), new_york()), "1:59\u{a0}am EST");
        assert_eq!(clock_and_zone(at("2026-03-08T07:00:00Z"), new_york()), "3:00\u{a0}am EDT");
        assert_eq!(clock_and_zone(at("2026-11-01T05:59:59Z"), new_york()), "1:59\u{a0}am EDT");
        assert_eq!(clock_and_zone(at("2026-11-01T06:00:00Z"), new_york()), "1:00\u{a0}am EST");
    }

    #[test]
    fn a_zone_without_letters_is_named_by_its_distance() {
        let time = at("2026-11-24T15:42:00Z");
        assert_eq!(clock_and_zone(time, zone("America/Sao_Paulo").unwrap()), "12:42\u{a0}pm UTC-03:00");
        assert_eq!(clock_and_zone(time, zone("Asia/Kathmandu").unwrap()), "9:27\u{a0}pm UTC+05:45");
        assert_eq!(clock_and_zone(time, Tz::UTC), "3:42\u{a0}pm UTC");
    }

    #[test]
    fn days_are_those_of_the_zone() {
        let late = at("2026-12-09T03:30:00Z");
        assert_eq!(day(late, new_york()), "December 8");
        assert_eq!(day(late, Tz::UTC), "December 9");
        assert_eq!(day_with_year(at("2027-01-01T04:59:59Z"), new_york()), "December 31, 2026");
    }

    #[test]
    fn machines_get_whole_seconds_in_utc() {
        assert_eq!(iso(at("2026-11-24T10:52:00.987-05:00")), "2026-11-24T15:52:00Z");
    }

    #[test]
    fn a_moment_says_only_what_today_does_not() {
        let now = at("2026-12-09T03:30:00Z");
        assert_eq!(moment(at("2026-12-08T15:42:00Z"), now, new_york()), "10:42\u{a0}am");
        assert_eq!(moment(at("2026-12-08T15:42:00Z"), now, Tz::UTC), "December 8, 3:42\u{a0}pm UTC");
        assert_eq!(moment(at("2027-01-02T15:42:00Z"), now, new_york()), "January 2, 2027, 10:42\u{a0}am");
    }

    #[test]
    fn a_list_names_the_day_and_leaves_the_zone_to_its_foot() {
        let now = at("2026-12-09T03:30:00Z");
        assert_eq!(moment_in_a_list(now, now, new_york()), "Today, 10:30\u{a0}pm");
        assert_eq!(moment_in_a_list(at("2026-12-08T15:42:00Z"), now, Tz::UTC), "December 8, 3:42\u{a0}pm");
        let earlier = at("2025-12-09T03:30:00Z");
        assert_eq!(moment_in_a_list(earlier, now, new_york()), "December 8, 2025, 10:30\u{a0}pm");
    }

    #[test]
    fn a_day_begins_when_its_zone_says() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        assert_eq!(begins(day("2026-11-24"), new_york()), at("2026-11-24T05:00:00Z"));
        assert_eq!(begins(day("2026-11-24"), Tz::UTC), at("2026-11-24T00:00:00Z"));
        // In 2018 the clocks of São Paulo went forward at midnight on November 4, and Samoa had no December 30 in 2011.
        assert_eq!(begins(day("2018-11-04"), zone("America/Sao_Paulo").unwrap()), at("2018-11-04T03:00:00Z"));
        assert_eq!(begins(day("2011-12-30"), zone("Pacific/Apia").unwrap()), at("2011-12-30T10:00:00Z"));
        // Where clocks go back over midnight, the day begins at its first midnight.
        assert_eq!(begins(day("2026-11-01"), zone("America/Havana").unwrap()), at("2026-11-01T04:00:00Z"));
    }
}
