//! When a lease may be taken: one writer's look at the stored item, repeated.
//!
//! Rules: what is free is taken at once; what a dead process of this machine left, at once; anything else only when the very same version
//! was seen for a whole lease, counted from the moment at which the first answer that showed it had *arrived*. A wall clock only decides
//! how soon we give up, never whether we take.

use super::record::{Expect, Record, State};
use std::time::Duration;

/// How often a held lease is looked at, at most and at least.
const SELDOM: Duration = Duration::from_secs(2);
const OFTEN: Duration = Duration::from_millis(100);

/// The moment at which an answer had arrived.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// This process's monotonic clock; it may stand still while the machine sleeps.
    pub at: Duration,
    /// Epoch milliseconds.
    pub wall_ms: u64,
}

/// What to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Write a record with this number, on this condition.
    Take { expect: Expect, fence: u64 },
    /// It is ours already: an earlier write of ours took effect and its answer was lost.
    Ours,
    /// Look again after this long.
    Wait(Duration),
    /// Its holder lives, and our patience is over.
    Locked,
}

/// One writer's watch.
#[derive(Debug, Clone)]
pub struct Watch {
    run: String,
    /// How long to wait for a holder that lives.
    patience: Duration,
    began: Option<Duration>,
    /// The version seen last, and since when.
    seen: Option<(Expect, Duration)>,
    moved: bool,
}

impl Watch {
    /// The watch of the run `run`.
    pub fn new(run: &str, patience: Duration) -> Self {
        Self { run: run.to_owned(), patience, began: None, seen: None, moved: false }
    }

    /// What to do about `stored`. `dead`: its process is provably gone.
    pub fn look(&mut self, stored: Option<&Record>, dead: bool, now: Now) -> Decision {
        let began = *self.began.get_or_insert(now.at);
        let Some(record) = stored else { return Decision::Take { expect: Expect::Absent, fence: 1 } };
        if record.state == State::Held && record.claim.run == self.run {
            return Decision::Ours;
        }
        let quiet = self.quiet(record, now.at);
        if record.state == State::Released || dead || quiet >= record.lease {
            return Decision::Take { expect: record.version(), fence: record.fence + 1 };
        }
        let patient = now.at.saturating_sub(began) < self.patience;
        if !patient && self.lives(record, now.wall_ms) {
            return Decision::Locked;
        }
        Decision::Wait((record.lease.saturating_sub(quiet)).min(record.lease / 10).clamp(OFTEN, SELDOM))
    }

    /// Since when this version has not changed.
    fn quiet(&mut self, record: &Record, at: Duration) -> Duration {
        let version = record.version();
        match &self.seen {
            Some((seen, since)) if *seen == version => at.saturating_sub(*since),
            before => {
                self.moved |= before.is_some();
                self.seen = Some((version, at));
                Duration::ZERO
            }
        }
    }

    /// Whether to believe that somebody is there. Wrong either way it costs time, not safety: a forgotten lease that looks alive is
    /// watched by a later run, one that looks dead is watched now.
    fn lives(&self, record: &Record, wall_ms: u64) -> bool {
        let age = Duration::from_millis(wall_ms.abs_diff(record.written_ms));
        record.state == State::Held && (self.moved || age < record.lease)
    }
}

#[cfg(test)]
mod tests {
    use super::super::record::Claim;
    use super::*;

    const LEASE: Duration = Duration::from_mins(1);
    /// The wall clock of a holder that is long gone.
    const LATER: u64 = 10_000_000;

    fn record(state: State) -> Record {
        let text = |t: &str| t.to_owned();
        let (run, user, host, verb) = (text("other"), text("ann"), text("laptop"), text("apply"));
        let claim = Claim { run, user, host, pid: 7, verb, since_ms: 1000, machine: None };
        Record { claim, fence: 4, beat: 9, lease: LEASE, state, written_ms: 1000 }
    }

    fn at(seconds: u64, wall_ms: u64) -> Now {
        Now { at: Duration::from_secs(seconds), wall_ms }
    }

    fn takes(record: &Record) -> Decision {
        Decision::Take { expect: record.version(), fence: record.fence + 1 }
    }

    #[test]
    fn what_nobody_holds_is_taken_at_once() {
        let mut watch = Watch::new("me", Duration::ZERO);
        assert_eq!(watch.look(None, false, at(0, 0)), Decision::Take { expect: Expect::Absent, fence: 1 });
        let released = record(State::Released);
        assert_eq!(watch.look(Some(&released), false, at(0, 0)), takes(&released));
    }

    #[test]
    fn a_live_holder_is_told_at_once_and_waited_for_on_request() {
        let held = record(State::Held);
        assert_eq!(Watch::new("me", Duration::ZERO).look(Some(&held), false, at(0, 1500)), Decision::Locked);
        let mut patient = Watch::new("me", Duration::from_secs(5));
        assert!(matches!(patient.look(Some(&held), false, at(0, 1500)), Decision::Wait(_)));
        assert_eq!(patient.look(Some(&held), false, at(6, 1500)), Decision::Locked);
    }

    #[test]
    fn an_unchanged_version_is_taken_after_a_whole_lease_and_not_a_moment_before() {
        let held = record(State::Held);
        let mut watch = Watch::new("me", Duration::ZERO);
        assert!(matches!(watch.look(Some(&held), false, at(100, LATER)), Decision::Wait(_)));
        assert!(matches!(watch.look(Some(&held), false, at(159, LATER)), Decision::Wait(_)));
        assert_eq!(watch.look(Some(&held), false, at(160, LATER)), takes(&held));
    }

    #[test]
    fn a_heartbeat_starts_the_watch_anew_and_shows_life() {
        let held = record(State::Held);
        let mut watch = Watch::new("me", Duration::from_mins(10));
        watch.look(Some(&held), false, at(0, LATER));
        assert!(matches!(watch.look(Some(&held.next(State::Held, 0)), false, at(59, LATER)), Decision::Wait(_)));
        assert!(matches!(watch.look(Some(&held.next(State::Held, 0)), false, at(61, LATER)), Decision::Wait(_)));
        let mut hasty = Watch::new("me", Duration::ZERO);
        assert!(matches!(hasty.look(Some(&held), false, at(0, LATER)), Decision::Wait(_)));
        assert_eq!(hasty.look(Some(&held.next(State::Held, 0)), false, at(1, LATER)), Decision::Locked);
    }

    #[test]
    fn a_dead_process_of_this_machine_is_followed_at_once_and_our_own_lost_answer_is_ours() {
        let held = record(State::Held);
        assert_eq!(Watch::new("me", Duration::ZERO).look(Some(&held), true, at(0, 1500)), takes(&held));
        assert_eq!(Watch::new("other", Duration::ZERO).look(Some(&held), false, at(0, 1500)), Decision::Ours);
        let revoked = record(State::Revoked);
        assert_ne!(Watch::new("other", Duration::ZERO).look(Some(&revoked), false, at(0, 1500)), Decision::Ours);
    }

    #[test]
    fn what_was_revoked_is_waited_for_even_without_patience() {
        let revoked = record(State::Revoked);
        let mut watch = Watch::new("me", Duration::ZERO);
        assert!(matches!(watch.look(Some(&revoked), false, at(0, 1500)), Decision::Wait(_)));
        assert_eq!(watch.look(Some(&revoked), false, at(60, 1500)), takes(&revoked));
    }
}
