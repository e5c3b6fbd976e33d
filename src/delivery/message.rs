//! What the messages say: typed messages in, finished mail and texts out. The words are in `templates/email` and
//! `templates/sms`.
//!
//! The code comes first, in the subject, in the first line and in the text message, so that it is read in a list, on a
//! watch and by what fills in codes. Code mails carry no link: nothing to phish, nothing for a scanner to follow.

use chrono::{DateTime, TimeDelta, Utc};

use crate::delivery::gsm7;
use crate::delivery::letter::Sender;
use crate::delivery::operator_words::{RunLowWords, TestWords};
use crate::delivery::words::{CodeWords, LinkWords, TextWords};
use crate::domain::challenge::Purpose;
use crate::domain::code::Code;
use crate::domain::email::EmailAddress;
use crate::domain::phone::PhoneNumber;
use crate::flows::outbox::Content;

/// Whose messages these are.
#[derive(Clone, Debug)]
pub struct Brand {
    pub(super) name: String,
    pub(super) host: String,
    pub(super) support: Option<String>,
}

/// A mail, ready to be put into an envelope. It has no `Debug`: its words hold a code or a link.
pub struct Mail {
    /// The outbox message's identifier: the same over all retries, and so is the Message-ID made of it.
    pub id: String,
    /// Who writes.
    pub from: Sender,
    /// The one reader.
    pub to: EmailAddress,
    /// When this attempt was made.
    pub date: DateTime<Utc>,
    /// One line.
    pub subject: String,
    /// The plain part, complete by itself.
    pub text: String,
    /// The same in HTML.
    pub html: String,
    /// The code in it, for the built-in mailbox.
    pub code: Option<Code>,
}

/// A text message, ready to be sent. It has no `Debug`: its words hold a code.
pub struct Text {
    /// The outbox message's identifier.
    pub id: String,
    /// The one reader.
    pub to: PhoneNumber,
    /// All of it.
    pub body: String,
    /// When it is of no use any more, as when its code stops working: a provider must not deliver it later.
    pub valid_until: DateTime<Utc>,
    /// The code in it, for the built-in mailbox.
    pub code: Option<Code>,
}

/// Why a message could not be put into words. A mistake of this program's, not of the reader's.
#[derive(Debug, thiserror::Error)]
pub enum Unsayable {
    /// A template failed.
    #[error("a template failed: {0}")]
    Template(#[from] askama::Error),
    /// Letters go by mail only.
    #[error("a letter cannot be a text message")]
    LetterAsText,
}

/// What makes text messages dear or unreadable, for the check at start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    /// A character outside the alphabet of text messages.
    #[error("{0:?} is not in the alphabet of text messages; each text would count as two or more")]
    Foreign(char),
    /// More septets than every carrier passes in one segment.
    #[error("texts would be {0} characters long; 136 is the most that every carrier passes as one")]
    TooLong(usize),
}

impl Brand {
    /// `name` is what messages call the product, `host` the public host without scheme and port, `support` where help is.
    /// Control characters are dropped from all three.
    pub fn new(name: &str, host: &str, support: Option<&str>) -> Self {
        Self { name: one_line(name), host: one_line(host), support: support.map(one_line) }
    }

    /// What messages call the product.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// Puts a message into the words of a mail.
///
/// # Errors
/// [`Unsayable`] if a template fails.
pub fn mail(
    id: &str,
    from: &Sender,
    to: &EmailAddress,
    content: &Content,
    brand: &Brand,
    now: DateTime<Utc>,
) -> Result<Mail, Unsayable> {
    let (pieces, code) = match content {
        Content::Code(message) => (CodeWords::new(message, brand).render()?, Some(message.code.clone())),
        Content::Link(message) => (LinkWords::new(message, brand).render()?, None),
        Content::Test(message) => (TestWords::new(message, brand).render()?, None),
        Content::TextsRunLow(most) => (RunLowWords::new(*most, brand).render()?, None),
    };
    Ok(Mail {
        id: id.to_owned(),
        from: from.clone(),
        to: to.clone(),
        date: now,
        subject: one_line(&pieces.subject),
        text: pieces.text,
        html: pieces.html,
        code,
    })
}

/// Puts a message into the words of a text message: one GSM-7 segment whose last line binds the code to the host, as
/// browsers and telephones understand it (WICG, "Origin-bound one-time codes delivered via SMS").
///
/// # Errors
/// [`Unsayable`] if a template fails, or if the message is one that only goes by mail.
pub fn text(
    id: &str,
    to: &PhoneNumber,
    content: &Content,
    brand: &Brand,
    now: DateTime<Utc>,
) -> Result<Text, Unsayable> {
    match content {
        Content::Code(message) => Ok(Text {
            id: id.to_owned(),
            to: to.clone(),
            body: text_body(message.purpose, message.code.expose(), brand, message.valid_until - now)?,
            valid_until: message.valid_until,
            code: Some(message.code.clone()),
        }),
        Content::Test(message) => Ok(Text {
            id: id.to_owned(),
            to: to.clone(),
            body: TestWords::new(message, brand).render_text()?,
            valid_until: message.valid_until,
            code: None,
        }),
        Content::Link(_) | Content::TextsRunLow(_) => Err(Unsayable::LetterAsText),
    }
}

/// Whether texts under this brand stay within one segment, for a warning at start and for `doctor`.
///
/// # Errors
/// The [`TextFault`] of the longest text.
pub fn check_texts(brand: &Brand) -> Result<(), TextFault> {
    for purpose in Purpose::ALL {
        let body = text_body(purpose, "000000", brand, TimeDelta::minutes(10)).unwrap_or_default();
        if let Some(foreign) = gsm7::foreign(&body) {
            return Err(TextFault::Foreign(foreign));
        }
        match gsm7::septets(&body) {
            Some(septets) if septets > gsm7::ONE_SEGMENT => return Err(TextFault::TooLong(septets)),
            Some(_) | None => {}
        }
    }
    Ok(())
}

fn text_body(purpose: Purpose, code: &str, brand: &Brand, left: TimeDelta) -> Result<String, askama::Error> {
    TextWords { purpose, code, brand, minutes: whole_minutes(left) }.render()
}

/// To the nearest minute, and never none: a text that leaves a second after it was asked for says 10 and not 9.
fn whole_minutes(left: TimeDelta) -> i64 {
    (left + TimeDelta::seconds(30)).num_minutes().max(1)
}

fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::browser::BrowserLabel;
    use crate::domain::code::Bound;
    use crate::domain::keys::Keys;
    use crate::domain::link::LinkPurpose;
    use crate::domain::secret::Secret;
    use crate::domain::username::Username;
    use crate::flows::outbox::{CodeMessage, LinkMessage};

