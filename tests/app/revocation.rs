//! After a restore: what the copy would bring back to life is ended, and every account's log says so.

use postern::flows::revocation;

use crate::support::dump::{lines, number};
use crate::support::program::Home;
use crate::support::test_app::{Deeds, TestApp};

#[actix_web::test]
async fn nothing_that_a_browser_or_a_mailbox_kept_is_good_any_more() {
    let app = TestApp::start().await;
    app.person("ada").await;
    app.person("grace").await;
    let home = app.browser();
    home.log_in("ada").await;
    home.turn_on_email(&app, "ada").await;
    let pass = app.pass_for("ada").await;
    let code_page = app.browser();
    code_page.log_in("ada").await;
    let code = app.code_for("ada@example.com").await;
    let reset = app.follows_reset_link("grace").await;
    let waits = app.browser();
    waits.log_in("ada").await;

    assert_eq!(revocation::revoke_all(app.app.services()).await.unwrap(), 2);

    assert_eq!(home.follow_all("/profile").await.path(), "/login", "a session");
    let asked = home.log_in("ada").await;
    assert_eq!(asked.path(), "/login/code", "a trusted computer");
    assert!(asked.text().contains("administrator"), "{}", asked.text());
    assert_eq!(code_page.follow_all("/login/code").await.path(), "/login", "a pending login");
    let entered = asked.form("Log in").fill("code", &code).submit().await;
    assert_eq!(entered.status(), 422, "a code");
    let form = home.get("/login/recovery").await.form("Log in").fill("recovery_code", &pass);
    assert_eq!(form.submit().await.status(), 422, "a one-time pass");
    let form = reset.form("Save password").fill("new_password", "another long enough phrase");
    let form = form.fill("new_password_again", "another long enough phrase");
    assert_eq!(form.submit().await.status(), 410, "a mailed link");
    let told =
        "SELECT actor || ' ' || kind AS line FROM security_events WHERE detail LIKE '%after a restore'";
    assert_eq!(lines(&app.database, told), ["operator sessions_ended"; 2]);
}

#[actix_web::test]
async fn what_waited_to_be_sent_is_not_sent() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    home.turn_on_email(&app, "ada").await;
    app.deliver_all().await;
    app.browser().log_in("ada").await;
    let waiting = "SELECT count(*) AS number FROM outbox WHERE state = 'waiting'";
    assert_eq!(number(&app.database, waiting), 1);
    revocation::revoke_all(app.app.services()).await.unwrap();
    let open = "SELECT count(*) AS number FROM outbox WHERE state IN ('waiting', 'sending') OR recipient_sealed IS NOT NULL";
    assert_eq!(number(&app.database, open), 0);
}

#[actix_web::test]
async fn the_command_says_what_returns() {
    let home = Home::ready().await;
    home.person("ada").await;
    let running = home.serve().await;
    let browser = running.browser();
    assert_eq!(browser.log_in("ada").await.path(), "/profile");
    let said = home.run(&["revoke"]).await.well().out;
    assert!(said.starts_with("accounts logged out everywhere, with no computer trusted: 1\n"), "{said}");
    assert!(said.contains("used recovery codes and old passwords return"), "{said}");
    assert_eq!(browser.follow_all("/profile").await.path(), "/login");
}
