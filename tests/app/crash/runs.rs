//! Ended at any moment, as power fails: by itself at a place of a message's life, or by `kill -9`; with a mail server and a
//! carrier on bad days, and away for a minute or for longer than a code waits.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use postern::platform::clock::Clock;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::time::sleep;

use super::Scene;
use crate::support::browser::{Browser, Page};
use crate::support::dump::execute;
use crate::support::post::enter;
use crate::support::program::Running;
use crate::support::row::Row;
use crate::support::smtp_server::{self, At};
use crate::support::test_app::{Deeds, PASSWORD};
use crate::support::twilio_server;

/// How often it is ended; `POSTERN_TEST_LONG=1` makes it two hundred times.
const ROUNDS: usize = 10;
/// Where it ends by itself.
const PLACES: [&str; 5] = ["after_commit", "after_claim", "before_io", "after_io", "before_finish"];

/// How it ends.
#[derive(Clone, Copy, Debug)]
enum End {
    /// By itself, at this place of the first message that comes there.
    Place(&'static str),
    /// Killed while the password is on its way, so many milliseconds.
    PasswordInFlight(u64),
    /// Killed when the answer to the password is there.
    PasswordTaken,
    /// Killed when the mail server has been spoken to this far.
    Mail(At),
    /// Killed when the carrier has the request and has not answered.
    Text,
    /// Killed when the message was handed over.
    HandedOver,
    /// Killed while the code is on its way, so many milliseconds.
    CodeInFlight(u64),
}

/// Every choice of a run, made with the same dice under the same seed.
struct Dice(StdRng);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0.next_u64() % sides
    }

    fn index(&mut self, length: usize) -> usize {
        usize::try_from(self.roll(u64::try_from(length).unwrap())).unwrap()
    }

    /// Ten ends: one at each place, and five of the others.
    fn ten_ends(&mut self) -> Vec<End> {
        let mut others = vec![
            End::PasswordInFlight(self.roll(150)),
            End::PasswordTaken,
            End::Mail(At::Connect),
            End::Mail(At::Rcpt),
            End::Mail(At::Data),
            End::Mail(At::Kept),
            End::Text,
            End::HandedOver,
            End::CodeInFlight(self.roll(60)),
        ];
        let mut ends: Vec<_> = PLACES.map(End::Place).into();
        for _ in 0..5 {
            let chosen = self.index(others.len());
            ends.push(others.swap_remove(chosen));
        }
        let mut shuffled = Vec::new();
        while !ends.is_empty() {
            let chosen = self.index(ends.len());
            shuffled.push(ends.swap_remove(chosen));
        }
        shuffled
    }

    fn name(&mut self, end: End) -> &'static str {
        let is_ada = self.roll(2) == 0;
        match end {
            End::Mail(_) => "ada",
            End::Text => "grace",
            End::Place(_)
            | End::PasswordInFlight(_)
            | End::PasswordTaken
            | End::HandedOver
            | End::CodeInFlight(_) => {
                if is_ada {
                    "ada"
                } else {
                    "grace"
                }
            }
        }
    }

    /// A bad day for whoever carries her messages, every other time.
    fn bad_day(&mut self, scene: &Scene, name: &str) {
        let (mail, text) = (self.index(8), self.index(10));
        if name == "ada" {
            let faults = [
                (At::Connect, smtp_server::Fault::HangsUp),
                (At::Rcpt, smtp_server::Fault::Says("451 4.7.1 come back later")),
                (At::Content, smtp_server::Fault::HangsUp),
                (At::Kept, smtp_server::Fault::HangsUp),
            ];
            if let Some(fault) = faults.get(mail) {
                scene.mail.next(&[*fault]);
            }
        } else {
            let busy = r#"{"code":20429,"message":"Too many requests","status":429}"#;
            let faults = [
                twilio_server::Fault::Status(429, busy, &[]),
                twilio_server::Fault::ResetBeforeRead,
                twilio_server::Fault::AcceptThenReset,
                twilio_server::Fault::AcceptThen500,
                twilio_server::Fault::Html502,
            ];
            if let Some(fault) = faults.get(text) {
                scene.carrier.next(fault.clone());
            }
        }
    }
}

