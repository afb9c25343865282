//! The one clock of the embedded AWS, so that a later change can make time virtual in one place.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Seconds since 1970, with milliseconds, as AWS's JSON protocols write times.
pub(crate) fn now() -> f64 {
    let millis = since_epoch().as_millis();
    #[allow(clippy::cast_precision_loss, reason = "milliseconds fit 53 bits for 285,000 years")]
    let seconds = millis as f64 / 1000.0;
    seconds
}

/// Whole seconds since 1970.
pub(crate) fn seconds() -> i64 {
    i64::try_from(since_epoch().as_secs()).unwrap_or(i64::MAX)
}

/// `2026-11-20T12:00:00Z`.
pub(crate) fn iso(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map(|t| t.to_string()).unwrap_or_default()
}

fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
