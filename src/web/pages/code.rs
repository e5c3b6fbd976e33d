//! The code page of a login.
