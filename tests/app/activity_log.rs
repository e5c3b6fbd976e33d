//! The activity log: every act writes its line or is not done, nothing changes a line, and its owner reads it.

use chrono::TimeDelta;
use diesel::connection::SimpleConnection;
use postern::domain::administration::Act;
use postern::flows::housekeeping;

use crate::support::browser::{Browser, Page};
use crate::support::codes::{Reading, wrong};
use crate::support::dump;
use crate::support::scene::Scene;
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

/// The lines about an account, oldest first: kind, who, and what exactly.
fn lines(app: &TestApp, name: &str) -> Vec<String> {
    let query = format!(
        "SELECT e.kind || ' by ' || e.actor || COALESCE(': ' || e.detail, '') AS line FROM security_events AS e \
         JOIN accounts AS a ON a.id = e.account_id WHERE a.username = '{name}' ORDER BY e.id"
    );
    dump::lines(&app.database, &query)
}

/// What the newest line about Ada says.
#[track_caller]
fn newest(app: &TestApp) -> String {
    lines(app, "ada").pop().expect("a line")
}

/// A moment later, so that its line is the newest.
async fn save(
    app: &TestApp,
    browser: &Browser,
    path: &str,
    choose: impl FnOnce(Page) -> crate::support::browser::Form,
) {
    app.wait(TimeDelta::milliseconds(5));
    choose(browser.get(path).await).submit().await.expect(303);
}

#[actix_web::test]
async fn whatever_ada_does_is_written_down() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    assert_eq!(newest(&app), "logged_in by owner: with the password");
    save(&app, &home, "/profile", |page| page.form("Save").fill("display_name", "Ada Byron")).await;
    assert_eq!(newest(&app), "profile_changed by owner: name");
    let zone =
        |page: Page| page.form("Save").fill("display_name", "Ada").select("time_zone", "Europe/Berlin");
    save(&app, &home, "/profile", zone).await;
    assert_eq!(newest(&app), "profile_changed by owner: name, time zone");
    let before = lines(&app, "ada").len();
    save(&app, &home, "/profile", |page| page.form("Save")).await;
    assert_eq!(lines(&app, "ada").len(), before, "nothing was changed");

    home.turn_on_email(&app, "ada").await;
    let both = lines(&app, "ada").split_off(before);
    assert!(both.contains(&"computer_trusted by owner".to_owned()), "{both:?}");
    let on = "two_factor_on by owner: Email, a•••@e•••.com, with that computer trusted";
    assert!(both.contains(&on.to_owned()), "{both:?}");

    save(&app, &home, "/profile/two-factor", |page| page.form("Save").tick("every_login")).await;
    assert_eq!(newest(&app), "every_login_on by owner");
    save(&app, &home, "/profile/two-factor", |page| page.form("Save").untick("every_login")).await;
    assert_eq!(newest(&app), "every_login_off by owner");
    app.browser().log_in_with_code(&app, "ada").await;
    save(&app, &home, "/profile/computers", |page| page.form("Forget Firefox on Windows")).await;
    assert_eq!(newest(&app), "computer_forgotten by owner: Firefox on Windows");
    app.browser().log_in_with_code(&app, "ada").await;
    save(&app, &home, "/profile/computers", |page| page.form("Forget all computers")).await;
    assert_eq!(newest(&app), "computers_forgotten by owner");
    save(&app, &home, "/profile/two-factor", |page| page.form("Save").select("method", "disabled")).await;
    assert_eq!(newest(&app), "two_factor_off by owner");
    app.wait(TimeDelta::milliseconds(5));
    home.log_out().await;
    assert_eq!(newest(&app), "logged_out by owner");
    app.wait(TimeDelta::milliseconds(5));
    assert!(app.by_operator("ada", Act::Unlock).await);
    assert_eq!(newest(&app), "unlocked by operator");
}

