//! Entering a code: the right one, wrong ones, late ones, and what was never meant for this login.

use chrono::TimeDelta;

use crate::support::browser::Page;
use crate::support::codes::{Reading, wrong};
use crate::support::test_app::{Deeds, TestApp};

const ADA: &str = "ada@example.com";

/// Types a code into a code page.
async fn enter(page: &Page, code: &str) -> Page {
    page.form("Log in").fill("code", code).submit().await
}

#[actix_web::test]
async fn the_right_code_completes_the_login_under_a_new_cookie() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let page = app.code_page("ada").await;
    let browser = page.browser().clone();
    let before = browser.cookie("postern").unwrap();

    let done = enter(&page, &app.code_for(ADA).await).await.follow().await;

    assert_eq!(done.path(), "/profile");
    assert_ne!(browser.cookie("postern").unwrap().value(), before.value());
}

#[actix_web::test]
async fn a_wrong_code_says_how_many_tries_are_left_and_the_fifth_leads_back_to_the_password() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let mut page = app.code_page("ada").await;
    let thief = page.browser().copy();
    let code = app.code_for(ADA).await;

    for left in ["4 tries", "3 tries", "2 tries", "1 try"] {
        page = enter(&page, &wrong(&code)).await.expect(422);
        let message = format!("That code is not correct. You have {left} left");
        assert_eq!(page.field_error("code"), Some(message.clone()));
        assert_eq!(page.errors(), [message]);
        assert_eq!(page.form("Log in").value("code").as_deref(), Some(""), "a code never comes back");
    }
    let last = page.clone();
    let login = enter(&page, &wrong(&code)).await.follow().await;
    assert_eq!(login.path(), "/login");
    login.says("The code was entered wrongly 5 times. Log in again to get a new one.");

    // The right one is worth nothing any more, not even with the cookie from before.
    assert_eq!(thief.get("/login/code").await.follow().await.path(), "/login");
    assert_eq!(last.form("Log in").fill("code", &code).submit().await.follow_all().await.path(), "/login");
    assert_eq!(app.count("sessions").await, 1);
}

#[actix_web::test]
async fn a_right_fifth_try_counts() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let mut page = app.code_page("ada").await;
    let code = app.code_for(ADA).await;
    for _ in 0..4 {
        page = enter(&page, &wrong(&code)).await.expect(422);
    }
    assert_eq!(enter(&page, &code).await.follow().await.path(), "/profile");
}

#[actix_web::test]
async fn a_code_works_for_ten_minutes_and_after_them_the_page_has_a_button_for_a_new_one() {
    let app = TestApp::start().await;
    app.guarded("ada").await;

    let page = app.code_page("ada").await;
    page.says("It works until 3:52 pm");
    let code = app.code_for(ADA).await;
    app.wait(TimeDelta::minutes(10) - TimeDelta::microseconds(1));
    assert_eq!(enter(&page, &code).await.follow().await.path(), "/profile");

    let page = app.code_page("ada").await;
    let code = app.code_for(ADA).await;
    app.wait(TimeDelta::minutes(10));
    let late = enter(&page, &code).await.expect(422);
    assert_eq!(late.field_error("code").as_deref(), Some("That code is too old. Request another code"));

    let again = late.form("Request another code").submit().await.follow().await;
    again.says("Another message is on its way.");
    // Being late costs no try.
    let new = app.code_for(ADA).await;
    assert_ne!(new, code);
    let page = enter(&again, &wrong(&new)).await.expect(422);
    page.says("You have 4 tries left");
    assert_eq!(enter(&page, &new).await.follow().await.path(), "/profile");
}

#[actix_web::test]
async fn a_code_is_taken_as_people_type_it() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let in_halves = |code: &str, between: &str| format!("{}{between}{}", &code[..3], &code[3..]);
    let full_width = |code: &str| -> String {
        code.chars().map(|digit| char::from_u32(u32::from(digit) - 0x30 + 0xff10).unwrap()).collect()
    };
    for n in 0..6 {
        let page = app.code_page("ada").await;
        let code = app.code_for(ADA).await;
        let typings = [
            format!("  {code} "),
            in_halves(&code, " "),
            in_halves(&code, "-"),
            in_halves(&code, "–"),
            in_halves(&code, "\u{a0}"),
            full_width(&code),
        ];
        assert_eq!(enter(&page, &typings[n]).await.status(), 303, "{}", typings[n]);
    }
}

#[actix_web::test]
async fn what_cannot_be_a_code_is_told_apart_and_costs_no_try() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let mut page = app.code_page("ada").await;
    let code = app.code_for(ADA).await;
    for (typed, message) in [
        ("", "Enter the 6-digit code"),
        ("  - ", "Enter the 6-digit code"),
        ("48291", "The code has 6 digits – you entered 5"),
        ("4829131", "The code has 6 digits – you entered 7"),
        ("O82913", "Enter the code using digits only"),
        ("482.913", "Enter the code using digits only"),
        ("٤٨٢٩١٣", "Enter the code using digits only"),
        ("NULL", "Enter the code using digits only"),
        ("' OR 1=1", "Enter the code using digits only"),
    ] {
        page = enter(&page, typed).await.expect(422);
        assert_eq!(page.field_error("code").as_deref(), Some(message), "{typed}");
        assert!(typed.trim().len() < 4 || !page.html().contains(typed), "{typed} came back");
    }
    // A form without the field is answered like an empty one.
    page = page.form("Log in").without("code").submit().await.expect(422);
    assert_eq!(page.field_error("code").as_deref(), Some("Enter the 6-digit code"));

    page = enter(&page, &wrong(&code)).await;
    page.says("You have 4 tries left");
}

