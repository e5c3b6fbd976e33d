//! A look into the database, for what no page shows, and a hand in it, for what no page does yet.

use diesel::prelude::*;
use postern::flows::FlowError;
use postern::storage::schema::accounts;
use postern::storage::{AnyConnection, StorageError};

use super::test_app::TestApp;

impl TestApp {
    /// Runs this on the application's own database, in one transaction.
    pub async fn in_database<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut AnyConnection) -> QueryResult<T> + Send + 'static,
    ) -> T {
        let done =
            self.app.services().db.write(move |tx| Ok::<_, FlowError>(f(tx).map_err(StorageError::from)?));
        done.await.expect("the database answers")
    }

    /// Looks again and again until it is so: for what the program does beside a request. Gives up in the end.
    pub async fn until(
        &self,
        is_so: impl Fn(&mut AnyConnection) -> QueryResult<bool> + Clone + Send + 'static,
    ) {
        for _ in 0..10_000 {
            if self.in_database(is_so.clone()).await {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("it never came to be so");
    }

    /// Disables an account.
    pub async fn disable(&self, name: &str) {
        let (name, now) = (name.to_owned(), self.now().timestamp_micros());
        let account = accounts::table.filter(accounts::username_key.eq(name));
        let rows = self
            .in_database(move |conn| diesel::update(account).set(accounts::disabled_at.eq(now)).execute(conn))
            .await;
        assert_eq!(rows, 1);
    }
}
