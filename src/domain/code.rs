//! The six digits: derived, never stored.
