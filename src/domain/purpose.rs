//! What a code opens.

/// What a code opens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A login.
    Login,
    /// A new method or destination.
    SetUp,
    /// A sensitive change.
    ConfirmIdentity,
    /// A new e-mail address of record.
    EmailOfRecord,
    /// A set-up that is forced, or follows a reset: that its owner reads the mailbox of record.
    Mailbox,
    /// The same on the way to another address of record.
    PresentMailbox,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Login,
        Self::SetUp,
        Self::ConfirmIdentity,
        Self::EmailOfRecord,
        Self::Mailbox,
        Self::PresentMailbox,
    ];

    /// The word in the database and in what a code is bound to.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Login => "login",
            Self::SetUp => "set_up",
            Self::ConfirmIdentity => "confirm_identity",
            Self::EmailOfRecord => "email_of_record",
            Self::Mailbox => "mailbox",
            Self::PresentMailbox => "present_mailbox",
        }
    }

    /// Reads the word in the database.
    pub fn stored(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == text)
    }

    /// Whether wrong codes count towards the account's pause. A new destination proves nothing about the one in force.
    pub fn counts_for_account(self) -> bool {
        match self {
            Self::Login | Self::ConfirmIdentity | Self::Mailbox | Self::PresentMailbox => true,
            Self::SetUp | Self::EmailOfRecord => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_in_the_database_are_read_back() {
        for purpose in Purpose::ALL {
            assert_eq!(Purpose::stored(purpose.as_str()), Some(purpose));
        }
        assert_eq!(Purpose::stored("log_in"), None);
    }

    #[test]
    fn wrong_codes_count_for_the_account_unless_they_are_of_a_destination_to_come() {
        let counting: Vec<_> =
            Purpose::ALL.into_iter().filter(|purpose| purpose.counts_for_account()).collect();
        let (login, confirmation) = (Purpose::Login, Purpose::ConfirmIdentity);
        assert_eq!(counting, [login, confirmation, Purpose::Mailbox, Purpose::PresentMailbox]);
    }
}
