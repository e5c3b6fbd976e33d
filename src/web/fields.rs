//! Form bodies, parsed strictly.
