//! A real nginx in front of the instances, with the configuration that docs/deploy shows.

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::{interval, timeout};

use super::HOST;
use crate::support::event::PATIENCE;
use crate::support::program::free_port;

/// What operators copy.
const SHOWN: &str = include_str!("../../../docs/deploy/nginx.conf");
/// Where Debian keeps it, and not everybody has that folder in the path.
const PLACES: [&str; 2] = ["nginx", "/usr/sbin/nginx"];

/// A running nginx. Dropped, it is ended with all its workers.
pub struct Nginx {
    folder: TempDir,
    child: Child,
    pub port: u16,
    pub authority_pem: String,
}

impl Nginx {
    /// The program, if it is here; a word about it, if not.
    pub fn program() -> Option<&'static str> {
        let answers = |program: &&str| Command::new(program).arg("-v").stderr(Stdio::null()).status().is_ok();
        let found = PLACES.into_iter().find(answers);
        if found.is_none() {
            // Straight to stderr: what a passing test prints is not shown.
            let line =
                "left out: three instances behind nginx, because there is no nginx; tests/run installs it";
            writeln!(std::io::stderr(), "{line}").unwrap();
        }
        found
    }

    /// Starts it in front of three instances at these ports, and waits until it listens.
    pub async fn start(program: &str, instances: [u16; 3]) -> Self {
        let (folder, port) = (TempDir::new().unwrap(), free_port());
        // Its workers are another user's, where root runs the tests.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
        let authority_pem = certify(folder.path());
        fs::write(folder.path().join("postern.conf"), shown_for(folder.path(), port, instances)).unwrap();
        fs::write(folder.path().join("nginx.conf"), around(folder.path())).unwrap();
        let errors = File::create(folder.path().join("errors")).unwrap();
        let child = Command::new(program)
            .arg("-p")
            .arg(folder.path())
            .args(["-e", "stderr", "-c", "nginx.conf"])
            .stdin(Stdio::null())
            .stderr(errors)
            .spawn()
            .unwrap();
        let mut nginx = Self { folder, child, port, authority_pem };
        assert!(timeout(PATIENCE, nginx.listens()).await.is_ok(), "{}", nginx.read("errors"));
        nginx
    }

    async fn listens(&mut self) {
        let mut looks = interval(Duration::from_millis(20));
        while TcpStream::connect(("127.0.0.1", self.port)).await.is_err() {
            assert!(self.child.try_wait().unwrap().is_none(), "it ended: {}", self.read("errors"));
            looks.tick().await;
        }
    }

    /// How many requests the instance at this port has answered.
    pub fn answered_by(&self, instance: u16) -> usize {
        let last = format!("127.0.0.1:{instance}");
        self.read("requests").lines().filter(|line| line.ends_with(&last)).count()
    }

    /// How many requests one instance did not answer, and the next one did.
    pub fn passed_on(&self) -> usize {
        self.read("requests").lines().filter(|line| line.contains(", ")).count()
    }

    fn read(&self, file: &str) -> String {
        fs::read_to_string(self.folder.path().join(file)).unwrap()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // By SIGTERM, which the workers hear of too. Err: it has ended.
        drop(Command::new("kill").args(["-TERM", &self.child.id().to_string()]).status());
        drop(self.child.wait());
    }
}

/// The configuration of docs/deploy, but for addresses and certificates.
fn shown_for(folder: &Path, port: u16, instances: [u16; 3]) -> String {
    let mut text = SHOWN.to_owned();
    let mut replace = |shown: &str, ours: &str| {
        assert!(text.contains(shown), "{shown:?} stands in docs/deploy/nginx.conf no more");
        text = text.replace(shown, ours);
    };
    for (shown, ours) in [8081, 8082, 8083].into_iter().zip(instances) {
        replace(&format!("127.0.0.1:{shown} "), &format!("127.0.0.1:{ours} "));
    }
    replace("listen 443 ssl", &format!("listen 127.0.0.1:{port} ssl"));
    replace(&format!("/etc/ssl/{HOST}"), &format!("{}/tls", folder.display()));
    text
}

/// What stands around it: everything in a folder of its own.
fn around(folder: &Path) -> String {
    let folder = folder.display();
    let kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let kept: String = kinds.iter().map(|kind| format!("    {kind}_temp_path {folder}/{kind};\n")).collect();
    format!(
        "daemon off;\npid {folder}/pid;\nerror_log stderr;\nworker_processes 2;\nevents {{}}\nhttp {{\n{kept}    \
         log_format short '$request_method $status $upstream_addr';\n    access_log {folder}/requests short;\n    \
         include postern.conf;\n}}\n"
    )
}

/// Writes a certificate for the portal's name and its key into the folder, and answers who vouches for it.
fn certify(folder: &Path) -> String {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "An authority of this test's own");
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec![HOST.to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    fs::write(folder.join("tls.pem"), certificate.pem()).unwrap();
    fs::write(folder.join("tls.key"), key.serialize_pem()).unwrap();
    authority.pem()
}
