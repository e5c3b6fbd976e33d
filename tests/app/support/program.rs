//! The program itself as a child process: a clean environment, a folder and a port of its own.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::browser::Browser;
use super::database::TestDatabase;
use super::event::PATIENCE;
use super::test_app::{PASSWORD, TEST_KEY};

/// Where the program runs: a working directory, a database, a port, and what is set in its environment.
#[derive(Clone)]
pub struct Home {
    folder: Arc<TempDir>,
    database: Arc<TestDatabase>,
    port: u16,
    settings: Vec<(String, String)>,
    /// Another user than the one who runs the tests.
    user: Option<u32>,
}

/// What a command that ended left behind.
#[derive(Debug)]
pub struct Ran {
    /// Whether it says that all went well.
    pub is_well: bool,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

/// `postern serve`, running. Dropped, it is killed.
pub struct Running {
    child: Child,
    lines: UnboundedReceiver<String>,
    said: Vec<String>,
    address: String,
}

impl Home {
    /// An empty folder. The database is the default one in it, or, where the tests run on PostgreSQL, a fresh one there
    /// that has no table yet.
    pub fn new() -> Self {
        Self::on(TestDatabase::fresh())
    }

    /// An empty folder, and this database.
    pub fn on(database: TestDatabase) -> Self {
        let database = Arc::new(database);
        let port = free_port();
        let mut settings = vec![("POSTERN_SERVER_LISTEN".to_owned(), format!("127.0.0.1:{port}"))];
        if database.is_postgres() {
            settings.push(("POSTERN_DATABASE_URL".to_owned(), database.url()));
        }
        Self { folder: Arc::new(TempDir::new().unwrap()), database, port, settings, user: None }
    }

    /// The same, with a database in which `serve` finds what it needs.
    pub async fn ready() -> Self {
        let home = Self::new();
        home.migrate().await;
        home
    }

    /// The same with a database that the test can look into while the program runs.
    pub fn looked_into(&self) -> Self {
        self.with(&[("POSTERN_DATABASE_URL", self.database.url())])
    }

    /// Runs `postern migrate` where `serve` does not do so by itself.
    pub async fn migrate(&self) {
        if self.database.is_postgres() {
            self.run(&["migrate"]).await.well();
        }
    }

    /// The same folder, database and port, with settings changed.
    pub fn with<N: AsRef<str>, V: AsRef<str>>(&self, settings: &[(N, V)]) -> Self {
        let mut home = self.clone();
        for (name, value) in settings {
            home.settings.retain(|(known, _)| known != name.as_ref());
            home.settings.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        }
        home
    }

    /// Makes an account with [`PASSWORD`] and the address `name@example.com`.
    pub async fn person(&self, name: &str) {
        let email = format!("{name}@example.com");
        let words = ["account", "create", "--username", name, "--email", &email, "--password-stdin"];
        self.run_with_input(&words, &format!("{PASSWORD}\n")).await.well();
    }

    /// A browser that has never been here. It finds the program whenever it runs.
    pub fn browser(&self) -> Browser {
        Browser::new(&format!("http://localhost:{}", self.port))
    }

    /// All that production mode insists on, with a mail server at this port of this machine.
    pub fn in_production(&self, mail_port: u16) -> Self {
        self.with(&[
            ("POSTERN_MODE", "production"),
            ("POSTERN_SERVER_PUBLIC_URL", "https://login.example.com"),
            ("POSTERN_SECRET_KEY", TEST_KEY),
            ("POSTERN_MAIL_URL", &format!("smtp://127.0.0.1:{mail_port}")),
            ("POSTERN_MAIL_FROM", "postern@example.com"),
        ])
    }

    /// The same, where permissions count: root, who may do everything, hands it all to nobody.
    pub fn unprivileged(&self) -> Self {
        const NOBODY: u32 = 65534;
        let is_root = fs::metadata(self.folder()).unwrap().uid() == 0;
        if is_root {
            let entries = fs::read_dir(self.folder()).unwrap().map(|entry| entry.unwrap().path());
            for path in entries.chain([self.folder().to_owned()]) {
                chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
            }
        }
        Self { user: is_root.then_some(NOBODY), ..self.clone() }
    }

    /// Sets the permissions of the working directory, or of a file in it.
    pub fn permit(&self, name: &str, mode: u32) {
        fs::set_permissions(self.file(name), Permissions::from_mode(mode)).unwrap();
    }

    /// The working directory.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder().join(name)
    }

    /// The database.
    pub fn database(&self) -> &TestDatabase {
        &self.database
    }

    /// Where the program listens.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Runs a command to its end, with nothing on standard input.
    pub async fn run(&self, words: &[&str]) -> Ran {
        self.run_with_input(words, "").await
    }

