//! How a text message leaves.
