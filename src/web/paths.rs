//! Every URL that the program itself leads to, once.

use serde::{Deserialize, Serialize};

use crate::domain::account::Account;
use crate::domain::administration::Act;
use crate::domain::confirmation::ConfirmedFor;
use crate::domain::ids::Id;

/// The login form.
pub const LOGIN: &str = "/login";
/// The code page of a login.
pub const LOGIN_CODE: &str = "/login/code";
/// What else a login can use.
pub const LOGIN_ANOTHER_WAY: &str = "/login/another-way";
/// A recovery code or one-time pass in place of the code of a login.
pub const LOGIN_RECOVERY: &str = "/login/recovery";
/// How the code of a login stands, for the small script.
pub const LOGIN_CODE_STATUS: &str = "/login/code/status";
/// Log out.
pub const LOGOUT: &str = "/logout";
/// Who you are here.
pub const PROFILE: &str = "/profile";
/// The e-mail address of record.
pub const EMAIL: &str = "/profile/email";
/// The password.
pub const PASSWORD: &str = "/profile/password";
/// Recovery codes.
pub const RECOVERY_CODES: &str = "/profile/recovery-codes";
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
/// The same for other programs.
pub const ADMIN_ACTIVITY_CSV: &str = "/admin/activity.csv";
/// The first administrator.
pub const SETUP: &str = "/setup";
/// What was sent, and what became of it.
pub const ADMIN_DELIVERIES: &str = "/admin/deliveries";
/// Where Twilio reports what became of a text.
pub const TWILIO_REPORTS: &str = "/hooks/sms/twilio";
/// A forgotten password is replaced by a mailed link.
pub const PASSWORD_RESET: &str = "/password/reset";
/// An invited person sets a password.
pub const INVITATION: &str = "/invitation";
/// This wasn't me.
pub const NOT_ME: &str = "/not-me";

/// One account, as administrators see it.
pub fn admin_account(id: &Id<Account>) -> String {
    format!("{ADMIN_ACCOUNTS}/{id}")
}

/// Whether somebody who still has to set up two-factor authentication reaches this path: the set-up itself, what it may
/// ask for, and the way out.
pub fn is_open_before_set_up(path: &str) -> bool {
    let is_under =
        |page: &str| path.strip_prefix(page).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    is_under(TWO_FACTOR) || is_under(CONFIRM) || path == LOGOUT
}

/// Where to go after a login or a confirmation: one of ours, kept by name, so that it can never lead anywhere else (OWASP
/// ASVS 5.0 3.7.2).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Next {
    /// Who you are here.
    Profile,
    /// The e-mail address of record.
    Email,
    /// The password.
    Password,
    /// Two Factor Authentication.
    TwoFactor,
    /// Recovery codes.
    RecoveryCodes,
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
    /// A new account.
    AdminNewAccount,
    /// One account, by its identifier.
    AdminAccount(String),
    /// An act on it, by its word.
    AdminAct(String, String),
}

impl Next {
    const ALL: [Self; 11] = [
        Self::Profile,
        Self::Email,
        Self::Password,
        Self::TwoFactor,
        Self::RecoveryCodes,
        Self::Computers,
        Self::Sessions,
        Self::Activity,
        Self::AdminAccounts,
        Self::AdminNewAccount,
        Self::AdminActivity,
    ];

    /// The page's path.
    pub fn path(&self) -> String {
        match self {
            Self::Profile => PROFILE.to_owned(),
            Self::Email => EMAIL.to_owned(),
            Self::Password => PASSWORD.to_owned(),
            Self::TwoFactor => TWO_FACTOR.to_owned(),
            Self::RecoveryCodes => RECOVERY_CODES.to_owned(),
            Self::Computers => COMPUTERS.to_owned(),
            Self::Sessions => SESSIONS.to_owned(),
            Self::Activity => ACTIVITY.to_owned(),
            Self::AdminAccounts => ADMIN_ACCOUNTS.to_owned(),
            Self::AdminActivity => ADMIN_ACTIVITY.to_owned(),
            Self::AdminNewAccount => format!("{ADMIN_ACCOUNTS}/new"),
            Self::AdminAccount(id) => format!("{ADMIN_ACCOUNTS}/{id}"),
            Self::AdminAct(id, act) => format!("{ADMIN_ACCOUNTS}/{id}/{act}"),
        }
    }

    /// The page that a request asked for, if it is one to come back to.
    pub fn of(path: &str) -> Option<Self> {
        if let Some(next) = Self::ALL.into_iter().find(|next| next.path() == path) {
            return Some(next);
        }
        // A file is no page to come back to; the page that leads to it is.
        if path == ADMIN_ACTIVITY_CSV {
            return Some(Self::AdminActivity);
        }
        let rest = path.strip_prefix(ADMIN_ACCOUNTS)?.strip_prefix('/')?;
        let (id, act) = rest.split_once('/').map_or((rest, None), |(id, act)| (id, Some(act)));
        let id = Id::<Account>::parse(id)?.as_str().to_owned();
        match act {
            None => Some(Self::AdminAccount(id)),
            Some(act) => Some(Self::AdminAct(id, Act::parse(act)?.as_str().to_owned())),
        }
    }

    /// What an identity is confirmed for on the way there.
    pub fn confirmed_for(&self) -> ConfirmedFor {
        match self {
            Self::Profile
            | Self::Email
            | Self::Password
            | Self::TwoFactor
            | Self::RecoveryCodes
            | Self::Computers
            | Self::Sessions
            | Self::Activity => ConfirmedFor::Change,
            Self::AdminAccounts
            | Self::AdminNewAccount
            | Self::AdminActivity
            | Self::AdminAccount(_)
            | Self::AdminAct(..) => ConfirmedFor::Administration,
        }
    }
}
