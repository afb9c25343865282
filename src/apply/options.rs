//! How patient apply is, whose lease it asks, and how it is told to stop.

use crate::clock::Clock;
use crate::lease::Lease;
use crate::plan::deadline::AT_ONCE;
use std::time::Duration;
use tokio::sync::watch;

/// Bounds of one run, on the clock of its [`crate::aws::Aws`]. There is none on a backfill beside `timeout`.
#[derive(Debug, Clone)]
pub struct Options {
    /// The whole run; after it, waiting ends with what is unfinished, and running again resumes.
    pub timeout: Duration,
    /// Whether to leave a resource whose index AWS is filling, instead of waiting for it.
    pub detach: bool,
    /// Between two looks at a resource in motion: from, growing to; in a wait of hours on to a twentieth of it.
    pub first_poll: Duration,
    pub last_poll: Duration,
    /// How long AWS's reads may lag behind our own effect before it counts as somebody else's change.
    pub lag: Duration,
    /// Resources in motion at once.
    pub parallel: usize,
    /// Asked before every mutation; `None`: no other writer can be there, as in a test with an AWS of its own.
    pub lease: Option<Lease>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            timeout: Duration::from_hours(24),
            detach: false,
            first_poll: Duration::from_millis(50),
            last_poll: Duration::from_secs(5),
            lag: Duration::from_mins(1),
            parallel: AT_ONCE,
            lease: None,
        }
    }
}

/// Says stop; dropping it says nothing.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

impl Stopper {
    /// No mutation is begun after this; what AWS is doing goes on there.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

/// Whether to stop: asked before every mutation and while waiting.
#[derive(Debug, Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stop {
    /// A stop and the hand that pulls it.
    pub fn new() -> (Stopper, Self) {
        let (sender, receiver) = watch::channel(false);
        (Stopper(sender), Self(receiver))
    }

    /// Never stops.
    pub fn never() -> Self {
        Self::new().1
    }

    /// Whether stop was said.
    pub fn is_said(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until stop is said.
    pub async fn said(&self) {
        if self.0.clone().wait_for(|said| *said).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Sleeps by `clock`, at most until stop is said.
    pub async fn sleep(&self, clock: &Clock, time: Duration) {
        tokio::select! {
            () = clock.sleep(time) => {}
            () = self.said() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn stop_ends_a_sleep_and_a_dropped_stopper_does_not() {
        let (stopper, stop) = Stop::new();
        stopper.stop();
        stop.sleep(&Clock::wall(), Duration::from_mins(1)).await;
        assert!(stop.is_said());
        let clock = Clock::manual(0);
        Stop::never().sleep(&clock, Duration::from_mins(30)).await;
        assert_eq!(clock.now_ms(), 1_800_000);
    }
}
