//! STOP, answered to a text: nothing more goes to that telephone by itself, and whoever sent START asks again at the page.

use chrono::TimeDelta;

use crate::support::browser::Page;
use crate::support::codes::Reading;
use crate::support::post::Post;
use crate::support::sms_report::{Report, newest_text};
use crate::support::twilio_server::Fault;

const SAYS_STOP: Fault = Fault::Status(
    400,
    r#"{"code":21610,"message":"Attempt to send to unsubscribed recipient","status":400}"#,
    &[],
);

/// Ada, whose telephone answered STOP at her last login.
async fn ada_has_sent_stop() -> Post {
    let post = Post::open().await;
    post.ada_by_sms().await;
    post.carrier.next(SAYS_STOP);
    owes(&post).await;
    post
}

/// Another login, ten minutes on.
async fn owes(post: &Post) -> Page {
    post.app.wait(TimeDelta::minutes(11));
    let page = post.ada_owes_a_code().await;
    post.app.deliver_all().await;
    page
}

#[actix_web::test]
async fn after_a_stop_nothing_goes_there_by_itself() {
    let post = ada_has_sent_stop().await;
    let asked = post.carrier.requests().len();

    let page = owes(&post).await;

    assert_eq!(post.carrier.requests().len(), asked, "the carrier is not even asked");
    let browser = page.browser();
    browser.get("/login/code").await.says("We could not send the code to");
    assert_eq!(browser.get("/login/code/status").await.json()["state"], "failed");
}

#[actix_web::test]
async fn who_asks_again_after_start_gets_it_and_every_later_one() {
    let post = ada_has_sent_stop().await;
    let page = owes(&post).await;
    post.app.wait(TimeDelta::seconds(30));
    let texts = post.carrier.taken().len();

    page.browser().get("/login/code").await.form("Request another code").submit().await;
    post.app.deliver_all().await;
    assert_eq!(post.carrier.taken().len(), texts + 1);

    owes(&post).await;
    assert_eq!(post.carrier.taken().len(), texts + 2, "by itself again");
}

#[actix_web::test]
async fn who_asks_again_without_start_is_tried_once() {
    let post = ada_has_sent_stop().await;
    let page = owes(&post).await;
    post.app.wait(TimeDelta::seconds(30));
    post.carrier.next(SAYS_STOP);
    page.browser().get("/login/code").await.form("Request another code").submit().await;
    post.app.deliver_all().await;
    let asked = post.carrier.requests().len();

    owes(&post).await;
    assert_eq!(post.carrier.requests().len(), asked);
}

#[actix_web::test]
async fn a_stop_that_the_carrier_reports_later_counts_as_well() {
    let post = Post::open().await;
    post.ada_by_sms().await;
    owes(&post).await;
    let text = newest_text(&post.app).await;
    Report::of(&text, "failed").with("ErrorCode", "21610").send(&post.app).await.expect(204);
    let asked = post.carrier.requests().len();

    owes(&post).await;
    assert_eq!(post.carrier.requests().len(), asked);
}

#[actix_web::test]
async fn a_stop_is_said_to_one_sender() {
    let mut post = ada_has_sent_stop().await;
    post.app = post.app.another_with(&[("POSTERN_SMS_TWILIO_FROM", "+15550006666")]).await;
    let texts = post.carrier.taken().len();

    owes(&post).await;
    assert_eq!(post.carrier.taken().len(), texts + 1);
}
