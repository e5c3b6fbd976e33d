//! What an administrator can do to an account, once: the word in the path, whether it wants a reason, and when it applies.
//! The pages, the command line and the tests walk this table.

use crate::domain::account::{Account, Role, State};
use crate::domain::limits::SecondFactorStanding;
use crate::domain::requirement::Required;

/// The shortest and the longest a reason may be, in characters.
pub const REASON_LENGTH: (usize, usize) = (3, 500);

/// One act of administration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Act {
    /// Require two-factor authentication of the account.
    RequireTwoFactor,
    /// Leave it to the person.
    LeaveTwoFactor,
    /// Turn on Email, with codes to the confirmed address of record.
    TurnOnEmail,
    /// Let the account trust computers.
    AllowTrust,
    /// Let it trust none.
    ForbidTrust,
    /// Take the second factor away, so that the person sets it up anew.
    ResetTwoFactor,
    /// Give out a one-time pass.
    IssuePass,
    /// Lift every pause that wrong passwords or codes have brought.
    Unlock,
    /// End all sessions.
    EndSessions,
    /// Forget all trusted computers.
    ForgetComputers,
    /// Mail a password reset.
    MailReset,
    /// Mail the invitation again.
    InviteAgain,
    /// Correct an address that was never confirmed.
    CorrectEmail,
    /// Make the account an administrator's.
    Promote,
    /// Make it an ordinary one.
    Demote,
    /// Switch it off.
    Disable,
    /// Switch it on again.
    Enable,
}

/// What is known of an account when somebody is about to administer it.
#[derive(Clone, Debug)]
pub struct Situation {
    /// The account.
    pub account: Account,
    /// How it stands in the list.
    pub state: State,
    /// Of whom the installation requires two-factor authentication.
    pub required: Required,
    /// Whether wrong passwords have made its name rest.
    pub name_rests: bool,
    /// Whether another administrator could do what this account can.
    pub has_deputy: bool,
    /// Whether it is the account of whoever asks.
    pub is_oneself: bool,
}

/// Why an act is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hindrance {
    /// It does not apply to the account as it stands.
    NotNow,
    /// Nobody does it to themselves.
    Oneself,
    /// The last administrator stays one.
    LastAdministrator,
    /// The configuration requires two-factor authentication of this account.
    Configuration,
}

impl Hindrance {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::NotNow, Self::Oneself, Self::LastAdministrator, Self::Configuration];

    /// Its word, as it travels to the page that says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotNow => "not-now",
            Self::Oneself => "oneself",
            Self::LastAdministrator => "last-administrator",
            Self::Configuration => "configuration",
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|hindrance| hindrance.as_str() == text)
    }
}

impl Act {
    /// All of them, in the order of the page.
    pub const ALL: [Self; 17] = [
        Self::RequireTwoFactor,
        Self::LeaveTwoFactor,
        Self::TurnOnEmail,
        Self::AllowTrust,
        Self::ForbidTrust,
        Self::ResetTwoFactor,
        Self::IssuePass,
        Self::Unlock,
        Self::EndSessions,
        Self::ForgetComputers,
        Self::MailReset,
        Self::InviteAgain,
        Self::CorrectEmail,
        Self::Promote,
        Self::Demote,
        Self::Disable,
        Self::Enable,
    ];

