//! A mail as its reader's program sees it: headers in one line each, and the two parts in words (RFC 5322, RFC 2045).

use data_encoding::BASE64;

/// A mail with a plain part and an HTML part.
#[derive(Debug)]
pub struct Letter {
    /// Names as written, values unfolded.
    pub headers: Vec<(String, String)>,
    /// The plain part.
    pub text: String,
    /// The HTML part.
    pub html: String,
}

impl Letter {
    /// Reads a mail; panics where a mail program would show rubbish.
    #[track_caller]
    pub fn read(raw: &str) -> Self {
        let (headers, body) = entity(raw);
        let kind = value(&headers, "Content-Type").expect("a content type");
        assert!(kind.starts_with("multipart/alternative;"), "{kind}");
        let boundary = kind.split("boundary=").nth(1).expect("a boundary").trim_matches('"');
        let parts: Vec<_> = body
            .split(&format!("--{boundary}"))
            .skip(1)
            .take_while(|part| !part.starts_with("--"))
            .map(|part| part.trim_start_matches("\r\n"))
            .collect();
        let [plain, html] = parts.as_slice() else { panic!("{} parts in {raw}", parts.len()) };
        Self { text: part(plain, "text/plain"), html: part(html, "text/html"), headers }
    }

    /// A header that stands there once.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        value(&self.headers, name).unwrap_or_else(|| panic!("{name} is missing in {:?}", self.headers))
    }

    /// Whether it brings a code.
    pub fn has_code(&self) -> bool {
        let word = self.first_word();
        word.len() == 6 && word.bytes().all(|digit| digit.is_ascii_digit())
    }

    fn first_word(&self) -> &str {
        self.header("Subject").split(' ').next().unwrap_or_default()
    }

    /// The code: the first word of the subject, and the last word of the first line.
    #[track_caller]
    pub fn code(&self) -> String {
        assert!(self.has_code(), "{}", self.header("Subject"));
        let code = self.first_word();
        assert!(self.text.lines().next().unwrap_or_default().ends_with(code), "{}", self.text);
        code.to_owned()
    }
}

/// Headers and body of a message or of one of its parts.
#[track_caller]
fn entity(raw: &str) -> (Vec<(String, String)>, &str) {
    let (head, body) = raw.split_once("\r\n\r\n").expect("an empty line after the headers");
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let headers = unfolded.split("\r\n").filter(|line| !line.is_empty()).map(|line| {
        let (name, value) = line.split_once(':').unwrap_or_else(|| panic!("{line:?} is no header"));
        (name.to_owned(), value.trim().to_owned())
    });
    (headers.collect(), body)
}

#[track_caller]
fn value<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    let found: Vec<_> = headers.iter().filter(|(found, _)| found.eq_ignore_ascii_case(name)).collect();
    assert!(found.len() < 2, "{name} stands there {} times", found.len());
    found.first().map(|(_, value)| value.as_str())
}

#[track_caller]
fn part(raw: &str, kind: &str) -> String {
    let (headers, body) = entity(raw);
    let found = value(&headers, "Content-Type").unwrap_or_default().to_ascii_lowercase();
    assert!(found.starts_with(kind), "{found} is not {kind}");
    let body = body.strip_suffix("\r\n").unwrap_or(body);
    let bytes = match value(&headers, "Content-Transfer-Encoding").unwrap_or("7bit") {
        "7bit" | "8bit" => body.as_bytes().to_vec(),
        "base64" => BASE64.decode(body.replace("\r\n", "").as_bytes()).expect("base64"),
        "quoted-printable" => quoted_printable(body),
        other => panic!("{other} is no encoding"),
    };
    assert!(bytes.is_ascii() || found.contains("charset=utf-8"), "{found}");
    String::from_utf8(bytes).expect("UTF-8").replace("\r\n", "\n").trim_end().to_owned()
}

fn quoted_printable(body: &str) -> Vec<u8> {
    let joined = body.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'=' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next().expect("a digit"), rest.next().expect("two digits")];
        let digits = std::str::from_utf8(&digits).expect("two hexadecimal digits");
        bytes.push(u8::from_str_radix(digits, 16).expect("two hexadecimal digits"));
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_is_read_as_its_reader_sees_it() {
        let letter = Letter::read(
            "Subject: 012345 is your Acme\r\n login code\r\nContent-Type: multipart/alternative;\r\n boundary=\"b\"\r\n\r\n\
             --b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
             Your code is 012345\r\n10:42=C2=A0am, a long=\r\n line\r\n\
             --b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n\
             PHA+MDEy\r\nMzQ1PC9wPg==\r\n--b--\r\n",
        );
        assert_eq!(letter.header("subject"), "012345 is your Acme login code");
        assert_eq!(letter.code(), "012345");
        assert_eq!(letter.text, "Your code is 012345\n10:42\u{a0}am, a long line");
        assert_eq!(letter.html, "<p>012345</p>");
    }
}
