//! Phone numbers: E.164 only, in the countries the operator allows.
//!
//! The library behind it is rlibphonenumber, and nothing outside this folder knows it. It accepts far more than anyone
//! types into a field for a number (extensions, letters, `tel:` links, digits of any script), so `typed.rs` looks first.

mod country;
mod fault;
mod kind;
mod typed;

use std::fmt;

use rlibphonenumber::{PhoneNumber as Parsed, PhoneNumberFormat};

pub use country::Country;
pub use fault::PhoneFault;

use self::kind::Kind;
use super::email::{DOTS, Masked};

/// A phone number that can get text messages, as far as its digits tell: E.164 and the country it lies in.
///
/// Its `Debug` shows only the mask, because numbers do not belong into logs.
#[derive(Clone, PartialEq, Eq)]
pub struct PhoneNumber {
    e164: String,
    region: Country,
}

/// How many of the last digits a mask shows.
const SHOWN_DIGITS: usize = 4;

impl PhoneNumber {
    /// Reads a number as typed, in the national form of the chosen country or in international form; then the number
    /// decides the country, which must be an allowed one.
    pub fn parse(typed: &str, chosen: &Country, allowed: &[Country]) -> Result<Self, PhoneFault> {
        let typed = typed::clean(typed)?;
        let parsed = read(&typed, chosen).ok_or_else(|| PhoneFault::of_no_number(&typed, chosen))?;
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

/// The number that these characters are, if anybody can have it.
fn read(typed: &str, chosen: &Country) -> Option<Parsed> {
    let parse = |text: &str| Parsed::parse(text, chosen.region()).ok().filter(Parsed::is_valid);
    // Most of the world dials 00 before a calling code; the library takes it only in countries that do.
    let with_plus = || typed.strip_prefix("00").and_then(|rest| parse(&format!("+{rest}")));
    parse(typed).or_else(with_plus)
}

fn parse_e164(e164: &str) -> Option<Parsed> {
    Parsed::parse(e164, None).ok().filter(|_| e164.starts_with('+'))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;
    use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberType};

    use super::*;

    fn country(code: &str) -> Country {
        Country::parse(code).unwrap()
    }

    fn everywhere() -> Vec<Country> {
        PHONE_NUMBER_UTIL.get_supported_regions().filter_map(Country::of_region).collect()
    }

    /// What the operator allows from the start.
    fn from_the_start() -> [Country; 2] {
        [country("US"), country("CA")]
    }

    fn at_home(typed: &str) -> Result<PhoneNumber, PhoneFault> {
        PhoneNumber::parse(typed, &country("US"), &from_the_start())
    }

    /// A mobile number of a country. The library has none for Tristan da Cunha.
    fn example(of: Country) -> Option<Parsed> {
        PHONE_NUMBER_UTIL.get_example_number_for_type_and_region(of.region()?, PhoneNumberType::Mobile).ok()
    }

    fn examples() -> Vec<Parsed> {
        let examples: Vec<Parsed> = everywhere().into_iter().filter_map(example).collect();
        assert_eq!(examples.len(), everywhere().len() - 1);
        examples
    }

    #[test]
    fn ada_writes_her_number_the_way_she_is_used_to() {
        for typed in [
            "2125550142",
            "(212) 555-0142",
            "212.555.0142",
            "1-212-555-0142",
            "+12125550142",
            "+1 (212) 555.0142",
            "(+1) 212 555 0142",
            "011 1 212 555 0142",
            "001 212 555 0142",
            "\u{ff12}\u{ff11}\u{ff12}5550142",
        ] {
            let number = at_home(typed).unwrap();
            assert_eq!(number.e164(), "+12125550142", "{typed}");
            assert_eq!(number.region().as_str(), "US");
        }
    }

    #[test]
    fn a_number_is_shown_in_full_in_two_ways() {
        let number = at_home("2125550142").unwrap();
        assert_eq!(number.international(), "+1 212-555-0142");
        assert_eq!(number.national(), "(212) 555-0142");
    }

    #[test]
    fn the_number_decides_the_country_and_not_the_list() {
        assert_eq!(at_home("416 555 0199").unwrap().region().as_str(), "CA");
        let number = PhoneNumber::parse("+1 212 555 0142", &country("GB"), &everywhere()).unwrap();
        assert_eq!(number.region().as_str(), "US");
        let number = PhoneNumber::parse("07400 123456", &country("GB"), &[country("GB")]).unwrap();
        assert_eq!((number.e164(), number.region().as_str()), ("+447400123456", "GB"));
    }

    #[test]
    fn canada_alone_takes_no_number_of_the_united_states() {
        let only_canada = [country("CA")];
        let refused = PhoneNumber::parse("212 555 0142", &country("CA"), &only_canada);
        assert_eq!(refused, Err(PhoneFault::OtherCountry("United States".to_owned())));
    }

    #[test]
    fn the_other_23_countries_behind_plus_one_are_refused_by_name() {
        let regions = PHONE_NUMBER_UTIL.get_regions_for_country_calling_code(1).unwrap();
        let sharing: BTreeSet<&str> =
            regions.map(|region| Country::of_region(region).unwrap().as_str()).collect();
        let expected = "AG AI AS BB BM BS CA DM DO GD GU JM KN KY LC MP MS PR SX TC TT US VC VG VI";
        assert_eq!(sharing, expected.split(' ').collect());
        for other in sharing.into_iter().filter(|code| !matches!(*code, "US" | "CA")).map(country) {
            let number = example(other).unwrap();
            for form in [PhoneNumberFormat::E164, PhoneNumberFormat::National] {
                let refused = at_home(&number.format_as(form));
                assert_eq!(
                    refused,
                    Err(PhoneFault::OtherCountry(other.name().to_owned())),
                    "{}",
                    other.as_str()
                );
            }
        }
    }

    #[test]
    fn a_number_from_abroad_is_never_turned_into_another_one() {
        for typed in [
            "+86 139 1234 5678",
            "+49 1512 3456789",
            "+20 100 123 4567",
            "+82 10 2000 0000",
            "+880 1812 345678",
            "+60 12 345 6789",
            "+54 9 11 2345 6789",
            "+33 6 12 34 56 78",
            "+39 312 345 6789",
            "+44 7400 123456",
            "+52 222 123 4567",
            "+55 11 96123 4567",
            "+61 412 345 678",
            "+7 912 345 67 89",
            "+81 90 1234 5678",
            "+91 81234 56789",
            "+225 01 23 45 6789",
            "+234 802 123 4567",
        ] {
            let digits: String = typed.chars().filter(|letter| *letter != ' ').collect();
            for chosen in ["US", "CA", "CN", "DE", "AR"] {
                let number = PhoneNumber::parse(typed, &country(chosen), &everywhere()).unwrap();
                assert_eq!(number.e164(), digits, "{typed} with {chosen} chosen");
            }
            assert!(matches!(at_home(typed), Err(PhoneFault::OtherCountry(_))), "{typed}");
        }
    }

    #[test]
    fn numbers_that_cost_or_cannot_get_texts_are_refused_by_name() {
        let everywhere = everywhere();
        let anywhere = |typed: &str| PhoneNumber::parse(typed, &country("US"), &everywhere);
        for (typed, fault) in [
            ("+1 900 555 0142", PhoneFault::PremiumRate),
            ("900-555-0142", PhoneFault::PremiumRate),
            ("+44 9012 345678", PhoneFault::PremiumRate),
            ("+1 800 555 0142", PhoneFault::TollFree),
            ("800-555-0142", PhoneFault::TollFree),
            ("+1 500 555 0142", PhoneFault::NotMobile),
            ("+1 600 555 0142", PhoneFault::NotMobile),
            ("+44 20 7946 0958", PhoneFault::NotMobile),
            ("+881 6 1234 5678", PhoneFault::NoCountry),
            ("+882 16 1234 5678", PhoneFault::NoCountry),
            ("911", PhoneFault::Short),
            ("12345", PhoneFault::Short),
        ] {
            assert_eq!(anywhere(typed), Err(fault), "{typed}");
        }
        for typed in ["+979 123456789", "+800 1234 5678"] {
            assert!(anywhere(typed).is_err(), "{typed}");
        }
    }

    #[test]
    fn a_digit_too_few_or_too_many_is_counted() {
        let ten = |typed| PhoneFault::Length { typed, shortest: 10, longest: 10 };
        assert_eq!(at_home("555-0142"), Err(ten(7)));
        assert_eq!(at_home("212 555 014"), Err(ten(9)));
        assert_eq!(at_home("+1 212 555 01420"), Err(ten(11)));
        // The lengths are those of the number's country, not of the chosen one.
        let refused = PhoneNumber::parse("+1 212 555 014", &country("FR"), &everywhere());
        assert_eq!(refused, Err(ten(9)));
    }

    #[test]
    fn what_nobody_can_have_is_no_number() {
        for typed in
            ["+", "()", "1", "+1", "+0", "+999 123456", "200 555 0142", "212 155 0142", "1+2125550142"]
        {
            assert_eq!(at_home(typed), Err(PhoneFault::NotANumber), "{typed}");
        }
        assert_eq!(at_home(""), Err(PhoneFault::Empty));
        assert_eq!(at_home("212 555 0142 x1"), Err(PhoneFault::Extension));
        assert_eq!(at_home("1-800-FLOWERS"), Err(PhoneFault::Letters));
        assert_eq!(at_home(&"2".repeat(33)), Err(PhoneFault::TooLong));
    }

    #[test]
    fn a_row_gives_back_the_number_and_its_country() {
        let number = at_home("2125550142").unwrap();
        assert_eq!(PhoneNumber::stored(number.e164()), Some(number));
        for text in
            ["", "2125550142", "+1 212 555 0142", "+12125550142;ext=4", "+88161234567890", "tel:+12125550142"]
        {
            assert_eq!(PhoneNumber::stored(text), None, "{text}");
        }
    }

    #[test]
    fn the_mask_shows_the_last_four_digits() {
        let mask = at_home("2125550142").unwrap().masked();
        assert_eq!(mask.shown, "••• ••• 0142");
        assert_eq!(mask.spoken, "your number ending in 0 1 4 2");
    }

    #[test]
    fn no_log_line_shows_a_number() {
        assert_eq!(format!("{:?}", at_home("2125550142").unwrap()), "PhoneNumber(US ••• ••• 0142)");
    }

    #[test]
    fn every_form_of_a_number_of_any_country_is_the_same_number() {
        let everywhere = everywhere();
        for parsed in examples() {
            let number = parsed.format_as(PhoneNumberFormat::E164).into_owned();
            let number = PhoneNumber::parse(&number, &country("US"), &everywhere).unwrap();
            for form in [number.e164().to_owned(), number.international(), number.national()] {
                let again = PhoneNumber::parse(&form, number.region(), &everywhere);
                assert_eq!(again.as_ref(), Ok(&number), "{form} in {}", number.region().as_str());
            }
            assert_eq!(PhoneNumber::stored(number.e164()), Some(number));
        }
    }

    #[test]
    fn no_mask_of_any_country_shows_more_than_half() {
        for parsed in examples() {
            let number = PhoneNumber::from_parsed(&parsed).unwrap();
            let last = number.masked().shown.trim_start_matches(['•', ' ']).to_owned();
            assert!(last.len() <= 4 && number.e164().ends_with(&last), "{number:?}");
            assert!(last.len() * 2 <= parsed.get_national_significant_number().len(), "{number:?}");
        }
    }

    proptest! {
        #[test]
        fn a_number_taken_once_is_taken_again(area in 200_u32..1000, rest in 2_000_000_u32..10_000_000) {
            if let Ok(number) = at_home(&format!("{area}{rest}")) {
                for form in [number.e164().to_owned(), number.international(), number.national()] {
                    prop_assert_eq!(at_home(&form), Ok(number.clone()));
                }
                prop_assert_eq!(number.e164(), format!("+1{area}{rest}"));
                prop_assert!(number.masked().shown.ends_with(&rest.to_string()[3..]));
            }
        }

        #[test]
        fn nothing_outside_the_allowed_countries_is_ever_taken(
            typed in "\\+?[0-9 ()-]{1,20}",
            chosen in prop::sample::select(&["US", "CA", "JM", "GB", "RU"][..]),
        ) {
            if let Ok(number) = PhoneNumber::parse(&typed, &country(chosen), &from_the_start()) {
                prop_assert!(from_the_start().contains(number.region()));
                prop_assert!(number.e164().starts_with("+1") && number.e164().len() == 12);
            }
        }

        #[test]
        fn whatever_is_typed_there_is_an_answer(typed in "\\PC{0,40}|[0-9+() .x;#-]{0,34}") {
            let _ = at_home(&typed);
            let _ = PhoneNumber::stored(&typed);
        }
    }
}
