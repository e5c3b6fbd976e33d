//! Extractors that are permissions.
