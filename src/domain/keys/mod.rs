//! The keys, one for each use, derived from the one secret an operator keeps.
//!
//! HKDF-SHA256 (RFC 5869) with one label a use, so that a value made for one use means nothing in another
//! (ASVS 5.0 11.1.1). The labels and layouts here are written into databases: changing one locks people out.

mod mac;
mod sealing;

use std::fmt;

use data_encoding::HEXLOWER;
use hkdf::Hkdf;
use sha2::Sha256;
use thiserror::Error;
use zeroize::Zeroize;

use self::sealing::{KEY_ID_BYTES, Sealed, SealingKey};
use super::secret::Secret;

pub use mac::MacKey;
pub use sealing::{NONCE_BYTES, Place, SealFault};

/// The shortest secret an operator may keep: 256 bits.
pub const MIN_SECRET_BYTES: usize = 32;

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
    recovery: MacKey,
    sealing: SealingKey,
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

    /// The id of the previous secret, where one is named.
    pub fn previous_id(&self) -> Option<&str> {
        self.previous.as_ref().map(|ring| ring.id.as_str())
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

    /// The key that recovery codes and one-time passes are hashed under.
    pub fn recovery(&self) -> &MacKey {
        &self.current.recovery
    }

    /// The keys that recovery codes and one-time passes may have been hashed under.
    pub fn recovery_keys(&self) -> impl Iterator<Item = &MacKey> {
        self.rings().map(|ring| &ring.recovery)
    }

    /// Seals a value for one place, under the current secret. The nonce is 24 fresh random bytes.
    pub fn seal(&self, plain: &[u8], place: &Place<'_>, nonce: &[u8; NONCE_BYTES]) -> Vec<u8> {
        self.current.sealing.seal(&self.current.id_bytes, plain, place, nonce)
    }

    /// Opens a value sealed for this place under the current or the previous secret.
    pub fn open(&self, sealed: &[u8], place: &Place<'_>) -> Result<Secret<Vec<u8>>, SealFault> {
        let sealed = Sealed::parse(sealed)?;
        let ring = self.ring(|ring| ring.id_bytes == *sealed.key_id).ok_or(SealFault::UnknownKey)?;
        ring.sealing.open(&sealed, place)
    }

    /// Whether a value is sealed under the current secret, as far as it says so itself.
    pub fn is_current(&self, sealed: &[u8]) -> bool {
        Sealed::parse(sealed).is_ok_and(|sealed| *sealed.key_id == self.current.id_bytes)
    }

    fn ring(&self, is_wanted: impl Fn(&Ring) -> bool) -> Option<&Ring> {
        self.rings().find(|ring| is_wanted(ring))
    }

    fn rings(&self) -> impl Iterator<Item = &Ring> {
        [Some(&self.current), self.previous.as_ref()].into_iter().flatten()
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({})", self.current.id)
    }
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
            recovery: self.mac_key("recovery")?,
            sealing: SealingKey(self.key("sealing")?),
        })
    }

    /// A whole block of SHA-256, so that HMAC takes it as it is.
    fn mac_key(&self, label: &str) -> Result<MacKey, KeyFault> {
        self.key(label).map(MacKey)
    }

    fn key<const N: usize>(&self, label: &str) -> Result<Secret<[u8; N]>, KeyFault>
    where
        [u8; N]: Zeroize,
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NONCE: [u8; NONCE_BYTES] =
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23];

    const HERE: Place<'static> = Place { table: "destinations", column: "sealed", row: "row-1" };

    fn secret(first: u8) -> Secret<Vec<u8>> {
        Secret::new((first..first + 32).collect())
    }

    fn keys() -> Keys {
        Keys::derive(&secret(0), None).unwrap()
    }

    /// The keys after `postern keys rotate`: another secret is current, the one of [`keys`] is the previous one.
    fn rotated() -> Keys {
        Keys::derive(&secret(100), Some(&secret(0))).unwrap()
    }

    fn hex(bytes: &[u8]) -> String {
        HEXLOWER.encode(bytes)
    }

    #[test]
    fn every_key_is_what_hkdf_says() {
        // Computed with another implementation of RFC 5869 and RFC 2104. If one of these changes, codes in flight,
        // mailed links, blind indexes and counters of every installation are lost.
        let keys = keys();
        assert_eq!(keys.current_id(), "2ce94866");
        assert_eq!(
            hex(keys.cookie().expose()),
            "b1146b931835f412304a6adf6aa3b3e04611942eded00099b7b86a6b3cc50975\
             073660a0d48a05a15bbcb3f282921e374faaa9b0a49f252a87f7d70bfe708b4e"
        );
        for (key, expected) in [
            (
                &keys.code("2ce94866").unwrap(),
                "3ba3cc6bb472240dbfa62e4fe73e126e3b796b7132d5fdfff6851468d3a1ffed",
            ),
            (
                &keys.link("2ce94866").unwrap(),
                "ab80d307d4d4888392e975167bb3985b7b367084c6683be0cae56aa4ce6089fa",
            ),
            (keys.form(), "0d6b5bd2304082471f6c5940db2f7ffdcff964605e8f97ffdcb03b43c0b26a50"),
            (keys.throttle(), "8d618e79799d00c6243033e6bd4fc0a2814a4b5bdeae83af4159d2c085cace04"),
            (keys.index(), "f872c53593c4cf77f7030bc73e8e61889e95a6abf5d2a4598cc6ef9e17521805"),
            (keys.setup(), "d741862b58421db2b8df17fba1a1902b0c0a18f81ac19fd3d804a1bac69ff2fa"),
        ] {
            assert_eq!(hex(&key.mac(&[b"a", b"bc"])), expected);
        }
    }

    #[test]
    fn hkdf_is_that_of_rfc_5869() {
        // Its appendix A.3: no salt, as here, and no label.
        let expected = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8";
        let mut bytes = [0; 42];
        Hkdf::<Sha256>::new(None, &[0x0b; 22]).expand(&[], &mut bytes).unwrap();
        assert_eq!(hex(&bytes), expected);
    }

    #[test]
    fn a_sealed_number_looks_as_it_always_did() {
        // Computed with another implementation of XChaCha20-Poly1305.
        let expected = concat!(
            "01",
            "2ce94866",
            "000102030405060708090a0b0c0d0e0f1011121314151617",
            "3169b0cf078b8972e7d75356246efd98d1a5d122e6aa5cb2ffef4c43"
        );
        let sealed = keys().seal(b"+12125550142", &HERE, &NONCE);
        assert_eq!(hex(&sealed), expected);
        assert_eq!(keys().open(&sealed, &HERE).unwrap().expose(), b"+12125550142");
    }

    #[test]
    fn a_short_secret_is_refused() {
        let short = Secret::new(vec![7; 31]);
        assert_eq!(Keys::derive(&short, None).unwrap_err(), KeyFault::TooShort);
        assert_eq!(Keys::derive(&secret(0), Some(&short)).unwrap_err(), KeyFault::TooShort);
        assert!(Keys::derive(&Secret::new(vec![7; 32]), None).is_ok());
    }

    #[test]
    fn the_previous_secret_still_derives_codes_and_links_in_flight() {
        let (before, after) = (keys(), rotated());
        assert_ne!(before.current_id(), after.current_id());
        let old = before.current_id();
        assert_eq!(after.code(old).unwrap().mac(&[b"x"]), before.code(old).unwrap().mac(&[b"x"]));
        assert_eq!(after.link(old).unwrap().mac(&[b"x"]), before.link(old).unwrap().mac(&[b"x"]));
        assert_ne!(
            after.code(after.current_id()).unwrap().mac(&[b"x"]),
            before.code(old).unwrap().mac(&[b"x"])
        );
        assert!(before.code(after.current_id()).is_none());
        assert!(before.link("").is_none());
    }

    #[test]
    fn the_previous_secret_opens_what_it_sealed_and_seals_nothing_new() {
        let (before, after) = (keys(), rotated());
        let old = before.seal(b"+12125550142", &HERE, &NONCE);
        assert_eq!(after.open(&old, &HERE).unwrap().expose(), b"+12125550142");
        let new = after.seal(b"+12125550142", &HERE, &NONCE);
        assert_eq!(before.open(&new, &HERE).unwrap_err(), SealFault::UnknownKey);
        let retired = Keys::derive(&secret(100), None).unwrap();
        assert_eq!(retired.open(&old, &HERE).unwrap_err(), SealFault::UnknownKey);
        assert!(retired.open(&new, &HERE).is_ok());
    }

    #[test]
    fn a_value_says_whether_it_still_waits_to_be_sealed_anew() {
        let (before, after) = (keys(), rotated());
        let old = before.seal(b"+12125550142", &HERE, &NONCE);
        assert!(before.is_current(&old) && !after.is_current(&old));
        assert!(after.is_current(&after.seal(b"+12125550142", &HERE, &NONCE)));
        assert!(!after.is_current(&[]));
        assert_eq!((before.previous_id(), after.previous_id()), (None, Some(before.current_id())));
    }

    #[test]
    fn recovery_codes_are_hashed_under_the_current_secret_and_found_under_both() {
        let (before, after) = (keys(), rotated());
        let mac = |key: &MacKey| key.mac(&[b"x"]);
        let both = [mac(after.recovery()), mac(before.recovery())];
        assert_ne!(both[0], both[1]);
        assert_eq!(after.recovery_keys().map(mac).collect::<Vec<_>>(), both);
        assert_eq!(before.recovery_keys().map(mac).collect::<Vec<_>>(), both[1..]);
    }

    #[test]
    fn a_value_moved_elsewhere_does_not_open() {
        let sealed = keys().seal(b"+12125550142", &HERE, &NONCE);
        for elsewhere in [
            Place { row: "row-2", ..HERE },
            Place { column: "sealed_old", ..HERE },
            Place { table: "outbox", ..HERE },
            Place { table: "destination", column: "ssealed", ..HERE },
        ] {
            assert_eq!(keys().open(&sealed, &elsewhere).unwrap_err(), SealFault::Forged, "{elsewhere:?}");
        }
    }

    #[test]
    fn a_changed_or_shortened_value_does_not_open() {
        let sealed = keys().seal(b"+12125550142", &HERE, &NONCE);
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert!(keys().open(&changed, &HERE).is_err(), "byte {place}");
            assert!(keys().open(&sealed[..place], &HERE).is_err(), "cut at {place}");
        }
        assert_eq!(keys().open(&[], &HERE).unwrap_err(), SealFault::Layout);
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        let keys = keys();
        let key = keys.index();
        assert_ne!(key.mac(&[b"ab", b"c"]), key.mac(&[b"a", b"bc"]));
        assert_ne!(key.mac(&[b"abc"]), key.mac(&[b"abc", b""]));
        assert_ne!(key.mac(&[]), key.mac(&[b""]));
    }

    #[test]
    fn no_log_line_shows_a_key() {
        assert_eq!(
            format!("{:?} {:?} {:?}", keys(), keys().form(), keys().cookie()),
            "Keys(2ce94866) MacKey Secret"
        );
    }

    proptest! {
        #[test]
        fn whatever_is_sealed_opens_again(plain: Vec<u8>, nonce: [u8; NONCE_BYTES], row in "\\PC{0,20}") {
            let place = Place { row: &row, ..HERE };
            let keys = keys();
            let opened = keys.open(&keys.seal(&plain, &place, &nonce), &place).unwrap();
            prop_assert_eq!(opened.expose(), &plain);
        }

        #[test]
        fn whatever_a_row_holds_there_is_an_answer(sealed: Vec<u8>) {
            prop_assert!(keys().open(&sealed, &HERE).is_err());
        }
    }
}
