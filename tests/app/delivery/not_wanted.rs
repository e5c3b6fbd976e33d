//! What is not sent: what nobody waits for any more, what is too late, and what this program cannot be sure of.

use chrono::TimeDelta;
use postern::app::StartFault;

use crate::support::browser::Page;
use crate::support::post::{Post, enter};
use crate::support::test_app::Deeds;

async fn ask_again(page: &Page) -> Page {
    page.form("Request another code").submit().await.follow().await
}

#[actix_web::test]
async fn a_code_that_was_used_is_not_sent_again() {
    let post = Post::open().await;
    post.ada_by_email().await;
    let page = post.ada_owes_a_code().await;
    post.app.deliver_all().await;
    post.app.wait(TimeDelta::seconds(30));
    let page = ask_again(&page).await;
    // The first copy arrives while the second still waits.
    let page = enter(page, "Log in", &post.last_letter().code()).await;
    assert_eq!(page.path(), "/profile");
    assert_eq!(post.watch(320).await, [0], "the notice of the new trusted computer");
    assert_eq!(post.letters().len(), 2);
}

#[actix_web::test]
async fn a_login_that_was_given_up_sends_nothing() {
    let post = Post::open().await;
    post.ada_by_email().await;
    let page = post.ada_owes_a_code().await;
    let page = page.form("Use another account").submit().await.follow().await;
    assert_eq!(page.path(), "/login");
    assert_eq!(post.watch(320).await, [0; 0]);
    assert_eq!(post.letters().len(), 1, "the set-up's only");
}

#[actix_web::test]
async fn a_code_of_a_login_that_was_given_up_opens_nothing() {
    let post = Post::open().await;
    post.ada_by_email().await;
    let page = post.ada_owes_a_code().await;
    post.app.deliver_all().await;
    let (code, thief) = (post.last_letter().code(), page.browser().copy());
    page.form("Use another account").submit().await;
    let answer = thief.post_form("/login/code", &[("code", &code)]).await;
    assert_ne!(answer.follow_all().await.path(), "/profile");
}

#[actix_web::test]
async fn a_set_up_that_was_cancelled_or_changed_sends_nothing_to_the_old_address() {
    let post = Post::open().await;
    post.app.person("ada").await;
    let home = post.app.browser();
    home.log_in("ada").await;
    for change in ["cancel", "another address"] {
        let form = home.get("/profile/two-factor?change=yes").await.form("Save").select("method", "email");
        let page = form.fill("email", "wrong@example.com").submit().await.follow().await;
        if change == "cancel" {
            page.form("Cancel").submit().await.follow().await;
        } else {
            let form = page.click("Change the method or where codes go").await.form("Save");
            form.select("method", "email").fill("email", "right@example.com").submit().await.follow().await;
        }
        post.watch(10).await;
        assert!(!post.mail.heard_any("RCPT TO:<wrong@example.com>"), "{change}");
    }
    assert!(post.mail.heard_any("RCPT TO:<right@example.com>"));
}

#[actix_web::test]
async fn a_clock_that_jumps_an_hour_ahead_sends_nothing_late_and_the_person_goes_on() {
    let post = Post::open().await;
    post.ada_by_email().await;
    let page = post.ada_owes_a_code().await;
    post.app.wait(TimeDelta::hours(1));
    assert_eq!(post.watch(60).await, [0; 0]);
    assert_eq!(post.letters().len(), 1, "the set-up's only");
    // The pending login is over too: back to the password, and on from there.
    assert_eq!(page.browser().get("/login/code").await.follow_all().await.path(), "/login");
    let page = page.browser().log_in("ada").await;
    post.app.deliver_all().await;
    let page = enter(page, "Log in", &post.last_letter().code()).await;
    assert_eq!(page.path(), "/profile", "{}", page.describe());
}

#[actix_web::test]
async fn a_clock_that_jumps_an_hour_back_sends_nothing_twice_and_nothing_early() {
    let post = Post::open().await;
    post.ada_by_email().await;
    let page = post.ada_owes_a_code().await;
    post.app.deliver_all().await;
    let code = post.last_letter().code();
    post.app.wait(TimeDelta::hours(-1));
    assert_eq!(post.watch(120).await, [0; 0]);
    // Half a minute of the old clock has not passed on the new one.
    let page = ask_again(&page).await;
    assert!(page.notice().unwrap().contains("at 3:42"), "{}", page.text());
    assert_eq!(post.watch(120).await, [0; 0]);
    let page = enter(page, "Log in", &code).await;
    assert_eq!(page.path(), "/profile", "the code in her hand still works: {}", page.describe());
}

#[actix_web::test]
async fn a_message_from_before_the_clock_went_back_waits_for_its_time_and_nobody_has_to() {
    let post = Post::open().await;
    post.ada_by_email().await;
    let page = post.ada_owes_a_code().await;
    post.app.wait(TimeDelta::hours(-1));
    assert_eq!(post.watch(60).await, [0; 0]);
    // Starting over is all it takes.
    let page = page.form("Use another account").submit().await.follow().await;
    let page = page.browser().log_in("ada").await;
    post.app.deliver_all().await;
    let page = enter(page, "Log in", &post.last_letter().code()).await;
    assert_eq!(page.path(), "/profile", "{}", page.describe());
    post.app.deliver_all().await;
    post.app.wait(TimeDelta::hours(1));
    assert_eq!(post.watch(320).await, [0; 0], "what was given up is not sent an hour later");
}

#[actix_web::test]
async fn under_another_key_the_program_does_not_start_and_nothing_is_sent() {
    let post = Post::open().await;
    post.ada_by_sms().await;
    post.ada_owes_a_code().await;
    let other = [("POSTERN_SECRET_KEY", "another key that is only ever used in tests")];
    let stranger = post.app.unprepared(&other).unwrap();
    assert!(matches!(stranger.prepare_database().await, Err(StartFault::OtherKey)));
    // Even were it to go on: it reads no number, so it sends nothing.
    let _ = stranger.worker.step().await;
    assert_eq!(post.carrier.taken().len(), 1, "the set-up's only");
}
