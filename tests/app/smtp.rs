//! One mail, a mail server with bad manners, and what is made of it.

use std::time::{Duration, Instant};

use chrono::DateTime;
use postern::delivery::letter::Sender;
use postern::delivery::message::Mail;
use postern::delivery::smtp::{Deadlines, Security, Smtp, SmtpServer as Server};
use postern::delivery::tls::TlsRoots;
use postern::domain::delivery::FailureClass;
use postern::domain::email::EmailAddress;
use postern::domain::secret::Secret;
use postern::flows::outbox::Outcome;

use crate::support::smtp_server::{At, Encryption, Fault, Identity, SmtpServer, USER};

const PLENTY: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(200);

fn settings(server: &SmtpServer) -> Server {
    Server {
        host: "127.0.0.1".to_owned(),
        port: server.port,
        security: Security::PlainLoopback,
        credentials: None,
        hello: "login.example.com".to_owned(),
        roots: TlsRoots::System,
        deadlines: Deadlines::default(),
    }
}

fn plain(server: &SmtpServer) -> Smtp {
    Smtp::new(settings(server)).unwrap()
}

fn hurried(server: &SmtpServer, deadlines: Deadlines) -> Smtp {
    Smtp::new(Server { deadlines, ..settings(server) }).unwrap()
}

fn encrypted(server: &SmtpServer, security: Security, authority: &[u8]) -> Smtp {
    Smtp::new(Server {
        host: "localhost".to_owned(),
        security,
        credentials: Some((USER.0.to_owned(), Secret::new(USER.1.to_owned()))),
        roots: TlsRoots::SystemAnd(authority.to_vec()),
        ..settings(server)
    })
    .unwrap()
}

fn mail(id: &str) -> Mail {
    Mail {
        id: id.to_owned(),
        from: Sender::new("Postern", "login@example.org").unwrap(),
        to: EmailAddress::stored("ada@example.com".to_owned()),
        date: DateTime::from_timestamp(1_795_535_520, 0).unwrap(),
        subject: format!("482913 is your Postern login code ({id})"),
        text: format!("Your Postern login code is 482913\n\n.a line that begins with a dot\n.\n{id}"),
        html: "<p>482913</p>".to_owned(),
        code: None,
    }
}

fn class(outcome: &Outcome) -> Option<FailureClass> {
    match outcome {
        Outcome::HandedOver { .. } => None,
        Outcome::NotHandedOver { class, .. } => Some(*class),
    }
}

fn detail(outcome: Outcome) -> String {
    match outcome {
        Outcome::HandedOver { .. } => panic!("handed over"),
        Outcome::NotHandedOver { detail, .. } => detail,
    }
}

#[tokio::test]
async fn a_mail_is_taken_as_it_was_written() {
    let server = SmtpServer::start().await;
    assert_eq!(class(&plain(&server).send(&mail("m1"), PLENTY).await), None);
    let [taken] = server.taken().try_into().unwrap();
    assert_eq!((taken.from.as_str(), taken.to), ("login@example.org", vec!["ada@example.com".to_owned()]));
    for line in [
        "Message-ID: <m1@example.org>",
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: All",
        "Date: Tue, 24 Nov 2026 15:52:00 +0000",
        ".a line that begins with a dot",
        ".",
    ] {
        assert!(taken.raw.contains(&format!("\r\n{line}\r\n")), "{line}\n{}", taken.raw);
    }
    assert!(server.heard_any("EHLO login.example.com"));
}

#[tokio::test]
async fn a_server_that_says_nothing_costs_its_own_mail_its_time_and_no_other() {
    let server = SmtpServer::start().await;
    server.next(&[(At::Connect, Fault::Silent)]);
    let smtp = hurried(&server, Deadlines { hello: SHORT, ..Deadlines::default() });
    let patient = plain(&server);
    let (first, second) = (mail("m1"), mail("m2"));
    let silent = smtp.send(&first, PLENTY).await;
    assert_eq!(class(&silent), Some(FailureClass::RetrySafe));
    assert_eq!(detail(silent), "greeting: no answer in time");
    assert_eq!(class(&patient.send(&second, PLENTY).await), None);
    assert_eq!(server.taken().len(), 1);
}

