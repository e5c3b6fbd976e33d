//! What a page says of a message is what is known of it: at first sight, after a reload, and to the script that asks.

use chrono::TimeDelta;

use crate::support::browser::{Browser, Page};
use crate::support::post::{ADAS_PHONE, Post, finished};
use crate::support::smtp_server::{At, Fault};
use crate::support::test_app::Deeds;
use crate::support::twilio_server;

/// A page that asks for a code, the address where its script asks for news, and the destination as it stands there.
#[derive(Clone, Copy)]
struct Place {
    page: &'static str,
    status: &'static str,
    shown: &'static str,
    /// What it says of an address that was refused: why, only to somebody who typed it.
    refused: &'static str,
}

const REFUSED: &str = "Messages to {to} were refused.";
const NOT_SENT: &str = "We could not send the code to {to}.";

/// Ada's address and number, masked: to look at, and to listen to.
const MAIL: &str = "a•••@e•••.comyour address starting with a, at a domain starting with e";
const PHONE: &str = "••• ••• 0142your number ending in 0 1 4 2";

const LOGIN: Place = Place { page: "/login/code", status: "/login/code/status", shown: MAIL, refused: NOT_SENT };
const SET_UP: Place =
    Place { page: "/profile/two-factor", status: "/profile/two-factor/status", shown: "ada@example.com", refused: REFUSED };
const CONFIRM: Place = Place { page: "/confirm", status: "/confirm/status", shown: MAIL, refused: NOT_SENT };

impl Place {
    /// Holds the page and the script's answer against what is so, twice, since drawing a page changes nothing.
    async fn tells(&self, browser: &Browser, state: &str, at: &str, words: &str) {
        let words = words.replace("{to}", self.shown);
        for sight in ["first", "second"] {
            let page = browser.get(self.page).await.expect(200);
            assert!(page.text().contains(&words), "{sight} sight: {words}\n{}", page.describe());
            for other in SENTENCES.into_iter().filter(|other| !words.contains(other)) {
                assert!(!page.text().contains(other), "{sight} sight: {other}\n{}", page.describe());
            }
            let is_asking = page.attributes("#delivery", "data-status") == [self.status];
            assert_eq!(is_asking, matches!(state, "waiting" | "sending"), "{}", page.html());
            let status = browser.get(self.status).await.expect(200);
            assert_eq!(status.header("cache-control"), Some("no-store"));
            assert_eq!((&status.json()["state"], &status.json()["at"]), (&state.into(), &at.into()));
        }
    }
}

/// What may be said, so that a page that says one of it says nothing else.
const SENTENCES: [&str; 6] = [
    "about to send",
    "We are sending",
    "went to the",
    "could not send",
    "were refused",
    "did not go out in time",
];

/// The story of four messages of one challenge: taken, refused, broken, and too late. Begins with the first one waiting.
async fn everything_that_can_become_of_a_message(post: &Post, page: Page, place: Place) {
    let browser = page.browser().clone();
    assert_eq!(page.path(), place.page, "{}", page.describe());
    place
        .tells(&browser, "waiting", "2026-11-24T16:02:00Z", "We are about to send a 6-digit code to {to}.")
        .await;
    let resend_at = browser.get(place.status).await.json()["resend_at"].clone();
    assert_eq!(resend_at, "2026-11-24T16:02:30Z");

    post.mail.next(&[(At::Data, Fault::Held)]);
    let sending = post.deliver_meanwhile();
    post.mail.until("a mail under way", |mail| mail.held() == 1).await;
    post.app.wait(TimeDelta::seconds(4));
    place.tells(&browser, "sending", "2026-11-24T16:02:00Z", "We are sending a 6-digit code to {to}.").await;
    post.mail.release();
    finished(sending).await;
    let taken = "A 6-digit code for {to} went to the mail server at 4:02 pm UTC.";
    place.tells(&browser, "handed_over", "2026-11-24T16:02:04Z", taken).await;

    post.app.wait(TimeDelta::seconds(30));
    ask_again(&browser, place).await;
    place
        .tells(&browser, "waiting", "2026-11-24T16:02:34Z", "We are about to send a 6-digit code to {to}.")
        .await;
    post.mail.next(&[(At::Rcpt, Fault::Says("550 5.1.1 no such user"))]);
    post.app.deliver_all().await;
    place.tells(&browser, "failed", "2026-11-24T16:02:34Z", place.refused).await;

    post.app.wait(TimeDelta::seconds(60));
    ask_again(&browser, place).await;
    post.mail.next(&[(At::Data, Fault::Says("554 5.7.1 looks like spam"))]);
    post.app.deliver_all().await;
    place.tells(&browser, "failed", "2026-11-24T16:03:34Z", "We could not send the code to {to}.").await;

    post.app.wait(TimeDelta::seconds(120));
    ask_again(&browser, place).await;
    post.mail.go_down();
    post.app.deliver_all().await;
    place
        .tells(&browser, "waiting", "2026-11-24T16:05:34Z", "We are about to send a 6-digit code to {to}.")
        .await;
    post.app.wait(TimeDelta::seconds(300));
    post.app.deliver_all().await;
    let late = "The code for {to} did not go out in time. Request another code.";
    place.tells(&browser, "expired", "2026-11-24T16:05:34Z", late).await;
    assert_eq!(post.letters().len(), 2, "the set-up's, and the one that was taken");
}

