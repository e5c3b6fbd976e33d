//! The mail server is away, busy, strict or unsure. Every second the clock moves and the worker looks, as in real life.

use chrono::TimeDelta;

use crate::support::post::{Post, enter};
use crate::support::smtp_server::{At, Fault, SmtpServer, USER};
use crate::support::test_app::Deeds;
use crate::support::twilio_server::TwilioServer;

/// When the attempts at a code start, in seconds after it was asked for; each wait may be a fifth shorter or longer.
const SCHEDULE: [i64; 9] = [0, 2, 7, 22, 52, 97, 157, 217, 277];

/// Holds the seconds of the attempts against the schedule. The last of all is ten seconds before the end.
#[track_caller]
fn assert_on_schedule(tried: &[i64]) {
    for (attempt, (second, planned)) in tried.iter().zip(SCHEDULE).enumerate() {
        // The worker looks once a second.
        let (earliest, latest) = (planned * 4 / 5, planned * 6 / 5 + 1);
        let is_in_time = (earliest..=latest.min(290)).contains(second);
        assert!(is_in_time, "attempt {} at {second} s, planned for {planned} s: {tried:?}", attempt + 1);
    }
    assert!(tried.last().is_none_or(|last| *last <= 290), "{tried:?}");
}

#[actix_web::test]
async fn a_server_that_is_away_for_four_minutes_costs_patience_and_no_code() {
    let post = Post::open().await;
    post.ada_by_email().await;
    post.mail.go_down();
    let page = post.ada_owes_a_code().await;
    let away = post.watch(240).await;
    assert_eq!(away.len(), 7, "{away:?}");
    assert_on_schedule(&away[..6]);
    // After five in vain the channel is down, and tried a minute after the sixth, and two minutes after the seventh.
    assert!(away[6] - away[5] >= 60, "{away:?}");
    let waiting = page.browser().get("/login/code").await;
    assert!(waiting.text().contains("We cannot send emails right now."), "{}", waiting.text());

    post.mail.come_back();
    let back = post.watch(50).await;
    assert_eq!(back.len(), 1, "the first attempt after that, and no other: {back:?}");
    assert_eq!(back[0] + 240 - away[6], 120, "{away:?} {back:?}");
    let page = page.browser().get("/login/code").await;
    assert!(page.text().contains("went to the mail server at 3:4"), "{}", page.text());
    let page = enter(page, "Log in", &post.last_letter().code()).await;
    assert_eq!(page.path(), "/profile", "{}", page.describe());
}

#[actix_web::test]
async fn a_server_that_is_away_for_six_minutes_costs_the_code_and_nothing_comes_late() {
    let post = Post::open().await;
    post.ada_by_email().await;
    post.mail.go_down();
    let page = post.ada_owes_a_code().await;
    let tried = post.watch(360).await;
    assert_on_schedule(&tried[..6]);
    assert!(tried.len() == 8 && tried[7] < 300, "{tried:?}");
    let page = page.browser().get("/login/code").await;
    assert!(page.text().contains("We cannot send emails right now."), "{}", page.text());

    post.mail.come_back();
    assert_eq!(post.watch(600).await, [0; 0]);
    assert_eq!(post.letters().len(), 1, "the set-up's only");

    // The person asks again, and all is well.
    let page = page.form("Request another code").submit().await.follow().await;
    post.app.deliver_all().await;
    let page = enter(page, "Log in", &post.last_letter().code()).await;
    assert_eq!(page.path(), "/profile", "{}", page.describe());
}

#[actix_web::test]
async fn a_greylisted_code_goes_out_with_the_third_attempt() {
    let post = Post::open().await;
    post.ada_by_email().await;
    let page = post.ada_owes_a_code().await;
    for _ in 0..2 {
        post.mail.next(&[(At::Rcpt, Fault::Says("451 4.7.1 greylisted, come back"))]);
    }
    let tried = post.watch(60).await;
    assert_eq!(tried.len(), 3, "{tried:?}");
    assert_on_schedule(&tried);
    let page = enter(page, "Log in", &post.last_letter().code()).await;
    assert_eq!(page.path(), "/profile", "{}", page.describe());
}

