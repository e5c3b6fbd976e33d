//! The clock. Everything that needs the time is given this, so that a test can move it by 14 days.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};

/// Where the time comes from: the system, or a test's hands.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    System,
    Fixed(Arc<AtomicI64>),
}

/// The hands of a fixed clock: what a test moves.
#[derive(Clone, Debug)]
pub struct Hands(Arc<AtomicI64>);

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `start` until its hands are moved.
    pub fn fixed(start: DateTime<Utc>) -> (Self, Hands) {
        let micros = Arc::new(AtomicI64::new(start.timestamp_micros()));
        (Self(Source::Fixed(Arc::clone(&micros))), Hands(micros))
    }

    /// Now, cut to whole microseconds: what both databases can keep.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the system")]
            Source::System => whole_micros(Utc::now()),
            Source::Fixed(micros) => {
                DateTime::from_timestamp_micros(micros.load(Ordering::SeqCst)).unwrap_or_default()
            }
        }
    }
}

impl Hands {
    /// Moves the clock forward, or back with a negative `by`.
    pub fn advance(&self, by: TimeDelta) {
        self.0.fetch_add(by.num_microseconds().unwrap_or(0), Ordering::SeqCst);
    }
}

fn whole_micros(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_clock_stands_until_it_is_moved() {
        let (clock, hands) = Clock::fixed(DateTime::from_timestamp(1_000, 0).unwrap());
        assert_eq!(clock.now(), clock.now());
        hands.advance(TimeDelta::days(14));
        assert_eq!(clock.now().timestamp(), 1_000 + 14 * 86_400);
    }
}
