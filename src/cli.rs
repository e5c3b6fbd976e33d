//! The commands, as typed. What they do is wired elsewhere.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Postern, a self-hosted sign-in portal with two-factor authentication by e-mail or text message.
#[derive(Clone, Debug, Parser)]
#[command(name = "postern", version, about)]
pub struct Cli {
    /// Read this configuration file instead of postern.toml in the working directory
    #[arg(long, value_name = "FILE", global = true)]
    pub config: Option<PathBuf>,
    /// What to do; nothing said means [`Command::Serve`]. Ask [`Cli::command`].
    #[command(subcommand)]
    command: Option<Command>,
}

impl Cli {
    /// What to do.
    pub fn command(&self) -> Command {
        self.command.clone().unwrap_or(Command::Serve)
    }
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Run the server (the default)
    Serve,
    /// Bring the database up to date
    Migrate,
    /// Make, list and unlock accounts
    #[command(subcommand)]
    Account(AccountCommand),
    /// Check configuration, database, keys, mail and SMS, and say how to mend what is wrong
    Doctor,
    /// Print the reference of all configuration keys
    Config,
}

/// What to do with accounts.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum AccountCommand {
    /// Make an account and print an invitation link at which the person sets a password
    Create(NewAccount),
    /// List all accounts
    List,
    /// Lift every pause that wrong passwords or codes have put on an account
    Unlock {
        /// Whose
        username: String,
    },
}

/// An account to be made, as typed and not yet checked.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct NewAccount {
    /// The name the person logs in with
    #[arg(long, value_name = "U")]
    pub username: String,
    /// The address of record
    #[arg(long, value_name = "E")]
    pub email: String,
    /// Make the person an administrator
    #[arg(long)]
    pub admin: bool,
    /// Read the password from one line of standard input instead of printing an invitation link
    #[arg(long)]
    pub password_stdin: bool,
}