#[actix_web::test]
async fn an_address_that_is_refused_is_not_tried_again_and_a_resend_is_its_own_attempt() {
    let post = Post::open().await;
    post.ada_by_email().await;
    let page = post.ada_owes_a_code().await;
    post.mail.next(&[(At::Rcpt, Fault::Says("550 5.1.1 <ada@example.com>: no such user"))]);
    assert_eq!(post.watch(320).await, [0]);
    let page = page.browser().get("/login/code").await;
    assert!(page.text().contains("We could not send the code to"), "{}", page.text());

    let page = page.form("Request another code").submit().await.follow().await;
    assert!(page.text().contains("We are about to send"), "{}", page.text());
    post.app.deliver_all().await;
    let page = enter(page, "Log in", &post.last_letter().code()).await;
    assert_eq!(page.path(), "/profile", "{}", page.describe());
}

#[actix_web::test]
async fn a_password_that_the_server_refuses_is_said_at_once_and_never_shown() {
    let mail = SmtpServer::start_logging_in().await;
    let carrier = TwilioServer::start().await;
    let url = format!("smtp://{}:wrong-secret@127.0.0.1:{}", USER.0, mail.port);
    let post = Post::with_servers(mail, carrier, &[("POSTERN_MAIL_URL", &url)]).await;
    post.app.person("ada").await;
    let home = post.app.browser();
    home.log_in("ada").await;
    let form = home.get("/profile/two-factor").await.form("Save").select("method", "email");
    form.fill("email", "ada@example.com").submit().await.follow().await;
    assert_eq!(post.watch(320).await, [0], "no retry mends a password");

    let page = home.get("/profile/two-factor").await;
    let words = "We cannot send emails right now. Use another way, or try again in a few minutes.";
    assert!(page.text().contains(words), "{}", page.text());
    for secret in ["535", "wrong-secret", "Authentication failed"] {
        assert!(!page.html().contains(secret), "{secret} on the page");
    }
    assert!(!post.mail.heard_any("MAIL"));
}

#[actix_web::test]
async fn where_nobody_knows_whether_it_left_both_copies_are_one_mail_with_one_code() {
    let post = Post::open().await;
    post.ada_by_email().await;
    let page = post.ada_owes_a_code().await;
    post.mail.next(&[(At::Kept, Fault::HangsUp)]);
    let tried = post.watch(60).await;
    assert_eq!(tried.len(), 2, "{tried:?}");

    let letters = post.letters();
    let [_, first, second] = letters.as_slice() else { panic!("{} letters", letters.len()) };
    assert_eq!(first.header("Message-ID"), second.header("Message-ID"));
    assert_eq!((first.code(), &first.text), (second.code(), &second.text));

    let thief = page.browser().copy();
    let page = enter(page, "Log in", &first.code()).await;
    assert_eq!(page.path(), "/profile", "{}", page.describe());
    // The second copy opens nothing more, not even for the same browser.
    let answer = thief.post_form("/login/code", &[("code", &second.code())]).await;
    assert_ne!(answer.follow_all().await.path(), "/profile");
}

#[actix_web::test]
async fn a_mail_in_flight_at_its_end_is_cut_and_not_finished_later() {
    let post = Post::open().await;
    post.ada_by_email().await;
    let page = post.ada_owes_a_code().await;
    // The worker was away, and comes back a blink before the end.
    post.app.wait(TimeDelta::seconds(300) - TimeDelta::milliseconds(300));
    post.mail.next(&[(At::Data, Fault::Held)]);
    post.app.deliver_all().await;
    post.mail.release();
    post.app.wait(TimeDelta::seconds(60));
    post.app.deliver_all().await;
    assert_eq!(post.letters().len(), 1, "the set-up's only");
    let page = page.browser().get("/login/code").await;
    assert!(page.text().contains("did not go out in time"), "{}", page.text());
}

#[actix_web::test]
async fn a_second_message_that_fails_takes_nothing_from_the_code_that_arrived() {
    let post = Post::open().await;
    post.ada_by_email().await;
    let page = post.ada_owes_a_code().await;
    post.app.deliver_all().await;
    let code = post.last_letter().code();
    // One with the same code, and one with a new code, which waits for nothing but its mail.
    for wait in [30, 420] {
        post.app.wait(TimeDelta::seconds(wait));
        post.mail.next(&[(At::Rcpt, Fault::Says("550 5.1.1 no such user"))]);
        let waiting = page.browser().get("/login/code").await;
        let waiting = waiting.form("Request another code").submit().await.follow().await;
        assert!(waiting.text().contains("We are about to send"), "{}", waiting.text());
        post.app.deliver_all().await;
        let page = page.browser().get("/login/code").await;
        assert!(page.text().contains("We could not send the code to"), "{}", page.text());
    }
    let page = enter(page, "Log in", &code).await;
    assert_eq!(page.path(), "/profile", "{}", page.describe());
}
