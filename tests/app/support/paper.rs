//! The log of all stories of a run, on one paper. Whatever any of them has logged is looked at as it is written: what opens
//! something ends the whole run, however the story itself ended.

use std::io::{self, Write};
use std::process::abort;
use std::sync::{Arc, Mutex, OnceLock};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::util::SubscriberInitExt;

use super::smtp_server::USER;
use super::test_app::{PASSWORD, TEST_KEY};
use super::twilio_server::ACCOUNT;

/// What most stories have in common and no log may hold.
const SECRETS: [&str; 4] = [PASSWORD, TEST_KEY, USER.1, ACCOUNT.1];

/// Everything that is logged in this process from the first call on.
#[derive(Clone, Default)]
pub struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    /// DEBUG of everything, libraries too, and all that the program itself has to say. Only the tests' own browsers are not
    /// listened to.
    pub fn laid_out() -> Self {
        static PAPER: OnceLock<Paper> = OnceLock::new();
        PAPER
            .get_or_init(|| {
                let paper = Self::default();
                let writer = paper.clone();
                let filter =
                    "debug,postern=trace,html5ever=off,selectors=off,thirtyfour=off,cookie_store=off";
                tracing_subscriber::fmt()
                    .with_env_filter(EnvFilter::new(filter))
                    .with_ansi(false)
                    .with_writer(move || writer.clone())
                    .finish()
                    .init();
                paper
            })
            .clone()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl Write for Paper {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Some(secret) = found_in(line) {
            // Straight to stderr, and out: a test that runs beside it must not pass over this.
            writeln!(io::stderr(), "{secret} is in the log: {}", String::from_utf8_lossy(line))?;
            abort();
        }
        self.0.lock().unwrap().extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn found_in(line: &[u8]) -> Option<&'static str> {
    let line = String::from_utf8_lossy(line);
    SECRETS.into_iter().find(|secret| line.contains(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_in_a_line_is_found() {
        for secret in SECRETS {
            assert_eq!(found_in(format!("INFO password={secret} typed").as_bytes()), Some(secret));
        }
        assert_eq!(found_in(b"INFO request method=\"GET\" status=200"), None);
    }
}
