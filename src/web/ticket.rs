//! The one value in the session cookie.
