//! Mail or text messages do not leave at all: one message at a time tries, all others wait, and everybody is told what is so.

use chrono::TimeDelta;
use postern::domain::delivery::FailureClass;
use postern::flows::outbox::{Outcome, settle};

use crate::support::browser::Browser;
use crate::support::codes::Reading;
use crate::support::post::{Post, enter};
use crate::support::reaching::{claimed, sixteen_get};
use crate::support::smtp_server::{At, Fault};
use crate::support::test_app::{Deeds, TestApp};
use crate::support::twilio_server;

const REFUSED: &str = "535 5.7.8 Authentication failed";
const NO_MAIL: &str = "We cannot send emails right now. Use another way, or try again in a few minutes.";

fn failed(class: FailureClass) -> Outcome {
    Outcome::NotHandedOver { class, detail: String::new(), retry_after: None }
}

async fn sam(app: &TestApp) -> Browser {
    app.administrator("sam").await;
    let sam = app.browser();
    sam.log_in("sam").await;
    sam
}

/// Ada's code is refused as only a wrong password of ours is, so mail is down.
async fn refused(post: &Post) -> crate::support::browser::Page {
    post.ada_by_email().await;
    let page = post.ada_owes_a_code().await;
    post.mail.next(&[(At::Mail, Fault::Says(REFUSED))]);
    post.app.deliver_all().await;
    page
}

#[actix_web::test]
async fn after_a_refused_login_nothing_is_tried_for_half_a_minute_and_then_one_message() {
    let post = Post::open().await;
    let page = refused(&post).await;
    page.browser().get("/login/code").await.says(NO_MAIL).says("Use another way");
    for name in ["bea", "cleo"] {
        post.app.person(name).await;
    }
    let tried = post.mail.connections();
    let mut waiting = Vec::new();
    for name in ["bea", "cleo"] {
        let browser = post.app.browser();
        browser.log_in(name).await;
        let form = browser.get("/profile/two-factor").await.form("Save").select("method", "email");
        form.fill("email", &format!("{name}@example.com")).submit().await.expect(303);
        waiting.push(browser);
    }
    post.app.wait(TimeDelta::seconds(29));
    post.app.deliver_all().await;
    assert_eq!(post.mail.connections(), tried, "nothing is tried");
    waiting[0].get("/profile/two-factor").await.says("We cannot send emails right now.");
    // A minute is over for one that tries; it fails, and the others wait twice as long.
    post.app.wait(TimeDelta::seconds(1));
    post.mail.next(&[(At::Mail, Fault::Says(REFUSED))]);
    post.app.deliver_all().await;
    assert_eq!(post.mail.connections(), tried + 1, "one");
    post.app.wait(TimeDelta::seconds(59));
    post.app.deliver_all().await;
    assert_eq!(post.mail.connections(), tried + 1);
    // The next one gets through, and all that waited follow at once.
    post.app.wait(TimeDelta::seconds(1));
    post.app.deliver_all().await;
    waiting[1].get("/profile/two-factor").await.says("went to the mail server");
    page.browser().get("/login/code").await.says("Request another code").is_silent_about("right now");
}

#[actix_web::test]
async fn what_waits_for_a_channel_that_is_down_ends_at_its_end_and_is_never_sent_late() {
    let post = Post::open().await;
    let page = refused(&post).await;
    let page = page.browser().get("/login/code").await;
    post.app.wait(TimeDelta::seconds(29));
    let other = post.app.browser().log_in("ada").await;
    assert_eq!(other.path(), "/login/code");
    let tried = post.mail.connections();
    post.app
        .alter(
            "UPDATE channel_health SET openings = 5, probe_at = probe_at + 280000000 WHERE channel = 'email'",
        )
        .await;
    post.app.wait(TimeDelta::seconds(270));
    post.app.deliver_all().await;
    assert_eq!(post.app.count("outbox WHERE state = 'waiting'").await, 1, "it keeps its five minutes");
    // On another instance, or after a restart, it is as down as here.
    let again = post.app.another().await;
    post.app.wait(TimeDelta::seconds(30));
    post.app.alter("UPDATE channel_health SET probe_at = probe_at + 60000000 WHERE channel = 'email'").await;
    again.deliver_all().await;
    assert_eq!(post.app.count("outbox WHERE state = 'expired'").await, 1);
    assert_eq!(post.mail.connections(), tried);
    page.browser().get("/login/code").await.says(NO_MAIL);
    post.app.wait(TimeDelta::minutes(10));
    post.app.deliver_all().await;
    assert_eq!(post.letters().len(), 1, "the set-up's only");
}

#[actix_web::test]
async fn of_sixteen_on_two_instances_one_tries_a_channel_that_is_down() {
    let post = Post::open().await;
    refused(&post).await;
    let other = post.app.another().await;
    for _ in 0..3 {
        for _ in 0..2 {
            post.ada_owes_a_code().await;
        }
        post.app.wait(TimeDelta::seconds(30));
        post.app.alter("UPDATE channel_health SET probe_at = 0 WHERE channel = 'email'").await;
        assert_eq!(sixteen_get(&post.app, &other).await, 1);
        post.app.wait(TimeDelta::minutes(11));
        post.app.alter("UPDATE channel_health SET probe_at = 9999999999999999 WHERE channel = 'email'").await;
        claimed(&post.app).await;
    }
}

