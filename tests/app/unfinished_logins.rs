//! Right passwords whose code did not come, by the hundred: a crowd of them keeps nobody from being told, and loses no notice.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use diesel::prelude::*;
use postern::domain::ids::Id;
use postern::domain::login::AskedBecause;
use postern::domain::session::{CODE_AWAITED_FOR, PENDING_LOGIN_LIFE, PendingLogin};
use postern::domain::token::Token;
use postern::flows::{FlowError, housekeeping, unfinished_logins};
use postern::storage::StorageError;
use postern::storage::pending_logins::{self, Watch};
use postern::storage::schema;

use crate::support::dump;
use crate::support::links::not_me_link;
use crate::support::test_app::TestApp;

async fn look(app: &TestApp) -> Result<usize, FlowError> {
    unfinished_logins::tell_of_all(app.app.services()).await
}

async fn notices(app: &TestApp, name: &str) -> usize {
    let to = format!("{name}@example.com");
    app.sent().await.iter().filter(|entry| entry.to == to && not_me_link(&entry.text).is_some()).count()
}

/// What the log says of unfinished logins to an account.
fn lines(app: &TestApp, name: &str) -> BTreeSet<String> {
    let query = format!(
        "SELECT e.network || ': ' || COALESCE(e.detail, 'once') AS line FROM security_events AS e JOIN accounts AS a \
         ON a.id = e.account_id WHERE a.username = '{name}' AND e.kind = 'login_unfinished'"
    );
    dump::lines(&app.database, &query).into_iter().collect()
}

/// Opens so many logins more to an account that owes a code, from two networks in turn.
async fn crowd(app: &TestApp, name: &'static str, many: usize) {
    const NETWORKS: [&str; 2] = ["203.0.113.7/32", "203.0.113.8/32"];
    app.code_page(name).await;
    let now = app.now();
    let opened: Result<(), FlowError> = app
        .app
        .services()
        .db
        .write(move |tx| {
            let (account, challenge): (String, String) = schema::pending_logins::table
                .inner_join(
                    schema::accounts::table.on(schema::accounts::id.eq(schema::pending_logins::account_id)),
                )
                .filter(schema::accounts::username_key.eq(name))
                .select((schema::pending_logins::account_id, schema::pending_logins::challenge_id))
                .first(&mut **tx)
                .map_err(StorageError::from)?;
            for n in 0..many {
                let pending = PendingLogin {
                    id: Id::new(now, &rand::random()),
                    account: Id::stored(account.clone()),
                    session_epoch: 1,
                    challenge: Id::stored(challenge.clone()),
                    asked_because: AskedBecause::NewComputer,
                    opened_at: now,
                    expires_at: now + PENDING_LOGIN_LIFE,
                };
                let watch = Watch { until: now + CODE_AWAITED_FOR, network: NETWORKS[n % 2] };
                pending_logins::open(tx, &pending, &Token::from_bytes(rand::random()).hash(), &watch)?;
            }
            Ok(())
        })
        .await;
    opened.unwrap();
}

#[actix_web::test]
async fn a_crowd_at_one_account_keeps_no_other_waiting_and_is_told_once() {
    let app = TestApp::start().await;
    app.guarded("mallory").await;
    app.guarded("ada").await;
    let before = (notices(&app, "mallory").await, notices(&app, "ada").await);
    crowd(&app, "mallory", 450).await;
    app.wait(TimeDelta::seconds(1));
    app.code_page("ada").await;
    app.wait(TimeDelta::minutes(10));

    assert_eq!(look(&app).await.unwrap(), 452);

    assert_eq!((notices(&app, "mallory").await, notices(&app, "ada").await), (before.0 + 1, before.1 + 1));
    assert_eq!(lines(&app, "ada"), BTreeSet::from(["127.0.0.1/32: once".to_owned()]));
    // Nobody hides in the crowd: each network stands there.
    let mallorys = ["127.0.0.1/32: once", "203.0.113.7/32: 225 times", "203.0.113.8/32: 225 times"];
    assert_eq!(lines(&app, "mallory"), mallorys.map(str::to_owned).into());
    assert_eq!(app.count("security_events WHERE kind = 'login_unfinished'").await, 4);
    assert_eq!(look(&app).await.unwrap(), 0);
}

#[actix_web::test]
async fn a_crowd_that_cannot_be_noted_keeps_no_other_waiting_and_stays_watched() {
    let app = TestApp::start().await;
    app.guarded("mallory").await;
    app.guarded("ada").await;
    let before = notices(&app, "ada").await;
    crowd(&app, "mallory", 250).await;
    app.alter("UPDATE accounts SET time_zone = 'Atlantis' WHERE username = 'mallory'").await;
    app.wait(TimeDelta::seconds(1));
    app.code_page("ada").await;
    app.wait(TimeDelta::minutes(10));

    assert!(look(&app).await.is_err());

    assert_eq!(notices(&app, "ada").await, before + 1);
    assert_eq!(app.count("pending_logins WHERE watched_until IS NOT NULL").await, 251);
    app.alter("UPDATE accounts SET time_zone = 'UTC' WHERE username = 'mallory'").await;
    assert_eq!(look(&app).await.unwrap(), 251);
}

#[actix_web::test]
async fn a_login_that_nobody_has_looked_at_yet_outlives_the_sweep() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let before = notices(&app, "ada").await;
    app.code_page("ada").await;
    app.wait(TimeDelta::days(2));
    housekeeping::sweep(app.app.services()).await.unwrap();

    assert_eq!(look(&app).await.unwrap(), 1);

    assert_eq!(notices(&app, "ada").await, before + 1);
    housekeeping::sweep(app.app.services()).await.unwrap();
    assert_eq!(app.count("pending_logins").await, 0, "it was told of");
}

#[actix_web::test]
async fn a_login_that_nobody_ever_looks_at_ends_before_its_challenge() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    app.code_page("ada").await;
    for (days, pending) in [(30, 1), (1, 0), (1, 0)] {
        app.wait(TimeDelta::days(days));
        housekeeping::sweep(app.app.services()).await.unwrap();
        assert_eq!(app.count("pending_logins").await, pending);
    }
    assert_eq!(app.count("challenges WHERE purpose = 'login'").await, 0);
}
