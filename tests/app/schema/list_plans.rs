//! How both databases go about the lists of administration at size: each search, each filter, alone and together, the first
//! page, the next ones and the way back. Every statement is a search in an index that ends where the page ends: SQLite scans
//! no table and sorts nothing, and PostgreSQL neither, whether it plans for the values at hand or for any.

use std::collections::{BTreeMap, BTreeSet};

use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use diesel::sql_query;
use diesel::sql_types::Text;
use postern::domain::account::{Role, State};
use postern::domain::event::EventKind;
use postern::domain::listing::{Filter, Prefix};
use postern::domain::second_factor::Method;
use postern::flows::account_list::{self, Asked};
use postern::flows::activity_log::{self, EventFilter};
use postern::flows::paging::Place;
use postern::storage::{AnyConnection, Location};

use super::ear::listen;
use super::plans::Step;
use crate::support::seed::{self, FULL, Size};
use crate::support::test_app::TestApp;

/// Enough for PostgreSQL to find a table too long to be read from end to end.
const SMALL: Size = Size { accounts: 20_000, events: 50_000, browsers: 0 };

const SEARCHES: [Option<&str>; 6] =
    [None, Some("a"), Some("person-1"), Some("ada byron"), Some("mail."), Some("nobody at all")];

fn filters() -> Vec<Filter> {
    let open = Filter::default();
    let methods = [None, Some(Method::Email), Some(Method::Sms)];
    let mut filters = vec![open];
    filters.extend(methods.map(|method| Filter { method: Some(method), ..open }));
    filters.extend(State::ALL.map(|state| Filter { state: Some(state), ..open }));
    filters.extend(Role::ALL.map(|role| Filter { role: Some(role), ..open }));
    filters.extend([true, false].map(|is_required| Filter { is_required: Some(is_required), ..open }));
    let rare = Filter { role: Some(Role::Administrator), state: Some(State::Locked), ..open };
    let one = Filter { method: Some(Some(Method::Sms)), is_required: Some(true), ..rare };
    let broad = Filter { method: Some(None), is_required: Some(false), ..open };
    filters.extend([rare, one, broad]);
    filters
}

/// Asks for every list: its first page, the one after, and the way back from there.
async fn walk(app: &TestApp) {
    let services = app.app.services();
    for search in SEARCHES {
        for filter in filters() {
            let search = search.and_then(Prefix::typed);
            let ask = |place| account_list::page(services, Asked { search: search.clone(), filter, place });
            let first = ask(account_list::Place::Start).await.unwrap();
            let Some(after) = first.after else { continue };
            let second = ask(account_list::Place::After(after)).await.unwrap();
            if let Some(before) = second.before {
                ask(account_list::Place::Before(before)).await.unwrap();
            }
        }
    }
    for filter in event_filters(app).await {
        let first = activity_log::page(services, filter.clone(), Place::Newest).await.unwrap();
        let Some(last) = first.events.last() else { continue };
        let older = Place::Before(last.id.clone());
        let second = activity_log::page(services, filter.clone(), older).await.unwrap();
        if let Some(first) = second.events.first() {
            let newer = Place::After(first.id.clone());
            activity_log::page(services, filter.clone(), newer).await.unwrap();
        }
        activity_log::export(services, filter, Some(last.id.clone())).await.unwrap();
    }
}

async fn event_filters(app: &TestApp) -> Vec<EventFilter> {
    let services = app.app.services();
    let newest = activity_log::page(services, EventFilter::default(), Place::Newest);
    let somebody = newest.await.unwrap().events.remove(0).account;
    let (now, day) = (app.now(), chrono::TimeDelta::days(1));
    let mut filters = Vec::new();
    for account in [None, Some(somebody)] {
        for kind in [None, Some(EventKind::LoggedIn), Some(EventKind::Demoted)] {
            for (from, until) in
                [(None, None), (Some(now - day * 90), None), (Some(now - day * 90), Some(now - day * 60))]
            {
                filters.push(EventFilter { account: account.clone(), kind, from, until });
            }
        }
    }
    filters
}

/// The statements that were heard, each under its text without values.
fn statements(heard: &BTreeSet<String>) -> BTreeMap<&str, Vec<&str>> {
    let mut statements: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for heard in heard {
        let (text, values) = heard.split_once(" -- binds: ").unwrap_or((heard, "[]"));
        if text.starts_with("SELECT") && (text.contains("accounts") || text.contains("security_events")) {
            statements.entry(text).or_default().push(values);
        }
    }
    statements
}

