//! Links at which a person sets the first password; and the one link that makes the first administrator.
//!
//! A link's token is derived from its row and a key that is not in the database, so it is stored nowhere.

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::BASE64URL_NOPAD;
use subtle::ConstantTimeEq;

use crate::domain::account::Account;
use crate::domain::ids::Id;
use crate::domain::keys::Keys;
use crate::domain::secret::Secret;

/// How long an invitation may be answered.
pub const INVITATION_LIFE: TimeDelta = TimeDelta::hours(72);

/// One invitation.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// Its identifier, which stands in the link.
    pub id: Id<Invitation>,
    /// Who is invited.
    pub account: Id<Account>,
    /// The key its token is derived with.
    pub key_id: String,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// When it is over.
    pub expires_at: DateTime<Utc>,
    /// When it was answered.
    pub used_at: Option<DateTime<Utc>>,
}

impl Invitation {
    /// The token in its link: identifier and proof. `None` under a key that is gone.
    pub fn token(&self, keys: &Keys) -> Option<Secret<String>> {
        let parts: [&[u8]; 3] =
            [b"invitation", self.id.as_str().as_bytes(), self.account.as_str().as_bytes()];
        let proof = BASE64URL_NOPAD.encode(&keys.link(&self.key_id)?.mac(&parts));
        Some(Secret::new(format!("{}.{proof}", self.id)))
    }

    /// The identifier that a token names, before anything is proven.
    pub fn named_by(token: &str) -> Option<Id<Self>> {
        Id::parse(token.split_once('.')?.0)
    }

    /// Whether a token is this invitation's, compared in constant time.
    pub fn is_opened_by(&self, token: &str, keys: &Keys) -> bool {
        self.token(keys).is_some_and(|own| same(own.expose(), token))
    }

    /// Whether it can still be answered.
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
