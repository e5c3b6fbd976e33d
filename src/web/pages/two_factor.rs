//! Two Factor Authentication.
