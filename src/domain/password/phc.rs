//! A stored password hash: its text, its cost, its salt, its output.

use std::fmt;

use data_encoding::BASE64_NOPAD;

/// The output of every hash, in bytes.
pub(super) const OUTPUT_BYTES: usize = 32;

/// The salt of a new hash, in bytes (NIST SP 800-63B-4 section 3.1.1.2 asks for 4 at least).
pub(super) const SALT_BYTES: usize = 16;

/// A row may not make us work longer or hold more than this; no version of Postern ever wrote more.
const MAX_MEMORY_KIB: u32 = 65536;
const MAX_PASSES: u32 = 10;
const MAX_LANES: u32 = 4;

/// Which salts are read: Argon2's own minimum, and the PHC format's maximum.
const SALT_LENGTHS: std::ops::RangeInclusive<usize> = 8..=48;

/// What one run of Argon2id costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub passes: u32,
    /// Lanes; they run one after the other.
    pub lanes: u32,
}

impl Cost {
    /// What new hashes cost (ASVS 5.0 11.4.2 and appendix C; OWASP Password Storage). Pinned here, whatever the crate's
    /// defaults become.
    pub const POLICY: Self = Self { memory_kib: 19456, passes: 2, lanes: 1 };

    /// The least Argon2 can do. For tests only: it protects nothing.
    pub const CHEAPEST: Self = Self { memory_kib: 8, passes: 1, lanes: 1 };

    /// A hash of this cost that no password is known for: what a name without an account is checked against, so that
    /// it takes the same time.
    pub fn decoy(&self) -> PasswordHash {
        PasswordHash::new(*self, b"postern decoy..!".to_vec(), [0x70; OUTPUT_BYTES])
    }

    fn is_bearable(&self) -> bool {
        (1..=MAX_LANES).contains(&self.lanes)
            && (8 * self.lanes..=MAX_MEMORY_KIB).contains(&self.memory_kib)
            && (1..=MAX_PASSES).contains(&self.passes)
    }
}

/// A stored password hash: an Argon2id PHC string that carries its own cost. Its `Debug` shows only the cost.
///
/// It has no `==` outside tests: hashes are compared in constant time, by [`check`](super::check) alone.
#[derive(Clone)]
#[cfg_attr(test, derive(PartialEq, Eq))]
pub struct PasswordHash {
    text: String,
    pub(super) cost: Cost,
    pub(super) salt: Vec<u8>,
    pub(super) output: [u8; OUTPUT_BYTES],
}

impl PasswordHash {
    pub(super) fn new(cost: Cost, salt: Vec<u8>, output: [u8; OUTPUT_BYTES]) -> Self {
        let Cost { memory_kib, passes, lanes } = cost;
        let (salt_text, output_text) = (BASE64_NOPAD.encode(&salt), BASE64_NOPAD.encode(&output));
        let text = format!("$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt_text}${output_text}");
        Self { text, cost, salt, output }
    }

    /// Reads a hash from a row. `None` if it is not Argon2id, version 19, with 32 bytes of output, or costs more than
    /// 64 MiB, 10 passes or 4 lanes.
    pub fn parse(text: String) -> Option<Self> {
        let mut fields = text.split('$');
        if (fields.next()?, fields.next()?, fields.next()?) != ("", "argon2id", "v=19") {
            return None;
        }
        let cost = parse_cost(fields.next()?)?;
        let salt = BASE64_NOPAD.decode(fields.next()?.as_bytes()).ok()?;
        let output = BASE64_NOPAD.decode(fields.next()?.as_bytes()).ok()?.try_into().ok()?;
        let is_whole = fields.next().is_none() && SALT_LENGTHS.contains(&salt.len());
        (is_whole && cost.is_bearable()).then_some(Self { text, cost, salt, output })
    }

    /// The PHC string as it stands in the row.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it was made with less memory or fewer passes than this, so that the next login should make it anew.
    pub fn is_below(&self, cost: &Cost) -> bool {
        self.cost.memory_kib < cost.memory_kib || self.cost.passes < cost.passes
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PasswordHash({:?})", self.cost)
    }
}

/// Reads `m=19456,t=2,p=1`, in this order, as every implementation writes it.
fn parse_cost(text: &str) -> Option<Cost> {
    let mut fields = text.split(',');
    let memory_kib = parse_number(fields.next()?.strip_prefix("m=")?)?;
    let passes = parse_number(fields.next()?.strip_prefix("t=")?)?;
    let lanes = parse_number(fields.next()?.strip_prefix("p=")?)?;
    fields.next().is_none().then_some(Cost { memory_kib, passes, lanes })
}

