//! Usernames as typed, and folded for looking up.
