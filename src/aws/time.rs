//! The run's clock as the SDK's: its waits between two tries and the time in its signatures, when a test moves the clock by hand.
//!
//! Rule: only a manual clock is handed over; the machine's is the SDK's own already. Timeouts and the stall guard are off then,
//! because on a clock that a sleep moves, "wait at most 60 s" passes at once. Called by [`super::load`].

use crate::clock::Clock;
use aws_smithy_async::rt::sleep::{AsyncSleep, Sleep};
use aws_smithy_async::time::TimeSource;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A manual clock for the SDK.
#[derive(Debug, Clone)]
pub(super) struct Manual(pub(super) Clock);

impl AsyncSleep for Manual {
    fn sleep(&self, duration: Duration) -> Sleep {
        let clock = self.0.clone();
        Sleep::new(async move { clock.sleep(duration).await })
    }
}

impl TimeSource for Manual {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.0.now_ms())
    }
}
