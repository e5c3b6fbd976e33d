//! One person's login.
