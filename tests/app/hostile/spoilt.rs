//! A request whose head is at fault in one thing, so that no form in it may work.

use super::dice::Dice;
use super::near_misses::look_alike;
use super::request::{FORM, Request, cookies};
use super::sender::Sender;

/// Types of what is no form.
pub const TYPES: [&str; 10] = [
    "application/json",
    "text/plain",
    "multipart/form-data; boundary=x",
    "application/x-www-form-urlencoded; charset=utf-16",
    "application/x-www-form-urlencodedx",
    "application/xml",
    "",
    ";",
    "application/x-www-form-urlencoded\u{0},",
    "применение/форма",
];

/// Headers of proxies, which nobody stands behind here.
const FORWARDED: [(&str, &str); 8] = [
    ("X-Forwarded-For", "127.0.0.1"),
    ("X-Forwarded-For", "::ffff:127.0.0.1, unknown, _hidden, 256.256.256.256"),
    ("X-Forwarded-For", ",,,,;;;;\"\""),
    ("X-Forwarded-Host", "evil.example"),
    ("X-Forwarded-Proto", "https"),
    ("Forwarded", "for=\"[::1]\";host=evil.example;proto=https"),
    ("X-Real-IP", "10.0.0.1"),
    ("Via", "1.1 evil"),
];

/// Does one thing to a request after which no form may work.
pub fn spoil(dice: &mut Dice, request: &mut Request, sender: &Sender, senders: &[Sender]) -> String {
    let host = request.value("Host").unwrap();
    match dice.below(12) {
        0 => {
            let method = dice.pick(&["GET", "HEAD", "PUT", "PATCH", "DELETE", "TRACE", "BREW", "post"]);
            request.method = method.as_bytes().to_vec();
            format!("by {method}")
        }
        1 => {
            let kind = dice.pick(&TYPES);
            request.set("Content-Type", kind);
            format!("of the type {kind:?}")
        }
        2 => {
            request.add("Content-Type", FORM);
            request.add("Content-Type", "text/plain");
            "of two types".to_owned()
        }
        3 => {
            let (name, _) = host.split_once(':').unwrap();
            let other = [
                "evil.example".to_owned(),
                format!("{host}.evil.example"),
                format!("{host}@evil.example"),
                format!("{name}:1"),
                format!("{host}/"),
                name.to_owned(),
                String::new(),
                look_alike("localhost"),
            ];
            let other = dice.pick(&other);
            request.set("Host", &other);
            format!("for the host {other:?}")
        }
        4 => {
            request.add("Host", "evil.example");
            "for two hosts".to_owned()
        }
        5 => {
            request.remove("Sec-Fetch-Site");
            let origin = dice.pick(&["https://evil.example", "null", "", "http://", "🦀", "file://"]);
            request.set("Origin", origin);
            format!("from {origin:?}")
        }
        6 => {
            let site = dice.pick(&["cross-site", "same-site", "none", "Same-Origin", ""]);
            request.set("Sec-Fetch-Site", site);
            format!("from a site that is {site:?}")
        }
        7 => {
            let (name, value) = dice.pick(&FORWARDED);
            request.add(name, value);
            format!("with {name}: {value}")
        }
        8 | 9 => spoil_cookies(dice, request, sender, senders),
        10 => {
            request.version =
                dice.pick(&["HTTP/1.0", "HTTP/0.9", "HTTP/2.0", "HTTP/9.9", "http/1.1", "", "ICY"]);
            format!("in {:?}", request.version)
        }
        _ => spoil_length(dice, request),
    }
}

fn spoil_cookies(dice: &mut Dice, request: &mut Request, sender: &Sender, senders: &[Sender]) -> String {
    let own = cookies(&sender.form);
    let session =
        sender.form.browser().cookie("postern").map(|cookie| cookie.value().to_owned()).unwrap_or_default();
    let (front, behind) = session.split_at(session.len() / 2);
    let other = cookies(&dice.one(senders).form);
    let (way, line) = match dice.below(10) {
        0 => ("none", String::new()),
        1 => ("half of one", format!("postern={front}")),
        2 => ("one with a letter more", format!("postern={front}A{behind}")),
        3 => ("one twice", format!("{own}; postern={session}")),
        4 => (
            "one called otherwise",
            format!("Postern={session}; %70ostern={session}; __Host-postern={session}"),
        ),
        5 => ("one in capitals", format!("postern={}", session.to_uppercase())),
        6 if other != own => ("somebody else's", other),
        7 => ("one in words", "postern=ticket%3D1; postern-computer=%00".to_owned()),
        8 => ("far too many", format!("{}postern=x", "a=b; ".repeat(4_000))),
        _ => ("none of sense", "=; ;;=postern; \u{7f}\u{ff}=🦀".to_owned()),
    };
    request.set("Cookie", &line);
    if dice.falls(20) {
        request.add("Cookie", &format!("postern={session}x"));
    }
    format!("with cookies: {way}")
}

fn spoil_length(dice: &mut Dice, request: &mut Request) -> String {
    let length = request.body.len();
    let said = match dice.below(9) {
        0 => (length + 10).to_string(),
        1 => (length.saturating_sub(5)).to_string(),
        2 => "0".to_owned(),
        3 => "-1".to_owned(),
        4 => "18446744073709551616".to_owned(),
        5 => format!("{length}, {}", length + 1),
        6 => format!("0x{length:x}"),
        7 => format!("{length}\r\nContent-Length: {}", length.saturating_sub(3)),
        _ => {
            request.add("Transfer-Encoding", dice.pick(&["chunked", "gzip, chunked", "chunked, identity"]));
            length.to_string()
        }
    };
    let what = format!("{length} bytes long, said to be {said:?}");
    request.length = Some(said);
    what
}
