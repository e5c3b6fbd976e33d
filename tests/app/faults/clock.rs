//! The machine's clock is wrong by an hour, one way or the other, and then right again.

use chrono::TimeDelta;

use crate::support::browser::Page;
use crate::support::codes::wrong;
use crate::support::invariants;
use crate::support::test_app::{Deeds, TestApp};

async fn enters(page: &Page, code: &str) -> Page {
    page.form("Log in").fill("code", code).submit().await.follow_all().await
}

/// Logs in at a new computer, with a code that is mailed now: not the newest by the mailbox's clock, which was wrong as well.
async fn logs_in(app: &TestApp, name: &str, at: &str) {
    let known: Vec<_> = app.sent().await.into_iter().map(|entry| entry.id).collect();
    let page = app.code_page(name).await;
    let new = app.sent().await.into_iter().find(|entry| !known.contains(&entry.id) && entry.code.is_some());
    let code = new.unwrap_or_else(|| panic!("{at}: no code was sent")).code.unwrap();
    let page = enters(&page, &code).await;
    assert_eq!(page.path(), "/profile", "{at}: {}", page.describe());
}

#[actix_web::test]
async fn an_hour_forward_ends_codes_and_idle_sessions_and_nothing_else() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    app.wait(TimeDelta::minutes(1));
    let page = app.code_page("ada").await;
    let code = app.code_for("ada@example.com").await;

    app.wait(TimeDelta::hours(1));
    assert_eq!(home.get("/profile").await.follow_all().await.path(), "/login", "idle for too long");
    assert_eq!(enters(&page, &code).await.path(), "/login", "and that login is over");
    assert_eq!(home.log_in("ada").await.path(), "/profile", "the computer is still trusted");
    logs_in(&app, "ada", "an hour ahead").await;
    invariants::check(&app.database, "an hour ahead");

    app.wait(TimeDelta::hours(-1));
    assert_eq!(home.get("/profile").await.status(), 200, "a session from the future is one all the same");
    logs_in(&app, "ada", "right again").await;
    invariants::check(&app.database, "right again");
}

#[actix_web::test]
async fn an_hour_back_locks_nobody_out_and_gives_no_try_back() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    app.guarded("grace").await;
    app.wait(TimeDelta::minutes(1));
    let page = app.code_page("ada").await;
    let code = app.code_for("ada@example.com").await;
    assert!(enters(&page, &wrong(&code)).await.text().contains("4 tries"));
    // Grace's message is due, and has not gone out.
    let waiting = app.code_page("grace").await;

    app.wait(TimeDelta::hours(-1));
    assert_eq!(home.get("/profile").await.status(), 200);
    assert!(enters(&page, &wrong(&code)).await.text().contains("3 tries"), "no try is given back");
    let page = enters(&page, &code).await;
    assert_eq!(page.path(), "/profile", "{}", page.describe());
    invariants::check(&app.database, "an hour behind");
    logs_in(&app, "ada", "an hour behind").await;

    // Five wrong passwords make a name rest for half a minute: not for an hour and a half.
    for _ in 0..5 {
        app.browser().log_in_with("ada", "not her password").await.expect(422);
    }
    app.browser().log_in_with("ada", "not her password").await.expect(429);
    app.wait(TimeDelta::seconds(31));
    logs_in(&app, "ada", "after a rest").await;

    app.wait(TimeDelta::hours(1) - TimeDelta::seconds(31));
    let code = app.code_for("grace@example.com").await;
    let page = enters(&waiting, &code).await;
    assert_eq!(page.path(), "/profile", "hers went out in the end: {}", page.describe());
    logs_in(&app, "ada", "right again").await;
    invariants::check(&app.database, "right again");
}

#[actix_web::test]
async fn a_rest_that_began_before_the_clock_went_back_ends_with_it() {
    let app = TestApp::start().await;
    app.person("ada").await;
    for _ in 0..5 {
        app.browser().log_in_with("ada", "not her password").await.expect(422);
    }
    app.wait(TimeDelta::hours(-1));
    let page = app.browser().log_in("ada").await;
    assert_eq!(page.status(), 429, "{}", page.describe());
    app.wait(TimeDelta::hours(1) + TimeDelta::seconds(31));
    assert_eq!(app.browser().log_in("ada").await.path(), "/profile");
}
