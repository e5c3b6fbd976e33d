//! *This wasn't me*: what one press of its button undoes, and that it is pressed once, in time, and by nobody else.

use chrono::TimeDelta;
use postern::domain::administration::Act;

use crate::support::at_once::at_once;
use crate::support::browser::{Browser, Page};
use crate::support::codes::Reading;
use crate::support::links::not_me_link;
use crate::support::test_app::{Deeds, TestApp};

const ADA: &str = "ada@example.com";
const THIEF: &str = "thief@example.com";

/// Every link in a notice to an address, newest first.
async fn links(app: &TestApp, to: &str) -> Vec<String> {
    let sent = app.sent().await;
    sent.iter().filter(|entry| entry.to == to).filter_map(|entry| not_me_link(&entry.text)).collect()
}

async fn open(app: &TestApp, link: &str) -> Page {
    app.browser().follow_all(link).await
}

async fn press(app: &TestApp, link: &str) -> Page {
    let page = open(app, link).await.expect(200);
    let done = page.form("This wasn’t me").submit().await.expect(303).follow_all().await;
    app.deliver_all().await;
    done
}

#[track_caller]
fn expect_over(page: &Page, h1: &str) {
    assert_eq!((page.status(), page.h1().as_str()), (410, h1), "{}", page.describe());
}

/// A thief who knows the password of Ada, who has no second factor yet, and turns on a phone of their own.
async fn thief(app: &TestApp) -> Browser {
    app.person("ada").await;
    let thief = app.browser();
    thief.log_in("ada").await;
    thief.turn_on_sms(app, "212 555 0142", "+12125550142").await;
    thief
}

async fn method(app: &TestApp) -> String {
    let query = "SELECT method AS line FROM accounts WHERE username = 'ada'";
    crate::support::dump::lines(&app.database, query).pop().unwrap()
}

async fn resets_to(app: &TestApp, to: &str) -> usize {
    let sent = app.sent().await;
    sent.iter().filter(|entry| entry.to == to && entry.text.contains("/password/reset?token=")).count()
}

#[actix_web::test]
async fn a_stolen_password_is_noticed_and_stopped_on_the_first_click() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    // The thief has the password and, for a moment, the mailbox.
    let thief = app.browser();
    thief.log_in_with_code(&app, "ada").await;
    let page = open(&app, &app.notice_link(ADA).await).await;
    page.says("This wasn’t me")
        .says("New trusted computer")
        .says("3:42 pm UTC, Firefox on Windows, 127.0.0.1");
    page.says("mail a link to a new password to a•••@e•••.com").is_silent_about("back as they were");

    let done = page.form("This wasn’t me").submit().await.expect(303).follow_all().await;

    assert_eq!(done.path(), "/login");
    done.says("Everybody is logged out").says("a•••@e•••.com");
    for browser in [&thief, &home] {
        assert_eq!(browser.get("/profile").await.expect(303).location(), Some("/login"));
        let page = browser.log_in("ada").await;
        assert_eq!(page.path(), "/login/code");
        page.says("We ask because");
    }
    assert_eq!(resets_to(&app, ADA).await, 1);
    assert_eq!(app.count("security_events WHERE kind = 'not_me' AND actor = 'mailbox'").await, 1);
}

#[actix_web::test]
async fn a_thief_who_turned_on_a_phone_is_undone_with_all_that_came_after() {
    let app = TestApp::start().await;
    let thief = thief(&app).await;
    let link = app.notice_link(ADA).await;
    // Then the thief takes the address too, and the phone once more.
    app.alter("UPDATE accounts SET email = 'thief@example.com', email_key = 'thief@example.com'").await;
    let form = thief.get("/profile/two-factor").await.form("Save").fill("phone", "212 555 0143");
    let page = form.submit().await.follow().await;
    let code = app.code_for("+12125550143").await;
    page.form("Save").fill("code", &code).submit().await.expect(303);
    assert_eq!(links(&app, THIEF).await.len(), 1);

    let page = open(&app, &link).await;
    page.says("Two Factor Authentication turned on: SMS").says("back as they were before this");
    page.form("This wasn’t me").submit().await.expect(303);

    let ada = app.browser();
    assert_eq!(ada.log_in("ada").await.path(), "/profile", "no code is asked, as before");
    ada.get("/profile").await.says(ADA).is_silent_about(THIEF);
    assert_eq!(thief.get("/profile").await.expect(303).location(), Some("/login"));
    assert_eq!((resets_to(&app, ADA).await, resets_to(&app, THIEF).await), (1, 0));
    // The thief cannot answer in kind.
    expect_over(&open(&app, &links(&app, THIEF).await[0]).await, "This link is over");
}

