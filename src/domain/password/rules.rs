//! What a new password must be: long, and not what a stranger would try first.

use zxcvbn::{Score, zxcvbn};

use super::PasswordInput;

/// The longest password, in code points: above the 64 that must be taken (NIST SP 800-63B-4 section 3.1.1.2).
const MAX_LENGTH: usize = 128;

/// The length no configuration goes below (ASVS 5.0 6.2.1).
const MIN_LENGTH_FLOOR: usize = 8;

/// What zxcvbn looks at. Its time grows with the square of it, and many times over with letters that stand for others: a
/// hundred of those took it two seconds.
const JUDGED_LENGTH: usize = 32;

/// The rules for new passwords. No composition rules, no expiry (NIST SP 800-63B-4 section 3.1.1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordRules {
    /// The shortest password, in code points. Below 8 it counts as 8.
    pub min_length: usize,
}

impl Default for PasswordRules {
    /// 15: NIST's figure where the password can be the only factor.
    fn default() -> Self {
        Self { min_length: 15 }
    }
}

/// Why a password is refused. The words for each stand in the pages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PasswordFault {
    /// Nothing was typed.
    Empty,
    /// Shorter than the rules want.
    TooShort {
        /// The shortest that is taken, in code points.
        min: usize,
    },
    /// Longer than is taken.
    TooLong {
        /// The longest that is taken, in code points.
        max: usize,
    },
    /// Nothing but the username and the product's name.
    OnlyContext,
    /// Among the first that somebody would try.
    Guessable {
        /// What is wrong and what helps, in plain sentences.
        advice: String,
    },
}

/// Judges a new password for the account of this username at the product of this name.
pub fn judge(
    input: &PasswordInput,
    rules: &PasswordRules,
    username: &str,
    product: &str,
) -> Result<(), PasswordFault> {
    let min = rules.min_length.clamp(MIN_LENGTH_FLOOR, MAX_LENGTH);
    if input.is_empty() {
        return Err(PasswordFault::Empty);
    }
    if input.char_count() < min {
        return Err(PasswordFault::TooShort { min });
    }
    if input.char_count() > MAX_LENGTH {
        return Err(PasswordFault::TooLong { max: MAX_LENGTH });
    }
    if is_made_of(input.as_str(), &[username, product]) {
        return Err(PasswordFault::OnlyContext);
    }
    match guessable(input, username, product) {
        Some(advice) => Err(PasswordFault::Guessable { advice }),
        None => Ok(()),
    }
}

/// zxcvbn's advice, if it thinks that fewer than ten to the eighth guesses find the password.
fn guessable(input: &PasswordInput, username: &str, product: &str) -> Option<String> {
    let judged: String = input.as_str().chars().take(JUDGED_LENGTH).collect();
    let judged = zeroize::Zeroizing::new(judged);
    let verdict = zxcvbn(&judged, &[username, product]);
    if verdict.score() >= Score::Three {
        return None;
    }
    let advice = verdict.feedback().map(|feedback| feedback.to_string()).unwrap_or_default();
    let advice = advice.trim();
    Some(if advice.is_empty() { ADVICE.to_owned() } else { advice.to_owned() })
}

/// What helps, where zxcvbn says nothing.
const ADVICE: &str = "Use a few words that do not usually stand together.";

/// Whether the letters and digits of `text` are these words and nothing else, in any order, case and number.
fn is_made_of(text: &str, words: &[&str]) -> bool {
    let text = bare(text);
    let words: Vec<String> = words.iter().map(|word| bare(word)).filter(|word| !word.is_empty()).collect();
    // `reached` holds the places up to which the text is a row of words.
    let mut reached = vec![0];
    let mut next = 0;
    while let Some(&place) = reached.get(next) {
        next += 1;
        let rest = text.get(place..).unwrap_or_default();
        for word in words.iter().filter(|word| rest.starts_with(word.as_str())) {
            let end = place + word.len();
            if end == text.len() {
                return true;
            }
            if !reached.contains(&end) {
                reached.push(end);
            }
        }
    }
    false
}

