//! Every URL that the program itself leads to, once.

use serde::{Deserialize, Serialize};

use crate::domain::account::Account;
use crate::domain::confirmation::ConfirmedFor;
use crate::domain::ids::Id;

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
/// Where the account is logged in.
pub const SESSIONS: &str = "/profile/sessions";
/// What happened to the account.
pub const ACTIVITY: &str = "/profile/activity";
/// Confirm it's you.
pub const CONFIRM: &str = "/confirm";
/// How the code of a confirmation stands, for the small script.
pub const CONFIRM_STATUS: &str = "/confirm/status";
/// Who is in this Postern.
pub const ADMIN_ACCOUNTS: &str = "/admin/accounts";
/// What happened in it.
pub const ADMIN_ACTIVITY: &str = "/admin/activity";
/// The first administrator.
pub const SETUP: &str = "/setup";
/// An invited person sets a password.
pub const INVITATION: &str = "/invitation";
/// This wasn't me.
pub const NOT_ME: &str = "/not-me";

/// Where to go after a login or a confirmation: one of ours, kept by name, so that it can never lead anywhere else (OWASP
/// ASVS 5.0 3.7.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Next {
    /// Who you are here.
    Profile,
    /// Two Factor Authentication.
    TwoFactor,
    /// Trusted computers.
    Computers,
    /// Where the account is logged in.
    Sessions,
    /// What happened to the account.
    Activity,
    /// Who is in this Postern.
    AdminAccounts,
    /// What happened in it.
    AdminActivity,
    /// One account, by its identifier.
    AdminAccount(String),
}

impl Next {
    const ALL: [Self; 7] = [
        Self::Profile,
        Self::TwoFactor,
        Self::Computers,
        Self::Sessions,
        Self::Activity,
        Self::AdminAccounts,
        Self::AdminActivity,
    ];

    /// The page's path.
    pub fn path(&self) -> String {
        match self {
            Self::Profile => PROFILE.to_owned(),
            Self::TwoFactor => TWO_FACTOR.to_owned(),
            Self::Computers => COMPUTERS.to_owned(),
            Self::Sessions => SESSIONS.to_owned(),
            Self::Activity => ACTIVITY.to_owned(),
            Self::AdminAccounts => ADMIN_ACCOUNTS.to_owned(),
            Self::AdminActivity => ADMIN_ACTIVITY.to_owned(),
            Self::AdminAccount(id) => format!("{ADMIN_ACCOUNTS}/{id}"),
        }
    }

    /// The page that a request asked for, if it is one to come back to.
    pub fn of(path: &str) -> Option<Self> {
        if let Some(next) = Self::ALL.into_iter().find(|next| next.path() == path) {
            return Some(next);
        }
        let id: Id<Account> = Id::parse(path.strip_prefix(ADMIN_ACCOUNTS)?.strip_prefix('/')?)?;
        Some(Self::AdminAccount(id.as_str().to_owned()))
    }

    /// What an identity is confirmed for on the way there.
    pub fn confirmed_for(&self) -> ConfirmedFor {
        match self {
            Self::Profile | Self::TwoFactor | Self::Computers | Self::Sessions | Self::Activity => {
                ConfirmedFor::Change
            }
            Self::AdminAccounts | Self::AdminActivity | Self::AdminAccount(_) => ConfirmedFor::Administration,
        }
    }
}
