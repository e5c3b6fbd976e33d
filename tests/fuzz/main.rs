//! What strangers send, bent in every way: no parser of ours panics, and what each accepts is what it says it accepts.
//!
//! Two seconds for each in the ordinary run, fifteen minutes in a long one (`tests/run --long`, or POSTERN_TEST_LONG=1).
//! POSTERN_TEST_SEED chooses another order of throws.

mod fuzzer;
mod requests;
mod typed;
mod words;
