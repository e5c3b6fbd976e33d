//! One text message, a provider on a bad day, and what is made of it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use postern::delivery::http::HttpDeadlines;
use postern::delivery::message::{Brand, Text, text};
use postern::delivery::sms::SmsGateway;
use postern::delivery::twilio::{Twilio, TwilioAccount, TwilioSender};
use postern::domain::browser::BrowserLabel;
use postern::domain::challenge::Purpose;
use postern::domain::code::{Bound, Code};
use postern::domain::delivery::FailureClass;
use postern::domain::keys::Keys;
use postern::domain::phone::PhoneNumber;
use postern::domain::secret::Secret;
use postern::flows::outbox::{CodeMessage, Content, Outcome};
use url::Url;

use crate::support::post::ways_out;
use crate::support::program::Home;
use crate::support::smtp_server::{Encryption, Identity, SmtpServer};
use crate::support::twilio_server::{ACCOUNT, FROM, Fault, TwilioServer};

const PLENTY: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(300);
const ADA: &str = "+12125550142";

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_535_520, 0).unwrap()
}

fn account(server: &TwilioServer) -> TwilioAccount {
    TwilioAccount {
        account_sid: ACCOUNT.0.to_owned(),
        auth_token: Secret::new(ACCOUNT.1.to_owned()),
        sender: TwilioSender::From(FROM.to_owned()),
        base_url: Url::parse(&server.base_url).unwrap(),
        reports_to: None,
        deadlines: HttpDeadlines::default(),
    }
}

fn twilio(server: &TwilioServer) -> Twilio {
    Twilio::new(account(server)).unwrap()
}

fn hurried(server: &TwilioServer) -> Twilio {
    let deadlines = HttpDeadlines { whole: SHORT, ..HttpDeadlines::default() };
    Twilio::new(TwilioAccount { deadlines, ..account(server) }).unwrap()
}

fn code() -> Code {
    let keys = Keys::derive(&Secret::new(vec![7; 32]), None).unwrap();
    let bound = Bound { challenge: "c", generation: 1, purpose: "login", account: "ada", destination: ADA };
    Code::derive(&keys.code(keys.current_id()).unwrap(), &bound)
}

fn text_to(number: &str, valid_until: DateTime<Utc>) -> Text {
    let message = CodeMessage {
        purpose: Purpose::Login,
        code: code(),
        valid_until,
        requested_at: now(),
        browser: BrowserLabel::stored("Firefox on Windows".to_owned()),
        time_zone: chrono_tz::UTC,
    };
    let brand = Brand::new("Postern", "login.example.com", None);
    let to = PhoneNumber::stored(number).unwrap();
    text("m1", &to, &Content::Code(message), &brand, now()).unwrap()
}

fn fresh() -> Text {
    text_to(ADA, now() + TimeDelta::minutes(10))
}

async fn send(twilio: &Twilio, text: &Text) -> Outcome {
    twilio.send(text, now(), PLENTY).await
}

fn class(outcome: &Outcome) -> FailureClass {
    match outcome {
        Outcome::HandedOver { .. } => panic!("handed over"),
        Outcome::NotHandedOver { class, .. } => *class,
    }
}

fn handed_over(id: Option<&str>) -> Outcome {
    Outcome::HandedOver { provider_id: id.map(ToOwned::to_owned) }
}

#[tokio::test]
async fn a_text_is_taken_under_the_providers_own_name_for_it() {
    let server = TwilioServer::start().await;
    let outcome = send(&twilio(&server), &fresh()).await;
    assert_eq!(outcome, handed_over(Some("SM00000000000000000000000000000001")));
    let [request] = server.requests().try_into().unwrap();
    assert_eq!(request.form["To"], ADA);
    assert_eq!(request.form["From"], FROM);
    assert_eq!(request.form["Body"], fresh().body);
    assert_eq!(request.form["ValidityPeriod"], "570");
    assert_eq!(request.form.len(), 4, "nothing else is told");
    assert_eq!(request.headers["user-agent"], concat!("postern/", env!("CARGO_PKG_VERSION")));
    assert!(!request.path.contains("secret"));
}

#[tokio::test]
async fn a_messaging_service_takes_the_place_of_a_number() {
    let server = TwilioServer::start().await;
    let sender = TwilioSender::MessagingService("MG00000000000000000000000000000001".to_owned());
    let twilio = Twilio::new(TwilioAccount { sender, ..account(&server) }).unwrap();
    assert!(matches!(send(&twilio, &fresh()).await, Outcome::HandedOver { .. }));
    let [taken] = server.taken().try_into().unwrap();
    assert_eq!(taken["MessagingServiceSid"], "MG00000000000000000000000000000001");
    assert!(!taken.contains_key("From"));
}

