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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn address(typed: &str) -> EmailAddress {
        EmailAddress::parse(typed).unwrap()
    }

    #[test]
    fn ada_keeps_her_spelling_and_loses_the_spelling_of_her_domain() {
        let ada = address("  Ada.Lovelace@EXAMPLE.com ");
        assert_eq!(ada.as_str(), "Ada.Lovelace@example.com");
        assert_eq!(ada.domain(), "example.com");
        assert_eq!(ada.key(), "ada.lovelace@example.com");
        assert_eq!(ada, EmailAddress::stored(ada.as_str().to_owned()));
    }

    #[test]
    fn a_domain_of_other_letters_is_kept_in_ascii() {
        assert_eq!(address("ada@bücher.example").domain(), "xn--bcher-kva.example");
        assert_eq!(address("ada@ｅｘａｍｐｌｅ.com").domain(), "example.com");
    }

    #[test]
    fn usual_addresses_are_taken() {
        for typed in [
            "a@x.co",
            "ada+codes@mail.example.co.uk",
            "o'hara@example.com",
            "a_b-c.d@1and1.example",
            "1@2.de",
        ] {
            assert!(EmailAddress::parse(typed).is_ok(), "{typed}");
        }
        assert!(EmailAddress::parse(&format!("{}@{}.example", "a".repeat(64), "b".repeat(63))).is_ok());
    }

    #[test]
    fn an_address_may_be_as_long_as_mail_servers_take_it() {
        let site = ["b".repeat(60), "b".repeat(60), "b".repeat(59), "example".to_owned()].join(".");
        let longest = format!("{}@{site}", "a".repeat(64));
        assert_eq!(address(&longest).as_str().len(), 254);
        assert_eq!(EmailAddress::parse(&longest.replace('@', "@b")), Err(EmailFault::Format));
    }

    #[test]
    fn nothing_is_told_from_something_wrong() {
        assert_eq!(EmailAddress::parse(""), Err(EmailFault::Empty));
        assert_eq!(EmailAddress::parse(" \n"), Err(EmailFault::Empty));
        assert_eq!(EmailAddress::parse("ada"), Err(EmailFault::Format));
    }

    #[test]
    fn what_mail_cannot_be_sent_to_is_refused() {
        let long = format!("{}@example.com", "a".repeat(65));
        let longest = format!("ada@{}.example", ["b".repeat(60).as_str(); 4].join("."));
        for typed in [
            "@example.com",
            "ada@",
            "ada@localhost",
            "ada@[127.0.0.1]",
            "ada@127.0.0.1",
            "ada@0x7f.1",
            "ada@example.com.",
            "ada@example..com",
            "ada@-example.com",
            "ada@exa_mple.com",
            "ada@exa%6dple.com",
            "ada@example.com:25",
            "ada@user@example.com",
            ".ada@example.com",
            "ada.@example.com",
            "a..da@example.com",
            "\"ada\"@example.com",
            "Ada <ada@example.com>",
            "ada lovelace@example.com",
            "ада@example.com",
            "ada＠example.com",
            "ada@exam\u{ad}ple\u{0}.com",
            "ada@example.com,eve@example.com",
            "ada@example.com\r\nBcc: eve@example.com",
            "ada\r\nBcc: eve@example.com",
            &long,
            &longest,
        ] {
            assert_eq!(EmailAddress::parse(typed), Err(EmailFault::Format), "{typed:?}");
        }
    }

    #[test]
    fn two_spellings_of_one_mailbox_are_known_as_one() {
        assert_eq!(address("Ada+codes@Example.com").mailbox_key(), address("ada@example.com").mailbox_key());
        assert_eq!(address("ada+a+b@example.com").mailbox_key(), "ada@example.com");
        assert_eq!(address("+ada@example.com").mailbox_key(), "+ada@example.com");
        assert_ne!(address("ada@example.com").mailbox_key(), address("ada@example.org").mailbox_key());
    }

    #[test]
    fn the_mask_says_which_address_it_is_and_no_more() {
        let mask = address("ada@example.com").masked();
        assert_eq!(mask.shown, "a•••@e•••.com");
        assert_eq!(mask.spoken, "your address starting with a, at a domain starting with e");
        assert_eq!(address("ada@mail.example.co.uk").masked().shown, "a•••@m•••.uk");
    }

    #[test]
    fn a_single_letter_is_not_given_away() {
        let mask = address("a@x.org").masked();
        assert_eq!(mask.shown, "•••@•••.org");
        assert_eq!(mask.spoken, "your address, at a domain");
    }

    #[test]
    fn no_log_line_shows_an_address() {
        assert_eq!(format!("{:?}", address("ada@example.com")), "EmailAddress(a•••@e•••.com)");
    }

    proptest! {
        #[test]
        fn a_mask_never_shows_more_than_a_first_letter(local in "[a-z0-9]{1,20}", site in "[a-z0-9]{1,20}") {
            let mask = address(&format!("{local}@{site}.example")).masked();
            let (left, right) = mask.shown.split_once('@').unwrap();
            let right = right.strip_suffix(".example").unwrap();
            for (shown, hidden) in [(left, local), (right, site)] {
                let letters = shown.strip_suffix(DOTS).unwrap();
                prop_assert!(letters.len() <= 1 && hidden.starts_with(letters) && letters != hidden);
            }
        }

        #[test]
        fn whatever_is_typed_there_is_an_answer(typed in "\\PC{0,40}") {
            let _ = EmailAddress::parse(&typed);
            let _ = EmailAddress::parse(&format!("ada@{typed}"));
        }

        #[test]
        fn an_address_taken_once_is_taken_again_and_by_the_mailer(
            typed in "[!-~]{1,12}@[a-zA-Zäß0-9.-]{1,12}\\.(com|de|рф)",
        ) {
            if let Ok(first) = EmailAddress::parse(&typed) {
                prop_assert!(first.as_str().parse::<lettre::Address>().is_ok());
                prop_assert_eq!(EmailAddress::parse(first.as_str()).unwrap(), first);
            }
        }
    }
}
