//! A stolen password: noticed by a notice, and stopped by the first click in it.

use chrono::TimeDelta;
use postern::flows::unfinished_logins;

use super::{ADA, NEW_PASSWORD, PHONE, THIEF, change_email, choose_new_password, expect_out, link_in};
use crate::support::codes::Reading;
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

#[actix_web::test]
async fn a_password_tried_without_its_code_is_told_and_is_worthless_after_the_click() {
    let app = TestApp::start().await;
    let home = app.guarded_by_sms("ada", "212 555 0142", PHONE).await;
    // The thief looked at the phone once, and got in; a second time nobody left it lying about.
    let inside = app.browser();
    let page = inside.log_in("ada").await;
    let code = app.code_for(PHONE).await;
    page.form("Log in").fill("code", &code).submit().await.expect(303);
    let given_up = app.code_page("ada").await;
    app.wait(TimeDelta::minutes(10));
    unfinished_logins::tell_of_all(app.app.services()).await.unwrap();
    let trying = app.code_page("ada").await;
    let late_code = app.code_for(PHONE).await;
    inside.get("/profile").await.expect(200);

    let link = link_in(&app, ADA, "Right password, but no code").await;
    let mailbox = app.browser();
    let page = mailbox.follow_all(&link).await.expect(200);
    page.says("Right password, but no code").is_silent_about("back as they were");
    let done = page.form("This wasn’t me").submit().await.expect(303).follow_all().await;
    done.says("Everybody is logged out").says("a•••@e•••.com");

    expect_out(&inside.get("/profile").await);
    for pending in [&given_up, &trying] {
        expect_out(&pending.browser().get("/login/code").await);
    }
    let late = trying.form("Log in").fill("code", &late_code).submit().await.follow_all().await;
    assert_eq!(late.path(), "/login", "not even with the right code");
    assert_eq!(inside.log_in("ada").await.path(), "/login/code", "no computer is trusted any more");
    expect_out(&home.get("/profile").await);

    choose_new_password(&app).await;
    inside.stranger().log_in_with("ada", PASSWORD).await.expect(422);
    let page = home.log_in_with("ada", NEW_PASSWORD).await.follow_all().await;
    let code = app.code_for(PHONE).await;
    page.form("Log in").fill("code", &code).submit().await.follow_all().await;
    home.get("/profile").await.expect(200);
}

#[actix_web::test]
async fn a_thief_who_changed_the_address_of_record_is_undone_from_the_old_one() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let thief = app.browser();
    thief.log_in("ada").await;
    change_email(&thief, &app, THIEF).await;
    // And would have chosen another password by the mailbox that counts now.
    app.ask_for_reset("ada").await;
    let (reset, thiefs) = (app.reset_link_to(THIEF).await, app.notice_link(THIEF).await);
    let mailed = app.sent_to(THIEF).await;

    let link = link_in(&app, ADA, "Email address changed").await;
    let page = app.browser().follow_all(&link).await.expect(200);
    page.says("Email address changed").says("back as they were before this").says("a•••@e•••.com");
    page.form("This wasn’t me").submit().await.expect(303);

    expect_out(&thief.get("/profile").await);
    for dead in [&reset, &thiefs] {
        app.browser().follow_all(dead).await.expect(410);
    }
    choose_new_password(&app).await;
    thief.log_in_with("ada", PASSWORD).await.expect(422);
    app.ask_for_reset("ada").await;
    assert_eq!(app.sent_to(THIEF).await, mailed, "the thief hears nothing more");
    let ada = app.browser();
    ada.log_in_with("ada", NEW_PASSWORD).await.expect(303);
    ada.get("/profile").await.says(ADA).is_silent_about(THIEF);
}

#[actix_web::test]
async fn a_thief_who_turned_on_a_phone_has_neither_phone_nor_password_left() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let thief = app.browser();
    thief.log_in("ada").await;
    thief.turn_on_sms(&app, "212 555 0142", PHONE).await;
    let codes = thief.make_recovery_codes().await;
    let trying = app.code_page("ada").await;
    let texts = app.sent_to(PHONE).await;

    let link = link_in(&app, ADA, "Two Factor Authentication turned on: SMS").await;
    super::press_not_me(&app, &link).await.says("Everybody is logged out");

    expect_out(&thief.get("/profile").await);
    expect_out(&trying.browser().get("/login/code").await);
    choose_new_password(&app).await;
    thief.log_in_with("ada", PASSWORD).await.expect(422);
    let ada = app.browser();
    let page = ada.log_in_with("ada", NEW_PASSWORD).await.follow_all().await;
    assert_eq!(page.path(), "/profile", "as before, no code is asked");
    assert_eq!(app.sent_to(PHONE).await, texts);
    // With a phone of her own, the thief's recovery codes stand in for nothing.
    let form = ada.get("/profile/two-factor").await.form("Save").select("method", "sms");
    let mut page = form.fill("phone", "212 555 0199").submit().await.follow_all().await;
    // The thief might be the one who does this: the mailbox is asked first.
    for to in [ADA, "+12125550199"] {
        page = page.form("Save").fill("code", &app.code_for(to).await).submit().await.follow_all().await;
    }
    let page = app.browser().log_in_with("ada", NEW_PASSWORD).await.follow_all().await;
    let page = page.click("Use another way").await.click("Use a one-time pass").await;
    page.form("Log in").fill("recovery_code", &codes[0]).submit().await.expect(422);
}
