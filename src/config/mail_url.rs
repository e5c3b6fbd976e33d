//! The mail server as one URL. The scheme says how the connection is encrypted, and nothing else decides it
//! (OWASP ASVS 5.0 12.3.1): no scheme means "encrypt if the server happens to offer it".

use url::{Host, Url};

use super::key::Reason;
use super::parse::is_loopback;
use super::settings::SmtpSecurity;
use crate::domain::secret::Secret;

/// What a mail URL says.
#[derive(Clone, Debug)]
pub struct MailServer {
    /// A host name, or an IP address without brackets.
    pub host: String,
    /// The port, or the usual one of the scheme.
    pub port: u16,
    /// How the connection is encrypted.
    pub security: SmtpSecurity,
    /// User name and password, percent-decoded.
    pub credentials: Option<(String, Secret<String>)>,
    /// Whether the server runs on this machine.
    pub is_this_machine: bool,
}

const ESCAPES: &str =
    "in user and password write @ as %40, : as %3A, / as %2F, ? as %3F, # as %23 and % as %25";

/// The server, the encryption, and user and password if any.
pub fn mail_url(text: &str) -> Result<MailServer, Reason> {
    // The scheme is looked at first: only with a known one is it worth explaining the rest.
    let (scheme, _) = text.split_once("://").ok_or(SCHEMES)?;
    let security = security(&scheme.to_ascii_lowercase()).ok_or(SCHEMES)?;
    let url = Url::parse(text).map_err(|_| unreadable())?;
    if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
        return Err(unreadable());
    }
    let host = Host::parse(url.host_str().unwrap_or_default()).map_err(|_| "names no mail server")?;
    let is_this_machine = match &host {
        Host::Domain(name) => is_loopback(&Host::Domain(name)),
        Host::Ipv4(address) => is_loopback(&Host::Ipv4(*address)),
        Host::Ipv6(address) => is_loopback(&Host::Ipv6(*address)),
    };
    let port = port(&url, security)?;
    if security == SmtpSecurity::PlainLoopback && !is_this_machine {
        return Err("would send codes unencrypted: smtp:// goes to this machine only. Write smtps:// or \
                    smtp+starttls://"
            .into());
    }
    Ok(MailServer {
        host: without_brackets(&host),
        port,
        security,
        credentials: credentials(&url)?,
        is_this_machine,
    })
}

const SCHEMES: &str = "must begin with smtps://, smtp+starttls:// or, to this machine only, smtp://";

fn unreadable() -> Reason {
    format!(
        "must be a scheme, perhaps user:password@, a host and perhaps a port, and nothing after it; {ESCAPES}"
    )
    .into()
}

fn security(scheme: &str) -> Option<SmtpSecurity> {
    match scheme {
        "smtps" => Some(SmtpSecurity::Implicit),
        "smtp+starttls" => Some(SmtpSecurity::StartTls),
        "smtp" => Some(SmtpSecurity::PlainLoopback),
        _ => None,
    }
}

/// The port given, or the usual one. The two usual ones mixed up would hang or fail at the first code, so they are
/// told apart here.
fn port(url: &Url, security: SmtpSecurity) -> Result<u16, Reason> {
    match (security, url.port()) {
        (_, Some(0)) => Err("must not name port 0".into()),
        (SmtpSecurity::Implicit, Some(587)) => {
            Err("port 587 begins in plain text: write smtp+starttls:// or leave the port out".into())
        }
        (SmtpSecurity::StartTls, Some(465)) => {
            Err("port 465 begins with TLS: write smtps:// or leave the port out".into())
        }
        (_, Some(port)) => Ok(port),
        (SmtpSecurity::Implicit, None) => Ok(465),
        (SmtpSecurity::StartTls, None) => Ok(587),
        (SmtpSecurity::PlainLoopback, None) => Ok(25),
    }
}

