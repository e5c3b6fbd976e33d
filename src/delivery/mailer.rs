//! How a mail leaves.
