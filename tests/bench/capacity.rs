//! What one machine carries: the release binary under 200 logins at once and after 2,000 of them, against the floor that the
//! password function sets on the same cores in the same run.
//!
//! `cargo bench --bench capacity` prints a table, goal by goal, and one line of JSON. It sends requests to this machine only,
//! a bounded number of them, and ends by itself within two minutes. Ratios and memory are what to read; rates are for scale.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark, not the program"
)]

#[path = "capacity/client.rs"]
mod client;
#[path = "capacity/machine.rs"]
mod machine;

use std::time::{Duration, Instant};

use client::Client;
use machine::{Server, hashes_a_second, seed_accounts};
use tokio::task::JoinSet;

/// How many people log in at the same moment.
const AT_ONCE: usize = 200;
/// How many logins the memory has to survive.
const MANY: usize = 2_000;
/// The slowest answer that is an answer.
const PATIENCE: Duration = Duration::from_secs(3);

struct Goal {
    name: &'static str,
    measured: f64,
    bound: f64,
    is_met: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // `cargo test --benches` starts every benchmark with this flag, to see that it starts.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    postern::delivery::tls::choose_provider();
    let folder = tempfile::tempdir().unwrap();
    seed_accounts(folder.path(), AT_ONCE).await;
    let server = Server::start(folder.path()).await;
    println!("idle: {:.1} MiB", server.memory());

    let floor = hashes_a_second();
    let rush = rush(&server).await;
    let floor = f64::midpoint(floor, hashes_a_second());
    let growth = endurance(&server).await;

    let goals = [
        Goal::at_most("slowest answer of 200 logins at once, s", rush.slowest, PATIENCE.as_secs_f64()),
        Goal::at_most("answers that are neither a session nor 503", rush.strange, 0.0),
        Goal::at_least("sessions a second / hashes a second", rush.sessions_a_second / floor, 0.8),
        Goal::at_most("peak memory, MiB", rush.peak_memory, 150.0),
        Goal::at_most("slowest /healthz meanwhile, s", rush.slowest_health, 0.5),
        Goal::at_most("memory grown by 2,000 logins, MiB", growth, 4.0),
    ];
    println!(
        "floor: {floor:.1} hashes/s; {:.1} sessions/s; {} of 200 at the first try",
        rush.sessions_a_second, rush.at_first_try
    );
    for goal in &goals {
        println!(
            "{} {:<46} {:>8.3}  bound {:.3}",
            if goal.is_met { "PASS" } else { "FAIL" },
            goal.name,
            goal.measured,
            goal.bound
        );
    }
    let json =
        goals.iter().map(|goal| (goal.name, goal.measured)).collect::<std::collections::BTreeMap<_, _>>();
    println!("{}", serde_json::to_string(&json).unwrap());
    assert!(goals.iter().all(|goal| goal.is_met), "not every goal is met");
}

impl Goal {
    fn at_most(name: &'static str, measured: f64, bound: f64) -> Self {
        Self { name, measured, bound, is_met: measured <= bound }
    }

    fn at_least(name: &'static str, measured: f64, bound: f64) -> Self {
        Self { name, measured, bound, is_met: measured >= bound }
    }
}

struct Rush {
    slowest: f64,
    strange: f64,
    sessions_a_second: f64,
    at_first_try: usize,
    peak_memory: f64,
    slowest_health: f64,
}

/// Everybody presses *Log in* at once; who is told to come back does so, until all are in.
async fn rush(server: &Server) -> Rush {
    let mut clients = JoinSet::new();
    for n in 0..AT_ONCE {
        let client = Client::new(server.base());
        clients.spawn(async move { client.open_login(n).await });
    }
    let ready = clients.join_all().await;

    let began = Instant::now();
    let mut people = JoinSet::new();
    for client in ready {
        people.spawn(client.log_in_impatiently());
    }
    let health = tokio::spawn(Client::new(server.base()).watch_health());
    let mut peak_memory = server.memory();
    let mut visits = Vec::new();
    while !people.is_empty() {
        tokio::select! {
            Some(visit) = people.join_next() => visits.push(visit.unwrap()),
            () = tokio::time::sleep(Duration::from_millis(20)) => peak_memory = peak_memory.max(server.memory()),
        }
    }
    let took = began.elapsed().as_secs_f64();
    health.abort();
    let slowest_health = client::slowest_health().as_secs_f64();
    Rush {
        slowest: visits.iter().map(|visit| visit.slowest.as_secs_f64()).fold(0.0, f64::max),
        strange: as_f64(visits.iter().filter(|visit| visit.was_strange).count()),
        sessions_a_second: as_f64(visits.len()) / took,
        at_first_try: visits.iter().filter(|visit| visit.tries == 1).count(),
        peak_memory,
        slowest_health,
    }
}

/// Two thousand logins, four at a time, after the first have filled caches and hashing areas.
async fn endurance(server: &Server) -> f64 {
    log_in_often(server, 64).await;
    let before = server.settled_memory().await;
    log_in_often(server, MANY).await;
    server.settled_memory().await - before
}

async fn log_in_often(server: &Server, times: usize) {
    let mut people = JoinSet::new();
    for n in 0..times {
        if people.len() >= 4 {
            people.join_next().await;
        }
        let client = Client::new(server.base());
        people.spawn(async move { client.open_login(n % AT_ONCE).await.log_in_impatiently().await });
    }
    people.join_all().await;
}

fn as_f64(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}