/// Digits only, and none too many in front: one number has one spelling.
fn parse_number(text: &str) -> Option<u32> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with('0');
    text.parse().ok().filter(|_| is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const STORED: &str =
        "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$gYJZtjEAJqjg26xdLmknq8/bB7MiWPrE9hsYuA+SkIU";

    fn parse(text: &str) -> Option<PasswordHash> {
        PasswordHash::parse(text.to_owned())
    }

    #[test]
    fn what_is_written_is_what_is_read() {
        let read = parse(STORED).unwrap();
        assert_eq!(read.cost, Cost::POLICY);
        assert_eq!(read.salt, (0..16).collect::<Vec<u8>>());
        assert_eq!(PasswordHash::new(read.cost, read.salt.clone(), read.output), read);
        assert_eq!(read.as_str(), STORED);
    }

    #[test]
    fn the_policy_is_the_one_of_the_standard() {
        // OWASP ASVS 5.0 appendix C: m >= 19456 KiB with t >= 2 and p = 1.
        assert_eq!(Cost::POLICY, Cost { memory_kib: 19456, passes: 2, lanes: 1 });
    }

    #[test]
    fn the_decoy_costs_what_a_real_hash_costs() {
        for cost in [Cost::POLICY, Cost::CHEAPEST] {
            let decoy = cost.decoy();
            assert_eq!(decoy.cost, cost);
            assert_eq!(decoy.salt.len(), SALT_BYTES);
            assert_eq!(parse(decoy.as_str()), Some(decoy));
        }
        assert!(Cost::POLICY.decoy().as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    }

    #[test]
    fn an_older_hash_is_made_anew_when_the_cost_has_risen() {
        let stored = parse(STORED).unwrap();
        assert!(!stored.is_below(&Cost::POLICY));
        assert!(stored.is_below(&Cost { memory_kib: 19457, ..Cost::POLICY }));
        assert!(stored.is_below(&Cost { passes: 3, ..Cost::POLICY }));
        assert!(!stored.is_below(&Cost::CHEAPEST));
    }

    #[test]
    fn only_whole_argon2id_strings_are_read() {
        for (from, to) in [
            ("argon2id", "argon2i"),
            ("v=19", "v=16"),
            ("$v=19", ""),
            ("m=19456,t=2", "t=2,m=19456"),
            ("m=19456", "m=019456"),
            ("m=19456", "m=+19456"),
            ("m=19456", "m="),
            ("t=2", "t=-2"),
            ("p=1", "p=1,keyid=x"),
            ("AAECAwQFBgcICQoLDA0ODw", "AAECAwQF"),
            ("AAECAwQFBgcICQoLDA0ODw", "AAECAwQFBgcICQoLDA0ODw=="),
            ("SkIU", ""),
            ("SkIU", "SkIV"),
            ("SkIU", "SkIU$"),
            ("gYJZ", "gY-Z"),
            ("$argon2id", "argon2id"),
        ] {
            let text = STORED.replacen(from, to, 1);
            assert_ne!(text, STORED);
            assert_eq!(parse(&text), None, "{text}");
        }
        for text in ["", "$", "$$$$$", "plain", "$2b$12$abcdefghijklmnopqrstuv"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_row_cannot_ask_for_absurd_work() {
        let with = |cost: &str| parse(&STORED.replace("m=19456,t=2,p=1", cost));
        assert!(with("m=65536,t=10,p=4").is_some());
        assert!(with("m=8,t=1,p=1").is_some());
        for cost in
            ["m=65537,t=2,p=1", "m=19456,t=11,p=1", "m=19456,t=2,p=5", "m=19456,t=0,p=1", "m=7,t=1,p=1"]
        {
            assert_eq!(with(cost), None, "{cost}");
        }
        assert_eq!(with("m=31,t=1,p=4"), None);
        assert_eq!(with("m=99999999999,t=1,p=1"), None);
        assert_eq!(with("m=19456,t=2,p=0"), None);
    }

    #[test]
    fn no_log_line_shows_a_hash() {
        let shown = format!("{:?}", parse(STORED).unwrap());
        assert!(shown.contains("19456") && !shown.contains("AAEC") && !shown.contains("gYJZ"));
    }
}
