//! Whoever steals the database reads no code and no number in it, at whatever moment.

use chrono::TimeDelta;
use postern::flows::housekeeping::sweep;

use crate::support::dump::{everything, number, traces};
use crate::support::post::{Post, enter};
use crate::support::smtp_server;
use crate::support::test_app::Deeds;
use crate::support::twilio_server::Fault;

/// Ada's number, as people and machines write it.
const NUMBERS: [&str; 6] =
    ["+12125550142", "12125550142", "2125550142", "212-555-0142", "(212) 555-0142", "5550142"];

#[track_caller]
fn assert_nothing_to_read(post: &Post, secrets: &[&str]) {
    let values = everything(&post.app.database);
    for secret in secrets {
        assert_eq!(traces(&values, secret), [""; 0]);
    }
    if let Some(file) = post.app.database.url().strip_prefix("sqlite://") {
        // What was deleted lies in the file for a while, and what was written in the log beside it.
        for file in [file.to_owned(), format!("{file}-wal")] {
            let bytes = std::fs::read(&file).unwrap_or_default();
            assert!(!bytes.windows(10).any(|window| window == b"2125550142"), "{file}");
        }
    }
}

#[actix_web::test]
async fn a_number_is_nowhere_in_the_database_and_a_code_neither() {
    let post = Post::open().await;
    post.ada_by_sms().await;
    assert_nothing_to_read(&post, &NUMBERS);
    let page = post.ada_owes_a_code().await;
    assert_nothing_to_read(&post, &NUMBERS);

    // The carrier puts both into its answer.
    let body = r#"{"code":20429,"message":"To +12125550142: 123456 is too many","status":429}"#;
    post.carrier.next(Fault::Status(429, body, &[]));
    post.carrier.next(Fault::Held);
    assert_eq!(post.watch(1).await, [0]);
    assert_nothing_to_read(&post, &[&NUMBERS[..], &["123456"]].concat());
    post.app.wait(TimeDelta::seconds(2));
    let sending = post.deliver_meanwhile();
    post.carrier.until("the second attempt", |carrier| carrier.requests().len() == 3).await;
    let code = crate::support::post::code_in(&post.carrier.requests()[2].form["Body"]);
    let secrets = [&NUMBERS[..], &[code.as_str()]].concat();
    assert_nothing_to_read(&post, &secrets);
    post.carrier.release();
    crate::support::post::finished(sending).await;
    assert_nothing_to_read(&post, &secrets);
    let page = enter(page, "Log in", &code).await;
    assert_eq!(page.path(), "/profile");
    assert_nothing_to_read(&post, &secrets);
}

#[actix_web::test]
async fn a_mailed_code_is_nowhere_in_the_database() {
    let post = Post::open().await;
    post.ada_by_email().await;
    let page = post.ada_owes_a_code().await;
    post.mail.next(&[(smtp_server::At::Kept, smtp_server::Fault::HangsUp)]);
    post.watch(0).await;
    let code = post.last_letter().code();
    assert_nothing_to_read(&post, &[&code]);
    post.watch(10).await;
    assert_nothing_to_read(&post, &[&code]);
    // Wrong tries are counted, and not kept either.
    enter(page.clone(), "Log in", "135790").await;
    assert_nothing_to_read(&post, &[&code, "135790"]);
    enter(page, "Log in", &code).await;
    assert_nothing_to_read(&post, &[&code, "135790"]);
}

#[actix_web::test]
async fn what_is_settled_forgets_its_recipient() {
    let post = Post::open().await;
    post.ada_by_email().await;
    let kept = "SELECT count(*) AS number FROM outbox WHERE recipient_sealed IS NOT NULL";
    assert_eq!(number(&post.app.database, kept), 0, "handed over");

    let page = post.ada_owes_a_code().await;
    assert_eq!(number(&post.app.database, kept), 1, "it waits, sealed");
    page.form("Use another account").submit().await;
    post.app.deliver_all().await;
    assert_eq!(number(&post.app.database, kept), 0, "stopped");

    let refusal = smtp_server::Fault::Says("550 5.1.1 <ada@example.com>: ada is unknown");
    post.mail.next(&[(smtp_server::At::Rcpt, refusal)]);
    post.ada_owes_a_code().await;
    post.app.deliver_all().await;
    assert_eq!(number(&post.app.database, kept), 0, "failed");
    let words = "SELECT count(*) AS number FROM outbox WHERE failure_detail LIKE '%ada%'";
    assert_eq!(number(&post.app.database, words), 0, "and the server's words name nobody");

    post.mail.go_down();
    post.ada_owes_a_code().await;
    post.app.deliver_all().await;
    assert_eq!(number(&post.app.database, kept), 1, "it is tried again");
    post.app.wait(TimeDelta::minutes(6));
    post.app.deliver_all().await;
    assert_eq!(number(&post.app.database, kept), 0, "expired");
    let states = "SELECT count(DISTINCT state) AS number FROM outbox";
    assert_eq!(number(&post.app.database, states), 4);
}

#[actix_web::test]
async fn everything_ends_in_the_sweep_and_in_its_order() {
    let post = Post::open().await;
    let home = post.ada_by_email().await;
    post.ada_owes_a_code().await;
    home.log_out().await;
    home.log_in("ada").await;
    super::letters(&post.app, "crowd", 5).await;
    post.app.wait(TimeDelta::minutes(20));
    // A change that waits for a confirmation, and a set-up that waits for its code.
    let form = home.get("/profile/two-factor").await.form("Save").select("method", "sms");
    form.fill("phone", "(212) 555-0142").submit().await.follow().await;
    post.app.browser().log_in_with("nobody", "a password that is nobody's").await;
    post.app.deliver_all().await;

    // Day by day, so that whatever refers to something else is there while that is not, if the order were wrong.
    for day in 0..75 {
        post.app.wait(TimeDelta::days(1));
        let swept = sweep(post.app.app.services()).await;
        assert!(swept.is_ok(), "day {day}: {swept:?}");
    }
    for table in [
        "outbox",
        "challenges",
        "pending_logins",
        "pending_changes",
        "sessions",
        "trusted_computers",
        "links",
    ] {
        let left = format!("SELECT count(*) AS number FROM {table}");
        assert_eq!(number(&post.app.database, &left), 0, "{table}");
    }
    assert_eq!(number(&post.app.database, "SELECT count(*) AS number FROM accounts"), 2);
    assert_eq!(home.log_in("ada").await.path(), "/login/code", "and Ada is still Ada");
}
