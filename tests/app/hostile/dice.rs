//! Chance that can be repeated.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Dice that fall the same way for the same seed.
pub struct Dice(StdRng);

impl Dice {
    pub fn of(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// A number below this one.
    pub fn below(&mut self, sides: usize) -> usize {
        let sides = u64::try_from(sides).unwrap();
        usize::try_from(self.0.next_u64() % sides).unwrap()
    }

    /// Yes, so many times in a hundred.
    pub fn falls(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of these.
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// One of these words, numbers or whatever else is easily copied.
    pub fn pick<T: Clone>(&mut self, of: &[T]) -> T {
        self.one(of).clone()
    }

    /// Any bytes at all.
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        self.0.fill_bytes(&mut bytes);
        bytes
    }
}
