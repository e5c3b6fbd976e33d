//! A Postern that has been used for a year: accounts of all kinds and the lines of its log, for measurements and for tests
//! of how queries go at size. Made with the same dice each time, by statements of five hundred rows that both databases read.
//!
//! The accounts have everything that lists show. Their codes by SMS have no number behind them: sealing one needs a key.

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::HEXLOWER;
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{QueryableByName, RunQueryDsl, sql_query};
use postern::domain::account::{Account, State};
use postern::domain::event::EventKind;
use postern::domain::ids::{ID_BYTES, Id};
use postern::domain::token::Token;
use postern::storage::AnyConnection;
use sha2::{Digest, Sha256};

/// How much there is to be.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    pub accounts: usize,
    pub events: usize,
    /// How many of the accounts are logged in somewhere, and trust that computer.
    pub browsers: usize,
}

/// What the issue promises to be quick with.
pub const FULL: Size = Size { accounts: 100_000, events: 1_000_000, browsers: 0 };

const ROWS_A_STATEMENT: usize = 500;

const FIRST: [&str; 20] = [
    "Ada", "Grace", "Linus", "Renée", "Søren", "Zoë", "Mara", "Daniel", "Hanna", "Ana", "Priya", "Kwame",
    "Mei", "Olga", "Yusuf", "Ingrid", "Tomás", "Aoife", "Noor", "Björn",
];
const LAST: [&str; 20] = [
    "Byron",
    "Hopper",
    "Torvalds",
    "Tremblay",
    "Kierkegaard",
    "O'Brien",
    "Voss",
    "Okafor",
    "Lindqvist",
    "Pereira",
    "Raman",
    "Mensah",
    "Chen",
    "Ivanova",
    "Demir",
    "Larsen",
    "García",
    "Murphy",
    "Haddad",
    "Åkesson",
];
/// Names as they are, and as they are not meant to be.
const ODD: [&str; 8] = [
    "王小明",
    "محمد بن عبد الله",
    "<b>Bold</b> & \"quoted\"",
    "=HYPERLINK(\"http://evil.example\")",
    "Wolfeschlegelsteinhausenbergerdorff Wolfeschlegelsteinhausenbergerdorff Senior of the Northern Harbour",
    "'; DROP TABLE accounts; --",
    "🦉 Owl",
    "Dock 2 shared desk",
];

/// What an account's owner never does.
const OTHERS_DO: [EventKind; 10] = [
    EventKind::AccountCreated,
    EventKind::Unlocked,
    EventKind::TwoFactorReset,
    EventKind::TwoFactorRequired,
    EventKind::TwoFactorOptional,
    EventKind::PassIssued,
    EventKind::Disabled,
    EventKind::Enabled,
    EventKind::Promoted,
    EventKind::Demoted,
];

/// The same dice each time: xorshift, after Marsaglia.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(sides).unwrap()).unwrap()
    }

    fn one_in(&mut self, many: usize) -> bool {
        self.roll(many) == 0
    }

    fn of<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.roll(choices.len())]
    }

    fn id<K>(&mut self, at: DateTime<Utc>) -> Id<K> {
        let mut bytes = [0; ID_BYTES];
        bytes.fill_with(|| u8::try_from(self.roll(256)).unwrap());
        Id::new(at, &bytes)
    }
}

/// Fills a migrated database. Everybody's password is the one behind `password_hash`.
pub fn fill(conn: &mut AnyConnection, size: Size, now: DateTime<Utc>, password_hash: &str) {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    if let AnyConnection::Sqlite(file) = conn {
        file.batch_execute("PRAGMA cache_size=-262144; PRAGMA synchronous=OFF").unwrap();
    }
    let indexes = take_indexes_down(conn);
    let (mut ids, mut factors) = (Vec::new(), Vec::new());
    let accounts = (0..size.accounts).map(|n| {
        let (id, row, factor) = account(&mut dice, n, now, password_hash);
        ids.push(id);
        factors.extend(factor);
        row
    });
    insert(conn, ACCOUNTS, accounts);
    insert(conn, FACTORS, factors.into_iter());
    let step = TimeDelta::days(390) / i32::try_from(size.events.max(1)).unwrap();
    let began = now - TimeDelta::days(390);
    let events = (0..size.events).map(|n| event(&mut dice, &ids, began + step * i32::try_from(n).unwrap()));
    insert(conn, EVENTS, events);
    let is_postgres = matches!(conn, AnyConnection::Postgres(_));
    let browsers = ids.iter().take(size.browsers);
    insert(conn, SESSIONS, browsers.clone().map(|id| session(&mut dice, id, now, is_postgres)));
    insert(conn, COMPUTERS, browsers.map(|id| computer(&mut dice, id, now, is_postgres)));
    for index in indexes {
        conn.batch_execute(&index.sql).unwrap();
    }
    let settle = match conn {
        // As after a while, when the server has tidied up by itself: else the plans depend on when it does.
        AnyConnection::Postgres(_) => "VACUUM ANALYZE",
        // The program keeps no statistics for SQLite, so nothing that is measured may lean on them.
        AnyConnection::Sqlite(_) => "PRAGMA wal_checkpoint(TRUNCATE)",
    };
    conn.batch_execute(settle).unwrap();
}

