//! `postern account`: make accounts and look after them, beside a server that runs or without one.

use std::io::{self, BufRead};

use crate::app::App;
use crate::cli::run::{ready, say};
use crate::cli::{AccountCommand, CommandFault, NewAccount, TwoFactorChange};
use crate::config::Config;
use crate::domain::account::{Role, State};
use crate::domain::administration::{Act, Hindrance};
use crate::domain::email::EmailAddress;
use crate::domain::event::Actor;
use crate::domain::limits::SecondFactorStanding;
use crate::domain::password::{PasswordInput, judge};
use crate::domain::requirement::RequiredBy;
use crate::domain::secret::Secret;
use crate::domain::username::Username;
use crate::domain::when;
use crate::flows::admin::operator;
use crate::flows::admin::{Outcome, Overview};
use crate::flows::invitation::{self, First, Made, New};
use crate::flows::start;
use crate::web::form::Words;

/// Carries one of these commands out.
pub(super) async fn run(config: &Config, command: AccountCommand) -> Result<(), CommandFault> {
    match command {
        AccountCommand::Create(new) => create(config, new).await,
        AccountCommand::List => list(config).await,
        AccountCommand::Show { username } => show(config, &username).await,
        AccountCommand::Disable { username } => act(config, &username, Act::Disable, None).await,
        AccountCommand::Enable { username } => act(config, &username, Act::Enable, None).await,
        AccountCommand::Unlock { username } => act(config, &username, Act::Unlock, None).await,
        AccountCommand::TwoFactor(change) => act(config, &change.username, change.act(), None).await,
        AccountCommand::Email { username, email } => {
            let email = EmailAddress::parse(&email)
                .map_err(|_| CommandFault::Typed(format!("{email}: not an address like name@example.com")))?;
            act(config, &username, Act::CorrectEmail, Some(email)).await
        }
        AccountCommand::Pass { username } => act(config, &username, Act::IssuePass, None).await,
    }
}

impl TwoFactorChange {
    /// The one that was said; the parser sees to it that it is one.
    fn act(&self) -> Act {
        if self.require {
            Act::RequireTwoFactor
        } else if self.optional {
            Act::LeaveTwoFactor
        } else {
            Act::ResetTwoFactor
        }
    }
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

async fn show(config: &Config, typed: &str) -> Result<(), CommandFault> {
    let (username, app) = (username(typed)?, ready(config).await?);
    let overview = operator::overview(app.services(), &username).await?.ok_or_else(|| nobody(typed))?;
    facts(&overview).into_iter().try_for_each(|(name, value)| say(&format!("{name}\t{value}")))
}

/// What is known, one line each; the destination masked, as everywhere.
fn facts(overview: &Overview) -> Vec<(&'static str, String)> {
    let account = &overview.situation.account;
    let confirmed = account.email_confirmed_at.map_or("never confirmed".to_owned(), when::iso);
    let method = match (overview.factor.destination(), overview.factor.since()) {
        (Some(destination), Some(since)) => {
            let to = destination.masked().shown;
            format!("{}, {to}, since {}", destination.method().label(), when::iso(since))
        }
        (Some(_) | None, Some(_) | None) => "Disabled".to_owned(),
    };
    vec![
        ("username", account.username.as_str().to_owned()),
        ("name", account.display_name.clone()),
        ("email", account.email.as_str().to_owned()),
        ("email confirmed", confirmed),
        ("role", account.role.as_str().to_owned()),
        ("state", overview.record.state.as_str().to_owned()),
        ("paused", paused(overview)),
        ("two-factor", method),
        ("required", required(overview.required_by).to_owned()),
        ("trusted computers", if account.allows_trust { "allowed" } else { "forbidden" }.to_owned()),
        ("last login", overview.record.last_login.as_ref().map_or("never".to_owned(), |l| when::iso(l.at))),
        ("created", when::iso(overview.record.created_at)),
    ]
}

fn paused(overview: &Overview) -> String {
    let passwords = overview.situation.name_rests.then(|| "passwords".to_owned());
    let codes = match overview.situation.account.second_factor_standing {
        SecondFactorStanding::Open => None,
        SecondFactorStanding::Paused(until) => Some(format!("codes until {}", when::iso(until))),
        SecondFactorStanding::Suspended => Some("codes until unlocked".to_owned()),
    };
    let paused: Vec<_> = passwords.into_iter().chain(codes).collect();
    if paused.is_empty() { "no".to_owned() } else { paused.join(", ") }
}

fn required(by: Option<RequiredBy>) -> &'static str {
    match by {
        Some(RequiredBy::OfEveryone) => "by the configuration, of everyone",
        Some(RequiredBy::OfAdministrators) => "by the configuration, of administrators",
        Some(RequiredBy::Administrator) => "by an administrator",
        None => "no",
    }
}

async fn act(
    config: &Config,
    typed: &str,
    act: Act,
    email: Option<EmailAddress>,
) -> Result<(), CommandFault> {
    let (username, app) = (username(typed)?, ready(config).await?);
    match operator::carry_out(app.services(), &username, act, email).await? {
        Outcome::Done | Outcome::Stale => say(&format!("{typed}: {}", done(act))),
        Outcome::Pass(pass) => say(&format!(
            "{typed}: this stands in for one code, within 10 minutes:\n{}",
            pass.shown().expose()
        )),
        Outcome::Hindered(hindrance) => {
            let overview = operator::overview(app.services(), &username).await?;
            let why = hindered(hindrance, act, overview.as_ref());
            Err(CommandFault::Typed(format!("{typed}: {why}")))
        }
        Outcome::NoSuchAccount => Err(nobody(typed)),
    }
}

fn done(act: Act) -> &'static str {
    match act {
        Act::RequireTwoFactor => "has to have two-factor authentication from the next request on",
        Act::LeaveTwoFactor => "may decide on two-factor authentication",
        Act::ResetTwoFactor => {
            "has no second factor any more; the next one is set up with a code from the address of record"
        }
        Act::Unlock => "passwords and codes may be tried again",
        Act::Disable => "cannot log in any more",
        Act::Enable => "can log in again",
        Act::CorrectEmail => "has another address of record, which is not confirmed yet",
        Act::TurnOnEmail
        | Act::AllowTrust
        | Act::ForbidTrust
        | Act::IssuePass
        | Act::EndSessions
        | Act::ForgetComputers
        | Act::MailReset
        | Act::InviteAgain
        | Act::Promote
        | Act::Demote => "done",
    }
}

fn hindered(hindrance: Hindrance, act: Act, overview: Option<&Overview>) -> String {
    let is_disabled = overview.is_some_and(|overview| overview.record.state == State::Disabled);
    match hindrance {
        Hindrance::Configuration => {
            "two_factor.required in the configuration requires two-factor authentication of this account; \
             nothing was changed"
                .to_owned()
        }
        Hindrance::LastAdministrator => {
            "this is the last administrator who can log in; make another one first".to_owned()
        }
        Hindrance::NotNow if is_disabled => "the account is disabled; nothing was changed".to_owned(),
        Hindrance::NotNow if act == Act::IssuePass || act == Act::ResetTwoFactor => {
            "there is no second factor to stand in for or to reset; nothing was changed".to_owned()
        }
        Hindrance::NotNow | Hindrance::Oneself => "it is so already; nothing was changed".to_owned(),
    }
}

fn username(typed: &str) -> Result<Username, CommandFault> {
    Username::parse(typed).map_err(|_| nobody(typed))
}

fn nobody(typed: &str) -> CommandFault {
    CommandFault::Typed(format!("{typed}: there is no such account"))
}
