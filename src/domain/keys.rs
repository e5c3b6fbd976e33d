//! The keys, one for each use, derived from the one secret an operator keeps.
//!
//! HKDF-SHA256 (RFC 5869) with one label a use, so that a value made for one use means nothing in another
//! (ASVS 5.0 11.1.1). The labels and layouts here are written into databases: changing one locks people out.

use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use data_encoding::HEXLOWER;
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use thiserror::Error;

use super::secret::Secret;

/// The shortest secret an operator may keep: 256 bits.
pub const MIN_SECRET_BYTES: usize = 32;

/// How many random bytes [`Keys::seal`] wants.
pub const NONCE_BYTES: usize = 24;

/// The first byte of a sealed value: this layout.
const SEALED_VERSION: u8 = 1;
const KEY_ID_BYTES: usize = 4;

/// Every key of this installation.
///
/// New values are always made under the current secret. What may still be in flight or at rest under the previous
/// one (codes, links, sealed values) says under which secret it was made, by key id.
pub struct Keys {
    current: Ring,
    previous: Option<Ring>,
    cookie: Secret<[u8; 64]>,
    form: MacKey,
    throttle: MacKey,
    index: MacKey,
    setup: MacKey,
}

/// What is kept for the previous secret as well as for the current one.
struct Ring {
    id: String,
    id_bytes: [u8; KEY_ID_BYTES],
    code: MacKey,
    link: MacKey,
    sealing: Secret<[u8; 32]>,
}

/// Why keys could not be derived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyFault {
    /// The secret has fewer than 32 bytes.
    #[error("the secret is shorter than {MIN_SECRET_BYTES} bytes")]
    TooShort,
    /// HKDF refused the length of a key. It cannot: the lengths are constants below its limit.
    #[error("a key could not be derived")]
    Derivation,
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

impl Keys {
    /// Derives all keys. The error says that a secret is too short.
    pub fn derive(current: &Secret<Vec<u8>>, previous: Option<&Secret<Vec<u8>>>) -> Result<Self, KeyFault> {
        let source = Source::new(current)?;
        let previous = previous.map(|secret| Source::new(secret)?.ring()).transpose()?;
        Ok(Self {
            current: source.ring()?,
            previous,
            cookie: source.key("cookie")?,
            form: source.mac_key("form")?,
            throttle: source.mac_key("throttle")?,
            index: source.mac_key("index")?,
            setup: source.mac_key("setup")?,
        })
    }

    /// The key of the session cookie.
    pub fn cookie(&self) -> &Secret<[u8; 64]> {
        &self.cookie
    }

    /// The id of the current secret: 8 hexadecimal digits, no secret itself, kept beside what is derived.
    pub fn current_id(&self) -> &str {
        &self.current.id
    }

    /// The key that codes are derived with, by the id that stands in the row.
    pub fn code(&self, key_id: &str) -> Option<MacKey> {
        self.ring(|ring| ring.id == key_id).map(|ring| ring.code.clone())
    }

    /// The key that mailed links are derived with, by the id that stands in the row.
    pub fn link(&self, key_id: &str) -> Option<MacKey> {
        self.ring(|ring| ring.id == key_id).map(|ring| ring.link.clone())
    }

    /// The key of the hidden token in forms.
    pub fn form(&self) -> &MacKey {
        &self.form
    }

    /// The key that names and addresses are counted under.
    pub fn throttle(&self) -> &MacKey {
        &self.throttle
    }

    /// The key of the blind index: finds equal sealed values without opening them.
    pub fn index(&self) -> &MacKey {
        &self.index
    }

    /// The key of the one-time link to `/setup`, the same from every instance.
    pub fn setup(&self) -> &MacKey {
        &self.setup
    }

    /// Seals a value for one place, under the current secret. The nonce is 24 fresh random bytes.
    ///
    /// XChaCha20-Poly1305. Layout: version (1), key id (4), nonce (24), ciphertext with tag.
    pub fn seal(&self, plain: &[u8], place: &Place<'_>, nonce: &[u8; NONCE_BYTES]) -> Vec<u8> {
        let payload = Payload { msg: plain, aad: &place.bound() };
        // It fails only above 256 GiB of plain text. An empty value would open nowhere.
        let sealed = self.current.cipher().encrypt(&XNonce::from(*nonce), payload).unwrap_or_default();
        [&[SEALED_VERSION], self.current.id_bytes.as_slice(), nonce, &sealed].concat()
    }

    /// Opens a value sealed for this place under the current or the previous secret.
    pub fn open(&self, sealed: &[u8], place: &Place<'_>) -> Result<Secret<Vec<u8>>, SealFault> {
        let (&version, rest) = sealed.split_first().ok_or(SealFault::Layout)?;
        if version != SEALED_VERSION {
            return Err(SealFault::Layout);
        }
        let (id, rest) = rest.split_first_chunk::<KEY_ID_BYTES>().ok_or(SealFault::Layout)?;
        let (nonce, body) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(SealFault::Layout)?;
        let ring = self.ring(|ring| ring.id_bytes == *id).ok_or(SealFault::UnknownKey)?;
        let payload = Payload { msg: body, aad: &place.bound() };
        let plain = ring.cipher().decrypt(&XNonce::from(*nonce), payload).map_err(|_| SealFault::Forged)?;
        Ok(Secret::new(plain))
    }

    fn ring(&self, is_wanted: impl Fn(&Ring) -> bool) -> Option<&Ring> {
        [Some(&self.current), self.previous.as_ref()].into_iter().flatten().find(|ring| is_wanted(ring))
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({})", self.current.id)
    }
}

impl Ring {
    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(&Key::from(*self.sealing.expose()))
    }
}

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

/// A key for HMAC-SHA256 (RFC 2104). Its `Debug` shows nothing.
#[derive(Clone)]
pub struct MacKey(Secret<[u8; 64]>);

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
fn length_of(part: &[u8]) -> [u8; 8] {
    u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes()
}

/// One secret, ready to derive keys from.
struct Source(Hkdf<Sha256>);

impl Source {
    fn new(secret: &Secret<Vec<u8>>) -> Result<Self, KeyFault> {
        if secret.expose().len() < MIN_SECRET_BYTES {
            return Err(KeyFault::TooShort);
        }
        Ok(Self(Hkdf::new(None, secret.expose())))
    }

    fn ring(&self) -> Result<Ring, KeyFault> {
        let id_bytes = self.bytes("key id")?;
        Ok(Ring {
            id: HEXLOWER.encode(&id_bytes),
            id_bytes,
            code: self.mac_key("code")?,
            link: self.mac_key("link")?,
            sealing: self.key("sealing")?,
        })
    }

    /// A whole block of SHA-256, so that HMAC takes it as it is.
    fn mac_key(&self, label: &str) -> Result<MacKey, KeyFault> {
        self.key(label).map(MacKey)
    }

    fn key<const N: usize>(&self, label: &str) -> Result<Secret<[u8; N]>, KeyFault>
    where
        [u8; N]: zeroize::Zeroize,
    {
        self.bytes(label).map(Secret::new)
    }

    fn bytes<const N: usize>(&self, label: &str) -> Result<[u8; N], KeyFault> {
        let mut bytes = [0; N];
        let info = format!("postern v1 {label}");
        self.0.expand(info.as_bytes(), &mut bytes).map_err(|_| KeyFault::Derivation)?;
        Ok(bytes)
    }
}
