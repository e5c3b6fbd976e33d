//! The carrier is busy, unsure or strict. A text that nobody wants twice costs money, so it is sent twice at most.

use crate::support::dump::number;
use crate::support::post::{Post, code_in, enter};
use crate::support::test_app::Deeds;
use crate::support::twilio_server::Fault;

const BUSY: &str = r#"{"code":20429,"message":"Too many requests","status":429}"#;

#[actix_web::test]
async fn a_carrier_that_asks_for_three_seconds_gets_them() {
    let post = Post::open().await;
    post.ada_by_sms().await;
    let page = post.ada_owes_a_code().await;
    post.carrier.next(Fault::Status(429, BUSY, &[("Retry-After", "3")]));
    assert_eq!(post.watch(90).await, [0, 3]);
    let page = enter(page, "Log in", &post.texted_code()).await;
    assert_eq!(page.path(), "/profile", "{}", page.describe());
}

#[actix_web::test]
async fn a_carrier_that_asks_for_no_wait_at_all_is_not_hammered() {
    let post = Post::open().await;
    post.ada_by_sms().await;
    post.ada_owes_a_code().await;
    for _ in 0..20 {
        post.carrier.next(Fault::Status(429, BUSY, &[("Retry-After", "0")]));
    }
    let tried = post.watch(100).await;
    assert_eq!((tried.len(), post.carrier.requests().len() - 1), (6, 6), "{tried:?}");
}

#[actix_web::test]
async fn a_carrier_that_asks_for_ten_minutes_is_asked_for_nothing_late() {
    let post = Post::open().await;
    post.ada_by_sms().await;
    let page = post.ada_owes_a_code().await;
    post.carrier.next(Fault::Status(429, BUSY, &[("Retry-After", "600")]));
    assert_eq!(post.watch(0).await, [0]);
    let page = page.browser().get("/login/code").await;
    assert!(page.text().contains("did not go out in time. Request another code."), "{}", page.text());
    assert_eq!(post.watch(700).await, [0; 0]);
    assert_eq!(post.carrier.taken().len(), 1, "the set-up's only");
}

#[actix_web::test]
async fn a_busy_carrier_is_tried_for_a_minute_and_a_half() {
    let post = Post::open().await;
    post.ada_by_sms().await;
    let page = post.ada_owes_a_code().await;
    for _ in 0..20 {
        post.carrier.next(Fault::Status(429, BUSY, &[]));
    }
    let tried = post.watch(200).await;
    // The sixth is ten seconds before the end, or when the channel may be tried again.
    assert_eq!((tried.len(), tried.first()), (6, Some(&0)), "{tried:?}");
    assert!((80..90).contains(&tried[5]), "{tried:?}");
    let page = page.browser().get("/login/code").await;
    assert!(page.text().contains("We cannot send text messages right now."), "{}", page.text());
}

#[actix_web::test]
async fn after_an_answer_that_tells_nothing_two_texts_carry_one_code_that_works_once() {
    let post = Post::open().await;
    post.ada_by_sms().await;
    let page = post.ada_owes_a_code().await;
    post.carrier.next(Fault::AcceptThen500);
    assert_eq!(post.watch(90).await, [0, 5]);

    let texts = post.carrier.taken();
    let [_, first, second] = texts.as_slice() else { panic!("{} texts", texts.len()) };
    assert_eq!(first["To"], second["To"]);
    assert_eq!(code_in(&first["Body"]), code_in(&second["Body"]));

    let thief = page.browser().copy();
    let page = enter(page, "Log in", &code_in(&first["Body"])).await;
    assert_eq!(page.path(), "/profile", "{}", page.describe());
    let again = thief.post_form("/login/code", &[("code", &code_in(&second["Body"]))]).await;
    assert_ne!(again.follow_all().await.path(), "/profile");
}

#[actix_web::test]
async fn a_text_that_may_have_left_twice_is_not_sent_a_third_time() {
    for fault in [Fault::AcceptThen500, Fault::AcceptThenReset, Fault::Html502] {
        let post = Post::open().await;
        post.ada_by_sms().await;
        let page = post.ada_owes_a_code().await;
        post.carrier.next(fault.clone());
        post.carrier.next(fault);
        assert_eq!(post.watch(120).await, [0, 5]);
        let page = page.browser().get("/login/code").await;
        assert!(page.text().contains("We could not send the code to ••• ••• 0142"), "{}", page.text());
        // What she already has in her hand works all the same.
        if let Some(text) = post.carrier.taken().get(1) {
            let page = enter(page, "Log in", &code_in(&text["Body"])).await;
            assert_eq!(page.path(), "/profile", "{}", page.describe());
        }
    }
}

#[actix_web::test]
async fn an_answer_that_breaks_off_after_its_yes_is_a_yes() {
    for fault in [Fault::TruncatedJson, Fault::HugeBody] {
        let post = Post::open().await;
        post.ada_by_sms().await;
        let page = post.ada_owes_a_code().await;
        post.carrier.next(fault);
        assert_eq!(post.watch(90).await, [0]);
        let page = page.browser().get("/login/code").await;
        assert!(page.text().contains("went to the carrier"), "{}", page.text());
    }
}

#[actix_web::test]
async fn a_number_that_gets_no_texts_is_said_to_be_refused_and_not_tried_again() {
    let post = Post::open().await;
    post.ada_by_sms().await;
    let page = post.ada_owes_a_code().await;
    let body =
        r#"{"code":21614,"message":"'To' number +12125550142 is not a valid mobile number","status":400}"#;
    post.carrier.next(Fault::Status(400, body, &[]));
    assert_eq!(post.watch(90).await, [0]);
    let page = page.browser().get("/login/code").await;
    assert!(page.text().contains("We could not send the code to"), "{}", page.text());
    assert!(!page.html().contains("5550142"), "the carrier's words stay with the operator");
}

#[actix_web::test]
async fn a_token_that_the_carrier_refuses_is_said_at_once() {
    let post = Post::with(&[("POSTERN_SMS_TWILIO_AUTH_TOKEN", "wrong-token")]).await;
    post.app.person("ada").await;
    let home = post.app.browser();
    home.log_in("ada").await;
    let form = home.get("/profile/two-factor").await.form("Save").select("method", "sms");
    form.fill("phone", "(212) 555-0142").submit().await.follow().await;
    assert_eq!(post.watch(90).await, [0]);
    let page = home.get("/profile/two-factor").await;
    assert!(page.text().contains("We cannot send text messages right now."), "{}", page.text());
    assert!(post.carrier.taken().is_empty());
}

#[actix_web::test]
async fn a_carrier_that_cannot_be_reached_is_tried_for_a_minute_and_a_half() {
    // Nobody listens at the one; of the other nobody has to be asked to know that there is no such name.
    for base_url in ["http://127.0.0.1:1/", &format!("https://{}.test/", "x".repeat(64))] {
        let post = Post::with(&[("POSTERN_SMS_TWILIO_BASE_URL", base_url)]).await;
        post.app.person("ada").await;
        let home = post.app.browser();
        home.log_in("ada").await;
        let form = home.get("/profile/two-factor").await.form("Save").select("method", "sms");
        form.fill("phone", "(212) 555-0142").submit().await.follow().await;
        post.watch(100).await;
        let tried = "SELECT count(*) AS number FROM outbox WHERE attempts = 6 AND ambiguous = 0 AND state = 'expired' \
                     AND failure_class = 'retry_safe'";
        assert_eq!(number(&post.app.database, tried), 1, "{base_url}");
    }
}