    /// Runs a command to its end, with this on standard input.
    pub async fn run_with_input(&self, words: &[&str], input: &str) -> Ran {
        let (mut command, input) = (self.command(words), input.to_owned());
        // On a thread of its own: a server in this test may have to answer meanwhile.
        let ran = spawn_blocking(move || {
            let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
            // A command that does not read what it is given is none the worse for it.
            drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
            child.wait_with_output().unwrap()
        });
        let ran = timeout(PATIENCE, ran).await.unwrap_or_else(|_| panic!("{words:?} does not end"));
        let ran = ran.unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Ran { is_well: ran.status.success(), out: text(ran.stdout), err: text(ran.stderr) }
    }

    /// Starts `postern serve` and waits until it says where it is.
    pub async fn serve(&self) -> Running {
        let mut running = self.start();
        let greeting = running.hear("is ready").await;
        running.address = greeting.split_whitespace().last().unwrap().to_owned();
        running.hear("starting service").await;
        running.wait_for_handlers().await;
        running
    }

    /// Starts `postern serve`, which may end before it has said a word.
    pub fn start(&self) -> Running {
        let mut child = self.command(&["serve"]).stdout(Stdio::null()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, lines) = unbounded_channel();
        std::thread::spawn(move || {
            // When nobody listens any more, the rest is still read: a full pipe would hold the program up.
            stderr.lines().map_while(Result::ok).for_each(|line| drop(sender.send(line)));
        });
        Running { child, lines, said: Vec::new(), address: String::new() }
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_postern"));
        command.args(words).env_clear().envs(self.settings.iter().cloned()).current_dir(self.folder());
        command.stdin(Stdio::piped()).stderr(Stdio::piped());
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        command
    }
}

impl Ran {
    /// The same, if the command succeeded.
    #[track_caller]
    pub fn well(self) -> Self {
        assert!(self.is_well, "{self:#?}");
        self
    }

    /// What it said on standard error, if it failed and said nothing else.
    #[track_caller]
    pub fn refusal(self) -> String {
        assert!(!self.is_well && self.out.is_empty(), "{self:#?}");
        self.err
    }
}

impl Running {
    /// The address that the greeting names.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// A fresh browser at that address.
    pub fn browser(&self) -> Browser {
        Browser::new(&self.address)
    }

    /// Waits until a line of standard error holds these words: one said already, or one to come.
    pub async fn hear(&mut self, words: &str) -> String {
        if let Some(line) = self.said.iter().find(|line| line.contains(words)) {
            return line.clone();
        }
        loop {
            let Ok(line) = timeout(PATIENCE, self.lines.recv()).await else {
                panic!("{words:?} is not said in\n{}", self.said.join("\n"))
            };
            let Some(line) = line else {
                panic!("it ended with {:?}: {}", self.child.wait(), self.said.join("\n"))
            };
            self.said.push(line.clone());
            if line.contains(words) {
                return line;
            }
        }
    }

    /// Waits until the program handles SIGTERM itself. It begins to right after it listens; before that the signal ends it
    /// at once, as it does any process.
    async fn wait_for_handlers(&self) {
        const SIGTERM_BIT: u64 = 1 << 14;
        let status = format!("/proc/{}/status", self.child.id());
        let handles = || {
            let Ok(status) = std::fs::read_to_string(&status) else { return true };
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap().trim();
            u64::from_str_radix(caught, 16).unwrap() & SIGTERM_BIT != 0
        };
        while !handles() {
            tokio::task::yield_now().await;
        }
    }

    /// Sends the signal with which service managers ask a program to stop.
    pub fn terminate(&self) {
        let sent = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    /// How much memory it holds.
    pub fn resident_kib(&self) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// Whether it has ended, for whatever reason.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// `kill -9`: it has no time to do anything.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for the end; whether it was a good one, and everything that was said on standard error.
    pub async fn ended(mut self) -> (bool, String) {
        while let Some(line) = timeout(PATIENCE, self.lines.recv()).await.expect("it does not end") {
            self.said.push(line);
        }
        let status = self.child.wait().unwrap();
        (status.success(), self.said.join("\n"))
    }

    /// Asks it twice, so that it gives no notice, and waits for the end.
    pub async fn stop_at_once(mut self) -> String {
        self.terminate();
        self.hear("graceful shutdown").await;
        self.stop().await
    }

    /// Asks it to stop and waits for the end.
    pub async fn stop(self) -> String {
        self.terminate();
        let (is_well, said) = self.ended().await;
        assert!(is_well, "{said}");
        said
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Err: it has ended.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A port below those that the system hands out by itself, so that no connection of another test takes it between this
/// look and the program's start.
pub fn free_port() -> u16 {
    loop {
        let port = rand::random_range(10_000..30_000);
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
