//! What a key is: its name and how it is read, side by side, so that the reader and the printed reference cannot disagree.

use std::borrow::Cow;

use super::settings::Mode;

/// Every environment variable of ours begins with this.
pub const VARIABLE_PREFIX: &str = "POSTERN_";

/// Why a value is refused. Never contains the value: one slip and a password put into the wrong key stands in a log.
pub type Reason = Cow<'static, str>;

/// One setting: what is said about it, and the parser that makes a `T` of its text.
pub struct Key<T> {
    /// What is said about it.
    pub about: About,
    /// Text to value.
    pub parse: fn(&str) -> Result<T, Reason>,
}

/// What is said about a setting.
#[derive(Debug)]
pub struct About {
    /// The name in the file, with dots.
    pub name: &'static str,
    /// What it does, in whole sentences.
    pub meaning: &'static str,
    /// A value that is accepted.
    pub example: &'static str,
    /// What holds in development mode when nothing is set.
    pub development: Fallback,
    /// What holds in production mode when nothing is set.
    pub production: Fallback,
    /// How it is written in the file.
    pub shape: Shape,
    /// Whether it is a secret, which can then also be given as the name of a file (`…_file`).
    pub is_secret: bool,
}

/// What holds when nothing is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fallback {
    /// This text, read by the key's own parser.
    Text(&'static str),
    /// No value, or one that follows from other keys; the words say which.
    Told(&'static str),
    /// Nothing: the operator must say it.
    Required,
}

/// How a value is written in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// In quotes.
    Text,
    /// A whole number.
    Number,
    /// A list of texts.
    List,
}

impl<T> Key<T> {
    /// A text that is optional in both modes; the methods below say otherwise.
    pub const fn new(
        name: &'static str,
        example: &'static str,
        parse: fn(&str) -> Result<T, Reason>,
        meaning: &'static str,
    ) -> Self {
        let unset = Fallback::Told("not set");
        let about = About {
            name,
            meaning,
            example,
            development: unset,
            production: unset,
            shape: Shape::Text,
            is_secret: false,
        };
        Self { about, parse }
    }

    /// The value in both modes when nothing is set.
    pub const fn or(self, text: &'static str) -> Self {
        self.or_in_mode(Fallback::Text(text), Fallback::Text(text))
    }

    /// What holds in each mode when nothing is set.
    pub const fn or_in_mode(mut self, development: Fallback, production: Fallback) -> Self {
        self.about.development = development;
        self.about.production = production;
        self
    }

    /// A whole number.
    pub const fn number(mut self) -> Self {
        self.about.shape = Shape::Number;
        self
    }

    /// A list: an array in the file, comma-separated in the environment.
    pub const fn list(mut self) -> Self {
        self.about.shape = Shape::List;
        self
    }

    /// A secret: never shown, and also accepted as `…_file`.
    pub const fn secret(mut self) -> Self {
        self.about.is_secret = true;
        self
    }
}

impl About {
    /// The environment variable: dots as underscores.
    pub fn variable(&self) -> String {
        variable(self.name)
    }

    /// The key that names a file holding the value, if this is a secret.
    pub fn file_name(&self) -> Option<String> {
        self.is_secret.then(|| format!("{}_file", self.name))
    }

    /// What holds when nothing is set. While the mode itself is in doubt, nothing is demanded.
    pub fn fallback(&self, mode: Option<Mode>) -> Fallback {
        match mode {
            Some(Mode::Production) => self.production,
            Some(Mode::Development) | None => self.development,
        }
    }

    /// The example as it stands in the file after the `=`.
    pub fn example_in_file(&self) -> String {
        match self.shape {
            Shape::Text => format!("\"{}\"", self.example),
            Shape::Number => self.example.to_owned(),
            Shape::List => {
                let items: Vec<String> = items(self.example).map(|item| format!("\"{item}\"")).collect();
                format!("[{}]", items.join(", "))
            }
        }
    }
}

/// The environment variable of a key or of a secret's `…_file`.
pub fn variable(name: &str) -> String {
    format!("{VARIABLE_PREFIX}{}", name.replace('.', "_").to_ascii_uppercase())
}

/// The items of a comma-separated list.
pub fn items(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty())
}
