//! Confirm it's you.
