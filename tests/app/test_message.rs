//! A test message: an administrator sees with their own eyes that what Postern sends arrives.

use chrono::TimeDelta;

use crate::support::at_once::at_once;
use crate::support::browser::{Browser, Page};
use crate::support::codes::Reading;
use crate::support::post::Post;
use crate::support::test_app::{Deeds, TestApp};
use crate::support::twilio_server::Fault;

const MAIL: &str = "Send a test email";
const TEXT: &str = "Send a test text message";
const PAGE: &str = "/admin/deliveries";

async fn sam(app: &TestApp) -> Browser {
    app.administrator("sam").await;
    let sam = app.browser();
    sam.log_in("sam").await;
    sam
}

/// Sam, who has codes sent to this number.
async fn sam_with_a_number(app: &TestApp) -> Browser {
    let sam = sam(app).await;
    sam.turn_on_sms(app, "(212) 555-0177", "+12125550177").await;
    app.deliver_all().await;
    sam
}

/// The same where texts really go out.
async fn sam_at_the_carrier() -> (Post, Browser) {
    let post = Post::open().await;
    let sam = sam(&post.app).await;
    let form = sam.get("/profile/two-factor").await.form("Save").select("method", "sms");
    let page = form.fill("phone", "(212) 555-0177").submit().await.follow().await;
    post.app.deliver_all().await;
    page.form("Save").fill("code", &post.texted_code()).submit().await.expect(303);
    (post, sam)
}

async fn ask(browser: &Browser, button: &str) -> Page {
    browser.get(PAGE).await.form(button).submit().await.expect(303).follow().await
}

#[actix_web::test]
async fn it_is_mailed_to_ones_own_address_and_stands_first_in_the_list() {
    let app = TestApp::start().await;
    let sam = sam(&app).await;
    let page = sam.get(PAGE).await;
    page.says("s•••@e•••.com");
    assert!(!page.has_button(TEXT), "there is no number of Sam's");

    ask(&sam, MAIL).await.says("A test message is on its way").says("Waiting");

    let mail = app.last_to("sam@example.com").await;
    assert_eq!(mail.subject.as_deref(), Some("Test message from Postern"));
    let text = mail.text.replace('\u{a0}', " ");
    assert!(text.contains("You asked for it at 3:42 pm UTC"), "{text}");
    assert_eq!(mail.code, None);
    let first = sam.get(PAGE).await.all("tbody tr").remove(0);
    assert!(first.contains("Test message") && first.contains("Handed over"), "{first}");
    sam.get("/admin/activity").await.says("Test message sent").says("Email, s•••@e•••.com");
}

#[actix_web::test]
async fn it_is_texted_to_ones_own_number() {
    let (post, sam) = sam_at_the_carrier().await;

    ask(&sam, TEXT).await.says("A test message is on its way");
    post.app.deliver_all().await;

    let text = post.last_text();
    assert_eq!(text["To"], "+12125550177");
    assert!(text["Body"].starts_with("Test message from Postern at "), "{}", text["Body"]);
    assert!(text.contains_key("ValidityPeriod"));
}

#[actix_web::test]
async fn what_goes_wrong_with_it_stands_in_the_list_at_once() {
    let (post, sam) = sam_at_the_carrier().await;
    post.carrier.next(Fault::Status(401, r#"{"code":20003,"status":401}"#, &[]));

    ask(&sam, TEXT).await;
    post.app.deliver_all().await;

    let first = sam.get(PAGE).await.all("tbody tr").remove(0);
    assert!(first.contains("Test message") && first.contains("Password, token or certificate"), "{first}");
}

#[actix_web::test]
async fn after_a_stop_it_is_tried_since_somebody_asks_for_it() {
    let (post, sam) = sam_at_the_carrier().await;
    post.carrier.next(Fault::Status(400, r#"{"code":21610,"status":400}"#, &[]));
    ask(&sam, TEXT).await;
    post.app.deliver_all().await;
    let texts = post.carrier.taken().len();
    // Sam has sent START since.
    ask(&sam, TEXT).await;
    post.app.deliver_all().await;
    assert_eq!(post.carrier.taken().len(), texts + 1);
}

#[actix_web::test]
async fn three_in_ten_minutes_and_no_fourth_however_many_are_asked_for_at_once() {
    let app = TestApp::start().await;
    let sam = sam(&app).await;
    let mut forms = Vec::new();
    for _ in 0..16 {
        forms.push(sam.copy().get(PAGE).await.form(MAIL));
    }
    at_once(forms.into_iter().map(|form| form.submit())).await;
    assert_eq!(app.count("outbox WHERE kind = 'test'").await, 3);
    ask(&sam, MAIL).await.says("It is too early").says("3:52 pm UTC");

    app.wait(TimeDelta::minutes(10));
    ask(&sam, MAIL).await.says("A test message is on its way");
    assert_eq!(app.count("security_events WHERE kind = 'test_message_sent'").await, 4);
}

#[actix_web::test]
async fn a_test_text_counts_with_the_installations_texts() {
    let app = TestApp::with(&[("POSTERN_SMS_PER_HOUR", "2")]).await;
    let sam = sam_with_a_number(&app).await;
    ask(&sam, TEXT).await.says("A test message is on its way");
    ask(&sam, TEXT).await.says("It is too early").says("4:42 pm UTC");
    ask(&sam, MAIL).await.says("A test message is on its way");
}

#[actix_web::test]
async fn nobody_chooses_where_it_goes() {
    let app = TestApp::start().await;
    let sam = sam(&app).await;
    let form = sam.get(PAGE).await.form(MAIL);
    form.clone().forge("to", "eve@example.net").submit().await.expect(400);
    form.clone().forge("channel", "fax").submit().await.expect(400);
    let page = form.forge("channel", "sms").submit().await.expect(303).follow().await;
    page.says("There is no number of yours");
    assert_eq!(app.count("outbox WHERE kind = 'test'").await, 0);
}

#[actix_web::test]
async fn whoever_was_demoted_a_moment_ago_sends_none() {
    let app = TestApp::start().await;
    let sam = sam(&app).await;
    let form = sam.get(PAGE).await.form(MAIL);
    app.alter("UPDATE accounts SET role = 'person' WHERE username = 'sam'").await;
    form.submit().await.expect(403);
    assert_eq!(app.count("outbox WHERE kind = 'test'").await, 0);
}
