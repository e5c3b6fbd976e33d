//! The configuration file: TOML to entries, each with its line.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::entry::{Entry, known_names, recognise};
use super::fault::{ConfigFault, Place};
use super::key::{About, Shape};
use super::suggest::nearest;
use crate::domain::secret::Secret;

/// The file in the working directory that is read when no other is named.
pub const USUAL_FILE: &str = "postern.toml";

/// Which configuration file to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigFile {
    /// None, whatever lies in the working directory.
    Nothing,
    /// `postern.toml` in the working directory, if it is there.
    Usual,
    /// This one, which must exist.
    Named(PathBuf),
}

impl From<Option<PathBuf>> for ConfigFile {
    /// What `--config` said.
    fn from(named: Option<PathBuf>) -> Self {
        named.map_or(Self::Usual, Self::Named)
    }
}

/// The entries of the file.
///
/// # Errors
/// One fault a line if the file cannot be read as TOML: what follows from half a file would only mislead.
pub fn entries(file: &ConfigFile, faults: &mut Vec<ConfigFault>) -> Result<Vec<Entry>, Vec<ConfigFault>> {
    let Some((path, text)) = text(file).map_err(|fault| vec![fault])? else {
        return Ok(Vec::new());
    };
    let (table, errors) = DeTable::parse_recoverable(text.expose());
    let mut reading =
        Reading { path: path.display().to_string(), text: text.expose(), entries: Vec::new(), faults };
    if !errors.is_empty() {
        return Err(reading.not_toml(&errors));
    }
    reading.table("", table.get_ref());
    Ok(reading.entries)
}

fn text(file: &ConfigFile) -> Result<Option<(&Path, Secret<String>)>, ConfigFault> {
    let (path, must_exist) = match file {
        ConfigFile::Nothing => return Ok(None),
        ConfigFile::Usual => (Path::new(USUAL_FILE), false),
        ConfigFile::Named(path) => (path.as_path(), true),
    };
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some((path, Secret::new(text)))),
        Err(error) if error.kind() == ErrorKind::NotFound && !must_exist => Ok(None),
        Err(error) => {
            let problem = format!("cannot be read: {}", error.kind());
            Err(ConfigFault::of_stranger(path.display().to_string(), None, problem))
        }
    }
}

struct Reading<'a> {
    path: String,
    text: &'a str,
    entries: Vec<Entry>,
    faults: &'a mut Vec<ConfigFault>,
}

impl Reading<'_> {
    /// The parser's own words name what it expected, never what it found; its `Display` would quote the line.
    fn not_toml(&self, errors: &[toml::de::Error]) -> Vec<ConfigFault> {
        let mut faults: Vec<ConfigFault> = Vec::new();
        for error in errors {
            let place = error.span().map(|span| self.place(span.start));
            // One slip makes the rest of its line unreadable too; the first word on it is the true one.
            if faults.last().is_none_or(|last| last.place != place) {
                let problem = format!("this line is not TOML: {}", error.message());
                faults.push(ConfigFault::of_stranger(self.path.clone(), place, problem));
            }
        }
        faults
    }

    fn table(&mut self, section: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let line = name.span().start;
            let name = if section.is_empty() {
                name.get_ref().to_string()
            } else {
                format!("{section}.{}", name.get_ref())
            };
            match (recognise(&name), value.get_ref()) {
                (Some((about, way)), found) => {
                    let place = self.place(line);
                    let text = match text_of(about, found) {
                        // An empty text counts as not set, as it does in the environment.
                        Ok(text) if text.expose().is_empty() && !found.is_array() => continue,
                        Ok(text) => Some(text),
                        Err(problem) => {
                            self.faults.push(ConfigFault::of(about, Some(place.clone()), problem));
                            None
                        }
                    };
                    self.entries.push(Entry { about, way, text, place });
                }
                (None, DeValue::Table(inner)) if !inner.is_empty() => self.table(&name, inner),
                (None, _) => self.unknown(&name, line),
            }
        }
    }

    fn unknown(&mut self, name: &str, start: usize) {
        let known = known_names();
        let problem = match nearest(name, known.iter().map(String::as_str)) {
            Some(meant) => format!("is not a key of Postern; did you mean {meant}?"),
            None => "is not a key of Postern; `postern config` lists them all".to_owned(),
        };
        self.faults.push(ConfigFault::of_stranger(name, Some(self.place(start)), problem));
    }

    fn place(&self, start: usize) -> Place {
        let before = self.text.get(..start).unwrap_or_default();
        Place::File { path: self.path.clone(), line: before.matches('\n').count() + 1 }
    }
}

/// The text of a value written the way its key wants it.
fn text_of(about: &About, value: &DeValue<'_>) -> Result<Secret<String>, &'static str> {
    match (about.shape, value) {
        (_, DeValue::String(text)) => Ok(Secret::new(text.to_string())),
        (Shape::Number, DeValue::Integer(number)) => Ok(Secret::new(number.to_string())),
        (Shape::List, DeValue::Array(items)) => {
            let items: Option<Vec<&str>> = items.iter().map(Spanned::get_ref).map(DeValue::as_str).collect();
            items.map(|items| Secret::new(items.join(","))).ok_or("must be a list of texts in quotes")
        }
        (Shape::Number, _) => Err("must be a whole number"),
        (Shape::List, _) => Err("must be a list of texts in quotes"),
        (Shape::Text, _) => Err("must be a text in quotes"),
    }
}
