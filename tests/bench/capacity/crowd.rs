//! Many at once: two hundred at the door, sixty-four beside people who only read, two thousand one after the other, and
//! ten thousand that write.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::load::{Answers, Line, Requests, get, post, send};
use crate::measures::{Scene, as_f64, millis};
use crate::report::{Bound, Report};

/// How many people log in at the same moment.
const AT_ONCE: usize = 200;
/// The slowest answer that is an answer, in seconds.
const PATIENCE: f64 = 3.0;
/// How many logins the memory has to survive.
const MANY: usize = 2_000;
/// How many log in while others read.
const BESIDE: usize = 64;
const WRITES: usize = 10_000;
const WRITERS: usize = 16;
/// Nobody waits as long as the answer asks for: then the queue would stand empty meanwhile, and nothing would be measured but
/// patience.
const MOMENT: Duration = Duration::from_millis(400);

struct Visit {
    slowest: Duration,
    tries: u32,
    was_strange: bool,
}

impl Scene<'_> {
    /// Everybody presses *Log in* at once; who is told to come back does so, until all are in.
    pub async fn rush(&self, report: &mut Report) {
        let names: Vec<_> = self.town.without.iter().take(AT_ONCE).map(String::as_str).collect();
        let forms = self.logins(&names).await;
        let is_over = Arc::new(AtomicBool::new(false));
        let health = tokio::spawn(slowest_health(self.server.address.clone(), is_over.clone()));
        let mut people = JoinSet::new();
        for form in forms {
            people.spawn(log_in_impatiently(self.server.address.clone(), form));
        }
        let visits = people.join_all().await;
        is_over.store(true, Ordering::Relaxed);
        let health = health.await.unwrap();

        let slowest = visits.iter().map(|visit| visit.slowest.as_secs_f64()).fold(0.0, f64::max);
        let strange = as_f64(visits.iter().filter(|visit| visit.was_strange).count());
        let at_once = as_f64(visits.iter().filter(|visit| visit.tries == 1).count());
        let place = self.place;
        report.row(place, "G13", "200 logins at once: slowest answer, s", slowest, Bound::AtMost(PATIENCE));
        report.row(place, "G13", "… neither a session nor 503 with Retry-After", strange, Bound::AtMost(0.0));
        report.row(place, "", "… in at the first try", at_once, Bound::Told);
        let health = health.as_secs_f64();
        report.row(place, "G13", "… slowest /healthz meanwhile, s", health, Bound::AtMost(0.5));
    }

    /// People who read, alone and beside sixty-four who log in. The most memory that this takes, too.
    pub async fn readers_beside_logins(&self, report: &mut Report, idle: f64) {
        let people = self.town.people(1_000).await;
        let profiles = people.iter().map(|carried| get(&self.server.address, "/profile", &carried.cookie));
        let profiles: Requests = Arc::new(profiles.collect());
        let alone = send(&self.server.address, &profiles, 2, 10_000).await;
        let names: Vec<_> = self.town.without.iter().skip(AT_ONCE).map(String::as_str).collect();
        let forms: Requests = Arc::new(self.logins(&names[..100]).await);
        self.server.process().forget_peak();
        let address = self.server.address.clone();
        let logins = tokio::spawn(async move { send(&address, &forms, BESIDE, 4 * BESIDE).await });
        let mut beside = Answers::default();
        let began = Instant::now();
        while !logins.is_finished() {
            let some = send(&self.server.address, &profiles, 2, 200).await;
            assert_eq!(some.other_than(200), 0, "{:?}", some.statuses);
            beside.times.extend(some.times);
        }
        beside.took = began.elapsed();
        beside.times.sort_unstable();
        let logins = logins.await.unwrap();
        let strange = logins.statuses.keys().filter(|status| !matches!(status, 303 | 503)).count();
        let place = self.place;
        report.row(
            place,
            "G12",
            "64 logins at once: readers, against alone",
            beside.rate() / alone.rate(),
            Bound::Told,
        );
        report.row(place, "G12", "… 99 % of their pages within, ms", millis(beside.within(99)), Bound::Told);
        report.row(place, "G12", "… answers to a login but 303 and 503", as_f64(strange), Bound::AtMost(0.0));
        let cores = as_f64(std::thread::available_parallelism().unwrap().get());
        let most = idle + cores * 19.0 + 12.0;
        report.row(
            place,
            "G8",
            "… most memory, MiB",
            self.server.process().peak_memory(),
            Bound::AtMost(most),
        );
    }

    /// Two thousand logins, four at a time, after the first have filled caches and hashing areas.
    pub async fn endurance(&self, report: &mut Report, idle: f64) {
        let names: Vec<_> = self.town.without.iter().take(200).map(String::as_str).collect();
        let forms: Requests = Arc::new(self.logins(&names).await);
        send(&self.server.address, &forms, 4, BESIDE).await;
        let before = self.server.settled_memory().await;
        let answers = send(&self.server.address, &forms, 4, MANY).await;
        assert_eq!(answers.other_than(303), 0, "{:?}", answers.statuses);
        let after = self.server.settled_memory().await;
        let place = self.place;
        report.row(place, "G9", "memory grown by 2,000 logins, MiB", after - before, Bound::AtMost(4.0));
        let cores = as_f64(std::thread::available_parallelism().unwrap().get());
        let kept = idle.max(24.0) + cores * 19.0;
        report.row(
            place,
            "G7",
            "memory at rest after logins (kept areas: 19 a core), MiB",
            after,
            Bound::AtMost(kept),
        );
    }

    /// Profiles that are saved, codes that are asked for and taken back, and passwords that are wrong, all mixed.
    pub async fn writes(&self, report: &mut Report) {
        let people = self.town.people(200).await;
        let host = &self.server.address;
        let mut requests = Vec::new();
        for (n, carried) in people.iter().enumerate() {
            let (cookie, token) = (carried.cookie.as_str(), ("form_token", carried.form_token.as_str()));
            let name = format!("Writer {n}");
            let saved = [token, ("display_name", name.as_str()), ("time_zone", "Europe/Berlin")];
            requests.push(post(host, "/profile", cookie, &saved));
            requests.push(post(host, "/profile/two-factor/cancel", cookie, &[token]));
            requests.push(post(host, "/profile/sessions/end-others", cookie, &[token]));
            let saved = [token, ("display_name", name.as_str()), ("time_zone", "America/Toronto")];
            requests.push(post(host, "/profile", cookie, &saved));
        }
        let answers = send(host, &Arc::new(requests), WRITERS, WRITES).await;
        let strange = as_f64(answers.other_than(303));
        let name = "10,000 writes of 16 at once: answers but 303";
        report.row(self.place, "G16", name, strange, Bound::AtMost(0.0));
        report.row(self.place, "", "… a second", answers.rate(), Bound::Told);
    }
}

