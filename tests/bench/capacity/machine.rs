//! The server under test, the accounts in it, and the floor: what these cores can hash.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
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

pub const PASSWORD: &str = "correct horse battery staple";
const KEY: &str = "a key that is only ever used in the benchmark";

pub fn username(n: usize) -> String {
    format!("person-{n}")
}

fn password() -> PasswordInput {
    PasswordInput::from_typed(Secret::new(PASSWORD.to_owned()))
}

fn environment(folder: &Path, address: &str) -> [(String, String); 4] {
    [
        ("POSTERN_DATABASE_URL", format!("sqlite://{}", folder.join("postern.db").display())),
        ("POSTERN_SECRET_KEY", KEY.to_owned()),
        ("POSTERN_SERVER_LISTEN", address.to_owned()),
        ("POSTERN_SERVER_PUBLIC_URL", format!("http://{address}")),
    ]
    .map(|(name, value)| (name.to_owned(), value))
}

/// Makes the accounts through the program's own story, at the policy's cost.
pub async fn seed_accounts(folder: &Path, how_many: usize) {
    let reading = config::read(&ConfigFile::Nothing, environment(folder, "127.0.0.1:8080"));
    let app = App::assemble(&reading.config.unwrap(), Parts::real()).unwrap();
    app.prepare_database().await.unwrap();
    for n in 0..how_many {
        let new = New {
            username: Username::parse(&username(n)).unwrap(),
            email: EmailAddress::parse(&format!("{}@example.com", username(n))).unwrap(),
            role: Role::Person,
            first: First::Password(password()),
        };
        invitation::create(app.services(), new, Actor::Operator).await.unwrap();
    }
}

/// What all cores together hash in a second, on kept memory: three seconds' worth.
pub fn hashes_a_second() -> f64 {
    let cores = thread::available_parallelism().unwrap().get();
    let began = Instant::now();
    let work = |_| {
        thread::spawn(move || {
            let (mut area, input, mut done) = (Area::for_cost(Cost::POLICY), password(), 0_u32);
            while began.elapsed() < Duration::from_secs(3) {
                hash(&input, &Cost::POLICY, &[7; 16], &mut area).unwrap();
                done += 1;
            }
            done
        })
    };
    let threads: Vec<_> = (0..cores).map(work).collect();
    let done: u32 = threads.into_iter().map(|thread| thread.join().unwrap()).sum();
    f64::from(done) / began.elapsed().as_secs_f64()
}

/// The release binary, in development mode on a database of its own.
pub struct Server {
    child: Child,
    base: String,
}

impl Server {
    pub async fn start(folder: &Path) -> Self {
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
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let ready = format!("{}/readyz", server.base);
        for _ in 0..200 {
            if http.get(&ready).send().await.is_ok_and(|answer| answer.status().is_success()) {
                return server;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the server did not start");
    }

    pub fn base(&self) -> &str {
        &self.base
    }

    /// Resident memory, in MiB.
    pub fn memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("Linux's accounting");
        let kib: f64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kib / 1_024.0
    }

    /// Resident memory once it has stopped moving: ten seconds after the last request.
    pub async fn settled_memory(&self) -> f64 {
        tokio::time::sleep(Duration::from_secs(10)).await;
        self.memory()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
