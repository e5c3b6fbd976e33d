//! The list of trusted computers: what it shows, and forgetting one or all of them.

use chrono::TimeDelta;

use crate::support::browser::{Browser, Page};
use crate::support::codes::Reading;
use crate::support::test_app::{Deeds, TestApp};

const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                      Version/26.0 Mobile/15E148 Safari/604.1";

/// Ada's phone, trusted a day and a half after her computer at home, and used once since.
async fn phone(app: &TestApp) -> Browser {
    app.wait(TimeDelta::hours(36));
    let phone = app.browser().with_user_agent(IPHONE);
    phone.log_in_with_code(app, "ada").await;
    phone.log_out().await;
    app.wait(TimeDelta::hours(2));
    phone.log_in("ada").await;
    phone
}

/// The cells of each computer, as a person reads them.
fn rows(page: &Page) -> Vec<Vec<String>> {
    let cells = page.all("tbody th, tbody td");
    cells.chunks(5).map(|row| row[..4].to_vec()).collect()
}

/// Where the buttons *Forget* lead, newest computer first.
fn paths(page: &Page) -> Vec<String> {
    page.attributes("tbody form", "action")
}

async fn is_asked(browser: &Browser, name: &str) -> Option<String> {
    let page = browser.log_in(name).await;
    if page.path() == "/profile" {
        browser.log_out().await;
        return None;
    }
    let why = page.only("#why");
    page.form("Use another account").submit().await;
    Some(why)
}

#[actix_web::test]
async fn each_computer_is_listed_with_its_name_its_times_and_the_day_on_which_it_asks_again() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let phone = phone(&app).await;
    // Somebody else's computer is nobody's business.
    app.guarded("bob").await;

    assert_eq!(
        rows(&phone.get("/profile/computers").await),
        [
            ["Safari on iPhone This computer", "3:42 am UTC", "5:42 am UTC", "December 10"],
            ["Firefox on Windows", "November 24, 3:42 pm UTC", "Not yet", "December 8"],
        ]
    );
    home.log_in("ada").await;
    let at_home = rows(&home.get("/profile/computers").await);
    assert_eq!(at_home[1][0], "Firefox on Windows This computer");
    assert_eq!(at_home[1][2], "5:42 am UTC");

    // One that asks again is trusted no more.
    app.wait(TimeDelta::days(13));
    phone.log_in("ada").await;
    let left = rows(&phone.get("/profile/computers").await);
    assert_eq!(
        left.iter().map(|row| row[0].as_str()).collect::<Vec<_>>(),
        ["Safari on iPhone This computer"]
    );
}

#[actix_web::test]
async fn forgetting_one_leaves_the_others_and_logs_nobody_out() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let phone = phone(&app).await;
    home.log_in("ada").await;
    let list = phone.get("/profile/computers").await;

    let after = list.form("Forget Firefox on Windows").submit().await.follow().await;

    after.says("Firefox on Windows is not trusted any more. Its next login asks for a code.");
    assert_eq!(rows(&after).len(), 1);
    assert_eq!(home.get("/profile").await.status(), 200, "who is logged in there stays so");
    home.log_out().await;
    assert!(is_asked(&home, "ada").await.unwrap().contains("this computer is new to your account"));
    phone.log_out().await;
    assert_eq!(is_asked(&phone, "ada").await, None);

    // A button from before has nothing left to forget.
    phone.log_in("ada").await;
    let list = phone.get("/profile/computers").await;
    let again = list.form("Forget Safari on iPhone");
    again.clone().submit().await.expect(303);
    again.submit().await.expect(404);
}

#[actix_web::test]
async fn forgetting_all_is_told_to_each_when_it_comes_back() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let phone = phone(&app).await;

    let page = phone.get("/profile/computers").await.form("Forget all computers").submit().await;

    let page = page.follow().await;
    page.says("No computer is trusted any more.").says("No computer is trusted. When you log in with a code");
    phone.log_out().await;
    for browser in [&home, &phone] {
        let why = is_asked(browser, "ada").await.unwrap();
        assert_eq!(why, "We ask because this computer was taken off your list of trusted computers.");
    }
    // A code makes it trusted again.
    phone.log_in_with_code(&app, "ada").await;
    phone.log_out().await;
    assert_eq!(is_asked(&phone, "ada").await, None);
    assert!(is_asked(&home, "ada").await.is_some());
}

#[actix_web::test]
async fn forgetting_all_where_none_is_left_is_no_act() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let form = home.get("/profile/computers").await.form("Forget all computers");
    form.clone().submit().await.expect(303);
    let lines = app.count("security_events").await;

    // The same button, in another tab.
    form.submit().await.follow().await.says("No computer is trusted any more.");

    assert_eq!(app.count("security_events").await, lines);
}

#[actix_web::test]
async fn nobody_forgets_anybody_elses_computer() {
    let app = TestApp::start().await;
    let ada = app.guarded("ada").await;
    let bob = app.guarded("bob").await;
    let adas = paths(&ada.get("/profile/computers").await);
    let form = || {
        let page = bob.clone();
        async move { page.get("/profile/computers").await.form("Forget Firefox on Windows") }
    };

    form().await.sent_to(&adas[0]).submit().await.expect(404);
    for id in ["01936b2c-0000-7000-8000-000000000001", "1", "' OR 1=1", "%00", "..%2Fforget-all"] {
        form().await.sent_to(&format!("/profile/computers/{id}/forget")).submit().await.expect(404);
    }
    // Nor with a form of another browser, or one that asks for more.
    form().await.forge("form_token", "stale").submit().await.expect(403);
    form().await.forge("account", "ada").submit().await.expect(400);
    form().await.sent_from("https://evil.example").submit().await.expect(403);

    for (browser, name) in [(&ada, "ada"), (&bob, "bob")] {
        browser.log_out().await;
        assert_eq!(is_asked(browser, name).await, None, "{name}");
    }
    // All of mine are none of theirs.
    bob.log_in("bob").await;
    bob.get("/profile/computers").await.form("Forget all computers").submit().await.expect(303);
    assert_eq!(is_asked(&ada, "ada").await, None);
}

#[actix_web::test]
async fn a_list_without_computers_says_why() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    let off = home.get("/profile/computers").await;
    off.says("No computer needs trust, because Two Factor Authentication is off");
    assert_eq!(off.click("Turn on Two Factor Authentication").await.path(), "/profile/two-factor");

    home.turn_on_email(&app, "ada").await;
    let form = home.get("/profile/two-factor").await.form("Save").tick("every_login");
    form.submit().await.expect(303);
    let page = home.get("/profile/computers").await;
    page.says("No computer is trusted, because you chose to be asked for a code on every login.");
    assert_eq!(page.click("Change that").await.path(), "/profile/two-factor");

    let form = home.get("/profile/two-factor").await.form("Save").untick("every_login");
    form.submit().await.expect(303);
    home.get("/profile/computers").await.says("No computer is trusted. When you log in with a code");
}
