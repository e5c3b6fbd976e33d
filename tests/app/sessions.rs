//! Sessions: how long they last, what ends them, and that nothing brings an ended one back.

use chrono::TimeDelta;
use diesel::prelude::*;
use postern::storage::schema::{accounts, pending_logins, sessions};

use crate::support::browser::Browser;
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

/// Opens the profile, and waits until the session's use is noted, which happens beside the request.
async fn look_in(app: &TestApp, browser: &Browser) {
    browser.get("/profile").await.expect(200);
    let now = app.now().timestamp_micros();
    app.until(move |conn| {
        let newest: Option<i64> =
            sessions::table.select(diesel::dsl::max(sessions::last_seen_at)).first(conn)?;
        Ok(newest == Some(now))
    })
    .await;
}

async fn rows(app: &TestApp) -> i64 {
    app.in_database(|conn| sessions::table.count().get_result(conn)).await
}

#[actix_web::test]
async fn a_session_that_nobody_uses_ends_after_thirty_minutes() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let (early, browser) = (app.browser(), app.browser());
    early.log_in("ada").await;
    browser.log_in("ada").await;
    app.wait(TimeDelta::minutes(30) - TimeDelta::microseconds(1));
    early.get("/profile").await.expect(200);
    app.wait(TimeDelta::microseconds(1));
    assert_eq!(browser.get("/profile").await.expect(303).location(), Some("/login"));
    let page = browser.get("/login").await;
    assert_eq!(
        page.notice().as_deref(),
        Some("You were logged out because nothing happened for 30 minutes.")
    );
    assert!(browser.get("/login").await.notice().is_none(), "it is said once");
}

#[actix_web::test]
async fn after_thirty_idle_minutes_the_login_leads_back_to_the_page() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();
    browser.log_in("ada").await;
    app.wait(TimeDelta::minutes(31));
    browser.follow_all("/profile/computers").await;
    assert_eq!(browser.log_in("ada").await.path(), "/profile/computers");
}

#[actix_web::test]
async fn a_session_in_use_lasts_twelve_hours_and_not_a_moment_longer() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();
    browser.log_in("ada").await;
    for _ in 0..28 {
        app.wait(TimeDelta::minutes(25));
        look_in(&app, &browser).await;
    }
    // 11 h 40 min; the last request is 19 min 59 s old when the twelve hours are over.
    app.wait(TimeDelta::minutes(20) - TimeDelta::microseconds(1));
    look_in(&app, &browser).await;
    app.wait(TimeDelta::microseconds(1));
    assert_eq!(browser.get("/profile").await.expect(303).location(), Some("/login"));
    let notice = browser.get("/login").await.notice();
    assert_eq!(notice.as_deref(), Some("You were logged out. Log in again to go on."));
}

#[actix_web::test]
async fn the_operator_says_how_long() {
    let settings = [("POSTERN_SESSION_IDLE_MINUTES", "5"), ("POSTERN_SESSION_MAX_HOURS", "1")];
    let app = TestApp::with(&settings).await;
    app.person("ada").await;
    let (busy, idle) = (app.browser(), app.browser());
    busy.log_in("ada").await;
    idle.log_in("ada").await;
    for _ in 0..11 {
        app.wait(TimeDelta::minutes(5) - TimeDelta::seconds(1));
        look_in(&app, &busy).await;
    }
    let notice = idle.follow_all("/profile").await.notice();
    assert_eq!(notice.as_deref(), Some("You were logged out because nothing happened for 5 minutes."));
    app.wait(TimeDelta::minutes(5) - TimeDelta::seconds(1));
    look_in(&app, &busy).await;
    app.wait(TimeDelta::seconds(12));
    assert_eq!(busy.get("/profile").await.expect(303).location(), Some("/login"));
}

#[actix_web::test]
async fn logging_out_ends_the_row_and_a_copied_cookie_with_it() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();
    browser.log_in("ada").await;
    let thief = browser.copy();
    thief.get("/profile").await.expect(200);
    assert_eq!(rows(&app).await, 1);

    let page = browser.log_out().await;
    assert_eq!((page.path().as_str(), page.notice().as_deref()), ("/login", Some("You have logged out")));
    assert_eq!(rows(&app).await, 0);
    for path in ["/profile", "/profile/two-factor", "/profile/computers", "/confirm"] {
        assert_eq!(thief.copy().get(path).await.expect(303).location(), Some("/login"), "{path}");
    }
    assert_eq!(app.browser().get("/").await.follow_all().await.path(), "/login");
}

#[actix_web::test]
async fn logging_out_here_leaves_the_other_browser_alone() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let (home, office) = (app.browser(), app.browser());
    home.log_in("ada").await;
    office.log_in("ada").await;
    home.log_out().await;
    office.get("/profile").await.expect(200);
}

