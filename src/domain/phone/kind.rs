//! What a number is for.

use rlibphonenumber::{PhoneNumber as Parsed, PhoneNumberType};

/// What a number is for, as far as it matters to a text message.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Textable,
    PremiumRate,
    TollFree,
    Other,
}

impl Kind {
    pub(super) fn of(parsed: &Parsed) -> Self {
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
