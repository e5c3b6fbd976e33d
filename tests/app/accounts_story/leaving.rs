//! An administrator leaves: hands over, is out at once, and never leaves the house without one.

use postern::domain::administration::Act;

use super::expect_out;
use crate::support::administration::Administering;
use crate::support::browser::{Browser, Page};
use crate::support::codes::Reading;
use crate::support::dump::lines;
use crate::support::test_app::{Deeds, TestApp};

async fn logged_in(app: &TestApp, name: &str) -> Browser {
    let browser = app.browser();
    browser.log_in(name).await;
    browser
}

/// Whether a page offers an act.
fn offers(page: &Page, act: Act) -> bool {
    let links = page.attributes(".acts a", "href");
    links.iter().any(|link| link.ends_with(&format!("/{}", act.as_str())))
}

async fn administrators(app: &TestApp) -> i64 {
    app.count("accounts WHERE role = 'administrator' AND disabled_at IS NULL").await
}

#[actix_web::test]
async fn an_administrator_hands_over_and_leaves() {
    let app = TestApp::start().await;
    app.administrator("sam").await;
    app.person("kim").await;
    let (sam, before) = (logged_in(&app, "sam").await, logged_in(&app, "kim").await);
    let sams_page = app.account_path("sam").await;
    // Alone, Sam cannot go.
    let own = sam.get(&sams_page).await;
    assert!(!offers(&own, Act::Demote) && !offers(&own, Act::Disable));
    before.get("/admin/accounts").await.expect(403);

    sam.administer(&app, "kim", Act::Promote).await.says("Administrator");
    expect_out(&before.get("/profile").await);
    let kim = logged_in(&app, "kim").await;
    let offered = kim.get(&sams_page).await;
    assert!(offers(&offered, Act::Demote) && offers(&offered, Act::Disable));
    let (desk, open_form) = (logged_in(&app, "sam").await, sam.act_form(&app, "kim", Act::Demote).await);

    kim.administer(&app, "sam", Act::Demote).await.says("They are no administrator any more");
    for browser in [&sam, &desk] {
        expect_out(&browser.get("/admin/accounts").await);
    }
    assert_eq!(open_form.submit().await.location(), Some("/login"));
    desk.log_in("sam").await;
    desk.get("/admin/accounts").await.expect(403);
    kim.administer(&app, "sam", Act::Disable).await.says("Disabled");
    expect_out(&desk.get("/profile").await);
    desk.log_in("sam").await.expect(422);

    let sent = app.sent().await;
    for (to, what, by) in [
        ("kim@example.com", "Made an administrator", "sam"),
        ("sam@example.com", "No administrator any more", "kim"),
        ("sam@example.com", "Account disabled", "kim"),
    ] {
        let tells = |text: &str| text.starts_with(what) && text.contains(&format!("{by}, an administrator"));
        assert!(sent.iter().any(|mail| mail.to == to && tells(&mail.text)), "{what}");
    }
    // Kim is the last one now.
    let own = kim.get(&app.account_path("kim").await).await;
    assert!(!offers(&own, Act::Demote) && !offers(&own, Act::Disable));
    let page = kim.get("/profile").await;
    let path = format!("{}/{}", app.account_path("kim").await, Act::Disable.as_str());
    let token = page.form("Log out").value("form_token").unwrap();
    let version = "SELECT CAST(version AS TEXT) AS line FROM accounts WHERE username_key = 'kim'";
    let version = lines(&app.database, version).remove(0);
    let fields = [("form_token", token.as_str()), ("version", version.as_str())];
    kim.post_form(&path, &fields).await.expect(409).says("Nobody does this to their own account");
    assert_eq!(administrators(&app).await, 1);
}