/// Presses *Log in*, and again a moment after each 503.
async fn log_in_impatiently(address: String, form: Vec<u8>) -> Visit {
    let mut line = Line::to(&address);
    let mut visit = Visit { slowest: Duration::ZERO, tries: 0, was_strange: false };
    loop {
        let began = Instant::now();
        let status = line.ask(&form).await;
        visit.slowest = visit.slowest.max(began.elapsed());
        visit.tries += 1;
        let head = String::from_utf8_lossy(line.answer()).to_ascii_lowercase();
        match (status, head.contains("\r\nretry-after:")) {
            (303, _) => return visit,
            (503, true) => sleep(MOMENT).await,
            _ => {
                visit.was_strange = true;
                return visit;
            }
        }
    }
}

/// Asks for `/healthz` every 20 ms until it is over.
async fn slowest_health(address: String, is_over: Arc<AtomicBool>) -> Duration {
    let (mut line, mut slowest) = (Line::to(&address), Duration::ZERO);
    let question = get(&address, "/healthz", "");
    while !is_over.load(Ordering::Relaxed) {
        let began = Instant::now();
        assert_eq!(line.ask(&question).await, 200);
        slowest = slowest.max(began.elapsed());
        sleep(Duration::from_millis(20)).await;
    }
    slowest
}
