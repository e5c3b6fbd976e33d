//! Where a page of a list is, as its address says it: `before` or `after` a row.

use url::form_urlencoded::Serializer;

use crate::domain::ids::Id;
use crate::flows::paging::Place;
use crate::web::error::WebError;
use crate::web::fields::Fields;

/// Reads it.
///
/// # Errors
/// [`WebError::BadForm`] or [`WebError::BadRequest`] for what no page links to.
pub(super) fn read<T>(fields: &mut Fields) -> Result<Place<T>, WebError> {
    let row = |text: &str| Id::parse(text).ok_or(WebError::BadRequest);
    match (fields.optional("before")?, fields.optional("after")?) {
        (None, None) => Ok(Place::Newest),
        (Some(before), None) => Ok(Place::Before(row(&before)?)),
        (None, Some(after)) => Ok(Place::After(row(&after)?)),
        (Some(_), Some(_)) => Err(WebError::BadRequest),
    }
}

/// The address under a path: what was chosen or typed, but for what is empty, and the place.
pub(super) fn address<T>(path: &str, words: &[(&str, &str)], place: &Place<T>) -> String {
    let mut query = Serializer::new(String::new());
    query.extend_pairs(words.iter().filter(|(_, word)| !word.is_empty()));
    match place {
        Place::Newest => {}
        Place::Before(id) => {
            query.append_pair("before", id.as_str());
        }
        Place::After(id) => {
            query.append_pair("after", id.as_str());
        }
    }
    match query.finish() {
        query if query.is_empty() => path.to_owned(),
        query => format!("{path}?{query}"),
    }
}
