//! Parsers of single values. A reason never repeats the value it refuses.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use email_address::{EmailAddress, Options};
use ipnet::IpNet;
use url::{Host, Url};

use super::key::{Reason, items};
use super::keys::NamedProvider;
use super::settings::{DatabaseUrl, LogFormat, Mode};
use crate::domain::requirement::Required;
use crate::domain::secret::Secret;

/// `development` or `production`.
pub fn mode(text: &str) -> Result<Mode, Reason> {
    match text {
        "development" => Ok(Mode::Development),
        "production" => Ok(Mode::Production),
        _ => Err("must be development or production".into()),
    }
}

/// `text` or `json`.
pub fn log_format(text: &str) -> Result<LogFormat, Reason> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("must be text or json".into()),
    }
}

/// `none` or `twilio`; the built-in mailbox is what nothing said means, and has no name.
pub fn sms_provider(text: &str) -> Result<NamedProvider, Reason> {
    match text {
        "none" => Ok(NamedProvider::None),
        "twilio" => Ok(NamedProvider::Twilio),
        "webhook" => Ok(NamedProvider::Webhook),
        _ => Err("must be none, twilio or webhook".into()),
    }
}

/// `nobody`, `administrators` or `everyone`.
pub fn required(text: &str) -> Result<Required, Reason> {
    Required::parse(text).ok_or_else(|| "must be nobody, administrators or everyone".into())
}

/// An IP address and a port.
pub fn listen(text: &str) -> Result<SocketAddr, Reason> {
    SocketAddr::from_str(text).map_err(|_| {
        "must be an IP address and a port; an IPv6 address stands in brackets, and names such as localhost do not do"
            .into()
    })
}

/// `off`, or an IP address and a port.
pub fn metrics_listen(text: &str) -> Result<Option<SocketAddr>, Reason> {
    match text {
        "off" => Ok(None),
        address => listen(address).map(Some),
    }
}

/// The origin people type: http or https, a host, perhaps a port, and nothing else.
pub fn public_url(text: &str) -> Result<Url, Reason> {
    let url = web_url(text)?;
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(
            "must end after the host and port: Postern needs a host name of its own, not a path".into()
        );
    }
    Ok(url)
}

/// A page elsewhere.
pub fn page(text: &str) -> Result<Url, Reason> {
    web_url(text)
}

/// An http or https URL without credentials.
pub fn web_url(text: &str) -> Result<Url, Reason> {
    let url = Url::parse(text).map_err(|_| "must be a URL that begins with https:// or http://")?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("must begin with https:// or http://".into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user name or password".into());
    }
    Ok(url)
}

/// Whether a host is certainly this machine. Other names under `.localhost` are at a resolver's mercy.
pub fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => name.eq_ignore_ascii_case("localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => IpAddr::from(*address).to_canonical().is_loopback(),
    }
}

/// The networks of trusted proxies (OWASP ASVS 5.0 15.3.4); a single address is a network of one.
pub fn networks(text: &str) -> Result<Vec<IpNet>, Reason> {
    if text == "none" {
        return Ok(Vec::new());
    }
    items(text).enumerate().map(|(index, item)| network(item).map_err(|reason| at(index, reason))).collect()
}

fn network(text: &str) -> Result<IpNet, &'static str> {
    let network = IpNet::from_str(text)
        .or_else(|_| IpAddr::from_str(text).map(IpNet::from))
        .map_err(|_| "is not a network, which is written as an address, a slash and a number of bits")?;
    if network.prefix_len() == 0 {
        return Err("is the whole internet: anyone could then claim any address");
    }
    Ok(network.trunc())
}

/// A file or a server. Of a server only the scheme is judged: libpq knows the rest better.
pub fn database_url(text: &str) -> Result<DatabaseUrl, Reason> {
    let (scheme, rest) =
        text.split_once("://").ok_or("must begin with sqlite://, postgres:// or postgresql://")?;
    match scheme {
        "sqlite" if rest.is_empty() || rest.ends_with('/') => {
            Err("names no file: the path follows sqlite://, so an absolute one has three slashes".into())
        }
        "sqlite" if rest.contains(['?', '#']) || rest == ":memory:" => {
            Err("must name a file; options and databases in memory are not accepted".into())
        }
        "sqlite" => Ok(DatabaseUrl::Sqlite(PathBuf::from(rest))),
        "postgres" | "postgresql" if rest.is_empty() => Err("names no server and no database".into()),
        "postgres" | "postgresql" => Ok(DatabaseUrl::Postgres(Secret::new(text.to_owned()))),
        _ => Err("must begin with sqlite://, postgres:// or postgresql://".into()),
    }
}

/// A file. Whether it is there is seen when it is opened.
pub fn file(text: &str) -> Result<PathBuf, Reason> {
    if text.ends_with('/') {
        return Err("must name a file, not a folder".into());
    }
    Ok(PathBuf::from(text))
}

