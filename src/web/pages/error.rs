//! Error pages.
