//! What a holder knows of its own lease: until when it may act, and what it writes next.
//!
//! Rule: an acknowledged write is good for a lease less a margin from the moment at which it was *sent*; a write whose answer was lost is
//! good for nothing until the next one is acknowledged.

use super::record::{Expect, Record, State};
use std::time::Duration;

/// Ordinary calls take no longer, whatever the lease.
const LEAST_ATTEMPT: Duration = Duration::from_secs(5);

/// How long one attempt of a mutation may take: it ends inside the margin of a fifth, however late it was let pass. Under a lease of less
/// than half a minute that would be too short for AWS, and the least time counts.
pub fn attempt(lease: Duration) -> Duration {
    (lease / 6).max(LEAST_ATTEMPT)
}

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

#[cfg(test)]
mod tests {
    use super::super::record::Claim;
    use super::*;

    const LEASE: Duration = Duration::from_mins(1);
    const SENT: Duration = Duration::from_secs(100);

    fn record(run: &str, fence: u64, state: State) -> Record {
        let text = |t: &str| t.to_owned();
        let claim = Claim { run: text(run), user: text("ann"), host: text("h"), pid: 7, verb: text("apply"), since_ms: 0, machine: None };
        Record { claim, fence, beat: 9, lease: LEASE, state, written_ms: 0 }
    }

    #[test]
    fn a_heartbeat_is_good_for_a_lease_less_a_fifth_from_its_sending() {
        let mut tenure = Tenure::taken(record("me", 4, State::Held), SENT);
        assert_eq!(tenure.good_until(), SENT + Duration::from_secs(48));
        tenure.acknowledged(record("me", 4, State::Held), SENT * 2);
        assert_eq!(tenure.good_until(), SENT * 2 + Duration::from_secs(48));
        assert_eq!(Tenure::found(record("me", 4, State::Held)).good_until(), Duration::ZERO);
    }

    #[test]
    fn what_was_let_pass_in_the_last_moment_is_given_up_before_another_may_take_over() {
        for seconds in [30, 60, 600, 3600] {
            let lease = Duration::from_secs(seconds);
            let tenure = Tenure::taken(Record { lease, ..record("me", 4, State::Held) }, SENT);
            assert!(tenure.good_until() + attempt(lease) < SENT + lease, "{seconds} s");
        }
        assert_eq!((attempt(LEASE), attempt(Duration::from_secs(1))), (Duration::from_secs(10), LEAST_ATTEMPT));
    }

    #[test]
    fn anything_but_our_own_tenure_held_is_a_loss_and_good_for_nothing_from_then_on() {
        let others = [
            Some(record("me", 4, State::Revoked)),
            Some(record("me", 4, State::Released)),
            Some(record("me", 5, State::Held)),
            Some(record("other", 4, State::Held)),
            None,
        ];
        for other in others {
            let mut tenure = Tenure::taken(record("me", 4, State::Held), SENT);
            assert_eq!((tenure.seen(other.as_ref()), tenure.good_until()), (Standing::Lost, Duration::ZERO), "{other:?}");
        }
        let mut tenure = Tenure::taken(record("me", 4, State::Held), SENT);
        let later = record("me", 4, State::Held).next(State::Held, 1);
        assert_eq!((tenure.seen(Some(&later)), tenure.record().beat), (Standing::Ours, 10));
    }

    #[test]
    fn only_our_own_tenure_is_given_back_and_only_once() {
        let tenure = Tenure::taken(record("me", 4, State::Held), SENT);
        assert!(
            tenure.release(&record("me", 4, State::Held), 0).is_some() && tenure.release(&record("me", 4, State::Revoked), 0).is_some()
        );
        for other in [record("me", 4, State::Released), record("me", 5, State::Held), record("other", 4, State::Held)] {
            assert_eq!(tenure.release(&other, 0), None);
        }
    }
}
