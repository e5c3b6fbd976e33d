//! The address of a page of deliveries: which messages, and where the page is. All of it is chosen, nothing typed, so what
//! no page links to is refused.

use crate::domain::delivery::{FailureClass, MessageState};
use crate::domain::second_factor::Method;
use crate::flows::deliveries::DeliveryFilter;
use crate::flows::outbox::Message;
use crate::flows::paging::Place;
use crate::web::error::WebError;
use crate::web::fields::Fields;
use crate::web::form::FormState;
use crate::web::place_query;

/// What the address of a page of deliveries says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryQuery {
    /// Which messages.
    pub filter: DeliveryFilter,
    /// Where the page is.
    pub place: Place<Message>,
}

impl DeliveryQuery {
    /// Reads the part of an address behind its question mark.
    ///
    /// # Errors
    /// [`WebError::BadForm`] or [`WebError::BadRequest`].
    pub fn read(query: &str) -> Result<Self, WebError> {
        let mut fields = Fields::parse(query.as_bytes())?;
        let filter = DeliveryFilter {
            state: chosen(&fields.text("state")?, MessageState::stored)?,
            channel: chosen(&fields.text("channel")?, Method::parse)?,
            class: chosen(&fields.text("class")?, FailureClass::stored)?,
        };
        let place = place_query::read(&mut fields)?;
        fields.finish()?;
        Ok(Self { filter, place })
    }

    /// The form with what was chosen.
    pub fn form(&self) -> FormState {
        self.words().into_iter().fold(FormState::default(), |form, (name, word)| form.with(name, word))
    }

    /// The same messages at another place.
    #[must_use]
    pub fn at(&self, place: Place<Message>) -> Self {
        Self { place, ..self.clone() }
    }

    /// The address, under a path.
    pub fn under(&self, path: &str) -> String {
        place_query::address(path, &self.words(), &self.place)
    }

    fn words(&self) -> [(&'static str, &'static str); 3] {
        [
            ("state", self.filter.state.map_or("", MessageState::as_str)),
            ("channel", self.filter.channel.map_or("", Method::as_str)),
            ("class", self.filter.class.map_or("", FailureClass::as_str)),
        ]
    }
}

fn chosen<T>(word: &str, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, WebError> {
    if word.is_empty() { Ok(None) } else { read(word).map(Some).ok_or(WebError::BadRequest) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_a_page_links_to_is_read_back() {
        let id = "01936b2c-0000-7000-8000-000000000001";
        for text in [
            String::new(),
            "state=failed&channel=sms&class=config_auth".to_owned(),
            format!("state=handed_over&before={id}"),
            format!("after={id}"),
        ] {
            let path = DeliveryQuery::read(&text).unwrap().under("/admin/deliveries");
            assert_eq!(path.trim_start_matches("/admin/deliveries").trim_start_matches('?'), text);
        }
        let open = DeliveryQuery::read("state=&channel=&class=").unwrap();
        assert_eq!(open.filter, DeliveryFilter::default());
    }

    #[test]
    fn what_no_page_links_to_is_refused() {
        for text in ["state=x", "channel=fax", "class=1", "page=2", "before=x", "state=failed&state=failed"] {
            assert!(DeliveryQuery::read(text).is_err(), "{text}");
        }
    }
}
