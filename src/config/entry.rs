//! What an operator gave: one text for one key, from the file or the environment, not yet read.

use std::fs;

use super::fault::{ConfigFault, Place};
use super::key::About;
use super::keys::TABLE;
use crate::domain::secret::Secret;

/// One text for one key.
pub struct Entry {
    pub about: &'static About,
    pub way: Way,
    /// `None` when it was refused where it was found; it still counts as given.
    pub text: Option<Secret<String>>,
    pub place: Place,
}

/// How the text stands for the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// It is the value.
    Itself,
    /// It names a file that holds the value.
    InFile,
}

/// The key that a dotted name belongs to.
pub fn recognise(name: &str) -> Option<(&'static About, Way)> {
    TABLE.iter().find_map(|about| {
        if about.name == name {
            return Some((*about, Way::Itself));
        }
        about.file_name().is_some_and(|file| file == name).then_some((*about, Way::InFile))
    })
}

/// All dotted names that are recognised.
pub fn known_names() -> Vec<String> {
    TABLE.iter().flat_map(|about| std::iter::once(about.name.to_owned()).chain(about.file_name())).collect()
}

/// What one source (the file or the environment) gives for one key.
pub fn in_source(about: &About, source: &[Entry], faults: &mut Vec<ConfigFault>) -> Option<GivenOnce> {
    let given: Vec<&Entry> = source.iter().filter(|entry| entry.about.name == about.name).collect();
    let (first, others) = given.split_first()?;
    if let Some(second) = others.first() {
        let problem = match about.file_name() {
            Some(file) => format!("is set more than once; keep one of {} and {file}", about.name),
            None => "is set more than once".to_owned(),
        };
        faults.push(ConfigFault::of(about, Some(second.place.clone()), problem));
    }
    Some(GivenOnce { way: first.way, text: first.text.clone(), place: first.place.clone() })
}

/// The one text that counts in a source.
pub struct GivenOnce {
    pub way: Way,
    pub text: Option<Secret<String>>,
    pub place: Place,
}

impl GivenOnce {
    /// Whether the value is at hand, without opening a file.
    pub fn is_value(&self) -> bool {
        self.way == Way::Itself
    }

    /// The value itself. A file that holds it loses one line end, which every editor puts there.
    pub fn value(self, about: &About, faults: &mut Vec<ConfigFault>) -> Option<Secret<String>> {
        let text = self.text?;
        match self.way {
            Way::Itself => Some(text),
            Way::InFile => match fs::read_to_string(text.expose()) {
                Ok(content) => Some(without_line_end(Secret::new(content))),
                Err(error) => {
                    // Not even the path is repeated: it may be the secret, put into the wrong key.
                    let problem = format!("names a file that cannot be read as text: {}", error.kind());
                    let mut fault = ConfigFault::of(about, Some(self.place), problem);
                    fault.key.push_str("_file");
                    faults.push(fault);
                    None
                }
            },
        }
    }
}

fn without_line_end(content: Secret<String>) -> Secret<String> {
    let text = content.expose();
    let text = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    Secret::new(text.to_owned())
}
