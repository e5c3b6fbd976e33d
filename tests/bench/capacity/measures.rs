//! What is measured on one installation. Each figure that is held against a floor is taken in the same rounds as the floor.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{JoinSet, LocalSet};

use crate::PASSWORD;
use crate::floors::{Floors, HashFloor, hashing};
use crate::load::{Answers, Requests, get, post, send};
use crate::process::Process;
use crate::report::{Bound, Figure, Report};
use crate::server::Server;
use crate::support::browser::Browser;
use crate::support::letter::Letter;
use crate::support::smtp_server::SmtpServer;
use crate::town::{Carried, Town};

const ROUNDS: usize = 3;
/// Connections over which pages are asked for.
const READERS: usize = 8;
/// So many pages make a second or so.
const PAGES: usize = 20_000;
/// Passwords that are checked in a round, and over how many connections.
const LOGINS: usize = 150;
const LOGIN_LINES: usize = 16;
const JOURNEYS: usize = 60;
const JOURNEYS_AT_ONCE: usize = 4;

/// An installation that is being served, and where its figures go.
pub struct Scene<'a> {
    pub town: &'a Town,
    pub server: &'a Server,
    pub mail: &'a Rc<SmtpServer>,
    pub place: &'a str,
}

/// What later sizes are held against.
#[derive(Clone, Copy)]
pub struct Baseline {
    pub check: f64,
    pub login: f64,
    pub slow_check: f64,
    pub memory: f64,
}

/// A page without a session and a page with one, against a bare answer and against one read.
pub struct Pages {
    pub bare: Figure,
    pub one_read: Option<Figure>,
    pub login: Figure,
    pub profile: Figure,
    pub wall: Figure,
    pub slow_check: f64,
}

