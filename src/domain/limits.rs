//! How often things may be tried.
