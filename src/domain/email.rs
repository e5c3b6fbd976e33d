//! E-mail addresses: parsed once, masked for showing.

use std::fmt;

use email_address::{EmailAddress as Syntax, Options};
use url::Host;

/// The longest address that fits into the path of an SMTP command (RFC 5321 4.5.3.1.3).
const MAX_LENGTH: usize = 254;

/// The same number of dots for every hidden part, so that a mask does not tell how long the part is.
pub(super) const DOTS: &str = "•••";

/// An e-mail address: the local part as typed, the domain in lower case and in ASCII.
///
/// Its `Debug` shows only the mask, because addresses do not belong into logs.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailAddress(String);

/// Why something cannot be an e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailFault {
    /// Nothing was typed.
    Empty,
    /// Not the form of an address that mail can be sent to.
    Format,
}

/// A destination with most of it hidden: enough to know which one it is, too little to write to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Masked {
    /// The mask for the eye, as in `a•••@e•••.com` or `••• ••• 0142`.
    pub shown: String,
    /// The same in words for a screen reader, which would read the dots aloud.
    pub spoken: String,
}

impl EmailAddress {
    /// Reads an address as typed. Space around it is dropped; quoted local parts, addresses of one host and
    /// anything but ASCII before the `@` are refused, because too many mail servers do not take them.
    pub fn parse(typed: &str) -> Result<Self, EmailFault> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Err(EmailFault::Empty);
        }
        let (local, domain) = typed.rsplit_once('@').ok_or(EmailFault::Format)?;
        let domain = ascii_domain(domain).ok_or(EmailFault::Format)?;
        let address = format!("{local}@{domain}");
        if address.len() > MAX_LENGTH || !is_plain_local_part(local) || !is_well_formed(&address) {
            return Err(EmailFault::Format);
        }
        Ok(Self(address))
    }

    /// Takes an address back out of a row that this program wrote.
    pub fn stored(address: String) -> Self {
        Self(address)
    }

    /// The address in full.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands after the `@`: lower case, ASCII.
    pub fn domain(&self) -> &str {
        self.parts().1
    }

    /// The whole address in lower case: what administrators search by.
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }

    /// The address without case and without `+tag`: two addresses with one such key reach one mailbox nearly everywhere.
    pub fn mailbox_key(&self) -> String {
        let key = self.key();
        let Some((local, domain)) = key.rsplit_once('@') else { return key };
        match local.split_once('+') {
            Some((untagged, _)) if !untagged.is_empty() => format!("{untagged}@{domain}"),
            Some(_) | None => key,
        }
    }

    /// The mask that pages show before the second factor: the first letter of either side and the last label.
    pub fn masked(&self) -> Masked {
        let (local, domain) = self.parts();
        let (site, end) = domain.rsplit_once('.').unwrap_or((domain, ""));
        let (local, site) = (Initial::of(local), Initial::of(site));
        let dot = if end.is_empty() { "" } else { "." };
        Masked {
            shown: format!("{}@{}{dot}{end}", local.dotted(), site.dotted()),
            spoken: format!("your address{}, at a domain{}", local.spoken(), site.spoken()),
        }
    }

    fn parts(&self) -> (&str, &str) {
        self.0.rsplit_once('@').unwrap_or((&self.0, ""))
    }
}

impl fmt::Debug for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EmailAddress({})", self.masked().shown)
    }
}

/// The first letter of a part that has more than one; a single letter is not shown, for it would be the whole.
struct Initial(Option<char>);

impl Initial {
    fn of(part: &str) -> Self {
        let mut letters = part.chars();
        let first = letters.next();
        Self(first.filter(|_| letters.next().is_some()))
    }

    fn dotted(&self) -> String {
        self.0.map_or_else(|| DOTS.to_owned(), |letter| format!("{letter}{DOTS}"))
    }

    fn spoken(&self) -> String {
        self.0.map_or_else(String::new, |letter| format!(" starting with {letter}"))
    }
}

/// The domain in lower-case ASCII (IDNA), if it is a name with at least two labels and not a number in disguise.
fn ascii_domain(typed: &str) -> Option<String> {
    // The URL parser would undo percent signs; no domain has one.
    if typed.contains('%') {
        return None;
    }
    match Host::parse(typed).ok()? {
        Host::Domain(domain) => is_mail_domain(&domain).then_some(domain),
        Host::Ipv4(_) | Host::Ipv6(_) => None,
    }
}

fn is_mail_domain(domain: &str) -> bool {
    domain.contains('.') && domain.len() <= 253 && domain.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

fn is_plain_local_part(local: &str) -> bool {
    local.is_ascii() && !local.contains('"')
}

fn is_well_formed(address: &str) -> bool {
    let options = Options::default().with_required_tld().without_domain_literal().without_display_text();
    Syntax::parse_with_options(address, options).is_ok()
}