#[tokio::test]
async fn a_lost_reply_is_ambiguous_and_the_next_mail_gets_its_own_replies() {
    let server = SmtpServer::start().await;
    server.next(&[(At::Kept, Fault::Late(Duration::from_secs(20)))]);
    let hasty = hurried(&server, Deadlines { data: Duration::from_millis(500), ..Deadlines::default() });
    assert_eq!(class(&hasty.send(&mail("m1"), PLENTY).await), Some(FailureClass::Ambiguous));

    // With a connection kept and shared, this refusal would have been read as the reply to the mail after it.
    let smtp = plain(&server);
    server.next(&[(At::Rcpt, Fault::Says("550 5.1.1 no such user"))]);
    assert_eq!(class(&smtp.send(&mail("m2"), PLENTY).await), Some(FailureClass::BadRecipient));
    assert_eq!(class(&smtp.send(&mail("m3"), PLENTY).await), None);

    assert_eq!(class(&smtp.send(&mail("m1"), PLENTY).await), None);
    let taken = server.taken();
    let copies: Vec<_> = taken.iter().filter(|taken| taken.raw.contains("Message-ID: <m1@")).collect();
    assert_eq!(copies.len(), 2, "both copies, under one Message-ID");
    assert!(copies.iter().all(|copy| copy.raw.contains("login code is 482913")), "with one code");
    assert!(!taken.iter().any(|taken| taken.raw.contains("<m2@")));
}

#[tokio::test]
async fn a_greylisted_mail_may_be_tried_again_until_it_is_taken() {
    let server = SmtpServer::start().await;
    let smtp = plain(&server);
    for _ in 0..2 {
        server.next(&[(At::Rcpt, Fault::Says("451 4.7.1 greylisted, come back"))]);
        assert_eq!(class(&smtp.send(&mail("m1"), PLENTY).await), Some(FailureClass::Deferred));
    }
    assert_eq!(class(&smtp.send(&mail("m1"), PLENTY).await), None);
    assert_eq!(server.taken().len(), 1);
}

#[tokio::test]
async fn an_unknown_mailbox_is_the_end_of_it_and_the_operator_reads_no_address() {
    let server = SmtpServer::start().await;
    server.next(&[(At::Rcpt, Fault::Says("550-5.1.1 <ada@example.com>:\r\n550 5.1.1 user ada unknown"))]);
    let refused = plain(&server).send(&mail("m1"), PLENTY).await;
    assert_eq!(class(&refused), Some(FailureClass::BadRecipient));
    assert_eq!(detail(refused), "naming the recipient: 550 5.1.1 [address] user [address] unknown");
    assert!(!server.heard_any("DATA"));
}

#[tokio::test]
async fn a_wrong_password_is_the_operators_business() {
    let identity = Identity::of("localhost");
    for mechanisms in ["PLAIN", "LOGIN"] {
        let server = SmtpServer::start_with(Encryption::Implicit(identity.clone()), mechanisms).await;
        let smtp = Smtp::new(Server {
            host: "localhost".to_owned(),
            security: Security::Implicit,
            credentials: Some((USER.0.to_owned(), Secret::new("wrong".to_owned()))),
            roots: TlsRoots::SystemAnd(identity.authority_pem.clone()),
            ..settings(&server)
        })
        .unwrap();
        let refused = smtp.send(&mail("m1"), PLENTY).await;
        assert_eq!(class(&refused), Some(FailureClass::ConfigAuth));
        assert_eq!(detail(refused), "logging in: 535 5.7.8 Authentication failed");
        assert!(!server.heard_any("MAIL"));
    }
}

