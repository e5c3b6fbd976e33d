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
