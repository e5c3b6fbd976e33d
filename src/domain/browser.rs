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
        "Linux" => "Linux",
        "Mac OSX" => "Mac",
        "Windows Phone OS" => "Windows Phone",
        _ if os.starts_with("Windows") => "Windows",
        _ => return None,
    })
}
