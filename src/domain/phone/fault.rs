//! Why a number is refused, by name, before anything is sent to it.

use rlibphonenumber::{NumberLengthType, PhoneNumber as Parsed, ValidationError};

use super::Country;

/// How many digits emergency and short numbers have.
const SHORT_NUMBER_DIGITS: std::ops::RangeInclusive<usize> = 3..=6;

/// Why something cannot be used as a phone number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PhoneFault {
    /// Nothing was typed.
    Empty,
    /// Letters, as in 1-800-FLOWERS.
    Letters,
    /// An extension: a text message cannot reach one.
    Extension,
    /// Longer than any number is written.
    TooLong,
    /// More or fewer digits than numbers of the country have.
    Length {
        /// How many digits were typed, without a calling code.
        typed: usize,
        /// The fewest digits a mobile number of the country has, without the calling code.
        shortest: usize,
        /// The most digits it has.
        longest: usize,
    },
    /// Not the form of a number, or a number that nobody has.
    NotANumber,
    /// A number of a country that the operator has not allowed.
    OtherCountry(String),
    /// A number that belongs to no country: satellites and worldwide services.
    NoCountry,
    /// A number that is paid for by the one who calls it.
    PremiumRate,
    /// A number that is free for the one who calls it.
    TollFree,
    /// An emergency or short number.
    Short,
    /// A number that cannot get text messages: a landline, or a service that passes calls on.
    NotMobile,
}

impl PhoneFault {
    /// What is wrong with characters that make no number.
    pub(super) fn of_no_number(typed: &str, chosen: &Country) -> Self {
        let digits = typed.bytes().filter(u8::is_ascii_digit).count();
        if !typed.contains('+') && SHORT_NUMBER_DIGITS.contains(&digits) {
            return Self::Short;
        }
        let Ok(parsed) = Parsed::parse(typed, chosen.region()) else { return Self::NotANumber };
        let country = Country::of_calling_code(parsed.country_code);
        let (shortest, longest) = country.unwrap_or(*chosen).mobile_lengths();
        match parsed.is_possible_with_reason() {
            Ok(NumberLengthType::IsPossible) | Err(ValidationError::InvalidCountryCode) => Self::NotANumber,
            Ok(NumberLengthType::IsPossibleLocalOnly)
            | Err(ValidationError::TooShort | ValidationError::InvalidLength | ValidationError::TooLong) => {
                Self::Length { typed: parsed.get_national_significant_number().len(), shortest, longest }
            }
        }
    }
}
