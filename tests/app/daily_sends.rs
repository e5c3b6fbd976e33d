//! How many messages a day: per account, per destination that nobody has confirmed, and for the whole installation.

use chrono::TimeDelta;

use crate::support::browser::{Browser, Page};
use crate::support::codes::Reading;
use crate::support::test_app::{Deeds, TestApp};

const PHONE: &str = "+12125550142";

/// Saves a number at which a code is to be entered, from being logged in just now.
async fn save_number(app: &TestApp, browser: &Browser, phone: &str) -> Page {
    let form = browser.get("/profile/two-factor?change=yes").await.form("Save");
    let page = form.select("method", "sms").fill("phone", phone).submit().await.follow().await;
    // A further number takes the place of this one, and what has not left by then is not sent.
    app.deliver_all().await;
    page
}

/// Logs in with a code that is used at once, as somebody at work all day.
async fn log_in_and_use(app: &TestApp, name: &str, to: &str) {
    let page = app.code_page(name).await;
    page.is_silent_about("Nothing is sent now");
    let code = app.code_for(to).await;
    page.form("Log in").fill("code", &code).submit().await.expect(303);
}

#[actix_web::test]
async fn sixty_mails_a_day_and_account_used_or_not() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    app.guarded("bob").await;
    for _ in 0..60 {
        log_in_and_use(&app, "ada", "ada@example.com").await;
        app.wait(TimeDelta::minutes(10));
    }
    let sent = app.sent_to("ada@example.com").await;
    let page = app.code_page("ada").await;
    page.says("Nothing is sent now").says("The next may be sent at 3:42 pm UTC");
    assert_eq!(app.sent_to("ada@example.com").await, sent);
    // Nobody else is held up, and a trusted computer needs no message.
    log_in_and_use(&app, "bob", "bob@example.com").await;

    app.wait(TimeDelta::hours(14));
    log_in_and_use(&app, "ada", "ada@example.com").await;
}

#[actix_web::test]
async fn thirty_texts_a_day_and_account_used_or_not() {
    let app = TestApp::start().await;
    app.guarded_by_sms("ada", "(212) 555-0142", PHONE).await;
    for _ in 0..30 {
        log_in_and_use(&app, "ada", PHONE).await;
        app.wait(TimeDelta::minutes(10));
    }
    let page = app.code_page("ada").await;
    page.says("The next may be sent at November 25, 3:42 pm UTC");
    // The one of the set-up, when the number was not confirmed, and thirty.
    assert_eq!(app.sent_to(PHONE).await, 31);
    app.wait(TimeDelta::hours(19));
    log_in_and_use(&app, "ada", PHONE).await;
}

#[actix_web::test]
async fn five_codes_in_ten_minutes_to_places_that_nobody_has_confirmed_and_logins_are_not_held_up_by_them() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let page = app.code_page("ada").await;
    let code = app.code_for("ada@example.com").await;
    page.form("Log in").fill("code", &code).submit().await.expect(303);
    let browser = page.browser();
    for last in 0..5 {
        save_number(&app, browser, &format!("212 555 014{last}"))
            .await
            .is_silent_about("Nothing is sent now");
        app.wait(TimeDelta::minutes(1));
    }
    save_number(&app, browser, "212 555 0146")
        .await
        .says("Nothing is sent now")
        .says("may be sent at 3:52 pm UTC");
    assert_eq!(app.sent_to("+12125550146").await, 0);
    // Going on with the codes in force, which count apart.
    app.code_page("ada").await.is_silent_about("Nothing is sent now");
    // The other way about, too: logins use up nothing of a set-up.
    app.wait(TimeDelta::minutes(5));
    let page = browser.get("/profile/two-factor").await;
    page.form("Request another code").submit().await.follow().await.says("Another message is on its way.");
    assert_eq!(app.sent_to("+12125550146").await, 1);
}

#[actix_web::test]
async fn many_accounts_together_send_no_more_to_one_number_that_nobody_has_confirmed() {
    let app = TestApp::start().await;
    for n in 0..6 {
        let (name, browser) = (format!("stranger{n}"), app.browser());
        app.person(&name).await;
        browser.log_in(&name).await;
        let page = save_number(&app, &browser, "212 555 0142").await;
        if n < 5 {
            page.is_silent_about("Nothing is sent now");
        } else {
            page.says("Nothing is sent now");
        }
    }
    assert_eq!(app.sent_to(PHONE).await, 5);
}

#[actix_web::test]
async fn ten_texts_a_day_to_numbers_that_nobody_has_confirmed() {
    let app = TestApp::start().await;
    app.person("ada").await;
    app.person("bob").await;
    let mut ada = app.browser();
    for n in 0..10 {
        if n % 5 == 0 {
            app.wait(TimeDelta::minutes(10));
            ada = app.browser();
            ada.log_in("ada").await;
        }
        let phone = if n < 5 { "212 555 0142".to_owned() } else { format!("212 555 015{n}") };
        save_number(&app, &ada, &phone).await.is_silent_about("Nothing is sent now");
    }
    app.wait(TimeDelta::minutes(10));
    let ada = app.browser();
    ada.log_in("ada").await;
    save_number(&app, &ada, "212 555 0160")
        .await
        .says("Nothing is sent now")
        .says("November 25, 3:52 pm UTC");
    // Codes by mail are not texts.
    let form = ada.get("/profile/two-factor?change=yes").await.form("Save");
    form.select("method", "email").submit().await.follow().await.is_silent_about("Nothing is sent now");

    // The number that got five of hers gets five more of somebody else's, and no eleventh.
    let bob = app.browser();
    bob.log_in("bob").await;
    for _ in 0..5 {
        save_number(&app, &bob, "212 555 0142").await.is_silent_about("Nothing is sent now");
    }
    app.wait(TimeDelta::minutes(10));
    app.person("eve").await;
    let eve = app.browser();
    eve.log_in("eve").await;
    save_number(&app, &eve, "212 555 0142").await.says("Nothing is sent now");
    assert_eq!(app.sent_to(PHONE).await, 10);
}

#[actix_web::test]
async fn the_installation_sends_so_many_texts_and_strangers_get_half_of_them() {
    for (setting, until) in [
        ("POSTERN_SMS_PER_HOUR", "may be sent at 4:42 pm UTC"),
        ("POSTERN_SMS_PER_DAY", "may be sent at November 25, 3:42 pm UTC"),
    ] {
        let app = TestApp::with(&[(setting, "6")]).await;
        app.guarded_by_sms("ada", "212 555 0142", PHONE).await;
        // That was the first of three to an unconfirmed number.
        for n in 1..4 {
            let (name, browser) = (format!("stranger{n}"), app.browser());
            app.person(&name).await;
            browser.log_in(&name).await;
            let page = save_number(&app, &browser, &format!("212 555 015{n}")).await;
            if n < 3 {
                page.is_silent_about("Nothing is sent now");
            } else {
                page.says("Nothing is sent now").says(until);
            }
        }
        // The other half is there for those whose number is confirmed.
        for _ in 0..3 {
            log_in_and_use(&app, "ada", PHONE).await;
        }
        app.code_page("ada").await.says("Nothing is sent now").says(until);
        let texts = app.sent().await.into_iter().filter(|entry| entry.to.starts_with('+')).count();
        assert_eq!(texts, 6);
        // Mail costs nothing and goes on.
        app.guarded("bob").await;
        app.code_page("bob").await.is_silent_about("Nothing is sent now");
    }
}
