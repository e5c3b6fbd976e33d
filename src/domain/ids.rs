//! Identifiers: text, made by us from the clock and the dice, so that no database has to make keys.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;

use chrono::{DateTime, Utc};
use uuid::{Builder, Uuid};

/// The identifier of one `K`: a UUID version 7 in text (RFC 9562), so rows made later sort later.
pub struct Id<K> {
    text: String,
    of: PhantomData<fn() -> K>,
}

/// How many random bytes [`Id::new`] wants.
pub const ID_BYTES: usize = 10;

/// The last place that [`Id::in_order`] can tell from the next.
pub const LAST_PLACE: u16 = (1 << 12) - 1;

impl<K> Id<K> {
    /// Makes an identifier out of the time and ten random bytes.
    pub fn new(now: DateTime<Utc>, random: &[u8; ID_BYTES]) -> Self {
        let millis = u64::try_from(now.timestamp_millis()).unwrap_or(0);
        let id = Builder::from_unix_timestamp_millis(millis, random).into_uuid();
        Self { text: id.to_string(), of: PhantomData }
    }

    /// The same for the `place`-th identifier made in one millisecond, so that these too sort as they were made: a
    /// counter stands in the twelve bits after the time (RFC 9562 section 6.2, method 1). Past [`LAST_PLACE`] they sort
    /// as they like.
    pub fn in_order(now: DateTime<Utc>, place: u16, random: &[u8; ID_BYTES]) -> Self {
        let [high, low] = place.min(LAST_PLACE).to_be_bytes();
        let [_, _, rest @ ..] = *random;
        let [a, b, c, d, e, f, g, h] = rest;
        Self::new(now, &[high, low, a, b, c, d, e, f, g, h])
    }

    /// Reads an identifier that came from outside; `None` if it cannot be one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let id = Uuid::try_parse(text).ok()?;
        Some(Self { text: id.to_string(), of: PhantomData })
    }

    /// Takes an identifier back out of a row that this program wrote.
    pub fn stored(text: String) -> Self {
        Self { text, of: PhantomData }
    }

    /// The text as it stands in rows, paths and logs. An identifier is not a secret.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        Self { text: self.text.clone(), of: PhantomData }
    }
}

impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl<K> Eq for Id<K> {}

impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

impl<K> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Thing;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    #[test]
    fn later_identifiers_sort_later() {
        let first = Id::<Thing>::new(at(1_000), &[255; ID_BYTES]);
        let second = Id::<Thing>::new(at(1_001), &[0; ID_BYTES]);
        assert!(first.as_str() < second.as_str());
    }

    #[test]
    fn identifiers_of_one_moment_sort_as_they_were_made() {
        let made = |place, random| Id::<Thing>::in_order(at(1_000), place, &[random; ID_BYTES]);
        let ordered = [made(0, 255), made(1, 9), made(255, 7), made(256, 1), made(LAST_PLACE, 0)];
        assert!(ordered.is_sorted_by(|one, next| one.as_str() < next.as_str()));
        assert_eq!(made(LAST_PLACE, 3), made(u16::MAX, 3));
        assert_ne!(made(1, 3), made(1, 4), "the rest is random");
    }

    #[test]
    fn an_identifier_is_no_secret() {
        let made = Id::<Thing>::new(at(1_000), &[7; ID_BYTES]);
        assert_eq!(format!("{made} {made:?}"), format!("{0} {0}", made.as_str()));
    }

    #[test]
    fn only_identifiers_of_our_shape_are_read() {
        let made = Id::<Thing>::new(at(1_000), &[7; ID_BYTES]);
        assert_eq!(Id::parse(made.as_str()), Some(made));
        assert_eq!(Id::<Thing>::parse("1 OR 1=1"), None);
        assert_eq!(Id::<Thing>::parse(""), None);
    }
}
