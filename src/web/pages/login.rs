//! Log in: username and password.
