//! Throttling slows a read, it never fails it: calls keep to their kind's rate ([`super::limit`]) and are repeated with full jitter until
//! a deadline. All of it on the run's clock, so that tests need no real time.
//!
//! Key insight: full jitter (a random wait between nothing and the bound) spreads many callers; a plain exponential wait
//! makes them come back together. Called by `live::refresh` and `apply`.

use super::limit::{Api, Limiter};
use super::{Aws, Error};
use crate::clock::Clock;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// The longest wait between two tries.
const LONGEST: Duration = Duration::from_secs(20);
const SHORTEST: Duration = Duration::from_millis(50);

/// A random wait for the `attempt`-th retry (from 0), bounded by 50 ms doubled each time and 20 s.
pub fn jitter(attempt: u32) -> Duration {
    let bound = SHORTEST.saturating_mul(2_u32.saturating_pow(attempt.min(16))).min(LONGEST);
    bound.mul_f64(fastrand::f64())
}

/// When patience ends.
#[derive(Debug, Clone, Copy)]
pub enum Deadline {
    /// By the machine's clock.
    At(Instant),
    /// By the run's clock, epoch milliseconds.
    Ms(u64),
}

impl From<Instant> for Deadline {
    fn from(at: Instant) -> Self {
        Self::At(at)
    }
}

impl From<u64> for Deadline {
    fn from(ms: u64) -> Self {
        Self::Ms(ms)
    }
}

impl Deadline {
    fn left(self, clock: &Clock) -> Duration {
        match self {
            Self::At(at) => at.saturating_duration_since(Instant::now()),
            Self::Ms(ms) => Duration::from_millis(ms.saturating_sub(clock.now_ms())),
        }
    }
}

/// The clock of a run and what it learned of AWS's limits; clones share both.
#[derive(Debug, Clone)]
pub(super) struct Patience {
    clock: Clock,
    limits: Arc<BTreeMap<Api, Limiter>>,
}

impl Patience {
    /// `aws`: the real one, which has limits.
    pub(super) fn new(clock: Clock, aws: bool) -> Self {
        let now = clock.now_ms();
        let limits = Api::ALL.into_iter().map(|api| (api, Limiter::new(api.rate(aws), now))).collect();
        Self { clock, limits: Arc::new(limits) }
    }

    /// The answer of `call`, repeated while AWS throttles and the deadline is not reached; then the throttle itself.
    async fn keep<T, F, A>(&self, api: Api, deadline: Deadline, mut call: F) -> Result<T, Error>
    where
        F: FnMut() -> A,
        A: Future<Output = Result<T, Error>>,
    {
        let limiter = self.limits.get(&api);
        let mut attempt = 0;
        loop {
            if let Some(wait) = limiter.map(|l| l.take(self.clock.now_ms())).filter(|w| !w.is_zero()) {
                self.clock.sleep(wait.min(deadline.left(&self.clock))).await;
            }
            let answer = call().await;
            let throttled = answer.as_ref().is_err_and(Error::is_throttle);
            if let Some(limiter) = limiter {
                if throttled { limiter.throttled(self.clock.now_ms()) } else { limiter.answered() }
            }
            let wait = jitter(attempt);
            if !throttled || wait >= deadline.left(&self.clock) {
                return answer;
            }
            self.clock.sleep(wait).await;
            attempt += 1;
        }
    }
}

impl Aws {
    /// The run's clock.
    pub fn clock(&self) -> &Clock {
        &self.patience.clock
    }

    /// `time` from now.
    pub fn deadline(&self, time: Duration) -> Deadline {
        Deadline::Ms(self.clock().now_ms().saturating_add(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)))
    }

    /// The answer of `call`, at its kind's rate and repeated while AWS throttles and the deadline is not reached.
    pub async fn patiently<T, F, A>(&self, api: Api, deadline: Deadline, call: F) -> Result<T, Error>
    where
        F: FnMut() -> A,
        A: Future<Output = Result<T, Error>>,
    {
        self.patience.keep(api, deadline, call).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    const START: u64 = 1_000_000;

    fn error(code: &str) -> Error {
        Error { call: "c".into(), code: Some(code.into()), message: "m".into(), request_id: None, throttling_reasons: Vec::new() }
    }

    fn patience() -> (Patience, Clock) {
        let clock = Clock::manual(START);
        (Patience::new(clock.clone(), true), clock)
    }

    #[tokio::test]
    async fn a_throttle_is_repeated_and_another_error_is_not() {
        let (patience, clock) = patience();
        let (tries, deadline) = (Cell::new(0), Deadline::Ms(START + 60_000));
        let answer = patience.keep(Api::DescribeTable, deadline, || {
            tries.set(tries.get() + 1);
            let answer = if tries.get() < 4 { Err(error("ThrottlingException")) } else { Ok(7) };
            async move { answer }
        });
        assert_eq!((answer.await.expect("in the end"), tries.get()), (7, 4));
        let refused = patience.keep::<(), _, _>(Api::DescribeTable, deadline, || async { Err(error("ValidationException")) });
        assert!(refused.await.expect_err("no retry").is("ValidationException"));
        assert!(clock.now_ms() > START, "it waited on the run's clock");
    }

    #[tokio::test]
    async fn calls_that_no_throttle_slows_keep_to_their_rate_all_the_same() {
        let (patience, clock) = patience();
        for _ in 0..120 {
            patience.keep(Api::Keys, Deadline::Ms(u64::MAX), || async { Ok(()) }).await.expect("answered");
        }
        let took = clock.now_ms() - START;
        assert!((4_500..=5_500).contains(&took), "{took} ms for 100 calls over the first burst at 20 a second");
    }

    #[tokio::test]
    async fn a_throttle_past_the_deadline_is_told() {
        let (patience, _) = patience();
        let deadlines = [Deadline::Ms(START), Deadline::At(Instant::now())];
        for deadline in deadlines {
            let refused = patience.keep::<(), _, _>(Api::DescribeTable, deadline, || async { Err(error("ThrottlingException")) });
            assert!(refused.await.expect_err("no time").is_throttle());
        }
    }

    /// A service that takes `limit` calls in each second of the clock.
    struct Service {
        clock: Clock,
        limit: u64,
        second: Cell<(u64, u64)>,
    }

    impl Service {
        fn call(&self) -> Result<(), Error> {
            let now = self.clock.now_ms() / 1_000;
            let (second, calls) = self.second.get();
            let calls = if second == now { calls + 1 } else { 1 };
            self.second.set((now, calls));
            if calls <= self.limit { Ok(()) } else { Err(error("ThrottlingException")) }
        }
    }

    #[tokio::test]
    async fn a_thousand_reads_of_an_api_that_takes_ten_a_second_all_pass_at_about_that_rate() {
        let (patience, clock) = patience();
        let service = Service { clock: clock.clone(), limit: 10, second: Cell::new((0, 0)) };
        for _ in 0..1_000 {
            let answer = patience.keep(Api::DescribeContinuousBackups, Deadline::Ms(u64::MAX), || async { service.call() });
            answer.await.expect("slowed, never failed");
        }
        let seconds = (clock.now_ms() - START) / 1_000;
        assert!((95..=200).contains(&seconds), "{seconds} s for 1,000 reads at 10 a second");
    }

    #[test]
    fn waits_are_bounded() {
        assert!((0..100).all(|attempt| jitter(attempt) <= LONGEST));
    }
}
