//! The one clock of everything that waits for AWS, and of the embedded AWS itself.
//!
//! Rules: who waits for AWS, or models how long AWS takes, asks this and not the machine, so that a test can run months of control
//! plane in a second. [`Clock::wall`] in production; [`Clock::scaled`] for the embedded AWS (the clock on the wall stays right, but what
//! AWS takes minutes for is over sooner); [`Clock::manual`] in tests: time stands still, and a sleep moves it.
//! Key insight: client and embedded AWS share one manual clock, so whoever waits makes the thing happen that it waits for.
//! Called by `aws`, `apply`, `local` and their tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A shared clock; clones show the same time.
#[derive(Debug, Clone)]
pub struct Clock(Arc<Kind>);

#[derive(Debug)]
enum Kind {
    Wall {
        scale: f64,
    },
    /// Milliseconds since 1970.
    Manual(AtomicU64),
}

impl Default for Clock {
    fn default() -> Self {
        Self::wall()
    }
}

impl Clock {
    /// The machine's clock.
    pub fn wall() -> Self {
        Self::scaled(1.0)
    }

    /// The machine's clock, with modelled durations `scale` times as short. A scale that is not a positive number counts as 1.
    pub fn scaled(scale: f64) -> Self {
        let scale = if scale.is_finite() && scale > 0.0 { scale } else { 1.0 };
        Self(Arc::new(Kind::Wall { scale }))
    }

    /// A clock that stands at `now_ms` (epoch milliseconds) until somebody sleeps on it or moves it.
    pub fn manual(now_ms: u64) -> Self {
        Self(Arc::new(Kind::Manual(AtomicU64::new(now_ms))))
    }

    /// Epoch milliseconds.
    pub fn now_ms(&self) -> u64 {
        match &*self.0 {
            Kind::Wall { .. } => millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()),
            Kind::Manual(now) => now.load(Ordering::SeqCst),
        }
    }

    /// How long something that takes AWS `duration` takes by this clock.
    pub fn pace(&self, duration: Duration) -> Duration {
        match &*self.0 {
            Kind::Wall { scale } => duration.div_f64(*scale),
            Kind::Manual(_) => duration,
        }
    }

    /// Waits. On a manual clock: moves the time on and lets others run.
    pub async fn sleep(&self, time: Duration) {
        match &*self.0 {
            Kind::Wall { .. } => tokio::time::sleep(time).await,
            Kind::Manual(_) => {
                self.advance(time);
                tokio::task::yield_now().await;
            }
        }
    }

    /// Moves a manual clock on; the machine's cannot be moved.
    pub fn advance(&self, time: Duration) {
        if let Kind::Manual(now) = &*self.0 {
            now.fetch_add(millis(time), Ordering::SeqCst);
        }
    }

    /// Whether time moves only when somebody waits.
    pub fn is_manual(&self) -> bool {
        matches!(&*self.0, Kind::Manual(_))
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_manual_clock_moves_only_by_waiting_and_all_clones_see_it() {
        let clock = Clock::manual(1_000);
        let other = clock.clone();
        assert_eq!(clock.now_ms(), 1_000);
        other.sleep(Duration::from_hours(1)).await;
        assert_eq!(clock.now_ms(), 3_601_000);
        assert!(clock.is_manual() && clock.pace(Duration::from_secs(9)) == Duration::from_secs(9));
    }

    #[test]
    fn a_scaled_clock_shortens_what_aws_takes_and_nonsense_counts_as_one() {
        assert_eq!(Clock::scaled(1000.0).pace(Duration::from_secs(500)), Duration::from_millis(500));
        for scale in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert_eq!(Clock::scaled(scale).pace(Duration::from_secs(5)), Duration::from_secs(5));
        }
    }
}