#[actix_web::test]
async fn accounts_begin_with_a_line() {
    let app = TestApp::start().await;
    let link = format!("/setup?token={}", app.setup_token().await);
    let form = app.browser().follow_all(&link).await.form("Create account").fill("username", "ada");
    let form = form.fill("email", "ada@example.com").fill("password", PASSWORD);
    form.fill("password_again", PASSWORD).submit().await.expect(303);
    let expected = ["account_created by owner: administrator", "logged_in by owner: with the password"];
    let mut found = lines(&app, "ada");
    found.sort();
    assert_eq!(found, expected);

    app.invite_by_mail("bob").await;
    let text = app.last_to("bob@example.com").await.text;
    let link = text.split_whitespace().find_map(|word| word.strip_prefix(&app.base)).expect("a link");
    app.wait(TimeDelta::seconds(1));
    let page = app.browser().follow_all(link).await;
    let form = page.form("Save password").fill("new_password", PASSWORD);
    form.fill("new_password_again", PASSWORD).submit().await.expect(303);
    assert_eq!(lines(&app, "bob").last().unwrap(), "invitation_accepted by mailbox");

    let carl = app.invited("carl").await;
    app.wait(TimeDelta::seconds(1));
    let form = carl.get("/invitation").await.form("Save password").fill("new_password", PASSWORD);
    form.fill("new_password_again", PASSWORD).submit().await.expect(303);
    assert_eq!(lines(&app, "carl").last().unwrap(), "invitation_accepted by owner");
}

#[actix_web::test]
async fn wrong_passwords_are_noted_when_they_bring_something_and_of_nobodys_name_nothing_is_kept() {
    let app = TestApp::start().await;
    app.person("ada").await;
    for _ in 0..5 {
        for name in ["ada", "nobody"] {
            app.browser().log_in_with(name, "not the password at all").await.expect(422);
        }
    }
    assert_eq!(newest(&app), "password_paused by postern");
    assert_eq!(app.count("security_events WHERE kind = 'password_paused'").await, 1);
    // The next is right: it is counted first, and what it would have brought is not written.
    app.wait(TimeDelta::hours(1));
    app.browser().log_in("ada").await;
    assert_eq!(newest(&app), "logged_in by owner: with the password");
    assert_eq!(app.count("security_events WHERE kind = 'password_paused'").await, 1);
}

#[actix_web::test]
async fn ten_wrong_codes_are_one_line_and_the_tenth_that_is_right_is_none() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let guess = async |tries: usize| {
        let mut page = app.code_page("ada").await;
        let code = app.code_for("ada@example.com").await;
        for _ in 0..tries {
            page = page.form("Log in").fill("code", &wrong(&code)).submit().await;
        }
        (page, code)
    };
    guess(5).await;
    let (page, code) = guess(4).await;
    page.form("Log in").fill("code", &code).submit().await.expect(303);
    assert_eq!(app.count("security_events WHERE kind = 'codes_paused'").await, 0);
    app.wait(TimeDelta::minutes(11));
    guess(5).await;
    guess(5).await;
    assert_eq!(newest(&app), "codes_paused by postern");
}

/// Lets nobody add a line any more.
fn break_the_log(app: &TestApp) {
    let statement = if app.database.is_postgres() {
        "CREATE FUNCTION no_more() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'full'; END $$; \
         CREATE TRIGGER no_more BEFORE INSERT ON security_events FOR EACH ROW EXECUTE FUNCTION no_more();"
    } else {
        "CREATE TRIGGER no_more BEFORE INSERT ON security_events BEGIN SELECT RAISE(ABORT, 'full'); END;"
    };
    app.database.location().connect().unwrap().batch_execute(statement).unwrap();
}

/// What is counted before anything is decided, and stays counted.
const COUNTED: [&str; 6] = [
    "sessions.last_seen_at",
    "throttles.",
    "failed_logins.",
    "challenges.tries",
    "accounts.code_failures",
    "accounts.state",
];

fn contents(app: &TestApp) -> Vec<(String, Vec<u8>)> {
    let values = dump::everything(&app.database).into_iter().map(|value| (value.place, value.bytes));
    let is_counted = |place: &str| COUNTED.iter().any(|counted| place.starts_with(counted));
    let mut values: Vec<_> = values.filter(|(place, _)| !is_counted(place)).collect();
    values.sort();
    values
}

#[actix_web::test]
async fn an_act_whose_line_cannot_be_written_is_not_done() {
    let scene = Scene::set().await;
    // Of these no line tells, but of what comes of them.
    let set_up = ["/profile/two-factor", "/profile/two-factor/resend", "/profile/two-factor/cancel"];
    let email = ["/profile/email", "/profile/email/resend", "/profile/email/cancel"];
    let silent = ["/confirm", "/confirm/resend", "/login/cancel", "/login/code/resend"];
    let silent = [&silent[..], &set_up, &email].concat();
    break_the_log(&scene.app);
    break_the_log(&scene.empty);
    let before = (contents(&scene.app), scene.empty.count("accounts").await);
    for (route, form) in scene.forms.iter().filter(|(route, _)| !silent.contains(route)) {
        let page = form.clone().submit().await;
        // Who forgot a password is answered alike, whatever comes of it.
        let answer = if *route == "/password/forgot" { 303 } else { 500 };
        assert_eq!(page.status(), answer, "{route}: {}", page.describe());
    }
    assert!(contents(&scene.app) == before.0, "something was done without its line");
    assert_eq!(scene.empty.count("accounts").await, before.1);
}

