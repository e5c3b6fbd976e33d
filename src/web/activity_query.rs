//! The address of a page of the activity log: whose lines, of what, of which days, and where the page is.
//!
//! The first four are fields of a form, so what is wrong with them is said at the field; the rest no person types.

use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;

use crate::domain::event::{EventKind, SecurityEvent};
use crate::domain::username::Username;
use crate::domain::when;
use crate::flows::paging::Place;
use crate::web::error::WebError;
use crate::web::fields::Fields;
use crate::web::form::FormState;
use crate::web::place_query;

/// What the address of a page of the log says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityQuery {
    /// Whose lines: a username as typed.
    pub account: String,
    /// Of which kind.
    pub kind: Option<EventKind>,
    /// The first day, as typed.
    pub from: String,
    /// The last day, as typed.
    pub to: String,
    /// Where the page is.
    pub place: Place<SecurityEvent>,
}

/// What a person may have typed wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivityProblem {
    /// There is no such account.
    NoSuchAccount,
    /// The first day is none.
    FirstDay,
    /// The last day is none.
    LastDay,
    /// The last day is before the first.
    DaysReversed,
}

/// The time between two days, as far as each is given: its first moment, and the first after it.
pub type Span = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

impl ActivityQuery {
    /// Reads the part of an address behind its question mark.
    ///
    /// # Errors
    /// [`WebError::BadForm`] or [`WebError::BadRequest`].
    pub fn read(query: &str) -> Result<Self, WebError> {
        let mut fields = Fields::parse(query.as_bytes())?;
        let (account, from) = (fields.trimmed("account")?, fields.trimmed("from")?);
        let (to, kind) = (fields.trimmed("to")?, fields.text("kind")?);
        let kind = match kind.as_str() {
            "" => None,
            word => Some(EventKind::stored(word).ok_or(WebError::BadRequest)?),
        };
        let place = place_query::read(&mut fields)?;
        fields.finish()?;
        Ok(Self { account, kind, from, to, place })
    }

    /// Whose lines, as a username; `None` for everybody's.
    ///
    /// # Errors
    /// [`ActivityProblem::NoSuchAccount`] for what cannot be a name.
    pub fn username(&self) -> Result<Option<Username>, ActivityProblem> {
        if self.account.is_empty() {
            return Ok(None);
        }
        Username::parse(&self.account).map(Some).map_err(|_| ActivityProblem::NoSuchAccount)
    }

    /// The days, as they begin and end in a time zone.
    ///
    /// # Errors
    /// The first thing that is wrong with them.
    pub fn span(&self, zone: Tz) -> Result<Span, ActivityProblem> {
        let from = day(&self.from).map_err(|()| ActivityProblem::FirstDay)?;
        let to = day(&self.to).map_err(|()| ActivityProblem::LastDay)?;
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            return Err(ActivityProblem::DaysReversed);
        }
        let after = to.and_then(|to| to.checked_add_days(Days::new(1)));
        Ok((from.map(|day| when::begins(day, zone)), after.map(|day| when::begins(day, zone))))
    }

    /// The form with what was typed.
    pub fn form(&self) -> FormState {
        FormState::default()
            .with("account", self.account.clone())
            .with("kind", self.kind.map_or("", EventKind::as_str))
            .with("from", self.from.clone())
            .with("to", self.to.clone())
    }

    /// The same lines at another place.
    #[must_use]
    pub fn at(&self, place: Place<SecurityEvent>) -> Self {
        Self { place, ..self.clone() }
    }

    /// Whether it asks for all lines there are.
    pub fn is_open(&self) -> bool {
        self.kind.is_none() && [&self.account, &self.from, &self.to].iter().all(|typed| typed.is_empty())
    }

    /// The address, under a path.
    pub fn under(&self, path: &str) -> String {
        let kind = self.kind.map_or("", EventKind::as_str);
        let words =
            [("account", self.account.as_str()), ("kind", kind), ("from", &self.from), ("to", &self.to)];
        place_query::address(path, &words, &self.place)
    }
}

