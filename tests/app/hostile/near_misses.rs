//! Forms as they are, with the right `Host`, a live token and all but one field as the form has them.

use std::collections::HashMap;

use super::dice::Dice;
use super::request::{Pair, Request, encoded, pairs};
use super::sender::Sender;
use super::{Case, INJECTED};

/// How many wrong passwords and codes are sent with one form: more of them would, rightly, close it.
const GUESSES: u32 = 2;

/// More than any form may have.
const TOO_LONG: usize = 17_000;

/// Names that are not those of a field and look or sound like them.
const ALIASES: [fn(&str) -> String; 7] = [
    |name| format!("{name}[]"),
    |name| format!("{name} "),
    |name| name.to_uppercase(),
    |name| look_alike(name),
    |name| format!("{name}\r\n{INJECTED}"),
    |name| format!("\u{feff}{name}"),
    |name| format!("user.{name}"),
];

/// What no form parser of sense takes.
const BROKEN: [&[u8]; 9] =
    [b"%", b"%4", b"%zz", b"a%00b", b"%ff%fe", b"%c0%af", b"%ed%a0%80", b"\xff\xfe", b"\0"];

/// Fields that no form of this kind has.
const FOREIGN: [&str; 8] =
    ["role", "is_admin", "account_id", "next", "", "_method", "email_confirmed_at", "__proto__"];

/// Ways of letters that only look like the right ones.
pub fn look_alike(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            'a' => 'а',
            'e' => 'е',
            'o' => 'о',
            'c' => 'с',
            'p' => 'р',
            '0'..='9' => char::from_u32(0x0660 + c.to_digit(10).unwrap()).unwrap(),
            c => c,
        })
        .collect()
}

/// A form with one thing wrong in it, and how often a guess was sent with each.
#[derive(Default)]
pub struct NearMisses {
    guesses: HashMap<&'static str, u32>,
}

impl NearMisses {
    pub fn next(&mut self, dice: &mut Dice, sender: &Sender, others: &[Sender]) -> Case {
        let mut sent = pairs(&sender.form);
        let at = dice.below(sent.len());
        let name = String::from_utf8(sent[at].0.clone()).unwrap();
        let id = sender.route.contains("{id}") && dice.falls(25);
        let bent = if id { None } else { self.value(dice, sender, &name, others).filter(|_| dice.falls(60)) };
        let mut request = Request::of(&sender.form, &sent);
        let how = match bent {
            Some(value) => {
                sent[at].1 = encoded(&value);
                let short: String = value.chars().take(60).collect();
                format!("{name} is {short:?}")
            }
            None if id => {
                let id = dice.pick(&IDS);
                request.target = sender.with_id(id).into_bytes();
                format!("the path holds {id:?}")
            }
            None => out_of_form(dice, &mut sent, at),
        };
        request.fill(&sent);
        let secrets = sender.secrets(&sent, others);
        Case { what: format!("{}, {how}", sender.route), request, ..sender.case(secrets) }
    }

    /// A value that is refused for what it says; none where the field may say anything.
    fn value(&mut self, dice: &mut Dice, sender: &Sender, name: &str, others: &[Sender]) -> Option<String> {
        let right = sender.form.value(name).unwrap_or_default();
        let kind = kind(sender, name)?;
        let is_secret = matches!(kind, Kind::Password | Kind::RecoveryCode);
        Some(if kind == Kind::Token {
            token(dice, &right, others)
        } else if is_secret && !self.may_guess(sender.route) {
            String::new()
        } else if kind == Kind::Code && dice.falls(20) && self.may_guess(sender.route) {
            right.chars().map(|c| if c == '7' { '3' } else { '7' }).collect()
        } else {
            refused(dice, kind, &right)
        })
    }

    fn may_guess(&mut self, route: &'static str) -> bool {
        let guesses = self.guesses.entry(route).or_default();
        *guesses += 1;
        *guesses <= GUESSES
    }
}

/// Something that a field of this kind does not take.
fn refused(dice: &mut Dice, kind: Kind, right: &str) -> String {
    let injected = format!("{right}\r\n{INJECTED}");
    let long = "w".repeat(4_000);
    let looks_right = look_alike(right);
    let ways: &[&str] = match kind {
        Kind::Token => &[""],
        Kind::Password => &[&looks_right, &format!("{right} "), &injected, &long],
        // What is only typed otherwise is right: spaces, dashes, small letters, 0 for O.
        Kind::RecoveryCode => &[&(looks_right + "é"), &right.replace('-', "/"), right.split_at(1).1],
        Kind::NewPassword => &[&looks_right, &format!("{right} "), &injected, &long, "short", ""],
        Kind::Code => &[&looks_right, &format!("{right}1"), &injected, &right.repeat(900), ""],
        Kind::Username => &["аda", "a\r\n", "ａnna", "' OR '1'='1", "../x", "<b>", &long, ""],
        Kind::Email => &EMAILS,
        Kind::Phone => {
            &["", "911", "1-900-555-0100", "+1 876 555 0142", "212-555-0142 ext. 5", "+", "212-CALL-NOW"]
        }
        Kind::Choice => &["", "EMAIL", "totp", "root", "XX", "email\r\nsms", "еmail", "1"],
        // Nothing at all is the first country of the list.
        Kind::Country => &["XX", "JM", "+1", "USA", "ＵＳ", "US\r\nX: y"],
        Kind::Tick => &["", "no", "YES", "true", "yes\r\n", "2"],
        Kind::Words => &["", "\u{7}bell and whistle", &long, "a reason\u{1b}[2J"],
        Kind::Zone => &["", "Mars/Olympus", "../../etc/passwd", "Amеrica/Toronto", "UTC\r\nX: y"],
        Kind::Version => &["", "x", "-1", "1e3", "99999999999999999999", "١", "0x1"],
    };
    dice.pick(ways).to_owned()
}

