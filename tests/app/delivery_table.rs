//! The table of faults in docs/ names tests that exist.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

const TABLE: &str = include_str!("../../docs/delivery-tests.md");

/// What does not stand in it: an adapter that does not exist.
const LEFT_OUT: usize = 45;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_owned()
}

/// What stands between backticks in a text.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The file in which a test is, and its name: `outbox::lanes::what_is_late` is in `tests/app/outbox/lanes.rs`.
fn place(test: &str) -> Option<(PathBuf, &str)> {
    let (module, name) = test.rsplit_once("::")?;
    let file = if module.starts_with("src/") {
        module.to_owned()
    } else {
        format!("tests/app/{}.rs", module.replace("::", "/"))
    };
    Some((root().join(file), name))
}

fn exists(test: &str) -> bool {
    let Some((file, name)) = place(test) else { return false };
    let Ok(source) = fs::read_to_string(file) else { return false };
    let lines: Vec<_> = source.lines().map(str::trim).collect();
    let Some(at) =
        lines.iter().position(|line| line.trim_start_matches("async ").starts_with(&format!("fn {name}(")))
    else {
        return false;
    };
    lines[..at].last().is_some_and(|line| line.starts_with("#[") && line.contains("test]"))
}

#[test]
fn every_test_that_is_named_exists() {
    let named: Vec<_> = quoted(TABLE).filter(|quoted| quoted.contains("::")).collect();
    assert!(named.len() > 90, "only {} tests are named", named.len());
    let missing: Vec<_> = named.into_iter().filter(|test| !exists(test)).collect();
    assert_eq!(missing, [""; 0], "not found, or no test");
}

#[test]
fn every_fault_has_a_line_and_every_line_a_test() {
    let rows: Vec<_> = TABLE.lines().filter(|line| line.starts_with("| D")).collect();
    let numbers: BTreeSet<usize> = rows.iter().map(|row| row[3..5].parse().unwrap()).collect();
    let expected: BTreeSet<usize> = (1..=50).filter(|number| *number != LEFT_OUT).collect();
    assert_eq!((rows.len(), numbers), (expected.len(), expected));
    for row in rows {
        let cells: Vec<_> = row.trim_matches('|').split(" | ").collect();
        assert_eq!(cells.len(), 4, "{row}");
        assert!(quoted(cells[3]).any(|quoted| quoted.contains("::")), "{row}");
    }
}
