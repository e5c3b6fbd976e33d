//! The sections, and the rules between keys. Each section asks for all its keys before it looks at one of them, so that
//! every fault is found in one go.

use std::net::SocketAddr;

use url::Url;

use super::keys::{
    BRAND_NAME, BRAND_PRIVACY, BRAND_SUPPORT, BRAND_TERMS, DATABASE_URL, LISTEN, LOG_FORMAT, MAIL_FROM,
    MAIL_URL, MODE, NamedProvider, PASSWORD_MIN_LENGTH, PUBLIC_URL, SECRET_KEY, SECRET_PREVIOUS,
    SESSION_IDLE_MINUTES, SESSION_MAX_HOURS, SMS_COUNTRIES, SMS_PER_DAY, SMS_PER_HOUR, SMS_PROVIDER,
    TRUSTED_DAYS, TRUSTED_PROXIES, TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN, TWILIO_BASE_URL, TWILIO_FROM,
    TWILIO_MESSAGING_SERVICE_SID,
};
use super::reader::Reader;
use super::secret_key::is_sample;
use super::settings::{
    Brand, Config, KeySource, Mail, Mode, Password, SecretKeys, Server, Session, Sms, SmsProvider,
    SmtpSettings, TwilioSender, TwilioSettings, TwoFactor,
};
use super::twilio::is_sender_name;

/// The whole configuration; `None` only if the reader has noted a fault.
pub fn config(reader: &mut Reader) -> Option<Config> {
    let mode = reader.get(&MODE);
    reader.set_mode(mode);
    let server = server(reader, mode);
    let log = reader.get(&LOG_FORMAT);
    let database = reader.get(&DATABASE_URL);
    let secret = secret(reader);
    let mail = mail(reader);
    let sms = sms(reader, mode);
    let trusted_days = reader.get(&TRUSTED_DAYS);
    let min_length = reader.get(&PASSWORD_MIN_LENGTH);
    let session = session(reader);
    let brand = brand(reader);
    Some(Config {
        mode: mode?,
        server: server?,
        log: log?,
        database: database?,
        secret: secret?,
        mail: mail?,
        sms: sms?,
        two_factor: TwoFactor { trusted_days: trusted_days? },
        password: Password { min_length: min_length? },
        session: session?,
        brand: brand?,
    })
}

fn server(reader: &mut Reader, mode: Option<Mode>) -> Option<Server> {
    let listen = reader.get(&LISTEN);
    let public_url = reader.get(&PUBLIC_URL);
    let trusted_proxies = reader.get(&TRUSTED_PROXIES);
    if mode == Some(Mode::Development) && listen.is_some_and(|listen| !is_loopback(listen)) {
        reader.fault(
            &LISTEN,
            "must be a loopback address in development mode, which shows every code to whoever can reach it; to \
             listen elsewhere set mode to production",
        );
    }
    if mode == Some(Mode::Production) && public_url.as_ref().is_some_and(|url| url.scheme() != "https") {
        reader.fault(&PUBLIC_URL, "must begin with https:// in production mode");
    }
    let public_url = if reader.is_given(&PUBLIC_URL) { public_url } else { local_url(listen?) };
    Some(Server { listen: listen?, public_url: public_url?, trusted_proxies: trusted_proxies? })
}

