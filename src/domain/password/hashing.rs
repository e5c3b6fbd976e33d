//! Hashing and checking, each exactly one run of Argon2id in a kept memory area.
//!
//! Called from the hashing pool only: a run takes about 20 ms of a processor and 19 MiB.

use argon2::{Algorithm, Argon2, Block, Params, Version};
use subtle::ConstantTimeEq;
use thiserror::Error;
use zeroize::Zeroize;

use super::phc::{OUTPUT_BYTES, SALT_BYTES};
use super::{Cost, PasswordHash, PasswordInput};
use crate::domain::account::Account;
use crate::domain::ids::Id;

/// The memory one hashing thread keeps, so that not every login asks the system for 19 MiB and gives them back.
pub struct Area {
    blocks: Vec<Block>,
    kept: usize,
}

/// Argon2 refused to run. It cannot for the costs a [`PasswordHash`] is read or made with, except out of memory.
#[derive(Debug, Error)]
#[error("Argon2 did not run: {0}")]
pub struct HashingFault(argon2::Error);

/// What a login claims: that the password belongs to this account.
#[derive(Clone, Copy)]
pub struct Claim<'a> {
    /// The account.
    pub account: &'a Id<Account>,
    /// Its session epoch when the hash was read: a login that began before all sessions were ended is ended with them.
    pub session_epoch: i64,
    /// Its stored hash.
    pub hash: &'a PasswordHash,
}

/// The proof that somebody typed the right password of an account. Only [`check`] makes one.
#[derive(Debug)]
pub struct PasswordProof {
    account: Id<Account>,
    session_epoch: i64,
}

impl PasswordProof {
    /// Whose password it was.
    pub fn account(&self) -> &Id<Account> {
        &self.account
    }

    /// The account's session epoch when its hash was read.
    pub fn session_epoch(&self) -> i64 {
        self.session_epoch
    }
}

/// Hashes a new password under 16 fresh random bytes of salt.
pub fn hash(
    input: &PasswordInput,
    cost: &Cost,
    salt: &[u8; SALT_BYTES],
    area: &mut Area,
) -> Result<PasswordHash, HashingFault> {
    let output = run(input, cost, salt, area)?;
    Ok(PasswordHash::new(*cost, salt.to_vec(), output))
}

/// Checks a typed password against a claim; without a claim, against the decoy, and then never with success.
///
/// Exactly one run of Argon2 either way, so that the time does not tell whether the name has an account.
pub fn check(
    input: &PasswordInput,
    claim: Option<Claim<'_>>,
    decoy: &PasswordHash,
    area: &mut Area,
) -> Result<Option<PasswordProof>, HashingFault> {
    let stored = claim.map_or(decoy, |claim| claim.hash);
    let output = run(input, &stored.cost, &stored.salt, area)?;
    let is_right = bool::from(output.ct_eq(&stored.output));
    Ok(claim
        .filter(|_| is_right)
        .map(|claim| PasswordProof { account: claim.account.clone(), session_epoch: claim.session_epoch }))
}

fn run(
    input: &PasswordInput,
    cost: &Cost,
    salt: &[u8],
    area: &mut Area,
) -> Result<[u8; OUTPUT_BYTES], HashingFault> {
    let params =
        Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(OUTPUT_BYTES)).map_err(HashingFault)?;
    let blocks = area.at_least(params.block_count());
    let mut output = [0; OUTPUT_BYTES];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let outcome = argon2.hash_password_into_with_memory(input.as_str().as_bytes(), salt, &mut output, blocks);
    area.shrink();
    outcome.map(|()| output).map_err(HashingFault)
}

impl Area {
    /// An area for this cost. A row that wants more gets it for its own run.
    pub fn for_cost(cost: Cost) -> Self {
        // One block is one KiB.
        let kept = usize::try_from(cost.memory_kib).unwrap_or(0);
        Self { blocks: vec![Block::default(); kept], kept }
    }

    /// Wipes the area and gives it back to the allocator until the next run.
    pub fn release(&mut self) {
        self.blocks.iter_mut().for_each(Zeroize::zeroize);
        self.blocks = Vec::new();
    }

    fn at_least(&mut self, count: usize) -> &mut [Block] {
        if self.blocks.len() < count {
            self.blocks.resize(count, Block::default());
        }
        &mut self.blocks
    }

