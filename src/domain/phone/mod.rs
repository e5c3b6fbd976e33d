//! Phone numbers: E.164 only, in the countries the operator allows.
//!
//! The library behind it is rlibphonenumber, and nothing outside this folder knows it. It accepts far more than anyone
//! types into a field for a number (extensions, letters, `tel:` links, digits of any script), so [`typed`] looks first.

mod country;
mod typed;

use std::fmt;

use rlibphonenumber::{PhoneNumber as Parsed, PhoneNumberFormat, PhoneNumberType, ValidationError};

pub use country::Country;

use super::email::{DOTS, Masked};

/// A phone number that can get text messages, as far as its digits tell: E.164 and the country it lies in.
///
/// Its `Debug` shows only the mask, because numbers do not belong into logs.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneNumber {
    e164: String,
    region: Country,
}

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
        /// How many digits were typed, without the country's calling code where one was recognised.
        typed: usize,
        /// The shortest a mobile number of the country is, in digits without the calling code.
        shortest: usize,
        /// The longest.
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

/// A country's digits are told from an emergency or short number by being more than these.
const SHORT_NUMBER_DIGITS: usize = 6;

/// How many of the last digits a mask shows.
const SHOWN_DIGITS: usize = 4;

impl PhoneNumber {
    /// Reads a number as typed, in the national form of the chosen country or in international form; then the number
    /// decides the country, which must be an allowed one.
    pub fn parse(typed: &str, chosen: &Country, allowed: &[Country]) -> Result<Self, PhoneFault> {
        let typed = typed::clean(typed)?;
        let digits = typed.bytes().filter(u8::is_ascii_digit).count();
        let parsed =
            Parsed::parse(&typed, chosen.region()).map_err(|_| misfit(&typed, digits, None, chosen))?;
        if !parsed.is_valid() {
            return Err(misfit(&typed, digits, Some(&parsed), chosen));
        }
        let kind = Kind::of(&parsed);
        match kind {
            Kind::PremiumRate => return Err(PhoneFault::PremiumRate),
            Kind::TollFree => return Err(PhoneFault::TollFree),
            Kind::Textable | Kind::Other => {}
        }
        let number = Self::from_parsed(&parsed).ok_or(PhoneFault::NoCountry)?;
        if !allowed.contains(&number.region) {
            return Err(PhoneFault::OtherCountry(number.region.name().to_owned()));
        }
        match kind {
            Kind::Textable => Ok(number),
            Kind::PremiumRate | Kind::TollFree | Kind::Other => Err(PhoneFault::NotMobile),
        }
    }

    /// Takes a number back out of a row that this program wrote; `None` if it is none or lies in no country.
    pub fn stored(e164: &str) -> Option<Self> {
        Self::from_parsed(&parse_e164(e164)?).filter(|number| number.e164 == e164)
    }

    /// The number as providers want it: `+12125550142`.
    pub fn e164(&self) -> &str {
        &self.e164
    }

    /// The country it lies in.
    pub fn region(&self) -> &Country {
        &self.region
    }

    /// The number in full for people anywhere: `+1 212-555-0142`.
    pub fn international(&self) -> String {
        self.formatted(PhoneNumberFormat::International)
    }

    /// The number in full for people in its country: `(212) 555-0142`.
    pub fn national(&self) -> String {
        self.formatted(PhoneNumberFormat::National)
    }

    /// The mask that pages show before the second factor: the last four digits.
    pub fn masked(&self) -> Masked {
        let national = parse_e164(&self.e164).map(|parsed| parsed.get_national_significant_number());
        let national = national.unwrap_or_default();
        // Where numbers are very short, four digits would be nearly all of it.
        let shown = SHOWN_DIGITS.min(national.len() / 2);
        let last = national.get(national.len() - shown..).unwrap_or_default();
        let spoken: String = last.chars().flat_map(|digit| [' ', digit]).collect();
        Masked { shown: format!("{DOTS} {DOTS} {last}"), spoken: format!("your number ending in{spoken}") }
    }

    fn from_parsed(parsed: &Parsed) -> Option<Self> {
        let region = Country::of_region(parsed.get_region_code()?)?;
        Some(Self { e164: parsed.format_as(PhoneNumberFormat::E164).into_owned(), region })
    }

    fn formatted(&self, format: PhoneNumberFormat) -> String {
        parse_e164(&self.e164)
            .map_or_else(|| self.e164.clone(), |parsed| parsed.format_as(format).into_owned())
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber({} {})", self.region.as_str(), self.masked().shown)
    }
}

/// What a number is for, as far as it matters to a text message.
#[derive(Clone, Copy)]
enum Kind {
    Textable,
    PremiumRate,
    TollFree,
    Other,
}

impl Kind {
    fn of(parsed: &Parsed) -> Self {
        match parsed.get_type() {
            // In the United States and Canada no digit tells a mobile phone from a landline.
            PhoneNumberType::Mobile | PhoneNumberType::FixedLineOrMobile => Self::Textable,
            PhoneNumberType::PremiumRate | PhoneNumberType::SharedCost => Self::PremiumRate,
            PhoneNumberType::TollFree => Self::TollFree,
            PhoneNumberType::FixedLine
            | PhoneNumberType::VoIP
            | PhoneNumberType::PersonalNumber
            | PhoneNumberType::Pager
            | PhoneNumberType::UAN
            | PhoneNumberType::VoiceMail
            | PhoneNumberType::Unknown => Self::Other,
        }
    }
}

fn parse_e164(e164: &str) -> Option<Parsed> {
    Parsed::parse(e164, None).ok().filter(|_| e164.starts_with('+'))
}

/// What is wrong with digits that make no valid number.
fn misfit(typed: &str, digits: usize, parsed: Option<&Parsed>, chosen: &Country) -> PhoneFault {
    if !typed.starts_with('+') && digits <= SHORT_NUMBER_DIGITS {
        return PhoneFault::Short;
    }
    let has_wrong_length = match parsed.map(Parsed::is_possible_with_reason) {
        Some(Ok(rlibphonenumber::NumberLengthType::IsPossible)) => false,
        Some(Ok(rlibphonenumber::NumberLengthType::IsPossibleLocalOnly)) => true,
        Some(Err(ValidationError::TooShort | ValidationError::InvalidLength | ValidationError::TooLong)) => {
            true
        }
        Some(Err(ValidationError::InvalidCountryCode)) | None => false,
    };
    if !has_wrong_length {
        return PhoneFault::NotANumber;
    }
    let typed = parsed.map_or(digits, |parsed| parsed.get_national_significant_number().len());
    let (shortest, longest) = chosen.mobile_lengths();
    PhoneFault::Length { typed, shortest, longest }
}
