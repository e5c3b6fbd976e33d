//! A new password, chosen by invitation, by a mailed link or by its owner: the same two fields, and the same messages.

use crate::domain::password::{PasswordFault, PasswordInput};
use crate::flows::new_password::fault_of;
use crate::flows::{FlowError, Services};
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
    ///
    /// # Errors
    /// [`FlowError::Busy`] if too many wait.
    pub async fn found_in(
        services: &Services,
        username: &str,
        password: &PasswordInput,
        again: &PasswordInput,
    ) -> Result<Option<Self>, FlowError> {
        Ok(match fault_of(services, username, password).await? {
            Some(fault) => Some(Self::Password(fault)),
            None => (!password.is_same_as(again)).then_some(Self::PasswordsDiffer),
        })
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
