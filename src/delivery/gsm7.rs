//! The alphabet of text messages: GSM 03.38 (3GPP TS 23.038 section 6.2.1).
//!
//! One character outside it, a curly apostrophe say, sends the whole text in UCS-2: 70 characters a segment instead of
//! 160, at twice the price. So the texts are kept inside it, and tests and the start-up check count.

/// What every carrier passes in one segment. Canadian long codes take 136 rather than 160
/// (Twilio's guidelines for Canada), and one text must do for every country.
pub const ONE_SEGMENT: usize = 136;

const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                     ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
const EXTENDED: &str = "\u{c}^{}\\[~]|€";

/// How many septets a text takes, or `None` where a character is outside the alphabet.
pub fn septets(text: &str) -> Option<usize> {
    text.chars().map(width).sum()
}

/// The first character of a text that is outside the alphabet.
pub fn foreign(text: &str) -> Option<char> {
    text.chars().find(|c| width(*c).is_none())
}

fn width(c: char) -> Option<usize> {
    if BASIC.contains(c) {
        Some(1)
    } else {
        // An escape goes before these.
        EXTENDED.contains(c).then_some(2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_alphabet_has_127_letters_and_ten_that_cost_two() {
        assert_eq!(BASIC.chars().count(), 127, "128 code points, one of them the escape");
        assert_eq!(septets(BASIC), Some(127));
        assert_eq!(septets(EXTENDED), Some(20));
    }

    #[test]
    fn what_looks_harmless_may_be_foreign() {
        assert_eq!(septets("it's 10:52 am"), Some(13));
        for foreign_one in ["it’s", "10:52\u{a0}am", "a – b", "être", "façade", "`"] {
            assert_eq!(septets(foreign_one), None, "{foreign_one}");
        }
        assert_eq!(foreign("Zoë’s Postern"), Some('ë'));
        assert_eq!(foreign("Zoé's Postern"), None);
    }
}
