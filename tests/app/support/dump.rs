//! A database as somebody finds it who has stolen it: every value of every table.

use data_encoding::{BASE64, BASE64_NOPAD, HEXLOWER, HEXUPPER};
use diesel::connection::SimpleConnection;
use diesel::query_dsl::methods::LoadQuery;
use diesel::sql_types::{BigInt, Text};
use diesel::{Connection, PgConnection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query};
use sha2::{Digest, Sha256};

use super::database::TestDatabase;

/// One value, and where it stands.
#[derive(Debug)]
pub struct Value {
    /// Table and column.
    pub place: String,
    /// What stands there; of text its UTF-8, of a number its digits.
    pub bytes: Vec<u8>,
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text)]
    line: String,
}

#[derive(QueryableByName)]
struct Number {
    #[diesel(sql_type = BigInt)]
    number: i64,
}

/// A further connection to the database under test, for what no page shows.
enum Looker {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}

impl Looker {
    fn at(database: &TestDatabase) -> Self {
        let url = database.url();
        match url.strip_prefix("sqlite://") {
            Some(path) => {
                let mut conn = SqliteConnection::establish(path).unwrap();
                conn.batch_execute("PRAGMA busy_timeout=20000").unwrap();
                Self::Sqlite(conn)
            }
            None => Self::Postgres(PgConnection::establish(&url).unwrap()),
        }
    }

    fn load<T>(&mut self, query: &str) -> Vec<T>
    where
        for<'a> diesel::query_builder::SqlQuery:
            LoadQuery<'a, PgConnection, T> + LoadQuery<'a, SqliteConnection, T>,
    {
        match self {
            Self::Postgres(conn) => sql_query(query).load(conn),
            Self::Sqlite(conn) => sql_query(query).load(conn),
        }
        .unwrap_or_else(|fault| panic!("{query}: {fault}"))
    }

    fn lines(&mut self, query: &str) -> Vec<String> {
        self.load::<Line>(query).into_iter().map(|row| row.line).collect()
    }

    fn tables(&mut self) -> Vec<String> {
        self.lines(match self {
            Self::Postgres(_) => {
                "SELECT table_name::text AS line FROM information_schema.tables WHERE table_schema = 'public'"
            }
            Self::Sqlite(_) => "SELECT name AS line FROM sqlite_master WHERE type = 'table'",
        })
    }

    fn columns(&mut self, table: &str) -> Vec<String> {
        let query = match self {
            Self::Postgres(_) => format!(
                "SELECT column_name::text AS line FROM information_schema.columns WHERE table_name = '{table}'"
            ),
            Self::Sqlite(_) => format!("SELECT name AS line FROM pragma_table_info('{table}')"),
        };
        self.lines(&query)
    }

    fn values(&mut self, table: &str, column: &str) -> Vec<String> {
        // Bytes come as hexadecimal digits behind a mark that no text of ours begins with.
        let query = match self {
            Self::Postgres(_) => {
                format!("SELECT {column}::text AS line FROM {table} WHERE {column} IS NOT NULL")
            }
            Self::Sqlite(_) => format!(
                "SELECT CASE typeof({column}) WHEN 'blob' THEN '\\x' || lower(hex({column})) \
                 ELSE CAST({column} AS TEXT) END AS line FROM {table} WHERE {column} IS NOT NULL"
            ),
        };
        self.lines(&query)
    }
}

/// Every value of every table.
pub fn everything(database: &TestDatabase) -> Vec<Value> {
    let mut looker = Looker::at(database);
    let mut all = Vec::new();
    for table in looker.tables() {
        for column in looker.columns(&table) {
            let values = looker.values(&table, &column).into_iter().map(|text| Value {
                place: format!("{table}.{column}"),
                bytes: match text.strip_prefix("\\x") {
                    Some(digits) => HEXLOWER.decode(digits.as_bytes()).unwrap(),
                    None => text.into_bytes(),
                },
            });
            all.extend(values);
        }
    }
    assert!(all.len() > 50, "only {} values: this is no dump", all.len());
    all
}

