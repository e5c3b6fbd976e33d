//! What an operator watches: counts and times, as Prometheus reads them.
//!
//! They say how many and how long, never who: no name, address, number or code is a label, and every label has few values.
//! Counts begin at zero when the process starts; what stands in the database is read when it is asked for.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use prometheus_client::encoding::prometheus_text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::domain::challenge::Purpose;
use crate::domain::delivery::{FailureClass, MessageState};
use crate::domain::second_factor::{Destination, Method};
use crate::flows::outbox::{Outcome, Work};
use crate::flows::{FlowError, Services, channels};
use crate::storage::{AnyConnection, delivery_lists};

/// What stands in `Content-Type` with the text of [`render`].
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Names and values of labels.
type Labels<const N: usize> = [(&'static str, &'static str); N];
type Counters<const N: usize> = Family<Labels<N>, Counter>;
type Level = Gauge<u64, AtomicU64>;
type Times<L> = Family<L, Histogram, fn() -> Histogram>;

/// The counts and times of one process. Its clones are the same ones.
#[derive(Clone, Default)]
pub struct Measures(Arc<Kept>);

struct Kept {
    requests: Family<RequestLabels, Counter>,
    request_times: Times<Labels<1>>,
    passwords: Counters<1>,
    codes: Counters<3>,
    codes_asked: Counters<2>,
    attempts: Counters<2>,
    hand_over_times: Times<Labels<1>>,
    ended: Counters<3>,
    texts: Family<[(&'static str, String); 1], Counter>,
    reclaimed: Counters<1>,
    reports: Counters<1>,
}

type RequestLabels = ([(&'static str, &'static str); 1], [(&'static str, String); 2]);

/// What a typed password came to.
#[derive(Clone, Copy, Debug)]
pub enum PasswordResult {
    /// It was right.
    Right,
    /// It was wrong, or nobody has the name.
    Wrong,
    /// It was not looked at: the name, or the address it came from, rests.
    Rests,
    /// It was not looked at: more wait than this machine can check.
    Busy,
}

/// What a typed code came to.
#[derive(Clone, Copy, Debug)]
pub enum CodeResult {
    /// It was right.
    Right,
    /// It was wrong, or came too late, or its tries were used up.
    Wrong,
    /// It was not looked at: codes of the account are paused.
    Paused,
}

/// What asking for a code came to.
#[derive(Clone, Copy, Debug)]
pub enum AskedFor {
    /// A message was written.
    Written,
    /// A limit of the account, the destination or the installation held it back.
    Held,
}

/// What a carrier's report was.
#[derive(Clone, Copy, Debug)]
pub enum ReportResult {
    /// The text arrived.
    Delivered,
    /// The text did not arrive.
    Lost,
    /// Its signature was not the carrier's.
    Forged,
}

impl Measures {
    /// A request was answered after so long. `route` is a pattern of ours, never a path.
    pub fn request(&self, method: &'static str, route: &str, status: u16, took: Duration) {
        let labels = ([("method", method)], [("route", route.to_owned()), ("status", status.to_string())]);
        self.0.requests.get_or_create(&labels).inc();
        self.0.request_times.get_or_create(&[("method", method)]).observe(took.as_secs_f64());
    }

    /// A password was typed.
    pub(super) fn password(&self, result: PasswordResult) {
        let result = match result {
            PasswordResult::Right => "right",
            PasswordResult::Wrong => "wrong",
            PasswordResult::Rests => "rests",
            PasswordResult::Busy => "busy",
        };
        self.0.passwords.get_or_create(&[("result", result)]).inc();
    }

    /// A code was typed.
    pub(super) fn code(&self, purpose: Purpose, channel: Method, result: CodeResult) {
        let result = match result {
            CodeResult::Right => "right",
            CodeResult::Wrong => "wrong",
            CodeResult::Paused => "paused",
        };
        let labels = [("purpose", purpose.as_str()), ("channel", channel.as_str()), ("result", result)];
        self.0.codes.get_or_create(&labels).inc();
    }

    /// A code was asked for.
    pub(super) fn asked_for(&self, channel: Method, came_to: AskedFor) {
        let result = match came_to {
            AskedFor::Written => "written",
            AskedFor::Held => "held",
        };
        self.0.codes_asked.get_or_create(&[("channel", channel.as_str()), ("result", result)]).inc();
    }

    /// An attempt at a message came to this. It counts when it is made: whether it can be settled is another question. A
    /// text is always one segment, and therefore what one text costs.
    pub(super) fn attempted(&self, work: &Work, outcome: &Outcome, now: DateTime<Utc>) {
        let (kept, channel) = (&self.0, ("channel", work.channel.as_str()));
        let count = |result| kept.attempts.get_or_create(&[channel, ("result", result)]).inc();
        match outcome {
            Outcome::NotHandedOver { class, .. } => count(class.as_str()),
            Outcome::HandedOver { .. } => {
                let waited = (now - work.created_at).to_std().unwrap_or_default();
                kept.hand_over_times.get_or_create(&[channel]).observe(waited.as_secs_f64());
                if let Destination::Phone(number) = &work.recipient {
                    let country = number.region().as_str().to_owned();
                    kept.texts.get_or_create(&[("country", country)]).inc();
                }
                count("handed_over")
            }
        };
    }

    /// A message will not be tried again.
    pub(super) fn ended(&self, channel: Option<Method>, state: MessageState, class: Option<FailureClass>) {
        let channel = channel.map_or("unknown", Method::as_str);
        let class = class.map_or("none", FailureClass::as_str);
        let labels = [("channel", channel), ("state", state.as_str()), ("class", class)];
        self.0.ended.get_or_create(&labels).inc();
    }

    /// A message was taken over from a process that did not settle it.
    pub(super) fn reclaimed(&self, channel: Method) {
        self.0.reclaimed.get_or_create(&[("channel", channel.as_str())]).inc();
    }

    /// A carrier reported.
    pub fn report(&self, result: ReportResult) {
        let result = match result {
            ReportResult::Delivered => "delivered",
            ReportResult::Lost => "lost",
            ReportResult::Forged => "forged",
        };
        self.0.reports.get_or_create(&[("result", result)]).inc();
    }
}

impl Default for Kept {
    fn default() -> Self {
        // Passwords cost tens of milliseconds on purpose; everything else should be far below.
        let requests = || Histogram::new([0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 3.0]);
        // A healthy hand-over takes less than a second; a code is given up after five minutes.
        let hand_over =
            || Histogram::new([0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0]);
        Self {
            requests: Family::default(),
            request_times: Family::new_with_constructor(requests),
            passwords: Family::default(),
            codes: Family::default(),
            codes_asked: Family::default(),
            attempts: Family::default(),
            hand_over_times: Family::new_with_constructor(hand_over),
            ended: Family::default(),
            texts: Family::default(),
            reclaimed: Family::default(),
            reports: Family::default(),
        }
    }
}

impl Kept {
    /// Puts them under the names they are read by.
    fn registry(&self) -> Registry {
        let mut registry = Registry::with_prefix("postern");
        let r = &mut registry;
        r.register("requests", "Requests answered", self.requests.clone());
        let (help, times) = ("How long answers took", self.request_times.clone());
        r.register_with_unit("request", help, Unit::Seconds, times);
        r.register("passwords_checked", "Passwords typed, and what they came to", self.passwords.clone());
        r.register("codes_entered", "Codes typed, and what they came to", self.codes.clone());
        r.register(
            "codes_asked_for",
            "Codes asked for: written, or held by a limit",
            self.codes_asked.clone(),
        );
        r.register("delivery_attempts", "Attempts at messages", self.attempts.clone());
        let (help, times) = ("From asking for a message to hand-over", self.hand_over_times.clone());
        r.register_with_unit("delivery_hand_over", help, Unit::Seconds, times);
        r.register("messages_ended", "Messages that are not tried again", self.ended.clone());
        r.register("texts_handed_over", "Text messages, one segment each", self.texts.clone());
        r.register(
            "leases_reclaimed",
            "Messages taken over from a process that did not settle them",
            self.reclaimed.clone(),
        );
        r.register("delivery_reports", "Reports of the carrier", self.reports.clone());
        registry
    }
}

impl fmt::Debug for Measures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Measures")
    }
}

/// Everything, as text. A database that does not answer is said to be down, and the counts are there all the same.
pub async fn render(services: &Services) -> String {
    let mut registry = services.measures.0.registry();
    let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
    registry.register("build", "Which Postern this is", version);
    let now = services.now();
    let look = |conn: &mut AnyConnection| {
        Ok::<_, FlowError>((delivery_lists::backlog(conn)?, channels::in_trouble(conn)?))
    };
    let read = services.db.read(look).await;
    let is_up = ConstGauge::new(u64::from(read.is_ok()));
    registry.register("database_up", "Whether the database answers", is_up);
    let (counts, ages) = (Family::<Labels<1>, Level>::default(), Family::<Labels<1>, Level>::default());
    let up = Family::<Labels<1>, Level>::default();
    let (backlogs, troubles) = read.unwrap_or_default();
    for backlog in backlogs {
        let labels = [("channel", backlog.channel.as_str())];
        let is_up = troubles.iter().all(|trouble| trouble.channel != backlog.channel);
        up.get_or_create(&labels).set(u64::from(is_up));
        counts.get_or_create(&labels).set(backlog.messages);
        let age = backlog.oldest.map_or(TimeDelta::zero(), |oldest| now - oldest);
        ages.get_or_create(&labels).set(u64::try_from(age.num_seconds()).unwrap_or_default());
    }
    registry.register("channel_up", "Whether messages leave by a channel", up);
    registry.register("outbox_waiting", "Messages that are not yet handed over", counts);
    registry.register_with_unit("outbox_oldest", "How long the oldest waits", Unit::Seconds, ages);
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = encode(&mut text, &registry);
    text
}
