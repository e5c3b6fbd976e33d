//! A new password, chosen by invitation, by a mailed link or by its owner: the same two fields, and the same messages.

use crate::domain::password::{PasswordFault, PasswordInput, judge};
use crate::flows::Settings;
use crate::web::form::Words;

/// What may be wrong with a new password that was typed twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NewPasswordProblem {
    /// The password.
    Password(PasswordFault),
    /// The second password is not the first.
    PasswordsDiffer,
}

impl NewPasswordProblem {
    /// The first thing that is wrong with it, if anything is.
    pub fn found_in(
        settings: &Settings,
        username: &str,
        password: &PasswordInput,
        again: &PasswordInput,
    ) -> Option<Self> {
        match judge(password, &settings.passwords, username, &settings.product) {
            Err(fault) => Some(Self::Password(fault)),
            Ok(()) => (!password.is_same_as(again)).then_some(Self::PasswordsDiffer),
        }
    }

    /// The field the message stands at.
    pub fn field(&self) -> &'static str {
        match self {
            Self::Password(_) => "new_password",
            Self::PasswordsDiffer => "new_password_again",
        }
    }

    /// What the person reads.
    pub fn message(&self) -> String {
        match self {
            Self::Password(fault) => fault.words(),
            Self::PasswordsDiffer => "The two passwords are not the same".to_owned(),
        }
    }
}