#[derive(QueryableByName)]
struct Index {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    sql: String,
}

/// Made at the end, in one go, they cost a tenth of what they cost row by row.
fn take_indexes_down(conn: &mut AnyConnection) -> Vec<Index> {
    let indexes: Vec<Index> = match conn {
        AnyConnection::Sqlite(file) => {
            sql_query("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").load(file)
        }
        AnyConnection::Postgres(server) => sql_query(
            "SELECT indexname::text AS name, indexdef AS sql FROM pg_indexes WHERE schemaname = current_schema() \
             AND NOT EXISTS (SELECT 1 FROM pg_constraint WHERE conname = indexname)",
        )
        .load(server),
    }
    .unwrap();
    for index in &indexes {
        conn.batch_execute(&format!("DROP INDEX {}", index.name)).unwrap();
    }
    indexes
}

const ACCOUNTS: &str = "accounts (id, username, username_key, display_name, display_name_key, email, email_key, \
    email_confirmed_at, password_hash, role, disabled_at, time_zone, asks_every_login, session_epoch, trust_epoch, \
    code_failures, codes_suspended_at, sends_counted_from, last_login_at, last_login_browser, created_at, \
    requires_two_factor, method, state)";
const FACTORS: &str = "second_factors (account_id, method, email, confirmed_at)";
const EVENTS: &str = "security_events (id, at, kind, actor, administrator_id, account_id, reason, detail, network, \
    browser, request_id)";
const SESSIONS: &str = "sessions (id, token_hash, account_id, session_epoch, entered_by, password_at, browser, \
    started_at, last_seen_at, expires_at, network)";
const COMPUTERS: &str = "trusted_computers (id, account_id, token_hash, trust_epoch, browser, made_at, last_used_at, \
    expires_at, failures)";
/// When these sessions end. Their last use lies there too, so that none of them is noted as used at its next one: that happens
/// once a minute and not where the answer waits for it.
const FAR_OFF: TimeDelta = TimeDelta::days(3_650);

/// What the browser of an account carries: as ticket, and as a trusted computer.
pub fn token_of(account: &str) -> Token {
    Token::from_bytes(Sha256::digest(account).into())
}

fn insert(conn: &mut AnyConnection, columns: &str, rows: impl Iterator<Item = String>) {
    let mut rows = rows.peekable();
    conn.batch_execute("BEGIN").unwrap();
    while rows.peek().is_some() {
        let values: Vec<_> = rows.by_ref().take(ROWS_A_STATEMENT).collect();
        conn.batch_execute(&format!("INSERT INTO {columns} VALUES {}", values.join(","))).unwrap();
    }
    conn.batch_execute("COMMIT").unwrap();
}

