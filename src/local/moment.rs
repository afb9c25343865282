//! Time in the embedded AWS: the shared clock, and how long what takes AWS its time takes by it.
//!
//! Rule: DynamoDB, scaling and keys go by [`Time`] alone, so a manual clock moves them; what callers stamp themselves (signatures,
//! objects, metrics) goes by the machine. Key insight: what is to happen is noted with the moment at which it is true, and whoever
//! reads compares; nothing sleeps.

use crate::clock::Clock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The clock, and how long descriptions lag behind a change (in AWS's own time, paced like all else).
#[derive(Debug, Clone)]
pub(crate) struct Time {
    pub(crate) clock: Clock,
    pub(crate) lag: Duration,
}

impl Time {
    /// Milliseconds since 1970.
    pub(crate) fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    /// Seconds since 1970, with milliseconds, as AWS's JSON protocols write times.
    pub(crate) fn now(&self) -> f64 {
        seconds_of(self.now_ms())
    }

    /// Whole seconds since 1970.
    pub(crate) fn seconds(&self) -> i64 {
        i64::try_from(self.now_ms() / 1000).unwrap_or(i64::MAX)
    }

    /// How many milliseconds by this clock AWS's `duration` is.
    pub(crate) fn paced(&self, duration: Duration) -> u64 {
        u64::try_from(self.clock.pace(duration).as_millis()).unwrap_or(u64::MAX)
    }

    /// The moment at which something that takes AWS `duration` and begins now is done.
    pub(crate) fn after(&self, duration: Duration) -> u64 {
        self.now_ms().saturating_add(self.paced(duration))
    }

    /// Whether something of `at` (milliseconds) is within AWS's `window` still.
    pub(crate) fn within(&self, at: u64, window: Duration) -> bool {
        self.now_ms() < at.saturating_add(self.paced(window))
    }
}

/// Seconds since 1970 by the machine.
pub(crate) fn now() -> f64 {
    seconds_of(u64::try_from(since_epoch().as_millis()).unwrap_or(u64::MAX))
}

/// Whole seconds since 1970 by the machine.
pub(crate) fn seconds() -> i64 {
    i64::try_from(since_epoch().as_secs()).unwrap_or(i64::MAX)
}

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Milliseconds as AWS writes times in JSON.
pub(crate) fn seconds_of(millis: u64) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "milliseconds fit 53 bits for 285,000 years")]
    let seconds = millis as f64 / 1000.0;
    seconds
}

/// `2026-11-20T12:00:00Z`.
pub(crate) fn iso(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map(|t| t.to_string()).unwrap_or_default()
}

/// `2026-11-20T12:00:00.123Z`.
pub(crate) fn iso_ms(millis: u64) -> String {
    let at = jiff::Timestamp::from_millisecond(i64::try_from(millis).unwrap_or(i64::MAX)).unwrap_or_default();
    at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}