#[actix_web::test]
async fn the_oldest_act_wins_in_whatever_order_the_buttons_are_pressed() {
    for newest_first in [true, false] {
        let app = TestApp::start().await;
        let thief = thief(&app).await;
        app.wait(TimeDelta::seconds(1));
        let form = thief.get("/profile/two-factor").await.form("Save").select("method", "email");
        let page = form.fill("email", THIEF).submit().await.follow().await;
        let code = app.code_for(THIEF).await;
        page.form("Save").fill("code", &code).submit().await.expect(303);
        let mut links = links(&app, ADA).await;
        assert_eq!(links.len(), 2);
        if newest_first {
            press(&app, &links[0]).await;
            assert_eq!(method(&app).await, "sms", "what stood before the second act");
            press(&app, &links[1]).await;
        } else {
            links.reverse();
            press(&app, &links[0]).await;
            assert_eq!(method(&app).await, "disabled");
            let second = open(&app, &links[1]).await;
            second.is_silent_about("back as they were");
            press(&app, &links[1]).await;
        }
        assert_eq!(method(&app).await, "disabled", "newest first: {newest_first}");
        assert_eq!(app.count("second_factors").await, 0);
        assert_eq!(resets_to(&app, ADA).await, 2);
    }
}

#[actix_web::test]
async fn every_login_and_recovery_codes_are_put_back_as_well() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let form = home.get("/profile/two-factor").await.form("Save").tick("every_login");
    form.submit().await.expect(303);
    app.wait(TimeDelta::minutes(1));
    let form = home.get("/profile/two-factor").await.form("Save").untick("every_login");
    form.submit().await.expect(303);
    let link = app.notice_link(ADA).await;
    let now = app.now().timestamp_micros();
    for (n, made_at) in [now - 60_000_000, now + 1].into_iter().enumerate() {
        let hash = if app.database.is_postgres() { format!("'\\x0{n}'") } else { format!("X'0{n}'") };
        app.alter(&format!(
            "INSERT INTO recovery_codes (id, account_id, code_hash, made_at) \
             SELECT 'code-{n}', id, {hash}, {made_at} FROM accounts"
        ))
        .await;
    }

    press(&app, &link).await;

    assert_eq!(app.count("accounts WHERE asks_every_login").await, 1);
    assert_eq!(app.count("recovery_codes WHERE id = 'code-0'").await, 1, "made before");
    assert_eq!(app.count("recovery_codes").await, 1);
    // Once put back, nothing is left to be put back.
    assert_eq!(app.count("former_states WHERE asks_every_login").await, 0);
}

#[actix_web::test]
async fn a_mailbox_that_came_in_by_the_change_gets_no_link_to_a_new_password() {
    let app = TestApp::start().await;
    thief(&app).await;
    let link = app.notice_link(ADA).await;
    // As if the notice had gone to the new address of a change.
    app.alter("UPDATE links SET address = 'thief@example.com' WHERE purpose = 'not_me'").await;
    let page = open(&app, &link).await;
    page.says("back as they were").is_silent_about("mail a link to a new password");
    let done = page.form("This wasn’t me").submit().await.expect(303).follow_all().await;
    done.says("No link to a new password was mailed");
    assert_eq!((resets_to(&app, ADA).await, resets_to(&app, THIEF).await), (0, 0));
    assert_eq!(method(&app).await, "disabled");
}

#[actix_web::test]
async fn what_waits_is_withdrawn() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let link = app.notice_link(ADA).await;
    let form = home.get("/profile/two-factor").await.form("Save").fill("email", THIEF);
    let set_up = form.submit().await.follow().await;
    let code = app.code_for(THIEF).await;
    let owing = app.code_page("ada").await;
    let login_code = app.code_for(ADA).await;
    let by_trust = app.browser();
    by_trust.log_in_with_code(&app, "ada").await;
    app.wait(TimeDelta::minutes(11));
    let form = by_trust.get("/profile/two-factor").await.form("Save").select("method", "disabled");
    assert_eq!(form.submit().await.follow().await.path(), "/confirm");
    assert_eq!(app.count("pending_changes").await, 1);

    press(&app, &link).await;

    assert_eq!(app.count("pending_changes").await, 0);
    assert_eq!(app.count("challenges WHERE used_at IS NULL AND ended_at IS NULL").await, 0);
    let late = set_up.form("Save").fill("code", &code).submit().await;
    assert_eq!(late.expect(303).location(), Some("/login"));
    let late = owing.form("Log in").fill("code", &login_code).submit().await.follow_all().await;
    assert_eq!(late.path(), "/login");
}

#[actix_web::test]
async fn scanners_undo_nothing() {
    let app = TestApp::start().await;
    let home = app.guarded("ada").await;
    let link = app.notice_link(ADA).await;
    let scanner = app.browser().with_user_agent("MailScanner/1.0");
    for _ in 0..3 {
        scanner.raw("HEAD", &link, &[], b"").await.expect(303);
        scanner.stranger().follow_all(&link).await.expect(200);
    }
    home.get("/profile").await.expect(200);
    assert_eq!(app.count("links WHERE used_at IS NOT NULL").await, 0);
    // The token stands in no address and on no page.
    let page = app.browser().follow_all(&link).await;
    let proof = link.split_once('.').unwrap().1;
    assert!(page.path() == "/not-me" && !page.html().contains(proof));
    press(&app, &link).await;
}