    fn shrink(&mut self) {
        if self.blocks.len() > self.kept {
            self.blocks.truncate(self.kept);
            self.blocks.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::ID_BYTES;
    use crate::domain::secret::Secret;

    const SALT: [u8; SALT_BYTES] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];

    fn typed(text: &str) -> PasswordInput {
        PasswordInput::from_typed(Secret::new(text.to_owned()))
    }

    fn account() -> Id<Account> {
        Id::new(chrono::DateTime::UNIX_EPOCH, &[1; ID_BYTES])
    }

    fn cheap_hash(password: &str) -> PasswordHash {
        hash(&typed(password), &Cost::CHEAPEST, &SALT, &mut Area::for_cost(Cost::CHEAPEST)).unwrap()
    }

    fn check_cheaply(password: &str, stored: &PasswordHash) -> Option<PasswordProof> {
        let (account, decoy) = (account(), Cost::CHEAPEST.decoy());
        let claim = Claim { account: &account, session_epoch: 3, hash: stored };
        check(&typed(password), Some(claim), &decoy, &mut Area::for_cost(Cost::CHEAPEST)).unwrap()
    }

    #[test]
    fn ada_proves_that_it_is_her_and_when_her_hash_was_read() {
        let proof =
            check_cheaply("wharf otter lime quartet", &cheap_hash("wharf otter lime quartet")).unwrap();
        assert_eq!(proof.account(), &account());
        assert_eq!(proof.session_epoch(), 3);
    }

    #[test]
    fn any_other_password_proves_nothing() {
        let stored = cheap_hash("wharf otter lime quartet");
        for other in ["", "wharf otter lime quartet ", "Wharf otter lime quartet", "wharf otter lime quartes"]
        {
            assert!(check_cheaply(other, &stored).is_none(), "{other:?}");
        }
        let long = "wharf otter ".repeat(7);
        assert!(check_cheaply(&format!("{long}y"), &cheap_hash(&format!("{long}x"))).is_none());
    }

    #[test]
    fn an_accent_typed_in_two_ways_opens_the_same_account() {
        assert!(check_cheaply("cafe\u{301} quartet lime", &cheap_hash("caf\u{e9} quartet lime")).is_some());
    }

    #[test]
    fn nobody_is_proved_against_the_decoy() {
        // Not even by the password the decoy was made with, if there were one.
        let decoy = cheap_hash("wharf otter lime quartet");
        let area = &mut Area::for_cost(Cost::CHEAPEST);
        assert!(check(&typed("wharf otter lime quartet"), None, &decoy, area).unwrap().is_none());
    }

    #[test]
    fn the_hash_is_that_of_other_implementations() {
        // The first was computed with OpenSSL, the others stand in the tests of the Argon2 reference implementation.
        let policy = hash(
            &typed("correct horse battery staple"),
            &Cost::POLICY,
            &SALT,
            &mut Area::for_cost(Cost::POLICY),
        );
        assert_eq!(
            policy.unwrap().as_str(),
            "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$gYJZtjEAJqjg26xdLmknq8/bB7MiWPrE9hsYuA+SkIU"
        );
        for stored in [
            "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4",
            "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc",
            "$argon2id$v=19$m=65536,t=1,p=1$c29tZXNhbHQ$9qWtwbpyPd3vm1rB1GThgPzZ3/ydHL92zKL+15XZypg",
        ] {
            let stored = PasswordHash::parse(stored.to_owned()).unwrap();
            assert!(check_cheaply("password", &stored).is_some());
            assert!(check_cheaply("passwore", &stored).is_none());
        }
    }

    #[test]
    fn one_password_has_another_hash_under_another_salt() {
        let area = &mut Area::for_cost(Cost::CHEAPEST);
        let other = hash(&typed("wharf otter"), &Cost::CHEAPEST, &[9; SALT_BYTES], area).unwrap();
        assert_ne!(other.as_str(), cheap_hash("wharf otter").as_str());
    }

    #[test]
    fn a_row_that_wants_more_memory_gets_it_for_its_own_run_only() {
        let area = &mut Area::for_cost(Cost::CHEAPEST);
        let dear = Cost { memory_kib: 64, ..Cost::CHEAPEST };
        let stored = hash(&typed("wharf otter"), &dear, &SALT, &mut Area::for_cost(dear)).unwrap();
        assert!(check(&typed("wharf otter"), None, &stored, area).is_ok());
        assert_eq!(area.blocks.len(), 8);
        assert!(area.blocks.capacity() < 64);
    }

    #[test]
    fn an_area_keeps_what_its_cost_wants_and_no_run_takes_that_away() {
        let area = &mut Area::for_cost(Cost { memory_kib: 64, ..Cost::CHEAPEST });
        assert_eq!(area.blocks.len(), 64);
        let first = area.blocks.as_ptr();
        let _ = hash(&typed("wharf otter"), &Cost::CHEAPEST, &SALT, area).unwrap();
        assert_eq!((area.blocks.len(), area.blocks.as_ptr()), (64, first));
    }

    #[test]
    fn an_area_used_before_changes_nothing() {
        let area = &mut Area::for_cost(Cost::CHEAPEST);
        let first = hash(&typed("wharf otter"), &Cost::CHEAPEST, &SALT, area).unwrap();
        let _ = hash(&typed("something else"), &Cost::CHEAPEST, &[7; SALT_BYTES], area).unwrap();
        assert_eq!(hash(&typed("wharf otter"), &Cost::CHEAPEST, &SALT, area).unwrap(), first);
        area.release();
        assert_eq!(area.blocks.capacity(), 0);
        assert_eq!(hash(&typed("wharf otter"), &Cost::CHEAPEST, &SALT, area).unwrap(), first);
    }

    #[test]
    fn a_cost_that_argon2_does_not_know_is_a_fault_and_not_a_panic() {
        let nothing = Cost { memory_kib: 0, passes: 0, lanes: 0 };
        assert!(hash(&typed("x"), &nothing, &SALT, &mut Area::for_cost(nothing)).is_err());
    }
}
