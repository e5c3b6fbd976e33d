//! What ends all of an account's trusted computers at once, and what each is told when it comes back.

use crate::support::browser::{Browser, Page};
use crate::support::codes::Reading;
use crate::support::test_app::{Deeds, TestApp};

/// A second computer that trusts Ada, logged out.
async fn office(app: &TestApp) -> Browser {
    let office = app.browser();
    office.log_in_with_code(app, "ada").await;
    office.log_out().await;
    assert_eq!(office.log_in("ada").await.path(), "/profile");
    office.log_out().await;
    office
}

/// The code page, with what it says about why.
async fn why(browser: &Browser) -> String {
    let page = browser.log_in("ada").await;
    assert_eq!(page.path(), "/login/code", "{}", page.describe());
    let why = page.only("#why");
    page.form("Use another account").submit().await;
    why
}

async fn save(
    browser: &Browser,
    choose: impl FnOnce(crate::support::browser::Form) -> crate::support::browser::Form,
) -> Page {
    choose(browser.get("/profile/two-factor").await.form("Save")).submit().await.follow().await
}

/// Confirms a new address, with the box as it is.
async fn confirm(app: &TestApp, page: &Page, to: &str) {
    let code = app.code_for(to).await;
    page.form("Save").fill("code", &code).submit().await.follow().await.says("Codes go to the new place now");
}

const CHANGED: &str =
    "We ask because your Two Factor Authentication was changed since you last logged in here.";
const EVERY_LOGIN: &str = "We ask because you chose to be asked on every login.";

#[actix_web::test]
async fn a_new_destination_ends_them_all_but_the_one_it_was_confirmed_on() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let office = office(&app).await;
    let page = save(&home, |form| form.fill("email", "new@example.com")).await;
    // While it waits for its code nothing has changed.
    assert_eq!(office.log_in("ada").await.path(), "/profile");
    office.log_out().await;

    confirm(&app, &page, "new@example.com").await;

    assert_eq!(why(&office).await, CHANGED);
    home.log_out().await;
    assert_eq!(home.log_in("ada").await.path(), "/profile");
    assert_eq!(home.get("/profile/computers").await.all("tbody tr").len(), 1);
}

#[actix_web::test]
async fn a_new_destination_confirmed_with_the_box_unticked_ends_this_one_too() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let page = save(&home, |form| form.fill("email", "new@example.com")).await;
    let code = app.code_for("new@example.com").await;
    page.form("Save").fill("code", &code).untick("trust_computer").submit().await.expect(303);
    home.log_out().await;
    assert_eq!(why(&home).await, CHANGED);
}

#[actix_web::test]
async fn a_new_method_ends_them() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let office = office(&app).await;
    let page = save(&home, |form| form.select("method", "sms").fill("phone", "212 555 0142")).await;
    confirm(&app, &page, "+12125550142").await;
    assert_eq!(why(&office).await, CHANGED);
}

#[actix_web::test]
async fn turning_it_off_ends_them_for_good() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let office = office(&app).await;
    save(&home, |form| form.select("method", "disabled")).await.says("Two Factor Authentication is off");
    assert_eq!(office.log_in("ada").await.path(), "/profile", "nobody is asked");
    office.log_out().await;

    home.turn_on_email(&app, "ada").await;

    assert_eq!(why(&office).await, CHANGED);
}

#[actix_web::test]
async fn ticking_every_login_ends_them_and_unticking_it_revives_none() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let office = office(&app).await;

    save(&home, |form| form.tick("every_login")).await.says("All trusted computers were forgotten.");

    assert_eq!(why(&office).await, EVERY_LOGIN);
    let page = office.log_in("ada").await;
    assert!(!page.form("Log in").has("trust_computer"));
    // The server insists, whatever the page offers.
    let code = app.code_for("ada@example.com").await;
    let form = page.form("Log in").fill("code", &code).forge("trust_computer", "yes");
    assert_eq!(form.submit().await.follow().await.path(), "/profile");
    office.log_out().await;
    assert_eq!(why(&office).await, EVERY_LOGIN);

    save(&home, |form| form.untick("every_login")).await.says("can be trusted for 14 days now");

    assert!(why(&office).await.contains("this computer is new to your account"));
    home.log_out().await;
    assert!(why(&home).await.contains("this computer is new to your account"));
    office.log_in_with_code(&app, "ada").await;
    office.log_out().await;
    assert_eq!(office.log_in("ada").await.path(), "/profile");
}

#[actix_web::test]
async fn a_set_up_with_every_login_ticked_makes_no_trust_and_ends_what_there_was() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let office = office(&app).await;
    let page = save(&home, |form| form.fill("email", "new@example.com").tick("every_login")).await;
    assert!(!page.form("Save").has("trust_computer"));
    let code = app.code_for("new@example.com").await;
    let form = page.form("Save").fill("code", &code).forge("trust_computer", "yes");
    form.submit().await.expect(303);
    home.log_out().await;
    for browser in [&home, &office] {
        assert_eq!(why(browser).await, EVERY_LOGIN);
    }
}

#[actix_web::test]
async fn what_one_account_ends_leaves_the_other_in_the_same_browser_alone() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    home.log_out().await;
    app.person("bob").await;
    home.log_in("bob").await;
    home.turn_on_email(&app, "bob").await;
    save(&home, |form| form.select("method", "disabled")).await;
    home.log_out().await;
    assert_eq!(home.log_in("ada").await.path(), "/profile");
    save(&home, |form| form.tick("every_login")).await;
    home.log_out().await;
    assert_eq!(home.log_in("bob").await.path(), "/profile");
}
