//! Checks configuration, database, key and mail server through the very parts that serving uses, and says how to mend what
//! is wrong.

use crate::app::trial::{self, Trial};
use crate::app::{StartFault, check_carrier, mail_server, mode};
use crate::cli::Trials;
use crate::cli::open::{Opened, open};
use crate::cli::run::{CommandFault, say};
use crate::config::{Config, DatabaseUrl, Mail, SmsProvider, SmtpSecurity, SmtpSettings};
use crate::delivery::message::{Brand, check_texts};
use crate::domain::delivery::FailureClass;
use crate::domain::email::EmailAddress;
use crate::domain::phone::{Country, PhoneNumber};
use crate::flows::outbox::Outcome;

pub(super) async fn examine(config: &Config, trials: &Trials) -> Result<(), CommandFault> {
    well("configuration", &format!("{} mode, reached at {}", mode(config), config.server.public_url))?;
    let mut checks = vec![database(config).await?, mail(config).await?, sms(config)?];
    if let Some(to) = &trials.send_mail {
        checks.push(try_mail(config, to).await?);
    }
    if let Some(to) = &trials.send_sms {
        checks.push(try_text(config, to).await?);
    }
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

async fn try_mail(config: &Config, to: &str) -> Result<bool, CommandFault> {
    const WHAT: &str = "test mail";
    let Ok(to) = EmailAddress::parse(to) else {
        ill(WHAT, "--send-mail takes an address such as ada@example.com")?;
        return Ok(false);
    };
    match trial::mail(config, &to).await {
        Ok(Some(trial)) => tell(WHAT, &trial, "the mail server"),
        Ok(None) => {
            ill(WHAT, "mail stays in the built-in mailbox: set mail.url to try a mail server")?;
            Ok(false)
        }
        Err(fault) => {
            ill(WHAT, &fault.to_string())?;
            Ok(false)
        }
    }
}

async fn try_text(config: &Config, to: &str) -> Result<bool, CommandFault> {
    const WHAT: &str = "test text";
    if matches!(config.sms.provider, SmsProvider::Mailbox) {
        ill(WHAT, "texts stay in the built-in mailbox: set sms.provider to try a carrier")?;
        return Ok(false);
    }
    let countries: Vec<_> = config.sms.countries.iter().filter_map(|code| Country::parse(code)).collect();
    let number = countries.first().map(|first| PhoneNumber::parse(to, first, &countries));
    match number {
        Some(Ok(to)) => tell(WHAT, &trial::text(config, &to).await, "the carrier"),
        Some(Err(_)) | None => {
            ill(
                WHAT,
                "--send-sms takes a mobile number of a country in sms.countries, such as +12125550123",
            )?;
            Ok(false)
        }
    }
}

/// The conversation, what it came to, and what to do about it.
fn tell(what: &str, trial: &Trial, taker: &str) -> Result<bool, CommandFault> {
    for line in &trial.said {
        say(&format!("         {line}"))?;
    }
    match &trial.outcome {
        Outcome::HandedOver { .. } => {
            well(what, &format!("{taker} took it. Its code opens nothing; look whether it arrives"))?;
            Ok(true)
        }
        Outcome::NotHandedOver { class, detail, .. } => {
            ill(what, &format!("{}: {detail}. {}", class.as_str(), remedy(*class)))?;
            Ok(false)
        }
    }
}

fn remedy(class: FailureClass) -> &'static str {
    match class {
        FailureClass::RetrySafe => "Is it running, and may this machine reach it? Try again in a minute",
        FailureClass::Deferred => {
            "This mailbox is not taken now: try again in some minutes, or another address"
        }
        FailureClass::Ambiguous => "It may have been sent all the same: look whether it arrives",
        FailureClass::BadRecipient => "Try an address or number that exists",
        FailureClass::OptedOut => "STOP was sent from it: send START from that telephone",
        FailureClass::RegionBlocked => "Enable the country at the provider, too",
        FailureClass::ConfigAuth => "Check host, port, certificate, user, password or token",
        FailureClass::ConfigSender => {
            "This account may not send in that name: check mail.from or the SMS sender and its registration"
        }
        FailureClass::ConfigAccount => "Look at the account at the provider: is it paid, complete and open?",
        FailureClass::Filtered => {
            "Refused by policy: check SPF, DKIM and DMARC, or the registration of texts; see docs/delivery.md"
        }
        FailureClass::Expired => "It took too long",
        FailureClass::Bug => "This is a mistake of Postern's, or the other side does not speak as it should",
    }
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
