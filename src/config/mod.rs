//! The settings, from one table of keys.
//!
//! `keys.rs` holds every key once: name, default, meaning, example and parser. From that table come the reading of the
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
#[cfg(test)]
mod samples;
mod secret_key;
mod settings;
mod sms;
mod suggest;
mod twilio;
mod webhook;

use std::ffi::OsStr;

pub use environment::process_environment;
pub use fault::{ConfigFault, ConfigFaults, Place};
pub use file::ConfigFile;
pub use reference::reference;
pub use settings::{
    Brand, Config, DatabaseUrl, KeySource, LogFormat, Mail, Mode, Password, SecretKeys, Server, Session, Sms,
    SmsProvider, SmtpSecurity, SmtpSettings, Support, TwilioSender, TwilioSettings, TwoFactor,
    WebhookSettings,
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

#[cfg(test)]
mod tests {
    use super::keys::TABLE;
    use super::samples::{
        PRODUCTION, faults, from_file, in_production_with, keys_at_fault, only_fault, with,
    };
    use super::*;
    use crate::domain::requirement::Required;

    #[test]
    fn a_new_user_sets_nothing_and_has_everything() {
        let reading = with(&[]);
        assert_eq!(reading.warnings, Vec::<String>::new());
        let config = reading.config.unwrap();

        assert_eq!(config.mode, Mode::Development);
        assert_eq!(config.server.listen.to_string(), "127.0.0.1:8080");
        assert_eq!(config.server.public_url.as_str(), "http://localhost:8080/");
        assert!(config.server.trusted_proxies.is_empty());
        assert_eq!(config.log, LogFormat::Text);
        assert!(matches!(config.database, DatabaseUrl::Sqlite(path) if path.as_os_str() == "postern.db"));
        assert!(matches!(config.secret.current, KeySource::BesideDatabase));
        assert!(matches!(config.mail, Mail::Mailbox));
        assert!(matches!(config.sms.provider, SmsProvider::Mailbox));
        assert_eq!(config.sms.countries, ["US", "CA"]);
        assert_eq!((config.sms.per_hour, config.sms.per_day), (200, 1000));
        assert_eq!(config.two_factor, TwoFactor { trusted_days: 14, required: Required::Nobody });
        assert_eq!(config.password.min_length, 15);
        assert_eq!(config.session, Session { idle_minutes: 30, max_hours: 12 });
        assert_eq!(config.brand.name, "Postern");
        assert_eq!(config.brand.support, None);
    }

    #[test]
    fn production_with_nothing_else_hears_of_all_that_is_missing_at_once() {
        let reading = with(&[("POSTERN_MODE", "production")]);
        let faults = faults(reading);
        assert_eq!(
            faults,
            [
                "server.public_url: must be set in production mode. Example: server.public_url = \
                 \"https://login.example.com\" (or POSTERN_SERVER_PUBLIC_URL)",
                "secret.key: must be set in production mode. Example: secret.key = \
                 \"put-here-what-openssl-rand-base64-48-prints\" (or POSTERN_SECRET_KEY)",
                "mail.url: must be set in production mode. Example: mail.url = \
                 \"smtps://postern%40example.com:password@smtp.example.com\" (or POSTERN_MAIL_URL)",
                "mail.from: must be set in production mode. Example: mail.from = \"postern@example.com\" \
                 (or POSTERN_MAIL_FROM)",
            ]
        );
    }

    #[test]
    fn production_assumes_loopback_proxies_and_no_texts() {
        let config = in_production_with(&[]).config.unwrap();
        let proxies: Vec<String> = config.server.trusted_proxies.iter().map(ToString::to_string).collect();
        assert_eq!(proxies, ["127.0.0.0/8", "::1/128"]);
        assert!(matches!(config.sms.provider, SmsProvider::None));
        assert_eq!(config.two_factor.required, Required::Administrators);
        let Mail::Smtp(smtp) = config.mail else { panic!("production has no mailbox") };
        assert_eq!(
            (smtp.host.as_str(), smtp.port, smtp.from.as_str()),
            ("mail.acme.test", 465, "login@acme.test")
        );

        let config = in_production_with(&[("POSTERN_SERVER_TRUSTED_PROXIES", "none")]).config.unwrap();
        assert!(config.server.trusted_proxies.is_empty());
    }

    #[test]
    fn every_example_is_accepted_from_the_environment_and_from_the_file() {
        for about in TABLE {
            let alone = |reading: Reading| {
                let faults = reading.config.err().map(|faults| faults.0).unwrap_or_default();
                faults
                    .into_iter()
                    .filter(|fault| fault.place.is_some() && fault.key == about.name)
                    .collect::<Vec<_>>()
            };
            // Where it is reached from the outside is a matter of production.
            let mode: &[(&str, &str)] = match about.name {
                "server.public_url" => &[("POSTERN_MODE", "production")],
                _ => &[],
            };
            let variable = about.variable();
            let given = [mode, &[(variable.as_str(), about.example)]].concat();
            let variable = alone(with(&given));
            let in_file = alone(from_file(&format!("{} = {}", about.name, about.example_in_file()), mode));
            for fault in variable.into_iter().chain(in_file) {
                // The examples of keys are long enough to be read, and refused because everybody knows them.
                assert!(about.name.starts_with("secret.") && fault.problem.contains("example"), "{fault}");
            }
        }
    }

    #[test]
    fn every_key_is_read_and_a_wrong_value_of_it_named_without_being_shown() {
        for about in TABLE {
            let reading = with(&[(&about.variable(), "hunter2\u{7}hunter2")]);
            let fault = only_fault(reading);
            assert!(fault.starts_with(&format!("{} ({})", about.name, about.variable())), "{fault}");
            assert!(fault.contains(about.example), "{fault}");
            assert!(!fault.contains("hunter2"), "{fault}");
        }
    }

    #[test]
    fn every_key_of_the_source_stands_in_the_table_under_a_variable_of_its_own() {
        let declared = include_str!("keys.rs").matches(": Key<").count();
        assert_eq!(TABLE.len(), declared);
        let mut names: Vec<String> = entry::known_names().iter().map(|name| key::variable(name)).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), entry::known_names().len());
    }

    #[test]
    fn wrong_values_in_file_and_environment_are_told_together() {
        let file = "mode = \"prod\"\n[server]\nlisten = 8080\n[session]\nidle_minutes = \"soon\"\n";
        let reading =
            from_file(file, &[("POSTERN_SMS_COUNTRIES", "US, Canada"), ("POSTERN_SMS_PER_DAY", "0")]);
        assert_eq!(
            keys_at_fault(reading),
            ["server.listen", "mode", "sms.countries", "sms.per_day", "session.idle_minutes"]
        );
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_default() {
        let file = "[server]\nlisten = \"127.0.0.1:9000\"\n[brand]\nname = \"Acme\"\n";
        let config = from_file(file, &[("POSTERN_SERVER_LISTEN", "[::1]:9001")]).config.unwrap();
        assert_eq!(config.server.listen.to_string(), "[::1]:9001");
        assert_eq!(config.server.public_url.as_str(), "http://localhost:9001/");
        assert_eq!(config.brand.name, "Acme");
    }

    #[test]
    fn an_overruled_value_must_be_right_too() {
        let reading = from_file("log.format = \"xml\"", &[("POSTERN_LOG_FORMAT", "json")]);
        assert!(only_fault(reading).contains("postern.toml, line 1): must be text or json"));
    }

    #[test]
    fn empty_counts_as_not_set_but_an_empty_list_is_a_list() {
        let file = "[mail]\nurl = \"\"\n[server]\ntrusted_proxies = []\n";
        let mut variables = PRODUCTION.to_vec();
        variables.push(("POSTERN_LOG_FORMAT", ""));
        let config = from_file(file, &variables).config.unwrap();
        assert_eq!(config.log, LogFormat::Text);
        assert!(config.server.trusted_proxies.is_empty());

        assert_eq!(keys_at_fault(in_production_with(&[("POSTERN_SECRET_KEY", "")])), ["secret.key"]);
        assert!(only_fault(from_file("sms.countries = []", &[])).contains("at least one country"));
    }

    #[test]
    fn nothing_secret_is_in_a_debug_print() {
        let config =
            in_production_with(&[("POSTERN_DATABASE_URL", "postgres://u:open-sesame@db/postern")]).config;
        let shown = format!("{:?}", config.unwrap());
        assert!(!shown.contains("open-sesame"), "{shown}");
        assert!(!shown.contains("k3uVz7Yw"), "{shown}");
    }
}