impl Scene {
    /// Brings the program to its end in the middle of somebody's login.
    async fn end(&self, running: &mut Running, end: End, browser: &Browser, name: &str) {
        match end {
            End::Place(_) => {
                let known = self.rows().len();
                self.begin_to_log_in(browser, name).await;
                self.ended_or_idle(running, known).await;
            }
            End::PasswordInFlight(millis) => {
                self.begin_to_log_in(browser, name).await;
                sleep(Duration::from_millis(millis)).await;
            }
            End::PasswordTaken => {
                browser.log_in_with(name, PASSWORD).await.expect(303);
            }
            End::Mail(at) => {
                self.mail.next(&[(at, smtp_server::Fault::Held)]);
                let held = self.mail.held();
                browser.log_in_with(name, PASSWORD).await.expect(303);
                self.mail.until("a mail that far", |mail| mail.held() > held).await;
            }
            End::Text => {
                self.carrier.next(twilio_server::Fault::Held);
                let asked = self.carrier.requests().len();
                browser.log_in_with(name, PASSWORD).await.expect(303);
                self.carrier.until("a text that far", |carrier| carrier.requests().len() > asked).await;
            }
            End::HandedOver => {
                browser.log_in_with(name, PASSWORD).await.expect(303);
                self.code().await;
            }
            End::CodeInFlight(millis) => {
                let page = browser.log_in(name).await;
                let code = self.code().await;
                actix_web::rt::spawn(async move { page.form("Log in").fill("code", &code).submit().await });
                sleep(Duration::from_millis(millis)).await;
            }
        }
    }

