//! A forgotten password: one answer for everybody, a link that may be looked at often and is used once, and a guard where
//! the mailbox would be both factors.

use std::time::Duration;

use chrono::TimeDelta;
use postern::flows::mailbox::Entry;

use crate::support::browser::{Browser, Form, Page};
use crate::support::codes::Reading;
use crate::support::test_app::{Deeds, PASSWORD, TestApp};

const ADA: &str = "ada@example.com";
const NEW: &str = "a rather unlikely sentence about herons";

fn filled(page: &Page) -> Form {
    page.form("Save password").fill("new_password", NEW).fill("new_password_again", NEW)
}

async fn ask(browser: &Browser, name: &str) -> Page {
    browser.get("/password/forgot").await.form("Mail me a link").fill("username", name).submit().await
}

async fn logs_in_with(app: &TestApp, password: &str) -> bool {
    app.browser().log_in_with("ada", password).await.status() == 303
}

#[actix_web::test]
async fn ada_forgets_her_password_and_chooses_another() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let office = app.browser();
    office.log_in("ada").await;
    let browser = app.browser();
    let page = browser.get("/login").await.click("Forgot your password?").await;
    let said = page.form("Mail me a link").fill("username", " ADA ").submit().await.follow().await;
    assert_eq!(said.path(), "/login");
    said.says("If there is such an account, a link to choose another password is on its way");
    assert!(logs_in_with(&app, PASSWORD).await, "asking changes nothing");

    let page = app.follows_reset_link("ada").await;
    page.says("For the account ada.");
    let done = filled(&page).submit().await.follow().await;
    assert_eq!(done.path(), "/login", "it logs nobody in");
    done.says("Your new password is saved");
    assert!(app.last_to(ADA).await.text.starts_with("Password reset"));
    assert!(logs_in_with(&app, NEW).await && !logs_in_with(&app, PASSWORD).await);
    assert_eq!(office.get("/profile").await.follow().await.path(), "/login");
    assert_eq!(app.count("accounts WHERE email_confirmed_at IS NOT NULL").await, 1);
}

#[actix_web::test]
async fn the_second_factor_is_asked_as_ever_and_trust_is_over() {
    let app = TestApp::start().await;
    let home = app.guarded_by_sms("ada", "212 555 0142", "+12125550142").await;
    let page = app.follows_reset_link("ada").await;
    assert!(!page.form("Save password").has("recovery_code"), "codes go elsewhere");
    filled(&page).submit().await.expect(303);
    for browser in [page.browser(), &home] {
        let asked = browser.log_in_with("ada", NEW).await.follow_all().await;
        assert_eq!(asked.path(), "/login/code", "{}", asked.describe());
    }
}

#[actix_web::test]
async fn known_unknown_and_disabled_get_one_answer_and_only_the_known_a_mail() {
    let app = TestApp::start().await;
    for name in ["ada", "bob", "cleo"] {
        app.person(name).await;
    }
    app.invite("dora").await;
    app.disable("bob").await;
    let strange = ask(&app.browser(), "nobody").await;
    let said = strange.clone().follow().await.notice();
    assert!(said.is_some());
    for name in ["bob", "dora", "x", "no such name!", "ada"] {
        let page = ask(&app.browser(), name).await;
        assert_eq!((page.status(), page.location()), (strange.status(), strange.location()), "{name}");
        assert_eq!(page.html(), strange.html());
        assert_eq!(page.follow().await.notice(), said);
    }
    app.ask_for_reset("cleo").await;
    app.until(|conn| {
        use diesel::prelude::*;
        use postern::storage::schema::links;
        Ok(links::table.filter(links::purpose.eq("password_reset")).count().get_result::<i64>(conn)? == 2)
    })
    .await;
    for nobody in ["bob@example.com", "dora@example.com"] {
        assert_eq!(app.sent_to(nobody).await, 0);
    }
    ask(&app.browser(), "  ").await.expect(422).says("Enter your username");
}

