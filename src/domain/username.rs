//! Usernames as typed, and folded for looking up.

use std::fmt;

/// The shortest and the longest username, in characters.
const LENGTH: std::ops::RangeInclusive<usize> = 3..=64;

/// A username the way its owner writes it: 3 to 64 ASCII letters, digits, dots, underscores and dashes.
///
/// Only ASCII, so that no two names look alike and none can be written in two ways (ASVS 5.0 1.1.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Username(String);

/// A username without its case: what accounts are found by and what must be unique.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct UsernameKey(String);

/// Why something cannot be a username.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsernameFault {
    /// Nothing was typed.
    Empty,
    /// Shorter than 3 or longer than 64 characters.
    Length,
    /// Something else than ASCII letters, digits, dots, underscores and dashes.
    Characters,
}

impl Username {
    /// Reads a username as typed. Space around it is dropped: phones add one after a completed word.
    pub fn parse(typed: &str) -> Result<Self, UsernameFault> {
        let name = typed.trim();
        if name.is_empty() {
            return Err(UsernameFault::Empty);
        }
        if !name.bytes().all(is_allowed) {
            return Err(UsernameFault::Characters);
        }
        if !LENGTH.contains(&name.len()) {
            return Err(UsernameFault::Length);
        }
        Ok(Self(name.to_owned()))
    }

    /// Takes a username back out of a row that this program wrote.
    pub fn stored(name: String) -> Self {
        Self(name)
    }

    /// The name as its owner writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as it is looked up.
    pub fn key(&self) -> UsernameKey {
        UsernameKey(self.0.to_ascii_lowercase())
    }
}

impl fmt::Display for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl UsernameKey {
    /// Takes a key back out of a row that this program wrote.
    pub fn stored(key: String) -> Self {
        Self(key)
    }

    /// The key as it stands in rows.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ada_is_found_however_she_writes_herself() {
        let ada = Username::parse("Ada.Lovelace").unwrap();
        assert_eq!(ada.as_str(), "Ada.Lovelace");
        assert_eq!(ada.key(), Username::parse("ADA.lovelace").unwrap().key());
        assert_eq!(ada.key().as_str(), "ada.lovelace");
    }

    #[test]
    fn a_space_added_by_a_phone_does_no_harm() {
        assert_eq!(Username::parse(" ada ").unwrap().as_str(), "ada");
    }

    #[test]
    fn three_to_sixty_four_characters() {
        assert_eq!(Username::parse(""), Err(UsernameFault::Empty));
        assert_eq!(Username::parse("  "), Err(UsernameFault::Empty));
        assert_eq!(Username::parse("ad"), Err(UsernameFault::Length));
        assert!(Username::parse("ada").is_ok());
        assert!(Username::parse(&"a".repeat(64)).is_ok());
        assert_eq!(Username::parse(&"a".repeat(65)), Err(UsernameFault::Length));
    }

    #[test]
    fn dots_underscores_and_dashes_are_letters_like_any() {
        let name = Username::parse("Ada_L-1815.x").unwrap();
        assert_eq!((name.to_string().as_str(), name.key().as_str()), ("Ada_L-1815.x", "ada_l-1815.x"));
        assert_eq!(Username::stored(name.to_string()), name);
        assert_eq!(UsernameKey::stored("ada_l-1815.x".to_owned()), name.key());
    }

    #[test]
    fn nothing_that_only_looks_like_a_name_is_one() {
        for typed in [
            "ada lovelace",
            "ada@home",
            "a\u{0}da",
            "ada\nlevel=INFO",
            "\u{430}da",
            "\u{ff41}da",
            "ada\u{301}",
        ] {
            assert_eq!(Username::parse(typed), Err(UsernameFault::Characters), "{typed:?}");
        }
    }
}
