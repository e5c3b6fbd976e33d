//! Passwords: the rules for new ones, and the one place that checks them.
