//! What a browser calls itself, in words a person knows.
//!
//! The header is written by whoever sends the request, so nothing of it is ever repeated: it only chooses among
//! the words below.

use woothee::parser::Parser;

/// More of the header is not looked at; real ones are a third of it.
const LOOKED_AT: usize = 512;

/// The longest label, in characters.
const MAX_LENGTH: usize = 80;

/// A browser and its system, as in "Firefox on Windows"; "a browser" when it does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrowserLabel(String);

impl BrowserLabel {
    /// Reads the `User-Agent` header.
    pub fn from_user_agent(header: Option<&str>) -> Self {
        let agent: String = header.unwrap_or_default().chars().take(LOOKED_AT).collect();
        let found = Parser::new().parse(&agent).unwrap_or_default();
        let browser = browser_word(found.name).unwrap_or("a browser");
        match system_word(found.os) {
            Some(system) => Self(format!("{browser} on {system}")),
            None => Self(browser.to_owned()),
        }
    }

    /// Takes a label back out of a row. Control characters are dropped and 80 characters kept, whatever wrote it.
    pub fn stored(label: String) -> Self {
        Self(label.chars().filter(|letter| !letter.is_control()).take(MAX_LENGTH).collect())
    }

    /// The label.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn browser_word(name: &str) -> Option<&'static str> {
    Some(match name {
        "Chrome" => "Chrome",
        "Edge" => "Edge",
        "Firefox" => "Firefox",
        "Internet Explorer" => "Internet Explorer",
        "Opera" => "Opera",
        "Safari" => "Safari",
        "SamsungBrowser" => "Samsung Internet",
        "Vivaldi" => "Vivaldi",
        "Yandex Browser" => "Yandex Browser",
        _ => return None,
    })
}

fn system_word(os: &str) -> Option<&'static str> {
    Some(match os {
        "Android" => "Android",
        "ChromeOS" => "ChromeOS",
        "iPad" => "iPad",
        "iPhone" => "iPhone",
        "iPod" => "iPod",
        "iOS" => "iOS",
        "Linux" => "Linux",
        "Mac OSX" => "Mac",
        "Windows Phone OS" => "Windows Phone",
        _ if os.starts_with("Windows") => "Windows",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn label(agent: &str) -> String {
        BrowserLabel::from_user_agent(Some(agent)).as_str().to_owned()
    }

    fn is_plain(label: &str) -> bool {
        label.len() <= 40 && label.bytes().all(|byte| byte == b' ' || byte.is_ascii_alphabetic())
    }

    #[test]
    fn the_browsers_of_today_are_known() {
        for (agent, expected) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0",
                "Firefox on Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/142.0.7444.77 Mobile/15E148 Safari/604.1",
                "Chrome on iPhone",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/145.0 Mobile/15E148 Safari/605.1.15",
                "Firefox on iPhone",
            ),
            (
                "Mozilla/5.0 (iPad; CPU OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
                "Safari on iPad",
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
                "Safari on Mac",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
            ("Mozilla/5.0 (Android 15; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0", "Firefox on Android"),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36",
                "Samsung Internet on Android",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
                "Chrome on Linux",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/142.0.0.0 Safari/537.36",
                "Chrome on Linux",
            ),
            (
                "Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
                "Chrome on ChromeOS",
            ),
        ] {
            assert_eq!(label(agent), expected, "{agent}");
        }
    }

    #[test]
    fn rarer_browsers_and_systems_are_known_too() {
        for (agent, expected) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 OPR/124.0.0.0",
                "Opera on Linux",
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Vivaldi/7.6",
                "Vivaldi on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 YaBrowser/25.10.0.0 Safari/537.36",
                "Yandex Browser on Windows",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
                "Internet Explorer on Windows",
            ),
            (
                "Mozilla/5.0 (compatible; MSIE 10.0; Windows Phone OS 8.0; Trident/6.0; IEMobile/10.0)",
                "Internet Explorer on Windows Phone",
            ),
            (
                "Mozilla/5.0 (iPod touch; CPU iPhone OS 12_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1 Mobile/15E148 Safari/604.1",
                "Safari on iPod",
            ),
            ("Postern/1.0 CFNetwork/1498 Darwin/23.6.0", "a browser on iOS"),
        ] {
            assert_eq!(label(agent), expected, "{agent}");
        }
    }

    #[test]
    fn what_says_nothing_is_a_browser() {
        assert_eq!(BrowserLabel::from_user_agent(None).as_str(), "a browser");
        for agent in ["", "-", "curl/8.14.1", "Mozilla/5.0", "Googlebot/2.1", "UNKNOWN", "Windows"] {
            assert!(label(agent).starts_with("a browser"), "{agent}: {}", label(agent));
        }
    }

    #[test]
    fn nothing_a_stranger_writes_is_repeated() {
        for agent in [
            "<script>alert(1)</script>",
            "Firefox/1.0 <b>Windows NT</b>\r\nSubject: hello\u{0}\u{1b}[31m",
            "Mozilla/5.0 (Windows Your account is closed, call 555-0142) Firefox/145.0",
            "Mozilla/5.0 (Windows NT 10.0; ٣٣٣) Firefox/\u{202e}",
            &"Chrome/".repeat(1500),
            &"é".repeat(10_000),
        ] {
            let label = label(agent);
            assert!(
                label.len() <= 40 && label.bytes().all(|b| b == b' ' || b.is_ascii_alphabetic()),
                "{label:?}"
            );
        }
    }

    #[test]
    fn a_row_cannot_smuggle_control_characters() {
        assert_eq!(BrowserLabel::stored("Firefox\r\n on Mac".to_owned()).as_str(), "Firefox on Mac");
        assert_eq!(BrowserLabel::stored("é".repeat(200)).as_str().chars().count(), 80);
    }

    /// What the parser looks for, so that chance finds its way into every corner of it.
    const PIECES: &str = "Mozilla/5.0 (|Windows NT |Windows Phone OS |Win98|Windows CE|Xbox|Mac OS X |iPhone; |iPad; |\
        like Mac OS X|CPU OS 9_0|Linux|Android|Android 4|CrOS |FreeBSD |BlackBerry|BB10|Symbian|\
        Tizen|DoCoMo/|FOMA;|KDDI-|SoftBank/|WILLCOM;|jig browser|emobile|UP.Browser|PlayStation|\
        PSP (PlayStation Portable); |Nintendo |Chrome/|CriOS/|Firefox/|FxiOS/|Safari/|Version/|\
        Opera |OPR/|MSIE |IEMobile/|Trident/|Edg/|Vivaldi/|YaBrowser/|SamsungBrowser/|Sleipnir/|\
        GSA/|Googlebot|bot|crawler|HttpClient/|curl/|Java/|rv:|1.0|;|)|(|/| |é|\u{0}";

    proptest! {
        #[test]
        fn whatever_is_sent_there_is_a_label(
            text in "\\PC{0,80}",
            pieces in prop::collection::vec(prop::sample::select(PIECES.split('|').collect::<Vec<_>>()), 0..12),
        ) {
            prop_assert!(is_plain(&label(&text)), "{text:?}");
            prop_assert!(is_plain(&label(&pieces.concat())), "{pieces:?}");
        }
    }
}
