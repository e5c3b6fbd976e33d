//! The one chromedriver of this process, and sessions with it.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde_json::{Value, json};
use thirtyfour::common::capabilities::chromium::ChromiumLikeCapabilities;
use thirtyfour::common::command::{Command as WebDriverCommand, ExtensionCommand};
use thirtyfour::prelude::{WebDriver, WebDriverResult};
use thirtyfour::{CapabilitiesHelper, DesiredCapabilities};

use super::view::{Script, View};

/// `required`: a missing Chromium is a fault. Anything else: it is left out.
const REQUIRED: &str = "POSTERN_TEST_BROWSER";

/// Starts and ends chromedriver. When this process ends, however it ends, its end of the pipe closes, the shell reads
/// to the end, and chromedriver goes; Chromium, driven through a pipe as well, goes with it. The shell lets go of its
/// own stdout, so that what chromedriver says ends when chromedriver does.
const LEASH: &str = "\"$0\" --port=0 & driver=$!; exec >&-; read -r _; kill $driver";

/// How often chromedriver may fail to start. It binds a free port of IPv4 and the same one of IPv6, which somebody else
/// may have, and then it gives up.
const STARTS: usize = 5;

/// Without `--no-sandbox` Chromium starts neither as root nor in most containers; it sees no page but ours. The
/// others keep it from asking the network for things that no page asked for. Without scrollbars a width is the width.
const FLAGS: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--disable-default-apps",
    "--no-default-browser-check",
    "--remote-debugging-pipe",
];

/// A running chromedriver.
#[derive(Debug)]
pub struct Driver {
    address: String,
    chromium: PathBuf,
}

/// The driver of this process, started on the first call. Where it cannot be: `None` and a line on stderr, or a panic
/// where the browser is required.
pub fn running() -> Option<&'static Driver> {
    static DRIVER: OnceLock<Result<Driver, String>> = OnceLock::new();
    let driver = DRIVER.get_or_init(|| {
        let driver = start();
        if let Err(why) = &driver {
            say(&format!("left out: the browser suite, because {why}; tests/run installs what it needs"));
        }
        driver
    });
    match driver {
        Ok(driver) => Some(driver),
        Err(why) if variable(REQUIRED).as_deref() == Some("required") => {
            panic!("{REQUIRED}=required, but {why}")
        }
        Err(_) => None,
    }
}

/// Whether a missing part is a fault.
pub fn required() -> bool {
    variable(REQUIRED).as_deref() == Some("required")
}

/// Why there can be no browser suite on this machine, if so.
pub fn missing() -> Option<String> {
    programs().err()
}

impl Driver {
    /// A Chromium with this profile folder, looking at pages in this way.
    pub async fn session(&self, profile: &Path, view: View) -> WebDriverResult<WebDriver> {
        let mut wanted = DesiredCapabilities::chrome();
        wanted.set_binary(&self.chromium.to_string_lossy())?;
        for flag in FLAGS {
            wanted.add_arg(flag)?;
        }
        wanted.add_arg(&format!("--user-data-dir={}", profile.display()))?;
        if view.script == Script::Off {
            // What a company's policy, or the switch in the settings, does.
            let off = json!({"profile.managed_default_content_settings.javascript": 2});
            wanted.add_experimental_option("prefs", off)?;
        }
        wanted.set("goog:loggingPrefs", json!({"browser": "ALL", "performance": "ALL"}))?;
        WebDriver::builder(&self.address, wanted).client(client()).await
    }
}

/// A command of the DevTools protocol, and its answer.
pub async fn cdp(session: &WebDriver, command: &str, parameters: Value) -> WebDriverResult<Value> {
    let command = Cdp { body: json!({"cmd": command, "params": parameters}) };
    session.cmd(WebDriverCommand::ExtensionCommand(Box::new(command))).await?.value()
}

/// A variable of the tests' own.
#[expect(clippy::disallowed_methods, reason = "these variables are the tests' own, not the application's")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A line on stderr, past the capturing of a test that passes.
pub fn say(line: &str) {
    // Nobody reads stderr any more: then nobody misses the line either.
    drop(writeln!(std::io::stderr(), "{line}"));
}

#[derive(Debug)]
struct Cdp {
    body: Value,
}

impl ExtensionCommand for Cdp {
    fn parameters_json(&self) -> Option<Value> {
        Some(self.body.clone())
    }

    fn method(&self) -> reqwest::Method {
        reqwest::Method::POST
    }

    fn endpoint(&self) -> Arc<str> {
        "/goog/cdp/execute".into()
    }
}

fn start() -> Result<Driver, String> {
    let (chromium, chromedriver) = programs()?;
    let port = (0..STARTS).find_map(|_| on_the_leash(&chromedriver).transpose()).transpose()?;
    let port = port.ok_or_else(|| format!("{} does not start", chromedriver.display()))?;
    Ok(Driver { address: format!("http://127.0.0.1:{port}"), chromium })
}

/// Starts chromedriver, to run as long as this process, and gives the port it listens on; `None` if it ended at once.
fn on_the_leash(chromedriver: &Path) -> Result<Option<u16>, String> {
    let mut leash = Command::new("sh");
    leash.args(["-c", LEASH]).arg(chromedriver).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut leash = leash.spawn().map_err(|fault| format!("sh does not start: {fault}"))?;
    let mut said = BufReader::new(leash.stdout.take().ok_or("no way to hear chromedriver")?);
    let Some(port) = heard_port(&mut said) else {
        drop(leash.stdin.take());
        leash.wait().map_err(|fault| format!("sh does not end: {fault}"))?;
        return Ok(None);
    };
    // Chromedriver must never wait for somebody to read what it says.
    std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
    // The end of the leash is held until this process ends.
    std::mem::forget(leash.stdin.take());
    Ok(Some(port))
}

fn heard_port(said: &mut impl BufRead) -> Option<u16> {
    said.lines().map_while(Result::ok).find_map(|line| {
        let (_, port) = line.split_once("started successfully on port ")?;
        port.trim_end_matches('.').parse().ok()
    })
}

fn programs() -> Result<(PathBuf, PathBuf), String> {
    let chromium = ["chromium", "chromium-browser", "google-chrome"].iter().find_map(|name| found(name));
    let chromium = chromium.ok_or("Chromium is not installed")?;
    let chromedriver = found("chromedriver").ok_or("chromedriver is not installed")?;
    Ok((chromium, chromedriver))
}

fn found(program: &str) -> Option<PathBuf> {
    let path = variable("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// The driver is on this machine and speaks plain HTTP: no certificates, no proxy.
fn client() -> reqwest::Client {
    // Err: somebody was quicker and has installed the same one.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client = reqwest::Client::builder().no_proxy().tls_certs_only([]).timeout(Duration::from_secs(120));
    client.build().expect("an HTTP client")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn program(text: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("chromedriver");
        std::fs::write(&file, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
        (folder, file)
    }

    #[test]
    fn a_chromedriver_that_ends_at_once_is_not_waited_for() {
        let (_folder, file) = program("echo 'bind() failed: Address already in use (98)'; exit 1");
        assert_eq!(on_the_leash(&file), Ok(None));
    }

    #[test]
    fn one_that_stays_tells_its_port() {
        let (_folder, file) = program("echo 'ChromeDriver was started successfully on port 4711.'; exec cat");
        assert_eq!(on_the_leash(&file), Ok(Some(4711)));
    }
}
