//! The 14 days: not asked on this computer, always on another, and never longer than promised.

use chrono::TimeDelta;

use crate::support::test_app::{Deeds, TestApp};

#[actix_web::test]
async fn ada_is_left_alone_for_fourteen_days_and_asked_after_them() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    home.turn_on_email(&app, "ada").await;
    home.log_out().await;

    // However often she logs in between, the fourteen days count from the code.
    for _ in 0..13 {
        app.wait(TimeDelta::days(1));
        assert_eq!(home.log_in("ada").await.path(), "/profile");
        home.log_out().await;
    }
    app.wait(TimeDelta::hours(23) + TimeDelta::minutes(59));
    assert_eq!(home.log_in("ada").await.path(), "/profile");
    home.log_out().await;

    app.wait(TimeDelta::minutes(1) + TimeDelta::seconds(1));
    let page = home.log_in("ada").await;
    assert_eq!(page.path(), "/login/code");
    assert!(page.text().contains("14 days have passed"), "{}", page.text());
}

#[actix_web::test]
async fn another_computer_is_always_asked() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    home.turn_on_email(&app, "ada").await;

    let page = app.browser().log_in("ada").await;
    assert_eq!(page.path(), "/login/code");
    assert!(page.text().contains("this computer is new to your account"), "{}", page.text());
}
