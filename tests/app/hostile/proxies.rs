//! Chains of proxies as no proxy writes them, on their way to a server that trusts the peer they come from.

use super::Case;
use super::dice::Dice;
use super::request::{Request, cookies, pairs};
use super::sender::Sender;

/// Lines of `X-Forwarded-For`.
const LINES: [&str; 16] = [
    "",
    ",",
    ",,,, ,;;",
    "127.0.0.1",
    "203.0.113.7, 127.0.0.1",
    "unknown, _hidden, \"\"",
    "256.256.256.256",
    "203.0.113.7:99999",
    "[2001:db8::7]:443, [::1]",
    "fe80::1%eth0",
    "::ffff:10.0.0.1",
    "0x7f.1",
    "2001:db8::/32",
    "\u{e9}, 🦀, \u{7f}",
    "203.0.113.7\t,\t127.0.0.1 ",
    "1.2.3.4.5.6.7.8",
];

/// The page, or a wrong password, from wherever that chain says.
pub fn next(dice: &mut Dice, sender: &Sender) -> Case {
    let sent = pairs(&sender.form);
    let mut request = Request::of(&sender.form, &sent);
    if dice.falls(50) {
        request = Request::get("/login", &sender.form.browser().origin(), &cookies(&sender.form));
    }
    let mut chain = Vec::new();
    for _ in 0..dice.below(4) {
        let line = match dice.below(8) {
            0 => "203.0.113.7, ".repeat(dice.pick(&[99, 101, 2_000])),
            1 => format!(
                "{}, 127.0.0.1",
                String::from_utf8_lossy(&dice.bytes(20)).replace(['\r', '\n', '\0'], "")
            ),
            _ => dice.pick(&LINES).to_owned(),
        };
        request.add("X-Forwarded-For", &line);
        chain.push(line.chars().take(60).collect::<String>());
    }
    let (name, value) =
        dice.pick(&[("Forwarded", "for=\"_x\";;"), ("X-Forwarded-Host", "evil.example"), ("X-Real-IP", "")]);
    request.add(name, value);
    Case { what: format!("from {chain:?}"), request, ..sender.case(sender.secrets(&sent, &[])) }
}
