//! Every URL that the program itself leads to, once.

use serde::{Deserialize, Serialize};

/// The login form.
pub const LOGIN: &str = "/login";
/// The code page of a login.
pub const LOGIN_CODE: &str = "/login/code";
/// How the code of a login stands, for the small script.
pub const LOGIN_CODE_STATUS: &str = "/login/code/status";
/// Who you are here.
pub const PROFILE: &str = "/profile";
/// Two Factor Authentication.
pub const TWO_FACTOR: &str = "/profile/two-factor";
/// How the code of a set-up stands, for the small script.
pub const TWO_FACTOR_STATUS: &str = "/profile/two-factor/status";
/// Trusted computers.
pub const COMPUTERS: &str = "/profile/computers";
/// Confirm it's you.
pub const CONFIRM: &str = "/confirm";
/// How the code of a confirmation stands, for the small script.
pub const CONFIRM_STATUS: &str = "/confirm/status";
/// The first administrator.
pub const SETUP: &str = "/setup";
/// An invited person sets a password.
pub const INVITATION: &str = "/invitation";

/// Where to go after a login: one of ours, kept by name, so that it can never lead anywhere else (OWASP ASVS 5.0 3.7.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Next {
    /// Who you are here.
    Profile,
    /// Two Factor Authentication.
    TwoFactor,
    /// Trusted computers.
    Computers,
}

impl Next {
    const ALL: [Self; 3] = [Self::Profile, Self::TwoFactor, Self::Computers];

    /// The page's path.
    pub fn path(self) -> &'static str {
        match self {
            Self::Profile => PROFILE,
            Self::TwoFactor => TWO_FACTOR,
            Self::Computers => COMPUTERS,
        }
    }

    /// The page that a request asked for, if it is one to come back to.
    pub fn of(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|next| next.path() == path)
    }
}