    /// The word in the path.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RequireTwoFactor => "require-two-factor",
            Self::LeaveTwoFactor => "leave-two-factor",
            Self::TurnOnEmail => "turn-on-email",
            Self::AllowTrust => "allow-trust",
            Self::ForbidTrust => "forbid-trust",
            Self::ResetTwoFactor => "reset-two-factor",
            Self::IssuePass => "issue-pass",
            Self::Unlock => "unlock",
            Self::EndSessions => "end-sessions",
            Self::ForgetComputers => "forget-computers",
            Self::MailReset => "mail-reset",
            Self::InviteAgain => "invite-again",
            Self::CorrectEmail => "correct-email",
            Self::Promote => "make-administrator",
            Self::Demote => "unmake-administrator",
            Self::Disable => "disable",
            Self::Enable => "enable",
        }
    }

    /// Reads the word in the path.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.as_str() == text)
    }

    /// Whether it weakens the account, so that a reason is wanted.
    pub fn wants_reason(self) -> bool {
        match self {
            Self::LeaveTwoFactor
            | Self::AllowTrust
            | Self::ResetTwoFactor
            | Self::IssuePass
            | Self::Unlock
            | Self::CorrectEmail => true,
            Self::RequireTwoFactor
            | Self::TurnOnEmail
            | Self::ForbidTrust
            | Self::EndSessions
            | Self::ForgetComputers
            | Self::MailReset
            | Self::InviteAgain
            | Self::Promote
            | Self::Demote
            | Self::Disable
            | Self::Enable => false,
        }
    }

    /// Whether nobody does it to themselves: what would shut one out, and what would spare one's own second factor.
    pub fn is_only_for_others(self) -> bool {
        self.wants_reason() || matches!(self, Self::Disable | Self::Demote)
    }

    /// Whether it wants another address.
    pub fn takes_email(self) -> bool {
        self == Self::CorrectEmail
    }

    /// Whether it takes something away, for the look of its button.
    pub fn is_harsh(self) -> bool {
        use Act::{Demote, Disable, EndSessions, ForgetComputers, ResetTwoFactor};
        matches!(self, ResetTwoFactor | EndSessions | ForgetComputers | Demote | Disable)
    }

    /// What stands in the way of the act, if anything does.
    pub fn hindrance(self, situation: &Situation) -> Option<Hindrance> {
        if !self.applies(situation) {
            return Some(Hindrance::NotNow);
        }
        if situation.is_oneself && self.is_only_for_others() {
            return Some(Hindrance::Oneself);
        }
        if matches!(self, Self::Disable | Self::Demote) && situation.is_last_administrator() {
            return Some(Hindrance::LastAdministrator);
        }
        let is_configured = situation.required.of_role(situation.account.role).is_some();
        (self == Self::LeaveTwoFactor && is_configured).then_some(Hindrance::Configuration)
    }

    fn applies(self, situation: &Situation) -> bool {
        let Situation { account, state, required, name_rests, .. } = situation;
        match state {
            State::Disabled => {
                let is_administrator = account.role == Role::Administrator;
                return self == Self::Enable || (self == Self::Demote && is_administrator);
            }
            State::Invited | State::Locked | State::Active => {}
        }
        let has_password = *state != State::Invited;
        let has_method = account.method.is_some();
        match self {
            Self::RequireTwoFactor => !account.requires_two_factor,
            Self::LeaveTwoFactor => account.requires_two_factor,
            Self::TurnOnEmail => !has_method && has_password && account.email_confirmed_at.is_some(),
            Self::AllowTrust => !account.allows_trust,
            Self::ForbidTrust => account.allows_trust,
            Self::ResetTwoFactor => has_method,
            Self::IssuePass => has_password && (has_method || required.guards_set_up_of(account)),
            Self::Unlock => *name_rests || account.second_factor_standing != SecondFactorStanding::Open,
            Self::EndSessions | Self::ForgetComputers | Self::MailReset => has_password,
            Self::InviteAgain => !has_password,
            Self::CorrectEmail => account.email_confirmed_at.is_none(),
            Self::Promote => account.role == Role::Person,
            Self::Demote => account.role == Role::Administrator,
            Self::Disable => true,
            Self::Enable => false,
        }
    }
}

impl Situation {
    /// Whether nobody could do without this administrator. One who cannot log in is none that there is to lose.
    fn is_last_administrator(&self) -> bool {
        let can_log_in = match self.state {
            State::Active | State::Locked => true,
            State::Invited | State::Disabled => false,
        };
        can_log_in && self.account.role == Role::Administrator && !self.has_deputy
    }
}

/// A reason as it is kept: without space at either end, on one line.
///
/// # Errors
/// [`ReasonFault`].
pub fn reason(typed: &str) -> Result<String, ReasonFault> {
    let reason = typed.split_whitespace().collect::<Vec<_>>().join(" ");
    let (least, most) = REASON_LENGTH;
    match reason.chars().count() {
        length if length < least => Err(ReasonFault::TooShort),
        length if length > most => Err(ReasonFault::TooLong),
        _ if reason.chars().any(char::is_control) => Err(ReasonFault::Characters),
        _ => Ok(reason),
    }
}

/// What is wrong with a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReasonFault {
    /// Nothing, or next to it.
    TooShort,
    /// A whole letter.
    TooLong,
    /// Control characters.
    Characters,
}

#[cfg(test)]
mod tests;
