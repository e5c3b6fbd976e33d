//! What a person reads at a field. All other words stand in the templates.

use crate::domain::code::TypedCodeFault;
use crate::domain::email::EmailFault;
use crate::domain::password::PasswordFault;
use crate::domain::phone::PhoneFault;
use crate::domain::username::UsernameFault;
use crate::web::pages::code::CodeProblem;

pub(super) fn username(fault: UsernameFault) -> &'static str {
    match fault {
        UsernameFault::Empty => "Enter a username",
        UsernameFault::Length => "Enter a username of 3 to 64 characters",
        UsernameFault::Characters => "Use only letters without accents, digits, dots, underscores and dashes",
    }
}

pub(super) fn email(fault: &EmailFault, empty: &'static str) -> &'static str {
    match fault {
        EmailFault::Empty => empty,
        EmailFault::Format => "Enter an email address in the correct format, like name@example.com",
    }
}

pub(super) fn password(fault: PasswordFault) -> String {
    match fault {
        PasswordFault::Empty => "Enter a password".to_owned(),
        PasswordFault::TooShort { min } => format!("Enter at least {min} characters"),
        PasswordFault::TooLong { max } => format!("Enter at most {max} characters"),
        PasswordFault::OnlyContext => {
            "Choose a password that is more than the username and the name of this place".to_owned()
        }
        PasswordFault::Guessable { advice } => format!("This password is easy to guess. {advice}"),
    }
}

pub(super) const NOT_THE_SAME: &str = "The two passwords are not the same";

pub(super) fn typed_code(fault: TypedCodeFault) -> CodeProblem {
    match fault {
        TypedCodeFault::Empty => CodeProblem::Empty,
        TypedCodeFault::WrongCount(count) => CodeProblem::Length(count),
        TypedCodeFault::NotDigits => CodeProblem::NotDigits,
    }
}

pub(super) const NO_MORE_TEXTS: &str = "Text messages are not offered here any more. Choose Email";

pub(super) fn phone(fault: PhoneFault) -> String {
    match fault {
        PhoneFault::Empty => "Enter a mobile phone number".to_owned(),
        PhoneFault::Letters => "Enter the number using digits only, without letters".to_owned(),
        PhoneFault::Extension => "Enter a number without an extension".to_owned(),
        PhoneFault::TooLong => "Enter a number of at most 15 digits".to_owned(),
        PhoneFault::Length { shortest, longest, .. } if shortest == longest => {
            format!("Enter a mobile number with {shortest} digits after the country code")
        }
        PhoneFault::Length { shortest, longest, .. } => {
            format!("Enter a mobile number with {shortest} to {longest} digits after the country code")
        }
        PhoneFault::NotANumber => "Check the number: there is no such phone number".to_owned(),
        PhoneFault::OtherCountry(name) => {
            format!("This number is in {name}. Choose a country from the list, or ask us to add it")
        }
        PhoneFault::NoCountry => {
            "This number belongs to no country. Enter a mobile number from the list".to_owned()
        }
        PhoneFault::PremiumRate => "This is a premium-rate number. Enter a mobile number".to_owned(),
        PhoneFault::TollFree => "This is a toll-free number. Enter a mobile number".to_owned(),
        PhoneFault::Short => "This is a short number. Enter a mobile number in full".to_owned(),
        PhoneFault::NotMobile => {
            "This number cannot get text messages. Enter a mobile number or choose Email".to_owned()
        }
    }
}
