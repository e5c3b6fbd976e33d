//! How long the operator lets computers be trusted: `two_factor.trusted_days`.

use chrono::TimeDelta;

use crate::support::codes::Reading;
use crate::support::test_app::{Deeds, TestApp};

const DAYS: &str = "POSTERN_TWO_FACTOR_TRUSTED_DAYS";

#[actix_web::test]
async fn with_no_days_no_computer_is_ever_trusted() {
    let app = TestApp::with(&[(DAYS, "0")]).await;
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    let page = home.get("/profile/two-factor").await;
    page.says("Every login asks for a code.");
    assert!(!page.form("Save").has("every_login"));
    let page = page.form("Save").select("method", "email").submit().await.follow().await;
    assert!(!page.form("Save").has("trust_computer"));
    let code = app.code_for("ada@example.com").await;
    // The server insists, whatever the page offers.
    let form = page.form("Save").fill("code", &code).forge("trust_computer", "yes");
    form.submit().await.follow().await.says("From the next login on we ask for a code.");
    home.log_out().await;

    let page = home.log_in("ada").await;
    assert_eq!(page.path(), "/login/code");
    page.says("We ask on every login.");
    assert!(!page.form("Log in").has("trust_computer"));
    let code = app.code_for("ada@example.com").await;
    let form = page.form("Log in").fill("code", &code).forge("trust_computer", "yes");
    form.submit().await.expect(303);
    assert_eq!(home.cookie("postern-computer"), None);
    home.get("/profile/computers").await.says("No computer is ever trusted here.");
    assert_eq!(app.count("trusted_computers").await, 0);
}

#[actix_web::test]
async fn one_day_is_one_day() {
    let app = TestApp::with(&[(DAYS, "1")]).await;
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    home.get("/profile/two-factor").await.says("Left unticked, we ask every day on the same computer");
    home.turn_on_email(&app, "ada").await.says("A trusted computer is asked every day.");
    home.get("/profile/computers").await.says("asked for a code again 1 day after");
    home.log_out().await.says("stays trusted until November 25.");
    app.wait(TimeDelta::days(1) - TimeDelta::microseconds(1));
    assert_eq!(home.log_in("ada").await.path(), "/profile");
    home.log_out().await;
    app.wait(TimeDelta::microseconds(1));
    let page = home.log_in("ada").await;
    page.says("We ask because 1 day has passed since you last entered a code on this computer.");
    page.says("Trust this computer for 1 day ").says("Until November 26 your password is enough here.");
}

#[actix_web::test]
async fn fewer_days_count_at_once_and_the_pages_say_so() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    home.get("/profile/computers").await.says("December 8");
    home.log_out().await;

    let stricter = app.another_with(&[(DAYS, "7")]).await;
    let home = home.at(&stricter.base);
    app.wait(TimeDelta::days(7) - TimeDelta::seconds(1));
    assert_eq!(home.log_in("ada").await.path(), "/profile");
    home.get("/profile/computers").await.says("December 1").is_silent_about("December 8");
    home.log_out().await.says("stays trusted until December 1.");
    app.wait(TimeDelta::seconds(1));
    let page = home.log_in("ada").await;
    page.says("We ask because 7 days have passed since you last entered a code on this computer.");
    let code = stricter.code_for("ada@example.com").await;
    page.form("Log in").fill("code", &code).untick("trust_computer").submit().await.expect(303);
    home.get("/profile/computers").await.says("No computer is trusted.");
    home.log_out().await.is_silent_about("stays trusted");
}

#[actix_web::test]
async fn with_no_days_any_more_nothing_is_trusted_from_now_on() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    home.log_out().await;
    let strictest = app.another_with(&[(DAYS, "0")]).await;
    let home = home.at(&strictest.base);
    let page = home.log_in("ada").await;
    page.says("We ask on every login.");
    let code = strictest.code_for("ada@example.com").await;
    page.form("Log in").fill("code", &code).submit().await.expect(303);
    home.log_out().await.is_silent_about("stays trusted");
}

#[actix_web::test]
async fn more_days_lengthen_no_trust_that_was_given_for_fewer() {
    let app = TestApp::with(&[(DAYS, "7")]).await;
    let home = app.guarded("ada").await;
    home.log_out().await;
    let laxer = app.another_with(&[(DAYS, "14")]).await;
    let home = home.at(&laxer.base);
    app.wait(TimeDelta::days(7));
    assert_eq!(home.log_in("ada").await.path(), "/login/code");
}

#[actix_web::test]
async fn with_no_days_saving_alone_takes_no_choice_back() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let form = home.get("/profile/two-factor").await.form("Save").tick("every_login");
    form.submit().await.expect(303);

    // The box is not there, so the form cannot say what it was.
    let strictest = app.another_with(&[(DAYS, "0")]).await;
    let form = home.at(&strictest.base).get("/profile/two-factor").await.form("Save");
    form.submit().await.follow().await.says("Nothing changed.");

    let form = home.get("/profile/two-factor").await.form("Save");
    assert_eq!(form.value("every_login").as_deref(), Some("yes"));
}
