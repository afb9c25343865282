//! What a failed call means: try again, look and try a few times, or stop.
//!
//! Rule: an answer that AWS gave to another question of ours (busy, cooling down, too many at once) is waited for;
//! one that says no is final. Nothing here ever leads to another kind of step.

use crate::aws::Error;
use crate::plan::Step;

/// What to do about a failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// It passes by itself: wait, until the run's time is up. The text says for what.
    Wait(&'static str),
    /// AWS says that the resource is busy. If it looks quiet all the same, that passes soon or never: wait for a bounded time.
    Busy,
    /// The outcome is unknown, or reads lag: look, and try a few more times.
    Doubt,
    Final,
}

/// AWS failed, or its reads lag behind a create, or an earlier try of ours made the bucket.
const DOUBTFUL: [&str; 9] = [
    "BucketAlreadyOwnedByYou",
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "NoSuchBucket",
    "RequestTimeout",
    "ResourceNotFoundException",
    "ServiceUnavailable",
    "TableNotFoundException",
];

/// Judges `error` of `step`.
pub(super) fn judge(error: &Error, step: &Step) -> Fault {
    if error.is_credentials() || error.is_denied() {
        return Fault::Final;
    }
    if error.is_throttle() {
        return Fault::Wait("AWS is throttling");
    }
    let Some(code) = error.code.as_deref() else { return Fault::Doubt };
    match (code, step) {
        // A create that meets an existing table: the look that follows tells whether it is ours.
        ("ResourceInUseException", Step::CreateTable { .. }) => Fault::Doubt,
        (code, _) if DOUBTFUL.contains(&code) => Fault::Doubt,
        ("ResourceInUseException", _) => Fault::Busy,
        // Source: API reference, LimitExceededException; the decrease budget does not come back within minutes.
        ("LimitExceededException", _) if error.message.to_lowercase().contains("decrease") => Fault::Final,
        ("LimitExceededException", _) => Fault::Wait("too many table operations are under way"),
        ("ContinuousBackupsUnavailableException", _) => Fault::Wait("recovery is not available yet on the new table"),
        ("ValidationException", Step::TtlOn { .. } | Step::TtlOff { .. }) if error.message.contains("multiple times within") => {
            Fault::Wait("TTL can be changed once an hour")
        }
        ("OperationAborted", _) => Fault::Wait("S3 is busy with another change of the bucket"),
        _ => Fault::Final,
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
        let twice = "Time to live has been modified multiple times within a fixed interval";
        let cases = [
            (Some("ThrottlingException"), "", &update, Fault::Wait("AWS is throttling")),
            (Some("ResourceInUseException"), "", &update, Fault::Busy),
            (Some("ResourceInUseException"), "", &create, Fault::Doubt),
            (Some("LimitExceededException"), "Only 1 online index", &update, Fault::Wait("too many table operations are under way")),
            (Some("LimitExceededException"), "Provisioned throughput decreases are limited", &update, Fault::Final),
            (Some("ContinuousBackupsUnavailableException"), "", &update, Fault::Wait("recovery is not available yet on the new table")),
            (Some("ValidationException"), twice, &ttl, Fault::Wait("TTL can be changed once an hour")),
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
