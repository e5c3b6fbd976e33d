//! Whoever claims a message has it for a minute; whoever dies with it gives it up.

use std::collections::HashMap;

use chrono::TimeDelta;
use postern::domain::delivery::FailureClass;
use postern::flows::outbox::{Outcome, settle};
use tokio::task::JoinSet;

use super::letters;
use crate::support::dump::number;
use crate::support::post::{Post, code_in, enter};
use crate::support::reaching::{claimed, sixteen_get};
use crate::support::twilio_server::Fault;

#[actix_web::test]
async fn two_instances_send_each_of_many_messages_once() {
    const MANY: usize = 200;
    let post = Post::open().await;
    letters(&post.app, "crowd", MANY).await;
    let other = post.app.another().await;
    let mut workers = JoinSet::new();
    for app in [&post.app, &other] {
        for _ in 0..2 {
            let worker = app.app.worker.clone();
            workers.spawn_local(async move { while worker.step().await.unwrap() > 0 {} });
        }
    }
    while let Some(ended) = workers.join_next().await {
        ended.unwrap();
    }

    let mut copies: HashMap<String, usize> = HashMap::new();
    for taken in post.mail.taken() {
        *copies.entry(taken.to[0].clone()).or_default() += 1;
    }
    assert_eq!(copies.len(), MANY);
    assert!(copies.values().all(|copies| *copies == 1), "{copies:?}");
    let done = "SELECT count(*) AS number FROM outbox WHERE state = 'handed_over' AND attempts = 1";
    assert_eq!(number(&post.app.database, done), 200);
}

#[actix_web::test]
async fn of_sixteen_that_reach_for_one_message_one_gets_it() {
    let post = Post::open().await;
    post.ada_by_email().await;
    let other = post.app.another().await;
    for _ in 0..5 {
        post.ada_owes_a_code().await;
        assert_eq!(sixteen_get(&post.app, &other).await, 1);
        // The message of this round is left to its lease; the next round is about the next one.
        post.app.wait(TimeDelta::minutes(11));
        assert_eq!(claimed(&post.app).await.len(), 0, "too late by now");
    }
}

#[actix_web::test]
async fn a_mail_whose_sender_died_goes_out_after_a_minute_with_the_same_code() {
    let post = Post::open().await;
    post.ada_by_email().await;
    let page = post.ada_owes_a_code().await;
    let [work] = claimed(&post.app).await.try_into().ok().unwrap();
    assert_eq!((work.attempt, work.ambiguous), (1, 0));
    drop(work);

    let other = post.app.another().await;
    post.app.wait(TimeDelta::seconds(60) - TimeDelta::microseconds(1));
    assert!(claimed(&other).await.is_empty(), "the lease still holds");
    post.app.wait(TimeDelta::microseconds(1));
    let [work] = claimed(&other).await.try_into().ok().unwrap();
    assert_eq!((work.attempt, work.ambiguous), (2, 1), "it may have gone out");
    drop(work);

    post.app.wait(TimeDelta::seconds(60));
    post.app.deliver_all().await;
    let page = enter(page, "Log in", &post.last_letter().code()).await;
    assert_eq!(page.path(), "/profile", "{}", page.describe());
}

#[actix_web::test]
async fn whoever_comes_too_late_with_an_answer_changes_nothing() {
    let post = Post::open().await;
    post.ada_by_email().await;
    post.ada_owes_a_code().await;
    let [slow] = claimed(&post.app).await.try_into().ok().unwrap();
    post.app.wait(TimeDelta::seconds(60));
    let [quick] = claimed(&post.app).await.try_into().ok().unwrap();
    let services = post.app.app.services();
    settle(services, &quick, Outcome::HandedOver { provider_id: Some("quick".to_owned()) }).await.unwrap();
    let failed =
        Outcome::NotHandedOver { class: FailureClass::Filtered, detail: String::new(), retry_after: None };
    settle(services, &slow, failed).await.unwrap();
    let stands =
        "SELECT count(*) AS number FROM outbox WHERE state = 'handed_over' AND provider_id = 'quick'";
    assert_eq!(number(&post.app.database, stands), 1);
}

#[actix_web::test]
async fn a_text_goes_out_twice_at_most_whoever_dies() {
    let post = Post::open().await;
    post.ada_by_sms().await;
    let page = post.ada_owes_a_code().await;
    // First an answer that tells nothing, then a sender that dies: both may have sent it.
    post.carrier.next(Fault::AcceptThen500);
    assert_eq!(post.watch(4).await, [0]);
    post.app.wait(TimeDelta::seconds(1));
    let [work] = claimed(&post.app).await.try_into().ok().unwrap();
    assert_eq!((work.attempt, work.ambiguous), (2, 1));
    drop(work);
    post.app.wait(TimeDelta::seconds(60));
    assert_eq!(post.watch(60).await, [0; 0], "no third time");
    let shown = page.browser().get("/login/code").await;
    assert!(shown.text().contains("We could not send the code"), "{}", shown.text());
    // The one that certainly left still works.
    let page = enter(page, "Log in", &code_in(&post.last_text()["Body"])).await;
    assert_eq!(page.path(), "/profile", "{}", page.describe());
}

#[actix_web::test]
async fn a_text_whose_sender_died_is_sent_once_more() {
    let post = Post::open().await;
    post.ada_by_sms().await;
    let page = post.ada_owes_a_code().await;
    drop(claimed(&post.app).await);
    post.app.wait(TimeDelta::seconds(60));
    post.app.deliver_all().await;
    let page = enter(page, "Log in", &post.texted_code()).await;
    assert_eq!(page.path(), "/profile", "{}", page.describe());
    assert_eq!(post.last_text()["ValidityPeriod"], "510", "nine minutes less half of one");
}
