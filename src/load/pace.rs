//! How fast: additive increase, multiplicative decrease of the requests in flight, and a wait with full jitter after a throttle.
//! Pure: time comes in as an argument.

use std::time::{Duration, Instant};

/// The pace of one table's writes.
#[derive(Debug, Clone)]
pub(super) struct Pace {
    most: f64,
    limit: f64,
    /// Throttles in a row.
    streak: u32,
    not_before: Option<Instant>,
}

impl Pace {
    /// At most `most` requests in flight; starts at half of it.
    pub(super) fn new(most: usize) -> Self {
        #[allow(clippy::cast_precision_loss, reason = "a handful of requests")]
        let most = most.max(1) as f64;
        Self { most, limit: (most / 2.0).max(1.0), streak: 0, not_before: None }
    }

    /// Requests that may be in flight.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 1 and a handful")]
    pub(super) fn limit(&self) -> usize {
        self.limit as usize
    }

    /// A request was taken whole.
    pub(super) fn taken(&mut self) {
        self.limit = (self.limit + 1.0 / self.limit).min(self.most);
        self.streak = 0;
    }

    /// A request was refused, or taken in part. What was in flight at the same time counts as one throttle.
    pub(super) fn throttled(&mut self, now: Instant, wait: Duration) {
        if self.wait(now).is_none() {
            self.limit = (self.limit / 2.0).max(1.0);
            self.streak = self.streak.saturating_add(1);
            self.not_before = Some(now + wait);
        }
    }

    /// Throttles in a row: what the next wait grows with.
    pub(super) fn streak(&self) -> u32 {
        self.streak
    }

    /// How long no new request may start.
    pub(super) fn wait(&self, now: Instant) -> Option<Duration> {
        self.not_before.and_then(|until| until.checked_duration_since(now)).filter(|wait| !wait.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_by_one_a_round_and_halves_at_a_throttle_and_stays_within_bounds() {
        let now = Instant::now();
        let mut pace = Pace::new(16);
        assert_eq!(pace.limit(), 8);
        (0..1000).for_each(|_| pace.taken());
        assert_eq!(pace.limit(), 16);
        pace.throttled(now, Duration::from_millis(10));
        assert_eq!(pace.limit(), 8);
        for round in 1..20 {
            pace.throttled(now + Duration::from_secs(round), Duration::from_millis(10));
        }
        assert_eq!(pace.limit(), 1);
    }

    #[test]
    fn throttles_during_the_wait_are_the_same_throttle() {
        let now = Instant::now();
        let mut pace = Pace::new(16);
        (0..10).for_each(|_| pace.throttled(now, Duration::from_secs(1)));
        assert_eq!((pace.limit(), pace.streak()), (4, 1));
        assert!(pace.wait(now).is_some());
        assert!(pace.wait(now + Duration::from_secs(2)).is_none());
    }
}
