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
#[derive(Clone, PartialEq, Eq)]
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
