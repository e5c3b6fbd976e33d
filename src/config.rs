//! The settings, from one table of keys.
