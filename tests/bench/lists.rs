//! What the lists of administration cost at size: the processor time that the server spends on each page, with 100,000
//! accounts and 1,000,000 lines of the log on SQLite.
//!
//! `cargo bench --bench lists` makes the database, starts the binary on it, asks for each page thirty times over loopback, and
//! prints a table. It ends by itself within two minutes. `--bench lists -- accounts events` makes another size.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a benchmark, not the program"
)]

#[path = "seed.rs"]
mod seed;

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use postern::app::{App, Parts};
use postern::config::{self, ConfigFile};
use postern::domain::account::Role;
use postern::domain::email::EmailAddress;
use postern::domain::event::Actor;
use postern::domain::password::{Area, Cost, PasswordInput, hash};
use postern::domain::secret::Secret;
use postern::domain::username::Username;
use postern::flows::invitation::{self, First, New};
use postern::storage::Location;
use reqwest::Client;
use reqwest::redirect::Policy;
use scraper::{Html, Selector};
use seed::{FULL, Size};

const PASSWORD: &str = "correct horse battery staple";
const TIMES: u32 = 30;
/// What a page may cost, in milliseconds of processor time.
const BOUND: f64 = 50.0;

/// Each list with each filter and search, the broad and the rare, and pages further on.
const PAGES: [(&str, &str); 26] = [
    ("accounts", "/admin/accounts"),
    ("accounts, second page", "/admin/accounts?NEXT"),
    ("accounts, page in the middle", "/admin/accounts?after=username:mei"),
    ("accounts, page before that", "/admin/accounts?before=username:mei"),
    ("accounts, last page", "/admin/accounts?after=username:zzz"),
    ("accounts without two factor", "/admin/accounts?method=disabled"),
    ("accounts by SMS, required", "/admin/accounts?method=sms&requirement=required"),
    ("locked accounts", "/admin/accounts?state=locked"),
    ("administrators", "/admin/accounts?role=administrator"),
    ("locked administrators by SMS", "/admin/accounts?role=administrator&state=locked&method=sms"),
    ("search: one letter", "/admin/accounts?q=a"),
    ("search: one letter, second page", "/admin/accounts?q=a&NEXT"),
    ("search: where usernames end and names begin", "/admin/accounts?q=person&after=username:person-99999"),
    ("search: where names are all met before", "/admin/accounts?q=a&after=name:aaa:a"),
    ("search: a name that thousands share", "/admin/accounts?q=ada+byron"),
    ("search: in the middle of them", "/admin/accounts?q=ada+byron&after=name:mmm:ada+byron"),
    ("search: an address", "/admin/accounts?q=mail.4711"),
    ("search: nobody", "/admin/accounts?q=nobody+at+all"),
    ("search: one letter, locked administrators", "/admin/accounts?q=a&role=administrator&state=locked"),
    ("search: addresses, required", "/admin/accounts?q=mail&requirement=required"),
    ("activity", "/admin/activity"),
    ("activity, second page", "/admin/activity?NEXT"),
    ("activity of a rare kind", "/admin/activity?kind=demoted"),
    ("activity of a common kind on old days", "/admin/activity?kind=logged_in&from=2026-01-01&to=2026-01-31"),
    ("activity of one account", "/admin/activity?account=root-admin"),
    ("activity of one account and kind", "/admin/activity?account=root-admin&kind=demoted&from=2026-01-01"),
];

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    // `cargo test --benches` starts every benchmark with this flag, to see that it starts.
    if arguments.iter().any(|argument| argument == "--test") {
        return;
    }
    postern::delivery::tls::choose_provider();
    let numbers: Vec<usize> = arguments.iter().filter_map(|argument| argument.parse().ok()).collect();
    let size = match numbers[..] {
        [accounts, events] => Size { accounts, events, browsers: 0 },
        _ => FULL,
    };
    let folder = tempfile::tempdir().unwrap();
    let began = Instant::now();
    make(folder.path(), size).await;
    println!("{size:?} made in {:.1} s", began.elapsed().as_secs_f64());

    let server = Server::start(folder.path()).await;
    let browser = server.log_in().await;
    let mut dearest: f64 = 0.0;
    for (name, path) in PAGES {
        let path = server.resolved(&browser, path).await;
        let (milliseconds, bytes) = server.cost(&browser, &path).await;
        let verdict = if milliseconds <= BOUND { "PASS" } else { "FAIL" };
        println!("{verdict} {name:<46} {milliseconds:>7.2} ms  {bytes:>6} bytes");
        dearest = dearest.max(milliseconds);
    }
    println!("dearest: {dearest:.2} ms of processor time, bound {BOUND}");
    assert!(dearest <= BOUND, "not every page is cheap enough");
}

