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
    let folded: String = typed.nfkc().map(fold_dash).collect();
    let folded = folded.trim();
    if folded.chars().all(is_plain) {
        return Ok(folded.to_owned());
    }
    Err(odd_character(folded))
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
