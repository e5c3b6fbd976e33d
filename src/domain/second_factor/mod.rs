//! How the second factor reaches a person.
