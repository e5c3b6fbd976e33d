//! `postern doctor`: what is well, what is not, and what to do about it.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::support::letter::Letter;
use crate::support::post::{ADAS_PHONE, ways_out};
use crate::support::program::Home;
use crate::support::smtp_server::{At, Encryption, Fault, SmtpServer, USER};
use crate::support::twilio_server::{self, TwilioServer};

#[actix_web::test]
async fn all_is_well_with_a_new_user() {
    let home = Home::ready().await;
    let ran = home.run(&["doctor"]).await.well();
    let expected = format!(
        "ok       configuration: development mode, reached at http://localhost:{}/\n\
         ok       database and key: they answer and belong together\n\
         ok       mail: stays in the built-in mailbox\n\
         ok       text messages: stay in the built-in mailbox\n",
        home.port()
    );
    assert_eq!((ran.out.as_str(), ran.err.as_str()), (expected.as_str(), ""));
    if !home.database().is_postgres() {
        let mode = fs::metadata(home.file("postern.db")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "what it makes is its owner's alone");
    }
}

#[actix_web::test]
async fn all_is_well_in_production_with_a_mail_server_that_lets_us_in() {
    let server = SmtpServer::start_with(Encryption::None, "PLAIN LOGIN").await;
    let url = format!("smtp://{}:{}@127.0.0.1:{}", USER.0, USER.1, server.port);
    let home = Home::new().in_production(server.port).with(&[("POSTERN_MAIL_URL", &url)]);
    home.run(&["migrate"]).await.well();
    let ran = home.run(&["doctor"]).await.well();
    assert!(ran.out.contains("production mode, reached at https://login.example.com/"), "{}", ran.out);
    let place = format!("ok       mail: 127.0.0.1:{} answers and lets us in\n", server.port);
    assert!(ran.out.contains(&place), "{}", ran.out);
    assert!(ran.out.contains("ok       text messages: is off: only Email is offered\n"), "{}", ran.out);
    assert!(server.heard_any("AUTH") && !server.heard_any("MAIL"), "it logs in and sends nothing");
}

#[actix_web::test]
async fn a_mail_server_that_is_away_or_does_not_know_us_is_named() {
    let away = SmtpServer::away();
    let home = Home::new().in_production(away.port);
    home.run(&["migrate"]).await.well();
    let ran = home.run(&["doctor"]).await;
    assert!(!ran.is_well && ran.err == "postern: not everything is well; see above\n", "{ran:#?}");
    let mail = ran.out.lines().find(|line| line.contains(" mail: ")).unwrap();
    assert!(mail.starts_with(&format!("NOT WELL mail: 127.0.0.1:{}: ", away.port)), "{mail}");
    assert!(mail.contains("Check host, port, user and password in mail.url"), "{mail}");
    assert!(ran.out.contains("ok       database and key"), "the rest is examined all the same: {}", ran.out);

    let server = SmtpServer::start_with(Encryption::None, "PLAIN").await;
    let url = format!("smtp://postern:hunter2@127.0.0.1:{}", server.port);
    let ran = home.with(&[("POSTERN_MAIL_URL", &url)]).run(&["doctor"]).await;
    assert!(!ran.is_well && ran.out.contains("NOT WELL mail: ") && ran.out.contains("535"), "{ran:#?}");
    assert!(!ran.out.contains("hunter2"), "{}", ran.out);
}

#[actix_web::test]
async fn missing_migrations_are_named_on_a_server_and_made_up_for_in_a_file() {
    let home = Home::new();
    let ran = home.run(&["doctor"]).await;
    if home.database().is_postgres() {
        let line = "NOT WELL database: it answers and wants migrations: run postern migrate\n";
        assert!(!ran.is_well && ran.out.contains(line), "{ran:#?}");
        home.run(&["migrate"]).await.well();
        home.run(&["doctor"]).await.well();
    } else {
        ran.well();
    }
}

