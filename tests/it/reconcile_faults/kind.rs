//! The ways to fail, each as a rule of the embedded AWS.

use landfall::local::{Effect, Moment, Rule};
use std::time::Duration;

/// More often than the SDK repeats a call by itself (eight tries), so that `apply` sees it too. A read has the SDK's tries alone.
const STUBBORN: u64 = 10;
const STUBBORN_READ: u64 = 5;
/// Longer than a run has time.
const LONG: Duration = Duration::from_hours(25);

/// Which calls of a run are counted, and struck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Calls {
    /// Those that change something.
    Writes,
    All,
}

impl Calls {
    fn of(self, rule: Rule) -> Rule {
        if self == Self::Writes { rule.writes() } else { rule }
    }

    /// Strikes nothing, and counts.
    pub(crate) fn counter(self) -> Rule {
        self.of(Rule::new(Effect::Delay(Duration::ZERO, Moment::Before)).rate(0.0, 0))
    }
}

/// A way to fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Throttled,
    Failed,
    FailedAfter,
    Reset,
    ResetAfter,
    Cut,
    /// Two hours until the effect.
    Late,
    /// The effect at once, and the answer when the run's time is up.
    LateAnswer,
    /// Fails until somebody mends it.
    Broken,
    Expired,
    Denied,
}

/// What may befall a call.
pub(crate) const ALL: [Kind; 11] = [
    Kind::Throttled,
    Kind::Failed,
    Kind::FailedAfter,
    Kind::Reset,
    Kind::ResetAfter,
    Kind::Cut,
    Kind::Late,
    Kind::LateAnswer,
    Kind::Broken,
    Kind::Expired,
    Kind::Denied,
];

impl Kind {
    /// The rule that strikes the `n`-th of `calls`.
    pub(crate) fn at(self, n: u64, calls: Calls) -> Rule {
        let rule = match self {
            Self::Throttled => Rule::refuse("ThrottlingException"),
            Self::Failed | Self::Broken => Rule::refuse("InternalServerError"),
            Self::FailedAfter => Rule::refuse_after("InternalServerError"),
            Self::Expired => Rule::refuse("ExpiredTokenException"),
            Self::Denied => Rule::refuse("AccessDeniedException"),
            Self::Reset => Rule::new(Effect::Reset(Moment::Before)),
            Self::ResetAfter => Rule::new(Effect::Reset(Moment::After)),
            Self::Cut => Rule::new(Effect::Reset(Moment::Half)),
            Self::Late => Rule::new(Effect::Delay(Duration::from_hours(2), Moment::Before)),
            Self::LateAnswer => Rule::new(Effect::Delay(LONG, Moment::After)),
        };
        calls.of(rule.call(n).times(self.times(calls)))
    }

    fn times(self, calls: Calls) -> u64 {
        match self {
            Self::Broken | Self::Expired | Self::Denied => u64::MAX,
            Self::Throttled | Self::Failed | Self::Reset if calls == Calls::All => STUBBORN_READ,
            Self::Throttled | Self::Failed | Self::Reset => STUBBORN,
            Self::FailedAfter | Self::ResetAfter | Self::Cut | Self::Late | Self::LateAnswer => 1,
        }
    }

    /// What lasts until somebody mends it stops a run wherever it strikes.
    pub(crate) fn lasts(self) -> bool {
        matches!(self, Self::Broken | Self::Expired | Self::Denied)
    }

    /// What passes within the run's time keeps no run from finishing.
    pub(crate) fn passes(self) -> bool {
        !self.lasts() && self != Self::LateAnswer
    }
}