fn environment(folder: &Path, address: &str) -> [(String, String); 4] {
    [
        ("POSTERN_DATABASE_URL", format!("sqlite://{}", folder.join("postern.db").display())),
        ("POSTERN_SECRET_KEY", "a key that is only ever used in the benchmark".to_owned()),
        ("POSTERN_SERVER_LISTEN", address.to_owned()),
        ("POSTERN_SERVER_PUBLIC_URL", format!("http://{address}")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
}

/// The database, and an administrator of our own in it.
async fn make(folder: &Path, size: Size) {
    let reading = config::read(&ConfigFile::Nothing, environment(folder, "127.0.0.1:8080"));
    let app = App::assemble(&reading.config.unwrap(), Parts::real()).unwrap();
    app.prepare_database().await.unwrap();
    let password = || PasswordInput::from_typed(Secret::new(PASSWORD.to_owned()));
    let new = New {
        username: Username::parse("root-admin").unwrap(),
        email: EmailAddress::parse("root-admin@example.com").unwrap(),
        role: Role::Administrator,
        first: First::Password(password()),
    };
    invitation::create(app.services(), new, Actor::Operator).await.unwrap();
    let hash = hash(&password(), &Cost::CHEAPEST, &[7; 16], &mut Area::for_cost(Cost::CHEAPEST)).unwrap();
    let mut conn = Location::Sqlite(folder.join("postern.db")).connect().unwrap();
    seed::fill(&mut conn, size, app.services().clock.now(), hash.as_str());
}

struct Server {
    child: Child,
    base: String,
}

impl Server {
    async fn start(folder: &Path) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        drop(listener);
        let child = Command::new(env!("CARGO_BIN_EXE_postern"))
            .arg("serve")
            .env_clear()
            .envs(environment(folder, &address))
            .current_dir(folder)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self { child, base: format!("http://{address}") };
        let http = Client::builder().no_proxy().build().unwrap();
        for _ in 0..400 {
            let answer = http.get(format!("{}/readyz", server.base)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return server;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the server did not start");
    }

    async fn log_in(&self) -> Client {
        let browser =
            Client::builder().cookie_store(true).redirect(Policy::none()).no_proxy().build().unwrap();
        let page = browser.get(format!("{}/login", self.base)).send().await.unwrap().text().await.unwrap();
        let field = Selector::parse("input[name=form_token]").unwrap();
        let page = Html::parse_document(&page);
        let token = page.select(&field).next().unwrap().attr("value").unwrap().to_owned();
        let form = [("form_token", token.as_str()), ("username", "root-admin"), ("password", PASSWORD)];
        let login = browser.post(format!("{}/login", self.base)).header("Sec-Fetch-Site", "same-origin");
        assert_eq!(login.form(&form).send().await.unwrap().status(), 303);
        browser
    }

    /// A path with the link to the next page in the place of `NEXT`.
    async fn resolved(&self, browser: &Client, path: &str) -> String {
        let Some(first) = path.strip_suffix("NEXT") else { return path.to_owned() };
        let first = first.trim_end_matches(['?', '&']);
        let page = browser.get(format!("{}{first}", self.base)).send().await.unwrap();
        let next = Selector::parse("a[rel=next]").unwrap();
        let page = Html::parse_document(&page.text().await.unwrap());
        page.select(&next).next().expect("a next page").attr("href").unwrap().to_owned()
    }

    /// Processor time of one page, in milliseconds, and its length.
    async fn cost(&self, browser: &Client, path: &str) -> (f64, usize) {
        let mut bytes = 0;
        let ask = async || {
            let answer = browser.get(format!("{}{path}", self.base)).send().await.unwrap();
            assert_eq!(answer.status(), 200, "{path}");
            answer.bytes().await.unwrap().len()
        };
        ask().await;
        let before = self.ticks();
        for _ in 0..TIMES {
            bytes = ask().await;
        }
        // The kernel counts processor time in hundredths of a second (proc(5), as USER_HZ is everywhere).
        (f64::from(self.ticks() - before) * 10.0 / f64::from(TIMES), bytes)
    }

    fn ticks(&self) -> u32 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        let (_, fields) = stat.rsplit_once(") ").expect("Linux's accounting");
        let fields: Vec<&str> = fields.split(' ').collect();
        fields[11].parse::<u32>().unwrap() + fields[12].parse::<u32>().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
