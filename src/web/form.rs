//! The state of a form that is shown again: what was typed, what is wrong with it, and the words for that.
//!
//! Passwords and codes never come back to a page. The macros that draw their fields have no place for a value, and
//! [`FormState::with`] drops one, whoever passes it.

use std::fmt::{self, Display};

use crate::domain::code::TypedCodeFault;
use crate::domain::email::EmailFault;
use crate::domain::password::PasswordFault;
use crate::domain::phone::PhoneFault;
use crate::domain::username::UsernameFault;

/// What a ticked checkbox sends.
pub const TICKED: &str = "yes";

/// Fields whose values are never shown again (OWASP ASVS 5.0 14.2.6).
const NEVER_SHOWN: [&str; 8] = [
    "code",
    "current_password",
    "form_token",
    "new_password",
    "new_password_again",
    "password",
    "password_again",
    "recovery_code",
];

/// The fields of one form, in the order of the page, with their values and errors.
#[derive(Clone, Default)]
pub struct FormState {
    fields: Vec<Field>,
}

#[derive(Clone)]
struct Field {
    name: &'static str,
    value: Option<String>,
    error: Option<String>,
}

/// One line of the summary at the top of the page.
pub struct FieldError<'a> {
    /// The field at fault: its name, and the id of its control.
    pub name: &'a str,
    /// What to do about it, word for word as it stands at the field.
    pub message: &'a str,
}

impl FormState {
    /// Keeps what stands in a field. What must not be shown again is dropped here.
    #[must_use]
    pub fn with(self, name: &'static str, value: impl Into<String>) -> Self {
        if NEVER_SHOWN.contains(&name) {
            return self;
        }
        self.change(name, |field| field.value = Some(value.into()))
    }

    /// Keeps whether a box was ticked.
    #[must_use]
    pub fn ticked(self, name: &'static str, is_ticked: bool) -> Self {
        self.with(name, if is_ticked { TICKED } else { "" })
    }

    /// Says what is wrong with a field. The first word on a field stands.
    #[must_use]
    pub fn refuse(self, name: &'static str, message: impl Display) -> Self {
        self.change(name, |field| {
            field.error.get_or_insert_with(|| message.to_string());
        })
    }

    /// What to show in a field; empty when nothing is known.
    pub fn value(&self, name: &str) -> &str {
        self.find(name).and_then(|field| field.value.as_deref()).unwrap_or_default()
    }

    /// Whether a box is to be ticked; `otherwise` when the form comes up for the first time.
    pub fn is_ticked(&self, name: &str, otherwise: &bool) -> bool {
        self.find(name).and_then(|field| field.value.as_deref()).map_or(*otherwise, |value| value == TICKED)
    }

    /// What is wrong with a field, if anything is.
    pub fn error(&self, name: &str) -> Option<&str> {
        self.find(name).and_then(|field| field.error.as_deref())
    }

    /// Everything that is wrong, in the order of the page.
    pub fn errors(&self) -> impl Iterator<Item = FieldError<'_>> {
        self.fields.iter().filter_map(|field| {
            field.error.as_deref().map(|message| FieldError { name: field.name, message })
        })
    }

    /// Whether anything is wrong.
    pub fn has_errors(&self) -> bool {
        self.errors().next().is_some()
    }

    fn find(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    fn change(mut self, name: &'static str, change: impl FnOnce(&mut Field)) -> Self {
        match self.fields.iter_mut().find(|field| field.name == name) {
            Some(field) => change(field),
            None => {
                let mut field = Field { name, value: None, error: None };
                change(&mut field);
                self.fields.push(field);
            }
        }
        self
    }
}

/// What a person reads at the field: what to do, without a full stop.
pub trait Words {
    /// The message.
    fn words(&self) -> String;
}

impl Words for UsernameFault {
    fn words(&self) -> String {
        match self {
            Self::Empty => "Enter a username",
            Self::Length => "Enter a username of 3 to 64 characters",
            Self::Characters => "Use only letters, digits, dots, underscores and dashes in a username",
        }
        .to_owned()
    }
}

impl Words for EmailFault {
    fn words(&self) -> String {
        match self {
            Self::Empty => "Enter an email address",
            Self::Format => "Enter an email address in the correct format, like name@example.com",
        }
        .to_owned()
    }
}

impl Words for PasswordFault {
    fn words(&self) -> String {
        match self {
            Self::Empty => "Enter a password".to_owned(),
            Self::TooShort { min } => format!("Enter at least {min} characters"),
            Self::TooLong { max } => format!("Enter at most {max} characters"),
            Self::OnlyContext => "Use more than the username and the name of this site".to_owned(),
            Self::Guessable { advice } => {
                format!("This password is easy to guess. {}", advice.trim_end_matches('.'))
            }
        }
    }
}

