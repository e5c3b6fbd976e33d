//! What is slow or broken holds up its like, and nobody else.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::letters;
use crate::support::dump::{execute, lines, number};
use crate::support::letter::Letter;
use crate::support::post::{Post, enter, finished};
use crate::support::smtp_server::{At, Fault, SmtpServer};

/// Runs the worker beside the test, as `serve` does, until it is told to stop.
fn run(post: &Post) -> (JoinHandle<()>, Arc<Notify>) {
    let (worker, stop) = (post.app.app.worker.clone(), Arc::new(Notify::new()));
    let stopped = Arc::clone(&stop);
    (actix_web::rt::spawn(async move { worker.run(stopped.notified()).await }), stop)
}

/// Has everything by mail wait for an answer that does not come, and the worker run into it.
async fn run_into_silence(post: &Post) -> (JoinHandle<()>, Arc<Notify>) {
    letters(&post.app, "crowd", 40).await;
    for _ in 0..60 {
        post.mail.next(&[(At::Rcpt, Fault::Held)]);
    }
    let running = run(post);
    post.mail.until("letters that wait", |mail| mail.held() >= 8).await;
    running
}

/// No letter has been given up yet: what happened, happened while all of them were waiting.
fn assert_all_still_wait(post: &Post) {
    let over = "SELECT count(*) AS number FROM outbox WHERE kind = 'link' AND failure_class IS NOT NULL";
    assert_eq!(number(&post.app.database, over), 0);
}

#[actix_web::test]
async fn a_mail_server_that_says_nothing_holds_up_no_text() {
    let post = Post::open().await;
    post.ada_by_sms().await;
    let (worker, _) = run_into_silence(&post).await;
    let page = post.ada_owes_a_code().await;
    post.carrier.until("her text", |carrier| carrier.taken().len() == 2).await;
    assert_all_still_wait(&post);
    let page = enter(page, "Log in", &post.texted_code()).await;
    assert_eq!(page.path(), "/profile", "{}", page.describe());
    worker.abort();
}

#[actix_web::test]
async fn letters_that_wait_for_a_silent_server_hold_up_no_code() {
    const TO_ADA: &str = "RCPT TO:<ada@example.com>";
    let post = Post::open().await;
    post.ada_by_email().await;
    let tried = |mail: &SmtpServer| mail.heard().iter().flatten().filter(|line| *line == TO_ADA).count();
    let before = tried(&post.mail);
    let (worker, _) = run_into_silence(&post).await;
    post.ada_owes_a_code().await;
    post.mail.until("an attempt at her code", |mail| tried(mail) > before).await;
    assert_all_still_wait(&post);
    worker.abort();
}

#[actix_web::test]
async fn a_heap_of_letters_holds_up_no_code() {
    let post = Post::open().await;
    post.ada_by_email().await;
    letters(&post.app, "crowd", 200).await;
    // The letters were there first, and a step takes no more than a handful of them.
    let page = post.ada_owes_a_code().await;
    post.app.app.worker.step().await.unwrap();
    let to_ada = post.mail.taken().into_iter().rfind(|taken| taken.to == ["ada@example.com"]).unwrap();
    let page = enter(page, "Log in", &Letter::read(&to_ada.raw).code()).await;
    assert_eq!(page.path(), "/profile", "{}", page.describe());
}

#[actix_web::test]
async fn what_is_too_late_holds_up_nothing() {
    let post = Post::open().await;
    letters(&post.app, "crowd", 100).await;
    post.app.wait(TimeDelta::hours(73));
    letters(&post.app, "visitor", 1).await;
    // Those that are over were there first, and more of them than one look takes.
    assert_eq!(post.app.app.worker.step().await.unwrap(), 1);
    assert_eq!(post.mail.taken()[0].to, ["visitor-0@example.com"]);
}

#[actix_web::test]
async fn a_row_that_cannot_be_read_fails_alone() {
    let post = Post::open().await;
    post.ada_by_email().await;
    let first = post.ada_owes_a_code().await;
    // As after a key that was changed twice, or a restored half of a backup.
    let sealed = "UPDATE outbox SET recipient_sealed = destination_index WHERE state = 'waiting'";
    execute(&post.app.database, sealed);
    let second = post.ada_owes_a_code().await;
    post.app.deliver_all().await;

    let page = enter(second, "Log in", &post.last_letter().code()).await;
    assert_eq!(page.path(), "/profile", "{}", page.describe());
    let page = first.browser().get("/login/code").await;
    assert!(page.text().contains("We could not send the code"), "{}", page.text());
    assert_eq!(
        number(&post.app.database, "SELECT count(*) AS number FROM outbox WHERE failure_class = 'bug'"),
        1
    );
    let details = "SELECT failure_detail AS line FROM outbox WHERE failure_class = 'bug'";
    assert!(!lines(&post.app.database, details)[0].contains("ada"));
}

#[actix_web::test]
async fn what_a_stop_cuts_off_goes_out_once_its_lease_is_over_with_the_same_code() {
    let post = Post::open().await;
    post.ada_by_email().await;
    let page = post.ada_owes_a_code().await;
    post.mail.next(&[(At::Data, Fault::Held)]);
    let (worker, stop) = (post.app.app.worker.clone(), Arc::new(Notify::new()));
    let asked = Arc::clone(&stop);
    let worker = actix_web::rt::spawn(async move {
        worker.run_with(asked.notified(), Duration::ZERO).await;
    });
    post.mail.until("her mail under way", |mail| mail.held() == 1).await;
    stop.notify_one();
    finished(worker).await;
    post.mail.behave();

    assert_eq!(post.watch(70).await, [60], "when the lease is over, and not before");
    let code = post.last_letter().code();
    page.form("Log in").fill("code", &code).submit().await.expect(303);
}

#[actix_web::test]
async fn a_stop_waits_for_what_is_under_way_and_takes_up_nothing_new() {
    let post = Post::open().await;
    post.ada_by_email().await;
    let page = post.ada_owes_a_code().await;
    post.mail.next(&[(At::Content, Fault::Says("250 2.0.0 Ok")), (At::Data, Fault::Held)]);
    let (worker, stop) = run(&post);
    post.mail.until("her mail under way", |mail| mail.held() == 1).await;
    stop.notify_one();
    tokio::task::yield_now().await;
    let late = post.ada_owes_a_code().await;
    post.mail.release();
    finished(worker).await;

    let page = page.browser().get("/login/code").await;
    assert!(page.text().contains("went to the mail server"), "{}", page.text());
    let late = late.browser().get("/login/code").await;
    assert!(late.text().contains("We are about to send"), "{}", late.text());
}
