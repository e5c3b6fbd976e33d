//! Checks configuration, database, key and mail server through the very parts that serving uses, and says how to mend what
//! is wrong.

use crate::app::{StartFault, check_carrier, mail_server, mode};
use crate::cli::open::{Opened, open};
use crate::cli::run::{CommandFault, say};
use crate::config::{Config, DatabaseUrl, Mail, SmsProvider, SmtpSecurity, SmtpSettings};
use crate::delivery::message::{Brand, check_texts};

pub(super) async fn examine(config: &Config) -> Result<(), CommandFault> {
    well("configuration", &format!("{} mode, reached at {}", mode(config), config.server.public_url))?;
    let checks = [database(config).await?, mail(config).await?, sms(config)?];
    if checks.iter().all(|is_well| *is_well) { Ok(()) } else { Err(CommandFault::NotWell) }
}

async fn database(config: &Config) -> Result<bool, CommandFault> {
    match open(config).await {
        Ok(Opened::Ready(_)) => {
            well("database and key", "they answer and belong together")?;
            return Ok(true);
        }
        Ok(Opened::WantsMigrations) => {
            ill("database", "it answers and wants migrations: run postern migrate")?
        }
        Err(fault @ StartFault::Unreachable(_)) => {
            let question = match &config.database {
                DatabaseUrl::Sqlite(_) => "May this user write it, and make files beside it?",
                DatabaseUrl::Postgres(_) => "Is the address right, and is it running?",
            };
            ill("database", &format!("{fault}. {question}"))?;
        }
        Err(fault) => ill("database and key", &fault.to_string())?,
    }
    Ok(false)
}

async fn mail(config: &Config) -> Result<bool, CommandFault> {
    let Mail::Smtp(server) = &config.mail else {
        well("mail", "stays in the built-in mailbox")?;
        return Ok(true);
    };
    let place = format!("{}:{}", server.host, server.port);
    let answer = match mail_server(config) {
        Ok(Some(smtp)) => smtp.check().await.map_err(|(class, detail)| {
            format!("{place}: {}: {detail}. Check host, port, user and password in mail.url", class.as_str())
        }),
        Ok(None) => Ok(()),
        Err(fault) => Err(fault.to_string()),
    };
    match answer {
        Ok(()) => well("mail", &format!("{place} {}", what_it_does(server)))?,
        Err(ref words) => ill("mail", words)?,
    }
    Ok(answer.is_ok())
}

fn what_it_does(server: &SmtpSettings) -> &'static str {
    match (server.security, server.credentials.is_some()) {
        (SmtpSecurity::PlainLoopback, false) => "answers",
        (SmtpSecurity::PlainLoopback, true) => "answers and lets us in",
        (SmtpSecurity::Implicit | SmtpSecurity::StartTls, false) => "answers and encrypts",
        (SmtpSecurity::Implicit | SmtpSecurity::StartTls, true) => "answers, encrypts and lets us in",
    }
}

/// Whether text messages can be sent at all, and whether each stays one text, whatever the brand's name and the host's
/// length.
fn sms(config: &Config) -> Result<bool, CommandFault> {
    let words = match &config.sms.provider {
        SmsProvider::None => "is off: only Email is offered".to_owned(),
        SmsProvider::Mailbox => "stay in the built-in mailbox".to_owned(),
        SmsProvider::Webhook(bridge) => {
            let host = bridge.url.host_str().unwrap_or_default();
            format!("go through the bridge at {host}, to {}", config.sms.countries.join(", "))
        }
        SmsProvider::Twilio(account) => {
            let host = account.base_url.host_str().unwrap_or("").to_owned();
            format!("go through {host}, to {}", config.sms.countries.join(", "))
        }
    };
    let host = config.server.public_url.host_str().unwrap_or_default();
    let fits = check_texts(&Brand::new(&config.brand.name, host, None));
    match (check_carrier(config), fits) {
        (Err(fault), _) => ill("text messages", &fault.to_string())?,
        (Ok(_), Err(fault)) => {
            ill("text messages", &format!("{fault}. Choose a shorter or plainer brand.name"))?;
        }
        (Ok(_), Ok(())) => {
            well("text messages", &words)?;
            return Ok(true);
        }
    }
    Ok(false)
}

fn well(what: &str, words: &str) -> Result<(), CommandFault> {
    say(&format!("ok       {what}: {words}"))
}

fn ill(what: &str, words: &str) -> Result<(), CommandFault> {
    say(&format!("NOT WELL {what}: {words}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::secret::Secret;

    fn server(security: SmtpSecurity, user: Option<&str>) -> SmtpSettings {
        SmtpSettings {
            host: "mail.acme.test".to_owned(),
            port: 465,
            security,
            credentials: user.map(|user| (user.to_owned(), Secret::new("hunter2".to_owned()))),
            ca_file: None,
            from: "login@acme.test".to_owned(),
        }
    }

    #[test]
    fn a_mail_server_is_praised_for_what_it_really_does() {
        for (security, user, words) in [
            (SmtpSecurity::PlainLoopback, None, "answers"),
            (SmtpSecurity::PlainLoopback, Some("postern"), "answers and lets us in"),
            (SmtpSecurity::StartTls, None, "answers and encrypts"),
            (SmtpSecurity::Implicit, Some("postern"), "answers, encrypts and lets us in"),
        ] {
            assert_eq!(what_it_does(&server(security, user)), words);
        }
    }
}
