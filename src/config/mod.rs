//! The settings, from one table of keys.
//!
//! [`keys`](self) holds every key once: name, default, meaning, example and parser. From that table come the reading of the
//! file and of the environment, the refusal of everything unknown or wrong, all at once, and the printed reference. A
//! serde-based reader was rejected: it stops at the first fault, and it cannot tell where the dots were in
//! `POSTERN_SERVER_PUBLIC_URL`.
//!
//! Only `main` and the tests' harness read a configuration; everything else is handed a part of [`Config`].

mod assemble;
mod brand;
mod entry;
mod environment;
mod fault;
mod file;
mod key;
mod keys;
mod mail_url;
mod parse;
mod reader;
mod reference;
mod secret_key;
mod settings;
mod suggest;
mod twilio;

use std::ffi::OsStr;

pub use environment::process_environment;
pub use fault::{ConfigFault, ConfigFaults, Place};
pub use file::ConfigFile;
pub use reference::reference;
pub use settings::{
    Brand, Config, DatabaseUrl, KeySource, LogFormat, Mail, Mode, Password, SecretKeys, Server, Session, Sms,
    SmsProvider, SmtpSecurity, SmtpSettings, Support, TwilioSender, TwilioSettings, TwoFactor,
};

use reader::Reader;

/// What came of reading a configuration.
#[derive(Debug)]
pub struct Reading {
    /// The configuration, or everything that is wrong with it.
    pub config: Result<Config, ConfigFaults>,
    /// What is odd but does not stop the start; to be logged, and shown beside the faults too, since a misspelt variable
    /// is often why another is missing.
    pub warnings: Vec<String>,
}

/// Reads the configuration: the environment wins over the file, the file over the defaults. Nothing is read but what is
/// passed here and the files that `…_file` keys name.
pub fn read<N, V>(file: &ConfigFile, environment: impl IntoIterator<Item = (N, V)>) -> Reading
where
    N: AsRef<OsStr>,
    V: AsRef<OsStr>,
{
    let mut faults = Vec::new();
    let mut warnings = Vec::new();
    let from_environment = environment::entries(environment, &mut faults, &mut warnings);
    let from_file = match file::entries(file, &mut faults) {
        Ok(entries) => entries,
        Err(faults) => return Reading { config: Err(ConfigFaults(faults)), warnings },
    };
    let mut reader = Reader::new([&from_environment, &from_file], faults, warnings);
    let config = assemble::config(&mut reader);
    let (faults, warnings) = reader.finish();
    let config = match config {
        Some(config) if faults.is_empty() => Ok(config),
        Some(_) | None => Err(ConfigFaults(faults)),
    };
    Reading { config, warnings }
}
