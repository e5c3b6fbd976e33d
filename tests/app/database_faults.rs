//! The database on a bad day: locked, gone, read-only, damaged. Nobody is let in by it, nothing is half done, and afterwards
//! all is well.

use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use chrono::TimeDelta;
use diesel::connection::SimpleConnection;
use postern::storage::{AnyConnection, Location, Patience, StorageError};
use tokio::task::JoinSet;

use crate::support::browser::{Form, Page};
use crate::support::program::Home;
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

/// Waits for locks no longer than it takes to notice that there is one.
fn hurried() -> Patience {
    Patience { lock: Duration::from_millis(20), ..Patience::default() }
}

/// Another process that keeps everybody from writing, until it is dropped.
fn hold(app: &TestApp) -> AnyConnection {
    let mut other = app.database.location().connect().unwrap();
    let statements = match other {
        AnyConnection::Sqlite(_) => "BEGIN IMMEDIATE",
        AnyConnection::Postgres(_) => {
            "BEGIN; LOCK TABLE accounts, challenges, outbox, throttles, sessions IN EXCLUSIVE MODE"
        }
    };
    other.batch_execute(statements).unwrap();
    other
}

#[track_caller]
fn assert_is_unavailable(page: &Page) {
    assert_eq!(page.status(), 503, "{}", page.describe());
    assert_eq!(page.header("retry-after"), Some("2"));
    assert_eq!(page.h1(), "Postern is not available now");
    let id = page.header("x-request-id").unwrap();
    assert!(page.text().contains(id), "{}", page.describe());
    for internal in ["locked", "lock timeout", "database"] {
        assert!(!page.text().contains(internal), "{internal}: {}", page.describe());
    }
}

#[actix_web::test]
async fn a_locked_database_is_a_page_that_asks_for_patience_and_nothing_half_done() {
    let app = TestApp::with_patience(hurried()).await;
    app.person("ada").await;
    app.person("grace").await;
    let home = app.browser();
    home.log_in("ada").await;
    home.turn_on_email(&app, "ada").await;
    let page = app.browser().log_in("ada").await;
    let code = app.code_for("ada@example.com").await;
    let code_form = |page: &Page, code: &str| page.form("Log in").fill("code", code);
    let login = app.browser().get("/login").await.form("Log in").fill("username", "grace");
    let login: Form = login.fill("password", PASSWORD);
    let change = home.get("/profile/two-factor").await.form("Save").select("method", "disabled");
    app.browser().log_in("ada").await;
    // Long enough for a session to want to note that it is in use, which is a write.
    app.wait(TimeDelta::minutes(2));

    let other = hold(&app);
    assert_is_unavailable(&login.clone().submit().await);
    assert_is_unavailable(&code_form(&page, &code).submit().await);
    assert_is_unavailable(&code_form(&page, "000000").submit().await);
    assert_is_unavailable(&change.clone().submit().await);
    assert!(app.app.worker.step().await.is_err(), "a message waits");
    assert_eq!(home.get("/profile").await.status(), 200, "reading goes on");
    assert_eq!(home.get("/readyz").await.status(), 200);
    drop(other);

    assert_eq!(app.app.worker.step().await.unwrap(), 1);
    let wrong = code_form(&page, "000000").submit().await.expect(422);
    assert!(wrong.text().contains("4 tries"), "no try was spent: {}", wrong.describe());
    assert_eq!(code_form(&page, &code).submit().await.follow_all().await.path(), "/profile");
    assert_eq!(login.submit().await.follow_all().await.path(), "/profile");
    assert_eq!(home.get("/profile/two-factor").await.form("Save").value("method").as_deref(), Some("email"));
    assert_eq!(change.submit().await.follow_all().await.path(), "/profile/two-factor");
}

