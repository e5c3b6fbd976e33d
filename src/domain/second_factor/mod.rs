//! How the second factor reaches a person: the seam at which further methods join.
//!
//! A factor is either off or has a *confirmed* destination; an unconfirmed one lives in a
//! [`Challenge`](crate::domain::challenge::Challenge) until its code was entered (OWASP ASVS 5.0 6.6.1).

use chrono::{DateTime, Utc};

use crate::domain::challenge::{CodeProof, Purpose};
use crate::domain::email::{EmailAddress, Masked};
use crate::domain::phone::PhoneNumber;

/// A way to deliver codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Method {
    /// By e-mail.
    Email,
    /// By text message.
    Sms,
}

impl Method {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Email, Self::Sms];

    /// The word in forms and in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Sms => "sms",
        }
    }

    /// What people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::Email => "Email",
            Self::Sms => "SMS",
        }
    }

    /// Reads the word in forms and in the database.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == text)
    }
}

/// Where codes go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// A mailbox.
    Email(EmailAddress),
    /// A telephone.
    Phone(PhoneNumber),
}

impl Destination {
    /// The method that reaches it.
    pub fn method(&self) -> Method {
        match self {
            Self::Email(_) => Method::Email,
            Self::Phone(_) => Method::Sms,
        }
    }

    /// The address or number as it is stored, compared and sent to.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Email(address) => address.as_str(),
            Self::Phone(number) => number.e164(),
        }
    }

    /// As it may be shown to someone who has entered a right password and no more.
    pub fn masked(&self) -> Masked {
        match self {
            Self::Email(address) => address.masked(),
            Self::Phone(number) => number.masked(),
        }
    }

    /// In full, as people write it: for the set-up page, to catch typing errors.
    pub fn full(&self) -> String {
        match self {
            Self::Email(address) => address.as_str().to_owned(),
            Self::Phone(number) => number.international(),
        }
    }
}

/// A destination at which a code has been entered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmed<T> {
    value: T,
    at: DateTime<Utc>,
}

impl<T> Confirmed<T> {
    /// Takes a confirmed destination back out of its row.
    pub fn stored(value: T, at: DateTime<Utc>) -> Self {
        Self { value, at }
    }

    /// The destination.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// When it was confirmed.
    pub fn at(&self) -> DateTime<Utc> {
        self.at
    }
}

/// An account's second factor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecondFactor {
    /// The password is all.
    Off,
    /// Codes by e-mail.
    Email(Confirmed<EmailAddress>),
    /// Codes by text message.
    Sms(Confirmed<PhoneNumber>),
}

impl SecondFactor {
    /// Turns a method on: only a code entered from a set-up can, be it the one that asks for the mailbox of record first.
    pub fn set_up(proof: &CodeProof, now: DateTime<Utc>) -> Option<Self> {
        match proof.purpose() {
            Purpose::SetUp | Purpose::Mailbox => Some(Self::stored(proof.destination().clone(), now)),
            Purpose::Login | Purpose::ConfirmIdentity | Purpose::EmailOfRecord | Purpose::PresentMailbox => {
                None
            }
        }
    }

    /// Takes a factor that is on back out of its row.
    pub fn stored(destination: Destination, confirmed_at: DateTime<Utc>) -> Self {
        match destination {
            Destination::Email(address) => Self::Email(Confirmed::stored(address, confirmed_at)),
            Destination::Phone(number) => Self::Sms(Confirmed::stored(number, confirmed_at)),
        }
    }

    /// The method, where one is on.
    pub fn method(&self) -> Option<Method> {
        match self {
            Self::Off => None,
            Self::Email(_) => Some(Method::Email),
            Self::Sms(_) => Some(Method::Sms),
        }
    }

    /// Where codes go, where a method is on.
    pub fn destination(&self) -> Option<Destination> {
        match self {
            Self::Off => None,
            Self::Email(address) => Some(Destination::Email(address.value().clone())),
            Self::Sms(number) => Some(Destination::Phone(number.value().clone())),
        }
    }

    /// Whether codes go to the mailbox that this address reaches: who reads it would have both factors.
    pub fn shares_mailbox(&self, address: &EmailAddress) -> bool {
        match self {
            Self::Off | Self::Sms(_) => false,
            Self::Email(codes) => codes.value().mailbox_key() == address.mailbox_key(),
        }
    }

    /// Since when it has been on.
    pub fn since(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Off => None,
            Self::Email(address) => Some(address.at()),
            Self::Sms(number) => Some(number.at()),
        }
    }

    /// Whether codes are owed at all.
    pub fn is_on(&self) -> bool {
        self.method().is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::{at, challenge, mailbox, on, right_code, telephone};

    #[test]
    fn one_mailbox_is_known_by_another_spelling() {
        let record = EmailAddress::parse("Ada+record@example.com").unwrap();
        for (factor, shares) in [
            (on(mailbox("ada@EXAMPLE.com")), true),
            (on(mailbox("ADA+codes@example.com")), true),
            (on(mailbox("ada@example.org")), false),
            (on(telephone()), false),
            (SecondFactor::Off, false),
        ] {
            assert_eq!(factor.shares_mailbox(&record), shares, "{factor:?}");
        }
    }

    #[test]
    fn the_words_of_forms_and_database_are_read_back_and_people_read_others() {
        for method in Method::ALL {
            assert_eq!(Method::parse(method.as_str()), Some(method));
        }
        assert_eq!(Method::parse("disabled"), None);
        assert_eq!(Method::ALL.map(Method::label), ["Email", "SMS"]);
    }

    #[test]
    fn a_destination_is_masked_until_it_may_be_shown() {
        for (destination, method, stored, shown, full) in [
            (
                mailbox("ada@example.com"),
                Method::Email,
                "ada@example.com",
                "a•••@e•••.com",
                "ada@example.com",
            ),
            (telephone(), Method::Sms, "+12125550142", "••• ••• 0142", "+1 212-555-0142"),
        ] {
            assert_eq!((destination.method(), destination.as_str()), (method, stored));
            assert_eq!((destination.masked().shown.as_str(), destination.full().as_str()), (shown, full));
        }
    }

    #[test]
    fn a_factor_knows_where_codes_go_and_since_when() {
        for (destination, method) in [(mailbox("ada@example.com"), Method::Email), (telephone(), Method::Sms)]
        {
            let factor = SecondFactor::stored(destination.clone(), at(7));
            assert!(factor.is_on());
            assert_eq!((factor.method(), factor.since()), (Some(method), Some(at(7))));
            assert_eq!(factor.destination(), Some(destination));
        }
        let off = SecondFactor::Off;
        assert!(!off.is_on());
        assert_eq!((off.method(), off.since(), off.destination()), (None, None, None));
    }

    #[test]
    fn only_a_code_of_a_set_up_turns_a_method_on() {
        for purpose in Purpose::ALL {
            let proof = right_code(&challenge(purpose, telephone()));
            let expected = match purpose {
                Purpose::SetUp | Purpose::Mailbox => Some(SecondFactor::stored(telephone(), at(7))),
                Purpose::Login
                | Purpose::ConfirmIdentity
                | Purpose::EmailOfRecord
                | Purpose::PresentMailbox => None,
            };
            assert_eq!(SecondFactor::set_up(&proof, at(7)), expected, "{purpose:?}");
        }
    }
}