#[actix_web::test]
async fn it_can_be_said_for_seventy_two_hours() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    app.wait(TimeDelta::hours(1));
    app.guarded("bob").await;
    let (ada, bob) = (app.notice_link(ADA).await, app.notice_link("bob@example.com").await);
    app.wait(TimeDelta::hours(71) - TimeDelta::microseconds(1));
    let late = open(&app, &ada).await.form("This wasn’t me");
    press(&app, &bob).await;
    app.wait(TimeDelta::microseconds(1));
    expect_over(&late.submit().await, "This link is over");
    expect_over(&open(&app, &ada).await, "This link is over");
}

#[actix_web::test]
async fn it_is_said_once_and_of_sixteen_at_once_by_one() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    let link = app.notice_link(ADA).await;
    let mut forms = Vec::new();
    for _ in 0..16 {
        forms.push(open(&app, &link).await.form("This wasn’t me"));
    }
    let pages = at_once(forms.into_iter().map(|form| form.submit())).await;
    let done = pages.iter().filter(|page| page.status() == 303).count();
    assert_eq!(done, 1);
    for page in pages.iter().filter(|page| page.status() != 303) {
        expect_over(page, "This link was used");
    }
    assert_eq!(app.count("security_events WHERE kind = 'not_me'").await, 1);
    assert_eq!(resets_to(&app, ADA).await, 1);
    expect_over(&open(&app, &link).await, "This link was used");
}

#[actix_web::test]
async fn a_link_for_something_else_or_of_somebody_else_opens_nothing() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    app.guarded("bob").await;
    let (ada, bob) = (app.notice_link(ADA).await, app.notice_link("bob@example.com").await);
    let (ada, bob) = (ada.split_once('=').unwrap().1, bob.split_once('=').unwrap().1);
    let ((id, proof), (other, _)) = (ada.split_once('.').unwrap(), bob.split_once('.').unwrap());
    let invitation = app.invite("carl").await;
    let invitation = invitation.split_once('=').unwrap().1;
    for token in [&format!("{other}.{proof}"), &format!("{id}.{}", &proof[1..]), invitation, ".", "x", ""] {
        let page = app.browser().follow_all(&format!("/not-me?token={token}")).await;
        assert!([410, 404].contains(&page.status()), "{token}: {}", page.describe());
    }
    expect_over(
        &app.browser().follow_all(&format!("/invitation?token={ada}")).await,
        "This invitation is over",
    );
    app.browser().get("/not-me").await.expect(404);
    // Not with a form of another browser either.
    let form = open(&app, &app.notice_link(ADA).await).await.form("This wasn’t me");
    form.clone().forge("form_token", "stale").submit().await.expect(403);
    form.clone().forge("account", "bob").submit().await.expect(400);
    form.submit().await.expect(303);
}

#[actix_web::test]
async fn after_a_phone_was_undone_a_password_alone_enrols_no_other() {
    let app = TestApp::start().await;
    let thief = thief(&app).await;
    let link = app.notice_link(ADA).await;
    press(&app, &link).await;
    assert_eq!(method(&app).await, "disabled");
    thief.log_in("ada").await;
    let form = thief.get("/profile/two-factor").await.form("Save").select("method", "sms");
    let page = form.fill("phone", "212 555 0177").submit().await.follow_all().await;
    page.says("First show that it is you: enter the code from your email address of record");
    assert_eq!(app.sent_to("+12125550177").await, 0);
}

#[actix_web::test]
async fn a_pass_and_codes_that_nobody_asked_for_open_nothing_after_the_press() {
    let app = TestApp::start().await;
    app.guarded("ada").await;
    app.deliver_all().await;
    app.wait(TimeDelta::seconds(1));
    assert!(app.by_operator("ada", Act::IssuePass).await);
    let pass = app.pass_for("ada").await;
    let link = app.notice_link(ADA).await;
    press(&app, &link).await;
    let page = app.code_page("ada").await.browser().get("/login/recovery").await;
    page.form("Log in").fill("recovery_code", &pass).submit().await.expect(422);

    app.wait(TimeDelta::hours(1));
    let thief = app.browser();
    thief.log_in_with_code(&app, "ada").await;
    app.deliver_all().await;
    app.wait(TimeDelta::seconds(1));
    thief.make_recovery_codes().await;
    let link = app.notice_link(ADA).await;
    press(&app, &link).await;
    assert_eq!(app.count("recovery_codes").await, 0);
}
