//! An invited person sets a password.