#[tokio::test]
async fn mail_goes_encrypted_and_logged_in_whichever_way_the_server_wants_it() {
    let identity = Identity::of("localhost");
    for (encryption, security) in [
        (Encryption::Implicit(identity.clone()), Security::Implicit),
        (Encryption::StartTls(identity.clone()), Security::StartTls),
    ] {
        for mechanisms in ["PLAIN LOGIN", "LOGIN"] {
            let server = SmtpServer::start_with(encryption.clone(), mechanisms).await;
            let smtp = encrypted(&server, security, &identity.authority_pem);
            assert_eq!(class(&smtp.send(&mail("m1"), PLENTY).await), None);
            let [taken] = server.taken().try_into().unwrap();
            assert!(taken.encrypted, "{security:?} {mechanisms}");
            assert_eq!(taken.user.as_deref(), Some(USER.0));
        }
    }
}

#[tokio::test]
async fn without_encryption_nothing_is_said() {
    let identity = Identity::of("localhost");
    let server = SmtpServer::start_with(Encryption::StartTls(identity.clone()), "PLAIN LOGIN").await;
    server.next(&[(At::StartTls, Fault::NotOffered)]);
    let refused =
        encrypted(&server, Security::StartTls, &identity.authority_pem).send(&mail("m1"), PLENTY).await;
    assert_eq!(class(&refused), Some(FailureClass::ConfigAuth));
    assert_eq!(detail(refused), "starting TLS: the server offers no STARTTLS");
    assert_nothing_was_said(&server);
}

#[tokio::test]
async fn to_a_server_that_cannot_prove_its_name_nothing_is_said() {
    let stranger = Identity::of("localhost");
    let wrong_name = Identity::of("mail.example.net");
    for (identity, trusted) in [(&stranger, &wrong_name), (&wrong_name, &wrong_name)] {
        for (encryption, security) in [
            (Encryption::Implicit(identity.clone()), Security::Implicit),
            (Encryption::StartTls(identity.clone()), Security::StartTls),
        ] {
            let server = SmtpServer::start_with(encryption, "PLAIN LOGIN").await;
            let smtp = encrypted(&server, security, &trusted.authority_pem);
            let refused = smtp.send(&mail("m1"), PLENTY).await;
            assert_eq!(class(&refused), Some(FailureClass::ConfigAuth), "{security:?}");
            assert!(detail(refused).ends_with("the server's certificate was refused"));
            assert_nothing_was_said(&server);
        }
    }
}

#[tokio::test]
async fn a_reply_smuggled_in_before_the_handshake_is_not_believed() {
    let identity = Identity::of("localhost");
    let server = SmtpServer::start_with(Encryption::StartTls(identity.clone()), "PLAIN LOGIN").await;
    server.next(&[(At::StartTls, Fault::Says("220 2.0.0 Go on\r\n250-mail.test\r\n250 AUTH PLAIN"))]);
    let smtp = encrypted(&server, Security::StartTls, &identity.authority_pem);
    assert_eq!(class(&smtp.send(&mail("m1"), PLENTY).await), Some(FailureClass::RetrySafe));
    assert_nothing_was_said(&server);
}

#[tokio::test]
async fn nobody_waits_for_a_goodbye() {
    let server = SmtpServer::start().await;
    server.next(&[(At::Quit, Fault::Silent)]);
    let began = Instant::now();
    let smtp = hurried(&server, Deadlines { quit: Duration::from_secs(20), ..Deadlines::default() });
    assert_eq!(class(&smtp.send(&mail("m1"), PLENTY).await), None);
    assert!(began.elapsed() < Duration::from_secs(10));
    assert_eq!(server.taken().len(), 1);
}