#[actix_web::test]
async fn a_database_that_is_not_there_is_named_without_its_password() {
    let home = Home::new();
    for (url, words) in [
        ("postgres://postern:hunter2@127.0.0.1:1/postern", "Connection refused"),
        ("sqlite://no/such/folder/postern.db", "no/such/folder/postern.db: No such file or directory"),
    ] {
        let home = home.with(&[("POSTERN_DATABASE_URL", url)]);
        let ran = home.run(&["doctor"]).await;
        assert!(!ran.is_well && ran.out.contains("NOT WELL database: database.url: "), "{ran:#?}");
        assert!(ran.out.contains(words) && !ran.out.contains("hunter2"), "{}", ran.out);
        assert!(ran.out.contains("ok       mail"), "the rest is examined all the same: {}", ran.out);
        let said = home.run(&["serve"]).await.refusal();
        assert!(said.starts_with("postern: database.url: ") && said.contains(words), "{said}");
        assert!(said.lines().count() == 1 && !said.contains("hunter2"), "{said}");
    }
}

#[actix_web::test]
async fn settings_that_cannot_work_are_told_before_anybody_waits_for_a_code() {
    let home = Home::ready().await;
    let ran = home.with(&[("POSTERN_SMS_COUNTRIES", "US,ZZ")]).run(&["doctor"]).await;
    assert!(!ran.is_well, "{ran:#?}");
    assert!(format!("{}{}", ran.out, ran.err).contains("ZZ"), "{ran:#?}");
}

#[actix_web::test]
async fn a_test_message_goes_the_way_of_real_codes_and_its_conversation_is_printed() {
    let mail = SmtpServer::start_with(Encryption::None, "PLAIN LOGIN").await;
    let carrier = TwilioServer::start().await;
    let url = format!("smtp://{}:{}@127.0.0.1:{}", USER.0, USER.1, mail.port);
    let home = Home::new().with(&ways_out(&mail, &carrier)).with(&[("POSTERN_MAIL_URL", &url)]);
    home.migrate().await;
    let ran =
        home.run(&["doctor", "--send-mail", "ada@example.com", "--send-sms", ADAS_PHONE.1]).await.well();
    for line in [
        "         logging in: 235",
        "         naming the sender: 250",
        "         naming the recipient: 250",
        "         after the mail: 250",
        "ok       test mail: the mail server took it. Its code opens nothing; look whether it arrives",
        "ok       test text: the carrier took it. Its code opens nothing; look whether it arrives",
    ] {
        assert!(ran.out.contains(line), "{line}: {}", ran.out);
    }
    for secret in [USER.1, "ada@", ADAS_PHONE.1] {
        assert!(!ran.out.contains(secret) && !ran.err.contains(secret), "{}", ran.out);
    }
    let letter = Letter::read(&mail.taken().pop().unwrap().raw);
    assert!(letter.code() == "000000" && carrier.taken()[0]["Body"].starts_with("000000 "));
}

#[actix_web::test]
async fn a_test_message_that_does_not_go_says_why_and_what_to_do() {
    let (mail, carrier) = (SmtpServer::start().await, TwilioServer::start().await);
    let home = Home::new().with(&ways_out(&mail, &carrier));
    home.migrate().await;
    // The first connection looks whether the server is there.
    mail.next(&[]);
    mail.next(&[(At::Rcpt, Fault::Says("550 5.1.1 <ada@example.com>: no such user"))]);
    carrier.next(twilio_server::Fault::Status(400, r#"{"code":21408,"message":"no"}"#, &[]));
    let ran = home.run(&["doctor", "--send-mail", "ada@example.com", "--send-sms", ADAS_PHONE.1]).await;
    assert!(!ran.is_well, "{ran:#?}");
    let mail = "NOT WELL test mail: bad_recipient: naming the recipient: 550 5.1.1 [address] no such user. Try an address";
    assert!(ran.out.contains(mail), "{}", ran.out);
    assert!(
        ran.out.contains("NOT WELL test text: region_blocked: 400, error 21408: no. Enable the country"),
        "{}",
        ran.out
    );
}

#[actix_web::test]
async fn without_a_way_out_there_is_nothing_to_try() {
    let ran =
        Home::ready().await.run(&["doctor", "--send-mail", "ada@example.com", "--send-sms", "5550142"]).await;
    assert!(
        !ran.is_well && ran.out.contains("set mail.url") && ran.out.contains("set sms.provider"),
        "{ran:#?}"
    );
}
