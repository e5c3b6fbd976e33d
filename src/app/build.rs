//! From the configuration to the parts of the program.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread::available_parallelism;

use actix_web::web::Data;
use chrono::TimeDelta;
use tokio::sync::Notify;
use url::Url;

use crate::app::key_file::key_beside;
use crate::app::{App, Parts, StartFault};
use crate::config::{
    Config, DatabaseUrl, KeySource, Mail, Mode, SmsProvider, SmtpSecurity, SmtpSettings, Support,
    TwilioSender, TwilioSettings, WebhookSettings,
};
use crate::delivery::http::{HttpDeadlines, HttpSetUpFault};
use crate::delivery::letter::Sender;
use crate::delivery::mailer::Mailer;
use crate::delivery::message::Brand;
use crate::delivery::sms::SmsGateway;
use crate::delivery::smtp::{Deadlines, Security, Smtp, SmtpServer};
use crate::delivery::tls::TlsRoots;
use crate::delivery::twilio::{self, Twilio, TwilioAccount};
use crate::delivery::webhook::{Bridge, Webhook};
use crate::delivery::worker::Worker;
use crate::domain::keys::Keys;
use crate::domain::password::PasswordRules;
use crate::domain::phone::Country;
use crate::domain::secret::Secret;
use crate::domain::session::SessionRules;
use crate::flows::hashing::HashingPool;
use crate::flows::mailbox::Mailbox;
use crate::flows::measures::Measures;
use crate::flows::{FlowError, Services, Settings};
use crate::platform::places::Places;
use crate::storage::{Db, Location, Patience};
use crate::web::Portal;
use crate::web::assets::Assets;
use crate::web::browser::{CookieStyle, TrustedProxies};
use crate::web::page::{self, Development, Site};
use crate::web::paths;

pub(super) fn app(config: &Config, parts: Parts) -> Result<App, StartFault> {
    let mailbox = Mailbox::new();
    let mailer = match mail_server(config)? {
        Some(smtp) => Mailer::Smtp(Box::new(smtp)),
        None => Mailer::Mailbox(mailbox.clone()),
    };
    let gateway = gateway(config, &mailbox);
    let (keys, previous_key) = keys(config, &parts)?;
    let services = Services {
        db: database(config, parts.patience)?,
        hashing: Arc::new(HashingPool::new(parts.cost, available_parallelism().map_or(1, usize::from))),
        keys: Arc::new(keys),
        settings: Arc::new(settings(config, &parts, gateway.is_on())?),
        clock: parts.clock,
        random: parts.random,
        places: Places::default(),
        wake: Arc::new(Notify::new()),
        turns: Arc::default(),
        measures: Measures::default(),
        resets_put_off: parts.resets_put_off,
    };
    let (sender, brand) = (sender(config)?, brand(config));
    let assets = Assets::load();
    let portal = Portal {
        site: Arc::new(site(config, &assets)),
        assets,
        cookies: cookies(config.mode),
        mailbox: matches!(config.mode, Mode::Development).then_some(mailbox),
        delivery_is_well: Arc::new(AtomicBool::new(true)),
        is_leaving: AtomicBool::new(false),
        services: services.clone(),
    };
    Ok(App {
        portal: Data::new(portal),
        worker: Worker::new(services, mailer, gateway, brand, sender),
        proxies: Data::new(TrustedProxies::new(config.server.trusted_proxies.clone())),
        mail_check: mail_server(config)?,
        has_looked_at_mail: AtomicBool::new(false),
        mode: mode(config.mode),
        previous_key,
        in_use: None,
    })
}

pub(super) fn database(config: &Config, patience: Patience) -> Result<Db, StartFault> {
    Ok(Db::open(location(&config.database), patience).map_err(FlowError::from)?)
}

pub(super) fn mode(mode: Mode) -> &'static str {
    match mode {
        Mode::Development => "development",
        Mode::Production => "production",
    }
}

