//! Recovery codes.

use askama::Template;

use crate::domain::secret::Secret;
use crate::web::page::{Page, Sample};

/// How many are left, and the button that makes new ones.
#[derive(Template)]
#[template(path = "pages/recovery_codes.html")]
pub struct RecoveryCodesPage {
    /// The frame.
    pub page: Page,
    /// How many are left.
    pub left: CodesLeft,
}

/// Ten new ones, shown once: to print, copy or download.
#[derive(Template)]
#[template(path = "pages/recovery_codes_new.html")]
pub struct NewRecoveryCodesPage {
    /// The frame.
    pub page: Page,
    /// Whose they are.
    pub username: String,
    /// The day: `November 24, 2026`.
    pub made: String,
    /// The codes, as they are typed back.
    pub codes: Vec<Secret<String>>,
}

/// How many recovery codes an account has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodesLeft {
    /// None, or none was ever made.
    None,
    /// So few that it is time to make new ones.
    Few(i64),
    /// So many.
    Enough(i64),
    /// No method is on, so no code is ever asked.
    NotNeeded,
}

impl RecoveryCodesPage {
    /// Whether codes are owed at all.
    pub fn are_needed(&self) -> bool {
        match self.left {
            CodesLeft::NotNeeded => false,
            CodesLeft::None | CodesLeft::Few(_) | CodesLeft::Enough(_) => true,
        }
    }
}

impl NewRecoveryCodesPage {
    /// The file to download, as the address of a link that holds it: without script, and without another request.
    pub fn file(&self) -> String {
        let mut text = format!(
            "{} recovery codes\r\n\r\nAccount: {}\r\nMade: {}\r\nEach works once.\r\n\r\n",
            self.page.site.brand.name, self.username, self.made
        );
        for code in &self.codes {
            text.push_str(code.expose());
            text.push_str("\r\n");
        }
        format!("data:text/plain;charset=utf-8,{}", percent_encoded(&text))
    }
}

fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    };
    text.bytes().map(encode).collect()
}

/// Examples for the template test.
pub fn samples() -> Vec<Sample> {
    let page = |left| RecoveryCodesPage { page: Page::sample_logged_in(), left };
    let codes = ["ABCD-EFGH-IJKL-MNOP", "QRST-UVWX-YZ23-4567"];
    let new = NewRecoveryCodesPage {
        page: Page::sample_logged_in(),
        username: "ada".to_owned(),
        made: "November 24, 2026".to_owned(),
        codes: codes.iter().cycle().take(10).map(|code| Secret::new((*code).to_owned())).collect(),
    };
    vec![
        Sample::of("recovery codes, none", &page(CodesLeft::None)),
        Sample::of("recovery codes, one", &page(CodesLeft::Few(1))),
        Sample::of("recovery codes, ten", &page(CodesLeft::Enough(10))),
        Sample::of("recovery codes, two factor off", &page(CodesLeft::NotNeeded)),
        Sample::of("recovery codes, new", &new),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_the_file_ends_the_address_that_holds_it() {
        assert_eq!(percent_encoded("a-B 1\r\n\"<é#&%"), "a-B%201%0D%0A%22%3C%C3%A9%23%26%25");
    }
}
