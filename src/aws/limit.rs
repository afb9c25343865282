//! One limiter per kind of read: a bucket of tokens whose rate AWS itself teaches.
//!
//! Rules: a read takes a token and waits for it where there is none; a throttle halves the rate (once a second: many reads in flight hear
//! of the same limit) down to one a second; each answer gives a hundredth of the first rate back, up to the first rate.
//! Key insight: to start above what is documented and give way is quicker than to obey, because AWS enforces some limits loosely and
//! some per connection; and it is never slower than a fixed rate after the first halving.
//! Facts ("Service, account, and table quotas"): `DescribeContinuousBackups`, `ListTagsOfResource` 10 a second. One lab's figures:
//! tags were read at 159 a second without a throttle, backups throttled after about 11 calls, `DescribeTimeToLive` after about 4 calls a
//! connection with 2 s to recover. A stand-in has no such limits, so there the rates start high.
//! Called by [`super::patience`].

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The kinds of read that have a limit of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Api {
    DescribeTable,
    DescribeTimeToLive,
    DescribeContinuousBackups,
    ListTagsOfResource,
    ListTables,
    GetResourcePolicy,
    DescribeContributorInsights,
    /// Application Auto Scaling, all reads.
    Scaling,
    /// KMS `DescribeKey`.
    Keys,
    /// CloudWatch `GetMetricData`: 50 a second ("CloudWatch service quotas").
    Metrics,
    /// Everything of S3.
    Buckets,
}

impl Api {
    pub(super) const ALL: [Self; 11] = [
        Self::DescribeTable,
        Self::DescribeTimeToLive,
        Self::DescribeContinuousBackups,
        Self::ListTagsOfResource,
        Self::ListTables,
        Self::GetResourcePolicy,
        Self::DescribeContributorInsights,
        Self::Scaling,
        Self::Keys,
        Self::Metrics,
        Self::Buckets,
    ];

    /// Calls a second to start with.
    pub(super) fn rate(self, aws: bool) -> f64 {
        match self {
            _ if !aws => 5_000.0,
            Self::DescribeTable | Self::Buckets => 200.0,
            Self::ListTagsOfResource => 50.0,
            Self::DescribeTimeToLive
            | Self::DescribeContinuousBackups
            | Self::ListTables
            | Self::GetResourcePolicy
            | Self::DescribeContributorInsights
            | Self::Scaling
            | Self::Keys
            | Self::Metrics => 20.0,
        }
    }
}

/// Never slower than this, in calls a second.
const SLOWEST: f64 = 1.0;
/// Throttles within this time are about the same limit, in milliseconds.
const SAME: u64 = 1_000;

/// A bucket of tokens; times are epoch milliseconds of the run's clock.
#[derive(Debug)]
pub(super) struct Limiter {
    first: f64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    rate: f64,
    /// Below zero: promised to reads that wait.
    tokens: f64,
    filled_ms: u64,
    halved_ms: Option<u64>,
}

impl Limiter {
    /// A full bucket (one second's worth).
    pub(super) fn new(rate: f64, now_ms: u64) -> Self {
        let state = State { rate, tokens: rate, filled_ms: now_ms, halved_ms: None };
        Self { first: rate, state: Mutex::new(state) }
    }

    /// Takes a token; how long until it is there.
    pub(super) fn take(&self, now_ms: u64) -> Duration {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.fill(now_ms);
        state.tokens -= 1.0;
        Duration::from_secs_f64((-state.tokens / state.rate).max(0.0))
    }

    /// AWS throttled a call.
    pub(super) fn throttled(&self, now_ms: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.halved_ms.is_some_and(|last| now_ms < last.saturating_add(SAME)) {
            return;
        }
        state.fill(now_ms);
        state.rate = (state.rate / 2.0).max(SLOWEST.min(self.first));
        state.tokens = state.tokens.min(0.0);
        state.halved_ms = Some(now_ms);
    }

    /// AWS answered a call.
    pub(super) fn answered(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.rate = (state.rate + self.first / 100.0).min(self.first);
    }

    #[cfg(test)]
    fn rate(&self) -> f64 {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).rate
    }
}

impl State {
    fn fill(&mut self, now_ms: u64) {
        let passed = Duration::from_millis(now_ms.saturating_sub(self.filled_ms)).as_secs_f64();
        self.tokens = (self.tokens + passed * self.rate).min(self.rate);
        self.filled_ms = self.filled_ms.max(now_ms);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How long `calls` take one after the other.
    fn run(limiter: &Limiter, calls: usize) -> u64 {
        let mut now = 0;
        for _ in 0..calls {
            now += u64::try_from(limiter.take(now).as_millis()).expect("short");
        }
        now
    }

    #[test]
    #[allow(clippy::float_cmp, reason = "constants")]
    fn only_the_real_aws_is_spared() {
        assert_eq!((Api::Keys.rate(true), Api::DescribeTable.rate(true), Api::Keys.rate(false)), (20.0, 200.0, 5_000.0));
    }

    #[test]
    fn a_burst_of_one_second_is_free_and_then_the_rate_holds() {
        assert_eq!(run(&Limiter::new(20.0, 0), 20), 0);
        let took = run(&Limiter::new(20.0, 0), 120);
        assert!((4_800..=5_300).contains(&took), "{took} ms for 100 calls over the burst at 20 a second");
    }

    #[test]
    fn waiting_reads_queue_up_behind_each_other() {
        let limiter = Limiter::new(10.0, 0);
        let waits: Vec<_> = (0..13).map(|_| limiter.take(0).as_millis()).collect();
        assert_eq!(waits[9..], [0, 100, 200, 300]);
    }

    #[test]
    fn a_throttle_halves_once_a_second_and_answers_give_back_slowly() {
        let limiter = Limiter::new(20.0, 0);
        limiter.throttled(0);
        limiter.throttled(999);
        assert!((limiter.rate() - 10.0).abs() < 1e-9);
        (1..=20).for_each(|second| limiter.throttled(second * 1_000));
        assert!((limiter.rate() - 1.0).abs() < 1e-9, "the floor");
        (0..10).for_each(|_| limiter.answered());
        assert!((limiter.rate() - 3.0).abs() < 1e-9);
        (0..1_000).for_each(|_| limiter.answered());
        assert!((limiter.rate() - 20.0).abs() < 1e-9, "never above the first rate");
    }

    #[test]
    fn a_throttle_takes_the_burst_away() {
        let limiter = Limiter::new(20.0, 0);
        limiter.throttled(0);
        assert_eq!(limiter.take(0), Duration::from_millis(100));
    }

    #[test]
    fn a_clock_that_goes_back_gives_no_tokens_twice() {
        let limiter = Limiter::new(1.0, 10_000);
        assert_eq!(limiter.take(10_000), Duration::ZERO);
        assert_eq!(limiter.take(5_000), Duration::from_secs(1));
        assert_eq!(limiter.take(10_000), Duration::from_secs(2));
    }
}
