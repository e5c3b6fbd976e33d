//! The settings, from one table of keys.

mod settings;

pub use settings::*;