/// What stands in paths where an id belongs, and is nobody's.
const IDS: [&str; 10] = [
    "01890000-0000-7000-8000-000000000000",
    "x",
    "%00",
    "%ff",
    "%e2%80%ae",
    "..%2f..%2fadmin",
    "'%20OR%20'1'='1",
    "%0d%0aX-Injected:%20yes",
    "0",
    "-1",
];

const EMAILS: [&str; 12] = [
    "",
    "ada@",
    "@example.com",
    "a b@example.com",
    "ada@example.com\r\nBcc: eve@example.com",
    "ada@example.com,eve@example.com",
    "ada@@example.com",
    "Ada <ada@example.com>",
    "ada＠example.com",
    "ada@example.com\u{202e}",
    "ada\u{1b}@example.com",
    "ada@-.-",
];

/// What is wrong with a field besides its value.
fn out_of_form(dice: &mut Dice, sent: &mut Vec<Pair>, at: usize) -> String {
    let (name, value) = sent[at].clone();
    let shown = String::from_utf8_lossy(&name).into_owned();
    match dice.below(8) {
        0 => {
            sent.push((name, value));
            format!("{shown} comes twice")
        }
        1 => {
            sent.insert(0, (name, b"something+else".to_vec()));
            format!("{shown} comes twice, first with something else")
        }
        2 | 3 => {
            let alias = dice.pick(&ALIASES)(&shown);
            sent[at].0 = encoded(&alias);
            format!("{shown} is called {alias:?}")
        }
        4 | 5 => {
            let foreign = dice.pick(&FOREIGN);
            sent.insert(dice.below(sent.len()), (encoded(foreign), b"1".to_vec()));
            format!("with a field {foreign:?}")
        }
        6 if dice.falls(50) => {
            let many = (0..500).map(|n| (format!("f{n}").into_bytes(), b"1".to_vec()));
            sent.extend(many);
            "with five hundred fields more".to_owned()
        }
        6 => {
            sent[at].1 = vec![b'a'; TOO_LONG];
            format!("{shown} is {TOO_LONG} letters long")
        }
        _ => {
            let broken = dice.pick(&BROKEN);
            sent[at].1.extend_from_slice(broken);
            format!("{shown} ends in {:?}", String::from_utf8_lossy(broken))
        }
    }
}

fn token(dice: &mut Dice, right: &str, others: &[Sender]) -> String {
    match dice.below(6) {
        0 => String::new(),
        1 => format!("{right} "),
        2 => look_alike(right) + "а",
        3 => right.chars().rev().collect(),
        4 => right.repeat(50),
        _ => {
            let other = dice.one(others).live();
            if other == right { format!("{other}{other}") } else { other }
        }
    }
}

/// What a field says, as far as it matters for what is wrong there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Token,
    Password,
    NewPassword,
    Code,
    RecoveryCode,
    Username,
    Email,
    Phone,
    Choice,
    Country,
    Tick,
    Words,
    Zone,
    Version,
}

/// None for a field that comes along and says nothing, as all do that stand beside a button.
fn kind(sender: &Sender, name: &str) -> Option<Kind> {
    let is_button = ["/resend", "/cancel", "/login/cancel"].iter().any(|end| sender.route.ends_with(end));
    let method = sender.form.has("method").then(|| sender.form.value("method").unwrap_or_default());
    let by = |wanted: &str| method.as_deref().is_none_or(|method| method == wanted);
    Some(match name {
        "form_token" => Kind::Token,
        _ if is_button => return None,
        "password" if sender.route == "/setup" => Kind::NewPassword,
        "password" | "current_password" => Kind::Password,
        "new_password" | "new_password_again" | "password_again" => Kind::NewPassword,
        "code" => Kind::Code,
        "recovery_code" if sender.route == "/login/recovery" => Kind::RecoveryCode,
        "username" => Kind::Username,
        "email" if by("email") => Kind::Email,
        "phone" if by("sms") => Kind::Phone,
        "country" if by("sms") => Kind::Country,
        "method" | "role" => Kind::Choice,
        "every_login" | "trust_computer" | "forget_computer" => Kind::Tick,
        "display_name" | "reason" => Kind::Words,
        "time_zone" => Kind::Zone,
        "version" => Kind::Version,
        _ => return None,
    })
}
