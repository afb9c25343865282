//! The exit code table: one for every verb, computed once from the report.
//!
//! Rule: green is proved, never assumed. Two outcomes combine by [`Exit::and`], and what is worse for a person
//! who stakes a cutover on the answer wins. Called by `report` (to compute) and `main` (to leave).

use serde::Serialize;

/// What a run answers. The number is the process's exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum Exit {
    /// In sync, nothing to do, pass, with full coverage.
    Pass = 0,
    /// Could not finish (AWS, SQL, I/O): says nothing about the data.
    Failed = 1,
    /// Usage or stack-file error.
    Usage = 2,
    /// The answer is no: changes pending, drift, mismatch over the gate, throttled over the gate, no-go.
    No = 3,
    /// Nothing to check, rows skipped, budget spent, missing metrics, bound too wide.
    Inconclusive = 4,
    /// A guard said no: wrong account, destroy not approved, not ours, policy.
    Refused = 5,
    /// Stale or altered plan.
    Stale = 6,
    /// Another run holds the lock.
    Locked = 7,
    /// Partly done, safe to run again.
    Partial = 8,
    /// Interrupted, resumable.
    Interrupted = 130,
}

impl Exit {
    /// The number that the process leaves with.
    pub fn code(self) -> u8 {
        self as u8
    }

    /// How much an outcome weighs when two meet: a pass never hides anything, a "no" is never hidden by "could not tell".
    fn weight(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Inconclusive => 1,
            Self::Partial => 2,
            Self::No => 3,
            Self::Failed => 4,
            Self::Locked => 5,
            Self::Stale => 6,
            Self::Refused => 7,
            Self::Usage => 8,
            Self::Interrupted => 9,
        }
    }

    /// The outcome of two parts of one run.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        if other.weight() > self.weight() { other } else { self }
    }

    /// One short phrase for people.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Failed => "could not finish",
            Self::Usage => "usage or stack-file error",
            Self::No => "no",
            Self::Inconclusive => "inconclusive",
            Self::Refused => "refused",
            Self::Stale => "stale or altered plan",
            Self::Locked => "locked by another run",
            Self::Partial => "partly done, safe to run again",
            Self::Interrupted => "interrupted, run again to resume",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Exit::{self, *};

    const ALL: [Exit; 10] = [Pass, Failed, Usage, No, Inconclusive, Refused, Stale, Locked, Partial, Interrupted];

    #[test]
    fn codes_are_the_published_table() {
        assert_eq!(ALL.map(Exit::code), [0, 1, 2, 3, 4, 5, 6, 7, 8, 130]);
    }

    #[test]
    fn pass_survives_only_beside_pass() {
        for other in ALL {
            assert_eq!(Pass.and(other), other);
            assert_eq!(other.and(Pass), other);
        }
    }

    #[test]
    fn order_of_parts_does_not_matter() {
        for a in ALL {
            for b in ALL {
                assert_eq!(a.and(b), b.and(a));
            }
        }
    }
}
