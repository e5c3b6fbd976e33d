//! Just enough Rust to find the paths a source file names: comments and literals go, `use` trees are spelt out, items
//! under `#[cfg(test)]` are left aside.

/// A path that a file names, such as `crate::storage::Db`, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPath {
    /// The segments; a glob is `*`.
    pub segments: Vec<String>,
    /// The line it starts on, from 1.
    pub line: usize,
    /// Whether a `pub use` hands it on.
    pub handed_on: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Token {
    kind: Kind,
    line: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Word(String),
    /// `::`
    Colons,
    Sign(char),
}

/// A source file, taken apart.
#[derive(Debug)]
pub struct Source {
    tokens: Vec<Token>,
    shipped: Vec<Token>,
}

impl Source {
    /// Takes the text of a file apart.
    pub fn read(text: &str) -> Self {
        let tokens = tokens(text);
        let shipped = without_tests(&tokens);
        Self { tokens, shipped }
    }

    /// Every path that the shipped program names: in `use` trees, and anywhere else where `::` follows a word.
    pub fn paths(&self) -> Vec<NamedPath> {
        let tokens = &self.shipped;
        let mut paths = Vec::new();
        let mut at = 0;
        while at < tokens.len() {
            let word = tokens[at].word();
            if matches!(word, Some("use" | "extern")) {
                let end = end_of_use(tokens, at);
                let handed_on = at > 0 && matches!(tokens[at - 1].kind, Kind::Word(_) | Kind::Sign(')'));
                let from = if word == Some("extern") { at + 2 } else { at + 1 };
                tree(&tokens[from.min(end)..end], &[], handed_on, &mut paths);
                at = end;
            } else {
                at += plain(&tokens[at..], &mut paths);
            }
        }
        paths
    }

    /// The lines on which this piece of code stands, however it is spaced; tests are not excused.
    pub fn lines_with(&self, code: &str) -> Vec<usize> {
        lines_with(&self.tokens, code)
    }

    /// The same, in the shipped program alone.
    pub fn shipped_lines_with(&self, code: &str) -> Vec<usize> {
        lines_with(&self.shipped, code)
    }
}

fn lines_with(tokens: &[Token], code: &str) -> Vec<usize> {
    let wanted = tokens_of(code);
    let windows = tokens.windows(wanted.len());
    let found = windows.filter(|window| window.iter().map(|token| &token.kind).eq(wanted.iter()));
    found.map(|window| window[0].line).collect()
}

impl Token {
    fn word(&self) -> Option<&str> {
        if let Kind::Word(word) = &self.kind { Some(word) } else { None }
    }

    fn is(&self, sign: char) -> bool {
        self.kind == Kind::Sign(sign)
    }
}

/// A path outside a `use`: pushes it and tells how many tokens it took.
fn plain(tokens: &[Token], paths: &mut Vec<NamedPath>) -> usize {
    let mut segments = Vec::new();
    let mut taken = usize::from(tokens[0].kind == Kind::Colons);
    while let Some(word) = tokens.get(taken).and_then(Token::word) {
        segments.push(word.to_owned());
        taken += 1;
        if tokens.get(taken).map(|token| &token.kind) != Some(&Kind::Colons) {
            break;
        }
        taken += 1;
    }
    if segments.len() > 1 || (segments.len() == 1 && taken > 1) {
        paths.push(NamedPath { segments, line: tokens[0].line, handed_on: false });
    }
    taken.max(1)
}

/// One branch of a `use` tree, and all below it.
fn tree(tokens: &[Token], stem: &[String], handed_on: bool, paths: &mut Vec<NamedPath>) {
    for branch in branches(tokens) {
        let mut segments = stem.to_vec();
        let line = branch[0].line;
        let mut rest = branch;
        loop {
            match rest.first().map(|token| &token.kind) {
                Some(Kind::Colons) => rest = &rest[1..],
                Some(Kind::Word(word)) if word != "as" => {
                    segments.push(word.clone());
                    rest = &rest[1..];
                }
                Some(Kind::Sign('*')) => {
                    segments.push("*".to_owned());
                    rest = &rest[1..];
                }
                Some(Kind::Sign('{')) => {
                    tree(&rest[1..rest.len() - 1], &segments, handed_on, paths);
                    break;
                }
                Some(Kind::Word(_) | Kind::Sign(_)) | None => {
                    paths.push(NamedPath { segments, line, handed_on });
                    break;
                }
            }
        }
    }
}

/// What commas part, commas inside braces aside.
fn branches(tokens: &[Token]) -> Vec<&[Token]> {
    let mut depth = 0_usize;
    let parts = tokens.split(|token| {
        match token.kind {
            Kind::Sign('{') => depth += 1,
            Kind::Sign('}') => depth = depth.saturating_sub(1),
            Kind::Sign(_) | Kind::Word(_) | Kind::Colons => {}
        }
        depth == 0 && token.is(',')
    });
    parts.filter(|part| !part.is_empty()).collect()
}

fn end_of_use(tokens: &[Token], from: usize) -> usize {
    tokens[from..].iter().position(|token| token.is(';')).map_or(tokens.len(), |length| from + length)
}

/// The tokens without what stands under `#[cfg(test)]`.
fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let mark: Vec<Kind> = tokens_of("#[cfg(test)]");
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let here = tokens[at..].iter().take(mark.len()).map(|token| &token.kind);
        if here.eq(mark.iter()) {
            at = end_of_item(tokens, at + mark.len());
        } else {
            kept.push(tokens[at].clone());
            at += 1;
        }
    }
    kept
}