impl Words for PhoneFault {
    fn words(&self) -> String {
        match self {
            Self::Empty => "Enter a mobile phone number".to_owned(),
            Self::Letters => "Enter the number in digits, without letters".to_owned(),
            Self::Extension => {
                "Enter a number without an extension: text messages do not reach those".to_owned()
            }
            Self::TooLong => "Enter one phone number only".to_owned(),
            Self::Length { shortest, longest, .. } if shortest == longest => {
                format!("Enter a mobile number with {longest} digits after the country code")
            }
            Self::Length { shortest, longest, .. } => {
                format!("Enter a mobile number with {shortest} to {longest} digits after the country code")
            }
            Self::NotANumber => "There is no such number. Check it for typing errors".to_owned(),
            Self::OtherCountry(country) => {
                format!("This number is in {country}. Enter one of a country from the list, or choose Email")
            }
            Self::NoCountry => {
                "This number belongs to no country. Enter a mobile number or choose Email".to_owned()
            }
            Self::PremiumRate => {
                "This is a premium-rate number. Enter a mobile number or choose Email".to_owned()
            }
            Self::TollFree => "This is a toll-free number. Enter a mobile number or choose Email".to_owned(),
            Self::Short => "This is an emergency or short number. Enter a whole mobile number".to_owned(),
            Self::NotMobile => {
                "This number cannot get text messages. Enter a mobile number or choose Email".to_owned()
            }
        }
    }
}

/// What may be wrong with a typed code, on every page that asks for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeProblem {
    /// Nothing was typed.
    Empty,
    /// Digits, but not six. Costs no try.
    Length(usize),
    /// Something else than digits. Costs no try.
    NotDigits,
    /// Six digits, and not these.
    Wrong {
        /// How many tries are left.
        left: u32,
    },
    /// The right digits, too late.
    Expired {
        /// When they stopped working: `10:52 am`; unknown when the row is gone.
        at: Option<String>,
    },
}

impl fmt::Display for CodeProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("Enter the 6-digit code"),
            Self::Length(typed) => write!(f, "The code has 6 digits – you entered {typed}"),
            Self::NotDigits => f.write_str("Enter the code using digits only"),
            Self::Wrong { left } => {
                write!(f, "That code is not correct. You have {} left", tries(*left))
            }
            Self::Expired { at: Some(at) } => {
                write!(f, "That code stopped working at {at}. Request another code")
            }
            Self::Expired { at: None } => f.write_str("That code is too old. Request another code"),
        }
    }
}

/// `1 try`, `4 tries`.
pub fn tries(left: u32) -> String {
    if left == 1 { "1 try".to_owned() } else { format!("{left} tries") }
}

impl From<TypedCodeFault> for CodeProblem {
    fn from(fault: TypedCodeFault) -> Self {
        match fault {
            TypedCodeFault::Empty => Self::Empty,
            TypedCodeFault::WrongCount(typed) => Self::Length(typed),
            TypedCodeFault::NotDigits => Self::NotDigits,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_fit_the_country_and_end_without_a_full_stop() {
        let length = |shortest, longest| PhoneFault::Length { typed: 9, shortest, longest }.words();
        assert_eq!(length(10, 10), "Enter a mobile number with 10 digits after the country code");
        assert_eq!(length(9, 11), "Enter a mobile number with 9 to 11 digits after the country code");
        let guessable = PasswordFault::Guessable { advice: "Use a few words.".to_owned() };
        assert_eq!(guessable.words(), "This password is easy to guess. Use a few words");
    }

    #[test]
    fn what_was_typed_comes_back_with_its_error() {
        let form = FormState::default().with("email", "ada@").refuse("email", "Enter an email address");
        assert_eq!(form.value("email"), "ada@");
        assert_eq!(form.error("email"), Some("Enter an email address"));
        assert_eq!(form.error("phone"), None);
    }

    #[test]
    fn passwords_and_codes_never_come_back() {
        for name in NEVER_SHOWN {
            let form = FormState::default().with(name, "sesame").refuse(name, "Not correct");
            assert_eq!(form.value(name), "", "{name}");
            assert_eq!(form.error(name), Some("Not correct"));
        }
    }

    #[test]
    fn a_box_keeps_the_choice_that_was_made() {
        let fresh = FormState::default();
        assert!(fresh.is_ticked("trust_computer", &true));
        let chosen = FormState::default().ticked("trust_computer", false);
        assert!(!chosen.is_ticked("trust_computer", &true));
    }

    #[test]
    fn the_first_error_of_a_field_stands() {
        let form = FormState::default().refuse("phone", "Enter a number").refuse("phone", "Too short");
        let messages: Vec<_> = form.errors().map(|error| error.message).collect();
        assert_eq!(messages, ["Enter a number"]);
    }

    #[test]
    fn each_problem_says_what_to_do() {
        assert_eq!(CodeProblem::Length(5).to_string(), "The code has 6 digits – you entered 5");
        assert_eq!(
            CodeProblem::Wrong { left: 1 }.to_string(),
            "That code is not correct. You have 1 try left"
        );
        assert_eq!(
            CodeProblem::Wrong { left: 4 }.to_string(),
            "That code is not correct. You have 4 tries left"
        );
    }
}
