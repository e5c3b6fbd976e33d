//! What a server answered, fit for a row, a page for administrators and a log.

/// The longest text that is kept of an answer.
const LONGEST: usize = 200;

/// Takes out of a server's words whatever could name a person or open something: addresses, runs of three digits or
/// more (numbers, codes), links and what looks like base64. Control characters go, and so does everything after 200
/// characters (OWASP ASVS 5.0 16.2.5, 16.4.1).
pub fn scrub(answer: &str) -> String {
    scrub_naming(answer, "")
}

/// [`scrub`], and takes out `name` too where it stands as a word: servers like to repeat the part before the `@`.
pub fn scrub_naming(answer: &str, name: &str) -> String {
    // First what is not seen: inside a word it would hide a link from what looks for one.
    let seen = |word: &str| word.chars().filter(|c| !c.is_control()).collect::<String>();
    let words: Vec<_> = answer.split_whitespace().map(|word| scrub_word(&seen(word), name)).collect();
    words.join(" ").chars().take(LONGEST).collect()
}

fn scrub_word(word: &str, name: &str) -> String {
    let bare = word.trim_matches(|c: char| c.is_ascii_punctuation());
    if word.contains('@') || word.contains('＠') || (!name.is_empty() && bare.eq_ignore_ascii_case(name)) {
        "[address]".to_owned()
    } else if word.contains("://") {
        "[link]".to_owned()
    } else if is_opaque(bare) {
        "[data]".to_owned()
    } else {
        without_digit_runs(word)
    }
}

/// Base64, near enough: long, of its alphabet only, and mixed in a way that words are not.
fn is_opaque(word: &str) -> bool {
    let alphabet = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
    let mixed = word.chars().any(|c| c.is_ascii_lowercase())
        && word.chars().skip(1).any(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
    word.len() >= 12 && word.chars().all(alphabet) && mixed
}

fn without_digit_runs(word: &str) -> String {
    let mut kept = String::with_capacity(word.len());
    let mut run = String::new();
    for c in word.chars() {
        if c.is_numeric() {
            run.push(c);
        } else {
            kept.push_str(short(&run));
            run.clear();
            kept.push(c);
        }
    }
    kept.push_str(short(&run));
    kept
}

fn short(run: &str) -> &str {
    if run.chars().count() < 3 { run } else { "…" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_hides_nothing() {
        assert_eq!(scrub("see https:\0//example.com/reset?token=1"), "see [link]");
        assert_eq!(scrub("dXNlcjpw\u{1}YXNzd29yZA=="), "[data]");
        assert_eq!(scrub("4\u{0}8\u{0}2\u{7f}913"), "…");
    }

    #[test]
    fn people_and_codes_do_not_come_through() {
        for (answer, kept) in [
            ("5.1.1 <ada@example.com>: no such user", "5.1.1 [address] no such user"),
            ("The 'To' number +15005550001 is not valid.", "The 'To' number +… is not valid."),
            ("call (212) 555-0142 now", "call (…) …-… now"),
            ("482913 or 482 913 refused", "… or … … refused"),
            ("٤٨٢٩١٣ ４８２９１３", "… …"),
            ("listed: https://login.example.com/invitation?t=abc", "listed: [link]"),
            ("syntax: AUTH PLAIN AGFkYQBzM2NyZXQ=", "syntax: AUTH PLAIN [data]"),
            ("AUTHENTICATION failed, Application-specific", "AUTHENTICATION failed, Application-specific"),
        ] {
            assert_eq!(scrub(answer), kept);
        }
    }

    #[test]
    fn the_name_before_the_at_sign_goes_too() {
        assert_eq!(
            scrub_naming("User <Ada.L> unknown, ada.l!", "ada.l"),
            "User [address] unknown, [address]"
        );
        assert_eq!(scrub_naming("a mailbox", ""), "a mailbox");
    }

    #[test]
    fn an_answer_is_one_short_line() {
        assert_eq!(scrub("first\r\nlevel=INFO\u{1b}[31m second"), "first level=INFO[31m second");
        assert_eq!(scrub(&"no ".repeat(1_000)).chars().count(), 200);
    }
}
