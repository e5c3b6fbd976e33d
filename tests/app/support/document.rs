//! Documents that name tests and numbers: what they say is held against the sources.

use std::fs;
use std::path::{Path, PathBuf};

/// The text of a file of this project.
pub fn read(path: &str) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

/// The rows of every table under a heading, without its head: the cells as they are written.
pub fn rows(document: &str, heading: &str) -> Vec<Vec<String>> {
    let (_, under) = document.split_once(&format!("\n{heading}\n")).unwrap_or_else(|| panic!("no {heading}"));
    let lines = under.lines().take_while(|line| !line.starts_with("## "));
    let mut rows = Vec::new();
    let mut head = true;
    for line in lines {
        match line.strip_prefix('|') {
            Some(line) if line.trim_start().starts_with("---") => head = false,
            Some(line) if !head => {
                rows.push(line.trim_end_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect());
            }
            Some(_) => {}
            None => head = true,
        }
    }
    rows
}

/// What stands between backticks.
pub fn spans(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The tests that a text names: `module::name` of `tests/app`; of `src`, `path::tests::name` or `src/path.rs::name`.
pub fn tests_in(text: &str) -> Vec<&str> {
    let is_word = |word: &str| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let is_test = |span: &&str| {
        let Some((module, name)) = span.rsplit_once("::") else { return false };
        is_word(name) && (module.starts_with("src/") || module.split("::").all(is_word))
    };
    spans(text).into_iter().filter(is_test).collect()
}

/// What is wrong with a test that is named somewhere; `None` if it is there and is run.
pub fn fault_of(test: &str) -> Option<String> {
    let Some((module, name)) = test.rsplit_once("::") else { return Some(format!("{test} is no name")) };
    let sources: Vec<_> =
        places(module).into_iter().filter_map(|path| fs::read_to_string(path).ok()).collect();
    if sources.is_empty() {
        return Some(format!("there is no module {module}"));
    }
    let attributes = sources.iter().find_map(|source| attributes(source, name));
    match attributes {
        None => Some(format!("there is no test {test}")),
        Some(attributes) if attributes.contains("ignore") => Some(format!("{test} is ignored")),
        Some(attributes) if !attributes.contains("test") => Some(format!("{test} is no test")),
        Some(_) => None,
    }
}

/// Where a module may be written down.
fn places(module: &str) -> Vec<PathBuf> {
    if module.starts_with("src/") {
        return vec![root().join(module)];
    }
    let path = module.replace("::", "/");
    let outer = module.strip_suffix("::tests").map(|outer| outer.replace("::", "/"));
    let mut places = Vec::new();
    for tree in ["tests/app", "src"] {
        for path in outer.iter().chain([&path]) {
            places.push(root().join(tree).join(format!("{path}.rs")));
            places.push(root().join(tree).join(path).join("mod.rs"));
        }
    }
    places
}

/// The attributes above a function.
fn attributes(source: &str, name: &str) -> Option<String> {
    let lines: Vec<_> = source.lines().map(str::trim).collect();
    let begins = |line: &str| {
        let line = line.trim_start_matches("pub ").trim_start_matches("async ");
        line.strip_prefix("fn ").is_some_and(|rest| rest.starts_with(&format!("{name}(")))
    };
    let at = lines.iter().position(|line| begins(line))?;
    let above = lines.get(..at)?.iter().rev();
    Some(above.take_while(|line| line.starts_with("#[")).copied().collect::<Vec<_>>().join(" "))
}

/// The numbers of a text, in their order; `16 * 1024` is one.
pub fn numbers(text: &str) -> Vec<u64> {
    let text = text.replace(['_', ','], "");
    let mut numbers: Vec<u64> = Vec::new();
    let mut times = false;
    for part in text.split_inclusive(|c: char| !c.is_ascii_digit()) {
        let digits = part.trim_end_matches(|c: char| !c.is_ascii_digit());
        if let Ok(number) = digits.parse::<u64>() {
            match numbers.last_mut() {
                Some(last) if times => *last *= number,
                _ => numbers.push(number),
            }
            times = false;
        }
        times |= part.ends_with('*');
    }
    numbers
}

/// What a constant is set to, as it is written in its file.
pub fn constant(path: &str, name: &str) -> Option<String> {
    let source = read(path);
    let (_, rest) = source.split_once(&format!("const {name}: "))?;
    let (_, value) = rest.split_once('=')?;
    Some(value.split_once(';')?.0.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_is_missing_ignored_or_none_is_found_out() {
        assert_eq!(fault_of("support::document::tests::numbers_are_read_as_they_are_meant"), None);
        assert!(fault_of("support::document::numbers_are_read").is_some());
        assert!(fault_of("support::nowhere::at_all").is_some());
        assert!(fault_of("support::document::rows").unwrap().ends_with("is no test"));
        assert_eq!(fault_of("domain::limits::tests::a_pause_ends_by_itself_and_a_suspension_does_not"), None);
        let ignored = "#[test]\n#[ignore = \"slow\"]\nfn late() {}";
        assert!(attributes(ignored, "late").unwrap().contains("ignore"));
        assert_eq!(fault_of("src/domain/limits.rs::a_pause_ends_by_itself_and_a_suspension_does_not"), None);
        let named = "by `a::b_c`, `src/a.rs::d` and neither `src/a.rs` nor `src/a.rs::E` nor `A::B`";
        assert_eq!(tests_in(named), ["a::b_c", "src/a.rs::d"]);
    }

    #[test]
    fn numbers_are_read_as_they_are_meant() {
        assert_eq!(numbers("16 * 1024"), [16_384]);
        assert_eq!(numbers("TimeDelta::minutes(15)"), [15]);
        assert_eq!(numbers("3_600"), [3_600]);
        assert_eq!(numbers("19,456 KiB, 2 passes, 1 lane"), [19_456, 2, 1]);
        assert_eq!(numbers("3..=64"), [3, 64]);
        assert_eq!(constant("src/domain/limits.rs", "CODE_FAILURES_PAUSE").as_deref(), Some("10"));
    }

    #[test]
    fn a_table_is_read_row_by_row() {
        let document =
            "\n## One\n\nwords\n\n| a | b |\n| --- | --- |\n| 1 | `x` |\n| 2 | y |\n\n## Two\n| c |\n";
        assert_eq!(rows(document, "## One"), [["1", "`x`"], ["2", "y"]]);
    }
}