async fn no_list_scans_or_sorts(size: Size) {
    let app = TestApp::start().await;
    let mut conn = app.database.location().connect().unwrap();
    seed::fill(&mut conn, size, app.now(), "$argon2id$");
    let heard = listen(&match app.database.location() {
        Location::Sqlite(path) => path.to_str().unwrap().to_owned(),
        Location::Postgres(url) => url.expose().clone(),
    });
    // The first instance opened its connections before anybody listened.
    let app = app.another().await;
    walk(&app).await;

    let heard = heard.lock().unwrap().clone();
    let statements = statements(&heard);
    assert!(
        statements.len() > 30,
        "only {} statements were heard: {:#?}",
        statements.len(),
        statements.keys()
    );
    let mut faults = Vec::new();
    for (statement, values) in &statements {
        faults.extend(match &mut conn {
            AnyConnection::Sqlite(file) => on_sqlite(file, statement),
            AnyConnection::Postgres(server) => on_postgres(server, statement, values),
        });
    }
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

fn on_sqlite(file: &mut SqliteConnection, statement: &str) -> Vec<String> {
    let steps: Vec<Step> = sql_query(format!("EXPLAIN QUERY PLAN {statement}")).load(file).unwrap();
    let steps: Vec<_> = steps.into_iter().map(|step| step.detail).collect();
    // What a count goes through is what a search with a limit has found.
    let bad =
        |step: &String| (step.starts_with("SCAN") && step != "SCAN counted") || step.contains("TEMP B-TREE");
    let searches = steps.iter().any(|step| step.starts_with("SEARCH"));
    if searches && !steps.iter().any(bad) { Vec::new() } else { vec![described(statement, &steps)] }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    text: String,
}

/// Plans it for each set of values that was bound, and once for any.
fn on_postgres(server: &mut PgConnection, statement: &str, values: &[&str]) -> Vec<String> {
    server.batch_execute(&format!("PREPARE heard AS {statement}")).unwrap();
    let mut faults = Vec::new();
    let plans = values.iter().map(|values| ("force_custom_plan", *values));
    for (mode, values) in plans.chain(values.first().map(|values| ("force_generic_plan", *values))) {
        server.batch_execute(&format!("SET plan_cache_mode = {mode}")).unwrap();
        let explained = format!("EXPLAIN EXECUTE heard{}", literals(values));
        let lines: Vec<Line> = sql_query(explained).load(server).unwrap();
        let lines: Vec<_> = lines.into_iter().map(|line| line.text).collect();
        let bad = |line: &String| line.contains("Seq Scan") || line.contains("Sort");
        if lines.iter().any(bad) || !lines.iter().any(|line| line.contains("Index")) {
            faults.push(described(&format!("{mode} {statement} {values}"), &lines));
        }
    }
    server.batch_execute("DEALLOCATE heard").unwrap();
    faults
}

/// What was bound, as SQL has it.
fn literals(values: &str) -> String {
    let values: Vec<serde_json::Value> =
        serde_json::from_str(values).unwrap_or_else(|fault| panic!("{fault}: {values}"));
    let literals: Vec<_> = values.iter().map(literal).collect();
    if literals.is_empty() { String::new() } else { format!("({})", literals.join(", ")) }
}

fn literal(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => format!("'{}'", text.replace('\'', "''")),
        serde_json::Value::Array(values) => {
            format!("ARRAY[{}]", values.iter().map(literal).collect::<Vec<_>>().join(", "))
        }
        serde_json::Value::Null
        | serde_json::Value::Bool(_)
        | serde_json::Value::Number(_)
        | serde_json::Value::Object(_) => value.to_string(),
    }
}

fn described(statement: &str, steps: &[String]) -> String {
    format!("{statement}\n    {}", steps.join("\n    "))
}

#[actix_web::test]
async fn no_list_of_administration_scans_or_sorts() {
    no_list_scans_or_sorts(SMALL).await;
}

#[actix_web::test]
#[ignore = "long: makes 100,000 accounts and 1,000,000 lines of the log"]
async fn no_list_of_administration_scans_or_sorts_at_full_size() {
    no_list_scans_or_sorts(FULL).await;
}
