//! One rule: which calls it is about, which of them it strikes, and what happens to those.

use std::time::Duration;

/// Where in a call's life something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// Nothing was done yet.
    Before,
    /// The effect is there, the caller knows nothing.
    After,
    /// The effect is there, and half of the answer's body was sent. An answer without a body counts as [`Moment::After`].
    Half,
}

impl Moment {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
            Self::Half => "half",
        }
    }
}

/// What happens to a call that a rule strikes.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Answered with an error. The code may be of any service: `ThrottlingException` becomes S3's `SlowDown`, and so on.
    /// Status and message are AWS's where they are not given. [`Moment::Half`] counts as after.
    Refuse { code: String, status: Option<u16>, message: Option<String>, at: Moment },
    /// The connection is reset.
    Reset(Moment),
    /// Goes on only after this long by the embedded AWS's clock, unpaced.
    Delay(Duration, Moment),
    /// Held until [`super::Faults::release`], until the rule is cleared, or until the caller is gone.
    Freeze(Moment),
    /// Each item or key of a batch is handed back as unprocessed with this probability.
    Unprocessed(f64),
    /// `DescribeTable` says this instead of `ACTIVE`.
    Status(String),
    /// The account's limiter: of the calls that begin a table's work and of changes of tags, so many pass in a second of AWS's time,
    /// and all others are throttled in its words.
    Limit(u32),
}

/// Which calls get what. Without any narrowing: every call, always.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    pub(super) service: Option<String>,
    pub(super) operation: Option<String>,
    pub(super) resource: Option<String>,
    pub(super) writes: bool,
    /// From 1.
    pub(super) call: u64,
    pub(super) times: Option<u64>,
    pub(super) rate: Option<f64>,
    pub(super) seed: u64,
    pub(super) lasts: Option<Duration>,
    pub(super) effect: Effect,
}

impl Rule {
    /// Strikes every call until it is narrowed.
    pub fn new(effect: Effect) -> Self {
        let (call, seed) = (1, 0);
        Self { service: None, operation: None, resource: None, writes: false, call, times: None, rate: None, seed, lasts: None, effect }
    }

    /// An error with AWS's own status and words, before anything was done.
    pub fn refuse(code: &str) -> Self {
        Self::new(Effect::Refuse { code: code.to_owned(), status: None, message: None, at: Moment::Before })
    }

    /// The same after everything was done: the caller cannot know.
    pub fn refuse_after(code: &str) -> Self {
        Self::new(Effect::Refuse { code: code.to_owned(), status: None, message: None, at: Moment::After })
    }

    /// Only this service: `dynamodb`, `s3`, `monitoring`, `sts`, or another name of a credential scope.
    #[must_use]
    pub fn service(self, name: &str) -> Self {
        Self { service: Some(name.to_owned()), ..self }
    }

    /// Only this operation of the API.
    #[must_use]
    pub fn operation(self, name: &str) -> Self {
        Self { operation: Some(name.to_owned()), ..self }
    }

    /// Only calls about this table or bucket.
    #[must_use]
    pub fn resource(self, name: &str) -> Self {
        Self { resource: Some(name.to_owned()), ..self }
    }

    /// Only calls that change something.
    #[must_use]
    pub fn writes(self) -> Self {
        Self { writes: true, ..self }
    }

    /// From the `n`-th matching call on, counted from 1; only that one unless [`Rule::times`] says otherwise.
    #[must_use]
    pub fn call(self, n: u64) -> Self {
        Self { call: n, times: self.times.or(Some(1)), ..self }
    }

    /// So many calls, then no more.
    #[must_use]
    pub fn times(self, times: u64) -> Self {
        Self { times: Some(times), ..self }
    }

    /// This share of the matching calls (0 to 1), the same ones for the same seed and the same order of calls.
    #[must_use]
    pub fn rate(self, rate: f64, seed: u64) -> Self {
        Self { rate: Some(rate), seed, ..self }
    }

    /// For so long after the first call it strikes, by the embedded AWS's clock.
    #[must_use]
    pub fn lasts(self, time: Duration) -> Self {
        Self { lasts: Some(time), ..self }
    }
}

/// Whether an operation of any service changes something, by its name.
pub(super) fn is_write(operation: &str) -> bool {
    // PartiQL may do either: it counts as a write.
    const READS: [&str; 8] = ["Describe", "List", "Get", "Head", "Query", "Scan", "BatchGet", "TransactGet"];
    !READS.iter().any(|read| operation.starts_with(read))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_something_is_told_by_its_name() {
        for (operation, write) in [
            ("PutItem", true),
            ("UpdateTable", true),
            ("BatchGetItem", false),
            ("HeadBucket", false),
            ("PutMetricData", true),
            ("Scan", false),
        ] {
            assert_eq!(is_write(operation), write, "{operation}");
        }
    }
}
