//! Throttling slows a read, it never fails it: calls are repeated with full jitter until a deadline.
//!
//! Key insight: full jitter (a random wait between nothing and the bound) spreads many callers; a plain exponential wait
//! makes them come back together. Called by `live::refresh` and `apply`.

use super::Error;
use std::future::Future;
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

/// The answer of `call`, repeated while AWS throttles and the deadline is not reached; then the throttle itself.
pub async fn patiently<T, F, A>(deadline: Instant, mut call: F) -> Result<T, Error>
where
    F: FnMut() -> A,
    A: Future<Output = Result<T, Error>>,
{
    let mut attempt = 0;
    loop {
        let answer = call().await;
        let wait = jitter(attempt);
        match answer {
            Err(error) if error.is_throttle() && Instant::now() + wait < deadline => tokio::time::sleep(wait).await,
            answer => return answer,
        }
        attempt += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    fn error(code: &str) -> Error {
        Error { call: "c".into(), code: Some(code.into()), message: "m".into(), request_id: None, throttling_reasons: Vec::new() }
    }

    #[tokio::test]
    async fn a_throttle_is_repeated_and_another_error_is_not() {
        let tries = Cell::new(0);
        let answer = patiently(Instant::now() + Duration::from_mins(1), || {
            tries.set(tries.get() + 1);
            let answer = if tries.get() < 4 { Err(error("ThrottlingException")) } else { Ok(7) };
            async move { answer }
        });
        assert_eq!((answer.await.expect("in the end"), tries.get()), (7, 4));
        let refused = patiently::<(), _, _>(Instant::now() + Duration::from_mins(1), || async { Err(error("ValidationException")) });
        assert!(refused.await.expect_err("no retry").is("ValidationException"));
    }

    #[tokio::test]
    async fn a_throttle_past_the_deadline_is_told() {
        let refused = patiently::<(), _, _>(Instant::now(), || async { Err(error("ThrottlingException")) });
        assert!(refused.await.expect_err("no time").is_throttle());
    }

    #[test]
    fn waits_are_bounded() {
        assert!((0..100).all(|attempt| jitter(attempt) <= LONGEST));
    }
}
