//! Configurations for the tests of this module, and what is wrong with them.

use std::fs;

use super::{ConfigFile, Reading, read};

/// A key that is long enough and no sample.
pub const KEY: &str = "k3uVz7Yw0q8RtLhX2nBm5sDfGjKp9aEc";

/// A production configuration that starts.
pub const PRODUCTION: [(&str, &str); 5] = [
    ("POSTERN_MODE", "production"),
    ("POSTERN_SECRET_KEY", KEY),
    ("POSTERN_SERVER_PUBLIC_URL", "https://login.acme.test"),
    ("POSTERN_MAIL_URL", "smtps://acme:open-sesame@mail.acme.test"),
    ("POSTERN_MAIL_FROM", "login@acme.test"),
];

/// What an operator gets from these variables, in development mode if they do not say otherwise.
pub fn with(variables: &[(&str, &str)]) -> Reading {
    read(&ConfigFile::Nothing, variables.iter().copied())
}

/// The same in production, on top of a configuration that starts.
pub fn in_production_with(variables: &[(&str, &str)]) -> Reading {
    with(&[&PRODUCTION, variables].concat())
}

/// What an operator gets from this file and these variables.
pub fn from_file(text: &str, variables: &[(&str, &str)]) -> Reading {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("postern.toml");
    fs::write(&path, text).unwrap();
    read(&ConfigFile::Named(path), variables.iter().copied())
}

/// All faults, as the operator reads them.
pub fn faults(reading: Reading) -> Vec<String> {
    reading.config.unwrap_err().0.iter().map(ToString::to_string).collect()
}

/// The keys at fault.
pub fn keys_at_fault(reading: Reading) -> Vec<String> {
    reading.config.unwrap_err().0.into_iter().map(|fault| fault.key).collect()
}

/// The one fault there is.
#[track_caller]
pub fn only_fault(reading: Reading) -> String {
    let faults = faults(reading);
    assert_eq!(faults.len(), 1, "{faults:#?}");
    faults[0].clone()
}
