//! The clock, the dice, and who came first: what a rule may not reach for.

pub mod clock;
pub mod places;
pub mod random;