    fn at(seconds: i64) -> DateTime<Utc> {
        // 10:42 am on November 24, 2026 in New York
        DateTime::from_timestamp(1_795_534_920 + seconds, 0).unwrap()
    }

    fn code() -> Code {
        let keys = Keys::derive(&Secret::new(vec![7; 32]), None).unwrap();
        let key = keys.code(keys.current_id()).unwrap();
        let bound =
            Bound { challenge: "c", generation: 1, purpose: "login", account: "ada", destination: "a" };
        Code::derive(&key, &bound)
    }

    fn code_message(purpose: Purpose) -> Content {
        Content::Code(CodeMessage {
            purpose,
            code: code(),
            valid_until: at(600),
            requested_at: at(0),
            browser: BrowserLabel::stored("Firefox on Windows".to_owned()),
            time_zone: chrono_tz::America::New_York,
        })
    }

    fn invitation(username: &str) -> Content {
        Content::Link(Box::new(LinkMessage {
            purpose: LinkPurpose::Invitation,
            told: None,
            username: Username::stored(username.to_owned()),
            link: Secret::new("https://login.example.com/invitation?token=abc&x=1".to_owned()),
            valid_until: at(600),
            time_zone: chrono_tz::America::New_York,
        }))
    }

    fn brand() -> Brand {
        Brand::new("Postern", "login.example.com", Some("416-555-0177"))
    }

    fn written(content: &Content, brand: &Brand) -> Mail {
        let from = Sender::new("Postern", "login@example.org").unwrap();
        let to = EmailAddress::stored("ada@example.com".to_owned());
        mail("message-1", &from, &to, content, brand, at(1)).unwrap()
    }

    fn texted(purpose: Purpose, brand: &Brand, now: DateTime<Utc>) -> String {
        let to = PhoneNumber::stored("+12125550142").unwrap();
        text("message-1", &to, &code_message(purpose), brand, now).unwrap().body
    }

    #[test]
    fn a_login_code_comes_first_wherever_it_is_read() {
        let (mail, code) = (written(&code_message(Purpose::Login), &brand()), code());
        assert_eq!(mail.subject, format!("{} is your Postern login code", code.expose()));
        assert_eq!(
            mail.text,
            format!(
                "Your Postern login code is {}\n\n\
                 Enter it on the page where you are logging in. It works until 10:52\u{a0}am EST on November 24 and only once.\n\n\
                 Asked for at 10:42\u{a0}am EST from Firefox on Windows.\n\n\
                 Not you? Someone knows your password. Do not give this code to anyone. Log in and change your password. \
                 Help: 416-555-0177\n\n\
                 We never ask for this code by phone, chat or e-mail. This message has no links on purpose.",
                code.expose()
            )
        );
        assert_eq!(mail.code.unwrap().expose(), code.expose());
    }

    #[test]
    fn every_purpose_has_its_own_words() {
        for (purpose, name) in
            Purpose::ALL.into_iter().zip(["login", "set-up", "confirmation", "e-mail confirmation"])
        {
            let mail = written(&code_message(purpose), &brand());
            assert!(mail.subject.ends_with(&format!(" is your Postern {name} code")), "{}", mail.subject);
            let first = mail.text.lines().next().unwrap();
            assert_eq!(first, format!("Your Postern {name} code is {}", code().expose()));
        }
    }

