//! The key everything else is derived from: long enough, and not one that stands in a manual
//! (OWASP ASVS 5.0 13.3.1).

use super::key::Reason;
use crate::domain::secret::Secret;

/// The shortest key, in bytes.
const LEAST_BYTES: usize = 32;
/// A text that consists of one piece of at most this length, over and over, was not made by chance.
const LONGEST_PIECE: usize = 8;

/// Stands in the reference and in `.env.example`; long enough to be read, and refused all the same.
pub const EXAMPLE_KEY: &str = "put-here-what-openssl-rand-base64-48-prints";
/// Likewise, for the key before.
pub const EXAMPLE_PREVIOUS_KEY: &str = "put-here-what-stood-in-secret-key-before";

/// The bytes of the text itself, whether it is base64, hexadecimal or words.
pub fn current_key(text: &str) -> Result<Secret<Vec<u8>>, Reason> {
    let bytes = text.as_bytes();
    if bytes.len() < LEAST_BYTES {
        return Err(format!("must be at least {LEAST_BYTES} bytes long").into());
    }
    if repeats_itself(bytes) {
        return Err("is one short piece over and over: a key must be made by chance".into());
    }
    Ok(Secret::new(bytes.to_vec()))
}

/// As [`current_key`]: it was one.
pub fn previous_key(text: &str) -> Result<Secret<Vec<u8>>, Reason> {
    current_key(text)
}

/// Whether a key is one that we printed ourselves.
pub fn is_sample(key: &Secret<Vec<u8>>) -> bool {
    [EXAMPLE_KEY, EXAMPLE_PREVIOUS_KEY].iter().any(|sample| sample.as_bytes() == key.expose().as_slice())
}

fn repeats_itself(bytes: &[u8]) -> bool {
    (1..=LONGEST_PIECE).any(|length| bytes.iter().zip(bytes.iter().skip(length)).all(|(a, b)| a == b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_long_and_made_by_chance() {
        assert!(current_key(&"k3uVz7Yw0q8RtLhX2nBm5sDfGjKp9aEc"[..31]).is_err());
        assert_eq!(current_key("k3uVz7Yw0q8RtLhX2nBm5sDfGjKp9aEc").unwrap().expose().len(), 32);
        for piece in ["a", "0", "ab", "changeme"] {
            assert!(current_key(&piece.repeat(40)).is_err(), "{piece}");
        }
    }

    #[test]
    fn the_examples_can_be_read_and_are_known_to_be_examples() {
        for example in [EXAMPLE_KEY, EXAMPLE_PREVIOUS_KEY] {
            assert!(is_sample(&current_key(example).unwrap()));
        }
        assert!(!is_sample(&current_key("k3uVz7Yw0q8RtLhX2nBm5sDfGjKp9aEc").unwrap()));
    }
}
