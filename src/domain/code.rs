//! The six digits: derived, never stored.
//!
//! A code is a keyed HMAC over the challenge it answers, so a retry or a resend repeats it without anybody having kept
//! it, and a stolen database yields none. Six decimal digits are about 20 bits, the floor of OWASP ASVS 5.0 6.5.4 and
//! NIST SP 800-63B-4 §3.1.3.2; the limits in [`crate::domain::challenge`] are what makes them enough.

use subtle::ConstantTimeEq;

use crate::domain::keys::MacKey;
use crate::domain::secret::Secret;

/// How many digits a code has.
pub const DIGITS: usize = 6;

/// One code. It has no `Debug` that shows it and is never stored.
#[derive(Clone)]
pub struct Code(Secret<String>);

/// What a code is bound to (OWASP ASVS 5.0 6.6.2).
pub struct Bound<'a> {
    /// The challenge's random identifier.
    pub challenge: &'a str,
    /// Which of the challenge's codes, from 1.
    pub generation: u32,
    /// What the code opens.
    pub purpose: &'a str,
    /// Whose it is.
    pub account: &'a str,
    /// Where it was sent.
    pub destination: &'a str,
}

impl Code {
    /// Derives the code: the first 128 bits of the HMAC modulo a million, so that the bias is below 2^-100.
    pub fn derive(key: &MacKey, bound: &Bound<'_>) -> Self {
        let mac = key.mac(&[
            bound.challenge.as_bytes(),
            &bound.generation.to_be_bytes(),
            bound.purpose.as_bytes(),
            bound.account.as_bytes(),
            bound.destination.as_bytes(),
        ]);
        let number = mac.iter().take(16).fold(0_u128, |sum, byte| (sum << 8) | u128::from(*byte));
        Self(Secret::new(format!("{:06}", number % 1_000_000)))
    }

    /// A code of no challenge, for trying out how messages arrive: it opens nothing.
    pub fn of_nothing() -> Self {
        Self(Secret::new("000000".to_owned()))
    }

    /// The digits, for the message that carries them.
    pub fn expose(&self) -> &str {
        self.0.expose()
    }

    /// Whether these are the digits somebody typed, compared in constant time (OWASP ASVS 5.0 11.2.4).
    pub fn is(&self, typed: &TypedCode) -> bool {
        self.expose().as_bytes().ct_eq(typed.0.expose().as_bytes()).into()
    }
}

/// Six digits that somebody typed. Whether they are right is another question.
pub struct TypedCode(Secret<String>);

/// What was typed cannot be a code. It costs no try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TypedCodeFault {
    /// Nothing was typed.
    Empty,
    /// This many digits instead of six.
    WrongCount(usize),
    /// Something that is no digit, space or dash.
    NotDigits,
}

impl TypedCode {
    /// Reads what was typed: spaces and dashes are dropped, full-width digits are digits.
    ///
    /// # Errors
    /// A [`TypedCodeFault`] that says what is wrong with the form of it.
    pub fn parse(typed: &str) -> Result<Self, TypedCodeFault> {
        let mut digits = String::with_capacity(DIGITS);
        for c in typed.chars().filter(|c| !is_filler(*c)) {
            digits.push(ascii_digit(c).ok_or(TypedCodeFault::NotDigits)?);
        }
        match digits.len() {
            0 => Err(TypedCodeFault::Empty),
            DIGITS => Ok(Self(Secret::new(digits))),
            count => Err(TypedCodeFault::WrongCount(count)),
        }
    }
}

fn is_filler(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{200b}' | '\u{feff}')
}

fn ascii_digit(c: char) -> Option<char> {
    const FULL_WIDTH_ZERO: u32 = 0xff10;
    let digit = c.to_digit(10).or_else(|| u32::from(c).checked_sub(FULL_WIDTH_ZERO))?;
    char::from_digit(digit, 10)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::keys::Keys;

    fn key() -> MacKey {
        let keys = Keys::derive(&Secret::new(vec![7; 32]), None).unwrap();
        keys.code(keys.current_id()).unwrap()
    }

    fn bound(challenge: &str, generation: u32) -> Bound<'_> {
        Bound { challenge, generation, purpose: "login", account: "ada", destination: "a@example.com" }
    }

    #[test]
    fn the_same_challenge_and_generation_always_give_the_same_code() {
        let code = Code::derive(&key(), &bound("c1", 1));
        assert_eq!(code.expose(), Code::derive(&key(), &bound("c1", 1)).expose());
        assert_eq!(code.expose().len(), DIGITS);
    }

    #[test]
    fn everything_a_code_is_bound_to_changes_it() {
        let first = Code::derive(&key(), &bound("c1", 1));
        let others = [
            bound("c2", 1),
            bound("c1", 2),
            Bound { purpose: "set_up", ..bound("c1", 1) },
            Bound { account: "grace", ..bound("c1", 1) },
            Bound { destination: "b@example.com", ..bound("c1", 1) },
        ];
        for other in others {
            assert_ne!(first.expose(), Code::derive(&key(), &other).expose());
        }
    }

    #[test]
    fn codes_are_uniform_and_leading_zeros_count() {
        let mut first_digit = [0_u32; 10];
        let key = key();
        for n in 0..20_000_u32 {
            let code = Code::derive(&key, &bound("c", n));
            first_digit[code.expose()[..1].parse::<usize>().unwrap()] += 1;
        }
        let chi: f64 = first_digit.iter().map(|n| (f64::from(*n) - 2_000.0).powi(2) / 2_000.0).sum();
        assert!(chi < 27.9, "chi-squared {chi} over nine degrees of freedom");
    }

    #[test]
    fn digits_are_taken_as_people_type_them() {
        for typed in ["482913", " 482 913 ", "482-913", "482–913", "４８２９１３", "4 8 2 9 1 3\r\n"]
        {
            let code = TypedCode::parse(typed).unwrap_or_else(|_| panic!("{typed}"));
            assert_eq!(code.0.expose(), "482913");
        }
    }

    #[test]
    fn what_cannot_be_a_code_is_told_apart() {
        assert_eq!(TypedCode::parse(" ").err(), Some(TypedCodeFault::Empty));
        assert_eq!(TypedCode::parse("48291").err(), Some(TypedCodeFault::WrongCount(5)));
        assert_eq!(TypedCode::parse("4829134").err(), Some(TypedCodeFault::WrongCount(7)));
        assert_eq!(TypedCode::parse("48291a").err(), Some(TypedCodeFault::NotDigits));
        // Arabic digits, and what stands next to the full-width ones.
        for typed in ["٤٨٢٩١٣", "48291\u{ff0f}", "48291\u{ff1a}", "48291\u{1f4de}"] {
            assert_eq!(TypedCode::parse(typed).err(), Some(TypedCodeFault::NotDigits), "{typed}");
        }
    }
}
