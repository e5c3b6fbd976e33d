//! The release binary at work on an installation.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::load::{Line, get};
use crate::process::Process;
use crate::town::Town;

/// No start takes so long.
const PATIENCE: Duration = Duration::from_secs(20);

pub struct Server {
    child: Child,
    pub address: String,
    /// From the start of the process to its first page.
    pub started_in: Duration,
}

impl Server {
    /// Starts it, and waits for its first page.
    pub async fn start(town: &Town, mail_port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        drop(listener);
        let began = Instant::now();
        let child = Command::new(env!("CARGO_BIN_EXE_postern"))
            .arg("serve")
            .env_clear()
            .envs(town.environment(&address, mail_port))
            .current_dir(env!("CARGO_TARGET_TMPDIR"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut server = Self { child, address, started_in: Duration::ZERO };
        while tokio::net::TcpStream::connect(&server.address).await.is_err() {
            assert!(began.elapsed() < PATIENCE, "the server did not start");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        let page = get(&server.address, "/login", "");
        assert_eq!(Line::to(&server.address).ask(&page).await, 200);
        server.started_in = began.elapsed();
        server
    }

    pub fn process(&self) -> Process {
        Process(self.child.id())
    }

    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Resident memory once it has stopped moving: ten seconds after the last request.
    pub async fn settled_memory(&self) -> f64 {
        tokio::time::sleep(Duration::from_secs(10)).await;
        self.process().memory()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