#[actix_web::test]
async fn two_tabs_are_one_login() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let tab = app.browser();
    let other_tab = tab.clone();
    let waiting = other_tab.get("/login").await;
    tab.log_in("ada").await;
    assert_eq!(other_tab.follow_all("/login").await.path(), "/profile");
    // The login page that stood open all the while is too old, says so, and works the second time.
    let again = waiting.form("Log in").fill("username", "ada").fill("password", PASSWORD).submit().await;
    let form = again.expect(403).form("Log in");
    assert_eq!(form.fill("password", PASSWORD).submit().await.location(), Some("/profile"));

    let profile = other_tab.get("/profile").await;
    tab.log_out().await;
    let answer = profile.form("Save").fill("display_name", "Nobody").submit().await;
    assert_eq!(answer.expect(303).location(), Some("/login"));
    tab.log_in("ada").await;
    let form = tab.get("/profile").await.form("Save");
    assert_eq!(form.value("display_name").as_deref(), Some("ada"), "nothing was saved");
}

#[actix_web::test]
async fn logging_out_twice_is_no_fault() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();
    browser.log_in("ada").await;
    let form = browser.get("/profile").await.form("Log out");
    form.clone().submit().await.expect(303);
    assert_eq!(form.submit().await.follow_all().await.path(), "/login");
}

#[actix_web::test]
async fn the_back_button_shows_nothing_after_logging_out() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();
    browser.log_in("ada").await;
    for path in ["/profile", "/profile/two-factor", "/profile/computers"] {
        let page = browser.get(path).await.expect(200);
        assert_eq!(page.header("cache-control"), Some("no-store"), "{path}");
    }
    let answer = browser.get("/profile").await.form("Log out").submit().await.expect(303);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(browser.get("/profile").await.expect(303).location(), Some("/login"));
}

#[actix_web::test]
async fn a_closed_browser_is_logged_out() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let browser = app.browser();
    browser.log_in("ada").await;
    browser.restart();
    assert_eq!(browser.follow_all("/profile").await.path(), "/login");
}

#[actix_web::test]
async fn a_disabled_account_is_out_at_the_next_request() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let (home, office) = (app.browser(), app.browser());
    home.log_in("ada").await;
    home.turn_on_email(&app, "ada").await;
    let code_page = office.log_in("ada").await;
    let code = app.code_for("ada@example.com").await;
    let rename = home.get("/profile").await.form("Save").fill("display_name", "Countess");

    app.disable("ada").await;
    assert_eq!(rename.submit().await.expect(303).location(), Some("/login"));
    assert_eq!(home.get("/profile").await.expect(303).location(), Some("/login"));
    // Nor does the code still open what the password had begun.
    let answer = code_page.form("Log in").fill("code", &code).submit().await;
    assert_eq!(answer.expect(303).location(), Some("/login"));
    assert_eq!(office.follow_all("/profile").await.path(), "/login");
    let name: String =
        app.in_database(|conn| accounts::table.select(accounts::display_name).first(conn)).await;
    assert_eq!(name, "ada");
}

#[actix_web::test]
async fn a_change_of_method_throws_every_other_browser_out() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let (home, office, phone) = (app.browser(), app.browser(), app.browser());
    for browser in [&home, &office] {
        browser.log_in("ada").await;
    }
    let before = home.copy();
    home.turn_on_email(&app, "ada").await;
    assert_eq!(phone.log_in("ada").await.path(), "/login/code");

    assert_eq!(office.get("/profile").await.expect(303).location(), Some("/login"));
    let notice = office.get("/login").await.notice();
    assert_eq!(notice.as_deref(), Some("You were logged out. Log in again to go on."));
    // The session that made the change goes on, under a new ticket only.
    home.get("/profile").await.expect(200);
    assert_eq!(before.get("/profile").await.expect(303).location(), Some("/login"));
    // A login begun before the next change is over as well.
    let form = home.get("/profile/two-factor").await.form("Save").select("method", "disabled");
    form.submit().await.follow_all().await;
    assert_eq!(phone.get("/login/code").await.expect(303).location(), Some("/login"));
    let open: i64 = app
        .in_database(|conn| {
            pending_logins::table.filter(pending_logins::ended_at.is_null()).count().get_result(conn)
        })
        .await;
    assert_eq!(open, 1, "its row is still there, and worth nothing");
}

#[actix_web::test]
async fn a_forged_or_foreign_cookie_is_a_guest() {
    let (app, elsewhere) = (TestApp::start().await, TestApp::start().await);
    app.person("ada").await;
    elsewhere.person("ada").await;
    let there = elsewhere.browser();
    there.log_in("ada").await;
    let foreign = there.cookie("postern").unwrap();
    for value in ["", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", foreign.value()] {
        let browser = app.browser();
        browser.set_cookie("postern", value);
        assert_eq!(browser.follow_all("/profile").await.path(), "/login", "{value:?}");
        assert_eq!(browser.log_in("ada").await.path(), "/profile", "{value:?}");
    }
}
