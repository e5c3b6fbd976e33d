//! Confirm it's you: when a proof of identity is recent enough.
