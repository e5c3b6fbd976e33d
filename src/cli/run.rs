//! What the commands do. Words for the operator go to standard output, everything else to standard error.

use std::io::{self, BufRead, IsTerminal, Write};
use std::net::TcpListener;

use crate::app::{App, StartFault};
use crate::cli::open::{self, Opened};
use crate::cli::{AccountCommand, Cli, Command, NewAccount, doctor};
use crate::config::{self, Config, LogFormat};
use crate::domain::account::Role;
use crate::domain::email::EmailAddress;
use crate::domain::event::Actor;
use crate::domain::password::{PasswordInput, judge};
use crate::domain::secret::Secret;
use crate::domain::username::Username;
use crate::flows::invitation::{self, First, Made, New};
use crate::flows::{setup, start};
use crate::web::form::Words;
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
        Command::Account(AccountCommand::Create(new)) => create(&config, new).await,
        Command::Account(AccountCommand::List) => list(&config).await,
        Command::Account(AccountCommand::Unlock { username }) => unlock(&config, &username).await,
        Command::Doctor => doctor::examine(&config).await,
        Command::Config => Ok(()),
    }
}

/// Everything that a command needs; or what has to be done first.
async fn ready(config: &Config) -> Result<App, CommandFault> {
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
    let address = config.server.listen;
    let listener = TcpListener::bind(address).map_err(|fault| StartFault::Listen { address, fault })?;
    greet(config, &app).await?;
    app.serve(listener).await?;
    Ok(())
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

async fn create(config: &Config, new: NewAccount) -> Result<(), CommandFault> {
    let username = Username::parse(&new.username).map_err(|_| {
        CommandFault::Typed("--username: 3 to 64 letters, digits, dots, underscores or dashes".to_owned())
    })?;
    let email = EmailAddress::parse(&new.email)
        .map_err(|_| CommandFault::Typed("--email: an address like name@example.com".to_owned()))?;
    let app = ready(config).await?;
    let first = match new.password_stdin {
        true => First::Password(typed_password(&app, &username)?),
        false => First::PrintedLink,
    };
    let role = if new.admin { Role::Administrator } else { Role::Person };
    match invitation::create(app.services(), New { username, email, role, first }, Actor::Operator).await? {
        Made::WithPassword => say(&format!("{} can log in", new.username)),
        Made::Invited(link) => {
            say(&format!("{} sets a password here, within 72 hours:\n{}", new.username, link.expose()))
        }
        // Only an administrator's invitation is mailed.
        Made::Mailed(_) => Ok(()),
        Made::NameTaken => Err(CommandFault::Typed(format!("--username: {} exists", new.username))),
    }
}

/// One line of standard input, without its line end.
fn typed_password(app: &App, username: &Username) -> Result<PasswordInput, CommandFault> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let line = Secret::new(line);
    let typed = line.expose().trim_end_matches(['\r', '\n']).to_owned();
    let password = PasswordInput::from_typed(Secret::new(typed));
    let settings = &app.services().settings;
    match judge(&password, &settings.passwords, username.as_str(), &settings.product) {
        Ok(()) => Ok(password),
        Err(fault) => Err(CommandFault::Typed(format!("the password: {}", fault.words()))),
    }
}

async fn list(config: &Config) -> Result<(), CommandFault> {
    let app = ready(config).await?;
    let mut after = String::new();
    loop {
        let page = start::list_accounts(app.services(), after.clone()).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.username.key().as_str().to_owned();
        for account in &page {
            let standing = if account.is_active() { "active" } else { "disabled" };
            let (name, role) = (account.username.as_str(), account.role.as_str());
            say(&format!("{name}\t{}\t{role}\t{standing}", account.email.as_str()))?;
        }
    }
}

async fn unlock(config: &Config, username: &str) -> Result<(), CommandFault> {
    let nobody = || CommandFault::Typed(format!("{username}: there is no such account"));
    let name = Username::parse(username).map_err(|_| nobody())?;
    let app = ready(config).await?;
    if start::unlock(app.services(), &name).await? {
        say(&format!("{username}: passwords and codes may be tried again"))
    } else {
        Err(nobody())
    }
}

fn start_log(format: LogFormat) {
    let builder = tracing_subscriber::fmt().with_writer(io::stderr).with_max_level(tracing::Level::INFO);
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
