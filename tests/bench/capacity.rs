//! What one machine carries, as ratios: the release binary against what these cores can do at most, in the same run. The floors
//! are a bare answer of actix, the same with one read of SQLite, and the password function on memory that is kept.
//!
//! `cargo bench --bench capacity` prints a table, goal by goal, and writes it as JSON to `target/tmp/capacity.json`. It sends
//! requests to this machine only, a bounded number of them, and ends by itself. Installations of 1,000, 100,000 and 1,000,000
//! accounts are made first; the largest is kept under `target/tmp` for the next run. PostgreSQL is measured too where
//! POSTERN_TEST_POSTGRES names the folder of its programs.
//!
//! `--bench capacity -- 1000` measures that size alone, `-- seed 1000000` only makes it.
//!
//! Processor time is the kernel's, of the server's process. Ratios and memory are what to read; rates are for scale.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark, not the program"
)]

#[path = "capacity/crowd.rs"]
mod crowd;
#[path = "capacity/floors.rs"]
mod floors;
#[path = "capacity/load.rs"]
mod load;
#[path = "capacity/measures.rs"]
mod measures;
#[path = "capacity/process.rs"]
mod process;
#[path = "capacity/report.rs"]
mod report;
#[path = "capacity/server.rs"]
mod server;
#[path = "../app/support/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    clippy::explicit_write,
    reason = "the mail server and PostgreSQL are shared with tests/app; the rest of it is for there"
)]
mod support;
#[path = "capacity/town.rs"]
mod town;
#[path = "capacity/uniform.rs"]
mod uniform;
#[path = "capacity/weight.rs"]
mod weight;

use std::path::Path;
use std::rc::Rc;

use diesel::connection::SimpleConnection;
use floors::FLOORS;
use measures::{Baseline, Scene, millis};
use postern::domain::secret::Secret;
use postern::storage::Location;
use report::{Bound, Figure, Report};
use server::Server;
use support::cluster::Cluster;
use support::smtp_server::SmtpServer;
use town::Town;

/// Everybody's.
pub const PASSWORD: &str = "correct horse battery staple";
const SIZES: [usize; 3] = [1_000, 100_000, 1_000_000];
/// The table as JSON.
const JSON: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/capacity.json");

#[actix_web::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    postern::delivery::tls::choose_provider();
    let folder = tempfile::tempdir().unwrap();
    match words[..] {
        // `cargo test --benches` starts every benchmark with this flag, to see that it starts.
        ["--test"] => {}
        [FLOORS] => floors::serve(None).await,
        [FLOORS, database] => floors::serve(Some(Path::new(database))).await,
        ["seed", accounts] => drop(Town::in_a_file(folder.path(), accounts.parse().unwrap()).await),
        [] => measure(folder.path(), &SIZES).await,
        _ => {
            measure(folder.path(), &words.iter().map(|size| size.parse().unwrap()).collect::<Vec<_>>()).await
        }
    }
}

async fn measure(folder: &Path, sizes: &[usize]) {
    let (mut report, mail) = (Report::default(), Rc::new(SmtpServer::start().await));
    let mut before = Before::default();
    for accounts in sizes {
        let place = format!("SQLite, {accounts} accounts");
        report.heading(&place);
        let town = Town::in_a_file(folder, *accounts).await;
        measure_one(&mut report, &town, &mail, &place, &mut before).await;
    }
    if let Some(cluster) = Cluster::start() {
        let mut before = Before::default();
        for accounts in sizes {
            let place = format!("PostgreSQL, {accounts} accounts");
            report.heading(&place);
            let town = Town::on_a_server(&database(&cluster, *accounts), *accounts).await;
            measure_one(&mut report, &town, &mail, &place, &mut before).await;
        }
    }
    std::fs::write(JSON, report.json()).unwrap();
    println!("\n{} goals missed; all figures in {JSON}", report.failed());
}

/// What the sizes before have told of this database.
#[derive(Default)]
struct Before {
    smallest: Option<Baseline>,
    has_uniform_answers: bool,
}

async fn measure_one(
    report: &mut Report,
    town: &Town,
    mail: &Rc<SmtpServer>,
    place: &str,
    before: &mut Before,
) {
    let mut starts = Vec::new();
    for _ in 0..5 {
        starts.push(millis(Server::start(town, mail.port).await.started_in));
    }
    let server = Server::start(town, mail.port).await;
    let idle = server.settled_memory().await;
    let scene = Scene { town, server: &server, mail, place };
    report.row(place, "G10", "from start to first page, ms", Figure::of(starts), Bound::AtMost(150.0));
    report.row(place, "G7", "memory before the first login, MiB", idle, Bound::AtMost(24.0));

    let pages = scene.pages().await;
    let over = |page: Figure| page.over(pages.bare);
    report.row(place, "", "a bare answer, microseconds", pages.bare, Bound::Told);
    if let Some(row) = pages.one_read {
        report.row(place, "", "the same with one read, against a bare answer", over(row), Bound::Told);
    }
    report.row(place, "G6", "login page, against a bare answer", over(pages.login), Bound::AtMost(2.5));
    let share = pages.bare.over(pages.profile);
    let bound = if town.file.is_some() { Bound::AtLeast(0.17) } else { Bound::Told };
    report.row(place, "G5", "a bare answer, against a page with a session", share, bound);
    report.row(place, "G5", "… rate of the page, against a bare answer's", pages.wall, Bound::Told);

    let (step, rate, floor) = scene.password_steps().await;
    report.row(place, "", "a password's hash, ms", floor.cost, Bound::Told);
    report.row(place, "G1", "a password with what follows, against its hash", step, Bound::AtMost(1.05));
    report.row(place, "G2", "passwords a second, against hashes a second", rate, Bound::Told);
    let journey = scene.journeys(&floor).await;
    report.row(
        place,
        "G3",
        "from the login page to the profile by a code, against a hash",
        journey,
        Bound::AtMost(1.2),
    );

    let now = Baseline {
        check: pages.profile.middle,
        login: step.middle,
        slow_check: pages.slow_check,
        memory: idle,
    };
    match before.smallest {
        Some(smallest) => scene.hold_against(report, smallest, now),
        None => {
            before.smallest = Some(now);
            scene.weight(report).await;
            scene.rush(report).await;
            scene.readers_beside_logins(report, idle).await;
            scene.endurance(report, idle).await;
            scene.writes(report).await;
        }
    }
    if town.disabled.len() >= uniform::SAMPLES && !before.has_uniform_answers {
        before.has_uniform_answers = true;
        scene.uniform_answers(report).await;
    }
}

/// An empty database on this server, by its URL.
fn database(cluster: &Cluster, accounts: usize) -> String {
    let mut url = cluster.url();
    let place = Location::Postgres(Secret::new(url.to_string()));
    let name = format!("accounts_{accounts}");
    place.connect().unwrap().batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
    url.set_path(&name);
    url.into()
}