#[tokio::test]
async fn no_text_can_arrive_after_its_code_has_ended() {
    let server = TwilioServer::start().await;
    for left in [600, 300, 125, 61] {
        send(&twilio(&server), &text_to(ADA, now() + TimeDelta::seconds(left))).await;
        let seconds: i64 = server.requests().last().unwrap().form["ValidityPeriod"].parse().unwrap();
        assert!((30..=left - 30).contains(&seconds), "{seconds} of {left}");
    }
}

#[tokio::test]
async fn too_many_at_once_may_come_back_when_the_provider_says() {
    let server = TwilioServer::start().await;
    let body = r#"{"code":20429,"message":"Too many requests","status":429}"#;
    for (wait, seconds) in [("3", 3), ("600", 600)] {
        let headers: &'static [_] =
            if wait == "3" { &[("Retry-After", "3")] } else { &[("Retry-After", "600")] };
        server.next(Fault::Status(429, body, headers));
        assert_eq!(
            send(&twilio(&server), &fresh()).await,
            Outcome::NotHandedOver {
                class: FailureClass::RetrySafe,
                detail: "429, error 20429: Too many requests".to_owned(),
                retry_after: Some(TimeDelta::seconds(seconds)),
            }
        );
    }
    assert!(server.taken().is_empty());
}