fn cookies(mode: Mode) -> CookieStyle {
    match mode {
        Mode::Development => CookieStyle::PlainHttp,
        Mode::Production => CookieStyle::Secure,
    }
}

fn location(url: &DatabaseUrl) -> Location {
    match url {
        DatabaseUrl::Sqlite(path) => Location::Sqlite(path.clone()),
        DatabaseUrl::Postgres(url) => Location::Postgres(url.clone()),
    }
}

/// Where development mode keeps its key, unless one is configured.
pub(super) fn key_file(config: &Config) -> Option<PathBuf> {
    match &config.secret.current {
        KeySource::Given(_) => None,
        KeySource::BesideDatabase => Some(beside(&config.database)),
    }
}

fn beside(database: &DatabaseUrl) -> PathBuf {
    match database {
        DatabaseUrl::Sqlite(path) => path.with_extension("key"),
        DatabaseUrl::Postgres(_) => PathBuf::from("postern.key"),
    }
}

/// The keys, and the identifier of the one before: what a database may be stamped with.
fn keys(config: &Config, parts: &Parts) -> Result<(Keys, Option<String>), StartFault> {
    let current = match &config.secret.current {
        KeySource::Given(key) => key.clone(),
        KeySource::BesideDatabase => {
            let fresh = parts.random.bytes().map_err(FlowError::from)?;
            key_beside(&beside(&config.database), &Secret::new(fresh))?
        }
    };
    let previous = config.secret.previous.as_ref();
    let previous_id = match previous {
        Some(previous) => Some(Keys::derive(previous, None)?.current_id().to_owned()),
        None => None,
    };
    Ok((Keys::derive(&current, previous)?, previous_id))
}

fn settings(config: &Config, parts: &Parts, offers_sms: bool) -> Result<Settings, StartFault> {
    let country = |code: &String| Country::parse(code).ok_or_else(|| StartFault::Country(code.clone()));
    Ok(Settings {
        product: config.brand.name.clone(),
        public_url: config.server.public_url.clone(),
        trusted_days: config.two_factor.trusted_days,
        required: config.two_factor.required,
        sessions: SessionRules {
            idle: TimeDelta::minutes(i64::from(config.session.idle_minutes)),
            max: TimeDelta::hours(i64::from(config.session.max_hours)),
        },
        activity_keep_days: config.activity.keep_days,
        passwords: PasswordRules { min_length: config.password.min_length },
        cost: parts.cost,
        offers_sms,
        texts_from: texts_from(&config.sms.provider),
        twilio_token: match &config.sms.provider {
            SmsProvider::Twilio(settings) => Some(settings.auth_token.clone()),
            SmsProvider::None | SmsProvider::Mailbox | SmsProvider::Webhook(_) => None,
        },
        countries: config.sms.countries.iter().map(country).collect::<Result<_, _>>()?,
        texts_an_hour: config.sms.per_hour,
        texts_a_day: config.sms.per_day,
    })
}

fn texts_from(provider: &SmsProvider) -> String {
    match provider {
        SmsProvider::None | SmsProvider::Mailbox => String::new(),
        SmsProvider::Twilio(settings) => match &settings.sender {
            TwilioSender::From(sender) | TwilioSender::MessagingService(sender) => sender.clone(),
        },
        SmsProvider::Webhook(settings) => settings.url.host_str().unwrap_or_default().to_owned(),
    }
}

pub(super) fn mail_server(config: &Config) -> Result<Option<Smtp>, StartFault> {
    match &config.mail {
        Mail::Mailbox => Ok(None),
        Mail::Smtp(settings) => {
            let hello = host(&config.server.public_url);
            Ok(Some(Smtp::new(smtp_server(settings, hello)?)?))
        }
    }
}

