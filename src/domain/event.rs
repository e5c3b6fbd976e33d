//! What the activity log can say (OWASP ASVS 5.0 16.3.1 to 16.3.3): who did what to whom. No secret and no full
//! destination ever stands in it.

use chrono::{DateTime, Utc};

use crate::domain::account::Account;
use crate::domain::ids::Id;

/// One line of the activity log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityEvent {
    /// Its identifier; later ones sort later.
    pub id: Id<SecurityEvent>,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub kind: EventKind,
    /// Who did it.
    pub actor: Actor,
    /// Whom it was done to.
    pub account: Id<Account>,
    /// Why, in the words of whoever did it.
    pub reason: Option<String>,
    /// What exactly: names of settings, masked destinations.
    pub detail: Option<String>,
    /// From which network: an IPv4 address, or the first half of an IPv6 one.
    pub network: Option<String>,
    /// From which browser.
    pub browser: Option<String>,
    /// The request that did it.
    pub request_id: Option<String>,
}

/// A network as people read it: of an IPv4 address the address, of an IPv6 one the half that stands for a household.
pub fn shown_network(network: &str) -> &str {
    network.strip_suffix("/32").unwrap_or(network)
}

/// Who did something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// The account itself, logged in or about to.
    Owner,
    /// Another account: an administrator.
    Administrator(Id<Account>),
    /// An operator, at the command line.
    Operator,
    /// Whoever reads the mailbox that a link went to.
    Mailbox,
    /// Nobody: a limit was reached, or a time was over.
    Postern,
}

/// Declares the kinds once: the word in the database, and what a person reads.
macro_rules! kinds {
    ($($(#[doc = $doc:literal])+ $kind:ident = $word:literal, $reads:literal;)+) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum EventKind {
            $($(#[doc = $doc])+ $kind,)+
        }

        impl EventKind {
            /// All of them, in the order of the filter's list.
            pub const ALL: &[Self] = &[$(Self::$kind),+];

            /// The word in the database, in addresses and in exports.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$kind => $word,)+
                }
            }

            /// What a person reads.
            pub fn label(self) -> &'static str {
                match self {
                    $(Self::$kind => $reads,)+
                }
            }
        }
    };
}

kinds! {
    /// A login was completed.
    LoggedIn = "logged_in", "Logged in";
    /// *Log out*.
    LoggedOut = "logged_out", "Logged out";
    /// A right password was not followed by its code in time.
    LoginUnfinished = "login_unfinished", "Right password, but no code";
    /// Wrong passwords made the name rest.
    PasswordPaused = "password_paused", "Password login paused after wrong passwords";
    /// Wrong passwords closed the name.
    PasswordClosed = "password_closed", "Password login closed after wrong passwords";
    /// Wrong codes paused the second factor.
    CodesPaused = "codes_paused", "Codes paused after wrong codes";
    /// Wrong codes suspended the second factor.
    CodesSuspended = "codes_suspended", "Codes suspended after wrong codes";
    /// Every pause was lifted.
    Unlocked = "unlocked", "Unlocked";
    /// Two-factor authentication was turned on.
    TwoFactorOn = "two_factor_on", "Two Factor Authentication turned on";
    /// Method or destination was changed.
    TwoFactorChanged = "two_factor_changed", "Two Factor Authentication changed";
    /// Two-factor authentication was turned off.
    TwoFactorOff = "two_factor_off", "Two Factor Authentication turned off";
    /// The second factor was reset by somebody else.
    TwoFactorReset = "two_factor_reset", "Two Factor Authentication reset";
    /// Two-factor authentication is required of the account.
    TwoFactorRequired = "two_factor_required", "Two Factor Authentication required";
    /// Two-factor authentication is left to the person.
    TwoFactorOptional = "two_factor_optional", "Two Factor Authentication made optional";
    /// *Ask for a code on every login* was ticked.
    EveryLoginOn = "every_login_on", "Every login asks for a code";
    /// *Ask for a code on every login* was unticked.
    EveryLoginOff = "every_login_off", "Trusted computers are not asked";
    /// A computer became trusted.
    ComputerTrusted = "computer_trusted", "New trusted computer";
    /// One trusted computer was forgotten.
    ComputerForgotten = "computer_forgotten", "Trusted computer forgotten";
    /// All trusted computers were forgotten.
    ComputersForgotten = "computers_forgotten", "All trusted computers forgotten";
    /// Trusted computers were allowed.
    TrustAllowed = "trust_allowed", "Trusted computers allowed";
    /// Trusted computers were forbidden.
    TrustForbidden = "trust_forbidden", "Trusted computers forbidden";
    /// One session was ended from elsewhere.
    SessionEnded = "session_ended", "Session ended";
    /// All other sessions were ended.
    SessionsEnded = "sessions_ended", "All sessions ended";
    /// The password was changed by its owner.
    PasswordChanged = "password_changed", "Password changed";
    /// A password reset was mailed.
    PasswordResetMailed = "password_reset_mailed", "Password reset mailed";
    /// The password was reset by a mailed link.
    PasswordReset = "password_reset", "Password reset";
    /// The e-mail address of record was changed.
    EmailChanged = "email_changed", "Email address changed";
    /// Name or time zone was changed.
    ProfileChanged = "profile_changed", "Profile changed";
    /// New recovery codes were made.
    RecoveryCodesMade = "recovery_codes_made", "Recovery codes made";
    /// A recovery code was used.
    RecoveryCodeUsed = "recovery_code_used", "Recovery code used";
    /// A one-time pass was given out.
    PassIssued = "pass_issued", "One-time pass given out";
    /// A one-time pass was used.
    PassUsed = "pass_used", "One-time pass used";
    /// *This wasn't me*.
    NotMe = "not_me", "“This wasn’t me”";
    /// An administrator had a test message sent.
    TestMessageSent = "test_message_sent", "Test message sent";
    /// The account was made.
    AccountCreated = "account_created", "Account created";
    /// The invitation was mailed again.
    InvitationMailed = "invitation_mailed", "Invitation mailed";
    /// The person answered the invitation.
    InvitationAccepted = "invitation_accepted", "Invitation accepted";
    /// The account was disabled.
    Disabled = "disabled", "Account disabled";
    /// The account was enabled.
    Enabled = "enabled", "Account enabled";
    /// The account became an administrator's.
    Promoted = "promoted", "Made an administrator";
    /// The account is no administrator's any more.
    Demoted = "demoted", "No administrator any more";
}

