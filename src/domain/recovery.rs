//! What stands in for a code: ten recovery codes of an account's owner, and the one-time pass that somebody else gives out.
//!
//! Both are 80 random bits in base32 (NIST SP 800-63B-4 §4.2.1.1 asks for 64), written in fours, kept as a keyed hash bound
//! to the account, and used once. That many bits need no slow hash: whoever has the database still lacks the key.

use chrono::TimeDelta;
use data_encoding::BASE32_NOPAD;

use crate::domain::account::Account;
use crate::domain::ids::Id;
use crate::domain::keys::MacKey;
use crate::domain::secret::Secret;

/// How many recovery codes an account has at a time.
pub const RECOVERY_CODES: usize = 10;
/// How few are left when the page begins to warn.
pub const FEW_LEFT: i64 = 3;
/// How long a one-time pass is good.
pub const PASS_LIFE: TimeDelta = TimeDelta::minutes(10);
/// How many random bytes one is made of.
pub const RECOVERY_BYTES: usize = 10;

const LETTERS: usize = 16;

/// A recovery code or one-time pass, as it is shown once and typed back. Its `Debug` shows nothing.
#[derive(Clone, Debug)]
pub struct RecoveryCode(Secret<String>);

/// What was typed is neither.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecoveryFault {
    /// Nothing was typed.
    Empty,
    /// Not 16 letters and digits of the alphabet.
    Shape,
}

impl RecoveryCode {
    /// Makes one out of random bytes.
    pub fn from_bytes(random: &[u8; RECOVERY_BYTES]) -> Self {
        Self(Secret::new(BASE32_NOPAD.encode(random)))
    }

    /// Reads what was typed: small letters count, spaces and dashes do not, and `0`, `1` and `8`, which are not in the
    /// alphabet, are read as the letters they are taken for.
    ///
    /// # Errors
    /// [`RecoveryFault`]; it costs no try.
    pub fn parse(typed: &str) -> Result<Self, RecoveryFault> {
        let letters: String = typed
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '–' | '_' | '.'))
            .map(|c| match c.to_ascii_uppercase() {
                '0' => 'O',
                '1' => 'I',
                '8' => 'B',
                other => other,
            })
            .collect();
        if letters.is_empty() {
            return Err(RecoveryFault::Empty);
        }
        let is_ours =
            letters.len() == LETTERS && letters.bytes().all(|b| matches!(b, b'A'..=b'Z' | b'2'..=b'7'));
        if is_ours { Ok(Self(Secret::new(letters))) } else { Err(RecoveryFault::Shape) }
    }

    /// As it is shown: `ABCD-EFGH-IJKL-MNOP`.
    pub fn shown(&self) -> Secret<String> {
        let letters: Vec<char> = self.0.expose().chars().collect();
        let fours: Vec<String> = letters.chunks(4).map(|four| four.iter().collect()).collect();
        Secret::new(fours.join("-"))
    }

    /// The hash that goes into the row: of one account, and of one kind.
    pub fn hash(&self, kind: RecoveryKind, account: &Id<Account>, key: &MacKey) -> Vec<u8> {
        let parts: [&[u8]; 3] =
            [kind.as_str().as_bytes(), account.as_str().as_bytes(), self.0.expose().as_bytes()];
        key.mac(&parts).to_vec()
    }
}

/// A recovery code or pass of an account was used, and nobody else can use it again.
#[derive(Debug)]
pub struct RecoveryProof {
    account: Id<Account>,
    kind: RecoveryKind,
}

impl RecoveryProof {
    /// The proof is the one row that the update touched.
    pub fn used_up(rows: usize, kind: RecoveryKind, account: &Id<Account>) -> Option<Self> {
        (rows == 1).then(|| Self { account: account.clone(), kind })
    }

    /// Whose it was.
    pub fn account(&self) -> &Id<Account> {
        &self.account
    }

    /// Which of the two it was.
    pub fn kind(&self) -> RecoveryKind {
        self.kind
    }
}

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecoveryKind {
    /// One of the ten.
    RecoveryCode,
    /// A one-time pass.
    Pass,
}

impl RecoveryKind {
    fn as_str(self) -> &'static str {
        match self {
            Self::RecoveryCode => "recovery code",
            Self::Pass => "one-time pass",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::keys::Keys;
    use crate::domain::samples::id;

    fn made() -> RecoveryCode {
        RecoveryCode::from_bytes(&[7, 0xff, 3, 0, 9, 200, 31, 4, 99, 1])
    }

    #[test]
    fn what_is_shown_is_read_back_however_it_is_typed() {
        let (keys, shown) = (Keys::derive(&Secret::new(vec![7; 32]), None).unwrap(), made().shown());
        let shown = shown.expose().as_str();
        assert_eq!((shown.len(), shown.matches('-').count()), (19, 3));
        let hash = |code: &RecoveryCode| code.hash(RecoveryKind::Pass, &id(1), keys.recovery());
        let likely = shown.replace('O', "0").replace('I', "1").replace('B', "8");
        for typed in
            [shown.to_owned(), shown.to_lowercase(), shown.replace('-', ""), format!(" {shown} \n"), likely]
        {
            assert_eq!(hash(&RecoveryCode::parse(&typed).unwrap()), hash(&made()), "{typed}");
        }
    }

    #[test]
    fn anything_else_is_told_apart_before_it_costs_a_try() {
        assert_eq!(RecoveryCode::parse(" - ").unwrap_err(), RecoveryFault::Empty);
        for typed in [
            "482913",
            "ABCD-EFGH-IJKL-MNO",
            "ABCD-EFGH-IJKL-MNOPQ",
            "ABCD-EFGH-IJKL-MN9P",
            "ÄBCD-EFGH-IJKL-MNO",
        ] {
            assert_eq!(RecoveryCode::parse(typed).unwrap_err(), RecoveryFault::Shape, "{typed}");
        }
    }

    #[test]
    fn a_hash_is_of_one_account_and_one_kind() {
        let keys = Keys::derive(&Secret::new(vec![7; 32]), None).unwrap();
        let hash = |kind, account| made().hash(kind, &id(account), keys.recovery());
        assert_ne!(hash(RecoveryKind::Pass, 1), hash(RecoveryKind::Pass, 2));
        assert_ne!(hash(RecoveryKind::Pass, 1), hash(RecoveryKind::RecoveryCode, 1));
    }

    #[test]
    fn only_the_one_row_that_was_touched_proves_a_use() {
        let proof = |rows| RecoveryProof::used_up(rows, RecoveryKind::Pass, &id(1));
        assert!(proof(0).is_none() && proof(2).is_none());
        assert_eq!(
            proof(1).map(|proof| (proof.account().clone(), proof.kind())),
            Some((id(1), RecoveryKind::Pass))
        );
    }

    #[test]
    fn no_log_line_shows_one() {
        assert!(!format!("{:?}", made()).contains(made().0.expose().as_str()));
    }
}
