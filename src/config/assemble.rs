//! The sections, and the rules between keys. Each section asks for all its keys before it looks at one of them, so that
//! every fault is found in one go.

use std::net::SocketAddr;

use url::{Host, Url};

use super::keys::{
    ACTIVITY_KEEP_DAYS, BRAND_NAME, BRAND_PRIVACY, BRAND_SUPPORT, BRAND_TERMS, DATABASE_URL, LISTEN,
    LOG_FORMAT, MAIL_CA_FILE, MAIL_FROM, MAIL_URL, METRICS_LISTEN, MODE, PASSWORD_MIN_LENGTH, PUBLIC_URL,
    SECRET_KEY, SECRET_PREVIOUS, SESSION_IDLE_MINUTES, SESSION_MAX_HOURS, TRUSTED_DAYS, TRUSTED_PROXIES,
    TWO_FACTOR_REQUIRED,
};
use super::reader::Reader;
use super::secret_key::is_sample;
use super::settings::{
    Activity, Brand, Config, KeySource, Mail, Mode, Password, SecretKeys, Server, Session, SmtpSecurity,
    SmtpSettings, TwoFactor,
};
use super::sms::sms;

/// The whole configuration; `None` only if the reader has noted a fault.
pub fn config(reader: &mut Reader) -> Option<Config> {
    let mode = reader.get(&MODE);
    reader.set_mode(mode);
    let server = server(reader, mode);
    let log = reader.get(&LOG_FORMAT);
    let metrics = metrics(reader, server.as_ref());
    let database = reader.get(&DATABASE_URL);
    let secret = secret(reader);
    let mail = mail(reader);
    let sms = sms(reader, mode);
    let trusted_days = reader.get(&TRUSTED_DAYS);
    let required = reader.get(&TWO_FACTOR_REQUIRED);
    let min_length = reader.get(&PASSWORD_MIN_LENGTH);
    let session = session(reader);
    let keep_days = reader.get(&ACTIVITY_KEEP_DAYS);
    let brand = brand(reader);
    Some(Config {
        mode: mode?,
        server: server?,
        log: log?,
        metrics: metrics?,
        database: database?,
        secret: secret?,
        mail: mail?,
        sms: sms?,
        two_factor: TwoFactor { trusted_days: trusted_days?, required: required? },
        password: Password { min_length: min_length? },
        session: session?,
        activity: Activity { keep_days: keep_days? },
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
    if mode == Some(Mode::Development) && public_url.as_ref().is_some_and(|url| !is_this_machine(url)) {
        reader.fault(
            &PUBLIC_URL,
            "must be http:// and this machine (localhost or a loopback address) in development mode, which shows every \
             code to whoever can reach it; to be reached under another name set mode to production",
        );
    }
    if mode == Some(Mode::Production) && public_url.as_ref().is_some_and(|url| url.scheme() != "https") {
        reader.fault(&PUBLIC_URL, "must begin with https:// in production mode");
    }
    let public_url = if reader.is_given(&PUBLIC_URL) { public_url } else { local_url(listen?) };
    Some(Server { listen: listen?, public_url: public_url?, trusted_proxies: trusted_proxies? })
}

fn metrics(reader: &mut Reader, server: Option<&Server>) -> Option<Option<SocketAddr>> {
    let listen = reader.get(&METRICS_LISTEN)?;
    if listen.is_some() && listen == server.map(|server| server.listen) {
        reader.fault(&METRICS_LISTEN, "must be another address than server.listen");
    }
    Some(listen)
}

fn is_loopback(address: SocketAddr) -> bool {
    address.ip().to_canonical().is_loopback()
}

fn is_this_machine(url: &Url) -> bool {
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "http" && is_here
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
    let ca_file = reader.get(&MAIL_CA_FILE);
    let from = reader.get(&MAIL_FROM);
    let is_encrypted = server.as_ref().is_some_and(|server| server.security != SmtpSecurity::PlainLoopback);
    if ca_file.is_some() && !is_encrypted {
        reader.warn("mail.ca_file is set, but mail.url names no server with TLS: it is not used".to_owned());
    }
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
        ca_file: ca_file.filter(|_| is_encrypted),
        from: from?,
    }))
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

#[cfg(test)]
mod tests {
    use crate::config::samples::{KEY, in_production_with, only_fault, with};
    use crate::config::{KeySource, Mail, Mode, Reading, SmtpSecurity};

    #[track_caller]
    fn assert_only_fault(reading: Reading, key: &str, words: &str) {
        let fault = only_fault(reading);
        assert!(fault.starts_with(key) && fault.contains(words), "{fault}");
    }

