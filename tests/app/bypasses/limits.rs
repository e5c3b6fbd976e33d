//! Limits that others lost, forgot at one door, or counted in the wrong place.

use std::collections::BTreeSet;

use chrono::TimeDelta;
use diesel::connection::SimpleConnection;

use crate::support::at_once::at_once;
use crate::support::browser::{Browser, Page};
use crate::support::codes::{Reading, wrong};
use crate::support::dump::number;
use crate::support::scene::Scene;
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

const ADA: &str = "ada@example.com";
const WRONG: &str = "the wrong words altogether";

/// Lets nobody add a row to a table any more.
fn break_table(app: &TestApp, table: &str) {
    let statement = if app.database.is_postgres() {
        format!(
            "CREATE FUNCTION no_more() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'full'; END $$; \
             CREATE TRIGGER no_more BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION no_more();"
        )
    } else {
        format!("CREATE TRIGGER no_more BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'full'); END;")
    };
    app.database.location().connect().unwrap().batch_execute(&statement).unwrap();
}

/// Lets rows in again.
fn mend_table(app: &TestApp, table: &str) {
    let statement = if app.database.is_postgres() {
        format!("DROP TRIGGER no_more ON {table}; DROP FUNCTION no_more();")
    } else {
        "DROP TRIGGER no_more;".to_owned()
    };
    app.database.location().connect().unwrap().batch_execute(&statement).unwrap();
}

/// The lock was written in the transaction of the login there, and taken back with it.
#[actix_web::test]
async fn vikunja_cve_2026_35597_a_try_stays_counted_whatever_fails_after_it() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let page = app.code_page("ada").await;
    let code = app.code_for(ADA).await;
    let enter = |code: &str| page.form("Log in").fill("code", code).submit();
    break_table(&app, "sessions");
    enter(&code).await.expect(500);
    mend_table(&app, "sessions");
    enter(&wrong(&code)).await.expect(422).says("You have 3 tries left");
    assert_eq!(app.count("accounts WHERE code_failures = 2").await, 1);

    app.person("bob").await;
    for _ in 0..4 {
        app.browser().log_in_with("bob", WRONG).await.expect(422);
    }
    break_table(&app, "security_events");
    app.browser().log_in_with("bob", WRONG).await.expect(500);
    mend_table(&app, "security_events");
    app.browser().log_in_with("bob", PASSWORD).await.expect(429);
}

/// A button that sends a code checked the password as well there, and counted nothing.
#[actix_web::test]
async fn vaultwarden_cve_2026_43914_no_other_form_takes_a_password() {
    let scene = Scene::set().await;
    let takes = |form: &crate::support::browser::Form| form.has("password") || form.has("current_password");
    let found: BTreeSet<_> =
        scene.forms.iter().filter(|(_, form)| takes(form)).map(|(route, _)| *route).collect();
    // `/setup` chooses one where there is none yet; the other three check one, and the next story is theirs.
    assert_eq!(found.into_iter().collect::<Vec<_>>(), ["/confirm", "/login", "/profile/password", "/setup"]);
    for (route, form) in scene.forms.iter().filter(|(_, form)| !takes(form)) {
        let page = form.clone().forge("password", PASSWORD).submit().await;
        assert_eq!(page.status(), 400, "{route}: {}", page.describe());
    }
}

/// A form of each kind that checks a password, in a browser of its own that no computer's trust speaks for.
async fn doors(app: &TestApp, name: &str) -> (Browser, Page, Page) {
    app.person(name).await;
    let (confirming, changing) = (app.browser(), app.browser());
    confirming.log_in(name).await;
    changing.log_in(name).await;
    app.wait(TimeDelta::minutes(11));
    let form = confirming.get("/profile/two-factor").await.form("Save").select("method", "email");
    let confirm = form.submit().await.follow_all().await;
    assert_eq!(confirm.path(), "/confirm", "{}", confirm.describe());
    let change = changing.get("/profile/password").await.expect(200);
    (app.browser(), confirm, change)
}