/// Lets the file grow no more, or by as many pages as this; on PostgreSQL the server says of the outbox what it would say.
async fn set_room(app: &TestApp, more_pages: i64) {
    if app.database.is_postgres() {
        let words = "could not extend file \"base/16384/2619\": No space left on device";
        app.database.execute(&match more_pages {
            0 => format!(
                "CREATE FUNCTION is_full() RETURNS trigger LANGUAGE plpgsql AS \
                 $$ BEGIN RAISE EXCEPTION '{words}' USING ERRCODE = '53100'; END $$; \
                 CREATE TRIGGER is_full BEFORE INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION is_full()"
            ),
            _ => "DROP TRIGGER is_full ON outbox".to_owned(),
        });
        return;
    }
    // A limit is a connection's own. All eight of the pool are taken out at once, so that none is missed.
    let (db, all) = (app.app.services().db.clone(), Arc::new(Barrier::new(8)));
    let mut limiting = JoinSet::new();
    for _ in 0..8 {
        let (db, all) = (db.clone(), Arc::clone(&all));
        limiting.spawn(async move {
            db.read(move |conn| {
                all.wait();
                let AnyConnection::Sqlite(conn) = conn else { panic!("a server") };
                let room = if more_pages == 0 { 1 } else { 1_000_000 };
                conn.batch_execute(&format!("PRAGMA max_page_count = {room}")).map_err(StorageError::from)
            })
            .await
            .unwrap();
        });
    }
    limiting.join_all().await;
}

#[actix_web::test]
async fn a_full_disk_is_a_page_that_asks_for_patience_and_no_challenge_without_its_message() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    set_room(&app, 0).await;
    let mut page = app.browser().log_in("ada").await;
    // What is left in the pages of the file lasts for a few more.
    for _ in 0..100 {
        if page.status() == 503 {
            break;
        }
        app.wait(TimeDelta::hours(1));
        page = app.browser().log_in("ada").await;
    }
    assert_is_unavailable(&page);
    let orphans =
        "challenges WHERE id NOT IN (SELECT challenge_id FROM outbox WHERE challenge_id IS NOT NULL)";
    assert_eq!(app.count(orphans).await, 0);
    let waiting = app.count("pending_logins").await;
    assert_is_unavailable(&app.browser().log_in("ada").await);
    assert_eq!(app.count("pending_logins").await, waiting, "nothing of it is left");

    set_room(&app, 1).await;
    app.wait(TimeDelta::hours(1));
    let page = app.code_page("ada").await;
    let code = app.code_for("ada@example.com").await;
    let page = page.form("Log in").fill("code", &code).submit().await.follow_all().await;
    assert_eq!(page.path(), "/profile", "{}", page.describe());
}

#[actix_web::test]
async fn a_server_that_goes_away_is_told_and_forgotten_when_it_is_back() {
    let app = TestApp::with_patience(Patience { connection: Duration::from_millis(500), ..hurried() }).await;
    if !app.database.is_postgres() {
        return;
    }
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    let login = app.browser().get("/login").await.form("Log in").fill("username", "ada");
    let login = login.fill("password", PASSWORD);

    app.database.refuse_everybody();
    assert_is_unavailable(&home.get("/profile").await);
    assert_is_unavailable(&login.clone().submit().await);
    let ready = home.get("/readyz").await;
    assert_eq!((ready.status(), ready.html()), (503, "the database does not answer\n"));
    assert_eq!(home.get("/healthz").await.status(), 200);
    assert!(app.app.worker.step().await.is_err());

    app.database.welcome_everybody();
    // Attempts to connect that began meanwhile may still be waiting for their next turn.
    for _ in 0..20 {
        if home.get("/readyz").await.status() == 200 {
            break;
        }
    }
    assert_eq!(home.get("/profile").await.status(), 200, "the session outlives it");
    assert_eq!(login.submit().await.follow_all().await.path(), "/profile");
}