#[tokio::test]
async fn after_a_server_error_nobody_knows_and_both_texts_carry_one_code() {
    let server = TwilioServer::start().await;
    let twilio = twilio(&server);
    server.next(Fault::AcceptThenReset);
    assert_eq!(class(&send(&twilio, &fresh()).await), FailureClass::Ambiguous);
    server.next(Fault::Status(500, r#"{"code":20500,"message":"Internal error","status":500}"#, &[]));
    assert_eq!(class(&send(&twilio, &fresh()).await), FailureClass::Ambiguous);
    assert!(matches!(send(&twilio, &fresh()).await, Outcome::HandedOver { .. }));
    let bodies: Vec<_> = server.taken().iter().map(|form| form["Body"].clone()).collect();
    assert_eq!(bodies.len(), 2);
    assert_eq!(bodies[0], bodies[1]);
    assert_eq!(server.requests().len(), 3, "one request a send, and none repeated behind our back");
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let server = TwilioServer::start().await;
    let twilio = twilio(&server);
    let address = server.base_url.trim_start_matches("http://").trim_end_matches('/').to_owned();
    drop(server);
    while tokio::net::TcpStream::connect(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let refused = send(&twilio, &fresh()).await;
    assert_eq!(class(&refused), FailureClass::RetrySafe);
}

#[tokio::test]
async fn a_connection_that_breaks_without_an_answer_is_ambiguous() {
    let server = TwilioServer::start().await;
    server.next(Fault::ResetBeforeRead);
    assert_eq!(class(&send(&twilio(&server), &fresh()).await), FailureClass::Ambiguous);
    assert!(server.requests().is_empty());
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_ambiguous() {
    let server = TwilioServer::start().await;
    for fault in [Fault::Hang, Fault::Slow(Duration::from_secs(20))] {
        server.next(fault);
        assert_eq!(class(&send(&hurried(&server), &fresh()).await), FailureClass::Ambiguous);
    }
}

#[tokio::test]
async fn nothing_leaves_after_its_time() {
    let server = TwilioServer::start().await;
    let twilio = twilio(&server);
    assert_eq!(class(&twilio.send(&fresh(), now(), Duration::ZERO).await), FailureClass::Expired);
    assert!(server.requests().is_empty());
    server.next(Fault::Hang);
    assert_eq!(class(&twilio.send(&fresh(), now(), SHORT).await), FailureClass::Ambiguous);
}

#[tokio::test]
async fn taken_is_taken_whatever_becomes_of_the_answer() {
    let server = TwilioServer::start().await;
    let garbage = "\u{0}\u{1b}[2J\u{fffd}{\"sid\": [";
    for fault in [
        Fault::TruncatedJson,
        Fault::HugeBody,
        Fault::Status(202, "<html>fine</html>", &[]),
        Fault::Status(201, garbage, &[]),
        Fault::Status(201, "", &[]),
    ] {
        server.next(fault.clone());
        assert_eq!(send(&twilio(&server), &fresh()).await, handed_over(None), "{fault:?}");
    }
    assert!(server.poured() < 32 << 20, "{} of 64 MiB were read", server.poured());
    server.next(Fault::Drip(Duration::from_millis(50)));
    assert_eq!(send(&hurried(&server), &fresh()).await, handed_over(None));
    assert_eq!(server.taken().len(), 6);
}

#[tokio::test]
async fn no_redirect_is_followed() {
    let server = TwilioServer::start().await;
    server.next(Fault::Redirect307);
    assert_eq!(class(&send(&twilio(&server), &fresh()).await), FailureClass::Bug);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_gateways_page_tells_the_operator_nothing_about_the_person() {
    let server = TwilioServer::start().await;
    server.next(Fault::Html502);
    assert_eq!(
        send(&twilio(&server), &fresh()).await,
        Outcome::NotHandedOver {
            class: FailureClass::Ambiguous,
            detail: "502".to_owned(),
            retry_after: None
        }
    );
}

#[tokio::test]
async fn each_refusal_has_its_class_and_names_nobody() {
    let server = TwilioServer::start().await;
    for (number, expected) in [
        ("+15005550001", FailureClass::BadRecipient),
        ("+15005550002", FailureClass::BadRecipient),
        ("+15005550003", FailureClass::RegionBlocked),
        ("+15005550004", FailureClass::OptedOut),
        ("+15005550009", FailureClass::BadRecipient),
    ] {
        let refused = send(&twilio(&server), &text_to(number, now() + TimeDelta::minutes(10))).await;
        assert_eq!(class(&refused), expected, "{number}");
        let Outcome::NotHandedOver { detail, .. } = refused else { panic!("handed over") };
        assert!(detail.contains("number +… "), "{detail}");
    }
    for (from, expected) in [
        ("+15005550001", FailureClass::ConfigSender),
        ("+15005550007", FailureClass::ConfigSender),
        ("+15005550008", FailureClass::RetrySafe),
    ] {
        let sender = TwilioSender::From(from.to_owned());
        let twilio = Twilio::new(TwilioAccount { sender, ..account(&server) }).unwrap();
        assert_eq!(class(&send(&twilio, &fresh()).await), expected, "{from}");
    }
}

#[tokio::test]
async fn a_wrong_token_is_the_operators_business() {
    let server = TwilioServer::start().await;
    let auth_token = Secret::new("wrong".to_owned());
    let twilio = Twilio::new(TwilioAccount { auth_token, ..account(&server) }).unwrap();
    let refused = send(&twilio, &fresh()).await;
    assert_eq!(class(&refused), FailureClass::ConfigAuth);
}

#[tokio::test]
async fn to_a_provider_that_cannot_prove_its_name_nothing_is_said() {
    let stranger = SmtpServer::start_with(Encryption::Implicit(Identity::of("localhost")), "").await;
    let server = TwilioServer::start().await;
    let base_url = Url::parse(&format!("https://localhost:{}/", stranger.port)).unwrap();
    let twilio = Twilio::new(TwilioAccount { base_url, ..account(&server) }).unwrap();
    assert_eq!(class(&send(&twilio, &fresh()).await), FailureClass::ConfigAuth);
    assert!(stranger.heard().iter().all(Vec::is_empty));
}

/// The program is told whom to trust by the system's own variable, which only a process of its own can have.
#[tokio::test]
async fn to_a_provider_with_another_hosts_certificate_nothing_is_said() {
    let (mail, server) = (SmtpServer::start().await, TwilioServer::start().await);
    for (host, texts) in [("sms.example.net", 0), ("localhost", 1)] {
        let identity = Identity::of(host);
        let home = Home::new().with(&ways_out(&mail, &server));
        std::fs::write(home.file("authority.pem"), &identity.authority_pem).unwrap();
        let authority = home.file("authority.pem").display().to_string();
        let base_url = server.behind(&identity).await;
        let home = home.with(&[("SSL_CERT_FILE", &authority), ("POSTERN_SMS_TWILIO_BASE_URL", &base_url)]);
        home.migrate().await;
        let ran = home.run(&["doctor", "--send-sms", ADA]).await;
        assert_eq!((server.requests().len(), server.taken().len()), (texts, texts), "{host}: {ran:#?}");
        assert_eq!(ran.out.contains("config_auth"), texts == 0, "{host}: {ran:#?}");
    }
}

#[tokio::test]
async fn an_error_code_may_be_a_number_a_string_or_nothing() {
    let server = TwilioServer::start().await;
    for body in [r#"{"code":21610}"#, r#"{"code":"21610"}"#, r#"{"code":null,"error_code":"21610"}"#] {
        server.next(Fault::Status(400, body, &[]));
        assert_eq!(class(&send(&twilio(&server), &fresh()).await), FailureClass::OptedOut, "{body}");
    }
    server.next(Fault::Status(400, r#"{"code":null}"#, &[]));
    assert_eq!(class(&send(&twilio(&server), &fresh()).await), FailureClass::Bug);
}

#[tokio::test]
async fn a_provider_that_cannot_be_used_turns_texts_off_and_nothing_else() {
    let server = TwilioServer::start().await;
    let base_url = Url::parse("http://sms.example.com/").unwrap();
    let gateway = SmsGateway::twilio(TwilioAccount { base_url, ..account(&server) });
    assert!(!gateway.is_on());
    let refused = gateway.send(&fresh(), now(), PLENTY).await;
    assert_eq!(class(&refused), FailureClass::ConfigAccount);
    assert!(SmsGateway::twilio(account(&server)).is_on());
}
