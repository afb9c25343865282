//! The holder's clock: it never falls behind the world's, whatever the machine did meanwhile.
//!
//! Key insight: a monotonic clock stands still while a laptop sleeps, and a wall clock may be set back; of each span the longer one of
//! both is counted, so a lease never looks younger than it is. Looking older only costs one more conditional write.

use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Counts from its making.
#[derive(Debug)]
pub(super) struct Timer {
    began: Instant,
    last: Mutex<(Instant, SystemTime, Duration)>,
}

impl Timer {
    pub(super) fn new() -> Self {
        let began = Instant::now();
        Self { began, last: Mutex::new((began, SystemTime::now(), Duration::ZERO)) }
    }

    /// For the holder: at least the time that has passed.
    pub(super) fn at_least(&self) -> Duration {
        self.count(Instant::now(), SystemTime::now())
    }

    /// For the watcher: at most the time that has passed.
    pub(super) fn at_most(&self) -> Duration {
        self.began.elapsed()
    }

    fn count(&self, instant: Instant, wall: SystemTime) -> Duration {
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let by_wall = wall.duration_since(last.1).unwrap_or_default();
        let passed = instant.saturating_duration_since(last.0).max(by_wall);
        *last = (instant, wall, last.2 + passed);
        last.2
    }
}

/// Epoch milliseconds.
pub(super) fn wall_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| u64::try_from(d.as_millis()).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_hours(1);

    #[test]
    fn sleep_of_the_machine_counts_and_a_wall_clock_set_back_does_not_give_time_away() {
        let timer = Timer::new();
        let (instant, wall) = (Instant::now(), SystemTime::now());
        let first = timer.count(instant, wall);
        // Asleep: only the wall clock moved.
        let woken = timer.count(instant, wall + HOUR);
        assert!(woken >= first + HOUR);
        // The wall clock is set back: the monotonic one goes on counting.
        assert_eq!(timer.count(instant + HOUR, wall), woken + HOUR);
        assert!(timer.at_most() < HOUR);
    }
}