/// A bare address for `From`.
pub fn mail_address(text: &str) -> Result<String, Reason> {
    if !is_mail_address(text) {
        return Err("must be one plain e-mail address, without a name or angle brackets".into());
    }
    Ok(text.to_owned())
}

/// Whether a text is one plain address (RFC 5321 4.5.3.1.3: at most 254 characters).
pub fn is_mail_address(text: &str) -> bool {
    let options = Options::default().without_display_text().without_domain_literal();
    text.is_ascii() && text.len() <= 254 && EmailAddress::parse_with_options(text, options).is_ok()
}

/// ISO 3166 codes in upper case, without repeats.
pub fn countries(text: &str) -> Result<Vec<String>, Reason> {
    let mut codes = Vec::new();
    for (index, item) in items(text).enumerate() {
        let code = country(item).map_err(|reason| at(index, reason))?;
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    if codes.is_empty() {
        return Err("must name at least one country; to send no texts set sms.provider to none".into());
    }
    Ok(codes)
}

fn country(text: &str) -> Result<String, &'static str> {
    let code = text.to_ascii_uppercase();
    if code == "UK" {
        return Err("is not a country code: the United Kingdom is GB");
    }
    if code.len() != 2 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err("is not a country code of two letters");
    }
    Ok(code)
}

/// A whole number within bounds.
pub fn between<T: TryFrom<u32>, const LEAST: u32, const MOST: u32>(text: &str) -> Result<T, Reason> {
    let wanted = || Reason::from(format!("must be a whole number from {LEAST} to {MOST}"));
    let number: u32 = text.parse().map_err(|_| wanted())?;
    if !(LEAST..=MOST).contains(&number) {
        return Err(wanted());
    }
    T::try_from(number).map_err(|_| wanted())
}

fn at(index: usize, reason: &str) -> Reason {
    format!("item {} {reason}", index + 1).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_an_origin() {
        assert_eq!(public_url("https://Login.Acme.test:443").unwrap().as_str(), "https://login.acme.test/");
        for wrong in [
            "login.acme.test",
            "ftp://login.acme.test",
            "https://",
            "https://login.acme.test/portal",
            "https://login.acme.test/?a",
            "https://login.acme.test/#a",
            "https://ada@login.acme.test",
        ] {
            assert!(public_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn networks_may_be_single_addresses_but_never_everybody() {
        let shown = |text| networks(text).unwrap().iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(shown("10.1.2.3/8, 192.0.2.7,::1"), ["10.0.0.0/8", "192.0.2.7/32", "::1/128"]);
        assert!(shown("none").is_empty());
        assert!(networks("10.0.0.0/8,0.0.0.0/0").unwrap_err().starts_with("item 2 is the whole internet"));
        assert!(networks("::/0").is_err());
        assert!(networks("proxy.acme.test").unwrap_err().starts_with("item 1 is not a network"));
    }

    #[test]
    fn a_database_is_a_file_or_a_server() {
        let sqlite = |text| match database_url(text).unwrap() {
            DatabaseUrl::Sqlite(path) => path.to_str().unwrap().to_owned(),
            DatabaseUrl::Postgres(_) => panic!("{text} is a file"),
        };
        assert_eq!(sqlite("sqlite://postern.db"), "postern.db");
        assert_eq!(sqlite("sqlite:///var/lib/postern/postern.db"), "/var/lib/postern/postern.db");
        for server in ["postgres://postern:secret@db/postern", "postgresql:///postern?host=/run/postgresql"] {
            let DatabaseUrl::Postgres(url) = database_url(server).unwrap() else {
                panic!("{server} is a server")
            };
            assert_eq!(url.expose(), server);
        }
        for wrong in [
            "postern.db",
            "mysql://db/postern",
            "sqlite://",
            "sqlite:///var/",
            "sqlite://:memory:",
            "postgres://",
        ] {
            assert!(database_url(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn countries_are_two_letters_each_once() {
        assert_eq!(countries("US, ca,us,").unwrap(), ["US", "CA"]);
        assert!(
            countries("US,UK")
                .unwrap_err()
                .contains("item 2 is not a country code: the United Kingdom is GB")
        );
        assert!(countries("USA").is_err());
        assert!(countries("+1").is_err());
        assert!(countries(",").is_err());
    }

    #[test]
    fn numbers_stay_within_their_bounds() {
        assert_eq!(between::<u8, 0, 14>("0").unwrap(), 0);
        assert_eq!(between::<u8, 0, 14>("14").unwrap(), 14);
        for wrong in ["15", "-1", "1.5", "two", "4294967296"] {
            assert_eq!(between::<u8, 0, 14>(wrong).unwrap_err(), "must be a whole number from 0 to 14");
        }
    }

    #[test]
    fn a_sender_address_is_bare() {
        assert!(mail_address("login@acme.test").is_ok());
        assert!(mail_address("postern@localhost").is_ok());
        for wrong in
            ["Acme <login@acme.test>", "login", "login@[192.0.2.7]", "a@b.test, c@d.test", "jürgen@acme.test"]
        {
            assert!(mail_address(wrong).is_err(), "{wrong}");
        }
    }
}
