//! What is wrong with a configuration, all of it at once, in words an operator can act on.

use std::fmt;

use super::key::About;

/// Everything that is wrong. Shown as one line a fault.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigFaults(pub Vec<ConfigFault>);

/// One thing that is wrong. It never holds the value at fault, since that may be a secret in the wrong place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFault {
    /// The key, or the file when it cannot be read at all.
    pub key: String,
    /// Where the value stands; `None` when it is missing.
    pub place: Option<Place>,
    /// What is wrong with it.
    pub problem: String,
    /// A line that would be right, in the form that fits the place.
    pub example: Option<String>,
}

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In an environment variable of this name.
    Environment(String),
    /// In the configuration file.
    File {
        /// The path as it was given.
        path: String,
        /// Counted from 1.
        line: usize,
    },
}

impl ConfigFault {
    /// A fault of a known key, with its example.
    pub(super) fn of(about: &About, place: Option<Place>, problem: impl Into<String>) -> Self {
        let example = match &place {
            Some(Place::Environment(_)) => format!("{}={}", about.variable(), about.example),
            Some(Place::File { .. }) => format!("{} = {}", about.name, about.example_in_file()),
            None => format!("{} = {} (or {})", about.name, about.example_in_file(), about.variable()),
        };
        Self { key: about.name.to_owned(), place, problem: problem.into(), example: Some(example) }
    }

    /// A fault of the `…_file` key of a secret.
    pub(super) fn of_file(about: &About, place: Place, problem: impl Into<String>) -> Self {
        let name = format!("{}_file", about.name);
        let path = format!("/run/secrets/{}", about.name);
        let example = match &place {
            Place::Environment(variable) => format!("{variable}={path}"),
            Place::File { .. } => format!("{name} = \"{path}\""),
        };
        Self { key: name, place: Some(place), problem: problem.into(), example: Some(example) }
    }

    /// A fault of something that is no key of ours.
    pub(super) fn of_stranger(
        key: impl Into<String>,
        place: Option<Place>,
        problem: impl Into<String>,
    ) -> Self {
        Self { key: key.into(), place, problem: problem.into(), example: None }
    }
}

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{fault}")?;
        }
        Ok(())
    }
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names of unknown keys come from the file; a control character in one must not reach a terminal.
        write!(f, "{}", self.key.escape_debug())?;
        if let Some(place) = &self.place {
            write!(f, " ({place})")?;
        }
        write!(f, ": {}", self.problem)?;
        if let Some(example) = &self.example {
            write!(f, ". Example: {example}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(variable) => f.write_str(variable),
            Self::File { path, line } => write!(f, "{path}, line {line}"),
        }
    }
}