    #[test]
    fn a_code_mail_has_no_link_and_fetches_nothing() {
        let brand = Brand::new("Postern", "login.example.com", Some("https://help.example.com"));
        for purpose in Purpose::ALL {
            let mail = written(&code_message(purpose), &brand);
            for part in [&mail.text, &mail.html] {
                for found in ["http", "href", "src=", "url(", "<img", "@import", "<link", "example.com"] {
                    assert!(!part.contains(found), "{purpose:?}: {found}");
                }
            }
            assert!(mail.html.contains(&format!(">{}<", code().expose())), "the code is one piece of text");
            assert!(mail.html.contains("<html lang=\"en\">"));
            assert!(mail.html.contains("name=\"color-scheme\""));
        }
    }

    #[test]
    fn both_parts_say_the_same() {
        for content in Purpose::ALL.map(code_message).into_iter().chain([invitation("ada")]) {
            let mail = written(&content, &brand());
            let page = scraper::Html::parse_document(&mail.html);
            let body = page.select(&scraper::Selector::parse("body").unwrap()).next().unwrap();
            let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(words(&body.text().collect::<String>()), words(&mail.text));
        }
    }

    #[test]
    fn an_invitation_carries_its_link_and_says_how_long_it_works() {
        let mail = written(&invitation("ada"), &brand());
        assert_eq!(mail.subject, "Your invitation to Postern");
        assert!(mail.text.contains("\n\nhttps://login.example.com/invitation?token=abc&x=1\n\n"));
        assert!(mail.text.contains("until 10:52\u{a0}am EST on November 24 and only once"));
        let page = scraper::Html::parse_document(&mail.html);
        let links: Vec<_> = page.select(&scraper::Selector::parse("a").unwrap()).collect();
        assert_eq!(links.len(), 1);
        assert_eq!(links[0].attr("href"), Some("https://login.example.com/invitation?token=abc&x=1"));
        assert!(mail.code.is_none());
    }

    #[test]
    fn a_name_is_text_and_never_markup_or_a_header() {
        let brand = Brand::new("<b>A&B</b>\r\nBcc: eve@example.net", "login.example.com", None);
        let mail = written(&code_message(Purpose::SetUp), &brand);
        assert!(!mail.subject.contains('\n') && !mail.subject.contains('\r'));
        assert!(mail.subject.contains("<b>A&B</b>"));
        assert!(!mail.html.contains("<b>"));
        assert!(!written(&invitation("<i>ada"), &brand).html.contains("<i>"));
    }

    #[test]
    fn a_text_is_one_segment_and_ends_with_the_bound_code() {
        let brand = Brand::new("Harbour Freight Coop", "login.harbour.example.com.test", None);
        assert_eq!((brand.name.len(), brand.host.len()), (20, 30));
        for purpose in Purpose::ALL {
            let body = texted(purpose, &brand, at(1));
            let septets = gsm7::septets(&body).unwrap();
            assert!(septets <= gsm7::ONE_SEGMENT, "{purpose:?}: {septets}");
            let last = format!("@login.harbour.example.com.test #{}", code().expose());
            assert_eq!(body.lines().last(), Some(last.as_str()));
            assert!(body.starts_with(code().expose()));
        }
        assert_eq!(check_texts(&brand), Ok(()));
    }

    #[test]
    fn a_text_reads_as_agreed() {
        let code = code();
        assert_eq!(
            texted(Purpose::Login, &brand(), at(2)),
            format!(
                "{0} is your Postern login code. It works for 10 minutes. Never share it.\n\n@login.example.com #{0}",
                code.expose()
            )
        );
        assert!(texted(Purpose::SetUp, &brand(), at(0)).contains("is your Postern set-up code."));
        assert!(
            texted(Purpose::ConfirmIdentity, &brand(), at(0)).contains("is your Postern confirmation code.")
        );
    }

    #[test]
    fn a_repeated_text_promises_no_more_than_is_left() {
        assert!(texted(Purpose::Login, &brand(), at(290)).contains("It works for 5 minutes."));
        assert!(texted(Purpose::Login, &brand(), at(540)).contains("It works for 1 minute."));
        assert!(texted(Purpose::Login, &brand(), at(599)).contains("It works for 1 minute."));
    }

    #[test]
    fn a_name_that_makes_texts_dear_is_found_at_start() {
        let host = "login.example.com";
        assert_eq!(check_texts(&Brand::new("Zoë", host, None)), Err(TextFault::Foreign('ë')));
        let long = Brand::new(&"Postern ".repeat(8), host, None);
        assert_eq!(check_texts(&long), Err(TextFault::TooLong(159)));
    }

    #[test]
    fn an_invitation_never_becomes_a_text() {
        let to = PhoneNumber::stored("+12125550142").unwrap();
        let made = text("message-1", &to, &invitation("ada"), &brand(), at(0));
        assert!(matches!(made, Err(Unsayable::LetterAsText)));
    }
}
