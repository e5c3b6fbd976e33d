//! Who has to have two-factor authentication: the operator's `two_factor.required`, and an administrator's word about one
//! account. It is looked at on every request, so that it takes effect at the next one.

use crate::domain::account::{Account, Role};

/// Of whom the installation requires two-factor authentication: `two_factor.required`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Required {
    /// Of nobody: it is for people and administrators to decide.
    Nobody,
    /// Of every administrator.
    Administrators,
    /// Of every account.
    Everyone,
}

/// Who requires it of an account, for the page to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequiredBy {
    /// The operator: of every administrator, and this is one.
    OfAdministrators,
    /// The operator: of everybody.
    OfEveryone,
    /// An administrator: of this account.
    Administrator,
}

impl Required {
    /// All of them, in the order in which they ask for more.
    pub const ALL: [Self; 3] = [Self::Nobody, Self::Administrators, Self::Everyone];

    /// The word in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nobody => "nobody",
            Self::Administrators => "administrators",
            Self::Everyone => "everyone",
        }
    }

    /// Reads the word in the configuration.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|required| required.as_str() == text)
    }

    /// Whether the installation requires it of accounts with this role, whatever administrators say.
    pub fn of_role(self, role: Role) -> Option<RequiredBy> {
        match (self, role) {
            (Self::Everyone, _) => Some(RequiredBy::OfEveryone),
            (Self::Administrators, Role::Administrator) => Some(RequiredBy::OfAdministrators),
            (Self::Administrators, Role::Person) | (Self::Nobody, _) => None,
        }
    }

    /// Who requires it of this account, if anybody does. The installation comes first: it cannot be undercut.
    pub fn of(self, account: &Account) -> Option<RequiredBy> {
        let by_administrator = account.requires_two_factor.then_some(RequiredBy::Administrator);
        self.of_role(account.role).or(by_administrator)
    }

    /// Whether the account has to set it up before it does anything else.
    pub fn is_owed_by(self, account: &Account) -> bool {
        account.method.is_none() && self.of(account).is_some()
    }

    /// Whether a set-up asks first for a code from the address of record: where it is forced, or follows an administrator's
    /// reset. A stolen password alone must not enrol a thief's phone.
    pub fn guards_set_up_of(self, account: &Account) -> bool {
        account.method.is_none() && (account.must_prove_mailbox || self.of(account).is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::ada;
    use crate::domain::second_factor::Method;

    fn account(role: Role, requires_two_factor: bool) -> Account {
        Account { role, requires_two_factor, ..ada() }
    }

    #[test]
    fn the_installation_comes_before_an_administrator() {
        use RequiredBy::{Administrator, OfAdministrators, OfEveryone};
        for (required, role, by_account, by) in [
            (Required::Nobody, Role::Person, false, None),
            (Required::Nobody, Role::Administrator, false, None),
            (Required::Nobody, Role::Person, true, Some(Administrator)),
            (Required::Administrators, Role::Person, false, None),
            (Required::Administrators, Role::Person, true, Some(Administrator)),
            (Required::Administrators, Role::Administrator, false, Some(OfAdministrators)),
            (Required::Administrators, Role::Administrator, true, Some(OfAdministrators)),
            (Required::Everyone, Role::Person, false, Some(OfEveryone)),
            (Required::Everyone, Role::Administrator, true, Some(OfEveryone)),
        ] {
            assert_eq!(required.of(&account(role, by_account)), by, "{required:?} {role:?} {by_account}");
        }
    }

    #[test]
    fn it_is_owed_until_a_method_is_on() {
        let owing = account(Role::Person, true);
        assert!(Required::Nobody.is_owed_by(&owing));
        assert!(!Required::Nobody.is_owed_by(&Account { method: Some(Method::Sms), ..owing }));
        assert!(!Required::Nobody.is_owed_by(&ada()));
    }

    #[test]
    fn a_set_up_is_guarded_where_it_is_forced_or_follows_a_reset() {
        let reset = Account { must_prove_mailbox: true, ..ada() };
        assert!(Required::Nobody.guards_set_up_of(&reset));
        assert!(!Required::Nobody.is_owed_by(&reset), "it may also stay off");
        assert!(!Required::Nobody.guards_set_up_of(&Account { method: Some(Method::Email), ..reset }));
        assert!(Required::Everyone.guards_set_up_of(&ada()));
        assert!(!Required::Nobody.guards_set_up_of(&ada()));
    }

    #[test]
    fn the_words_of_the_configuration_are_read_back() {
        for required in Required::ALL {
            assert_eq!(Required::parse(required.as_str()), Some(required));
        }
        assert_eq!(Required::parse("all"), None);
    }
}
