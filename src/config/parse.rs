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
use crate::domain::secret::Secret;

pub fn mode(text: &str) -> Result<Mode, Reason> {
    match text {
        "development" => Ok(Mode::Development),
        "production" => Ok(Mode::Production),
        _ => Err("must be development or production".into()),
    }
}

pub fn log_format(text: &str) -> Result<LogFormat, Reason> {
    match text {
        "text" => Ok(LogFormat::Text),
        "json" => Ok(LogFormat::Json),
        _ => Err("must be text or json".into()),
    }
}

pub fn sms_provider(text: &str) -> Result<NamedProvider, Reason> {
    match text {
        "none" => Ok(NamedProvider::None),
        "twilio" => Ok(NamedProvider::Twilio),
        _ => Err("must be none or twilio".into()),
    }
}

pub fn listen(text: &str) -> Result<SocketAddr, Reason> {
    SocketAddr::from_str(text).map_err(|_| {
        "must be an IP address and a port; an IPv6 address stands in brackets, and names such as localhost do not do"
            .into()
    })
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