fn is_loopback(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

fn local_url(listen: SocketAddr) -> Option<Url> {
    Url::parse(&format!("http://localhost:{}/", listen.port())).ok()
}

fn secret(reader: &mut Reader) -> Option<SecretKeys> {
    let current = reader.get(&SECRET_KEY);
    let previous = reader.get(&SECRET_PREVIOUS);
    let sample = "is the example from the reference, which everybody knows";
    if current.as_ref().is_some_and(is_sample) {
        reader.fault(&SECRET_KEY, sample);
    }
    if previous.as_ref().is_some_and(is_sample) {
        reader.fault(&SECRET_PREVIOUS, sample);
    }
    if let (Some(current), Some(previous)) = (&current, &previous)
        && current.expose() == previous.expose()
    {
        reader.fault(&SECRET_PREVIOUS, "is the same as secret.key; leave it out until the key changes");
    }
    let current =
        if reader.is_given(&SECRET_KEY) { KeySource::Given(current?) } else { KeySource::BesideDatabase };
    Some(SecretKeys { current, previous })
}

fn mail(reader: &mut Reader) -> Option<Mail> {
    let server = reader.get(&MAIL_URL);
    let from = reader.get(&MAIL_FROM);
    if !reader.is_given(&MAIL_URL) {
        return Some(Mail::Mailbox);
    }
    let server = server?;
    if !reader.is_given(&MAIL_FROM) && !server.is_this_machine {
        reader.warn(
            "mail.url names a mail server, but mail.from is not set: postern@localhost is refused by most of them"
                .to_owned(),
        );
    }
    Some(Mail::Smtp(SmtpSettings {
        host: server.host,
        port: server.port,
        security: server.security,
        credentials: server.credentials,
        from: from?,
    }))
}

fn sms(reader: &mut Reader, mode: Option<Mode>) -> Option<Sms> {
    let named = reader.get(&SMS_PROVIDER);
    let countries = reader.get(&SMS_COUNTRIES);
    let per_hour = reader.get(&SMS_PER_HOUR);
    let per_day = reader.get(&SMS_PER_DAY);
    let twilio = twilio(reader, named, countries.as_deref().unwrap_or_default());
    let provider = match named {
        Some(NamedProvider::Twilio) => SmsProvider::Twilio(twilio?),
        Some(NamedProvider::None) => SmsProvider::None,
        None if reader.is_given(&SMS_PROVIDER) || mode == Some(Mode::Production) => return None,
        None => SmsProvider::Mailbox,
    };
    Some(Sms { provider, countries: countries?, per_hour: per_hour?, per_day: per_day? })
}

fn twilio(reader: &mut Reader, named: Option<NamedProvider>, countries: &[String]) -> Option<TwilioSettings> {
    let account_sid = reader.get(&TWILIO_ACCOUNT_SID);
    let auth_token = reader.get(&TWILIO_AUTH_TOKEN);
    let from = reader.get(&TWILIO_FROM);
    let service = reader.get(&TWILIO_MESSAGING_SERVICE_SID);
    let base_url = reader.get(&TWILIO_BASE_URL);
    if named != Some(NamedProvider::Twilio) {
        if reader.is_given(&TWILIO_ACCOUNT_SID) || reader.is_given(&TWILIO_AUTH_TOKEN) {
            reader.warn(
                "keys under sms.twilio are set, but sms.provider is not twilio: they are not used".to_owned(),
            );
        }
        return None;
    }
    if !reader.is_given(&TWILIO_ACCOUNT_SID) {
        reader.fault(&TWILIO_ACCOUNT_SID, "must be set when sms.provider is twilio");
    }
    if !reader.is_given(&TWILIO_AUTH_TOKEN) {
        reader.fault(&TWILIO_AUTH_TOKEN, "must be set when sms.provider is twilio");
    }
    match (reader.is_given(&TWILIO_FROM), reader.is_given(&TWILIO_MESSAGING_SERVICE_SID)) {
        (true, true) => reader.fault(
            &TWILIO_FROM,
            "is set together with sms.twilio.messaging_service_sid; keep one, since the service picks the number",
        ),
        (false, false) => {
            reader.fault(&TWILIO_FROM, "or sms.twilio.messaging_service_sid must be set when sms.provider is twilio");
        }
        (true, false) | (false, true) => {}
    }
    let reaches_north_america = countries.iter().any(|country| country == "US" || country == "CA");
    if reaches_north_america && from.as_deref().is_some_and(is_sender_name) {
        reader.warn(
            "sms.twilio.from is a sender name, which carriers in the United States and Canada do not deliver; use a \
             number or a Messaging Service"
                .to_owned(),
        );
    }
    let sender = from.map(TwilioSender::From).or(service.map(TwilioSender::MessagingService));
    Some(TwilioSettings {
        account_sid: account_sid?,
        auth_token: auth_token?,
        sender: sender?,
        base_url: base_url?,
    })
}

fn session(reader: &mut Reader) -> Option<Session> {
    let idle_minutes = reader.get(&SESSION_IDLE_MINUTES);
    let max_hours = reader.get(&SESSION_MAX_HOURS);
    Some(Session { idle_minutes: idle_minutes?, max_hours: max_hours? })
}

fn brand(reader: &mut Reader) -> Option<Brand> {
    let name = reader.get(&BRAND_NAME);
    let support = reader.get(&BRAND_SUPPORT);
    let terms = reader.get(&BRAND_TERMS);
    let privacy = reader.get(&BRAND_PRIVACY);
    Some(Brand { name: name?, support, terms, privacy })
}
