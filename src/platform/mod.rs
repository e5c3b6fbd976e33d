//! The clock and the dice: the only two things a rule may not reach for.

pub mod clock;
pub mod random;
