//! What a browser calls itself, in words a person knows.
