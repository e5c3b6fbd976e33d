//! How many accounts may have their codes sent to one number.

use chrono::TimeDelta;

use crate::support::at_once::at_once;
use crate::support::browser::{Browser, Page};
use crate::support::codes::Reading;
use crate::support::test_app::{Deeds, TestApp};

const PHONE: (&str, &str) = ("(212) 555-0142", "+12125550142");

/// Somebody new, who has just chosen this number.
async fn chooses(app: &TestApp, name: &str) -> Page {
    app.person(name).await;
    let browser = app.browser();
    browser.log_in(name).await;
    // The codes of ten minutes ago do not hold this one back.
    app.wait(TimeDelta::minutes(2));
    save(&browser, PHONE.0).await
}

async fn save(browser: &Browser, phone: &str) -> Page {
    let form = browser.get("/profile/two-factor?change=yes").await.form("Save");
    form.select("method", "sms").fill("phone", phone).submit().await
}

/// The house's telephone, on which as many have their codes as this.
async fn a_telephone_of(app: &TestApp, names: &[&str]) {
    for name in names {
        let page = chooses(app, name).await.expect(303).follow().await;
        let code = app.code_for(PHONE.1).await;
        page.form("Save").fill("code", &code).submit().await.expect(303);
    }
}

async fn users_of_a_telephone(app: &TestApp) -> i64 {
    app.count("second_factors WHERE method = 'sms'").await
}

#[actix_web::test]
async fn the_sixth_is_told_at_the_field_and_loses_nothing_typed() {
    let app = TestApp::start().await;
    a_telephone_of(&app, &["ada", "bob", "cem", "dan", "eve"]).await;
    let texts = app.sent_to(PHONE.1).await;

    let page = chooses(&app, "fay").await.expect(422);

    page.says("5 accounts use this number already, and no more may");
    assert_eq!(page.attributes("#phone", "value"), [PHONE.0]);
    assert_eq!(app.sent_to(PHONE.1).await, texts, "nothing is sent");
    save(page.browser(), "(212) 555-0143").await.expect(303).follow().await.says("+1 212-555-0143");

    // Who is among the five saves it again, and whoever goes makes room.
    let eve = app.browser();
    let code = eve.log_in("eve").await;
    let code = code.form("Log in").fill("code", &app.code_for(PHONE.1).await).submit().await.expect(303);
    code.follow().await;
    save(&eve, PHONE.0).await.expect(303).follow().await.says("Nothing changed");
    let form = eve.get("/profile/two-factor").await.form("Save");
    form.select("method", "disabled").submit().await.expect(303);
    save(page.browser(), PHONE.0).await.expect(303).follow().await.says("+1 212-555-0142");
}

#[actix_web::test]
async fn of_three_who_enter_their_codes_at_once_one_is_the_fifth() {
    let app = TestApp::start().await;
    a_telephone_of(&app, &["ada", "bob", "cem", "dan"]).await;
    let mut forms = Vec::new();
    for name in ["eve", "fay", "gus"] {
        let page = chooses(&app, name).await.expect(303).follow().await;
        forms.push(page.form("Save").fill("code", &app.code_for(PHONE.1).await));
    }
    let pages = at_once(forms.into_iter().map(|form| form.submit())).await;

    assert_eq!(users_of_a_telephone(&app).await, 5);
    let mut late = 0;
    for page in pages {
        let page = page.expect(303).follow().await;
        late += usize::from(page.text().contains("5 accounts use that number already"));
    }
    assert_eq!(late, 2);
}
