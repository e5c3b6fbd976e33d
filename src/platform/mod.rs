//! The clock and the dice: the only two things a rule may not reach for. And where a test may end the process.

pub mod clock;
pub mod crash_point;
pub mod random;
