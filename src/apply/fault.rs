//! What a failed call means: try again, look and try a few times, wait for a budget, or stop.
//!
//! Rule: an answer that AWS gave to another question of ours (busy, cooling down, too many at once) is waited for;
//! a spent budget is waited for where AWS says that it comes back in time; one that says no is final. A quota's words that are not known
//! here are waited for as long as a table that says it is busy, and then told as AWS said them. Nothing here ever leads to another kind of
//! step.
//! Facts: messages as users report them (`DynamoDB` puts all of this under one code, `LimitExceededException`, and tells apart in words);
//! Application Auto Scaling's exceptions from its API reference.

use super::budget;
use crate::aws::Error;
use crate::plan::Step;

/// What to do about a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It passes by itself: wait, until the run's time is up. The text says for what.
    Wait(&'static str),
    /// It passes by itself, but not within seconds: asking often is no use.
    Cooldown(&'static str),
    /// AWS changes this only so often. The moment (epoch milliseconds) from which it may be done again, where AWS names it.
    Spent(Option<u64>),
    /// AWS says that the resource is busy, or names a limit that is not known here. If the resource looks quiet all the same, that passes
    /// soon or never: wait for a bounded time.
    Busy,
    /// The outcome is unknown, or reads lag: look, and try a few more times.
    Doubt,
    Final,
}

/// AWS failed, or its reads lag behind a create, or an earlier try of ours made the bucket. Auto scaling: its role or target is new.
const DOUBTFUL: [&str; 12] = [
    "BucketAlreadyOwnedByYou",
    "FailedResourceAccessException",
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "InternalServiceException",
    "NoSuchBucket",
    "ObjectNotFoundException",
    "RequestTimeout",
    "ResourceNotFoundException",
    "ServiceUnavailable",
    "TableNotFoundException",
];

/// Source: developer guide, "Enabling TTL".
const TTL_COOLS: &str = "TTL can be changed once an hour; asking again until then (Ctrl-C is safe, another run goes on from here)";

/// Judges `error` of `step`.
pub(super) fn judge(error: &Error, step: &Step) -> Fault {
    if error.is_throttle() {
        return Fault::Wait("AWS is throttling");
    }
    let Some(code) = error.code.as_deref() else { return Fault::Doubt };
    match (code, step) {
        // A create that meets an existing table: the look that follows tells whether it is ours.
        ("ResourceInUseException", Step::CreateTable { .. }) => Fault::Doubt,
        (code, _) if DOUBTFUL.contains(&code) => Fault::Doubt,
        ("ResourceInUseException", _) => Fault::Busy,
        // Application Auto Scaling's: how many targets or policies there may be. What is under way there has a code of its own.
        ("LimitExceededException", Step::ScaleTarget { .. } | Step::ScalePolicy { .. } | Step::Unscale { .. }) => Fault::Final,
        ("LimitExceededException", _) => limit(&error.message),
        ("ContinuousBackupsUnavailableException", _) => Fault::Wait("recovery is not available yet on the new table"),
        ("ConcurrentUpdateException", _) => Fault::Wait("auto scaling has another change under way"),
        ("ValidationException", Step::TtlOn { .. } | Step::TtlOff { .. }) if error.message.contains("multiple times within") => {
            Fault::Cooldown(TTL_COOLS)
        }
        ("OperationAborted", _) => Fault::Wait("S3 is busy with another change of the bucket"),
        // Refused credentials and permissions among them.
        _ => Fault::Final,
    }
}

/// How many or how much there may be, not how often: no waiting brings more. Words of the number of tables and indexes, of the units of a
/// table and of an account, of on-demand maximums.
const QUOTA: [&str; 5] = ["There is a limit of", "limit for the number", "exceeds", "limit to be exceeded", "above the per table maximum"];

/// Source: API reference, `LimitExceededException`, and its messages.
fn limit(message: &str) -> Fault {
    let has = |words: &str| message.contains(words);
    match () {
        () if has("tags are being updated") => Fault::Wait("another change of its tags is under way"),
        () if has("simultaneously") => Fault::Wait("too many table operations are under way"),
        () if QUOTA.into_iter().any(has) => Fault::Final,
        () if has("are limited") || has("decrease") => Fault::Spent(budget::again_at(message)),
        () => Fault::Busy,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(code: Option<&str>, message: &str) -> Error {
        Error { call: "c".into(), code: code.map(Into::into), message: message.into(), request_id: None, throttling_reasons: Vec::new() }
    }

    #[test]
    fn each_fault_has_its_answer() {
        let update = Step::Protect { on: true };
        let create = Step::CreateTable { table: crate::plan::samples::table(), owner: "s".into() };
        let ttl = Step::TtlOn { attribute: "e".into() };
        let dimension = crate::resource::Dimension::Read;
        let scale = Step::ScaleTarget { index: None, dimension, min: 1, max: 2 };
        let policy = Step::ScalePolicy { index: None, dimension, target: 70 };
        let unscale = Step::Unscale { index: None, dimension };
        let twice = "Time to live has been modified multiple times within a fixed interval";
        let cases = [
            (Some("ThrottlingException"), "", &update, Fault::Wait("AWS is throttling")),
            (Some("ResourceInUseException"), "", &update, Fault::Busy),
            (Some("ResourceInUseException"), "", &create, Fault::Doubt),
            (
                Some("LimitExceededException"),
                "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
                &update,
                Fault::Wait("too many table operations are under way"),
            ),
            (Some("LimitExceededException"), "Subscriber limit exceeded.", &update, Fault::Busy),
            (Some("LimitExceededException"), "Number of global secondary indexes exceeds per-table limit of 20", &update, Fault::Final),
            (
                Some("LimitExceededException"),
                "The requested ReadCapacityUnits, 50000, is above the per table maximum for the account",
                &create,
                Fault::Final,
            ),
            (Some("LimitExceededException"), "This would have caused the ReadCapacityUnits limit to be exceeded", &update, Fault::Final),
            (Some("LimitExceededException"), "simultaneously", &scale, Fault::Final),
            (Some("LimitExceededException"), "", &policy, Fault::Final),
            (Some("LimitExceededException"), "", &unscale, Fault::Final),
            (Some("ConcurrentUpdateException"), "", &scale, Fault::Wait("auto scaling has another change under way")),
            (Some("LimitExceededException"), "Provisioned throughput decreases are limited", &update, Fault::Spent(None)),
            (Some("LimitExceededException"), "Encryption mode changes are limited", &update, Fault::Spent(None)),
            (Some("LimitExceededException"), "Next decrease can be made later", &update, Fault::Spent(None)),
            (
                Some("LimitExceededException"),
                "There is a limit of 500 tables that are changed simultaneously",
                &update,
                Fault::Wait("too many table operations are under way"),
            ),
            (Some("LimitExceededException"), "There is a limit of 2500 tables per subscriber", &create, Fault::Final),
            (Some("LimitExceededException"), "You have exceeded the limit for the number of tables", &create, Fault::Final),
            (
                Some("LimitExceededException"),
                "Table tags are being updated: T",
                &update,
                Fault::Wait("another change of its tags is under way"),
            ),
            (Some("ConcurrentUpdateException"), "", &update, Fault::Wait("auto scaling has another change under way")),
            (Some("ObjectNotFoundException"), "", &update, Fault::Doubt),
            (Some("ValidationException"), "KMS validation error: the key is disabled", &update, Fault::Final),
            (Some("ContinuousBackupsUnavailableException"), "", &update, Fault::Wait("recovery is not available yet on the new table")),
            (Some("ValidationException"), twice, &ttl, Fault::Cooldown(TTL_COOLS)),
            (Some("ValidationException"), twice, &update, Fault::Final),
            (Some("OperationAborted"), "", &update, Fault::Wait("S3 is busy with another change of the bucket")),
            (Some("InternalServerError"), "", &update, Fault::Doubt),
            (None, "connection reset", &update, Fault::Doubt),
            (Some("ExpiredTokenException"), "", &update, Fault::Final),
            (Some("AccessDeniedException"), "", &update, Fault::Final),
        ];
        for (code, message, step, want) in cases {
            assert_eq!(judge(&error(code, message), step), want, "{code:?} {message}");
        }
    }
}