/// On SQLite whoever writes next would wait for it, and so learn that there is such a name.
#[actix_web::test]
async fn what_a_known_name_brings_is_not_written_right_after_the_answer() {
    let app = TestApp::putting_resets_off(Duration::from_secs(1_000_000_000)).await;
    app.person("ada").await;
    for _ in 0..3 {
        for name in ["ada", "nobody"] {
            ask(&app.browser(), name).await.expect(303);
        }
    }
    // Plenty of requests for whatever was begun to be done.
    for _ in 0..50 {
        app.browser().log_in("ada").await;
    }
    for rows in ["links", "outbox", "security_events WHERE kind = 'password_reset_mailed'"] {
        assert_eq!(app.count(rows).await, 0, "{rows}");
    }
}

#[actix_web::test]
async fn looking_uses_nothing_up_and_the_token_stays_nowhere() {
    let app = TestApp::start().await;
    app.person("ada").await;
    app.ask_for_reset("ada").await;
    let link = app.reset_link_to(ADA).await;
    let scanner = app.browser().with_user_agent("MailScanner/1.0");
    for _ in 0..3 {
        scanner.raw("HEAD", &link, &[], b"").await.expect(303);
        scanner.stranger().follow_all(&link).await.expect(200);
    }
    let page = app.browser().follow_all(&link).await;
    let proof = link.split_once('.').unwrap().1;
    assert_eq!(page.path(), "/password/reset");
    assert!(!page.html().contains(proof));
    let form = filled(&page);
    form.clone().submit().await.expect(303);
    form.submit().await.expect(403);
    app.browser().follow_all(&link).await.expect(410).says("This link was used");
    app.browser().get("/password/reset").await.expect(404);
}

#[actix_web::test]
async fn a_link_works_thirty_minutes() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let first = app.follows_reset_link("ada").await;
    app.wait(TimeDelta::minutes(30) - TimeDelta::microseconds(1));
    filled(&first).submit().await.expect(303);
    let third = app.follows_reset_link("ada").await;
    app.wait(TimeDelta::minutes(30));
    filled(&third).submit().await.expect(410);
    assert!(logs_in_with(&app, NEW).await);
}

#[actix_web::test]
async fn a_link_of_another_purpose_or_account_opens_nothing() {
    let app = TestApp::start().await;
    app.person("ada").await;
    app.person("bob").await;
    let invitation = app.invite("cleo").await;
    app.ask_for_reset("ada").await;
    app.ask_for_reset("bob").await;
    let (ada, bob) = (app.reset_link_to(ADA).await, app.reset_link_to("bob@example.com").await);
    let (id, _) = ada.split_once('.').unwrap();
    let (_, proof) = bob.split_once('.').unwrap();
    for link in [
        invitation.replace("/invitation", "/password/reset"),
        format!("{id}.{proof}"),
        "/password/reset?token=".to_owned(),
        "/password/reset?token=x.y".to_owned(),
    ] {
        app.browser().follow_all(&link).await.expect(410).says("This link is over");
    }
    app.browser().follow_all(&ada.replace("/password/reset", "/invitation")).await.expect(410);
    app.browser().get(&format!("{ada}&token=x")).await.expect(400);
    // What else stands in the address is not looked at: it is the token that names the account.
    app.browser().follow_all(&format!("{ada}&account=bob")).await.expect(200).says("For the account ada.");
}

#[actix_web::test]
async fn doubled_and_list_shaped_fields_are_refused() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let form = app.browser().get("/password/forgot").await.form("Mail me a link").fill("username", "ada");
    form.clone().repeat("username", "bob").submit().await.expect(400);
    form.clone().forge("username[]", "bob").submit().await.expect(400);
    form.clone().forge("email", "eve@example.com").submit().await.expect(400);
    form.forge("form_token", "stale").submit().await.expect(403);
    assert_eq!(app.reset_links().await, 0);
    let page = app.follows_reset_link("ada").await;
    filled(&page).repeat("new_password", NEW).submit().await.expect(400);
    filled(&page).forge("username", "bob").submit().await.expect(400);
    assert!(logs_in_with(&app, PASSWORD).await);
    let again = filled(&page).fill("new_password", "short").submit().await.expect(422);
    assert_eq!(again.field_error("new_password").as_deref(), Some("Enter at least 15 characters"));
    filled(&page).fill("new_password_again", "other").submit().await.expect(422);
    filled(&again).submit().await.expect(303);
}

