//! Requests that were never meant well, by the thousand: none breaks anything, tells a secret or changes what is kept.
//!
//! They come in two halves. Near misses are forms as they stand on our pages, sent by the browser they stand in, with one
//! field at fault: most of them get as far as the route's own code. The others are at fault anywhere else, down to the
//! last byte. Each case is drawn from its own number, so that a run repeats itself; `POSTERN_TEST_SEED` draws others.
//! A thousand in the ordinary run; `POSTERN_TEST_LONG=1` makes it ten thousand and more.

mod dice;
mod far_off;
mod holds;
mod near_misses;
mod proxies;
mod request;
mod sender;
mod spoilt;

use std::collections::{BTreeSet, HashMap};
use std::io::Write;
use std::net::SocketAddr;
use std::ops::Range;
use std::time::{Duration, Instant};

use dice::Dice;
use holds::{State, faults, listen_for_panics, panics, reached_a_handler};
use near_misses::NearMisses;
use request::{Request, send};
use sender::Sender;

use crate::support::scene::{Scene, success_of};
use crate::support::test_app::TestApp;

/// How many requests one scene bears, before everything is set up anew.
const A_ROUND: u64 = 250;

/// After how many of them the database is looked at.
const A_LOOK: u64 = 50;

/// How long a round may take. It takes seconds.
const BUDGET: Duration = Duration::from_secs(180);

/// A header that must never come back as one.
const INJECTED: &str = "X-Injected: yes";

/// One request, and what one has to know of it.
pub struct Case {
    /// What is wrong with it.
    what: String,
    to: SocketAddr,
    request: Request,
    /// Where it is not sent as it stands.
    sent: Option<Vec<u8>>,
    /// What must not come back.
    secrets: Vec<String>,
    /// The token of the browser's own forms.
    live: String,
}

/// What came of some requests.
#[derive(Default)]
struct Tally {
    sent: u64,
    handled: u64,
    unanswered: u64,
}

#[expect(clippy::disallowed_methods, reason = "these variables are the tests' own, not the application's")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// How much more than usual is asked for.
fn measure() -> u64 {
    if variable("POSTERN_TEST_LONG").as_deref() == Some("1") { 10 } else { 1 }
}

/// What the number of a case is added to.
fn seed() -> u64 {
    variable("POSTERN_TEST_SEED").map_or(0, |seed| seed.parse().unwrap())
}

impl Tally {
    /// Sends a request, and looks after it at what came back.
    async fn ask(&mut self, number: u64, case: &Case) -> String {
        let at = format!("POSTERN_TEST_SEED={}, number {number}: {}", seed(), case.what);
        let bytes = case.sent.clone().unwrap_or_else(|| case.request.bytes());
        let answer = send(case.to, &bytes).await.unwrap_or_else(|fault| panic!("{at}: {fault}"));
        let faults = faults(case, &answer);
        assert!(faults.is_empty(), "{at}: {faults:?}\n{}\n\n{}", answer.head, answer.body);
        assert!(panics().is_empty(), "{at}: {:?}", panics());
        self.sent += 1;
        self.handled += u64::from(reached_a_handler(case, &answer));
        self.unanswered += u64::from(answer.status.is_none());
        format!("{at}: {:?}", answer.status)
    }

    /// Straight to stderr: what a passing test prints is not shown.
    fn tell(&self, what: &str, began: Instant) {
        let Self { sent, handled, unanswered } = self;
        let seconds = began.elapsed().as_secs();
        let line = format!(
            "{what}: {sent} in {seconds} s, {handled} reached a handler, {unanswered} were hung up on"
        );
        writeln!(std::io::stderr(), "{line}").unwrap();
    }
}

/// Sends requests to one fresh scene after the other: nothing may change in any, and every form must still work.
async fn rounds(
    what: &str,
    numbers: Range<u64>,
    mut draw: impl FnMut(&mut Dice, &[Sender], u64) -> Case,
) -> Tally {
    listen_for_panics();
    let (began, mut tally) = (Instant::now(), Tally::default());
    for round in numbers {
        let scene = Scene::set().await;
        let senders = Sender::all(&scene).await;
        let (before, mut lately, began) = (State::of(&scene.app), Vec::new(), Instant::now());
        for n in round * A_ROUND..(round + 1) * A_ROUND {
            let case = draw(&mut Dice::of(seed().wrapping_add(n)), &senders, round);
            lately.push(tally.ask(n, &case).await);
            assert!(began.elapsed() < BUDGET, "{BUDGET:?} are over at number {n}");
            if (n + 1) % A_LOOK == 0 {
                let changes = before.changes(&State::of(&scene.app));
                assert!(changes.is_empty(), "{changes:#?} by one of\n{}", lately.join("\n"));
                lately.clear();
            }
        }
        assert_eq!(scene.empty.count("accounts").await, 0);
        for Sender { route, form, .. } in senders {
            let page = form.submit().await;
            assert_eq!(page.status(), success_of(route), "{route}: {}", page.describe());
        }
    }
    tally.tell(what, began);
    tally
}

#[actix_web::test]
async fn forms_with_one_field_at_fault_get_far_and_nowhere() {
    let mut misses = HashMap::new();
    let tally = rounds("near misses", 0..2 * measure(), |dice, senders, round| {
        let sender = dice.one(senders);
        misses.entry(round).or_insert_with(NearMisses::default).next(dice, sender, senders)
    })
    .await;
    assert!(tally.handled * 10 > tally.sent * 6, "{} of {} reached a handler", tally.handled, tally.sent);
    assert_eq!(tally.unanswered, 0, "whoever sends a form is answered");
}

#[actix_web::test]
async fn requests_that_no_browser_sends_are_answered_and_forgotten() {
    let numbers = 1_000..1_000 + 2 * measure();
    let tally = rounds("far off", numbers, |dice, senders, _| far_off::next(dice, senders)).await;
    assert!(tally.unanswered * 10 < tally.sent, "{} of {} were hung up on", tally.unanswered, tally.sent);
}

#[actix_web::test]
async fn whatever_proxies_are_said_to_say_is_read_and_no_more() {
    listen_for_panics();
    let app = TestApp::in_production().await;
    let form = app.browser_from("203.0.113.7").get("/login").await.form("Log in");
    let to = app.base.trim_start_matches("http://").parse().unwrap();
    let form = form.fill("username", "nobody").fill("password", "not theirs, and long enough");
    let (sender, began, before) = (Sender { route: "/login", form, to }, Instant::now(), State::of(&app));
    let mut tally = Tally::default();
    for n in 0..100 * measure() {
        tally.ask(n, &proxies::next(&mut Dice::of(seed().wrapping_add(n)), &sender)).await;
    }
    assert_eq!(before.changes(&State::of(&app)), BTreeSet::new());
    assert!(tally.handled * 10 > tally.sent * 7, "{} of {} reached a handler", tally.handled, tally.sent);
    tally.tell("through proxies", began);
}
