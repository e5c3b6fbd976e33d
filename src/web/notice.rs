//! What just happened, said once at the head of the next page.

use serde::{Deserialize, Serialize};

use crate::domain::administration::Hindrance;
use crate::web::moment::Moment;

/// What just happened. Small, since it travels in a cookie from the POST to the next GET; the words for each are in
/// `templates/parts/notice.html`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    /// Logged out by oneself; until when (a day) the computer stays trusted, if it is.
    LoggedOut(Option<String>),
    /// *Log out and forget this computer*.
    LoggedOutAndForgotten,
    /// Nothing happened for this many minutes.
    TimedOut(i64),
    /// The session ended for another reason: its longest life, or something done elsewhere.
    SessionEnded,
    /// The code was owed for longer than a pending login lives.
    LoginTookTooLong(i64),
    /// The login ended before its code was entered, for another reason: something done elsewhere.
    LoginEnded,
    /// Five wrong codes: back to the password.
    TriesUsedUp(u32),
    /// The same while an identity was being confirmed.
    ConfirmationTriesUsedUp(u32),
    /// *Use another account*.
    StartedOver,
    /// A recovery code stood in for the code; so many are left.
    RecoveryCodeUsed(i64),
    /// A one-time pass stood in for the code.
    PassUsed,
    /// A password reset was asked for, whoever was named; for how many minutes its link works.
    ResetMailed(i64),
    /// A new password was set by a mailed link.
    PasswordReset,
    /// The password was changed by its owner.
    PasswordChanged,
    /// It is clear who asks: now the new password may be chosen.
    ChoosePasswordNow,
    /// A new password was set by invitation.
    PasswordSet,
    /// The first administrator was made.
    AdministratorMade,
    /// *Request another code*: a message was put on its way.
    CodeRequested,
    /// *Request another code*, before the time that is named, which is so far away: `30 seconds`.
    CodeTooSoon(Moment, String),
    /// *Request another code*, and no more are sent here.
    NoMoreCodes,
    /// The profile was saved.
    ProfileSaved,
    /// Saved as it was.
    NothingChanged,
    /// The e-mail address of record is the new one.
    EmailChanged,
    /// The present address was proven; the code of the new one is owed.
    EmailProven,
    /// The new address was given up.
    EmailCancelled,
    /// The new address waited too long or had too many wrong codes.
    EmailEnded,
    /// Two-factor authentication was turned on; until when (a day) this computer is trusted, if it is.
    TwoFactorOn(Option<String>),
    /// The method or destination in force was replaced.
    TwoFactorChanged(Option<String>),
    /// Two-factor authentication was turned off.
    TwoFactorOff,
    /// *Ask for a code on every login* was ticked.
    AsksEveryLogin,
    /// *Ask for a code on every login* was unticked; for how many days a computer is now trusted.
    AsksNowAndThen(u16),
    /// Somebody requires two-factor authentication, so it was not turned off.
    TwoFactorStays,
    /// A one-time pass stood in for the code from the mailbox of record.
    PassTaken,
    /// As many accounts as may use the number of a set-up already.
    NumberFull,
    /// The set-up was cancelled.
    SetUpCancelled,
    /// The set-up waited too long or had too many wrong codes.
    SetUpEnded,
    /// One trusted computer was forgotten.
    ComputerForgotten(String),
    /// All of them were.
    AllComputersForgotten,
    /// One other session was ended.
    OneSessionEnded(String),
    /// All other sessions were.
    OtherSessionsEnded,
    /// *This wasn't me* was pressed; where a link to a new password goes, masked.
    NotMeDone(Option<String>),
    /// The change that waited for *Confirm it's you* waited too long.
    ChangeTookTooLong,
    /// The form's token was too old: what was typed stands in the form again.
    StaleForm,
    /// Something in administration.
    Admin(AdminNotice),
}

/// What just happened in administration; acts and hindrances go by their words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum AdminNotice {
    /// An act was done.
    Done(String),
    /// An account was made, and its invitation is on its way.
    Created,
    /// A test message is on its way.
    TestSent,
    /// A test text, of an administrator who has no number.
    NoNumber,
    /// The account changed since the form was opened; nothing was done.
    Stale,
    /// Something stands in the way; nothing was done.
    Hindered(String),
}

/// How a notice looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// It worked.
    Good,
    /// Something to know.
    Plain,
    /// Something to do.
    Warning,
}

impl AdminNotice {
    /// That something stands in the way.
    pub fn hindered(hindrance: Hindrance) -> Self {
        Self::Hindered(hindrance.as_str().to_owned())
    }
}

impl Notice {
    /// How the notice looks.
    pub fn tone(&self) -> Tone {
        match self {
            Self::PasswordSet
            | Self::AdministratorMade
            | Self::PasswordReset
            | Self::PasswordChanged
            | Self::EmailChanged
            | Self::EmailProven
            | Self::CodeRequested
            | Self::ProfileSaved
            | Self::TwoFactorOn(_)
            | Self::TwoFactorChanged(_)
            | Self::AsksEveryLogin
            | Self::AsksNowAndThen(_)
            | Self::PassTaken
            | Self::ComputerForgotten(_)
            | Self::AllComputersForgotten
            | Self::OneSessionEnded(_)
            | Self::OtherSessionsEnded
            | Self::NotMeDone(_)
            | Self::Admin(AdminNotice::Done(_) | AdminNotice::Created | AdminNotice::TestSent) => Tone::Good,
            Self::LoggedOut(_)
            | Self::LoggedOutAndForgotten
            | Self::TimedOut(_)
            | Self::SessionEnded
            | Self::LoginEnded
            | Self::StartedOver
            | Self::PassUsed
            | Self::ResetMailed(_)
            | Self::ChoosePasswordNow
            | Self::EmailCancelled
            | Self::NothingChanged
            | Self::SetUpCancelled => Tone::Plain,
            Self::LoginTookTooLong(_)
            | Self::TriesUsedUp(_)
            | Self::RecoveryCodeUsed(_)
            | Self::EmailEnded
            | Self::ConfirmationTriesUsedUp(_)
            | Self::CodeTooSoon(..)
            | Self::NoMoreCodes
            | Self::TwoFactorOff
            | Self::TwoFactorStays
            | Self::SetUpEnded
            | Self::NumberFull
            | Self::ChangeTookTooLong
            | Self::StaleForm
            | Self::Admin(AdminNotice::Stale | AdminNotice::NoNumber | AdminNotice::Hindered(_)) => {
                Tone::Warning
            }
        }
    }
}