#[actix_web::test]
async fn five_an_hour_are_mailed_and_a_sixth_is_answered_alike() {
    let app = TestApp::start().await;
    app.person("ada").await;
    app.person("bob").await;
    for _ in 0..5 {
        app.ask_for_reset("ada").await;
    }
    ask(&app.browser(), "ada").await.expect(303);
    app.ask_for_reset("bob").await;
    assert_eq!(app.count("links WHERE purpose = 'password_reset'").await, 6);
    app.wait(TimeDelta::hours(1));
    app.ask_for_reset("ada").await;
}

#[actix_web::test]
async fn strangers_who_ask_in_her_name_leave_ada_with_a_link_that_works() {
    let app = TestApp::start().await;
    app.person("ada").await;
    for _ in 0..5 {
        app.ask_for_reset("ada").await;
    }
    // The last of them has ended, and the hour has not.
    app.wait(TimeDelta::minutes(31));
    app.follows_reset_link("ada").await.says("For the account ada.");
    assert_eq!(app.reset_links().await, 6);
}

#[actix_web::test]
async fn an_earlier_link_works_until_one_is_used() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let first = app.follows_reset_link("ada").await;
    app.ask_for_reset("ada").await;
    let second = app.reset_link_to("ada@example.com").await;
    filled(&first).submit().await.expect(303);
    app.browser().follow_all(&second).await.expect(410);
}

#[actix_web::test]
async fn an_address_asks_twenty_times_a_minute() {
    let app = TestApp::in_production().await;
    let browser = app.browser_from("203.0.113.7");
    for n in 0..20 {
        ask(&browser, &format!("nobody{}", n % 5)).await.expect(303);
    }
    assert!(ask(&browser, "nobody").await.expect(429).header("retry-after").is_some());
    ask(&app.browser_from("203.0.113.8"), "nobody").await.expect(303);
    // Asking is counted apart from wrong passwords.
    browser.log_in_with("nobody", PASSWORD).await.expect(422);
    app.wait(TimeDelta::minutes(1));
    ask(&browser, "nobody").await.expect(303);
}

#[actix_web::test]
async fn where_the_mailbox_would_be_both_factors_it_is_not_enough() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    home.get("/profile/two-factor")
        .await
        .says("it also wants a recovery code, a trusted computer or a one-time pass");
    let codes = home.make_recovery_codes().await;
    let page = app.follows_reset_link("ada").await;
    page.says("we ask for one thing more");
    let none = filled(&page).submit().await.expect(422);
    assert_eq!(none.field_error("recovery_code").as_deref(), Some("Enter a recovery code or one-time pass"));
    filled(&page).without("recovery_code").submit().await.expect(422);
    let wrong = filled(&page).fill("recovery_code", "AAAA-BBBB-CCCC-DDDD").submit().await.expect(422);
    assert_eq!(
        wrong.field_error("recovery_code").as_deref(),
        Some("That is not correct, or it was used before")
    );
    assert!(!logs_in_with(&app, NEW).await);
    filled(&page).fill("recovery_code", &codes[0]).submit().await.expect(303);
    assert!(logs_in_with(&app, NEW).await);
    assert_eq!(app.count("recovery_codes WHERE used_at IS NOT NULL").await, 1);
    let told = |entry: &Entry| entry.to == ADA && entry.text.contains("with a recovery code");
    assert_eq!(app.sent().await.iter().filter(|entry| told(entry)).count(), 1);
}

