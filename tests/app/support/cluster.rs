//! A PostgreSQL server of one test's own, which it may restart.

use std::io::Write;
use std::os::unix::fs::{MetadataExt, chown};
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;
use url::Url;

use super::program::free_port;

/// Names the folder of the server's programs; without it, whatever restarts a server is left out.
const PROGRAMS: &str = "POSTERN_TEST_POSTGRES";

/// A running server. Dropped, it is gone.
pub struct Cluster {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
    is_root: bool,
}

impl Cluster {
    /// Starts one, where there is one to start.
    pub fn start() -> Option<Self> {
        let programs = programs()?;
        let folder = TempDir::new().unwrap();
        let is_root = std::fs::metadata(folder.path()).unwrap().uid() == 0;
        let cluster = Self { programs, folder, port: free_port(), is_root };
        if is_root {
            let owner = std::fs::metadata("/var/lib/postgresql").unwrap();
            chown(cluster.folder.path(), Some(owner.uid()), Some(owner.gid())).unwrap();
        }
        cluster.run("initdb", &["-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-sync"]);
        let options = format!(
            "-p {} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c fsync=off",
            cluster.port,
            cluster.folder.path().display()
        );
        let log = cluster.folder.path().join("log").display().to_string();
        cluster.run("pg_ctl", &["start", "-s", "-w", "-l", &log, "-o", &options]);
        Some(cluster)
    }

    /// Where it answers.
    pub fn url(&self) -> Url {
        Url::parse(&format!("postgres://postgres@127.0.0.1:{}/postgres", self.port)).unwrap()
    }

    /// Ends it this way (`fast`, `immediate`) and starts it again.
    pub fn restart(&self, how: &str) {
        let log = self.folder.path().join("log").display().to_string();
        self.run("pg_ctl", &["restart", "-s", "-w", "-m", how, "-l", &log]);
    }

    fn run(&self, program: &str, words: &[&str]) {
        let ran = self.command(program, words).output().unwrap();
        assert!(ran.status.success(), "{program} {words:?}: {}", String::from_utf8_lossy(&ran.stderr));
    }

    /// The server refuses to run as root.
    fn command(&self, program: &str, words: &[&str]) -> Command {
        let program = self.programs.join(program);
        let mut command = match self.is_root {
            true => {
                let mut command = Command::new("runuser");
                command.args(["-u", "postgres", "--"]).arg(program);
                command
            }
            false => Command::new(program),
        };
        command.args(words).arg("-D").arg(self.folder.path().join("data")).current_dir(self.folder.path());
        command
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Err: it is gone already.
        drop(self.command("pg_ctl", &["stop", "-s", "-m", "immediate"]).output());
    }
}

fn programs() -> Option<PathBuf> {
    let programs = std::env::var_os(PROGRAMS).map(PathBuf::from);
    if programs.is_none() {
        let line =
            format!("left out: restarts of PostgreSQL, because {PROGRAMS} is not set; tests/run sets it");
        writeln!(std::io::stderr(), "{line}").unwrap();
    }
    programs
}