/// Where the item that starts here ends: after its block, or after its semicolon.
fn end_of_item(tokens: &[Token], from: usize) -> usize {
    let is_use = tokens.get(from).and_then(Token::word) == Some("use");
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(from) {
        match token.kind {
            Kind::Sign('{' | '(' | '[') => depth += 1,
            Kind::Sign('}' | ')' | ']') => {
                depth = depth.saturating_sub(1);
                if depth == 0 && token.is('}') && !is_use {
                    return at + 1;
                }
            }
            Kind::Sign(';') if depth == 0 => return at + 1,
            Kind::Sign(_) | Kind::Word(_) | Kind::Colons => {}
        }
    }
    tokens.len()
}

fn tokens_of(text: &str) -> Vec<Kind> {
    tokens(text).into_iter().map(|token| token.kind).collect()
}

/// Words, `::` and single signs; comments, strings, characters and lifetimes are passed over.
fn tokens(text: &str) -> Vec<Token> {
    let letters: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < letters.len() {
        let rest = &letters[at..];
        let (length, kind) = match passed_over(rest) {
            Some(length) => (length, None),
            None => token(rest),
        };
        tokens.extend(kind.map(|kind| Token { kind, line }));
        line += rest.iter().take(length).filter(|letter| **letter == '\n').count();
        at += length;
    }
    tokens
}

fn token(rest: &[char]) -> (usize, Option<Kind>) {
    let is_word = |letter: &&char| letter.is_alphanumeric() || **letter == '_';
    match rest {
        [':', ':', ..] => (2, Some(Kind::Colons)),
        [letter, ..] if letter.is_whitespace() => (1, None),
        [letter, ..] if is_word(&letter) => {
            let word: String = rest.iter().take_while(is_word).collect();
            (word.chars().count(), Some(Kind::Word(word)))
        }
        [letter, ..] => (1, Some(Kind::Sign(*letter))),
        [] => (1, None),
    }
}

/// How long the comment, string, character or lifetime is that starts here, if one does.
fn passed_over(rest: &[char]) -> Option<usize> {
    match rest {
        ['/', '/', ..] => Some(rest.iter().take_while(|letter| **letter != '\n').count()),
        ['/', '*', ..] => Some(block_comment(rest)),
        ['"', ..] => Some(quoted(rest, 0)),
        ['b' | 'c', '"', ..] => Some(quoted(rest, 1)),
        ['b' | 'c', 'r', '"' | '#', ..] => raw(rest, 2),
        ['r', '"' | '#', ..] => raw(rest, 1),
        ['b', '\'', ..] => Some(1 + character(&rest[1..])),
        ['\'', ..] => Some(character(rest)),
        _ => None,
    }
}

fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        match rest[at..] {
            ['/', '*', ..] => depth += 1,
            ['*', '/', ..] => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            break;
        }
    }
    at
}

fn quoted(rest: &[char], from: usize) -> usize {
    let mut at = from + 1;
    while at < rest.len() && rest[at] != '"' {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(rest.len())
}

/// A raw string; `None` for a raw word such as `r#type`.
fn raw(rest: &[char], from: usize) -> Option<usize> {
    let hashes = rest[from..].iter().take_while(|letter| **letter == '#').count();
    let open = from + hashes;
    if rest.get(open) != Some(&'"') {
        return None;
    }
    let mut end = vec!['"'];
    end.resize(hashes + 1, '#');
    let body = &rest[open + 1..];
    let length = body.windows(end.len()).position(|window| window == end).unwrap_or(body.len());
    Some((open + 1 + length + end.len()).min(rest.len()))
}

/// A character literal, or the tick of a lifetime.
fn character(rest: &[char]) -> usize {
    match rest {
        ['\'', '\\', ..] => 4 + rest[3..].iter().take_while(|letter| **letter != '\'').count(),
        ['\'', _, '\'', ..] => 3,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Vec<String> {
        Source::read(text).paths().iter().map(|path| path.segments.join("::")).collect()
    }

    #[test]
    fn use_trees_are_spelt_out() {
        let text = "pub use crate::{storage::{self, Db as Base}, domain::*};\nuse ::diesel;";
        assert_eq!(named(text), ["crate::storage::self", "crate::storage::Db", "crate::domain::*", "diesel"]);
        let paths = Source::read(text).paths();
        assert_eq!((paths[0].handed_on, paths[3].handed_on, paths[3].line), (true, false, 2));
        assert_eq!(named("pub(crate) use a::b; extern crate diesel;"), ["a::b", "diesel"]);
    }

    #[test]
    fn paths_in_code_are_found_but_not_in_comments_and_literals() {
        let text = r##"
            // diesel::a
            /* diesel::b /* diesel::c */ diesel::d */
            fn f<'a>(x: &'a str) -> Vec<actix_web::Error> { let c = ['"', '\'','"','\\', '\u{22}']; g("diesel::e\"", r#"diesel::f""#);
            b"diesel::g"; <diesel::h as crate::T>::i(); #[derive(serde::Serialize)] struct S; Self::j() }
        "##;
        let expected = ["actix_web::Error", "diesel::h", "crate::T", "i", "serde::Serialize", "Self::j"];
        assert_eq!(named(text), expected);
    }

    #[test]
    fn what_only_tests_name_is_left_aside() {
        let text = "#[cfg(test)]\nmod tests { use diesel::a; fn f() { diesel::b() } }\n\
            #[cfg(test)] use diesel::{c, d};\n#[cfg(test)]\n#[path = \"x\"] mod t;\nuse url::Url;";
        assert_eq!(named(text), ["url::Url"]);
        assert_eq!(Source::read(text).lines_with("diesel :: b"), [2]);
    }
}
