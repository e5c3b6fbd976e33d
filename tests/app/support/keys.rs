//! Recovery codes, one-time passes and mailed resets, as people come by them.

use diesel::prelude::*;
use postern::domain::ids::Id;
use postern::domain::recovery::{PASS_LIFE, RECOVERY_BYTES, RecoveryCode, RecoveryKind};
use postern::flows::FlowError;
use postern::storage::recovery;
use postern::storage::schema::accounts;

use super::browser::{Browser, Page};
use super::test_app::TestApp;

impl Browser {
    /// Makes ten recovery codes, from having just confirmed who this is.
    pub async fn make_recovery_codes(&self) -> Vec<String> {
        let form = self.get("/profile/recovery-codes").await.form("Make new recovery codes");
        let codes = form.submit().await.expect(200).all("#recovery-codes li");
        assert_eq!(codes.len(), 10);
        codes
    }
}

impl TestApp {
    /// A one-time pass for an account, as an administrator would read it out.
    pub async fn pass_for(&self, name: &str) -> String {
        let name = name.to_owned();
        let account = accounts::table.filter(accounts::username_key.eq(name)).select(accounts::id);
        let account: String = self.in_database(move |conn| account.first(conn)).await;
        let (services, now) = (self.app.services().clone(), self.now());
        let bytes: [u8; RECOVERY_BYTES] = services.random.bytes().unwrap();
        let pass = RecoveryCode::from_bytes(&bytes);
        let (account, shown) = (Id::stored(account), pass.shown().expose().clone());
        let hash = pass.hash(RecoveryKind::Pass, &account, services.keys.recovery());
        let id = Id::new(now, &bytes);
        let put: Result<(), FlowError> = services
            .db
            .write(move |tx| Ok(recovery::put_pass(tx, &id, &account, &hash, (now, now + PASS_LIFE))?))
            .await;
        put.unwrap();
        shown
    }

    /// Asks for a reset link in a fresh browser, and waits until it is mailed: that happens after the answer.
    pub async fn ask_for_reset(&self, name: &str) {
        let mailed = self.mailed_resets().await;
        let form = self.browser().get("/password/forgot").await.form("Mail me a link");
        assert_eq!(form.fill("username", name).submit().await.location(), Some("/login"));
        for _ in 0..10_000 {
            if self.mailed_resets().await > mailed {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("no reset was mailed to {name}");
    }

    async fn mailed_resets(&self) -> usize {
        self.sent().await.iter().filter(|entry| entry.text.contains("/password/reset?token=")).count()
    }

    /// How many reset links were ever made.
    pub async fn reset_links(&self) -> i64 {
        self.count("links WHERE purpose = 'password_reset'").await
    }

    /// The path of the newest reset link that was mailed to an address, token and all.
    pub async fn reset_link_to(&self, address: &str) -> String {
        let sent = self.sent().await;
        let words =
            sent.iter().filter(|entry| entry.to == address).flat_map(|entry| entry.text.split_whitespace());
        let mut paths = words.filter_map(|word| word.strip_prefix(&self.base));
        paths.find(|path| path.starts_with("/password/reset")).expect("a reset link").to_owned()
    }

    /// Asks for a reset and follows the link that comes, in a fresh browser.
    pub async fn follows_reset_link(&self, name: &str) -> Page {
        self.ask_for_reset(name).await;
        let link = self.reset_link_to(&format!("{name}@example.com")).await;
        let page = self.browser().follow_all(&link).await;
        assert_eq!(page.path(), "/password/reset", "{}", page.describe());
        page
    }
}
