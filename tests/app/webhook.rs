//! Texts by webhook: a bridge of the operator's own takes them, as signed JSON.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};

use chrono::TimeDelta;
use serde_json::Value;

use crate::support::browser::{Browser, Page};
use crate::support::codes::Reading;
use crate::support::post::{ADAS_PHONE, code_in, enter};
use crate::support::sink::Sink;
use crate::support::test_app::{Deeds, TestApp};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

async fn with_bridge(url: &str) -> TestApp {
    TestApp::with(&[
        ("POSTERN_SMS_PROVIDER", "webhook"),
        ("POSTERN_SMS_WEBHOOK_URL", url),
        ("POSTERN_SMS_WEBHOOK_SECRET", SECRET),
    ])
    .await
}

async fn ada(app: &TestApp) -> Browser {
    app.person("ada").await;
    let home = app.browser();
    home.log_in("ada").await;
    home
}

/// Ada, who has just asked for codes by SMS.
async fn sets_up(home: &Browser) -> Page {
    let form = home.get("/profile/two-factor").await.form("Save").select("method", "sms");
    form.fill("phone", ADAS_PHONE.0).submit().await.follow().await
}

fn data(body: &str) -> Value {
    serde_json::from_str::<Value>(body).unwrap()["data"].clone()
}

#[actix_web::test]
async fn a_code_goes_through_the_bridge_and_works() {
    let bridge = Sink::start().await;
    let app = with_bridge(&bridge.url).await;
    let page = sets_up(&ada(&app).await).await;
    app.deliver_all().await;
    let [posted] = bridge.posted().try_into().unwrap();
    let event: Value = serde_json::from_str(&posted.body).unwrap();
    assert_eq!((&event["type"], &event["data"]["to"]), (&"sms.send".into(), &ADAS_PHONE.1.into()));
    assert_eq!(event["data"]["id"], *posted.headers["webhook-id"]);
    assert!(posted.headers["webhook-signature"].starts_with("v1,"));
    let ends = event["data"]["expires_at"].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>();
    assert_eq!(ends.unwrap(), app.now() + TimeDelta::minutes(10));
    let code = code_in(event["data"]["text"].as_str().unwrap());
    enter(page, "Save", &code).await.says("Two Factor Authentication is on");
}

#[actix_web::test]
async fn a_repetition_carries_the_same_name_and_the_same_text_and_taken_before_is_taken() {
    let bridge = Sink::start().await;
    let app = with_bridge(&bridge.url).await;
    let home = ada(&app).await;
    bridge.next(429, "");
    bridge.next(500, "");
    bridge.next(409, "");
    sets_up(&home).await;
    for _ in 0..20 {
        app.deliver_all().await;
        app.wait(TimeDelta::seconds(1));
    }
    let posted = bridge.posted();
    assert_eq!(posted.len(), 3);
    assert!(posted.iter().all(|one| one.headers["webhook-id"] == posted[0].headers["webhook-id"]));
    assert!(posted.iter().all(|one| data(&one.body) == data(&posted[0].body)));
    home.get("/profile/two-factor").await.says("went to the carrier");
}

#[actix_web::test]
async fn what_the_bridge_says_of_a_number_is_told_to_whoever_typed_it() {
    for (reason, words) in [
        (r#"{"reason":"opted_out"}"#, "because STOP was sent from it"),
        (r#"{"reason":"bad_recipient"}"#, "were refused"),
        ("<html>no</html>", "We could not send the code"),
    ] {
        let bridge = Sink::start().await;
        let app = with_bridge(&bridge.url).await;
        let home = ada(&app).await;
        bridge.next(422, reason);
        sets_up(&home).await;
        app.deliver_all().await;
        home.get("/profile/two-factor").await.says(words);
        assert_eq!(bridge.posted().len(), 1, "{reason}");
    }
}

/// The bridge of docs/, which knows nothing of this program but what the document says.
struct Example(Child, String);

impl Example {
    /// `None`, and a line on stderr, where there is no Python and need not be.
    fn start(carrier: &Sink) -> Option<Self> {
        let mut command = Command::new("python3");
        let command = command.args(["-c", include_str!("../../docs/bridge.py"), "0"]);
        let command = command.env("BRIDGE_SECRET", SECRET).env("CARRIER_URL", &carrier.url);
        let Ok(mut child) = command.stdout(Stdio::piped()).spawn() else {
            writeln!(std::io::stderr(), "left out: the bridge of docs/, because there is no python3")
                .unwrap();
            return None;
        };
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        Some(Self(child, format!("http://127.0.0.1:{}/", port.trim())))
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The example looks at the time of a request, by a clock that no test moves.
#[expect(clippy::disallowed_methods, reason = "it is another program's time")]
fn as_late_as_it_is(app: &TestApp) {
    app.wait(chrono::Utc::now() - app.now());
}

#[actix_web::test]
async fn the_bridge_of_the_documentation_takes_what_we_sign_and_nothing_else() {
    let carrier = Sink::start().await;
    let Some(example) = Example::start(&carrier) else { return };
    let app = with_bridge(&example.1).await;
    as_late_as_it_is(&app);
    let home = ada(&app).await;
    let page = sets_up(&home).await;
    app.deliver_all().await;
    let [posted] = carrier.posted().try_into().unwrap();
    let text = serde_json::from_str::<Value>(&posted.body).unwrap();
    enter(page, "Save", &code_in(text["text"].as_str().unwrap()))
        .await
        .says("Two Factor Authentication is on");

    let stranger = TestApp::with(&[
        ("POSTERN_SMS_PROVIDER", "webhook"),
        ("POSTERN_SMS_WEBHOOK_URL", &example.1),
        ("POSTERN_SMS_WEBHOOK_SECRET", "whsec_YW5vdGhlciBzZWNyZXQgb2Ygc29tZWJvZHkgZWxzZQ=="),
    ])
    .await;
    as_late_as_it_is(&stranger);
    sets_up(&ada(&stranger).await).await;
    stranger.deliver_all().await;
    assert_eq!(carrier.posted().len(), 1);
}