#[actix_web::test]
async fn a_form_that_is_not_ours_costs_no_try() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let page = app.code_page("ada").await;
    let code = app.code_for(ADA).await;
    let form = || page.form("Log in").fill("code", &code);

    form().repeat("code", &code).submit().await.expect(400);
    form().forge("account", "bob").submit().await.expect(400);
    form().forge("trust_computer", "forever").submit().await.expect(400);
    form().forge("form_token", "stale").submit().await.expect(403);
    form().without("form_token").submit().await.expect(400);
    form().forge("code", "482913\0").submit().await.expect(400);

    enter(&page, &wrong(&code)).await.says("You have 4 tries left");
}

#[actix_web::test]
async fn leading_zeros_count() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    // One code in ten begins with a zero.
    for _ in 0..500 {
        let page = app.code_page("ada").await;
        let code = app.code_for(ADA).await;
        if let Some(rest) = code.strip_prefix('0') {
            let page = enter(&page, rest).await.expect(422);
            page.says("The code has 6 digits – you entered 5");
            assert_eq!(enter(&page, &code).await.follow().await.path(), "/profile");
            return;
        }
        // Far enough apart that no limit of the day is met.
        app.wait(TimeDelta::minutes(30));
    }
    panic!("of 500 codes none began with a zero");
}

#[actix_web::test]
async fn a_code_opens_one_session_and_no_second() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let page = app.code_page("ada").await;
    let copy = page.browser().copy();
    let copied = copy.get("/login/code").await;
    let code = app.code_for(ADA).await;
    assert_eq!(enter(&page, &code).await.follow().await.path(), "/profile");
    let sessions = app.count("sessions").await;

    // By somebody who had copied the cookie, and at another login of the same account.
    assert_eq!(enter(&copied, &code).await.follow_all().await.path(), "/login");
    let later = app.code_page("ada").await;
    enter(&later, &code).await.expect(422).says("You have 4 tries left");
    assert_eq!(app.count("sessions").await, sessions);
}

#[actix_web::test]
async fn a_code_works_only_in_the_browser_that_asked() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let first = app.code_page("ada").await;
    let first_code = app.code_for(ADA).await;
    let second = app.code_page("ada").await;
    let second_code = app.code_for(ADA).await;

    enter(&second, &first_code).await.expect(422).says("That code is not correct");
    enter(&first, &second_code).await.expect(422).says("That code is not correct");

    assert_eq!(enter(&first, &first_code).await.follow().await.path(), "/profile");
    assert_eq!(enter(&second, &second_code).await.follow().await.path(), "/profile");
}

#[actix_web::test]
async fn a_code_works_only_for_the_account_it_was_sent_for() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    app.guarded("bob").await;
    let ada = app.code_page("ada").await;
    let bob = app.code_page("bob").await;
    let (for_ada, for_bob) = (app.code_for(ADA).await, app.code_for("bob@example.com").await);

    enter(&ada, &for_bob).await.expect(422);
    enter(&bob, &for_ada).await.expect(422);
    enter(&ada, &for_ada).await.expect(303);
}

#[actix_web::test]
async fn a_code_works_only_for_what_it_was_sent_for() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    home.log_out().await;
    // By her trusted computer, so that a change asks for a code.
    home.log_in("ada").await;
    let form = home.get("/profile/two-factor").await.form("Save");
    let confirm = form.select("method", "disabled").submit().await.follow().await;
    assert_eq!(confirm.path(), "/confirm");
    let to_confirm = app.code_for(ADA).await;
    let login = app.code_page("ada").await;
    let to_log_in = app.code_for(ADA).await;

    enter(&login, &to_confirm).await.expect(422).says("That code is not correct");
    let page = confirm.form("Continue").fill("code", &to_log_in).submit().await.expect(422);
    page.says("That code is not correct");

    // And the code of a set-up, sent to the very same address.
    app.person("bob").await;
    let other = app.browser();
    other.log_in("bob").await;
    let form = other.get("/profile/two-factor").await.form("Save");
    let set_up = form.select("method", "email").fill("email", ADA).submit().await.follow().await;
    let to_set_up = app.code_for(ADA).await;
    enter(&login, &to_set_up).await.expect(422);
    page.form("Continue").fill("code", &to_set_up).submit().await.expect(422);
    set_up.form("Save").fill("code", &to_log_in).submit().await.expect(422);
    set_up.form("Save").fill("code", &to_set_up).submit().await.expect(303);
}
