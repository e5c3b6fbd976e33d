//! One line a request, with an id and without secrets.
