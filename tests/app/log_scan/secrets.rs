//! What must not be found, and where it is looked for: what is logged, what is stored, and what is shown.

use std::collections::BTreeSet;

use postern::web::paths::TWO_FACTOR;
use postern::web::routes::TABLE;

use crate::support::browser::{Browser, Page};
use crate::support::database::TestDatabase;
use crate::support::dump::everything;
use crate::support::test_app::{Deeds, TestApp};

/// What a mail address is called among the secrets.
pub const MAIL_ADDRESS: &str = "address";
/// What a phone number is called among them.
pub const NUMBER: &str = "number";

/// What must not be found, with a name for each.
#[derive(Default)]
pub struct Secrets(BTreeSet<(String, String)>);

impl Secrets {
    pub fn add(&mut self, what: &str, secret: impl Into<String>) {
        let secret = secret.into();
        assert!(secret.len() > 3, "{what} is no secret worth the name");
        self.0.insert((what.to_owned(), secret));
    }

    /// The values of all cookies that a browser holds now.
    pub fn add_cookies(&mut self, browser: &Browser) {
        for cookie in browser.cookies() {
            self.add("a cookie", cookie.value());
        }
    }

    /// The token of a link, whole and what proves it alone.
    pub fn add_link(&mut self, what: &str, link: &str) {
        let (_, token) = link.split_once("token=").expect("a token");
        self.add(what, token);
        self.add(what, token.split_once('.').expect("an id and a proof").1);
    }

    /// A recovery code or one-time pass, as it is shown and as it is typed in one go.
    pub fn add_stand_in(&mut self, shown: &str) {
        self.add("what stands in for a code", shown);
        self.add("what stands in for a code", shown.replace('-', ""));
    }

    /// Neither in the page nor in its address nor in where it leads.
    #[track_caller]
    pub fn assert_not_on(&self, page: &Page) {
        for (what, secret) in &self.0 {
            let told = [&page.path(), page.html(), page.location().unwrap_or_default()];
            assert!(!told.iter().any(|told| holds(told, secret)), "{what}: {}", page.describe());
        }
    }

    /// In no row, and on no page: not on anybody's own, nor on those of a guest or an administrator.
    pub async fn assert_nowhere(&self, app: &TestApp, name: &str, own: &Browser) {
        self.assert_not_stored(&app.database);
        app.administrator("xerxes.scan").await;
        let keeper = app.browser();
        assert_eq!(keeper.log_in("xerxes.scan").await.path(), "/profile");
        let account = app.account_path(name).await;
        for browser in [&app.browser(), own, &keeper] {
            let mut seen = 0;
            for (_, path, _) in TABLE.iter().filter(|(method, path, _)| *method == "GET" && is_read(path)) {
                let path = path.replace("/admin/accounts/{id}", &account).replace("{action}", "disable");
                let page = browser.get(&path).await;
                seen += u32::from(page.status() == 200);
                // Whose it is sees the number in the form in which it can be changed; an address is nowhere a secret.
                let shown = if path == TWO_FACTOR { &[MAIL_ADDRESS, NUMBER][..] } else { &[MAIL_ADDRESS] };
                self.but(shown).assert_not_on(&page);
            }
            assert!(seen > 4, "only {seen} pages were to be seen");
        }
    }

    /// Addresses are stored as they are, so that administrators find them.
    fn assert_not_stored(&self, database: &TestDatabase) {
        let values = everything(database);
        for (what, secret) in self.but(&[MAIL_ADDRESS]).0 {
            let found: Vec<_> = values.iter().filter(|value| holds_bytes(&value.bytes, &secret)).collect();
            assert!(found.is_empty(), "{what}, {secret}: {found:?}");
        }
    }

    fn but(&self, those: &[&str]) -> Self {
        Self(self.0.iter().filter(|(what, _)| !those.contains(&what.as_str())).cloned().collect())
    }

    #[track_caller]
    pub fn assert_not_in(&self, log: &str) {
        for (what, secret) in &self.0 {
            let found = log.lines().find(|line| holds(line, secret));
            assert!(found.is_none(), "{what}, {secret}: {}", found.unwrap_or_default());
        }
        let log = log.to_ascii_lowercase();
        for header in ["authorization", "set-cookie", "cookie:", "form_token", "auth plain", "auth login"] {
            let found = log.lines().find(|line| line.contains(header));
            assert!(found.is_none(), "{header}: {}", found.unwrap_or_default());
        }
    }
}

/// Whether a line holds a secret. Six digits in the middle of a time or an identifier are no code.
fn holds(line: &str, secret: &str) -> bool {
    line.match_indices(secret).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + secret.len()..].chars().next();
        !is_code(secret)
            || ![before, after].into_iter().flatten().any(|c| c.is_ascii_alphanumeric() || c == '.')
    })
}

fn holds_bytes(value: &[u8], secret: &str) -> bool {
    let text = String::from_utf8_lossy(value);
    holds(&text, secret)
        || (!is_code(secret) && text.to_ascii_lowercase().contains(&secret.to_ascii_lowercase()))
}

fn is_code(secret: &str) -> bool {
    secret.len() == 6 && secret.bytes().all(|byte| byte.is_ascii_digit())
}

/// Pages, and neither files nor the mailbox of development mode, which is there to show what was sent.
fn is_read(path: &str) -> bool {
    !path.starts_with("/static/") && !path.starts_with("/dev/")
}
