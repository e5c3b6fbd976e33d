//! Whether the time of an answer tells a stranger who has an account here: names unknown, known with a wrong password, and
//! disabled, one after the other, and the same of forgotten passwords.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::load::{Line, post};
use crate::measures::{Scene, millis};
use crate::report::{Bound, Figure, Report};
use crate::town::Carried;

pub const SAMPLES: usize = 300;
/// What the middle times of two kinds may differ by: this part of them, or [`LEAST`] milliseconds.
const PART: f64 = 0.05;
const LEAST: f64 = 5.0;
/// So that what an answer sets off (a mail, say) is over before the next question.
const PAUSE: Duration = Duration::from_millis(15);

/// One kind of question: what it is called, how it is asked the n-th time, and how long the answers took.
struct Kind<'a> {
    name: &'a str,
    ask: Box<dyn Fn(usize) -> Vec<u8> + 'a>,
    times: Vec<f64>,
}

impl<'a> Kind<'a> {
    fn new(name: &'a str, ask: impl Fn(usize) -> Vec<u8> + 'a) -> Self {
        Self { name, ask: Box::new(ask), times: Vec::new() }
    }
}

impl Scene<'_> {
    pub async fn uniform_answers(&self, report: &mut Report) {
        let Carried { cookie, form_token } = self.town.guest().await;
        let token = ("form_token", form_token.as_str());
        let host = self.server.address.as_str();
        let wrong = |name: &str| {
            let fields = [token, ("username", name), ("password", "not the password of anybody")];
            post(host, "/login", &cookie, &fields)
        };
        let forgot = |name: &str| post(host, "/password/forgot", &cookie, &[token, ("username", name)]);
        let town = self.town;
        let nobody = |n: usize| format!("nobody.of.that.name{n}");
        self.compare(
            report,
            "a wrong password",
            422,
            [
                Kind::new("unknown", |n| wrong(&nobody(n))),
                Kind::new("known", |n| wrong(&town.without[n])),
                Kind::new("with codes", |n| wrong(&town.with_codes[n].0)),
                Kind::new("disabled", |n| wrong(&town.disabled[n])),
            ],
        )
        .await;
        self.compare(
            report,
            "a forgotten password",
            303,
            [
                Kind::new("unknown", |n| forgot(&nobody(n))),
                Kind::new("known", |n| forgot(&town.without[n])),
                Kind::new("with codes", |n| forgot(&town.with_codes[n].0)),
                Kind::new("disabled", |n| forgot(&town.disabled[n])),
            ],
        )
        .await;
    }

    async fn compare<const N: usize>(
        &self,
        report: &mut Report,
        what: &str,
        status: u16,
        mut kinds: [Kind<'_>; N],
    ) {
        let mut line = Line::to(&self.server.address);
        for n in 0..SAMPLES {
            for turn in 0..N {
                // Each kind follows each other kind as often.
                let kind = &mut kinds[(turn + n) % N];
                let question = (kind.ask)(n);
                let began = Instant::now();
                assert_eq!(line.ask(&question).await, status, "{} {what}", kind.name);
                kind.times.push(millis(began.elapsed()));
                sleep(PAUSE).await;
            }
        }
        let middles: Vec<_> = kinds.each_mut().map(|kind| told(report, self.place, what, kind)).to_vec();
        let (low, high) = (Figure::of(middles.clone()).lowest, Figure::of(middles).highest);
        let bound = Bound::AtMost(LEAST.max(low * PART));
        report.row(self.place, "B2", &format!("{what}: middle times differ by, ms"), high - low, bound);
    }
}

/// Tells the middle time, and between which times four fifths of the answers lay.
fn told(report: &mut Report, place: &str, what: &str, kind: &mut Kind<'_>) -> f64 {
    kind.times.sort_by(f64::total_cmp);
    let at = |percent: usize| kind.times[kind.times.len() * percent / 100];
    let figure = Figure { middle: at(50), lowest: at(10), highest: at(90) };
    report.row(place, "", &format!("{what}, {}: ms", kind.name), figure, Bound::Told);
    figure.middle
}
