//! Who came first within one moment.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};

/// Counts what happens in one millisecond. Its clones are the same count.
#[derive(Clone, Debug, Default)]
pub struct Places(Arc<Mutex<Count>>);

#[derive(Debug, Default)]
struct Count {
    millis: i64,
    next: u16,
}

impl Places {
    /// The place of something that happens at this moment, after all that was given one in its millisecond.
    pub fn next(&self, at: DateTime<Utc>) -> u16 {
        let mut count = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if count.millis != at.timestamp_millis() {
            *count = Count { millis: at.timestamp_millis(), next: 0 };
        }
        let place = count.next;
        count.next = place.saturating_add(1);
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_millisecond_counts_from_the_start() {
        let places = Places::default();
        let at = |micros| DateTime::from_timestamp_micros(micros).unwrap();
        assert_eq!([at(1_000), at(1_999), at(2_000), at(2_001)].map(|at| places.next(at)), [0, 1, 0, 1]);
        assert_eq!(places.clone().next(at(2_002)), 2);
    }
}