fn smtp_server(settings: &SmtpSettings, hello: String) -> Result<SmtpServer, StartFault> {
    Ok(SmtpServer {
        host: settings.host.clone(),
        port: settings.port,
        security: match settings.security {
            SmtpSecurity::Implicit => Security::Implicit,
            SmtpSecurity::StartTls => Security::StartTls,
            SmtpSecurity::PlainLoopback => Security::PlainLoopback,
        },
        credentials: settings.credentials.clone(),
        hello,
        roots: match &settings.ca_file {
            Some(file) => TlsRoots::and_those_in(file)?,
            None => TlsRoots::System,
        },
        deadlines: Deadlines::default(),
    })
}

pub(super) fn check_carrier(config: &Config) -> Result<(), HttpSetUpFault> {
    match &config.sms.provider {
        SmsProvider::None | SmsProvider::Mailbox => Ok(()),
        SmsProvider::Twilio(settings) => {
            Twilio::new(twilio_account(settings, &config.server.public_url)).map(|_| ())
        }
        SmsProvider::Webhook(settings) => Webhook::new(bridge(settings)).map(|_| ()),
    }
}

pub(super) fn gateway(config: &Config, mailbox: &Mailbox) -> SmsGateway {
    match &config.sms.provider {
        SmsProvider::None => SmsGateway::Off,
        SmsProvider::Mailbox => SmsGateway::Mailbox(mailbox.clone()),
        SmsProvider::Twilio(settings) => {
            SmsGateway::twilio(twilio_account(settings, &config.server.public_url))
        }
        SmsProvider::Webhook(settings) => SmsGateway::webhook(bridge(settings)),
    }
}

fn bridge(settings: &WebhookSettings) -> Bridge {
    Bridge { url: settings.url.clone(), secret: settings.secret.clone(), deadlines: HttpDeadlines::default() }
}

fn twilio_account(settings: &TwilioSettings, public_url: &Url) -> TwilioAccount {
    TwilioAccount {
        account_sid: settings.account_sid.clone(),
        auth_token: settings.auth_token.clone(),
        sender: match &settings.sender {
            TwilioSender::From(number) => twilio::TwilioSender::From(number.clone()),
            TwilioSender::MessagingService(service) => {
                twilio::TwilioSender::MessagingService(service.clone())
            }
        },
        base_url: settings.base_url.clone(),
        // Whatever is not reached by https is not reached from outside.
        reports_to: match public_url.scheme() {
            "https" => public_url.join(paths::TWILIO_REPORTS).ok(),
            _ => None,
        },
        deadlines: HttpDeadlines::default(),
    }
}

pub(super) fn sender(config: &Config) -> Result<Sender, StartFault> {
    Ok(Sender::new(&config.brand.name, from(config))?)
}

pub(super) fn brand(config: &Config) -> Brand {
    Brand::new(&config.brand.name, &host(&config.server.public_url), support(config).as_deref())
}

fn from(config: &Config) -> &str {
    match &config.mail {
        Mail::Mailbox => "postern@localhost",
        Mail::Smtp(settings) => &settings.from,
    }
}

fn host(public_url: &Url) -> String {
    public_url.host_str().unwrap_or("localhost").to_owned()
}

fn support(config: &Config) -> Option<String> {
    config.brand.support.as_ref().map(|support| match support {
        Support::Link(url) => url.as_str().trim_start_matches("mailto:").to_owned(),
        Support::Words(words) => words.clone(),
    })
}

fn site(config: &Config, assets: &Assets) -> Site {
    let text = |url: &Option<Url>| url.as_ref().map(|url| url.as_str().to_owned());
    Site {
        brand: page::Brand {
            name: config.brand.name.clone(),
            support: support(config).map(|support| page::Support::from_setting(&support)),
            terms: text(&config.brand.terms),
            privacy: text(&config.brand.privacy),
        },
        assets: assets.urls().clone(),
        development: match config.mode {
            Mode::Production => None,
            Mode::Development => Some(Development {
                mail_leaves: matches!(config.mail, Mail::Smtp(_)),
                sms_leaves: matches!(config.sms.provider, SmsProvider::Twilio(_) | SmsProvider::Webhook(_)),
            }),
        },
    }
}