/// Where a secret can be read: as it is, in base64, in hexadecimal digits, or as its SHA-256.
pub fn traces(values: &[Value], secret: &str) -> Vec<String> {
    let hash = Sha256::digest(secret.as_bytes());
    let mut forms = vec![hash.to_vec(), BASE64_NOPAD.encode(&hash).into_bytes()];
    forms.push(BASE64.encode(secret.as_bytes()).trim_end_matches('=').as_bytes().to_vec());
    for bytes in [secret.as_bytes(), hash.as_slice()] {
        forms.push(HEXLOWER.encode(bytes).into_bytes());
        forms.push(HEXUPPER.encode(bytes).into_bytes());
    }
    let is_in = |value: &&Value| {
        contains_word(&value.bytes, secret.as_bytes())
            || forms.iter().any(|form| value.bytes.windows(form.len()).any(|window| window == form))
    };
    values.iter().filter(is_in).map(|value| format!("{}: {secret}", value.place)).collect()
}

/// Whether the secret stands there by itself. Six digits in the middle of a time or an identifier are no code.
fn contains_word(bytes: &[u8], word: &[u8]) -> bool {
    let is_part = |index: Option<usize>| {
        index.and_then(|index| bytes.get(index)).is_some_and(u8::is_ascii_alphanumeric)
    };
    let found = bytes.windows(word.len()).enumerate().filter(|(_, window)| *window == word);
    found.into_iter().any(|(at, _)| !is_part(at.checked_sub(1)) && !is_part(Some(at + word.len())))
}

/// The number a query answers under the name `number`.
pub fn number(database: &TestDatabase, query: &str) -> i64 {
    let rows: Vec<Number> = Looker::at(database).load(query);
    assert_eq!(rows.len(), 1, "{query}");
    rows[0].number
}

/// The texts a query answers under the name `line`.
pub fn lines(database: &TestDatabase, query: &str) -> Vec<String> {
    Looker::at(database).lines(query)
}

/// Changes rows behind the program's back.
pub fn execute(database: &TestDatabase, statement: &str) {
    match Looker::at(database) {
        Looker::Postgres(mut conn) => conn.batch_execute(statement),
        Looker::Sqlite(mut conn) => conn.batch_execute(statement),
    }
    .unwrap_or_else(|fault| panic!("{statement}: {fault}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_in_whatever_form_it_lies_there() {
        let value = |bytes: &[u8]| vec![Value { place: "t.c".to_owned(), bytes: bytes.to_vec() }];
        let hash = Sha256::digest(b"482913");
        for form in [
            b"482913".to_vec(),
            b"your code is 482913.".to_vec(),
            BASE64.encode(b"482913").into_bytes(),
            HEXLOWER.encode(b"482913").into_bytes(),
            hash.to_vec(),
            HEXUPPER.encode(&hash).into_bytes(),
            BASE64.encode(&hash).into_bytes(),
        ] {
            assert_eq!(traces(&value(&form), "482913"), ["t.c: 482913"], "{form:?}");
        }
        assert!(traces(&value(b"1795482913000000"), "482913").is_empty());
        assert!(traces(&value(b"0193482913a7"), "482913").is_empty());
    }

    #[test]
    fn a_dump_holds_what_was_written() {
        let database = TestDatabase::fresh();
        let bytes = if database.is_postgres() { "BYTEA" } else { "BLOB" };
        let literal = if database.is_postgres() { "'\\x00ff'" } else { "X'00ff'" };
        let rows = "(1, 'words', ".to_owned() + literal + "), (2, NULL, NULL)";
        execute(&database, &format!("CREATE TABLE things (n BIGINT, t TEXT, b {bytes})"));
        for _ in 0..20 {
            execute(&database, &format!("INSERT INTO things VALUES {rows}"));
        }
        let all = everything(&database);
        let of = |place: &str| {
            all.iter().filter(|value| value.place == place).map(|value| &value.bytes).collect::<Vec<_>>()
        };
        assert_eq!((of("things.n").len(), of("things.t").len()), (40, 20));
        assert_eq!(
            (of("things.t")[0].as_slice(), of("things.b")[0].as_slice()),
            (b"words".as_slice(), [0, 255].as_slice())
        );
        assert_eq!(number(&database, "SELECT count(*) AS number FROM things"), 40);
        assert_eq!(lines(&database, "SELECT DISTINCT t AS line FROM things WHERE t IS NOT NULL"), ["words"]);
    }
}