/// The letters and digits alone, in lower case: `Ada-Lovelace` and `ada lovelace` are the same word.
fn bare(text: &str) -> String {
    text.to_lowercase().chars().filter(|letter| letter.is_alphanumeric()).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::secret::Secret;

    fn judged(password: &str) -> Result<(), PasswordFault> {
        judge_at(15, password)
    }

    fn judge_at(min_length: usize, password: &str) -> Result<(), PasswordFault> {
        let input = PasswordInput::from_typed(Secret::new(password.to_owned()));
        judge(&input, &PasswordRules { min_length }, "ada.lovelace", "Harbour Freight")
    }

    /// Letters in no order that a list or a keyboard has.
    fn letters(count: usize) -> String {
        "mqzovtkwyhsbxjcuflrngdpeia".chars().cycle().step_by(7).take(count).collect()
    }

    #[test]
    fn fifteen_characters_of_any_kind_are_enough() {
        assert_eq!(PasswordRules::default().min_length, 15);
        assert_eq!(judged(""), Err(PasswordFault::Empty));
        assert_eq!(judged(&letters(14)), Err(PasswordFault::TooShort { min: 15 }));
        assert_eq!(judged(&letters(15)), Ok(()));
        assert_eq!(judged("wharf otter lime quartet"), Ok(()));
        assert_eq!(judged("🦦 wharf 🍋 quartet 🚲"), Ok(()));
    }

    #[test]
    fn a_long_password_is_taken_or_refused_but_never_cut_off() {
        assert_eq!(judged(&letters(64)), Ok(()));
        assert_eq!(judged(&letters(128)), Ok(()));
        assert_eq!(judged(&letters(129)), Err(PasswordFault::TooLong { max: 128 }));
        assert_eq!(judged(&"🦦".repeat(129)), Err(PasswordFault::TooLong { max: 128 }));
    }

    /// However long it is, judging takes no longer.
    #[test]
    fn no_more_than_its_beginning_is_judged() {
        let (easy, hard) = ("password".repeat(4), letters(60));
        assert_eq!(easy.len(), JUDGED_LENGTH);
        assert!(matches!(judged(&format!("{easy}{hard}")), Err(PasswordFault::Guessable { .. })));
        assert_eq!(judged(&format!("{hard}{easy}")), Ok(()));
    }

    #[test]
    fn characters_are_counted_after_normalising() {
        // 14 letters and one accent of its own: one character too few once they are put together.
        let text = format!("{}e\u{301}", letters(13));
        assert_eq!(judged(&text), Err(PasswordFault::TooShort { min: 15 }));
    }

    #[test]
    fn no_configuration_goes_below_eight() {
        assert_eq!(judge_at(0, &letters(7)), Err(PasswordFault::TooShort { min: 8 }));
        assert_ne!(judge_at(8, &letters(8)), Err(PasswordFault::TooShort { min: 8 }));
        assert_eq!(judge_at(8, &letters(10)), Ok(()));
        assert_eq!(judge_at(1000, &letters(127)), Err(PasswordFault::TooShort { min: 128 }));
        assert_eq!(judge_at(1000, &letters(128)), Ok(()));
    }

    #[test]
    fn nothing_but_the_username_and_the_product_is_no_password() {
        for password in [
            "ada.lovelaceada.lovelace",
            "Ada.Lovelace ADA.LOVELACE",
            "adalovelaceadalovelace",
            "harbourfreightharbourfreight",
            "HarbourFreight-ada.lovelace",
            "ada.lovelace@harbour.freight!",
        ] {
            assert_eq!(judged(password), Err(PasswordFault::OnlyContext), "{password}");
        }
    }

    #[test]
    fn a_name_among_other_words_is_no_fault() {
        assert_eq!(judged("harbour otter quartet lime 7 ada.lovelace"), Ok(()));
        assert!(!is_made_of("...............", &["...", ""]));
        assert!(!is_made_of("", &["ada"]));
    }

    #[test]
    fn what_everybody_tries_first_is_refused_with_advice() {
        for password in [
            "passwordpassword",
            "aaaaaaaaaaaaaaaa",
            "qwertyuiopasdfghjkl",
            "abcdefghijklmnop",
            "123456789012345",
        ] {
            match judged(password) {
                Err(PasswordFault::Guessable { advice }) => {
                    assert!(advice.ends_with('.') && !advice.contains(['<', '\n']), "{password}: {advice}");
                }
                other => panic!("{password}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_name_with_a_number_behind_it_is_guessed_from_the_name() {
        assert!(matches!(judged("ada.lovelace2026"), Err(PasswordFault::Guessable { .. })));
    }

    proptest! {
        #[test]
        fn whatever_is_typed_there_is_an_answer(password in "\\PC{0,140}") {
            let _ = judged(&password);
        }

        #[test]
        fn any_row_of_context_words_is_seen_as_one(
            row in prop::collection::vec(prop_oneof!["ada", "POSTERN", "adap"], 1..8),
        ) {
            prop_assert!(is_made_of(&row.join(" "), &["Ada", "Postern", "adaP"]));
            let text = format!("{} z", row.join(" "));
            prop_assert!(!is_made_of(&text, &["Ada", "Postern", "adaP"]));
        }
    }
}
