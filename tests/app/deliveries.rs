//! What administrators see of messages: how each stands and why, and neither what it says nor where it goes.

use chrono::TimeDelta;
use postern::flows::housekeeping;

use crate::support::browser::Browser;
use crate::support::codes::Reading;
use crate::support::post::{ADAS_PHONE, Post};
use crate::support::smtp_server::{At, Fault};
use crate::support::test_app::{Deeds, TestApp};
use crate::support::twilio_server;

async fn sam(app: &TestApp) -> Browser {
    app.administrator("sam").await;
    let sam = app.browser();
    sam.log_in("sam").await;
    sam
}

#[actix_web::test]
async fn a_message_that_failed_says_why_in_the_servers_words_without_anybodys_address() {
    let post = Post::open().await;
    let sam = sam(&post.app).await;
    sam.get("/admin/deliveries").await.says("There is no such message");
    post.app.person("ada").await;
    let ada = post.app.browser();
    ada.log_in("ada").await;
    let form = ada.get("/profile/two-factor").await.form("Save");
    post.mail.next(&[(At::Rcpt, Fault::Says("550 5.1.1 <ada@example.com>: no such user"))]);
    form.clone().select("method", "email").fill("email", "ada@example.com").submit().await;
    post.app.deliver_all().await;
    let page = sam.get("/admin/deliveries").await;
    for words in
        ["Set-up code", "by email", "ada", "Failed", "Address or number refused", "[address] no such user"]
    {
        page.says(words);
    }
    post.carrier.next(twilio_server::Fault::Status(400, r#"{"code":21610}"#, &[]));
    form.select("method", "sms").fill("phone", ADAS_PHONE.0).submit().await;
    post.app.deliver_all().await;
    let page = sam.get("/admin/deliveries").await;
    page.says("by SMS").says("STOP was sent").says("400, error 21610");
    for secret in ["ada@example.com", ADAS_PHONE.0, ADAS_PHONE.1, "0142"] {
        assert!(!page.html().contains(secret), "{secret}");
    }
}

#[actix_web::test]
async fn they_are_narrowed_by_state_channel_and_what_went_wrong() {
    let post = Post::open().await;
    let sam = sam(&post.app).await;
    post.ada_by_email().await;
    post.ada_owes_a_code().await;
    let lines = async |query: &str| sam.get(&format!("/admin/deliveries{query}")).await.all("tbody tr").len();
    assert_eq!(lines("").await, 3, "the set-up's code, its notice, the login's code");
    assert_eq!(lines("?state=waiting").await, 1);
    assert_eq!(lines("?state=handed_over&channel=email").await, 2);
    assert_eq!(lines("?channel=sms").await, 0);
    assert_eq!(lines("?class=bug").await, 0);
    let page = sam.get("/admin/deliveries").await;
    let page = page.form("Show").select("state", "waiting").submit().await;
    page.says("Login code").says("Waiting").says("Show all deliveries");
    for wrong in ["?state=lost", "?channel=fax", "?class=x", "?before=1", "?page=2"] {
        sam.get(&format!("/admin/deliveries{wrong}")).await.expect(400);
    }
}

#[actix_web::test]
async fn many_are_turned_through_without_losing_or_repeating_one() {
    let post = Post::open().await;
    let sam = sam(&post.app).await;
    for number in 0..60 {
        let name = format!("person{number:02}");
        let form = sam.get("/admin/accounts/new").await.form("Create account").fill("username", &name);
        form.fill("email", &format!("{name}@example.com")).submit().await.expect(303);
    }
    let names = |page: &crate::support::browser::Page| page.all("tbody tr td a");
    let first = sam.get("/admin/deliveries").await;
    let second = first.click("Older").await;
    let mut seen = [names(&first), names(&second)].concat();
    assert_eq!((names(&first).len(), seen.len()), (50, 60));
    assert_eq!(names(&second.click("Newer").await), names(&first));
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 60);
}

#[actix_web::test]
async fn every_attempt_is_listed_with_what_the_server_said() {
    let post = Post::open().await;
    let sam = sam(&post.app).await;
    post.ada_by_email().await;
    post.mail.next(&[(At::Rcpt, Fault::Says("451 4.7.1 greylisted, ada@example.com comes back"))]);
    post.mail.next(&[(At::Data, Fault::Says("452 4.3.1 no room"))]);
    post.ada_owes_a_code().await;
    for _ in 0..3 {
        post.app.deliver_all().await;
        post.app.wait(TimeDelta::seconds(10));
    }
    let page = sam.get("/admin/deliveries").await;
    let row = &page.all("tbody tr")[0];
    assert!(row.contains("Handed over") && row.contains("3 attempts"), "{row}");
    let attempts = page.all("tbody tr:first-child details li");
    assert_eq!(attempts.len(), 3, "{attempts:?}");
    for (attempt, words) in
        attempts.iter().zip(["greylisted, [address] comes back", "no room", "Handed over"])
    {
        assert!(attempt.contains(words), "{words} in {attempt}");
    }
    assert_eq!(page.all("tbody tr:nth-child(2) details").len(), 0, "one attempt is no list");
}

#[actix_web::test]
async fn attempts_go_with_their_message() {
    let post = Post::open().await;
    post.ada_by_email().await;
    assert!(post.app.count("delivery_attempts").await > 0);
    post.app.wait(TimeDelta::days(31));
    while housekeeping::sweep(post.app.app.services()).await.unwrap() > 0 {}
    assert_eq!(post.app.count("outbox").await, 0);
    assert_eq!(post.app.count("delivery_attempts").await, 0);
}
