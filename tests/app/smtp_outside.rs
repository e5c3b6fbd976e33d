//! Once against a mail server that is not ours, so that ours is not the only one this program can talk to.

use crate::support::aiosmtpd::{Aiosmtpd, USER};
use crate::support::browser::Page;
use crate::support::letter::Letter;
use crate::support::post::enter;
use crate::support::test_app::{Deeds, TestApp};

fn url(server: &Aiosmtpd, password: &str) -> String {
    let escaped = |text: &str| {
        url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
    };
    format!("smtp+starttls://{}:{}@localhost:{}", escaped(USER.0), escaped(password), server.port)
}

/// Ada's set-up, up to the page that waits for the code.
async fn set_up(app: &TestApp) -> Page {
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    let form = home.get("/profile/two-factor").await.form("Save").select("method", "email");
    let page = form.fill("email", "ada@example.com").submit().await.follow().await;
    app.deliver_all().await;
    page.browser().get("/profile/two-factor").await
}

#[actix_web::test]
async fn a_code_goes_through_somebody_elses_mail_server_and_is_entered() {
    let Some(mut server) = Aiosmtpd::start().await else { return };
    let authority = server.authority();
    let app = TestApp::with(&[
        ("POSTERN_MAIL_URL", &url(&server, USER.1)),
        ("POSTERN_MAIL_CA_FILE", authority.to_str().unwrap()),
        ("POSTERN_MAIL_FROM", "login@example.org"),
        ("POSTERN_BRAND_NAME", "Caffè & Söhne"),
    ])
    .await;
    assert_eq!(app.app.check_mail().await, Ok(()), "as readiness and doctor ask");

    let page = set_up(&app).await;
    let letter = Letter::read(&server.next_mail().await);
    assert_eq!(letter.header("X-Envelope"), "login@example.org to ada@example.com");
    assert!(letter.header("X-Session").starts_with(USER.0), "{}", letter.header("X-Session"));
    assert!(letter.header("X-Session").ends_with("over TLSv1.3"), "{}", letter.header("X-Session"));
    assert!(
        letter.html.contains("Caffè &#38; Söhne") || letter.html.contains("Caffè &amp; Söhne"),
        "{}",
        letter.html
    );
    assert!(letter.text.starts_with("Your Caffè & Söhne set-up code is "), "{}", letter.text);

    let code = letter.text.lines().next().unwrap().rsplit(' ').next().unwrap();
    enter(page, "Save", code).await;
    assert_eq!(app.browser().log_in("ada").await.path(), "/login/code");
}

#[actix_web::test]
async fn without_the_authority_or_the_password_it_gets_nothing() {
    let Some(server) = Aiosmtpd::start().await else { return };
    let app = TestApp::with(&[("POSTERN_MAIL_URL", &url(&server, USER.1))]).await;
    let page = set_up(&app).await;
    assert!(page.text().contains("We cannot send emails right now"), "{}", page.text());
    let words = app.app.check_mail().await.unwrap_err();
    assert!(words.contains("the server's certificate was refused"), "{words}");

    let authority = server.authority();
    let app = TestApp::with(&[
        ("POSTERN_MAIL_URL", &url(&server, "another")),
        ("POSTERN_MAIL_CA_FILE", authority.to_str().unwrap()),
    ])
    .await;
    let words = app.app.check_mail().await.unwrap_err();
    assert!(words.starts_with("config_auth: logging in: 535"), "{words}");
}

#[actix_web::test]
async fn an_authority_that_is_none_stops_the_start_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("authority.pem");
    let app = TestApp::start().await;
    let start = || {
        let settings = [
            ("POSTERN_MAIL_URL", "smtps://mail.example.com"),
            ("POSTERN_MAIL_CA_FILE", file.to_str().unwrap()),
        ];
        app.unprepared(&settings).err().map(|fault| fault.to_string()).unwrap_or_default()
    };
    assert!(start().starts_with("mail.ca_file: "), "{}", start());
    std::fs::write(&file, "no certificate").unwrap();
    assert!(start().contains("holds no certificate in PEM"), "{}", start());
}