#[actix_web::test]
async fn a_row_that_cannot_be_read_lets_nobody_in() {
    let app = TestApp::start().await;
    for name in ["ada", "grace", "linus"] {
        app.person(name).await;
    }
    for (name, phone, e164) in
        [("grace", "212 555 0142", "+12125550142"), ("linus", "212 555 0143", "+12125550143")]
    {
        let browser = app.browser();
        browser.log_in(name).await;
        browser.turn_on_sms(&app, phone, e164).await;
    }
    let of = |name| format!("(SELECT id FROM accounts WHERE username_key = '{name}')");
    app.database.execute("UPDATE accounts SET role = 'emperor' WHERE username_key = 'ada'");
    let method = format!("UPDATE second_factors SET method = 'pigeon' WHERE account_id = {}", of("grace"));
    app.database.execute(&method);
    let swapped = format!(
        "UPDATE second_factors SET phone_sealed = (SELECT phone_sealed FROM second_factors WHERE account_id = {}) \
         WHERE account_id = {}",
        of("grace"),
        of("linus")
    );
    app.database.execute(&swapped);

    for name in ["ada", "grace", "linus"] {
        let page = app.browser().log_in(name).await.expect(500);
        assert!(page.text().contains(page.header("x-request-id").unwrap()), "{}", page.describe());
        for internal in ["emperor", "pigeon", "in a row", "second_factors", "open under"] {
            assert!(!page.text().contains(internal), "{internal}: {}", page.describe());
        }
    }
}

#[actix_web::test]
async fn a_place_where_nothing_can_be_written_is_named_at_the_start() {
    let home = Home::new();
    if home.database().is_postgres() {
        return;
    }
    let home = home.unprivileged();
    home.permit("", 0o555);
    let said = home.run(&["serve"]).await.refusal();
    assert_eq!(said, "postern: database.url: postern.db: Permission denied (os error 13)\n");

    home.permit("", 0o755);
    home.run(&["migrate"]).await.well();
    home.permit("postern.db", 0o400);
    let said = home.run(&["serve"]).await.refusal();
    assert_eq!(said, "postern: database.url: postern.db: Permission denied (os error 13)\n");

    // The file alone is not enough: SQLite keeps two more beside it.
    home.permit("postern.db", 0o600);
    home.permit("", 0o555);
    let said = home.run(&["serve"]).await.refusal();
    assert_eq!(said, "postern: database.url: postern.db: attempt to write a readonly database\n");
    let ran = home.run(&["doctor"]).await;
    assert!(
        !ran.is_well && ran.out.contains("May this user write it, and make files beside it?"),
        "{ran:#?}"
    );
    home.permit("", 0o755);
    home.run(&["account", "list"]).await.well();
}

#[actix_web::test]
async fn a_file_that_is_no_database_is_named_and_left_alone() {
    let home = Home::new();
    if home.database().is_postgres() {
        return;
    }
    let text = "This is a letter and not a database.\n".repeat(100);
    std::fs::write(home.file("postern.db"), &text).unwrap();
    let said = home.run(&["serve"]).await.refusal();
    assert!(said.contains("database.url: ") && said.contains("file is not a database"), "{said}");
    assert_eq!(std::fs::read_to_string(home.file("postern.db")).unwrap(), text);
}

/// Of sixteen who open a new file at the same moment nobody is turned away: one of them turns its log on, and SQLite would have
/// the others fail over that at once, however patient they are.
#[test]
fn whoever_opens_a_new_file_at_the_same_moment_waits_for_the_first() {
    for _ in 0..20 {
        let folder = tempfile::tempdir().unwrap();
        let place = Location::Sqlite(folder.path().join("new.db"));
        let start = Barrier::new(16);
        thread::scope(|scope| {
            let open = || {
                start.wait();
                place.connect().map(|_| ())
            };
            let opening: Vec<_> = (0..16).map(|_| scope.spawn(open)).collect();
            for one in opening {
                assert_eq!(one.join().unwrap(), Ok(()));
            }
        });
    }
}