impl Scene<'_> {
    /// Processor time of the pages, in microseconds.
    pub async fn pages(&self) -> Pages {
        let (floors, has_rows) = (Floors::start(self.town.file.as_deref()), self.town.file.is_some());
        let hello: Requests = Arc::new(vec![get(&floors.address, "/hello", "")]);
        let tokens = self.town.logged_in.iter();
        let rows = tokens.map(|token| get(&floors.address, &format!("/row/{}", token.expose()), ""));
        let rows: Requests = Arc::new(rows.collect());
        let login = vec![get(&self.server.address, "/login", &self.town.guest().await.cookie)];
        let (login, profile): (Requests, Requests) = (Arc::new(login), Arc::new(self.profiles().await));

        let (mut bare, mut one_read, mut page, mut check) = (vec![], vec![], vec![], vec![]);
        let mut wall = vec![];
        for _ in 0..ROUNDS {
            let (cost, answers) = cost(floors.process(), &floors.address, &hello, 2 * PAGES).await;
            let bare_rate = answers.rate();
            bare.push(cost);
            page.push(self.cost(&login, PAGES).await.0);
            if has_rows {
                one_read.push(self::cost(floors.process(), &floors.address, &rows, PAGES).await.0);
            }
            let (cost, answers) = self.cost(&profile, PAGES).await;
            check.push(cost);
            wall.push(answers.rate() / bare_rate);
        }
        let slow = send(&self.server.address, &profile, 2, PAGES / 2).await;
        Pages {
            bare: Figure::of(bare),
            one_read: has_rows.then(|| Figure::of(one_read)),
            login: Figure::of(page),
            profile: Figure::of(check),
            wall: Figure::of(wall),
            slow_check: slow.within(99).as_secs_f64() * 1_000.0,
        }
    }

    async fn profiles(&self) -> Vec<Vec<u8>> {
        let people = self.town.people(self.town.logged_in.len()).await;
        people.iter().map(|carried| get(&self.server.address, "/profile", &carried.cookie)).collect()
    }

    async fn cost(&self, requests: &Requests, times: usize) -> (f64, Answers) {
        let (cost, answers) = cost(self.server.process(), &self.server.address, requests, times).await;
        assert_eq!(answers.other_than(200), 0, "{:?}", answers.statuses);
        (cost, answers)
    }

    /// Passwords of accounts that get a code: processor time of one over that of a hash, and how many a second over hashes a
    /// second. Whatever follows from it (rows, the mail with the code) is in it.
    pub async fn password_steps(&self) -> (Figure, Figure, HashFloor) {
        let names: Vec<_> = self.town.with_codes.iter().map(|(name, _)| name.as_str()).collect();
        let requests: Requests = Arc::new(self.logins(&names[..LOGINS]).await);
        let (mut costs, mut rates) = (vec![], vec![]);
        let mut before = hashing();
        for _ in 0..ROUNDS {
            let sent = self.mail.taken().len();
            let began = self.server.process().time();
            let answers = send(&self.server.address, &requests, LOGIN_LINES, LOGINS).await;
            self.mail.until("a mail for each", |mail| mail.taken().len() >= sent + LOGINS).await;
            let spent = (self.server.process().time() - began).as_secs_f64() * 1_000.0;
            assert_eq!(answers.other_than(303), 0, "{:?}", answers.statuses);
            let after = hashing();
            let floor = f64::midpoint(before.cost, after.cost);
            costs.push(spent / as_f64(LOGINS) / floor);
            rates.push(answers.rate() / f64::midpoint(before.rate, after.rate));
            before = after;
        }
        (Figure::of(costs), Figure::of(rates), before)
    }

    /// Forms that log these accounts in.
    pub async fn logins(&self, names: &[&str]) -> Vec<Vec<u8>> {
        let Carried { cookie, form_token } = self.town.guest().await;
        let form = |name: &&str| {
            let fields = [("form_token", form_token.as_str()), ("username", name), ("password", PASSWORD)];
            post(&self.server.address, "/login", &cookie, &fields)
        };
        names.iter().map(form).collect()
    }

    /// From the login page over the code that came by mail to the profile: processor time over that of a hash.
    pub async fn journeys(&self, floor: &HashFloor) -> Figure {
        let people = self.town.with_codes.iter().rev().take(JOURNEYS);
        let before = self.server.process().time();
        let mut under_way = JoinSet::new();
        let local = LocalSet::new();
        local
            .run_until(async {
                for (name, email) in people {
                    if under_way.len() >= JOURNEYS_AT_ONCE {
                        under_way.join_next().await.unwrap().unwrap();
                    }
                    let browser = Browser::new(&self.server.base());
                    let (mail, name, email) = (self.mail.clone(), name.clone(), email.clone());
                    under_way.spawn_local(async move { journey(&browser, &mail, &name, &email).await });
                }
                under_way.join_all().await;
            })
            .await;
        let spent = (self.server.process().time() - before).as_secs_f64() * 1_000.0;
        Figure::from(spent / as_f64(JOURNEYS) / floor.cost)
    }

    /// The rows of a size that are held against the smallest one.
    pub fn hold_against(&self, report: &mut Report, first: Baseline, now: Baseline) {
        let place = self.place;
        let most = Bound::AtMost;
        report.row(
            place,
            "G11",
            "a page with a session, against 1,000 accounts",
            now.check / first.check,
            most(1.6),
        );
        report.row(place, "G11", "a password, against 1,000 accounts", now.login / first.login, most(1.03));
        let slow = now.slow_check / first.slow_check;
        report.row(place, "G11", "its slowest in a hundred at half load, likewise", slow, Bound::Told);
        let more = now.memory - first.memory;
        report.row(place, "G11", "memory at rest, MiB more than with 1,000 accounts", more, most(10.0));
    }
}

async fn journey(browser: &Browser, mail: &SmtpServer, name: &str, email: &str) {
    // An installation before this one had people of the same addresses.
    let before = mail.taken().len();
    let form = browser.get("/login").await.form("Log in");
    let page = form.fill("username", name).fill("password", PASSWORD).submit().await.expect(303);
    let page = page.follow().await.expect(200);
    let is_theirs = |taken: &crate::support::smtp_server::Taken| taken.to.iter().any(|to| to == email);
    mail.until("the code", |mail| mail.taken().iter().skip(before).any(is_theirs)).await;
    let letter = mail.taken().into_iter().skip(before).find(is_theirs).unwrap();
    let page = page.form("Log in").fill("code", &Letter::read(&letter.raw).code()).submit().await;
    assert_eq!(page.expect(303).follow_all().await.expect(200).path(), "/profile");
}

/// Processor time of one request, in microseconds.
async fn cost(process: Process, address: &str, requests: &Requests, times: usize) -> (f64, Answers) {
    let before = process.time();
    let answers = send(address, requests, READERS, times).await;
    ((process.time() - before).as_secs_f64() * 1_000_000.0 / as_f64(times), answers)
}

pub fn as_f64(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap())
}

pub fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}
