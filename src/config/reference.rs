//! The printed reference: what `postern config` says, and `docs/configuration.md` word for word.

use std::fmt::Write;

use super::key::{About, Fallback, Shape};
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
    if about.development == about.production {
        return fallback(about, about.development);
    }
    let development = fallback(about, about.development);
    format!("{development} in development; {} in production", fallback(about, about.production))
}

fn fallback(about: &About, fallback: Fallback) -> String {
    match (fallback, about.shape) {
        (Fallback::Text(text), Shape::Text | Shape::Number | Shape::List) => format!("`{text}`"),
        (Fallback::Told(words), _) => words.to_owned(),
        (Fallback::Required, _) => "must be set".to_owned(),
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
