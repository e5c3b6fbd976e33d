//! Passwords: the rules for new ones, and the one place that checks them.

mod hashing;
mod phc;
mod rules;

use std::fmt;

use unicode_normalization::UnicodeNormalization;

use super::secret::Secret;

pub use hashing::{Area, Claim, HashingFault, PasswordProof, check, hash};
pub use phc::{Cost, PasswordHash};
pub use rules::{PasswordFault, PasswordRules, judge};

/// A password as somebody typed it, in Unicode normal form C and otherwise untouched: nothing is trimmed, folded or
/// cut off (NIST SP 800-63B-4 section 3.1.1.2; ASVS 5.0 6.2.8). Its `Debug` shows nothing.
#[derive(Clone)]
pub struct PasswordInput(Secret<String>);

impl PasswordInput {
    /// Takes a password from a form or a line of input. An é typed as one character or as two is the same é.
    pub fn from_typed(typed: Secret<String>) -> Self {
        let typed = typed.expose();
        // Room for the longest result (UAX #15: three times the bytes), so that growing leaves no copies behind.
        let mut normal = String::with_capacity(typed.len().saturating_mul(3));
        normal.extend(typed.nfc());
        Self(Secret::new(normal))
    }

    /// Whether nothing was typed.
    pub fn is_empty(&self) -> bool {
        self.as_str().is_empty()
    }

    /// How many characters it has: Unicode code points after normalisation.
    pub fn char_count(&self) -> usize {
        self.as_str().chars().count()
    }

    /// Whether both are the same password, for the field that asks to type a new one again.
    pub fn is_same_as(&self, other: &Self) -> bool {
        // Both come from one person in one request: there is nobody to measure the time.
        self.as_str() == other.as_str()
    }

    fn as_str(&self) -> &str {
        self.0.expose()
    }
}

impl fmt::Debug for PasswordInput {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordInput")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> PasswordInput {
        PasswordInput::from_typed(Secret::new(text.to_owned()))
    }

    #[test]
    fn two_ways_to_type_an_e_with_an_accent_are_one_password() {
        assert!(typed("caf\u{e9}").is_same_as(&typed("cafe\u{301}")));
        assert_eq!(typed("cafe\u{301}").char_count(), 4);
    }

    #[test]
    fn nothing_else_about_a_password_is_changed() {
        for (one, other) in
            [("word", "word "), ("word", " word"), ("word", "Word"), ("ﬁsh", "fish"), ("ａ", "a")]
        {
            assert!(!typed(one).is_same_as(&typed(other)), "{one:?} {other:?}");
        }
        assert!(!typed(" ").is_empty());
        assert!(typed("").is_empty());
    }

    #[test]
    fn normalising_leaves_no_copy_behind() {
        // The characters that grow most: one of two bytes becomes two of two, one of three bytes becomes three of three.
        for grower in ["\u{344}", "\u{fb2c}", "\u{1d160}"] {
            let text = grower.repeat(100);
            assert!(text.nfc().collect::<String>().len() <= text.len() * 3);
        }
    }

    #[test]
    fn no_log_line_shows_a_password() {
        assert_eq!(format!("{:?}", typed("correct horse battery staple")), "PasswordInput");
    }
}