fn without_brackets(host: &Host<String>) -> String {
    match host {
        Host::Domain(name) => name.clone(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    }
}

fn credentials(url: &Url) -> Result<Option<(String, Secret<String>)>, Reason> {
    match (url.username(), url.password().unwrap_or_default()) {
        ("", "") => Ok(None),
        ("", _) => Err("holds a password but no user name".into()),
        (_, "") => Err("holds a user name but no password".into()),
        (user, password) => Ok(Some((decoded(user)?, Secret::new(decoded(password)?)))),
    }
}

/// Percent-decoding that refuses a stray `%` instead of guessing: whoever forgot to escape one has probably forgotten
/// others, and would hear of it as a refused login at the mail server.
fn decoded(text: &str) -> Result<String, Reason> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            bytes.push(hex_pair(rest.next(), rest.next()).ok_or_else(unreadable)?);
        } else {
            bytes.push(byte);
        }
    }
    let decoded = String::from_utf8(bytes).map_err(|_| "user and password must be UTF-8 text")?;
    if decoded.chars().any(char::is_control) {
        return Err("user and password must not hold line ends or other invisible characters".into());
    }
    Ok(decoded)
}

fn hex_pair(high: Option<u8>, low: Option<u8>) -> Option<u8> {
    let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> MailServer {
        mail_url(text).unwrap_or_else(|reason| panic!("{text}: {reason}"))
    }

    fn credentials_of(text: &str) -> (String, String) {
        let (user, password) = read(text).credentials.unwrap();
        (user, password.expose().clone())
    }

    #[test]
    fn the_scheme_says_how_and_which_port() {
        use SmtpSecurity::{Implicit, PlainLoopback, StartTls};
        for (text, security, host, port) in [
            ("smtps://mail.acme.test", Implicit, "mail.acme.test", 465),
            ("SMTPS://mail.acme.test/", Implicit, "mail.acme.test", 465),
            ("smtp+starttls://mail.acme.test", StartTls, "mail.acme.test", 587),
            ("smtp+starttls://mail.acme.test:2525", StartTls, "mail.acme.test", 2525),
            ("smtp://localhost", PlainLoopback, "localhost", 25),
            ("smtp://127.0.0.1:1025", PlainLoopback, "127.0.0.1", 1025),
            ("smtp://[::1]:1025", PlainLoopback, "::1", 1025),
            ("smtps://Bücher.test", Implicit, "xn--bcher-kva.test", 465),
        ] {
            let server = read(text);
            assert_eq!(
                (server.security, server.host.as_str(), server.port),
                (security, host, port),
                "{text}"
            );
            assert!(server.credentials.is_none());
        }
    }

    #[test]
    fn plain_text_never_leaves_this_machine() {
        for text in [
            "smtp://mail.acme.test",
            "smtp://192.0.2.7",
            "smtp://[2001:db8::1]",
            "smtp://localhost.acme.test",
        ] {
            assert!(mail_url(text).unwrap_err().contains("unencrypted"), "{text}");
        }
    }

    #[test]
    fn ports_mixed_up_get_a_hint() {
        assert!(mail_url("smtps://mail.acme.test:587").unwrap_err().contains("smtp+starttls://"));
        assert!(mail_url("smtp+starttls://mail.acme.test:465").unwrap_err().contains("smtps://"));
        assert!(mail_url("smtps://mail.acme.test:0").is_err());
    }

    #[test]
    fn user_and_password_are_decoded() {
        let pair = |user: &str, password: &str| (user.to_owned(), password.to_owned());
        assert_eq!(
            credentials_of("smtps://ada%40acme.test:p%3Aq%2F%23%25%C3%A9@mail.acme.test"),
            pair("ada@acme.test", "p:q/#%é")
        );
        // The last @ is the one that counts, as everywhere on the web.
        assert_eq!(credentials_of("smtps://ada@acme.test:pw@mail.acme.test"), pair("ada@acme.test", "pw"));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_without_being_shown() {
        for text in [
            "mail.acme.test",
            "https://mail.acme.test",
            "smtps://",
            "smtps://ada:hunter2@",
            "smtps://ada@mail.acme.test",
            "smtps://:hunter2@mail.acme.test",
            "smtps://ada:hunter2#@mail.acme.test",
            "smtps://ada:hunter2/x@mail.acme.test",
            "smtps://ada:hunter2?x@mail.acme.test",
            "smtps://ada:hunter2%@mail.acme.test",
            "smtps://ada:hunter2%4@mail.acme.test",
            "smtps://ada:hunter2%+4@mail.acme.test",
            "smtps://ada:hunter2%0D%0ARCPT@mail.acme.test",
            "smtps://ada:hunter2%FF@mail.acme.test",
            "smtps://mail.acme.test/?tls=none",
        ] {
            let reason = mail_url(text).map(|server| panic!("{text} was read as {server:?}")).unwrap_err();
            assert!(!reason.contains("hunter2"), "{text}: {reason}");
        }
    }
}