    #[test]
    fn development_listens_on_loopback_only() {
        for elsewhere in ["0.0.0.0:8080", "[::]:8080", "192.0.2.7:80"] {
            assert_only_fault(
                with(&[("POSTERN_SERVER_LISTEN", elsewhere)]),
                "server.listen (POSTERN_SERVER_LISTEN)",
                "set mode to production",
            );
            assert!(in_production_with(&[("POSTERN_SERVER_LISTEN", elsewhere)]).config.is_ok());
        }
        for here in ["127.0.0.1:0", "127.9.9.9:80", "[::1]:8080", "[::ffff:127.0.0.1]:8080"] {
            assert!(with(&[("POSTERN_SERVER_LISTEN", here)]).config.is_ok(), "{here}");
        }
    }

    #[test]
    fn production_is_https_and_development_is_this_machine() {
        for (url, development, production) in [
            ("http://login.acme.test", false, false),
            ("https://login.acme.test", false, true),
            ("https://localhost:8080", false, true),
            ("http://localhost:8080", true, false),
            ("http://postern.localhost", true, false),
            ("http://127.0.0.1:8080", true, false),
            ("http://[::1]:8080", true, false),
            ("http://192.0.2.7:8080", false, false),
        ] {
            let given = [("POSTERN_SERVER_PUBLIC_URL", url)];
            if development {
                assert!(with(&given).config.is_ok(), "{url}");
            } else {
                assert_only_fault(with(&given), "server.public_url", "must be http:// and this machine");
            }
            if production {
                assert!(in_production_with(&given).config.is_ok(), "{url}");
            } else {
                let reading = in_production_with(&given);
                assert_only_fault(reading, "server.public_url", "must begin with https://");
            }
        }
    }

    #[test]
    fn while_the_mode_is_in_doubt_nothing_is_demanded() {
        assert_only_fault(
            with(&[("POSTERN_MODE", "Production"), ("POSTERN_SERVER_LISTEN", "0.0.0.0:80")]),
            "mode",
            "must be development or production",
        );
    }

    #[test]
    fn a_given_key_is_used_in_development_too() {
        let config = with(&[("POSTERN_SECRET_KEY", KEY)]).config.unwrap();
        assert_eq!(config.mode, Mode::Development);
        assert!(matches!(config.secret.current, KeySource::Given(key) if key.expose() == KEY.as_bytes()));
    }

    #[test]
    fn the_key_before_must_be_another_one() {
        assert_only_fault(
            in_production_with(&[("POSTERN_SECRET_PREVIOUS", KEY)]),
            "secret.previous",
            "is the same as secret.key",
        );
        let config =
            in_production_with(&[("POSTERN_SECRET_PREVIOUS", "an-older-key-of-thirty-two-bytes!")]).config;
        assert!(config.unwrap().secret.previous.is_some());
    }

    #[test]
    fn the_example_key_of_the_reference_is_refused_in_every_mode() {
        let sample = [("POSTERN_SECRET_KEY", crate::config::secret_key::EXAMPLE_KEY)];
        assert_only_fault(with(&sample), "secret.key", "everybody knows");
        assert_only_fault(in_production_with(&sample), "secret.key", "everybody knows");
    }

    #[test]
    fn development_really_sends_where_a_mail_server_is_named() {
        let reading = with(&[("POSTERN_MAIL_URL", "smtp://localhost:1025")]);
        assert!(reading.warnings.is_empty());
        let Mail::Smtp(smtp) = reading.config.unwrap().mail else { panic!("a mail server was named") };
        assert_eq!((smtp.host.as_str(), smtp.port), ("localhost", 1025));
        assert_eq!(smtp.security, SmtpSecurity::PlainLoopback);
        assert_eq!(smtp.from, "postern@localhost");

        let reading = with(&[("POSTERN_MAIL_URL", "smtps://mail.acme.test")]);
        assert!(reading.config.is_ok());
        assert!(reading.warnings[0].contains("mail.from is not set"));
    }

    #[test]
    fn an_authority_of_ones_own_is_for_servers_with_tls() {
        let own = ("POSTERN_MAIL_CA_FILE", "own.pem");
        let reading = in_production_with(&[own]);
        assert!(reading.warnings.is_empty());
        let Mail::Smtp(smtp) = reading.config.unwrap().mail else { panic!("a mail server was named") };
        assert_eq!(smtp.ca_file.unwrap().to_str(), Some("own.pem"));
        for without_tls in [with(&[own]), with(&[own, ("POSTERN_MAIL_URL", "smtp://localhost:1025")])] {
            assert!(without_tls.warnings[0].contains("it is not used"), "{:?}", without_tls.warnings);
            assert!(without_tls.config.is_ok());
        }
        assert_only_fault(in_production_with(&[(own.0, "/etc/ssl/")]), "mail.ca_file", "must name a file");
    }
}
