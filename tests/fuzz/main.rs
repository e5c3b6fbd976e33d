//! What strangers send, bent in every way: no parser of ours panics, and what each accepts is what it says it accepts.
//!
//! Half a minute for each in the ordinary run, fifteen minutes in a long one (`tests/run --long`, or POSTERN_TEST_LONG=1).
//! POSTERN_TEST_SEED chooses another order of throws.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "tests, and they tell what they found"
)]

#[cfg(test)]
mod fuzzer;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod typed;
#[cfg(test)]
mod words;
