//! Random tokens that browsers carry, and the hashes of them that rows carry.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// How many random bytes a token is made of: 256 bits, far above the 128 that ASVS 5.0 7.2.3 asks for.
pub const TOKEN_BYTES: usize = 32;

/// A random token, held by one browser and by nobody else. Its `Debug` shows nothing.
#[derive(Clone)]
pub struct Token(Zeroizing<[u8; TOKEN_BYTES]>);

/// The SHA-256 of a token: what rows are found by. Nobody gets from it back to the token.
///
/// It is looked up by an index and compared with `==`: how long that takes tells something about hashes only,
/// and 256 random bits need no slow hash.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct TokenHash([u8; TOKEN_BYTES]);

impl Token {
    /// Makes a token out of random bytes.
    pub fn from_bytes(random: [u8; TOKEN_BYTES]) -> Self {
        Self(Zeroizing::new(random))
    }

    /// Reads a token that came from outside; `None` if it cannot be one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = Zeroizing::new(BASE64URL_NOPAD.decode(text.as_bytes()).ok()?);
        let bytes: [u8; TOKEN_BYTES] = bytes.as_slice().try_into().ok()?;
        Some(Self::from_bytes(bytes))
    }

    /// The text that goes to the browser: 43 letters, digits, `-` and `_` (base64url, RFC 4648 section 5).
    pub fn expose(&self) -> String {
        BASE64URL_NOPAD.encode(self.0.as_slice())
    }

    /// The hash that goes into the row.
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.0.as_slice()).into())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

impl TokenHash {
    /// Takes a hash back out of a row; `None` if it is not 32 bytes long.
    pub fn stored(bytes: Vec<u8>) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes as they stand in the row.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_brings_back_what_it_was_given() {
        let token = Token::from_bytes([0xfb; TOKEN_BYTES]);
        let text = token.expose();
        assert_eq!(text.len(), 43);
        assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
        assert_eq!(Token::parse(&text).unwrap().hash(), token.hash());
    }

    #[test]
    fn the_row_holds_a_plain_sha256() {
        let expected = "66687aadf862bd776c8fc18b8e9f8e20089714856ee233b3902a591d0d5f2925";
        let hash = Token::from_bytes([0; TOKEN_BYTES]).hash();
        assert_eq!(data_encoding::HEXLOWER.encode(hash.as_bytes()), expected);
        assert_eq!(TokenHash::stored(hash.as_bytes().to_vec()), Some(hash));
        assert_eq!(TokenHash::stored(vec![1; 31]), None);
    }

    #[test]
    fn anything_else_is_no_token() {
        let text = Token::from_bytes([7; TOKEN_BYTES]).expose();
        // The last letter carries two unused bits; a second spelling of one token would be a second cookie for it.
        let respelt = format!("{}d", &text[..42]);
        for other in
            ["", "short", &text[1..], &format!("{text}A"), &format!("{text}="), &format!(" {text}"), &respelt]
        {
            assert!(Token::parse(other).is_none(), "{other:?}");
        }
    }

    #[test]
    fn no_log_line_shows_a_token() {
        let token = Token::from_bytes([7; TOKEN_BYTES]);
        assert_eq!(format!("{token:?} {:?}", token.hash()), "Token TokenHash");
    }
}
