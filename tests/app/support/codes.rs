//! What the stories about codes share: what a page says, wrong codes, and how an account is left by somebody else's act.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use postern::flows::FlowError;
use postern::storage::StorageError;

use super::browser::{Browser, Page};
use super::test_app::{Deeds, TestApp};

/// Six digits that are not these.
pub fn wrong(right: &str) -> String {
    let number: u32 = right.parse().expect("six digits");
    format!("{:06}", (number + 1) % 1_000_000)
}

/// What a person reads.
pub trait Reading {
    /// Panics unless the page says these words.
    fn says(&self, words: &str) -> &Self;
    /// Panics if the page says these words.
    fn is_silent_about(&self, words: &str) -> &Self;
}

impl Reading for Page {
    #[track_caller]
    fn says(&self, words: &str) -> &Self {
        assert!(self.text().contains(words), "{words:?} is not on {}", self.describe());
        self
    }

    #[track_caller]
    fn is_silent_about(&self, words: &str) -> &Self {
        assert!(!self.text().contains(words), "{words:?} is on {}", self.describe());
        self
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

impl TestApp {
    /// Makes an account whose codes go to `name@example.com`, and gives the browser in which that was set up: logged in,
    /// and trusted.
    pub async fn guarded(&self, name: &str) -> Browser {
        self.person(name).await;
        let home = self.browser();
        home.log_in(name).await;
        home.turn_on_email(self, name).await;
        home
    }

    /// The same with codes by SMS to this number.
    pub async fn guarded_by_sms(&self, name: &str, phone: &str, e164: &str) -> Browser {
        self.person(name).await;
        let home = self.browser();
        home.log_in(name).await;
        home.turn_on_sms(self, phone, e164).await;
        home
    }

    /// The code page of a login in a fresh browser.
    pub async fn code_page(&self, name: &str) -> Page {
        let page = self.browser().log_in(name).await;
        assert_eq!(page.path(), "/login/code", "{}", page.describe());
        page
    }

    /// Changes the database behind the program's back.
    pub async fn alter(&self, statement: &str) {
        let statement = statement.to_owned();
        let db = &self.app.services().db;
        let altered: Result<usize, FlowError> = db
            .write(move |tx| {
                Ok(diesel::sql_query(statement).execute(&mut **tx).map_err(StorageError::from)?)
            })
            .await;
        assert!(altered.unwrap() > 0, "the statement altered nothing");
    }

    /// Counts rows that no page shows: `sessions`, `outbox WHERE …`.
    pub async fn count(&self, rows: &str) -> i64 {
        let query = format!("SELECT COUNT(*) AS n FROM {rows}");
        let db = &self.app.services().db;
        let counted: Result<Count, FlowError> = db
            .read(move |conn| Ok(diesel::sql_query(query).get_result(conn).map_err(StorageError::from)?))
            .await;
        counted.unwrap().n
    }

    /// How many messages have been sent to an address or number.
    pub async fn sent_to(&self, to: &str) -> usize {
        self.sent().await.iter().filter(|entry| entry.to == to).count()
    }
}
