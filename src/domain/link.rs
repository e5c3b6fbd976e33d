//! Mailed links: an invitation, a password reset, *This wasn't me*; and the one link that makes the first administrator.
//!
//! A link's token is derived from its row and a key that is not in the database, so it is stored nowhere. Each purpose has
//! a life of its own and opens nothing of another (OWASP ASVS 5.0 6.4.1).

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE64URL_NOPAD;
use subtle::ConstantTimeEq;

use crate::domain::account::Account;
use crate::domain::email::EmailAddress;
use crate::domain::event::SecurityEvent;
use crate::domain::ids::Id;
use crate::domain::keys::Keys;
use crate::domain::secret::Secret;

/// How long an invitation may be answered.
pub const INVITATION_LIFE: TimeDelta = TimeDelta::hours(72);
/// How long a mailed password reset is good (NIST SP 800-63B-4 §4.2.1.2 allows 24 hours).
pub const PASSWORD_RESET_LIFE: TimeDelta = TimeDelta::minutes(30);
/// How long the browser in which a password was reset has an allowance of its own for wrong ones.
pub const RESET_ALLOWANCE: TimeDelta = TimeDelta::minutes(30);
/// How long *This wasn't me* can be said.
pub const NOT_ME_LIFE: TimeDelta = TimeDelta::hours(72);

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkPurpose {
    /// An invited person sets the first password.
    Invitation,
    /// A forgotten password is replaced.
    PasswordReset,
    /// *This wasn't me*, in a notice.
    NotMe,
}

/// One link.
#[derive(Clone, Debug)]
pub struct Link {
    /// Its identifier, which stands in its token.
    pub id: Id<Link>,
    /// What it is for.
    pub purpose: LinkPurpose,
    /// Whose account it opens something of.
    pub account: Id<Account>,
    /// The key its token is derived with.
    pub key_id: String,
    /// Where it was mailed; `None` if it was printed.
    pub address: Option<EmailAddress>,
    /// What the notice tells of, where it is one.
    pub event: Option<Id<SecurityEvent>>,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// When it is over.
    pub expires_at: DateTime<Utc>,
    /// When it was used.
    pub used_at: Option<DateTime<Utc>>,
}

impl LinkPurpose {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Invitation => "invitation",
            Self::PasswordReset => "password_reset",
            Self::NotMe => "not_me",
        }
    }

    /// Reads the word in the database.
    pub fn stored(text: &str) -> Option<Self> {
        [Self::Invitation, Self::PasswordReset, Self::NotMe]
            .into_iter()
            .find(|purpose| purpose.as_str() == text)
    }

    /// How long such a link is good.
    pub fn life(self) -> TimeDelta {
        match self {
            Self::Invitation => INVITATION_LIFE,
            Self::PasswordReset => PASSWORD_RESET_LIFE,
            Self::NotMe => NOT_ME_LIFE,
        }
    }

    /// Where it leads.
    pub fn path(self) -> &'static str {
        match self {
            Self::Invitation => "/invitation",
            Self::PasswordReset => "/password/reset",
            Self::NotMe => "/not-me",
        }
    }
}

impl Link {
    /// The token in it: identifier and proof. `None` under a key that is gone.
    pub fn token(&self, keys: &Keys) -> Option<Secret<String>> {
        let parts: [&[u8]; 3] =
            [self.purpose.as_str().as_bytes(), self.id.as_str().as_bytes(), self.account.as_str().as_bytes()];
        let proof = BASE64URL_NOPAD.encode(&keys.link(&self.key_id)?.mac(&parts));
        Some(Secret::new(format!("{}.{proof}", self.id)))
    }

    /// The identifier that a token names, before anything is proven.
    pub fn named_by(token: &str) -> Option<Id<Self>> {
        Id::parse(token.split_once('.')?.0)
    }

    /// Whether a token is this link's, for this purpose, compared in constant time.
    pub fn is_opened_by(&self, token: &str, purpose: LinkPurpose, keys: &Keys) -> bool {
        self.purpose == purpose && self.token(keys).is_some_and(|own| same(own.expose(), token))
    }

    /// Whether a password was reset by it so lately that the browser in which that was done has an allowance of its own.
    pub fn was_just_reset_by(&self, now: DateTime<Utc>) -> bool {
        self.purpose == LinkPurpose::PasswordReset
            && self.used_at.is_some_and(|at| now - at < RESET_ALLOWANCE)
    }

    /// Whether it can still be used.
    pub fn is_open(&self, now: DateTime<Utc>) -> bool {
        self.used_at.is_none() && now < self.expires_at
    }
}

