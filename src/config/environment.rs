//! The environment variables: the only reader of the real ones, and the reader of any.

use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};

use super::entry::{Entry, known_names, recognise};
use super::fault::{ConfigFault, Place};
use super::key::{VARIABLE_PREFIX, variable};
use super::suggest::nearest;
use crate::domain::secret::Secret;

/// Variables that begin like this steer the tests and are nobody's typing mistake.
const TEST_PREFIX: &str = "POSTERN_TEST_";

/// The variables of this process. `vars_os`, because `vars` panics at a variable that is not UTF-8, be it ours or not.
pub fn process_environment() -> Vec<(OsString, OsString)> {
    env::vars_os().collect()
}

/// The entries of an environment. A later pair replaces an earlier one of the same name; an empty value counts as not
/// set, since compose files pass on what is not set as empty.
pub fn entries<N, V>(
    environment: impl IntoIterator<Item = (N, V)>,
    faults: &mut Vec<ConfigFault>,
    warnings: &mut Vec<String>,
) -> Vec<Entry>
where
    N: AsRef<OsStr>,
    V: AsRef<OsStr>,
{
    let known: BTreeMap<String, String> =
        known_names().into_iter().map(|name| (variable(&name), name)).collect();
    let mut entries = Vec::new();
    for (variable, value) in ours(environment) {
        let Some((about, way)) = known.get(&variable).and_then(|name| recognise(name)) else {
            warnings.push(unknown(&variable, &known));
            continue;
        };
        let place = Place::Environment(variable);
        if value.is_none() {
            faults.push(ConfigFault::of(about, Some(place.clone()), "must be UTF-8 text"));
        }
        entries.push(Entry { about, way, text: value, place });
    }
    entries
}

/// The variables that begin with our prefix and are not empty; no value where it is not UTF-8.
fn ours<N, V>(environment: impl IntoIterator<Item = (N, V)>) -> BTreeMap<String, Option<Secret<String>>>
where
    N: AsRef<OsStr>,
    V: AsRef<OsStr>,
{
    let mut ours = BTreeMap::new();
    for (name, value) in environment {
        let Some(name) = name.as_ref().to_str() else { continue };
        if !name.starts_with(VARIABLE_PREFIX) || name.starts_with(TEST_PREFIX) {
            continue;
        }
        ours.insert(name.to_owned(), value.as_ref().to_str().map(|text| Secret::new(text.to_owned())));
    }
    ours.retain(|_, value| value.as_ref().is_none_or(|text| !text.expose().is_empty()));
    ours
}

fn unknown(variable: &str, known: &BTreeMap<String, String>) -> String {
    // Compared without the prefix: all names have it in common, which would make strangers look alike.
    let meant = nearest(without_prefix(variable), known.keys().map(|name| without_prefix(name)));
    match meant {
        Some(meant) => format!(
            "{variable} is not a setting of Postern and was ignored; did you mean {VARIABLE_PREFIX}{meant}?"
        ),
        None => format!("{variable} is not a setting of Postern and was ignored"),
    }
}

fn without_prefix(variable: &str) -> &str {
    variable.strip_prefix(VARIABLE_PREFIX).unwrap_or(variable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::samples::{only_fault, with};
    use crate::config::{ConfigFile, read};

    #[test]
    fn an_unknown_variable_is_warned_of_by_name_and_a_test_variable_is_not() {
        let reading = with(&[
            ("POSTERN_PUBLIC_URL", "https://a.test"),
            ("POSTERN_DATABSE_URL", "sqlite://a.db"),
            ("POSTERN_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
            ("POSTERN_TEST_DATABASE_URL", "postgres://localhost/test"),
            ("PATH", "/usr/bin"),
        ]);
        assert!(reading.config.is_ok());
        assert_eq!(
            reading.warnings,
            [
                "POSTERN_DATABSE_URL is not a setting of Postern and was ignored; did you mean POSTERN_DATABASE_URL?",
                "POSTERN_PORT_8080_TCP is not a setting of Postern and was ignored",
                "POSTERN_PUBLIC_URL is not a setting of Postern and was ignored; did you mean \
                 POSTERN_SERVER_PUBLIC_URL?",
            ]
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_not_text_is_refused_by_name() {
        use std::os::unix::ffi::OsStrExt;

        let value = OsStr::from_bytes(b"k3uVz7Yw0q8RtLhX2nBm5sDfGjKp9a\xff\xff");
        let reading = read(&ConfigFile::Nothing, [(OsStr::new("POSTERN_SECRET_KEY"), value)]);
        assert!(only_fault(reading).starts_with("secret.key (POSTERN_SECRET_KEY): must be UTF-8 text"));
    }
}
