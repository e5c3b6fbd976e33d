//! Keys for HMAC, and the one way to feed several parts to it.

use std::fmt;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::domain::secret::Secret;

/// A key for HMAC-SHA256 (RFC 2104). Its `Debug` shows nothing.
#[derive(Clone)]
pub struct MacKey(pub(super) Secret<[u8; 64]>);

impl MacKey {
    /// The HMAC of some parts. Each is preceded by its length, so that moving a letter from one part to the next
    /// gives another result.
    pub fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new(&(*self.0.expose()).into());
        for part in parts {
            mac.update(&length_of(part));
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey")
    }
}

/// A length in 8 bytes, the most significant first.
pub(super) fn length_of(part: &[u8]) -> [u8; 8] {
    u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes()
}
