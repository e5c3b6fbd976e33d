//! Sessions, pending logins, and the permission to start one.
