//! The computers that are not asked.