fn text(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

fn maybe(value: Option<i64>) -> String {
    value.map_or_else(|| "NULL".to_owned(), |value| value.to_string())
}

fn username(dice: &mut Dice, n: usize, first: &str, last: &str) -> String {
    let plain =
        |name: &str| name.chars().filter(char::is_ascii_alphabetic).collect::<String>().to_lowercase();
    let (first, last) = (plain(first), plain(last));
    match dice.roll(8) {
        0 => format!("{}_{n}", last.to_uppercase()),
        1 => format!("person-{n}"),
        2 if n.is_multiple_of(5) => {
            format!("{:x<64}", format!("{first}.{last}.{n}.of-the-northern-harbour-"))
        }
        _ => format!("{first}.{last}{n}"),
    }
}

fn account(
    dice: &mut Dice,
    n: usize,
    now: DateTime<Utc>,
    password_hash: &str,
) -> (Id<Account>, String, Option<String>) {
    let created = now - TimeDelta::minutes(i64::try_from(dice.roll(400 * 24 * 60)).unwrap());
    let id: Id<Account> = dice.id(created);
    let (first, last) = (dice.of(&FIRST), dice.of(&LAST));
    let username = username(dice, n, first, last);
    let name = match dice.roll(10) {
        0 => username.clone(),
        1 => dice.of(&ODD).to_owned(),
        _ => format!("{first} {last}"),
    };
    let email = match dice.roll(6) {
        0 => format!("Mail.{n}@Harbour.example"),
        _ => format!("{username}@example.com"),
    };
    let state = match dice.roll(100) {
        0 => State::Locked,
        1..=3 => State::Disabled,
        4..=7 => State::Invited,
        _ => State::Active,
    };
    let method = dice.of(&["disabled", "disabled", "disabled", "email", "email", "sms"]);
    let at = created.timestamp_micros();
    let seen = now - (now - created) / i32::try_from(dice.roll(50) + 2).unwrap();
    let seen = (state != State::Invited && !dice.one_in(9)).then(|| seen.timestamp_micros());
    let row = [
        text(id.as_str()),
        text(&username),
        text(&username.to_lowercase()),
        text(&name),
        text(&name.to_lowercase()),
        text(&email),
        text(&email.to_lowercase()),
        maybe((state != State::Invited).then_some(at)),
        if state == State::Invited { "NULL".to_owned() } else { text(password_hash) },
        text(if dice.one_in(500) { "administrator" } else { "person" }),
        maybe((state == State::Disabled).then_some(at)),
        text("America/Toronto"),
        "FALSE, 1, 1, 0".to_owned(),
        maybe((state == State::Locked).then_some(at)),
        at.to_string(),
        maybe(seen),
        seen.map_or_else(|| "NULL".to_owned(), |_| text("Firefox on Windows")),
        at.to_string(),
        if dice.one_in(4) { "TRUE" } else { "FALSE" }.to_owned(),
        text(method),
        text(state.as_str()),
    ];
    let factor = format!("({},'email',{},{at})", text(id.as_str()), text(&email));
    (id, format!("({})", row.join(",")), (method == "email").then_some(factor))
}

fn bytes(value: &[u8], is_postgres: bool) -> String {
    let digits = HEXLOWER.encode(value);
    if is_postgres { format!("'\\x{digits}'") } else { format!("X'{digits}'") }
}

fn session(dice: &mut Dice, account: &Id<Account>, now: DateTime<Utc>, is_postgres: bool) -> String {
    let id: Id<Account> = dice.id(now);
    let row = [
        text(id.as_str()),
        bytes(token_of(account.as_str()).hash().as_bytes(), is_postgres),
        text(account.as_str()),
        "1".to_owned(),
        text("password"),
        now.timestamp_micros().to_string(),
        text("Firefox on Windows"),
        now.timestamp_micros().to_string(),
        (now + FAR_OFF).timestamp_micros().to_string(),
        (now + FAR_OFF).timestamp_micros().to_string(),
        text("192.0.2.7"),
    ];
    format!("({})", row.join(","))
}

fn computer(dice: &mut Dice, account: &Id<Account>, now: DateTime<Utc>, is_postgres: bool) -> String {
    let id: Id<Account> = dice.id(now);
    let row = [
        text(id.as_str()),
        text(account.as_str()),
        bytes(token_of(account.as_str()).hash().as_bytes(), is_postgres),
        "1".to_owned(),
        text("Firefox on Windows"),
        now.timestamp_micros().to_string(),
        now.timestamp_micros().to_string(),
        (now + FAR_OFF).timestamp_micros().to_string(),
        "0".to_owned(),
    ];
    format!("({})", row.join(","))
}

fn event(dice: &mut Dice, ids: &[Id<Account>], at: DateTime<Utc>) -> String {
    let kind = match dice.roll(10) {
        0..=5 => EventKind::LoggedIn,
        6 | 7 => EventKind::LoggedOut,
        8 => EventKind::ComputerTrusted,
        // Among these the promotions, one in three hundred lines.
        _ => EventKind::ALL[dice.roll(EventKind::ALL.len())],
    };
    let of = |dice: &mut Dice| text(ids[dice.roll(ids.len())].as_str());
    let nobody = "NULL".to_owned();
    let (actor, administrator, reason) = if !OTHERS_DO.contains(&kind) {
        ("owner", nobody.clone(), nobody)
    } else if dice.one_in(5) {
        ("operator", nobody.clone(), nobody)
    } else {
        ("administrator", of(dice), text("Asked for by telephone, number called back"))
    };
    let id: Id<Account> = dice.id(at);
    let row = [
        text(id.as_str()),
        at.timestamp_micros().to_string(),
        text(kind.as_str()),
        text(actor),
        administrator,
        of(dice),
        reason,
        "NULL".to_owned(),
        text(&format!("192.0.2.{}", dice.roll(256))),
        text("Firefox on Windows"),
        text(&format!("{:016x}", dice.roll(usize::MAX))),
    ];
    format!("({})", row.join(","))
}
