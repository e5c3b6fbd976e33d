//! What the commands do. Words for the operator go to standard output, everything else to standard error.

use std::io::{self, IsTerminal, Write};
use std::net::{SocketAddr, TcpListener};

use crate::app::{App, StartFault};
use crate::cli::open::{self, Opened};
use crate::cli::{Cli, Command, KeysCommand, account, backup, doctor, keys};
use crate::config::{self, Config, LogFormat};
use crate::flows::setup;
use crate::web::page::Development;
use crate::web::request_log::report_panics_by_place;

/// A command that did not succeed; its words have been said, or are these.
#[derive(Debug, thiserror::Error)]
pub enum CommandFault {
    /// The configuration: all faults at once.
    #[error("{0}")]
    Config(#[from] config::ConfigFaults),
    /// The start.
    #[error(transparent)]
    Start(#[from] StartFault),
    /// Something typed.
    #[error("{0}")]
    Typed(String),
    /// Reading or writing.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Some check of `doctor` failed.
    #[error("not everything is well; see above")]
    NotWell,
}

impl From<crate::flows::FlowError> for CommandFault {
    fn from(fault: crate::flows::FlowError) -> Self {
        Self::Start(StartFault::Database(fault))
    }
}

/// Carries a command out.
///
/// # Errors
/// [`CommandFault`], to be said on standard error.
pub async fn run(cli: Cli) -> Result<(), CommandFault> {
    let command = cli.command();
    if command == Command::Config {
        return say(config::reference().trim_end());
    }
    let reading = config::read(&cli.config.clone().into(), config::process_environment());
    for warning in &reading.warnings {
        whisper(&format!("warning: {warning}"))?;
    }
    let config = reading.config?;
    match command {
        Command::Serve => serve(&config).await,
        Command::Migrate => migrate(&config).await,
        Command::Account(command) => account::run(&config, command).await,
        Command::Doctor(trials) => doctor::examine(&config, &trials).await,
        Command::Keys(KeysCommand::Rotate) => keys::rotate(&config).await,
        Command::Backup { file } => backup::backup(&config, &file).await,
        Command::Restore { file } => backup::restore(&config, &file).await,
        Command::Revoke => keys::revoke(&config).await,
        Command::Config => Ok(()),
    }
}

/// Everything that a command needs; or what has to be done first.
pub(super) async fn ready(config: &Config) -> Result<App, CommandFault> {
    match open::open(config).await? {
        Opened::Ready(app) => Ok(*app),
        Opened::WantsMigrations => {
            Err(CommandFault::Typed("the database wants migrations: run postern migrate".to_owned()))
        }
    }
}

async fn serve(config: &Config) -> Result<(), CommandFault> {
    start_log(config.log);
    report_panics_by_place();
    let app = ready(config).await?;
    let listener = bind("server.listen", config.server.listen)?;
    let metrics = config.metrics.map(|address| bind("metrics.listen", address)).transpose()?;
    greet(config, &app).await?;
    app.serve(listener, metrics).await?;
    Ok(())
}

fn bind(key: &'static str, address: SocketAddr) -> Result<TcpListener, StartFault> {
    TcpListener::bind(address).map_err(|fault| StartFault::Listen { key, address, fault })
}

/// Says on the console, and not in the log, where everything is. The link opens the whole installation.
async fn greet(config: &Config, app: &App) -> Result<(), CommandFault> {
    let address = app.portal.public_address();
    let development = app.portal.site.development.as_ref();
    let mode = if development.is_some() { " in development mode" } else { "" };
    whisper(&format!("\n  {} is ready{mode}:  {address}\n", config.brand.name))?;
    if let Some(token) = setup::token(app.services()).await? {
        whisper("  Nobody has an account yet. Make the first administrator here, once:")?;
        whisper(&format!("  {address}/setup?token={}\n", token.expose()))?;
    }
    match development {
        Some(development) => whisper(&format!("  {}\n", where_messages_go(development, &address))),
        None => Ok(()),
    }
}

/// The same as the banner on every page says.
fn where_messages_go(development: &Development, address: &str) -> String {
    let mailbox = format!("{address}/dev/mailbox");
    match (development.mail_leaves, development.sms_leaves) {
        (false, false) => format!("What it sends arrives here:  {mailbox}"),
        (true, false) => format!("Email really goes out; text messages arrive here:  {mailbox}"),
        (false, true) => format!("Text messages really go out; email arrives here:  {mailbox}"),
        (true, true) => "Email and text messages really go out.".to_owned(),
    }
}

async fn migrate(config: &Config) -> Result<(), CommandFault> {
    let applied = open::migrate(config).await?;
    if applied.is_empty() {
        return say("the database is up to date");
    }
    applied.iter().try_for_each(|name| say(&format!("applied {name}")))
}

/// What is told. Not what is wrong with the bytes of a stranger's connection, which actix tells as errors: whoever knocks at
/// ports could raise the operator's alarm at will.
const TOLD: &str = "info,actix_http::h1::dispatcher=off,actix_http::h1::decoder=off";

fn start_log(format: LogFormat) {
    let builder = tracing_subscriber::fmt().with_writer(io::stderr).with_env_filter(TOLD);
    // Colours are for people: in a file or a collector they are noise between the words one searches for.
    let builder = if io::stderr().is_terminal() { builder } else { builder.with_ansi(false) };
    match format {
        LogFormat::Text => builder.with_target(false).init(),
        LogFormat::Json => builder.json().flatten_event(true).init(),
    }
}

pub(super) fn say(words: &str) -> Result<(), CommandFault> {
    Ok(writeln!(io::stdout(), "{words}")?)
}

fn whisper(words: &str) -> Result<(), CommandFault> {
    Ok(writeln!(io::stderr(), "{words}")?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greeting_tells_of_each_channel_where_it_leads() {
        for (mail_leaves, sms_leaves, words) in [
            (false, false, "What it sends arrives here:  http://x/dev/mailbox"),
            (true, false, "Email really goes out; text messages arrive here:  http://x/dev/mailbox"),
            (false, true, "Text messages really go out; email arrives here:  http://x/dev/mailbox"),
            (true, true, "Email and text messages really go out."),
        ] {
            assert_eq!(where_messages_go(&Development { mail_leaves, sms_leaves }, "http://x"), words);
        }
    }
}
