//! What is stored for a stack: who writes, since when, under which fencing number.

use std::fmt;
use std::time::Duration;

/// The item of one stack. `(run, fence, beat)` names its version: every write changes one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub claim: Claim,
    /// One more at every taking, never reset while the item exists.
    pub fence: u64,
    /// One more at every other write.
    pub beat: u64,
    /// How long the holder may believe in a heartbeat, and how long another must watch in vain.
    pub lease: Duration,
    pub state: State,
    /// The writer's wall clock at this write, epoch milliseconds: shown to people, never trusted for a taking.
    pub written_ms: u64,
}

/// Whether somebody holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    Held,
    /// `unlock --force`: the holder's next heartbeat fails. Free once the holder says so, or a whole lease later.
    Revoked,
    Released,
}

/// Who holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// Random, one per run: tells our own write from another's when the answer was lost.
    pub run: String,
    pub user: String,
    pub host: String,
    pub pid: u32,
    pub verb: String,
    /// Epoch milliseconds of the taking, by the holder's wall clock.
    pub since_ms: u64,
    /// Where its process can be looked for; `None`: this system does not tell.
    pub machine: Option<Machine>,
}

/// A process, so named that no other is meant by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Machine {
    /// The kernel's id of this boot.
    pub boot: String,
    /// The namespace in which the process id counts.
    pub pid_namespace: String,
    /// Clock ticks from boot to the process's start.
    pub started: u64,
    /// Its user: a process of another user may be hidden from us, and then absence says nothing.
    pub uid: u32,
}

/// What the stored item must be for a write to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expect {
    Absent,
    Version { run: String, fence: u64, beat: u64 },
}

impl Record {
    /// This version, as a condition.
    pub fn version(&self) -> Expect {
        Expect::Version { run: self.claim.run.clone(), fence: self.fence, beat: self.beat }
    }

    /// The same, one version on.
    #[must_use]
    pub fn next(&self, state: State, written_ms: u64) -> Self {
        Self { beat: self.beat + 1, state, written_ms, ..self.clone() }
    }

    /// Whether this is the tenure of `other`: the same run under the same number.
    pub fn is_tenure_of(&self, other: &Self) -> bool {
        (self.fence, &self.claim.run) == (other.fence, &other.claim.run)
    }

    /// Seconds since it was last written, by two wall clocks; `None`: written in our future.
    pub fn silence_s(&self, now_ms: u64) -> Option<u64> {
        now_ms.checked_sub(self.written_ms).map(|ms| ms / 1000)
    }
}

impl fmt::Display for Claim {
    /// `ann@laptop, process 4711, landfall apply, since 2026-01-02T03:04:05Z`; inert.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = crate::safe::text;
        let since = i64::try_from(self.since_ms).ok().and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok());
        let since = since.and_then(|t| t.round(jiff::Unit::Second).ok()).map_or("an unknown time".to_owned(), |t| t.to_string());
        write!(f, "{}@{}, process {}, landfall {}, since {since}", text(&self.user), text(&self.host), self.pid, text(&self.verb))
    }
}