#[tokio::test]
async fn a_broken_connection_means_not_sent_until_the_mail_is_out() {
    let server = SmtpServer::start().await;
    let smtp = plain(&server);
    for at in [At::Connect, At::Ehlo, At::Mail, At::Rcpt, At::Data] {
        server.next(&[(at, Fault::HangsUp)]);
        assert_eq!(class(&smtp.send(&mail("m1"), PLENTY).await), Some(FailureClass::RetrySafe), "{at:?}");
    }
    for at in [At::Content, At::Kept] {
        server.next(&[(at, Fault::HangsUp)]);
        assert_eq!(class(&smtp.send(&mail("m1"), PLENTY).await), Some(FailureClass::Ambiguous), "{at:?}");
    }
    assert_eq!(server.taken().len(), 1, "the one it kept before it hung up");
}

#[tokio::test]
async fn a_no_means_the_same_wherever_a_server_says_it() {
    let server = SmtpServer::start().await;
    let smtp = plain(&server);
    for (at, says, expected) in [
        (At::Connect, "421 4.3.2 too busy", FailureClass::RetrySafe),
        (At::Connect, "554 no SMTP here", FailureClass::ConfigAccount),
        (At::Ehlo, "502 5.5.2 what?", FailureClass::ConfigAccount),
        (At::Mail, "553 5.7.1 not your address", FailureClass::ConfigSender),
        (At::Mail, "530 5.7.0 log in first", FailureClass::ConfigAuth),
        (At::Data, "451 4.3.0 try later", FailureClass::RetrySafe),
        (At::Data, "250 2.0.0 certainly", FailureClass::RetrySafe),
        (At::Content, "452 4.3.1 no room", FailureClass::RetrySafe),
        (At::Content, "554 5.7.1 looks like spam", FailureClass::Filtered),
        (At::Content, "354 go on", FailureClass::Ambiguous),
        (At::Content, "so be it", FailureClass::Ambiguous),
    ] {
        server.next(&[(at, Fault::Says(says))]);
        assert_eq!(class(&smtp.send(&mail("m1"), PLENTY).await), Some(expected), "{at:?} {says}");
    }
    assert!(server.taken().is_empty());
}

#[tokio::test]
async fn nothing_leaves_after_its_time() {
    let server = SmtpServer::start().await;
    let smtp = plain(&server);
    assert_eq!(class(&smtp.send(&mail("m1"), Duration::ZERO).await), Some(FailureClass::Expired));
    assert!(server.heard().is_empty(), "nobody even connected");

    server.next(&[(At::Data, Fault::Late(Duration::from_secs(20)))]);
    let cut = smtp.send(&mail("m1"), Duration::from_millis(300)).await;
    assert_eq!(class(&cut), Some(FailureClass::RetrySafe));
    assert!(server.taken().is_empty());
}

#[tokio::test]
async fn where_nobody_listens_a_retry_is_safe() {
    let server = SmtpServer::start().await;
    let smtp = plain(&server);
    let port = server.port;
    drop(server);
    // The port is free once the accepting task has ended.
    while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let refused = smtp.send(&mail("m1"), PLENTY).await;
    assert_eq!(class(&refused), Some(FailureClass::RetrySafe));
    assert!(detail(refused).starts_with("connecting: "));
}

#[tokio::test]
async fn the_server_can_be_tried_without_sending_anything() {
    let identity = Identity::of("localhost");
    let server = SmtpServer::start_with(Encryption::StartTls(identity.clone()), "PLAIN").await;
    let smtp = encrypted(&server, Security::StartTls, &identity.authority_pem);
    assert_eq!(smtp.check().await, Ok(()));
    server.next(&[(At::Auth, Fault::Says("454 4.7.0 the directory is away"))]);
    assert_eq!(
        smtp.check().await,
        Err((FailureClass::RetrySafe, "logging in: 454 4.7.0 the directory is away".to_owned()))
    );
    assert!(!server.heard_any("MAIL"));
}

fn assert_nothing_was_said(server: &SmtpServer) {
    for verb in ["AUTH", "MAIL", "RCPT", "DATA"] {
        assert!(!server.heard_any(verb), "{verb} was heard");
    }
    assert!(server.taken().is_empty());
}
