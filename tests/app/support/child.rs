//! The real binary as a child process, to be killed and started again.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use tempfile::TempDir;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use super::browser::Browser;
use super::database::TestDatabase;
use super::event::{PATIENCE, until};
use super::test_app::PASSWORD;

/// An installation: its database, its folder and its settings outlive every process that runs on them.
pub struct Installation {
    pub database: TestDatabase,
    /// Where browsers reach it, whenever it runs.
    pub base: String,
    settings: Vec<(String, String)>,
    folder: TempDir,
}

/// A running process. It is killed when it is dropped.
pub struct Running {
    child: Child,
    said: Arc<Said>,
    listening: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Said {
    words: Mutex<String>,
    news: Notify,
}

impl Installation {
    /// Development mode, with settings changed, on a fresh database with all its tables.
    pub fn new(settings: &[(String, String)]) -> Self {
        let address = free_address();
        let database = TestDatabase::fresh();
        let own = [
            ("POSTERN_SERVER_LISTEN", address.clone()),
            ("POSTERN_SERVER_PUBLIC_URL", format!("http://{address}")),
            ("POSTERN_DATABASE_URL", database.url()),
            ("POSTERN_SECRET_KEY", "a key that is only ever used in tests".to_owned()),
        ];
        let mut all: Vec<_> = own.map(|(name, value)| (name.to_owned(), value)).into();
        all.extend_from_slice(settings);
        let folder = TempDir::new().unwrap();
        let new = Self { database, base: format!("http://{address}"), settings: all, folder };
        new.run(&["migrate"], "");
        new
    }

    /// Runs a command to its end, which must be a good one.
    #[track_caller]
    pub fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = self.command(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        output
    }

    /// Makes an account with [`PASSWORD`] and the address `name@example.com`.
    pub fn person(&self, name: &str) {
        let email = format!("{name}@example.com");
        let arguments = ["account", "create", "--username", name, "--email", &email, "--password-stdin"];
        self.run(&arguments, &format!("{PASSWORD}\n"));
    }

    /// Serves, once it says that it is ready.
    pub async fn serve(&self) -> Running {
        let mut child = self.command(&["serve"]).stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
        let said = Arc::new(Said::default());
        let (heard, stderr) = (Arc::clone(&said), child.stderr.take().unwrap());
        let listening = std::thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                heard.words.lock().unwrap().push_str(&(line + "\n"));
                heard.news.notify_waiters();
            }
        });
        let running = Running { child, said, listening: Some(listening) };
        let is_ready = || running.said().contains(" is ready");
        until(&running.said.news, "a process that is ready", is_ready).await;
        running
    }

    /// A browser that has never been here.
    pub fn browser(&self) -> Browser {
        Browser::new(&self.base)
    }

    /// The command with these settings and nothing else of this process's surroundings.
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_postern"));
        command.args(arguments).current_dir(self.folder.path()).env_clear();
        command.envs(self.settings.iter().map(|(name, value)| (name, value))).stderr(Stdio::piped());
        command
    }
}

impl Running {
    /// What it has said on standard error so far: greeting and log.
    pub fn said(&self) -> String {
        self.said.words.lock().unwrap().clone()
    }

    /// `kill -9`: it has no time to do anything.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, as a supervisor does.
    pub fn ask_to_stop(&self) {
        let asked = Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status();
        assert!(asked.unwrap().success());
    }

    /// Waits for its end, and answers all it ever said on standard error.
    pub async fn log_when_ended(mut self) -> String {
        assert!(self.status().await.success());
        // The last words may still be in the pipe.
        self.listening.take().unwrap().join().unwrap();
        self.said()
    }

    /// Waits for its end.
    pub async fn ended(mut self) -> ExitStatus {
        self.status().await
    }

    async fn status(&mut self) -> ExitStatus {
        let waiting = async {
            loop {
                if let Some(status) = self.child.try_wait().unwrap() {
                    return status;
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(PATIENCE, waiting).await.expect("it does not end")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// An address that is free now and, below the range from which systems lend ports, most likely stays so between a kill and
/// the next start.
fn free_address() -> String {
    let mut ports = (0..200).map(|_| 10_000 + rand::random::<u16>() % 10_000);
    let free = ports.find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok());
    format!("127.0.0.1:{}", free.expect("a free port"))
}
