//! What must hold after a hostile request.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{set_hook, take_hook};
use std::sync::{Mutex, Once};
use std::thread;

use postern::web::fields::{FORM_TOKEN, Fields};

use super::Case;
use super::request::Answer;
use crate::support::dump;
use crate::support::test_app::TestApp;

/// What changes by a request that is refused, and why that is right. Everything else stays as it was.
const COUNTED: [(&str, &str); 6] = [
    ("sessions.last_seen_at", "a session is in use, whatever for"),
    ("throttles.", "wrong passwords are counted by name"),
    ("failed_logins.", "and by address"),
    ("trusted_computers.failures", "and on a trusted computer by computer"),
    ("challenges.tries", "a wrong code costs a try"),
    ("accounts.code_failures", "and counts against the account"),
];

/// Where threads have panicked that are none of the tests' own: servers and their pools.
static PLACES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Listens for panics from now on.
pub fn listen_for_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            // The harness names each test's thread after the test.
            let is_test = thread::current().name().is_some_and(|name| name.contains("::") || name == "main");
            if !is_test {
                let place = panic.location().map(ToString::to_string).unwrap_or_default();
                PLACES.lock().unwrap().push(place);
            }
            before(panic);
        }));
    });
}

/// Where servers have panicked so far.
pub fn panics() -> Vec<String> {
    PLACES.lock().unwrap().clone()
}

/// What is wrong with an answer; nothing, if nothing is.
pub fn faults(case: &Case, answer: &Answer) -> Vec<String> {
    let mut faults = Vec::new();
    if answer.status.is_some_and(|status| status >= 500) || answer.body.contains("HTTP/1.1 5") {
        faults.push("something broke".to_owned());
    }
    if answer.head.to_ascii_lowercase().contains("\nx-injected") {
        faults.push("a header was smuggled in".to_owned());
    }
    // A page may carry its own form token, in its own place.
    let own = format!("name=\"{FORM_TOKEN}\" value=\"{}\"", case.live);
    let told = format!("{}\n{}", answer.head, answer.body.replace(&own, ""));
    // The mailbox of development mode is there to show the codes.
    let is_mailbox = case.request.target.starts_with(b"/dev/mailbox");
    let secrets = case.secrets.iter().chain([&case.live]).filter(|_| !is_mailbox);
    for secret in secrets.filter(|secret| stands_in(&told, secret)) {
        faults.push(format!("it repeats {secret:?}"));
    }
    faults
}

/// Whether a secret stands there by itself. What is shorter than a code is none.
fn stands_in(told: &str, secret: &str) -> bool {
    const SHORTEST: usize = 6;
    let is_part = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    secret.len() >= SHORTEST
        && told.match_indices(secret).any(|(at, _)| {
            !is_part(told[..at].chars().next_back()) && !is_part(told[at + secret.len()..].chars().next())
        })
}

/// Whether it came past the parser, the layers, the gate and the reading of the form, into the route's own code.
pub fn reached_a_handler(case: &Case, answer: &Answer) -> bool {
    if answer.header("x-request-id").is_none() {
        return false;
    }
    let by_gate = ["/login", "/login/code", "/confirm"].map(Some);
    let is_form =
        Fields::parse(&case.request.body).is_ok_and(|mut fields| fields.required(FORM_TOKEN).is_ok());
    match answer.status {
        Some(200) => true,
        Some(303) => is_form && !by_gate.contains(&answer.header("location")),
        Some(404 | 405 | 413 | 415 | 421) | None => false,
        Some(_) => is_form,
    }
}

/// Everything in a database that a refused request must leave alone: how often each value stands in each place.
#[derive(PartialEq, Eq)]
pub struct State(BTreeMap<(String, Vec<u8>), usize>);

impl State {
    pub fn of(app: &TestApp) -> Self {
        let mut values = BTreeMap::new();
        for value in dump::everything(&app.database) {
            if !COUNTED.iter().any(|(place, _)| value.place.starts_with(place)) {
                *values.entry((value.place, value.bytes)).or_default() += 1;
            }
        }
        Self(values)
    }

    /// The places where something is not as it was.
    pub fn changes(&self, later: &Self) -> BTreeSet<String> {
        let keys = self.0.keys().chain(later.0.keys());
        let changed = keys.filter(|key| self.0.get(*key) != later.0.get(*key));
        changed.map(|(place, value)| format!("{place}: {}", String::from_utf8_lossy(value))).collect()
    }
}
