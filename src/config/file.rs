//! The configuration file: TOML to entries, each with its line.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::entry::{Entry, Way, known_names, recognise};
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
        let mut lines: Vec<(usize, &str)> = errors
            .iter()
            .map(|error| (self.line(error.span().map_or(0, |span| span.start)), error.message()))
            .collect();
        // One slip makes the rest of its line unreadable too; the first word on it is the true one.
        lines.sort_by_key(|(line, _)| *line);
        lines.dedup_by_key(|(line, _)| *line);
        let fault = |(line, problem)| {
            ConfigFault::of_stranger(self.path.clone(), None, format!("line {line} is not TOML: {problem}"))
        };
        lines.into_iter().map(fault).collect()
    }

    fn table(&mut self, section: &str, table: &DeTable<'_>) {
        for (name, value) in table {
            let start = name.span().start;
            let name = if section.is_empty() {
                name.get_ref().to_string()
            } else {
                format!("{section}.{}", name.get_ref())
            };
            match (recognise(&name), value.get_ref()) {
                (Some((about, way)), value) => self.known(about, way, value, start),
                (None, DeValue::Table(inner)) if !inner.is_empty() => self.table(&name, inner),
                (None, _) => self.unknown(&name, start),
            }
        }
    }

    fn known(&mut self, about: &'static About, way: Way, value: &DeValue<'_>, start: usize) {
        let place = self.place(start);
        let text = match text_of(about, value) {
            // An empty text counts as not set, as it does in the environment; an empty list is a list.
            Ok(text) if text.expose().is_empty() && !value.is_array() => return,
            Ok(text) => Some(text),
            Err(problem) => {
                self.faults.push(ConfigFault::of(about, Some(place.clone()), problem));
                None
            }
        };
        self.entries.push(Entry { about, way, text, place });
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
        Place::File { path: self.path.clone(), line: self.line(start) }
    }

    fn line(&self, start: usize) -> usize {
        self.text.get(..start).unwrap_or_default().matches('\n').count() + 1
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

#[cfg(test)]
mod tests {
    use crate::config::samples::{PRODUCTION, faults, from_file, only_fault};
    use crate::config::{ConfigFile, read};

    #[test]
    fn an_unknown_key_of_the_file_is_refused_with_the_one_that_was_meant() {
        let file = "public_url = \"https://a.test\"\n\n[server]\nlisten_on = \"x\"\n[tracing]\nspans = \"x\"\n[empty]\n";
        let faults = faults(from_file(file, &[]));
        let about = |key: &str| faults.iter().find(|fault| fault.starts_with(key)).unwrap();
        assert_eq!(faults.len(), 4);
        assert!(
            about("public_url (")
                .contains("line 1): is not a key of Postern; did you mean server.public_url?")
        );
        assert!(
            about("server.listen_on")
                .contains("line 4): is not a key of Postern; did you mean server.listen?")
        );
        assert!(about("tracing.spans").contains("`postern config` lists them all"));
        assert!(about("empty").contains("line 7"));
    }

    #[test]
    fn a_key_given_twice_under_two_spellings_is_refused() {
        let file = "\"log.format\" = \"text\"\n[log]\nformat = \"json\"\n";
        assert!(only_fault(from_file(file, &[])).contains("is set twice"));
    }

    #[test]
    fn a_file_that_is_not_toml_is_told_by_line_without_its_contents() {
        let reading =
            from_file("mode = \"production\"\nsecret.key = hunter2 hunter2\nlog.format = 'text'\nsms\n", &[]);
        let faults = faults(reading);
        assert_eq!(faults.len(), 2, "{faults:#?}");
        assert!(faults[0].contains("postern.toml: line 2 is not TOML"), "{faults:#?}");
        assert!(faults[1].contains("postern.toml: line 4 is not TOML"), "{faults:#?}");
        assert!(faults.iter().all(|fault| !fault.contains("hunter2")), "{faults:#?}");
    }

    #[test]
    fn a_named_file_must_be_there() {
        let reading = read(&ConfigFile::Named("/nowhere/postern.toml".into()), PRODUCTION);
        assert_eq!(only_fault(reading), "/nowhere/postern.toml: cannot be read: entity not found");
    }
}
