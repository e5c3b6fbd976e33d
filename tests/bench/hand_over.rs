//! How long a code takes to leave: from pressing *Save* or *Log in* to the moment the mail server or the carrier has the
//! message, with both on this machine and nothing wrong. The release binary runs; everybody acts one after the other.
//!
//! `cargo bench --bench hand_over` prints a table and ends by itself within two minutes. A login costs a password's hash on
//! purpose; what one costs is printed beside it.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark, not the program"
)]

#[path = "../app/support/mod.rs"]
#[expect(
    dead_code,
    unused_imports,
    clippy::explicit_write,
    reason = "what starts the program is shared with tests/app; the rest of it is for there"
)]
mod support;

use std::time::{Duration, Instant};

use postern::domain::password::{Area, Cost, PasswordInput, hash};
use postern::domain::secret::Secret;
use support::browser::Form;
use support::program::{Home, Running};
use support::smtp_server::SmtpServer;
use support::test_app::{Deeds, PASSWORD};
use support::twilio_server::{ACCOUNT, FROM, TwilioServer};

/// How many people; each turns two-factor authentication on and logs in once, on each channel.
const PEOPLE: usize = 60;
/// The 95th percentile stays below this.
const BOUND: Duration = Duration::from_millis(100);

#[actix_web::main]
async fn main() {
    // `cargo test --benches` starts every benchmark with this flag, to see that it starts.
    if std::env::args().any(|argument| argument == "--test") {
        return;
    }
    postern::delivery::tls::choose_provider();
    let outside = Outside { mail: SmtpServer::start().await, carrier: TwilioServer::start().await };
    let home = outside.home().await;
    let running = home.serve().await;

    let mut measured: [(&str, Vec<Duration>); 4] =
        ["Save, by mail", "Log in, by mail", "Save, by text", "Log in, by text"]
            .map(|name| (name, Vec::new()));
    for n in 0..PEOPLE {
        for (channel, offset) in [(Channel::Mail, 0), (Channel::Text, 2)] {
            let (save, log_in) = outside.one_person(&home, &running, channel, n).await;
            measured[offset].1.push(save);
            measured[offset + 1].1.push(log_in);
        }
    }

    println!("one password hash: {:.1} ms", millis(one_hash()));
    let mut is_met = true;
    for (name, times) in &mut measured {
        times.sort_unstable();
        let (middle, high) = (times[times.len() / 2], times[times.len() * 95 / 100]);
        is_met &= high < BOUND;
        let verdict = if high < BOUND { "PASS" } else { "FAIL" };
        println!(
            "{verdict} {name:<16} median {:>6.1} ms   95 % {:>6.1} ms   longest {:>6.1} ms   bound {} ms",
            millis(middle),
            millis(high),
            millis(times[times.len() - 1]),
            BOUND.as_millis()
        );
    }
    assert!(is_met, "not every goal is met");
}

#[derive(Clone, Copy)]
enum Channel {
    Mail,
    Text,
}

/// What stands outside: a mail server and a carrier.
struct Outside {
    mail: SmtpServer,
    carrier: TwilioServer,
}

impl Outside {
    /// A place to run in, that sends to both.
    async fn home(&self) -> Home {
        Home::ready().await.with(&[
            ("POSTERN_MAIL_URL", format!("smtp://127.0.0.1:{}", self.mail.port)),
            ("POSTERN_SMS_PROVIDER", "twilio".to_owned()),
            ("POSTERN_SMS_TWILIO_ACCOUNT_SID", ACCOUNT.0.to_owned()),
            ("POSTERN_SMS_TWILIO_AUTH_TOKEN", ACCOUNT.1.to_owned()),
            ("POSTERN_SMS_TWILIO_FROM", FROM.to_owned()),
            ("POSTERN_SMS_TWILIO_BASE_URL", self.carrier.base_url.clone()),
            ("POSTERN_SMS_PER_HOUR", "1000".to_owned()),
        ])
    }

    /// Somebody turns two-factor authentication on, and logs in on another computer. Answers how long each code took.
    async fn one_person(
        &self,
        home: &Home,
        running: &Running,
        channel: Channel,
        n: usize,
    ) -> (Duration, Duration) {
        let name = match channel {
            Channel::Mail => format!("mailed-{n}"),
            Channel::Text => format!("texted-{n}"),
        };
        home.person(&name).await;
        let browser = running.browser();
        browser.log_in(&name).await;
        let form = browser.get("/profile/two-factor").await.form("Save");
        let form = match channel {
            Channel::Mail => form.select("method", "email").fill("email", &format!("{name}@example.com")),
            Channel::Text => form.select("method", "sms").fill("phone", &format!("(212) 555-01{n:02}")),
        };
        let save = self.timed(channel, form).await;
        let page = browser.get("/profile/two-factor").await;
        let code = self.newest_code(channel);
        let told = self.taken(Channel::Mail);
        page.form("Save").fill("code", &code).submit().await.expect(303);
        // The notice of it is no code: what comes next is measured once it has gone.
        self.mail.until("a notice", |mail| mail.taken().len() > told).await;

        let form = running.browser().get("/login").await.form("Log in");
        let form = form.fill("username", &name).fill("password", PASSWORD);
        (save, self.timed(channel, form).await)
    }

    /// Presses the button, and waits until a message is there.
    async fn timed(&self, channel: Channel, form: Form) -> Duration {
        let before = self.taken(channel);
        let began = Instant::now();
        let handed_over = async {
            match channel {
                Channel::Mail => self.mail.until("a mail", |mail| mail.taken().len() > before).await,
                Channel::Text => self.carrier.until("a text", |to| to.taken().len() > before).await,
            }
            began.elapsed()
        };
        let (took, answer) = tokio::join!(handed_over, form.submit());
        answer.expect(303);
        took
    }

    fn taken(&self, channel: Channel) -> usize {
        match channel {
            Channel::Mail => self.mail.taken().len(),
            Channel::Text => self.carrier.taken().len(),
        }
    }

    fn newest_code(&self, channel: Channel) -> String {
        let text = match channel {
            Channel::Mail => self.mail.taken().pop().unwrap().raw,
            Channel::Text => self.carrier.taken().pop().unwrap()["Body"].clone(),
        };
        let words = text.split(|c: char| !c.is_ascii_digit());
        words.into_iter().find(|word| word.len() == 6).expect("a code").to_owned()
    }
}

fn one_hash() -> Duration {
    let mut area = Area::for_cost(Cost::POLICY);
    let input = PasswordInput::from_typed(Secret::new(PASSWORD.to_owned()));
    let took = (0..9).map(|_| {
        let began = Instant::now();
        hash(&input, &Cost::POLICY, &[7; 16], &mut area).unwrap();
        began.elapsed()
    });
    took.min().unwrap()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
