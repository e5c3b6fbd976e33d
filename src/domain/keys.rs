//! The keys, one for each use, derived from the one secret an operator keeps.
