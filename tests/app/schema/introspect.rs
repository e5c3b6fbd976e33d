//! What a database says of its tables.

use std::collections::{BTreeMap, BTreeSet};

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::{BigInt, Text};
use diesel::sqlite::Sqlite;
use postern::storage::AnyConnection;

/// A class of types that both databases have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Binary,
    BigInt,
    Integer,
    Bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub kind: Kind,
    pub may_be_null: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    pub columns: BTreeMap<String, Column>,
    /// The primary key.
    pub key: Vec<String>,
    /// The columns of each index, in their order.
    pub indexes: BTreeSet<Vec<String>>,
    /// The columns that refer to another table.
    pub references: BTreeSet<String>,
}

impl Kind {
    pub fn of_diesel(name: &str) -> Self {
        match name {
            "Text" => Self::Text,
            "Binary" => Self::Binary,
            "BigInt" => Self::BigInt,
            "Integer" => Self::Integer,
            "Bool" => Self::Bool,
            other => panic!("{other} is not for both databases"),
        }
    }

    fn of_sql(name: &str) -> Self {
        match name.to_ascii_uppercase().as_str() {
            "TEXT" => Self::Text,
            "BLOB" | "BYTEA" => Self::Binary,
            "BIGINT" => Self::BigInt,
            "INTEGER" => Self::Integer,
            "BOOLEAN" => Self::Bool,
            other => panic!("{other} is not for both databases"),
        }
    }
}

#[derive(QueryableByName)]
struct ColumnRow {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    may_be_null: i64,
}

/// A column in its place within something: a key, an index, a reference.
#[derive(QueryableByName)]
struct PlacedRow {
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    column_name: String,
}

/// What to ask: columns; key columns; index columns; referring columns. Each list in order.
struct Questions {
    columns: &'static str,
    keys: &'static str,
    indexes: &'static str,
    references: &'static str,
}

const SQLITE: Questions = Questions {
    columns: "SELECT t.name AS table_name, c.name AS column_name, c.type AS kind, 1 - c.\"notnull\" AS may_be_null
        FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table'",
    keys: "SELECT t.name AS table_name, '' AS name, c.name AS column_name
        FROM sqlite_master t, pragma_table_info(t.name) c WHERE t.type = 'table' AND c.pk > 0 ORDER BY t.name, c.pk",
    indexes: "SELECT t.name AS table_name, i.name AS name, c.name AS column_name
        FROM sqlite_master t, pragma_index_list(t.name) i, pragma_index_info(i.name) c
        WHERE t.type = 'table' AND i.partial = 0 ORDER BY t.name, i.name, c.seqno",
    references: "SELECT t.name AS table_name, f.\"table\" AS name, f.\"from\" AS column_name
        FROM sqlite_master t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table'",
};

const POSTGRES: Questions = Questions {
    columns: "SELECT table_name::text, column_name::text, data_type::text AS kind,
            (CASE is_nullable WHEN 'YES' THEN 1 ELSE 0 END)::bigint AS may_be_null
        FROM information_schema.columns WHERE table_schema = 'public'",
    keys: "SELECT t.relname::text AS table_name, ''::text AS name, a.attname::text AS column_name
        FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
        JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, place) ON true
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum
        WHERE i.indisprimary AND t.relnamespace = 'public'::regnamespace ORDER BY t.relname, k.place",
    indexes: "SELECT t.relname::text AS table_name, c.relname::text AS name, a.attname::text AS column_name
        FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid JOIN pg_class c ON c.oid = i.indexrelid
        JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, place) ON true
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.attnum
        WHERE i.indpred IS NULL AND t.relnamespace = 'public'::regnamespace
        ORDER BY t.relname, c.relname, k.place",
    references:
        "SELECT t.relname::text AS table_name, f.conname::text AS name, a.attname::text AS column_name
        FROM pg_constraint f JOIN pg_class t ON t.oid = f.conrelid
        JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = f.conkey[1]
        WHERE f.contype = 'f' AND t.relnamespace = 'public'::regnamespace",
};

fn ask<T>(conn: &mut AnyConnection, question: impl Fn(&Questions) -> &'static str) -> Vec<T>
where
    T: QueryableByName<Sqlite> + QueryableByName<Pg> + 'static,
{
    match conn {
        AnyConnection::Sqlite(conn) => sql_query(question(&SQLITE)).load(conn).unwrap(),
        AnyConnection::Postgres(conn) => sql_query(question(&POSTGRES)).load(conn).unwrap(),
    }
}

/// All tables but the migrations' own.
pub fn tables(conn: &mut AnyConnection) -> BTreeMap<String, Table> {
    let mut tables: BTreeMap<String, Table> = BTreeMap::new();
    for ColumnRow { table_name, column_name, kind, may_be_null } in ask(conn, |them| them.columns) {
        if table_name != "__diesel_schema_migrations" {
            let column = Column { kind: Kind::of_sql(&kind), may_be_null: may_be_null == 1 };
            tables.entry(table_name).or_default().columns.insert(column_name, column);
        }
    }
    let mut indexes: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for row in ask::<PlacedRow>(conn, |them| them.indexes) {
        indexes.entry((row.table_name, row.name)).or_default().push(row.column_name);
    }
    let (keys, references) =
        (ask::<PlacedRow>(conn, |them| them.keys), ask::<PlacedRow>(conn, |them| them.references));
    for (name, table) in &mut tables {
        let of_this = |row: &&PlacedRow| row.table_name == *name;
        table.key = keys.iter().filter(of_this).map(|row| row.column_name.clone()).collect();
        table.references = references.iter().filter(of_this).map(|row| row.column_name.clone()).collect();
        let own = indexes.iter().filter(|((table, _), _)| table == name);
        table.indexes = own.map(|(_, columns)| columns.clone()).collect();
    }
    tables
}
