//! `docs/security.md`, held against the program: every test it names is there and is run, every number is that of the code.

use crate::support::document::{constant, fault_of, numbers, read, rows, spans, tests_in};

const DOCUMENT: &str = "docs/security.md";
const BYPASSES: &str = "## How it was got around elsewhere";
const NUMBERS: &str = "## The numbers";
const REQUIREMENTS: &str = "## OWASP ASVS 5.0, requirement by requirement";

#[test]
fn every_test_it_names_is_there_and_is_run() {
    let document = read(DOCUMENT);
    let named = tests_in(&document);
    assert!(named.len() > 100, "only {} tests are named", named.len());
    let faults: Vec<_> = named.into_iter().filter_map(fault_of).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn every_incident_has_a_test_or_a_reason() {
    let rows = rows(&read(DOCUMENT), BYPASSES);
    assert_eq!(rows.len(), 49);
    for (n, row) in rows.iter().enumerate() {
        let [number, incident, cause, ours, proof] = row.as_slice() else { panic!("{row:?}") };
        assert_eq!(number, &(n + 1).to_string());
        assert!([incident, cause, ours].iter().all(|cell| !cell.is_empty()), "{row:?}");
        assert!(!tests_in(proof).is_empty() || proof.starts_with("None: "), "{row:?}");
    }
}

#[test]
fn every_story_of_a_bypass_is_in_the_table() {
    let document = read(DOCUMENT);
    let mut stories = 0;
    for module in ["computers", "limits", "outside", "recipients", "steps"] {
        let source = read(&format!("tests/app/bypasses/{module}.rs"));
        for after in source.split("test]\n").skip(1) {
            let (_, rest) = after.split_once("fn ").unwrap();
            let name = rest.split('(').next().unwrap();
            let full = format!("bypasses::{module}::{name}");
            assert!(document.contains(&format!("`{full}`")), "{full} proves nothing in {DOCUMENT}");
            stories += 1;
        }
    }
    assert!(stories > 15);
}

#[test]
fn every_requirement_has_a_test_or_is_called_a_deviation() {
    let rows = rows(&read(DOCUMENT), REQUIREMENTS);
    assert!(rows.len() > 60, "only {} requirements", rows.len());
    for row in &rows {
        let [id, where_met, proof] = row.as_slice() else { panic!("{row:?}") };
        let parts: Vec<_> = id.split('.').map(|part| part.parse::<u8>().unwrap()).collect();
        assert!(parts.len() == 3 && [3, 6, 7, 8, 11, 13, 14, 16].contains(&parts[0]), "{id}");
        assert!(!where_met.is_empty(), "{id}");
        let said = ["Deviation", "Not by a test: "].iter().any(|word| proof.starts_with(word));
        assert!(said || !tests_in(proof).is_empty(), "{id} is proven by nothing: {proof}");
    }
    let order: Vec<Vec<u8>> =
        rows.iter().map(|row| row[0].split('.').map(|part| part.parse().unwrap()).collect()).collect();
    assert!(order.is_sorted() && order.windows(2).all(|two| two[0] != two[1]), "in order, each once");
}

/// What a number of the table comes from: a constant, or the default of a setting.
fn source_of(place: &str) -> String {
    match place.split_once("::") {
        Some((path, name)) => constant(path, name).unwrap_or_else(|| panic!("no constant {place}")),
        None => {
            let reference = read("docs/configuration.md");
            let (_, about) =
                reference.split_once(&format!("`{place}`\n")).unwrap_or_else(|| panic!("no setting {place}"));
            let default = about.lines().find_map(|line| line.strip_prefix("- Default: ")).unwrap();
            default.to_owned()
        }
    }
}

#[test]
fn every_number_is_that_of_the_code() {
    let rows = rows(&read(DOCUMENT), NUMBERS);
    assert!(rows.len() > 40, "only {} numbers", rows.len());
    let mut faults = Vec::new();
    for row in &rows {
        let [what, number, place] = row.as_slice() else { panic!("{row:?}") };
        let is: Vec<_> = spans(place).into_iter().map(source_of).collect();
        let in_code: Vec<_> = is.iter().flat_map(|value| numbers(value)).collect();
        let units = ["seconds", "minutes", "hours", "days"].into_iter();
        let unit = units.filter(|unit| is.iter().any(|value| value.contains(&format!("{unit}("))));
        let has_unit = unit.map(|unit| unit.trim_end_matches('s')).all(|unit| number.contains(unit));
        if is.is_empty() || in_code.is_empty() || numbers(number) != in_code || !has_unit {
            faults.push(format!("{what}: {number} is said, and the code says {is:?}"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_limit_of_the_code_is_left_out() {
    let document = read(DOCUMENT);
    for path in
        ["src/domain/limits.rs", "src/domain/challenge.rs", "src/domain/link.rs", "src/domain/recovery.rs"]
    {
        for line in read(path).lines().filter_map(|line| line.strip_prefix("pub const ")) {
            let name = line.split(':').next().unwrap();
            assert!(document.contains(&format!("`{path}::{name}`")), "{path}::{name} is not in the table");
        }
    }
}
