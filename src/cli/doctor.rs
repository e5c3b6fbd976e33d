//! Checks configuration, database, key and mail server through the very parts that serving uses, and says how to mend what
//! is wrong.

use crate::app::{App, Parts, StartFault};
use crate::cli::run::{CommandFault, say};
use crate::config::{Config, Mail, Mode, SmsProvider};
use crate::delivery::message::{Brand, check_texts};
use crate::flows::start;

pub(super) async fn examine(config: &Config) -> Result<(), CommandFault> {
    let mode = match config.mode {
        Mode::Development => "development",
        Mode::Production => "production",
    };
    well("configuration", &format!("{mode} mode, reached at {}", config.server.public_url))?;
    let app = match App::assemble(config, Parts::real()) {
        Ok(app) => app,
        Err(fault) => return ill("configuration", &fault.to_string()).and(Err(CommandFault::NotWell)),
    };
    let checks = [database(&app).await?, mail(config, &app).await?, sms(config)?, texts(config)?];
    if checks.iter().all(|is_well| *is_well) { Ok(()) } else { Err(CommandFault::NotWell) }
}

async fn database(app: &App) -> Result<bool, CommandFault> {
    match start::is_pending(app.services()).await {
        Err(fault) => {
            ill("database", &format!("{fault}. Is the address in database.url right, and is it running?"))?;
            return Ok(false);
        }
        Ok(true) => {
            ill("database", "it answers and wants migrations: run postern migrate")?;
            return Ok(false);
        }
        Ok(false) => {}
    }
    match app.check_stamp().await {
        Ok(()) => well("database and key", "they answer and belong together")?,
        Err(fault @ (StartFault::OtherMode { .. } | StartFault::OtherKey)) => {
            ill("database and key", &fault.to_string())?;
            return Ok(false);
        }
        Err(fault) => {
            ill("database", &fault.to_string())?;
            return Ok(false);
        }
    }
    Ok(true)
}

async fn mail(config: &Config, app: &App) -> Result<bool, CommandFault> {
    match &config.mail {
        Mail::Mailbox => {
            well("mail", "stays in the built-in mailbox")?;
            Ok(true)
        }
        Mail::Smtp(server) => match app.check_mail().await {
            Ok(()) => {
                well("mail", &format!("{}:{} answers, encrypts and lets us in", server.host, server.port))?;
                Ok(true)
            }
            Err(detail) => {
                let advice = "Check host, port, user and password in mail.url";
                ill("mail", &format!("{}:{}: {detail}. {advice}", server.host, server.port))?;
                Ok(false)
            }
        },
    }
}

fn sms(config: &Config) -> Result<bool, CommandFault> {
    let words = match &config.sms.provider {
        SmsProvider::None => "is off: only Email is offered".to_owned(),
        SmsProvider::Mailbox => "stay in the built-in mailbox".to_owned(),
        SmsProvider::Twilio(account) => {
            let host = account.base_url.host_str().unwrap_or("").to_owned();
            format!("go through {host}, to {}", config.sms.countries.join(", "))
        }
    };
    well("text messages", &words)?;
    Ok(true)
}

/// One text message, whatever the brand's name and the host's length.
fn texts(config: &Config) -> Result<bool, CommandFault> {
    let host = config.server.public_url.host_str().unwrap_or_default();
    match check_texts(&Brand::new(&config.brand.name, host, None)) {
        Ok(()) => Ok(true),
        Err(fault) => {
            ill("text messages", &format!("{fault}. Choose a shorter or plainer brand.name"))?;
            Ok(false)
        }
    }
}

fn well(what: &str, words: &str) -> Result<(), CommandFault> {
    say(&format!("ok       {what}: {words}"))
}

fn ill(what: &str, words: &str) -> Result<(), CommandFault> {
    say(&format!("NOT WELL {what}: {words}"))
}
