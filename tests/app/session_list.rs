//! The list of sessions: what it shows, ending one, ending all others, and that there are never more than ten.

use chrono::TimeDelta;

use crate::support::browser::{Browser, Page};
use crate::support::codes::Reading;
use crate::support::test_app::{Deeds, TestApp};

const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                      Version/26.0 Mobile/15E148 Safari/604.1";

/// The cells of each session, as a person reads them.
fn rows(page: &Page) -> Vec<Vec<String>> {
    let cells = page.all("tbody th, tbody td");
    cells.chunks(5).map(|row| row[..4].to_vec()).collect()
}

async fn at_home_and_on_the_phone(app: &TestApp) -> (Browser, Browser) {
    app.person("ada").await;
    let (home, phone) = (app.browser(), app.browser().with_user_agent(IPHONE));
    home.log_in("ada").await;
    app.wait(TimeDelta::minutes(5));
    phone.log_in("ada").await;
    (home, phone)
}

async fn is_out(browser: &Browser) -> bool {
    browser.get("/profile").await.location() == Some("/login")
}

#[actix_web::test]
async fn each_session_is_listed_with_its_browser_its_address_and_its_times() {
    let app = TestApp::start().await;
    let (home, _) = at_home_and_on_the_phone(&app).await;
    app.guarded("bob").await;
    let page = home.get("/profile/sessions").await;
    assert_eq!(
        rows(&page),
        [
            ["Safari on iPhone", "127.0.0.1", "3:47 pm UTC", "3:47 pm UTC"],
            ["Firefox on Windows This browser", "127.0.0.1", "3:42 pm UTC", "3:47 pm UTC"],
        ]
    );
    assert!(!page.has_button("End Firefox on Windows"), "this one ends by logging out");

    // What has idled out is no session any more.
    app.wait(TimeDelta::minutes(31));
    home.log_in("ada").await;
    let page = home.get("/profile/sessions").await;
    assert_eq!(rows(&page).len(), 1);
    page.says("You are logged in nowhere else.");
}

#[actix_web::test]
async fn ending_one_throws_that_browser_out_and_no_other() {
    let app = TestApp::start().await;
    let (home, phone) = at_home_and_on_the_phone(&app).await;
    let form = home.get("/profile/sessions").await.form("End Safari on iPhone");

    let page = form.clone().submit().await.expect(303).follow().await;

    page.says("Safari on iPhone is logged out.");
    assert!(is_out(&phone).await && !is_out(&home).await);
    form.submit().await.expect(404);
    assert_eq!(app.count("security_events WHERE kind = 'session_ended'").await, 1);
}

#[actix_web::test]
async fn ending_the_others_leaves_this_one_under_a_new_ticket() {
    let app = TestApp::start().await;
    let (home, phone) = at_home_and_on_the_phone(&app).await;
    let before = home.copy();
    let page = home.get("/profile/sessions").await.form("End all other sessions").submit().await;
    page.expect(303).follow().await.says("You are logged out everywhere else.");
    assert!(is_out(&phone).await && is_out(&before).await && !is_out(&home).await);
    assert_eq!(app.count("security_events WHERE kind = 'sessions_ended'").await, 1);
}

#[actix_web::test]
async fn nobody_ends_anybody_elses_session() {
    let app = TestApp::start().await;
    let (home, phone) = at_home_and_on_the_phone(&app).await;
    let adas = home.get("/profile/sessions").await.attributes("tbody form", "action");
    app.person("bob").await;
    let (bob, bobs_phone) = (app.browser(), app.browser().with_user_agent(IPHONE));
    bob.log_in("bob").await;
    bobs_phone.log_in("bob").await;
    let form = bob.get("/profile/sessions").await.form("End Safari on iPhone");
    form.clone().sent_to(&adas[0]).submit().await.expect(404);
    for id in ["01936b2c-0000-7000-8000-000000000001", "1", "' OR 1=1", "..%2Fend-others"] {
        form.clone().sent_to(&format!("/profile/sessions/{id}/end")).submit().await.expect(404);
    }
    form.clone().forge("form_token", "stale").submit().await.expect(403);
    form.clone().forge("account", "ada").submit().await.expect(400);
    assert!(!is_out(&phone).await && !is_out(&bobs_phone).await);
}

#[actix_web::test]
async fn the_eleventh_login_ends_the_oldest_session() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let mut browsers = Vec::new();
    for _ in 0..10 {
        app.wait(TimeDelta::seconds(1));
        let browser = app.browser();
        browser.log_in("ada").await;
        browsers.push(browser);
    }
    for browser in &browsers {
        assert!(!is_out(browser).await);
    }
    app.wait(TimeDelta::seconds(1));
    app.browser().log_in("ada").await;
    assert!(is_out(&browsers[0]).await);
    assert!(!is_out(&browsers[1]).await);
    assert_eq!(app.count("sessions").await, 10);
    let by_postern = "security_events WHERE kind = 'session_ended' AND actor = 'postern'";
    assert_eq!(app.count(by_postern).await, 1);
}

#[actix_web::test]
async fn the_session_just_opened_is_never_the_surplus() {
    let app = TestApp::start().await;
    app.person("ada").await;
    for _ in 0..10 {
        app.browser().log_in("ada").await;
    }
    // Another instance, whose clock is a little slow.
    app.wait(TimeDelta::seconds(-2));
    let last = app.browser();
    last.log_in("ada").await;
    assert!(!is_out(&last).await);
    assert_eq!(app.count("sessions").await, 10);
}
