//! From entries to values: the environment before the file, the file before the fallback, and every fault noted.

use std::collections::BTreeMap;

use super::entry::{Entry, Way, in_source};
use super::fault::{ConfigFault, Place};
use super::key::{About, Fallback, Key};
use super::keys::TABLE;
use super::settings::Mode;
use crate::domain::secret::Secret;

/// Hands out values key by key and remembers what was wrong.
pub struct Reader {
    given: BTreeMap<&'static str, Vec<Given>>,
    mode: Option<Mode>,
    faults: Vec<ConfigFault>,
    warnings: Vec<String>,
}

struct Given {
    /// `None` when it was refused where it was found.
    text: Option<Secret<String>>,
    place: Place,
}

impl Reader {
    /// Sorts the entries by key. `sources` stand in order of precedence.
    pub fn new(sources: [&[Entry]; 2], mut faults: Vec<ConfigFault>, warnings: Vec<String>) -> Self {
        let mut given: BTreeMap<&'static str, Vec<Given>> = BTreeMap::new();
        for about in TABLE {
            for source in sources {
                let Some(entry) = in_source(about, source, &mut faults) else { continue };
                let list = given.entry(about.name).or_default();
                // What is set here but overruled is read as well, so that a wrong value is found before it matters.
                // Only a file that nobody needs is left closed.
                if entry.way == Way::Itself || list.is_empty() {
                    list.push(Given { text: entry.value(&mut faults), place: entry.place.clone() });
                }
            }
        }
        Self { given, mode: None, faults, warnings }
    }

    /// From now on fallbacks are those of this mode.
    pub fn set_mode(&mut self, mode: Option<Mode>) {
        self.mode = mode;
    }

    /// The value of a key. `None` when it has none or only a wrong one, which is then among the faults.
    pub fn get<T>(&mut self, key: &'static Key<T>) -> Option<T> {
        let Self { given, faults, mode, .. } = self;
        let Some(list) = given.get(key.about.name) else {
            return match key.about.fallback(*mode) {
                Fallback::Text(text) => (key.parse)(text).ok(),
                Fallback::Told(_) => None,
                Fallback::Required => {
                    faults.push(ConfigFault::of(&key.about, None, "must be set in production mode"));
                    None
                }
            };
        };
        let values: Vec<Option<T>> = list.iter().map(|given| given.parse(key, faults)).collect();
        values.into_iter().next().flatten()
    }

    /// Whether the operator gave a value, right or wrong.
    pub fn is_given<T>(&self, key: &Key<T>) -> bool {
        self.given.contains_key(key.about.name)
    }

    /// Notes a fault that shows only beside other keys.
    pub fn fault<T>(&mut self, key: &'static Key<T>, problem: &str) {
        let place =
            self.given.get(key.about.name).and_then(|list| list.first()).map(|given| given.place.clone());
        self.faults.push(ConfigFault::of(&key.about, place, problem));
    }

    /// Notes something that is odd but works.
    pub fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }

    /// What was wrong, and what was odd.
    pub fn finish(self) -> (Vec<ConfigFault>, Vec<String>) {
        (self.faults, self.warnings)
    }
}

impl Given {
    fn parse<T>(&self, key: &Key<T>, faults: &mut Vec<ConfigFault>) -> Option<T> {
        let text = trimmed(&key.about, self.text.as_ref()?.expose());
        let value = if text.is_empty() && key.about.is_secret {
            Err("is empty".into())
        } else if text.chars().any(char::is_control) {
            Err("holds a line end or another invisible character".into())
        } else {
            (key.parse)(text)
        };
        value
            .map_err(|reason| faults.push(ConfigFault::of(&key.about, Some(self.place.clone()), reason)))
            .ok()
    }
}

/// Blanks around a setting mean nothing; around a secret they may be part of it.
fn trimmed<'a>(about: &About, text: &'a str) -> &'a str {
    if about.is_secret { text } else { text.trim() }
}
