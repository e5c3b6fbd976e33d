//! The tables: made alike on both databases, known to the program as they are, and never read from end to end.

mod ear;
mod introspect;
mod list_plans;
mod plans;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use introspect::{Column, Kind, Table, tables};
use postern::storage::{Db, Patience, migrate};

use crate::support::database::TestDatabase;

fn folders(tree: &str) -> Vec<String> {
    let tree = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations").join(tree);
    let mut names = Vec::new();
    for entry in fs::read_dir(tree).unwrap() {
        let folder = entry.unwrap();
        for file in ["up.sql", "down.sql"] {
            let text = fs::read_to_string(folder.path().join(file)).unwrap_or_default();
            assert!(!text.trim().is_empty(), "{:?} has no {file}", folder.path());
        }
        names.push(folder.file_name().into_string().unwrap());
    }
    names.sort();
    names
}

#[test]
fn both_databases_are_migrated_by_twins_in_one_order() {
    let names = folders("sqlite");
    assert_eq!(names, folders("postgresql"));
    let mut numbers: Vec<_> = names.iter().map(|name| &name[..17]).collect();
    numbers.dedup();
    assert_eq!(numbers.len(), names.len(), "two migrations have one number: {names:?}");
    for name in &names {
        let (number, what) = name.split_at(17);
        let digits = number.chars().filter(char::is_ascii_digit).count();
        assert!(digits == 14 && what.starts_with('_'), "{name}: a date, a number of six digits, verb_object");
    }
}

#[actix_web::test]
async fn every_migration_can_be_taken_back_and_applied_again() {
    let database = TestDatabase::fresh();
    let db = Db::open(database.location(), Patience::default()).unwrap();
    let mut conn = database.location().connect().unwrap();
    assert!(migrate::is_pending(&db).await.unwrap());
    let applied = migrate::run(&db).await.unwrap();
    assert_eq!(applied.len(), folders("sqlite").len());
    assert!(!migrate::is_pending(&db).await.unwrap());
    let first = tables(&mut conn);

    migrate::revert_all(&db).await.unwrap();
    assert_eq!(tables(&mut conn), BTreeMap::new(), "something stays behind");
    assert_eq!(migrate::run(&db).await.unwrap(), applied);
    assert_eq!(tables(&mut conn), first);
    assert!(migrate::run(&db).await.unwrap().is_empty());
}

async fn migrated() -> BTreeMap<String, Table> {
    let database = TestDatabase::fresh();
    let db = Db::open(database.location(), Patience::default()).unwrap();
    migrate::run(&db).await.unwrap();
    tables(&mut database.location().connect().unwrap())
}

#[actix_web::test]
async fn the_program_knows_the_tables_as_the_migrations_make_them() {
    let made = migrated().await;
    let known = known();
    assert_eq!(known.keys().collect::<Vec<_>>(), made.keys().collect::<Vec<_>>());
    for (name, (key, columns)) in &known {
        let table = &made[name];
        assert_eq!(&table.key, key, "the key of {name}");
        assert_eq!(&table.columns, columns, "the columns of {name}");
    }
}

/// What `src/storage/schema.rs` says: for each table its key and its columns.
fn known() -> BTreeMap<String, (Vec<String>, BTreeMap<String, Column>)> {
    let mut known = BTreeMap::new();
    let source = include_str!("../../src/storage/schema.rs");
    for block in source.split("\ntable! {\n").skip(1) {
        let mut lines = block.lines();
        let (name, key) = lines.next().unwrap().trim().split_once(" (").unwrap();
        let key = key.trim_end_matches(") {").split(", ").map(str::to_owned).collect();
        let columns = lines.map_while(|line| line.trim().strip_suffix(',')).map(|line| {
            let (column, kind) = line.split_once(" -> ").unwrap();
            let inner = kind.strip_prefix("Nullable<").and_then(|kind| kind.strip_suffix('>'));
            let what = Column { kind: Kind::of_diesel(inner.unwrap_or(kind)), may_be_null: inner.is_some() };
            (column.to_owned(), what)
        });
        known.insert(name.to_owned(), (key, columns.collect()));
    }
    assert!(known.len() >= 12, "{known:?}");
    known
}

#[actix_web::test]
async fn whatever_refers_to_another_row_is_found_by_an_index() {
    let mut without = Vec::new();
    for (name, table) in migrated().await {
        for column in &table.references {
            let is_first = |index: &Vec<String>| index.first() == Some(column);
            if !table.indexes.iter().any(is_first) && table.key.first() != Some(column) {
                without.push(format!("{name}.{column}"));
            }
        }
    }
    assert!(without.is_empty(), "deleting what they refer to reads the whole table: {without:?}");
}
