//! What Twilio reports of a text reaches whoever waits for it, and nobody else can report.

use crate::support::browser::Page;
use crate::support::codes::Reading;
use crate::support::post::{Post, finished, ways_out};
use crate::support::sms_report::{FORM, Report, newest_text};
use crate::support::smtp_server::SmtpServer;
use crate::support::test_app::{Deeds, TestApp};
use crate::support::twilio_server::{Fault, TwilioServer};

/// Ada's text was taken, and she waits at the code page.
async fn ada_waits(post: &Post) -> (Page, String) {
    post.ada_by_sms().await;
    let page = post.ada_owes_a_code().await;
    post.app.deliver_all().await;
    let text = newest_text(&post.app).await;
    (page, text)
}

async fn look(page: &Page) -> Page {
    page.browser().get("/login/code").await
}

#[actix_web::test]
async fn what_arrived_is_said_to_have_arrived_however_often_and_in_whatever_order_it_is_reported() {
    let post = Post::open().await;
    let (page, text) = ada_waits(&post).await;
    look(&page).await.says("went to the carrier");
    for status in ["sent", "delivered", "sent", "delivered", "undelivered"] {
        Report::of(&text, status).with("NewField", "1").send(&post.app).await.expect(204);
        let expected = if status == "sent" { "A 6-digit code" } else { "was delivered to" };
        look(&page).await.says(expected);
    }
    assert_eq!(post.app.count("outbox WHERE state = 'delivered'").await, 1);
}

#[actix_web::test]
async fn a_report_that_overtakes_our_own_note_counts() {
    let post = Post::open().await;
    post.ada_by_sms().await;
    let page = post.ada_owes_a_code().await;
    post.carrier.next(Fault::Held);
    let sending = post.deliver_meanwhile();
    post.carrier.until("her text", |carrier| carrier.requests().len() == 2).await;
    let text = newest_text(&post.app).await;
    Report::of(&text, "delivered").send(&post.app).await.expect(204);
    post.carrier.release();
    finished(sending).await;
    look(&page).await.says("was delivered to");
    // And the lease that ended sends nothing again.
    post.watch(100).await;
    assert_eq!(post.carrier.requests().len(), 2);
}

#[actix_web::test]
async fn a_text_that_was_lost_is_told_and_why_only_to_whoever_typed_the_number() {
    let post = Post::open().await;
    let (page, text) = ada_waits(&post).await;
    let lost = |text: &str| Report::of(text, "undelivered").with("ErrorCode", "30006");
    lost(&text).send(&post.app).await.expect(204);
    look(&page).await.says("We could not send the code to");

    post.app.person("bea").await;
    let bea = post.app.browser();
    bea.log_in("bea").await;
    let form = bea.get("/profile/two-factor").await.form("Save").select("method", "sms");
    form.fill("phone", "(212) 555-0177").submit().await;
    post.app.deliver_all().await;
    lost(&newest_text(&post.app).await).send(&post.app).await.expect(204);
    bea.get("/profile/two-factor").await.says("were refused. Check it for typing errors");
}

#[actix_web::test]
async fn whoever_cannot_sign_reports_nothing() {
    let post = Post::open().await;
    let (page, text) = ada_waits(&post).await;
    let report = Report::of(&text, "delivered");
    let right = report.signature(&post.app);
    let forged = Report { token: "guessed", ..Report::of(&text, "delivered") };
    forged.send(&post.app).await.expect(403);
    for signature in ["", "0", &right[1..]] {
        report.send_signed(&post.app, signature).await.expect(403);
    }
    // Signed for another message, and with a field that was put in.
    Report::of("another", "delivered").send_signed(&post.app, &right).await.expect(403);
    Report::of(&text, "delivered").with("Extra", "1").send_signed(&post.app, &right).await.expect(403);
    let headers = [FORM, ("x-twilio-signature", right.as_str())];
    let huge = "x".repeat(1 << 20);
    post.app.browser().raw("POST", &report.path(), &headers, huge.as_bytes()).await.expect(413);
    post.app.browser().raw("POST", "/hooks/sms/twilio", &headers, b"").await.expect(400);
    look(&page).await.says("went to the carrier");
    // Nobody's message: taken note of, and forgotten.
    Report::of("nobodys", "delivered").send(&post.app).await.expect(204);
}

#[actix_web::test]
async fn what_is_signed_is_the_configured_address_whatever_the_host_header_says() {
    let (mail, carrier) = (SmtpServer::start().await, TwilioServer::start().await);
    let settings = ways_out(&mail, &carrier);
    let settings: Vec<_> = settings.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let app = TestApp::in_production_with(&settings).await;
    let report = Report::of("nobodys", "delivered");
    let (right, elsewhere) = (report.signature(&app), report.signature_for("https://evil.example"));
    let ours = "login.harbour.example";
    for (host, signature, status) in [
        ("evil.example", &elsewhere, 421),
        ("evil.example", &right, 421),
        (ours, &elsewhere, 403),
        (ours, &right, 204),
    ] {
        let named = [("host", host), ("x-forwarded-host", "evil.example")];
        let headers = [&[FORM, ("x-twilio-signature", signature.as_str())], &named[..]].concat();
        let answer = app.browser().raw("POST", &report.path(), &headers, report.body().as_bytes()).await;
        assert_eq!(answer.status(), status, "{host}: {}", answer.describe());
    }
}

#[actix_web::test]
async fn where_twilio_carries_nothing_there_is_nothing_to_report_to() {
    let app = TestApp::start().await;
    Report::of("any", "delivered").send(&app).await.expect(404);
}
