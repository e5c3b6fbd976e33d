//! What an operator gave: one text for one key, from the file or the environment, not yet read.

use std::fs;

use super::fault::{ConfigFault, Place};
use super::key::About;
use super::keys::TABLE;
use crate::domain::secret::Secret;

/// One text for one key.
pub struct Entry {
    /// The key.
    pub about: &'static About,
    /// How the text stands for the value.
    pub way: Way,
    /// `None` when it was refused where it was found; it still counts as given.
    pub text: Option<Secret<String>>,
    /// Where it stands.
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

/// What one source (the file or the environment) gives for one key. Given twice is a fault, and the first one counts.
pub fn in_source<'a>(about: &About, source: &'a [Entry], faults: &mut Vec<ConfigFault>) -> Option<&'a Entry> {
    let mut given = source.iter().filter(|entry| entry.about.name == about.name);
    let first = given.next()?;
    if let Some(second) = given.next() {
        let problem = match about.file_name() {
            Some(file) => format!("is set twice; keep one of {} and {file}", about.name),
            None => "is set twice".to_owned(),
        };
        faults.push(ConfigFault::of(about, Some(second.place.clone()), problem));
    }
    Some(first)
}

impl Entry {
    /// The value itself. A file that holds it loses one line end, which every editor puts there.
    pub fn value(&self, faults: &mut Vec<ConfigFault>) -> Option<Secret<String>> {
        let text = self.text.as_ref()?;
        match self.way {
            Way::Itself => Some(text.clone()),
            Way::InFile => match fs::read_to_string(text.expose()) {
                Ok(content) => Some(without_line_end(&Secret::new(content))),
                Err(error) => {
                    // Not even the path is repeated: it may be the secret, put into the wrong key.
                    let problem = format!("names a file that cannot be read as text: {}", error.kind());
                    faults.push(ConfigFault::of_file(self.about, self.place.clone(), problem));
                    None
                }
            },
        }
    }
}

fn without_line_end(content: &Secret<String>) -> Secret<String> {
    let text = content.expose();
    let text = text.strip_suffix('\n').map_or(text.as_str(), |line| line.strip_suffix('\r').unwrap_or(line));
    Secret::new(text.to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use crate::config::KeySource;
    use crate::config::samples::{KEY, from_file, in_production_with, only_fault, with};

    #[test]
    fn a_secret_may_stand_in_a_file_and_loses_one_line_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        for line_end in ["", "\n", "\r\n"] {
            fs::write(&path, format!("{KEY}{line_end}")).unwrap();
            let config = with(&[("POSTERN_SECRET_KEY_FILE", path.to_str().unwrap())]).config.unwrap();
            let KeySource::Given(key) = config.secret.current else { panic!("a key was given") };
            assert_eq!(key.expose(), KEY.as_bytes());
        }

        fs::write(&path, format!("{KEY}\n\n")).unwrap();
        let fault = only_fault(with(&[("POSTERN_SECRET_KEY_FILE", path.to_str().unwrap())]));
        assert!(fault.contains("POSTERN_SECRET_KEY_FILE"), "{fault}");
        assert!(fault.contains("line end"), "{fault}");

        fs::write(&path, "\n").unwrap();
        assert!(
            only_fault(with(&[("POSTERN_SECRET_KEY_FILE", path.to_str().unwrap())])).contains("is empty")
        );
    }

    #[test]
    fn a_secret_put_where_its_file_belongs_is_not_shown() {
        let fault =
            only_fault(in_production_with(&[("POSTERN_SECRET_KEY", ""), ("POSTERN_SECRET_KEY_FILE", KEY)]));
        assert_eq!(
            fault,
            "secret.key_file (POSTERN_SECRET_KEY_FILE): names a file that cannot be read as text: entity not found. \
             Example: POSTERN_SECRET_KEY_FILE=/run/secrets/secret.key"
        );
    }

    #[test]
    fn a_secret_and_its_file_in_one_place_are_one_too_many() {
        let variables = [("POSTERN_SECRET_KEY", KEY), ("POSTERN_SECRET_KEY_FILE", "/run/secrets/key")];
        assert!(
            only_fault(with(&variables)).contains("is set twice; keep one of secret.key and secret.key_file")
        );

        // In two places it is no doubt which one counts, and the file that nobody needs stays closed.
        let config = from_file("secret.key_file = \"/nowhere\"", &variables[..1]).config.unwrap();
        assert!(matches!(config.secret.current, KeySource::Given(_)));
    }
}
