//! A token bucket by somebody else's clock: what may be taken now, and what was taken beyond it.

/// Units that come in at a rate, are kept up to a burst, and may be overdrawn.
///
/// A request is let in while anything is left; what it really consumed is known only afterwards, and may leave a debt that later
/// requests wait for. So the long-run rate is exact, whatever the size of the requests.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bucket {
    /// Units per AWS second.
    rate: f64,
    /// How many seconds' worth is kept.
    burst: f64,
    level: f64,
    /// Epoch milliseconds of the last refill.
    at: u64,
}

impl Bucket {
    /// A new bucket has one second's worth: nothing was left unused yet.
    pub(super) fn new(rate: f64, burst: f64, now: u64) -> Self {
        Self { rate, burst, level: rate, at: now }
    }

    /// Whether it keeps so many seconds' worth.
    pub(super) fn keeps(&self, burst: f64) -> bool {
        (burst - self.burst).abs() < f64::EPSILON
    }

    /// The same under another rate from `now` on; what is saved stays, as far as it fits.
    pub(super) fn resize(&mut self, rate: f64, now: u64, speed: f64) {
        if (rate - self.rate).abs() > f64::EPSILON {
            self.refill(now, speed);
            self.level = (self.level + (rate - self.rate).max(0.0)).min(rate * self.burst);
            self.rate = rate;
        }
    }

    /// Takes in what came since the last time.
    fn refill(&mut self, now: u64, speed: f64) {
        #[allow(clippy::cast_precision_loss, reason = "milliseconds between two calls")]
        let seconds = now.saturating_sub(self.at) as f64 / 1000.0 * speed;
        self.at = self.at.max(now);
        self.level = (self.level + seconds * self.rate).min(self.rate * self.burst);
    }

    /// Whether anything is left at `now`; `speed` AWS seconds go by in a second.
    pub(super) fn has(&mut self, now: u64, speed: f64) -> bool {
        self.refill(now, speed);
        // Units come in quarters at the finest: less than a thousandth is a rounding.
        self.level > 0.001
    }

    /// Takes (or gives back) units.
    pub(super) fn take(&mut self, units: f64) {
        self.level -= units;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// How many one-unit requests pass at `now`.
    fn pass(bucket: &mut Bucket, now: u64, asked: u32) -> u32 {
        (0..asked)
            .filter(|_| {
                let has = bucket.has(now, 1.0);
                if has {
                    bucket.take(1.0);
                }
                has
            })
            .fold(0, |n, _| n + 1)
    }

    #[test]
    fn five_units_a_second_are_five_and_three_hundred_idle_seconds_are_kept() {
        let mut bucket = Bucket::new(5.0, 300.0, 0);
        assert_eq!([pass(&mut bucket, 0, 9), pass(&mut bucket, 400, 9), pass(&mut bucket, 1_000, 9)], [5, 2, 3]);
        assert_eq!(pass(&mut bucket, 3_600_000, 9_999), 1_500);
    }

    #[test]
    fn a_debt_is_waited_for_and_time_goes_as_fast_as_it_is_told() {
        let mut bucket = Bucket::new(5.0, 300.0, 0);
        bucket.take(25.0);
        assert!(!bucket.has(4_000, 1.0) && bucket.has(4_200, 1.0));
        let mut fast = Bucket::new(5.0, 300.0, 0);
        fast.take(25.0);
        assert!(!fast.has(4, 1000.0) && fast.has(5, 1000.0));
    }

    #[test]
    fn a_higher_rate_helps_at_once_and_a_lower_one_takes_what_no_longer_fits() {
        let mut bucket = Bucket::new(5.0, 300.0, 0);
        bucket.take(5.0);
        bucket.resize(10.0, 0, 1.0);
        assert_eq!(pass(&mut bucket, 0, 99), 5);
        assert!(bucket.has(600_000, 1.0));
        bucket.resize(1.0, 600_000, 1.0);
        assert_eq!(pass(&mut bucket, 600_000, 9_999), 300);
    }

    #[test]
    fn the_time_before_a_change_counts_at_the_old_rate() {
        let mut bucket = Bucket::new(5.0, 300.0, 0);
        bucket.take(5.0);
        bucket.resize(1_000.0, 10_000, 1.0);
        // Ten seconds of five, and the new rate's first second.
        assert_eq!(pass(&mut bucket, 10_000, 9_999), 50 + 995);
    }

    proptest! {
        #[test]
        fn nobody_gets_more_than_the_rate_and_what_was_saved(steps in prop::collection::vec((0_u64..5_000, 1_u32..50), 1..60)) {
            let (mut bucket, mut now, mut passed) = (Bucket::new(7.0, 300.0, 0), 0, 0);
            for (wait, asked) in steps {
                now += wait;
                passed += pass(&mut bucket, now, asked);
            }
            let most = 7.0 + 7.0 * f64::from(u32::try_from(now).expect("small")) / 1000.0;
            prop_assert!(f64::from(passed) < most + 1.0);
        }
    }
}
