//! The day's text messages run low: administrators are warned while there is still something left.

use chrono::TimeDelta;

use crate::support::at_once::at_once;
use crate::support::test_app::{Deeds, TestApp};

const PHONE: &str = "+12125550142";
const OF_TEN: [(&str, &str); 1] = [("POSTERN_SMS_PER_DAY", "10")];

/// Ten texts a day, two administrators, and Ada, whose set-up took the first of them.
async fn an_installation() -> TestApp {
    let app = TestApp::with(&OF_TEN).await;
    app.administrator("sam").await;
    app.administrator("tea").await;
    app.guarded_by_sms("ada", "(212) 555-0142", PHONE).await;
    app
}

async fn texts(app: &TestApp, many: usize) {
    for _ in 0..many {
        let page = app.code_page("ada").await;
        page.form("Log in").fill("code", &app.code_for(PHONE).await).submit().await.expect(303);
    }
}

async fn warnings(app: &TestApp) -> i64 {
    app.count("outbox WHERE kind = 'texts_run_low'").await
}

#[actix_web::test]
async fn at_four_fifths_each_administrator_gets_one_mail() {
    let app = an_installation().await;
    app.alter("UPDATE accounts SET disabled_at = 1 WHERE username = 'tea'").await;
    app.administrator("una").await;
    texts(&app, 6).await;
    assert_eq!(warnings(&app).await, 0, "seven of ten");

    texts(&app, 1).await;

    let mail = app.last_to("sam@example.com").await;
    assert_eq!(mail.subject.as_deref(), Some("Most of the day’s text messages at 127.0.0.1 are gone"));
    assert!(mail.text.contains("8 of the 10 text messages"), "{}", mail.text);
    assert!(mail.text.contains("sms.per_day"));
    app.last_to("una@example.com").await;
    assert_eq!(warnings(&app).await, 2, "and none to whoever is disabled");
    texts(&app, 2).await;
    assert_eq!(warnings(&app).await, 2, "once a day");
}

#[actix_web::test]
async fn a_day_later_they_are_warned_again() {
    let app = an_installation().await;
    texts(&app, 7).await;
    app.wait(TimeDelta::days(1) + TimeDelta::seconds(1));
    texts(&app, 7).await;
    assert_eq!(warnings(&app).await, 2, "seven in this day");
    texts(&app, 1).await;
    assert_eq!(warnings(&app).await, 4);
}

#[actix_web::test]
async fn of_many_who_log_in_at_once_one_brings_the_warning() {
    let app = an_installation().await;
    texts(&app, 5).await;
    let logins = (0..4).map(|_| {
        let browser = app.browser();
        async move { browser.log_in("ada").await }
    });
    at_once(logins).await;
    assert_eq!(warnings(&app).await, 2, "one for each administrator");
}