    /// Waits until the program has ended, or has nothing more to do at which it could.
    async fn ended_or_idle(&self, running: &mut Running, known: usize) {
        for turn in 0..1_000 {
            let rows = self.rows();
            let is_idle = turn > 50 && rows.len() > known && !rows.iter().any(Row::is_open);
            if running.has_ended() || is_idle {
                return;
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// The open messages whose time is over, and how many copies of each are out: there will be no further one.
    fn too_late(&self) -> HashMap<String, usize> {
        let now = Clock::system().now().timestamp_micros();
        let late = self.rows().into_iter().filter(|row| row.is_open() && row.give_up_at <= now);
        late.map(|row| (row.id.clone(), self.copies(&row).len())).collect()
    }

    /// The person goes on where she was, however far that was, and logs in.
    async fn goes_on(&self, browser: &Browser, name: &str) -> Page {
        let mut page = browser.get("/login/code").await.follow_all().await;
        if page.path() == "/login" {
            // Her answer was lost, and with it the ticket: she begins anew, as people do.
            page = browser.log_in(name).await;
        }
        for _ in 0..2 {
            if page.path() != "/login/code" {
                break;
            }
            if self.settled_code().await.state == "handed_over" {
                let code = self.code().await;
                page = enter(page, "Log in", &code).await;
            } else {
                // It came too late, or may have left twice already; what is asked for now is a message of its own.
                page = browser.get("/login/code").await;
                page = page.form("Request another code").submit().await.follow_all().await;
            }
        }
        page
    }

    async fn settled_code(&self) -> Row {
        for _ in 0..1_000 {
            let newest = self.newest_code();
            if !newest.is_open() {
                return newest;
            }
            sleep(Duration::from_millis(20)).await;
        }
        panic!("never settled: {:?}", self.newest_code())
    }

    /// What holds of every message of a round, whatever happened in it.
    fn check(
        &self,
        before: &HashSet<String>,
        seen: &HashSet<String>,
        late: &HashMap<String, usize>,
        at: &str,
    ) {
        let rows: Vec<_> = self.rows().into_iter().filter(|row| !before.contains(&row.id)).collect();
        for id in seen {
            assert!(rows.iter().any(|row| row.id == *id), "{at}: {id} is lost");
        }
        for row in &rows {
            let copies = self.copies(row);
            row.check(&copies, at);
            if let Some(out) = late.get(&row.id) {
                assert_eq!(copies.len(), *out, "{at}: {row:?} was sent after its time");
                assert_eq!(row.handed_over_at, 0, "{at}: {row:?} was handed over after its time");
            }
        }
    }

    /// A day passes, for the limits that count messages.
    fn a_day_passes(&self) {
        execute(self.postern.database(), "UPDATE outbox SET created_at = created_at - 86400000000");
    }

    async fn round(&self, dice: &mut Dice, end: End, mut running: Running, at: &str) -> Running {
        self.a_day_passes();
        let before: HashSet<_> = self.rows().into_iter().map(|row| row.id).collect();
        let new = || self.rows().into_iter().filter(|row| !before.contains(&row.id));
        let (name, browser) = (dice.name(end), self.visitor());
        if let End::Place(place) = end {
            running.kill();
            running = self.that_ends(place).serve().await;
        }
        if matches!(end, End::Place(_) | End::PasswordTaken | End::PasswordInFlight(_)) {
            dice.bad_day(self, name);
        }
        self.end(&mut running, end, &browser, name).await;
        running.kill();
        // What was on its way when it ended arrives all the same, and is not late.
        self.mail.settles().await;
        self.carrier.settles().await;

        let mut seen: HashSet<_> = new().map(|row| row.id).collect();
        let outage = if dice.roll(3) == 0 { 301 + dice.roll(60) } else { 61 + dice.roll(20) };
        self.time_passes(i64::try_from(outage).unwrap());
        let late = self.too_late();
        if dice.roll(2) == 0 && new().any(|row| row.is_open() && !late.contains_key(&row.id)) {
            // It does not even get through the next minute.
            let place = PLACES[1 + dice.index(PLACES.len() - 1)];
            let mut running = self.that_ends(place).start();
            self.ended_or_idle(&mut running, before.len()).await;
            running.kill();
            seen.extend(new().map(|row| row.id));
            execute(
                self.postern.database(),
                "UPDATE outbox SET next_attempt_at = next_attempt_at - 60000000 WHERE state = 'sending'",
            );
        }
        self.mail.behave();
        self.carrier.behave();

        let running = self.postern.serve().await;
        let page = self.goes_on(&browser, name).await;
        let at = format!("{at}, {name}, {end:?}, away for {outage} s");
        assert_eq!(page.path(), "/profile", "{at}: {}", page.describe());
        self.all_is_settled(&at).await;
        self.check(&before, &seen, &late, &at);
        running
    }
}

#[expect(clippy::disallowed_methods, reason = "these variables are the tests' own, not the application's")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// `POSTERN_TEST_SEED` repeats the choices of an earlier run.
#[actix_web::test]
async fn whenever_it_ends_nothing_is_lost_or_late_and_every_copy_carries_the_same_code() {
    let seed = variable("POSTERN_TEST_SEED").map_or_else(rand::random, |seed| seed.parse().unwrap());
    let rounds = if variable("POSTERN_TEST_LONG").as_deref() == Some("1") { 20 * ROUNDS } else { ROUNDS };
    let mut dice = Dice(StdRng::seed_from_u64(seed));
    let (scene, mut running) = Scene::set().await;
    let ends: Vec<_> = (0..rounds / ROUNDS).flat_map(|_| dice.ten_ends()).collect();
    for (number, end) in ends.into_iter().enumerate() {
        let at = format!("POSTERN_TEST_SEED={seed}, round {number}");
        running = scene.round(&mut dice, end, running, &at).await;
    }
}
