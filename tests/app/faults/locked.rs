//! Another process keeps everybody from writing for longer than anybody waits.

use diesel::connection::SimpleConnection;
use postern::storage::AnyConnection;

use super::crowd::Town;
use super::until;
use crate::support::invariants;
use crate::support::program::Home;
use crate::support::test_app::Deeds;

/// Each is told after two seconds of waiting for the lock, so that many of them are some ten seconds of it.
const PUT_OFF: usize = 6;

#[actix_web::test]
async fn a_lock_that_lasts_asks_writers_for_patience_and_readers_for_none() {
    let (town, running) = Town::founded(Home::new()).await;
    let reader = town.postern.browser();
    town.postern.person("reader").await;
    assert_eq!(reader.log_in("reader").await.path(), "/profile");
    let crowd = town.wakes();
    crowd.log_in_more(2).await;

    let mut other = town.postern.database().location().connect().unwrap();
    let lock = match other {
        AnyConnection::Sqlite(_) => "BEGIN IMMEDIATE",
        AnyConnection::Postgres(_) => {
            "BEGIN; LOCK TABLE accounts, challenges, outbox, throttles, sessions IN EXCLUSIVE MODE"
        }
    };
    other.batch_execute(lock).unwrap();
    let before = crowd.put_off();
    until("people are asked for patience", async || {
        assert_eq!(reader.get("/profile").await.status(), 200, "reading goes on");
        assert_eq!(reader.get("/healthz").await.status(), 200);
        crowd.put_off() - before >= PUT_OFF
    })
    .await;
    invariants::check(town.postern.database(), "while it is locked");
    drop(other);

    crowd.log_in_more(4).await;
    crowd.goes_home().await;
    invariants::check(town.postern.database(), "afterwards");
    running.stop_at_once().await;
}
