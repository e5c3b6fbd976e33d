//! The printed reference: what `postern config` says, and `docs/configuration.md` word for word.

use std::fmt::Write;

use super::key::{About, Fallback};
use super::keys::TABLE;

const HEAD: &str = "\
# Configuration

Postern reads `postern.toml` in the working directory, or the file named by `--config FILE`. Every key can also be set as
an environment variable, which wins over the file. An empty value counts as not set.

Unknown keys in the file and wrong values anywhere stop the start, and all of them are named at once. An unknown variable
that begins with `POSTERN_` is named in a warning and otherwise ignored.

A secret can also stand in a file of its own: write the name of that file under the key with `_file` at its end, for
example `secret.key_file` or `POSTERN_SECRET_KEY_FILE`. One line end at the end of that file is left out.

Relative paths start at the working directory.
";

/// The reference of all keys, in Markdown that can be read on a terminal.
pub fn reference() -> String {
    let mut text = HEAD.to_owned();
    for about in TABLE {
        // Writing to a String cannot fail.
        let _ = describe(&mut text, about);
    }
    text
}

fn describe(text: &mut String, about: &About) -> std::fmt::Result {
    writeln!(text, "\n## `{}`\n", about.name)?;
    writeln!(text, "{}\n", wrapped(about.meaning))?;
    writeln!(text, "- Default: {}", default(about))?;
    writeln!(text, "- In the file: `{} = {}`", about.name, about.example_in_file())?;
    writeln!(text, "- In the environment: `{}={}`", about.variable(), about.example)?;
    if let Some(file) = about.file_name() {
        writeln!(text, "- A secret: also `{file}` or `{}_FILE`", about.variable())?;
    }
    Ok(())
}

fn default(about: &About) -> String {
    let development = words(about.development);
    if about.development == about.production {
        return development;
    }
    format!("{development} in development; {} in production", words(about.production))
}

fn words(fallback: Fallback) -> String {
    match fallback {
        Fallback::Text(text) => format!("`{text}`"),
        Fallback::Told(words) => words.to_owned(),
        Fallback::Required => "must be set".to_owned(),
    }
}

const WIDTH: usize = 100;

fn wrapped(words: &str) -> String {
    let mut text = String::with_capacity(words.len());
    let mut column = 0;
    for word in words.split_whitespace() {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > WIDTH {
            text.push('\n');
            column = 0;
        } else if column > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += length;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::samples::{KEY, with};

    #[test]
    fn every_key_is_explained() {
        let text = reference();
        for about in TABLE {
            assert!(text.contains(&format!("\n## `{}`\n", about.name)), "{}", about.name);
            assert!(text.contains(&about.variable()), "{}", about.name);
            assert!(about.meaning.ends_with('.'), "{}", about.name);
        }
        assert!(text.contains("`POSTERN_MAIL_URL_FILE`"));
        assert!(text.contains("- In the file: `sms.countries = [\"US\", \"CA\"]`"));
        assert!(text.contains("- Default: `none` in development; `127.0.0.0/8,::1/128` in production"));
    }

    #[test]
    fn the_document_says_what_the_program_says() {
        let document = include_str!("../../docs/configuration.md");
        assert!(document == reference(), "write it anew: cargo run -- config > docs/configuration.md");
    }

    #[test]
    fn the_example_environment_lacks_nothing_but_a_key() {
        let example = include_str!("../../.env.example");
        let lines = example.lines().filter_map(|line| line.split_once('='));
        let in_use: Vec<_> = lines.clone().filter(|(name, _)| name.starts_with("POSTERN_")).collect();
        let faults = with(&in_use).config.unwrap_err();
        assert_eq!(faults.0.iter().map(|fault| fault.key.as_str()).collect::<Vec<_>>(), ["secret.key"]);

        let all: Vec<_> = lines
            .map(|(name, value)| (name.trim_start_matches("# "), value))
            .chain([("POSTERN_SECRET_KEY", KEY)])
            .collect();
        let reading = with(&all);
        assert_eq!(reading.warnings, Vec::<String>::new());
        reading.config.unwrap();
    }
}
