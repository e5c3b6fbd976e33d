//! The first look at what was typed: only digits, one plus, spaces, brackets, dots and dashes go on to the library.

use unicode_normalization::UnicodeNormalization;

use super::PhoneFault;

/// The longest text that is looked at, in characters: E.164 has 15 digits, and some people put a space after each.
const MAX_LENGTH: usize = 32;

/// Trims, folds full-width digits and the many dashes to ASCII, and refuses the rest by name.
pub(super) fn clean(typed: &str) -> Result<String, PhoneFault> {
    let typed = typed.trim();
    if typed.is_empty() {
        return Err(PhoneFault::Empty);
    }
    if typed.chars().count() > MAX_LENGTH {
        return Err(PhoneFault::TooLong);
    }
    let folded: String = typed.nfkc().filter(|letter| !is_direction_mark(*letter)).map(fold_dash).collect();
    let folded = folded.trim();
    if !folded.chars().all(is_plain) {
        return Err(odd_character(folded));
    }
    if folded.is_empty() || folded.matches('+').count() > 1 {
        return Err(PhoneFault::NotANumber);
    }
    Ok(folded.to_owned())
}

fn is_plain(letter: char) -> bool {
    letter.is_ascii_digit() || matches!(letter, '+' | '(' | ')' | ' ' | '.' | '-')
}

/// Hyphen, figure dash, en dash, minus and their like: address books write numbers with them.
fn fold_dash(letter: char) -> char {
    match letter {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        other => other,
    }
}

/// Unseen marks that address books put around a number copied from them.
fn is_direction_mark(letter: char) -> bool {
    matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Names what is odd about a text that has something else in it.
fn odd_character(text: &str) -> PhoneFault {
    let lower = text.to_lowercase();
    let Some(start) = lower.find(|letter: char| !is_plain(letter)) else { return PhoneFault::NotANumber };
    let (before, odd) = lower.split_at(start);
    let has_digits = before.contains(|letter: char| letter.is_ascii_digit());
    let odd = odd.trim_start_matches([';', ',']);
    let marker: String = odd.chars().take_while(|letter| letter.is_alphabetic() || *letter == '#').collect();
    if has_digits && matches!(marker.as_str(), "" | "#" | "x" | "ext" | "extn" | "extension" | "p" | "w") {
        let rest = odd.get(marker.len()..).unwrap_or_default();
        if rest.trim_start_matches(['.', ':', '=', ' ']).starts_with(|letter: char| letter.is_ascii_digit()) {
            return PhoneFault::Extension;
        }
    }
    if lower.contains(char::is_alphabetic) { PhoneFault::Letters } else { PhoneFault::NotANumber }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_number_copied_from_anywhere_comes_through() {
        for typed in [
            "+1 212-555-0142",
            "  +1 212-555-0142\r\n",
            "+1\u{2011}212\u{2013}555\u{2212}0142",
            "\u{202a}+1 212-555-0142\u{202c}",
            "+1\u{a0}212\u{3000}555 0142",
            "\u{ff0b}\u{ff11} \u{ff12}\u{ff11}\u{ff12}-\u{ff15}\u{ff15}\u{ff15}-\u{ff10}\u{ff11}\u{ff14}\u{ff12}",
        ] {
            let clean = clean(typed).unwrap();
            assert_eq!(clean.replace([' ', '-'], ""), "+12125550142", "{typed:?}");
        }
    }

    #[test]
    fn extensions_are_refused_by_name() {
        for typed in [
            "212 555 0142 x45",
            "212 555 0142x45",
            "212 555 0142 X 45",
            "212 555 0142 ext 45",
            "212 555 0142 ext. 45",
            "212 555 0142 Extn:45",
            "212 555 0142 extension 45",
            "212 555 0142 #45",
            "212 555 0142,45",
            "212 555 0142,,45",
            "212 555 0142p45",
            "+12125550142;ext=45",
        ] {
            assert_eq!(clean(typed), Err(PhoneFault::Extension), "{typed:?}");
        }
    }

    #[test]
    fn letters_are_refused_by_name() {
        for typed in [
            "1-800-FLOWERS",
            "1-800-EXTRAS",
            "tel:+12125550142",
            "my number",
            "+1 212 555 0142 or 0143",
            ".;phone-context=",
            "+dwPAA;phone-context=AA",
            "+1 212 555 O142",
            "+1 212 555 \u{43e}142",
        ] {
            assert_eq!(clean(typed), Err(PhoneFault::Letters), "{typed:?}");
        }
    }

    #[test]
    fn other_characters_make_no_number() {
        // The last are Arabic digits: the library would read them, the person who checks the page might not.
        for typed in [
            "*67 212 555 0142",
            "212/555-0142",
            "+1 212 555 0142 \u{1f4de}",
            "1\u{0}2",
            "+1+2125550142",
            "\u{200e}",
        ] {
            assert_eq!(clean(typed), Err(PhoneFault::NotANumber), "{typed:?}");
        }
        assert_eq!(clean("\u{662}\u{661}\u{662}"), Err(PhoneFault::NotANumber));
    }

    #[test]
    fn nothing_and_too_much() {
        assert_eq!(clean(" \t"), Err(PhoneFault::Empty));
        assert!(clean(&"1".repeat(32)).is_ok());
        assert_eq!(clean(&"1".repeat(33)), Err(PhoneFault::TooLong));
        assert_eq!(clean(&"x".repeat(10_000)), Err(PhoneFault::TooLong));
    }

    proptest! {
        #[test]
        fn only_plain_characters_come_through(typed in "[0-9 +()a-z\u{660}-\u{669}\u{ff10}-\u{ff19};#x,-]{0,34}|\\PC{0,34}") {
            if let Ok(clean) = clean(&typed) {
                prop_assert!(!clean.is_empty() && clean.chars().all(is_plain));
            }
        }
    }
}
