//! Values that only this program reads: XChaCha20-Poly1305, bound to the place where they lie.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use thiserror::Error;

use super::mac::length_of;
use crate::domain::secret::Secret;

/// How many random bytes [`Keys::seal`](super::Keys::seal) wants.
pub const NONCE_BYTES: usize = 24;

pub(super) const KEY_ID_BYTES: usize = 4;

/// The first byte of a sealed value: this layout.
const VERSION: u8 = 1;

/// Where a sealed value lives. It opens nowhere else, so nobody can move a value to another row (ASVS 5.0 11.3.3).
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The table.
    pub table: &'a str,
    /// The column.
    pub column: &'a str,
    /// The identifier of the row.
    pub row: &'a str,
}

/// Why a sealed value did not open. Whoever reads it refuses to go on; it is never skipped (ASVS 5.0 16.5.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SealFault {
    /// Too short, or of a layout this version does not know.
    #[error("the sealed value is not in a layout this version knows")]
    Layout,
    /// Sealed under a secret that is neither the current nor the previous one.
    #[error("the sealed value belongs to a key that is no longer configured")]
    UnknownKey,
    /// Changed, or sealed for another place.
    #[error("the sealed value does not belong here or was changed")]
    Forged,
}

/// A sealed value taken apart. Layout: version (1), key id (4), nonce (24), ciphertext with tag.
pub(super) struct Sealed<'a> {
    pub(super) key_id: &'a [u8; KEY_ID_BYTES],
    nonce: &'a [u8; NONCE_BYTES],
    body: &'a [u8],
}

/// A key that seals and opens.
pub(super) struct SealingKey(pub(super) Secret<[u8; 32]>);

impl Place<'_> {
    /// The three names in one text that no other three names give.
    fn bound(&self) -> Vec<u8> {
        let mut bound = Vec::new();
        for part in [self.table, self.column, self.row] {
            bound.extend_from_slice(&length_of(part.as_bytes()));
            bound.extend_from_slice(part.as_bytes());
        }
        bound
    }
}

impl<'a> Sealed<'a> {
    pub(super) fn parse(bytes: &'a [u8]) -> Result<Self, SealFault> {
        let (&version, rest) = bytes.split_first().ok_or(SealFault::Layout)?;
        if version != VERSION {
            return Err(SealFault::Layout);
        }
        let (key_id, rest) = rest.split_first_chunk().ok_or(SealFault::Layout)?;
        let (nonce, body) = rest.split_first_chunk().ok_or(SealFault::Layout)?;
        Ok(Self { key_id, nonce, body })
    }
}

impl SealingKey {
    pub(super) fn seal(
        &self,
        key_id: &[u8; KEY_ID_BYTES],
        plain: &[u8],
        place: &Place<'_>,
        nonce: &[u8; NONCE_BYTES],
    ) -> Vec<u8> {
        let payload = Payload { msg: plain, aad: &place.bound() };
        // It fails only above 256 GiB of plain text; an empty value opens nowhere.
        let body = self.cipher().encrypt(&XNonce::from(*nonce), payload).unwrap_or_default();
        [&[VERSION], key_id.as_slice(), nonce, &body].concat()
    }

    pub(super) fn open(&self, sealed: &Sealed<'_>, place: &Place<'_>) -> Result<Secret<Vec<u8>>, SealFault> {
        let payload = Payload { msg: sealed.body, aad: &place.bound() };
        let plain = self.cipher().decrypt(&XNonce::from(*sealed.nonce), payload);
        plain.map(Secret::new).map_err(|_| SealFault::Forged)
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(*self.0.expose()))
    }
}