async fn at_door(door: usize, doors: &(Browser, Page, Page), name: &str, password: &str) -> u16 {
    let new = "a rather unlikely sentence about herons";
    let (guest, confirm, change) = doors;
    let page = match door {
        0 => guest.stranger().log_in_with(name, password).await,
        1 => confirm.form("Continue").fill("password", password).submit().await,
        _ => {
            let form = change.form("Save").fill("current_password", password);
            form.fill("new_password", new).fill("new_password_again", new).submit().await
        }
    };
    page.status()
}

/// One of several ways in did not look at the lock there.
#[actix_web::test]
async fn keycloak_cve_2026_9798_a_name_that_rests_rests_at_every_door() {
    let app = TestApp::start().await;
    for (tried, name) in ["ada", "bob", "cora"].into_iter().enumerate() {
        let doors = doors(&app, name).await;
        for _ in 0..5 {
            assert_eq!(at_door(tried, &doors, name, WRONG).await, 422, "{name} at {tried}");
        }
        for door in 0..3 {
            assert_eq!(at_door(door, &doors, name, PASSWORD).await, 429, "{tried} was tried, {door} opens");
        }
    }
}

/// One lock for passwords and codes let strangers, who have no password, lock the second factor as well.
#[actix_web::test]
async fn keycloak_pr_46168_wrong_passwords_leave_the_codes_alone() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let page = app.code_page("ada").await;
    let code = app.code_for(ADA).await;
    for wait in [0, 0, 0, 0, 0, 30, 60, 120, 240] {
        app.wait(TimeDelta::seconds(wait));
        app.browser().log_in_with("ada", WRONG).await.expect(422);
    }
    app.browser().log_in_with("ada", PASSWORD).await.expect(429);
    assert_eq!(app.count("accounts WHERE code_failures > 0").await, 0);
    page.form("Log in").fill("code", &wrong(&code)).submit().await.says("You have 4 tries left");
    let page = page.form("Log in").fill("code", &code).submit().await;
    assert_eq!(page.expect(303).location(), Some("/profile"));
    // And a code does not speak for the password.
    app.browser().log_in_with("ada", PASSWORD).await.expect(429);
}

/// Ten tries a login were allowed there, and any number of logins could be opened side by side.
#[actix_web::test]
async fn microsoft_authquake_logins_side_by_side_share_one_count() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let (mut pages, mut codes) = (Vec::new(), Vec::new());
    for _ in 0..4 {
        pages.push(app.code_page("ada").await);
        codes.push(app.code_for(ADA).await);
    }
    let guess = (0..).map(|n| format!("{n:06}")).find(|guess| !codes.contains(guess)).unwrap();
    let guesses = pages.iter().flat_map(|page| std::iter::repeat_n(page, 4));
    let guesses = guesses.map(|page| page.form("Log in").fill("code", &guess).submit());
    let answers: Vec<_> = at_once(guesses.collect::<Vec<_>>()).await.iter().map(Page::status).collect();

    // Who was looked at reads of the pause as well, so the rows tell how many were.
    assert!(answers.iter().all(|status| [422, 429].contains(status)), "{answers:?}");
    let spent = "SELECT CAST(SUM(tries) AS BIGINT) AS number FROM challenges WHERE used_at IS NULL";
    assert_eq!(number(&app.database, spent), 10);
    assert_eq!(app.count("accounts WHERE code_failures = 10").await, 1);
    for (page, code) in pages.iter().zip(&codes) {
        page.form("Log in").fill("code", code).submit().await.expect(429);
    }
    assert_eq!(app.count("sessions").await, 1, "hers at home");
}

/// Each spelling of a name had a count of its own, on a way in that few thought of.
#[actix_web::test]
async fn authelia_cve_2026_47203_spellings_share_the_limit_of_mailed_resets() {
    let app = TestApp::start().await;
    app.person("ada").await;
    app.person("bob").await;
    for name in ["ada", "ADA", " ada ", "Ada", "aDA"] {
        app.ask_for_reset(name).await;
    }
    let form = app.browser().get("/password/forgot").await.form("Mail me a link");
    form.fill("username", "AdA").submit().await.expect(303);
    // Whatever was asked before is done by the time that his is mailed.
    app.ask_for_reset("bob").await;
    assert_eq!(app.reset_links().await, 6);
}
