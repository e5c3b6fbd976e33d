//! The clock, the dice, and who came first: what a rule may not reach for. And where a test may end the process.

pub mod clock;
pub mod crash_point;
pub mod places;
pub mod random;