impl EventKind {
    /// Reads the word in the database, or in an address.
    pub fn stored(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.as_str() == text)
    }
}

impl Actor {
    /// The word in the database and in exports.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Administrator(_) => "administrator",
            Self::Operator => "operator",
            Self::Mailbox => "mailbox",
            Self::Postern => "postern",
        }
    }

    /// The account that did it, where it is another than the one it was done to.
    pub fn administrator(&self) -> Option<&Id<Account>> {
        match self {
            Self::Administrator(id) => Some(id),
            Self::Owner | Self::Operator | Self::Mailbox | Self::Postern => None,
        }
    }

    /// Reads the columns.
    pub fn stored(word: &str, id: Option<String>) -> Option<Self> {
        match (word, id) {
            ("owner", _) => Some(Self::Owner),
            ("administrator", Some(id)) => Some(Self::Administrator(Id::stored(id))),
            ("operator", _) => Some(Self::Operator),
            ("mailbox", _) => Some(Self::Mailbox),
            ("postern", _) => Some(Self::Postern),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::domain::samples::id;

    #[test]
    fn every_kind_has_a_word_and_a_label_of_its_own() {
        let words: HashSet<_> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
        let labels: HashSet<_> = EventKind::ALL.iter().map(|kind| kind.label()).collect();
        assert_eq!((words.len(), labels.len()), (EventKind::ALL.len(), EventKind::ALL.len()));
        for kind in EventKind::ALL {
            assert_eq!(EventKind::stored(kind.as_str()), Some(*kind));
        }
        assert_eq!(EventKind::stored("Logged in"), None);
    }

    #[test]
    fn an_address_is_shown_and_a_household_as_what_it_is() {
        assert_eq!(shown_network("203.0.113.7/32"), "203.0.113.7");
        assert_eq!(shown_network("2001:db8:1:2::/64"), "2001:db8:1:2::/64");
    }

    #[test]
    fn whoever_did_it_is_read_back() {
        let everybody =
            [Actor::Owner, Actor::Administrator(id(3)), Actor::Operator, Actor::Mailbox, Actor::Postern];
        for actor in everybody {
            let id = actor.administrator().map(|id| id.as_str().to_owned());
            assert_eq!(Actor::stored(actor.as_str(), id), Some(actor));
        }
        assert_eq!(Actor::stored("administrator", None), None);
    }
}
