//! The commands, as typed; `run` carries them out.

mod account;
mod backup;
mod doctor;
mod keys;
mod open;
mod run;

use std::path::PathBuf;

use clap::{ArgGroup, Args, Parser, Subcommand};

pub use run::{CommandFault, run};

/// Postern, a self-hosted sign-in portal with two-factor authentication by e-mail or text message.
#[derive(Clone, Debug, Parser)]
#[command(name = "postern", version)]
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
    /// Make and look after accounts
    #[command(subcommand)]
    Account(AccountCommand),
    /// Check configuration, database, keys, mail and SMS, and say how to mend what is wrong
    Doctor(Trials),
    /// Copy the SQLite database into a new file, while the server runs
    Backup {
        /// The new file
        file: PathBuf,
    },
    /// Put such a copy back, while no server runs; everybody is logged out and no computer is trusted
    Restore {
        /// The copy
        file: PathBuf,
    },
    /// Look after the keys
    #[command(subcommand)]
    Keys(KeysCommand),
    /// End every session, trusted computer, code, link and one-time pass, as after a restore
    Revoke,
    /// Print the reference of all configuration keys
    Config,
}

/// What to do with the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Subcommand)]
pub enum KeysCommand {
    /// Bring everything that was sealed under secret.previous to secret.key
    Rotate,
}

/// Messages to try the ways out with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Args)]
pub struct Trials {
    /// Mail a code that opens nothing to this address, and print the conversation with the mail server
    #[arg(long, value_name = "TO")]
    pub send_mail: Option<String>,
    /// Text one to this number, such as +12125550123
    #[arg(long, value_name = "TO")]
    pub send_sms: Option<String>,
}

/// What to do with accounts.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum AccountCommand {
    /// Make an account and print an invitation link at which the person sets a password
    Create(NewAccount),
    /// List all accounts
    List,
    /// Show what is known of an account
    Show {
        /// Whose
        username: String,
    },
    /// Switch an account off: it is logged out everywhere and cannot log in
    Disable {
        /// Whose
        username: String,
    },
    /// Switch an account on again
    Enable {
        /// Whose
        username: String,
    },
    /// Lift every pause that wrong passwords or codes have put on an account
    Unlock {
        /// Whose
        username: String,
    },
    /// Require two-factor authentication, leave it to the person, or reset it
    TwoFactor(TwoFactorChange),
    /// Correct the address of record; the old and the new one are told
    Email {
        /// Whose
        username: String,
        /// The new address
        email: String,
    },
    /// Print a one-time pass, once: for 10 minutes it stands in for a code
    Pass {
        /// For whom
        username: String,
    },
}

/// What becomes of an account's two-factor authentication: one of the three.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
#[group(skip)]
#[command(group(ArgGroup::new("change").required(true).args(["require", "optional", "reset"])))]
pub struct TwoFactorChange {
    /// Whose
    pub username: String,
    /// Require it: from the next request the account is led to set it up
    #[arg(long)]
    pub require: bool,
    /// Leave it to the person; what the configuration requires stays required
    #[arg(long)]
    pub optional: bool,
    /// Take the second factor away; a new one is set up with a code from the address of record
    #[arg(long)]
    pub reset: bool,
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

#[cfg(test)]
mod tests {
    use clap::CommandFactory;
    use clap::error::ErrorKind;

    use super::*;

    fn typed(line: &str) -> Cli {
        Cli::try_parse_from(line.split_whitespace()).unwrap_or_else(|error| panic!("{line}: {error}"))
    }

    fn refused(line: &str) -> ErrorKind {
        Cli::try_parse_from(line.split_whitespace()).unwrap_err().kind()
    }

    #[test]
    fn nothing_said_serves() {
        assert_eq!(typed("postern").command(), Command::Serve);
        assert_eq!(typed("postern serve").command(), Command::Serve);
        assert_eq!(typed("postern").config, None);
    }

    #[test]
    fn a_configuration_file_is_named_before_or_after_the_command() {
        for line in
            ["postern --config a.toml", "postern --config a.toml doctor", "postern doctor --config a.toml"]
        {
            assert_eq!(typed(line).config, Some(PathBuf::from("a.toml")), "{line}");
        }
        assert_eq!(typed("postern config --config a.toml").command(), Command::Config);
    }

    #[test]
    fn an_operator_makes_the_first_account() {
        let line = "postern account create --username ada --email ada@acme.test --admin";
        let Command::Account(AccountCommand::Create(account)) = typed(line).command() else {
            panic!("{line}")
        };
        assert_eq!((account.username.as_str(), account.email.as_str()), ("ada", "ada@acme.test"));
        assert!(account.admin && !account.password_stdin);

        assert_eq!(refused("postern account create --username ada"), ErrorKind::MissingRequiredArgument);
        // A password on the command line would stand in every process list.
        assert_eq!(
            refused("postern account create --username a --email a@b.test --password x"),
            ErrorKind::UnknownArgument
        );
    }

    #[test]
    fn an_operator_looks_after_accounts() {
        assert_eq!(typed("postern account list").command(), Command::Account(AccountCommand::List));
        let unlock = AccountCommand::Unlock { username: "ada".to_owned() };
        assert_eq!(typed("postern account unlock ada").command(), Command::Account(unlock));
        let Command::Account(AccountCommand::TwoFactor(change)) =
            typed("postern account two-factor ada --reset").command()
        else {
            panic!("a change")
        };
        assert!(change.reset && !change.require && !change.optional && change.username == "ada");
        let asks_too_little = "postern account two-factor ada";
        assert_eq!(refused(asks_too_little), ErrorKind::MissingRequiredArgument);
        let asks_too_much = "postern account two-factor ada --require --reset";
        assert_eq!(refused(asks_too_much), ErrorKind::ArgumentConflict);
        assert_eq!(typed("postern migrate").command(), Command::Migrate);
        assert_eq!(typed("postern doctor").command(), Command::Doctor(Trials::default()));
        let line = "postern doctor --send-mail ada@acme.test --send-sms +12125550142";
        let Command::Doctor(trials) = typed(line).command() else { panic!("{line}") };
        assert_eq!(trials.send_mail.as_deref(), Some("ada@acme.test"));
        assert_eq!(trials.send_sms.as_deref(), Some("+12125550142"));
        assert_eq!(refused("postern acount list"), ErrorKind::InvalidSubcommand);
    }

    #[test]
    fn the_commands_fit_together_and_tell_about_themselves() {
        let mut described = <Cli as CommandFactory>::command();
        described.clone().debug_assert();
        let help = described.render_help().to_string();
        for word in [
            "two-factor authentication",
            "serve",
            "migrate",
            "account",
            "doctor",
            "keys",
            "revoke",
            "backup",
            "restore",
            "config",
            "--config <FILE>",
        ] {
            assert!(help.contains(word), "{word} in {help}");
        }
    }
}