#[actix_web::test]
async fn a_pass_or_a_trusted_computer_does_as_well() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let page = app.follows_reset_link("ada").await;
    let pass = app.pass_for("ada").await;
    filled(&page).fill("recovery_code", &pass).submit().await.expect(303);

    // The reset ended the trust, so this computer is like any now.
    app.ask_for_reset("ada").await;
    let link = app.reset_link_to(ADA).await;
    assert!(home.follow_all(&link).await.form("Save password").has("recovery_code"));
    let asked = home.log_in_with("ada", NEW).await.follow_all().await;
    let code = app.code_for(ADA).await;
    asked.form("Log in").fill("code", &code).submit().await.expect(303);
    let page = home.follow_all(&link).await;
    assert!(!page.form("Save password").has("recovery_code"));
    filled(&page).submit().await.expect(303);
    assert_eq!(home.get("/profile").await.follow().await.path(), "/login", "this session ends, too");
}

#[actix_web::test]
async fn another_spelling_of_the_mailbox_is_the_same_mailbox_and_bobs_code_is_bobs() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    let form = home.get("/profile/two-factor").await.form("Save").select("method", "email");
    let page = form.fill("email", "ADA+codes@Example.com").submit().await.follow().await;
    let code = app.code_for("ADA+codes@example.com").await;
    page.form("Save").fill("code", &code).submit().await.expect(303);
    let bobs = app.guarded("bob").await.make_recovery_codes().await;
    let page = app.follows_reset_link("ada").await;
    filled(&page).fill("recovery_code", &bobs[0]).submit().await.expect(422);
    for _ in 0..4 {
        filled(&page).fill("recovery_code", "AAAA-BBBB-CCCC-DDDD").submit().await.expect(422);
    }
    filled(&page).fill("recovery_code", "AAAA-BBBB-CCCC-DDDD").submit().await.expect(429);

    let form = home.get("/profile/two-factor").await.form("Save");
    let page = form.fill("email", "elsewhere@example.org").submit().await.follow().await;
    let code = app.code_for("elsewhere@example.org").await;
    page.form("Save").fill("code", &code).submit().await.expect(303);
    assert!(!app.follows_reset_link("ada").await.form("Save password").has("recovery_code"));
}

#[actix_web::test]
async fn a_reset_opens_a_closed_name_and_this_browser_is_not_locked_out_by_strangers() {
    let app = TestApp::start().await;
    app.person("ada").await;
    app.person("bob").await;
    let strangers = async |name: &str| {
        for _ in 0..6 {
            app.browser().log_in_with(name, "the wrong words altogether").await;
        }
        app.browser().log_in_with(name, PASSWORD).await.expect(429);
    };
    strangers("ada").await;
    let closed = app.browser().log_in("ada").await;
    assert_eq!(closed.click("Forgot your password?").await.path(), "/password/forgot");
    let page = app.follows_reset_link("ada").await;
    filled(&page).submit().await.expect(303);
    app.browser().log_in_with("ada", "the wrong words altogether").await.expect(422);

    strangers("ada").await;
    strangers("bob").await;
    let own = page.browser();
    own.log_in_with("bob", PASSWORD).await.expect(429);
    for _ in 0..9 {
        own.log_in_with("ada", "the wrong words altogether").await.expect(422);
    }
    assert_eq!(own.log_in_with("ada", NEW).await.location(), Some("/profile"));
    own.log_out().await;
    // Logging out leaves nothing behind.
    own.log_in_with("ada", NEW).await.expect(429);
}

#[actix_web::test]
async fn the_allowance_is_for_ten_and_for_half_an_hour() {
    let app = TestApp::start().await;
    app.person("ada").await;
    let page = app.follows_reset_link("ada").await;
    filled(&page).submit().await.expect(303);
    let (own, late) = (page.browser(), page.browser().copy());
    let rest = async || {
        for _ in 0..8 {
            app.browser().log_in_with("ada", "the wrong words altogether").await;
            app.wait(TimeDelta::seconds(1));
        }
    };
    rest().await;
    for _ in 0..10 {
        own.log_in_with("ada", "the wrong words altogether").await.expect(422);
    }
    own.log_in_with("ada", NEW).await.expect(429);
    app.wait(TimeDelta::minutes(20));
    rest().await;
    app.wait(TimeDelta::minutes(10));
    app.browser().log_in_with("ada", "the wrong words altogether").await.expect(422);
    late.log_in_with("ada", NEW).await.expect(429);
}