fn refused(app: &TestApp, statement: &str) -> bool {
    app.database.location().connect().unwrap().batch_execute(statement).is_err()
}

#[actix_web::test]
async fn the_database_itself_keeps_the_log() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let before = app.count("security_events").await;
    assert!(refused(&app, "UPDATE security_events SET detail = 'nothing'"));
    assert!(refused(&app, "DELETE FROM security_events"));
    let again = "INTO security_events (id, at, kind, actor, account_id) \
                 SELECT id, at, 'logged_out', actor, account_id FROM security_events";
    let replace = if app.database.is_postgres() {
        assert!(refused(&app, "TRUNCATE security_events"));
        format!("INSERT {again} ON CONFLICT (id) DO UPDATE SET kind = EXCLUDED.kind")
    } else {
        format!("INSERT OR REPLACE {again}")
    };
    assert!(refused(&app, &replace));
    assert_eq!(app.count("security_events").await, before);
    assert_eq!(app.count("security_events WHERE kind = 'logged_out'").await, 0);
}

#[actix_web::test]
async fn lines_go_when_their_days_are_over_and_not_before() {
    let app = TestApp::with(&[("POSTERN_ACTIVITY_KEEP_DAYS", "30")]).await;
    assert_eq!(app.count("instance WHERE name = 'activity_keep_days' AND value = '30'").await, 1);
    app.person("ada").await;
    app.browser().log_in("ada").await;
    let old = app.count("security_events").await;
    app.wait(TimeDelta::days(31));
    // The log's own time is its newest line: as long as nothing happened, nothing is old.
    housekeeping::sweep(app.app.services()).await.unwrap();
    assert_eq!(app.count("security_events").await, old);
    app.browser().log_in("ada").await;
    housekeeping::sweep(app.app.services()).await.unwrap();
    assert_eq!(app.count("security_events").await, 1);

    // An operator who thought better of it is heeded by the database too.
    app.another_with(&[("POSTERN_ACTIVITY_KEEP_DAYS", "60")]).await;
    app.wait(TimeDelta::days(31));
    app.browser().log_in("ada").await;
    housekeeping::sweep(app.app.services()).await.unwrap();
    assert_eq!(app.count("security_events").await, 2);
    assert!(refused(&app, "DELETE FROM security_events"));
}

#[actix_web::test]
async fn ada_reads_what_happened_page_by_page() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    for n in 0..60 {
        let name = format!("Ada {n}");
        save(&app, &home, "/profile", |page| page.form("Save").fill("display_name", &name)).await;
    }
    app.guarded("bob").await;
    let what = |page: &Page| page.all("tbody th");
    let first = home.get("/profile/activity").await.expect(200);
    assert_eq!((first.h1().as_str(), what(&first).len()), ("Activity", 50));
    first.says("Profile changed").says("3:42 pm UTC").says("Firefox on Windows, 127.0.0.1").says("You");
    first.is_silent_about("Newer").is_silent_about("Two Factor Authentication turned on");
    let second = first.click("Older").await;
    // 60 changes, the login, and the account itself.
    assert_eq!(what(&second).len(), 12);
    second.says("Account created").says("Whoever runs Postern").is_silent_about("Older");
    let back = second.click("Newer").await;
    assert_eq!(what(&back), what(&first));
    back.is_silent_about("Newer");

    for bad in ["before=x", "after=", "before=1&after=2", "before=' OR 1=1"] {
        home.get(&format!("/profile/activity?{bad}")).await.expect(400);
    }
    // Beyond either end there is an end.
    let id = "00000000-0000-7000-8000-000000000000";
    home.get(&format!("/profile/activity?before={id}")).await.expect(200).says("Nothing yet");
    home.get("/profile/activity?after=ffffffff-ffff-7fff-bfff-ffffffffffff").await.expect(200);
}

#[actix_web::test]
async fn times_are_those_of_the_readers_zone() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    let zone = |page: Page| page.form("Save").select("time_zone", "America/Toronto");
    save(&app, &home, "/profile", zone).await;
    home.get("/profile/activity").await.says("10:42 am").is_silent_about("3:42 pm");
}
