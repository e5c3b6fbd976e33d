//! Log out.
