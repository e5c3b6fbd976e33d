//! Many codes, every kind of bad day, and two workers.

use std::collections::HashMap;

use chrono::TimeDelta;
use postern::flows::outbox::next_due;
use postern::platform::random::Random;

use crate::support::browser::Browser;
use crate::support::post::{Post, code_in, enter};
use crate::support::production::PUBLIC_URL;
use crate::support::row::Row;
use crate::support::smtp_server::{At, Fault};
use crate::support::test_app::{Deeds, TestApp};
use crate::support::twilio_server;

/// Half get their codes by mail, half by text.
const PEOPLE: usize = 10;
/// How often all of them log in; `POSTERN_TEST_LONG=1` makes it a thousand codes.
const WAVES: usize = 6;

/// A public address, so that the carrier is told each message's name; and as many texts as there are codes.
const SETTINGS: [(&str, &str); 4] = [
    ("POSTERN_MODE", "production"),
    ("POSTERN_SERVER_PUBLIC_URL", PUBLIC_URL),
    ("POSTERN_SMS_PER_HOUR", "1000"),
    ("POSTERN_SMS_PER_DAY", "1000"),
];

struct Dice(Random);

impl Dice {
    fn ten(&self) -> usize {
        usize::from(self.0.bytes::<1>().unwrap()[0]) % 10
    }

    /// Of a hundred connections ten meet each of these faults.
    fn bad_days(&self, post: &Post, how_many: usize) {
        let busy = r#"{"code":20429,"message":"Too many requests","status":429}"#;
        let unknown = r#"{"code":21614,"message":"not a mobile number","status":400}"#;
        for _ in 0..how_many {
            let script: &[_] = match self.ten() {
                0 => &[(At::Connect, Fault::HangsUp)],
                1 => &[(At::Rcpt, Fault::Says("451 4.7.1 come back later"))],
                2 => &[(At::Rcpt, Fault::Says("550 5.1.1 no such user"))],
                3 => &[(At::Content, Fault::HangsUp)],
                4 => &[(At::Kept, Fault::HangsUp)],
                _ => &[],
            };
            post.mail.next(script);
            post.carrier.next(match self.ten() {
                0 => twilio_server::Fault::ResetBeforeRead,
                1 => twilio_server::Fault::Status(429, busy, &[]),
                2 => twilio_server::Fault::Status(400, unknown, &[]),
                3 => twilio_server::Fault::AcceptThenReset,
                4 => twilio_server::Fault::AcceptThen500,
                5 => twilio_server::Fault::Html502,
                6 => twilio_server::Fault::TruncatedJson,
                _ => twilio_server::Fault::Ok,
            });
        }
    }
}

fn name(person: usize) -> String {
    format!("person-{person}")
}

async fn set_up(post: &Post, person: usize) {
    let name = name(person);
    post.app.person(&name).await;
    let home = post.app.browser_from("198.51.100.7");
    home.log_in(&name).await;
    let form = home.get("/profile/two-factor").await.form("Save");
    let form = match person % 2 {
        0 => form.select("method", "email").fill("email", &format!("{name}@example.com")),
        _ => form.select("method", "sms").fill("phone", &format!("(212) 555-01{person:02}")),
    };
    let page = form.submit().await.follow().await;
    post.app.deliver_all().await;
    let code =
        if person.is_multiple_of(2) { post.last_letter().code() } else { code_in(&post.last_text()["Body"]) };
    enter(page, "Save", &code).await;
    post.app.deliver_all().await;
}

/// One moment of both workers, and what left in it.
async fn step(post: &Post, other: &TestApp, before: usize, left_at: &mut HashMap<String, i64>) {
    let (first, second) = tokio::join!(post.app.app.worker.step(), other.app.worker.step());
    assert!(first.is_ok() && second.is_ok());
    let now = post.app.now().timestamp_micros();
    for row in Row::all(&post.app.database).split_off(before) {
        let copies = row.copies(&post.mail, &post.carrier).len();
        let name = format!("{} {copies}", row.id);
        if copies > 0 && !left_at.contains_key(&name) {
            assert!(now < row.give_up_at, "copy {copies} left after its time: {row:?}");
            left_at.insert(name, now);
        }
    }
}

#[actix_web::test]
async fn whatever_happens_every_code_comes_to_an_end_in_time() {
    #[expect(
        clippy::disallowed_methods,
        reason = "these variables are the tests' own, not the application's"
    )]
    let variable = |name| std::env::var(name).ok();
    let seed = variable("POSTERN_TEST_SEED").map_or_else(rand::random, |seed| seed.parse().unwrap());
    let waves = if variable("POSTERN_TEST_LONG").as_deref() == Some("1") { 1_000 / PEOPLE } else { WAVES };
    let dice = Dice(Random::seeded(seed));
    let post = Post::with(&SETTINGS).await;
    for person in 0..PEOPLE {
        set_up(&post, person).await;
    }
    let other = post.app.another().await;
    let mut seen = Row::all(&post.app.database).len();
    for wave in 0..waves {
        let at = format!("POSTERN_TEST_SEED={seed}, wave {wave}");
        post.app.wait(TimeDelta::hours(2));
        dice.bad_days(&post, 3 * PEOPLE);
        for person in 0..PEOPLE {
            let page = browser(&post).log_in(&name(person)).await;
            assert_eq!(page.path(), "/login/code", "{at}: {}", page.describe());
            if dice.ten() == 0 {
                page.form("Use another account").submit().await;
            }
        }
        let mut left_at = HashMap::new();
        step(&post, &other, seen, &mut left_at).await;
        while let Some(due) = next_due(post.app.app.services()).await.unwrap() {
            // What is due and waits all the same, waits for its channel: a worker looks again in a second.
            let (wait, a_second) = (due - post.app.now(), TimeDelta::seconds(1));
            post.app.wait(if wait > TimeDelta::zero() { wait } else { a_second });
            step(&post, &other, seen, &mut left_at).await;
        }
        let rows = Row::all(&post.app.database).split_off(seen);
        assert_eq!(rows.len(), PEOPLE, "{at}: none lost");
        seen += rows.len();
        for row in rows {
            assert!(!row.is_open(), "{at}: {row:?}");
            row.check(&row.copies(&post.mail, &post.carrier), &at);
        }
        post.mail.behave();
        post.carrier.behave();
    }
}

fn browser(post: &Post) -> Browser {
    post.app.browser_from("198.51.100.7")
}
