//! What a holder knows of its own lease: until when it may act, and what it writes next.
//!
//! Rule: an acknowledged write is good for a lease less a margin from the moment at which it was *sent*; a write whose answer was lost is
//! good for nothing until the next one is acknowledged.

use super::record::{Expect, Record, State};
use std::time::Duration;

/// A holder's side of a lease.
#[derive(Debug, Clone)]
pub struct Tenure {
    record: Record,
    good_until: Duration,
}

/// What a read says about our tenure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Still ours: write again.
    Ours,
    /// Another's, revoked or gone.
    Lost,
}

impl Tenure {
    /// `record` was written for us; `sent` as in [`Self::acknowledged`].
    pub fn taken(record: Record, sent: Duration) -> Self {
        let mut tenure = Self::found(record);
        tenure.good_until = sent + tenure.credit();
        tenure
    }

    /// `record` was seen to be ours, but when it was written is not known: good for nothing yet.
    pub fn found(record: Record) -> Self {
        Self { record, good_until: Duration::ZERO }
    }

    /// A lease less the margin of a fifth for a request on its way.
    fn credit(&self) -> Duration {
        self.record.lease.saturating_sub(self.record.lease / 5)
    }

    /// The last version known.
    pub fn record(&self) -> &Record {
        &self.record
    }

    /// Until when a mutation may be sent, on the holder's clock.
    pub fn good_until(&self) -> Duration {
        self.good_until
    }

    /// The next heartbeat.
    pub fn beat(&self, wall_ms: u64) -> (Expect, Record) {
        (self.record.version(), self.record.next(State::Held, wall_ms))
    }

    /// `record` was written. `sent`: a moment before the request left, on a clock that never falls behind the world's.
    pub fn acknowledged(&mut self, record: Record, sent: Duration) {
        self.good_until = self.good_until.max(sent + self.credit());
        self.record = record;
    }

    /// After a refused or unanswered heartbeat: what `stored` means.
    pub fn seen(&mut self, stored: Option<&Record>) -> Standing {
        match stored {
            Some(stored) if stored.is_tenure_of(&self.record) && stored.state == State::Held => {
                self.record = stored.clone();
                Standing::Ours
            }
            _ => {
                self.good_until = Duration::ZERO;
                Standing::Lost
            }
        }
    }

    /// The write that gives it back, of what is stored: only what is still of our tenure, revoked or not.
    pub fn release(&self, stored: &Record, wall_ms: u64) -> Option<(Expect, Record)> {
        let ours = stored.is_tenure_of(&self.record) && stored.state != State::Released;
        ours.then(|| (stored.version(), stored.next(State::Released, wall_ms)))
    }
}