/// The token of the one-time set-up link: the same from every instance on the same database.
pub fn setup_token(keys: &Keys, instance: &str) -> Secret<String> {
    Secret::new(BASE64URL_NOPAD.encode(&keys.setup().mac(&[b"setup", instance.as_bytes()])))
}

/// Whether two tokens are the same, in constant time.
pub fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::{at, id};

    fn keys() -> Keys {
        Keys::derive(&Secret::new(vec![7; 32]), None).unwrap()
    }

    fn link(purpose: LinkPurpose) -> Link {
        Link {
            id: id(8),
            purpose,
            account: id(1),
            key_id: keys().current_id().to_owned(),
            address: None,
            event: None,
            made_at: at(0),
            expires_at: at(0) + purpose.life(),
            used_at: None,
        }
    }

    #[test]
    fn a_link_opens_what_it_is_for_and_nothing_else() {
        let all = [LinkPurpose::Invitation, LinkPurpose::PasswordReset, LinkPurpose::NotMe];
        for purpose in all {
            let token = link(purpose).token(&keys()).unwrap();
            for other in all {
                assert_eq!(link(other).is_opened_by(token.expose(), purpose, &keys()), other == purpose);
                assert_eq!(link(purpose).is_opened_by(token.expose(), other, &keys()), other == purpose);
            }
        }
    }

    #[test]
    fn each_purpose_has_a_life_of_its_own() {
        for (purpose, minutes) in [
            (LinkPurpose::Invitation, 72 * 60),
            (LinkPurpose::PasswordReset, 30),
            (LinkPurpose::NotMe, 72 * 60),
        ] {
            let last = at(minutes * 60) - TimeDelta::microseconds(1);
            assert!(link(purpose).is_open(last), "{purpose:?}");
            assert!(!link(purpose).is_open(at(minutes * 60)), "{purpose:?}");
        }
    }

    #[test]
    fn only_a_reset_of_the_last_half_hour_gives_its_browser_an_allowance() {
        let used = |purpose| Link { used_at: Some(at(0)), ..link(purpose) };
        let last = at(1_800) - TimeDelta::microseconds(1);
        assert!(used(LinkPurpose::PasswordReset).was_just_reset_by(last));
        assert!(!used(LinkPurpose::PasswordReset).was_just_reset_by(at(1_800)));
        assert!(!link(LinkPurpose::PasswordReset).was_just_reset_by(at(0)));
        assert!(!used(LinkPurpose::Invitation).was_just_reset_by(at(0)));
    }

    #[test]
    fn a_link_that_was_used_opens_nothing_more() {
        let used = Link { used_at: Some(at(1)), ..link(LinkPurpose::Invitation) };
        assert!(!used.is_open(at(2)));
    }

    #[test]
    fn a_token_names_its_own_link() {
        let link = link(LinkPurpose::NotMe);
        assert_eq!(Link::named_by(link.token(&keys()).unwrap().expose()), Some(link.id));
    }

    #[test]
    fn the_words_in_the_database_are_read_back_and_each_leads_elsewhere() {
        for (purpose, path) in [
            (LinkPurpose::Invitation, "/invitation"),
            (LinkPurpose::PasswordReset, "/password/reset"),
            (LinkPurpose::NotMe, "/not-me"),
        ] {
            assert_eq!(LinkPurpose::stored(purpose.as_str()), Some(purpose));
            assert_eq!(purpose.path(), path);
        }
        assert_eq!(LinkPurpose::stored("setup"), None);
    }

    #[test]
    fn the_set_up_link_is_one_installations() {
        let token = setup_token(&keys(), "here");
        assert!(same(token.expose(), setup_token(&keys(), "here").expose()), "from every instance");
        assert!(!same(token.expose(), setup_token(&keys(), "elsewhere").expose()));
        let others = Keys::derive(&Secret::new(vec![8; 32]), None).unwrap();
        assert!(!same(token.expose(), setup_token(&others, "here").expose()));
        assert!(!same(token.expose(), "") && !same("", token.expose()));
    }

    #[test]
    fn the_link_of_one_account_is_not_that_of_another() {
        let token = link(LinkPurpose::PasswordReset).token(&keys()).unwrap();
        let bobs = Link { account: id(2), ..link(LinkPurpose::PasswordReset) };
        assert!(!bobs.is_opened_by(token.expose(), LinkPurpose::PasswordReset, &keys()));
        assert!(Link::named_by(token.expose()).is_some());
        for blank in ["", ".", "x.y"] {
            assert!(Link::named_by(blank).is_none());
        }
    }
}
