//! Random tokens that browsers carry, and the hashes of them that rows carry.