#[actix_web::test]
async fn whoever_tries_and_dies_leaves_the_next_try_to_others_and_what_others_met_is_no_news() {
    let post = Post::open().await;
    post.ada_by_email().await;
    for _ in 0..2 {
        post.ada_owes_a_code().await;
    }
    let [first, second] = claimed(&post.app).await.try_into().ok().unwrap();
    let services = post.app.app.services();
    settle(services, &first, failed(FailureClass::ConfigAuth)).await.unwrap();
    settle(services, &second, failed(FailureClass::RetrySafe)).await.unwrap();
    assert_eq!(post.app.count("channel_health WHERE channel = 'email' AND openings = 1").await, 1);
    post.app.wait(TimeDelta::seconds(30));
    let [dies] = claimed(&post.app).await.try_into().ok().unwrap();
    drop(dies);
    post.ada_owes_a_code().await;
    assert!(claimed(&post.app).await.is_empty());
    post.app.wait(TimeDelta::seconds(30));
    let [lives] = claimed(&post.app).await.try_into().ok().unwrap();
    settle(services, &lives, Outcome::HandedOver { provider_id: None }).await.unwrap();
    assert_eq!(post.app.count("channel_health WHERE down_since IS NULL").await, 2);
}

#[actix_web::test]
async fn bad_addresses_and_full_mailboxes_take_no_channel_down() {
    let post = Post::open().await;
    post.ada_by_email().await;
    for says in ["550 5.1.1 no such user", "451 4.7.1 greylisted", "554 5.7.1 no"].repeat(3) {
        post.app.wait(TimeDelta::minutes(11));
        post.mail.next(&[(At::Rcpt, Fault::Says(says))]);
        post.ada_owes_a_code().await;
        post.app.app.worker.step().await.unwrap();
    }
    assert_eq!(post.app.count("channel_health WHERE failures = 0 AND down_since IS NULL").await, 2);
}

#[actix_web::test]
async fn administrators_and_nobody_else_are_warned_on_every_page_of_theirs_until_it_works_again() {
    let post = Post::open().await;
    let sam = sam(&post.app).await;
    let page = refused(&post).await;
    for path in ["/admin/accounts", "/admin/accounts/new", "/admin/activity", "/admin/deliveries"] {
        let page = sam.get(path).await;
        page.says("No email leaves since 3:42 pm UTC.").says("refuses our password, token or certificate");
        page.says("postern doctor --send-mail");
    }
    sam.get("/profile").await.is_silent_about("No email leaves");
    page.browser().get("/login/code").await.is_silent_about("No email leaves");
    assert_eq!(sam.get("/readyz").await.html(), "degraded\n");
    let listed = sam.get("/admin/deliveries").await.click("what was tried").await;
    assert_eq!(listed.path(), "/admin/deliveries?channel=email");

    post.app.wait(TimeDelta::seconds(30));
    let page = page.form("Request another code").submit().await.follow().await;
    post.app.deliver_all().await;
    sam.get("/admin/accounts").await.is_silent_about("No email leaves");
    assert_eq!(sam.get("/readyz").await.html(), "ok\n");
    let page = enter(page, "Log in", &post.last_letter().code()).await;
    assert_eq!(page.path(), "/profile", "{}", page.describe());
}

#[actix_web::test]
async fn text_messages_that_are_down_hold_up_no_mail() {
    let post = Post::open().await;
    let sam = sam(&post.app).await;
    post.ada_by_sms().await;
    let page = post.ada_owes_a_code().await;
    post.carrier.next(twilio_server::Fault::Status(401, r#"{"code":20003}"#, &[]));
    post.app.deliver_all().await;
    page.browser().get("/login/code").await.says("We cannot send text messages right now.");
    sam.get("/admin/activity").await.says("No text message leaves since").is_silent_about("No email leaves");
    post.app.person("bea").await;
    let bea = post.app.browser();
    bea.log_in("bea").await;
    let form = bea.get("/profile/two-factor").await.form("Save").select("method", "email");
    let page = form.fill("email", "bea@example.com").submit().await.follow().await;
    post.app.deliver_all().await;
    enter(page, "Save", &post.last_letter().code()).await.says("Two Factor Authentication is on");
}

#[actix_web::test]
async fn a_start_without_a_mail_server_is_told_and_mends_itself() {
    let post = Post::open().await;
    let sam = sam(&post.app).await;
    post.mail.go_down();
    post.app.app.look_at_mail().await;
    assert_eq!(sam.get("/readyz").await.html(), "degraded\n");
    sam.get("/admin/accounts").await.says("No email leaves since").says("does not answer");
    // Another instance tells the same, and one look that fails later, while all is well, tells nothing yet.
    let again = post.app.another().await;
    assert_eq!(again.browser().get("/readyz").await.html(), "degraded\n");
    post.mail.come_back();
    post.app.app.look_at_mail().await;
    assert_eq!(sam.get("/readyz").await.html(), "ok\n");
    sam.get("/admin/accounts").await.is_silent_about("No email leaves");
    post.mail.go_down();
    post.app.app.look_at_mail().await;
    sam.get("/admin/accounts").await.says("No email leaves since");
    post.mail.come_back();
    post.app.app.look_at_mail().await;
    post.ada_by_email().await;
}
