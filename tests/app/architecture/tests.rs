use super::faults_in;

#[track_caller]
fn refused(path: &str, text: &str, because: &str) {
    let faults = faults_in(path, text);
    assert!(faults.iter().any(|fault| fault.contains(because)), "{path}: {text:?} gives {faults:?}");
}

#[track_caller]
fn let_through(path: &str, text: &str) {
    assert_eq!(faults_in(path, text), Vec::<String>::new(), "{path}: {text:?}");
}

#[test]
fn a_layer_may_name_only_what_lies_below_it() {
    refused("src/web/pages/login.rs", "use crate::storage::accounts;", "web may not name `storage`");
    refused("src/web/pages/login.rs", "use crate::{domain::Id, storage};", "web may not name `storage`");
    refused("src/web/pages/login.rs", "fn f() { crate::storage::Db::open() }", "web may not name `storage`");
    refused("src/web/pages/login.rs", "use super::super::super::storage::Db;", "web may not name `storage`");
    refused("src/web/mod.rs", "use super::storage as attic;", "web may not name `storage`");
    refused("src/web/gate.rs", "use postern::storage;", "web may not name `storage`");
    refused("src/domain/code.rs", "use crate::flows::Services;", "domain may not name `flows`");
    refused(
        "src/domain/second_factor/mod.rs",
        "use crate::platform::Clock;",
        "domain may not name `platform`",
    );
    refused("src/storage/accounts.rs", "use crate::platform::Clock;", "storage may not name `platform`");
    refused("src/flows/login.rs", "use crate::config::Settings;", "flows may not name `config`");
    refused("src/delivery/worker.rs", "use crate::storage;", "delivery may not name `storage`");
    refused("src/flows/login.rs", "use crate::web;", "flows may not name `web`");
    refused("src/cellar/wine.rs", "", "module `cellar` has no layer");
}

#[test]
fn a_layer_may_name_only_its_own_crates() {
    refused("src/domain/code.rs", "use rand::Rng;", "domain may not name the crate `rand`");
    refused("src/domain/code.rs", "extern crate tokio;", "domain may not name the crate `tokio`");
    refused(
        "src/flows/login.rs",
        "fn f(e: diesel::result::Error) {}",
        "flows may not name the crate `diesel`",
    );
    refused("src/flows/login.rs", "#[derive(askama::Template)] struct P;", "may not name the crate `askama`");
    refused("src/web/gate.rs", "use ::reqwest::Client;", "web may not name the crate `reqwest`");
    refused("src/delivery/smtp.rs", "use actix_web::web;", "delivery may not name the crate `actix_web`");
    refused("src/platform/clock.rs", "use tokio::time;", "platform may not name the crate `tokio`");
    refused("src/web/gate.rs", "fn f() { std::env::var(\"X\"); }", "only `config` does");
    refused("src/domain/code.rs", "use std::time::{Duration, Instant};", "domain may not name a clock");
    refused("src/domain/code.rs", "use std::fs;", "domain may not name std::fs");
}

#[test]
fn nobody_hands_on_what_others_may_not_have() {
    refused("src/flows/mod.rs", "pub use crate::storage::Db;", "flows may not hand on what is `storage`'s");
    refused(
        "src/flows/mod.rs",
        "pub(crate) use crate::storage;",
        "flows may not hand on what is `storage`'s",
    );
    refused(
        "src/flows/outbox.rs",
        "pub use crate::storage::outbox::*;",
        "may not hand on what is `storage`'s",
    );
    refused(
        "src/flows/outbox.rs",
        "pub use crate::storage::outbox::claim;",
        "may not hand on what is `storage`'s",
    );
    let_through("src/flows/outbox.rs", "pub use crate::storage::outbox::Message;");
    refused("src/storage/mod.rs", "pub use diesel;", "storage may not hand on the crate `diesel`");
    refused("src/web/mod.rs", "use crate::*;", "may not take in the whole crate");
    refused("src/web/mod.rs", "use crate as house;", "may not take in the whole crate");
    refused("src/web/mod.rs", "use super::*;", "may not take in the whole crate");
}

#[test]
fn what_the_table_allows_is_let_through() {
    let_through(
        "src/web/pages/login.rs",
        "use crate::flows::login; use actix_web::web; use super::super::paths;",
    );
    let_through("src/flows/login.rs", "pub use crate::domain::Id; use crate::{platform::Clock, storage};");
    let_through(
        "src/storage/accounts.rs",
        "use diesel::prelude::*; use crate::domain::Id; use super::schema;",
    );
    let_through("src/domain/mod.rs", "mod ids; pub use ids::Id; use std::time::Duration; use chrono::Utc;");
    let_through("src/app.rs", "use crate::storage::Db; use crate::web; use reqwest::Client;");
    let_through("src/web/gate.rs", "//! Not diesel::this.\nconst A: &str = \"crate::storage\";");
    let_through("src/web/gate.rs", "#[cfg(test)]\nmod tests { use crate::storage::Db; }");
}

#[test]
fn time_sql_and_length_have_their_places() {
    refused("src/flows/login.rs", "fn f() { let now = Utc::now(); }", "Utc::now: the time comes from");
    refused("src/app.rs", "fn f() { chrono :: Utc :: now() }", "Utc::now: the time comes from");
    refused(
        "src/flows/login.rs",
        "#[cfg(test)] mod tests { fn f() { SystemTime::now() } }",
        "SystemTime::now",
    );
    let_through("src/platform/clock.rs", "fn f() { Utc::now() }");
    refused(
        "src/storage/accounts.rs",
        "fn f() { sql_query(\"SELECT 1\") }",
        "sql_query: only storage/connection.rs",
    );
    refused("src/app.rs", "use diesel::sql_query as q;", "sql_query: only storage/connection.rs");
    refused("src/web/gate.rs", "fn f() { services\n.db\n.write(|tx| {}) }", "only flows open transactions");
    refused("src/delivery/worker.rs", "fn f() { self.db.read(f) }", "only flows open transactions");
    let_through("src/web/gate.rs", "#[cfg(test)] mod tests { fn f() { app.db.read(f) } }");
    let_through("src/storage/migrate.rs", "fn f() { diesel::sql_query(\"SELECT 1\"); }");
    refused("src/app.rs", &"\n".repeat(401), "401 lines: past 400");
    let_through("src/app.rs", &"\n".repeat(400));
}

#[test]
fn templates_hold_nothing_unescaped_and_nothing_inline() {
    refused("templates/pages/login.html", "{{ name|safe }}", "unescaped");
    refused("templates/pages/login.html", "{{ name | safe }}", "unescaped");
    refused("templates/pages/login.html", "{% autoescape false %}", "unescaped");
    refused("templates/pages/login.html", "<SCRIPT>x()</SCRIPT>", "no script inline");
    refused("templates/pages/login.html", "<p style = \"color:red\">", "no style inline");
    refused("templates/parts/field.html", "<form onsubmit=\"x()\">", "no script inline");
    refused("templates/email/login_code.html", "{{ code|safe }}", "unescaped");
    let_through("templates/email/login_code.html", "<p style=\"margin:0\">{{ code }}</p>");
    let_through("templates/layout/base.html", "<script src=\"{{ script }}\" defer></script>");
}

#[test]
fn no_file_knows_the_machine_it_was_written_on() {
    let line = format!("see {}{}", "/ho", "me/ada/notes");
    refused("docs/notes.md", &line, "somebody's machine");
    refused("tests/app/login.rs", &line, "somebody's machine");
}
