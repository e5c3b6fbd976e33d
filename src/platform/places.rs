//! Who came first within one moment.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};

/// Counts what happens in the latest millisecond there was. Its clones are the same count.
#[derive(Clone, Debug, Default)]
pub struct Places(Arc<Mutex<Count>>);

#[derive(Debug, Default)]
struct Count {
    latest: i64,
    next: u16,
}

impl Places {
    /// The place of something that happens at this moment, after all that was given one in its millisecond: also when the
    /// clock went back meanwhile, and came again to where it was.
    pub fn next(&self, at: DateTime<Utc>) -> u16 {
        let mut count = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if at.timestamp_millis() > count.latest {
            *count = Count { latest: at.timestamp_millis(), next: 0 };
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

    #[test]
    fn a_clock_that_goes_back_and_comes_again_gives_no_place_twice() {
        let places = Places::default();
        let at = |millis| DateTime::from_timestamp_millis(millis).unwrap();
        let given = [at(86_400_000), at(0), at(0), at(86_400_000)].map(|at| places.next(at));
        assert!(given.is_sorted_by(|one, next| one < next), "{given:?}");
        assert_eq!(places.next(at(86_400_001)), 0);
    }
}
