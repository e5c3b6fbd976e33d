//! The table of faults in docs/ names tests that exist.

use std::collections::BTreeSet;

use crate::support::document::{fault_of, tests_in};

const TABLE: &str = include_str!("../../docs/delivery-tests.md");

/// What does not stand in it: an adapter that does not exist.
const LEFT_OUT: usize = 45;

#[test]
fn every_test_that_is_named_is_there_and_is_run() {
    let named = tests_in(TABLE);
    assert!(named.len() > 90, "only {} tests are named", named.len());
    let faults: Vec<_> = named.into_iter().filter_map(fault_of).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
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
        assert!(!tests_in(cells[3]).is_empty(), "{row}");
    }
}