impl ActivityProblem {
    /// The field the message stands at.
    pub fn field(self) -> &'static str {
        match self {
            Self::NoSuchAccount => "account",
            Self::FirstDay => "from",
            Self::LastDay | Self::DaysReversed => "to",
        }
    }

    /// What the person reads.
    pub fn message(self) -> &'static str {
        match self {
            Self::NoSuchAccount => "There is no account with this username",
            Self::FirstDay | Self::LastDay => "Enter a day like 2026-11-24",
            Self::DaysReversed => "Enter a day that is not before the first",
        }
    }
}

/// A day as date fields send it (HTML, "valid date string"); `None` where nothing was typed.
fn day(text: &str) -> Result<Option<NaiveDate>, ()> {
    if text.is_empty() {
        return Ok(None);
    }
    let is_plain = text.len() == "2026-11-24".len() && text.starts_with(|first: char| first.is_ascii_digit());
    match NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        Ok(day) if is_plain => Ok(Some(day)),
        Ok(_) | Err(_) => Err(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(query: &str) -> ActivityQuery {
        ActivityQuery::read(query).unwrap()
    }

    #[test]
    fn an_address_that_a_page_links_to_is_read_back() {
        let id = "01936b2c-0000-7000-8000-000000000001";
        for text in [
            String::new(),
            "account=Ada&kind=disabled&from=2026-11-24&to=2026-11-25".to_owned(),
            format!("kind=logged_in&before={id}"),
            format!("after={id}"),
        ] {
            let path = query(&text).under("/admin/activity");
            assert_eq!(path.trim_start_matches("/admin/activity").trim_start_matches('?'), text);
        }
        // As the form sends it: with the fields that were left empty.
        assert!(query("account=&kind=&from=&to=").is_open());
    }

    #[test]
    fn what_no_page_links_to_is_refused() {
        for text in
            ["kind=x", "kind=Logged+in", "page=2", "before=x", "after=", "account=a&account=a", "from"]
        {
            assert!(ActivityQuery::read(text).is_err(), "{text}");
        }
        let both = "before=01936b2c-0000-7000-8000-000000000001&after=01936b2c-0000-7000-8000-000000000001";
        assert!(ActivityQuery::read(both).is_err());
    }

    #[test]
    fn days_are_those_of_the_reader() {
        let toronto = when::zone("America/Toronto").unwrap();
        let (from, until) = query("from=2026-11-01&to=2026-11-01").span(toronto).unwrap();
        // The clocks go back on that day: it has 25 hours.
        assert_eq!(from.unwrap(), "2026-11-01T04:00:00Z".parse::<DateTime<Utc>>().unwrap());
        assert_eq!(until.unwrap(), "2026-11-02T05:00:00Z".parse::<DateTime<Utc>>().unwrap());
        assert_eq!(query("").span(toronto), Ok((None, None)));
    }

    #[test]
    fn what_is_no_day_is_said_at_its_field() {
        let utc = Tz::UTC;
        for bad in
            ["24.11.2026", "2026-11-31", "2026-1-1", "+026-01-01", "-026-01-01", "2026-11-24x", "today"]
        {
            assert_eq!(
                query(&format!("from={}", bad.replace('+', "%2B"))).span(utc),
                Err(ActivityProblem::FirstDay)
            );
            assert_eq!(
                query(&format!("to={}", bad.replace('+', "%2B"))).span(utc),
                Err(ActivityProblem::LastDay)
            );
        }
        let reversed = query("from=2026-11-25&to=2026-11-24");
        assert_eq!(reversed.span(utc), Err(ActivityProblem::DaysReversed));
        assert!(query("from=0000-01-01&to=9999-12-31").span(utc).is_ok());
        assert_eq!(query("account=no+name").username(), Err(ActivityProblem::NoSuchAccount));
    }
}
