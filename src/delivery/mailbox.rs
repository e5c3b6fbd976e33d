//! The built-in mailbox of development mode.
