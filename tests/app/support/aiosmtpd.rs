//! A mail server that is not ours, as a child process: Python's aiosmtpd.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use super::event::PATIENCE;

/// Names a Python that has aiosmtpd. Where it is set, a missing aiosmtpd is a fault; `tests/run` sets it.
const PYTHON: &str = "POSTERN_TEST_PYTHON";

/// The user it knows, and the password.
pub const USER: (&str, &str) = ("postern@outside.test", "outside: a secret/with?signs#in it");

/// A running server. It ends when it is dropped.
pub struct Aiosmtpd {
    /// Where it listens.
    pub port: u16,
    child: Child,
    said: UnboundedReceiver<String>,
    folder: TempDir,
}

impl Aiosmtpd {
    /// Starts one for the host `localhost`; `None`, and a line on stderr, where there is no aiosmtpd and need not be.
    pub async fn start() -> Option<Self> {
        let python = python()?;
        let folder = TempDir::new().unwrap();
        let (certificate, key) = certificate(folder.path());
        let mut child = Command::new(python)
            .args(["-c", include_str!("aiosmtpd_server.py")])
            .args([&certificate, &key, folder.path()])
            .args([USER.0, USER.1])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (say, said) = unbounded_channel();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // Nobody may be listening any more.
                drop(say.send(line));
            }
        });
        let mut server = Self { port: 0, child, said, folder };
        server.port = server.hear("port").await.parse().unwrap();
        Some(server)
    }

    /// The certificate of the authority that nobody knows yet.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// The next mail, as the server wrote it down.
    pub async fn next_mail(&mut self) -> String {
        let file = self.hear("mail").await;
        fs::read_to_string(file).unwrap()
    }

    async fn hear(&mut self, word: &str) -> String {
        let line = timeout(PATIENCE, self.said.recv()).await.expect("it says nothing").expect("it ended");
        line.strip_prefix(word).unwrap_or_else(|| panic!("{word} was expected, not {line}")).trim().to_owned()
    }
}

impl Drop for Aiosmtpd {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The Python to use.
fn python() -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "this variable is the tests' own, not the application's")]
    let named = std::env::var(PYTHON).ok();
    let candidates =
        named.clone().map_or(vec!["python3".to_owned(), "/usr/bin/python3".to_owned()], |named| vec![named]);
    let has_aiosmtpd = |python: &String| {
        let mut command = Command::new(python);
        let command = command.args(["-c", "import aiosmtpd"]).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let found = candidates.into_iter().find(has_aiosmtpd);
    if found.is_none() {
        let missing = "the mail server that is not ours, because no Python here has aiosmtpd";
        assert!(named.is_none(), "{PYTHON} is set, but {missing}");
        // Straight to stderr: what a passing test prints is not shown.
        writeln!(std::io::stderr(), "left out: {missing}; tests/run installs what it needs").unwrap();
    }
    found
}

/// Writes a certificate for `localhost`, its key and the authority's certificate into the folder.
fn certificate(folder: &Path) -> (PathBuf, PathBuf) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "An operator's own authority");
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, &authority).unwrap();
    let place = |name: &str| folder.join(name);
    fs::write(place("authority.pem"), authority.pem()).unwrap();
    fs::write(place("certificate.pem"), certificate.pem()).unwrap();
    fs::write(place("key.pem"), key.serialize_pem()).unwrap();
    (place("certificate.pem"), place("key.pem"))
}