async fn ask_again(browser: &Browser, place: Place) {
    let page = browser.get(place.page).await;
    let page = page.form("Request another code").submit().await.follow().await;
    assert_eq!(page.path(), place.page);
}

#[actix_web::test]
async fn the_code_page_tells_the_truth() {
    let post = Post::open().await;
    post.ada_by_email().await;
    post.app.wait(TimeDelta::minutes(20));
    let page = post.ada_owes_a_code().await;
    everything_that_can_become_of_a_message(&post, page, LOGIN).await;
}

#[actix_web::test]
async fn the_set_up_tells_the_truth() {
    let post = Post::open().await;
    // Somebody else's mail comes first, so that the story has as many letters as the others.
    post.app.person("ada").await;
    let home = post.app.browser();
    home.log_in("ada").await;
    let start = home.get("/profile/two-factor").await.form("Save").select("method", "email");
    start.fill("email", "ada@example.com").submit().await.follow().await;
    post.app.deliver_all().await;
    home.get("/profile/two-factor").await.form("Cancel").submit().await.follow().await;
    post.app.wait(TimeDelta::minutes(20));
    home.log_out().await;
    home.log_in("ada").await;
    let form = home.get("/profile/two-factor").await.form("Save").select("method", "email");
    let page = form.fill("email", "ada@example.com").submit().await.follow().await;
    everything_that_can_become_of_a_message(&post, page, SET_UP).await;
}

#[actix_web::test]
async fn confirming_who_one_is_tells_the_truth() {
    let post = Post::open().await;
    let home = post.ada_by_email().await;
    post.app.wait(TimeDelta::minutes(20));
    let form = home.get("/profile/two-factor").await.form("Save");
    let page = form.select("method", "disabled").submit().await.follow().await;
    assert_eq!(page.path(), "/confirm");
    let page = page
        .form("Continue")
        .fill("password", crate::support::test_app::PASSWORD)
        .submit()
        .await
        .follow()
        .await;
    everything_that_can_become_of_a_message(&post, page, CONFIRM).await;
}

#[actix_web::test]
async fn a_text_message_is_told_of_as_truly_as_a_mail() {
    let post = Post::open().await;
    post.ada_by_sms().await;
    post.app.wait(TimeDelta::minutes(20));
    let browser = post.ada_owes_a_code().await.browser().clone();
    let place = Place { shown: PHONE, ..LOGIN };

    place
        .tells(&browser, "waiting", "2026-11-24T16:02:00Z", "We are about to send a 6-digit code to {to}.")
        .await;
    post.carrier.next(twilio_server::Fault::Held);
    let sending = post.deliver_meanwhile();
    post.carrier.until("a text under way", |carrier| carrier.requests().len() == 2).await;
    place.tells(&browser, "sending", "2026-11-24T16:02:00Z", "We are sending a 6-digit code to {to}.").await;
    post.carrier.release();
    finished(sending).await;
    let taken = "A 6-digit code for {to} went to the carrier at 4:02 pm UTC.";
    place.tells(&browser, "handed_over", "2026-11-24T16:02:00Z", taken).await;
}

#[actix_web::test]
async fn whoever_sent_stop_is_told_at_a_login_only_that_nothing_went_out() {
    let post = Post::open().await;
    post.ada_by_sms().await;
    let browser = post.ada_owes_a_code().await.browser().clone();
    let body = r#"{"code":21610,"message":"Attempt to send to unsubscribed recipient","status":400}"#;
    post.carrier.next(twilio_server::Fault::Status(400, body, &[]));
    post.app.deliver_all().await;

    let page = browser.get("/login/code").await;
    // Why is for someone who typed the number: past the password alone it would tell a thief.
    assert!(page.text().contains("We could not send the code to"), "{}", page.text());
    assert!(!page.text().contains("STOP"), "{}", page.text());
    assert_eq!(browser.get("/login/code/status").await.json()["state"], "failed");
    post.app.wait(TimeDelta::seconds(30));
    browser.get("/login/code").await.form("Request another code").submit().await;
    post.app.deliver_all().await;
    assert_eq!(post.last_text()["To"], ADAS_PHONE.1, "after START it goes out");
    let page = browser.get("/login/code").await;
    assert!(page.text().contains("went to the carrier"), "{}", page.text());
}

#[actix_web::test]
async fn only_the_browser_that_waits_is_told() {
    let post = Post::open().await;
    post.ada_by_email().await;
    let waiting = post.ada_owes_a_code().await.browser().clone();
    for place in [LOGIN, SET_UP, CONFIRM] {
        let answer = waiting.stranger().get(place.status).await;
        assert_eq!((answer.status(), answer.location()), (303, Some("/login")), "{}", place.status);
    }
    // A password is not enough to ask after a set-up or a confirmation.
    for place in [SET_UP, CONFIRM] {
        assert_eq!(waiting.get(place.status).await.status(), 303, "{}", place.status);
    }
}
