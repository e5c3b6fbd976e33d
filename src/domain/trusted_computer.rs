//! The 14 days.
