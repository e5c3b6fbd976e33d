//! The address of a page of the list of accounts: what is searched, what is filtered, and where the page is.
//!
//! What no page of ours links to is refused: an unknown, repeated or broken parameter is 400, as in a form.

use url::form_urlencoded::Serializer;

use crate::domain::account::{Role, State};
use crate::domain::listing::{Filter, FoundBy, Prefix};
use crate::domain::second_factor::Method;
use crate::domain::username::Username;
use crate::flows::account_list::{Asked, Place, Position, Spot};
use crate::web::error::WebError;
use crate::web::fields::Fields;
use crate::web::paths::ADMIN_ACCOUNTS;

/// The value that stands for no method, as on the page where one is chosen.
const NO_METHOD: &str = "disabled";
const REQUIRED: &str = "required";
const OPTIONAL: &str = "optional";

/// What the address of a page of the list says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountQuery {
    /// What was typed into the search.
    pub typed: String,
    /// What the list is filtered by.
    pub filter: Filter,
    /// Where the page is.
    pub place: Place,
}

impl AccountQuery {
    /// Reads the part of an address behind its question mark.
    ///
    /// # Errors
    /// [`WebError::BadForm`] or [`WebError::BadRequest`].
    pub fn read(query: &str) -> Result<Self, WebError> {
        let mut fields = Fields::parse(query.as_bytes())?;
        let typed = fields.trimmed("q")?;
        let filter = Filter {
            role: chosen(&mut fields, "role", Role::stored)?,
            state: chosen(&mut fields, "state", State::stored)?,
            method: chosen(&mut fields, "method", method)?,
            is_required: chosen(&mut fields, "requirement", requirement)?,
        };
        let place = match (fields.optional("after")?, fields.optional("before")?) {
            (None, None) => Place::Start,
            (Some(after), None) => Place::After(position(&after, &typed)?),
            (None, Some(before)) => Place::Before(position(&before, &typed)?),
            (Some(_), Some(_)) => return Err(WebError::BadRequest),
        };
        fields.finish()?;
        Ok(Self { typed, filter, place })
    }

    /// What the story is asked for.
    pub fn asked(&self) -> Asked {
        Asked { search: Prefix::typed(&self.typed), filter: self.filter, place: self.place.clone() }
    }

    /// The same search under another filter, from its beginning.
    #[must_use]
    pub fn filtered(&self, filter: Filter) -> Self {
        Self { typed: self.typed.clone(), filter, place: Place::Start }
    }

    /// The same list at another place.
    #[must_use]
    pub fn at(&self, place: Place) -> Self {
        Self { place, ..self.clone() }
    }

    /// The filters that are on, by name and value: what the search form carries along.
    pub fn filters(&self) -> Vec<(&'static str, &'static str)> {
        let Filter { role, state, method, is_required } = self.filter;
        let on = [
            ("role", role.map(Role::as_str)),
            ("state", state.map(State::as_str)),
            ("method", method.map(|method| method.map_or(NO_METHOD, Method::as_str))),
            ("requirement", is_required.map(|is_required| if is_required { REQUIRED } else { OPTIONAL })),
        ];
        on.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }

    /// The address.
    pub fn path(&self) -> String {
        let mut query = Serializer::new(String::new());
        if !self.typed.is_empty() {
            query.append_pair("q", &self.typed);
        }
        query.extend_pairs(self.filters());
        match &self.place {
            Place::Start => {}
            Place::After(position) => {
                query.append_pair("after", &written(position));
            }
            Place::Before(position) => {
                query.append_pair("before", &written(position));
            }
        }
        match query.finish() {
            query if query.is_empty() => ADMIN_ACCOUNTS.to_owned(),
            query => format!("{ADMIN_ACCOUNTS}?{query}"),
        }
    }
}

/// A filter's value: one of its words, or none where it is off.
fn chosen<T>(
    fields: &mut Fields,
    name: &'static str,
    read: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, WebError> {
    match fields.text(name)?.as_str() {
        "" => Ok(None),
        word => read(word).map(Some).ok_or(WebError::BadRequest),
    }
}

fn method(word: &str) -> Option<Option<Method>> {
    if word == NO_METHOD { Some(None) } else { Method::parse(word).map(Some) }
}

fn requirement(word: &str) -> Option<bool> {
    match word {
        REQUIRED => Some(true),
        OPTIONAL => Some(false),
        _ => None,
    }
}

/// `username:ada`, `name:ada:ada byron`: the key comes last, since it may hold anything.
fn written(position: &Position) -> String {
    let Position { by, spot } = position;
    match by {
        FoundBy::Username => format!("{}:{}", by.as_str(), spot.username),
        FoundBy::Name | FoundBy::Email => format!("{}:{}:{}", by.as_str(), spot.username, spot.key),
    }
}

fn position(text: &str, typed: &str) -> Result<Position, WebError> {
    read_position(text, Prefix::typed(typed).as_ref()).ok_or(WebError::BadRequest)
}

fn read_position(text: &str, search: Option<&Prefix>) -> Option<Position> {
    let (word, rest) = text.split_once(':')?;
    let by = FoundBy::parse(word)?;
    let (username, key) = match by {
        FoundBy::Username => (rest, rest),
        FoundBy::Name | FoundBy::Email => rest.split_once(':')?,
    };
    let is_key = Username::parse(username).is_ok_and(|name| name.key().as_str() == username);
    // Without a search the list goes by usernames; with one, every key in it begins with what was typed.
    let is_inside = search.map_or(by == FoundBy::Username, |search| search.begins(key));
    let spot = Spot { key: key.to_owned(), username: username.to_owned() };
    (is_key && is_inside).then_some(Position { by, spot })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_a_page_links_to_is_read_back() {
        for path in [
            "/admin/accounts",
            "/admin/accounts?q=Ada",
            "/admin/accounts?role=administrator&state=locked&method=disabled&requirement=required",
            "/admin/accounts?after=username%3Aada",
            "/admin/accounts?q=b&method=sms&before=name%3Aada%3Ab%3Ar+%26+o%26n",
        ] {
            let query = path.split_once('?').map_or("", |(_, query)| query);
            assert_eq!(AccountQuery::read(query).unwrap().path(), path);
        }
    }

    #[test]
    fn what_no_page_links_to_is_refused() {
        for query in [
            "page=2",
            "q=a&q=b",
            "q",
            "q=%ff",
            "q=%00",
            "state=Locked",
            "state=x",
            "role=root",
            "method=totp",
            "requirement=1",
            "after=",
            "after=username:",
            "after=username:ab",
            "after=username:Ada",
            "after=username:ada%20",
            "after=name:ada:ada",
            "after=email:ada",
            "after=id:ada",
            "after=username:ada&before=username:ada",
            "q=b&after=username:ada",
            "q=b&after=name:ada:a",
            "after[]=username:ada",
        ] {
            assert!(AccountQuery::read(query).is_err(), "{query}");
        }
    }
}
