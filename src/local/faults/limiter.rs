//! The account's limiter of control-plane changes, which AWS documents nowhere.
//!
//! One lab (ten calls at once): 3 to 5 of ten changes are throttled, and one more try after a second passes; charged are calls that
//! begin a table's work, and TagResource; deletion protection, time to live and reads are free. Off unless a rule asks for it.

use crate::local::fault::Fault;
use crate::local::gate::Asked;
use serde_json::Value;
use std::collections::VecDeque;

/// When the calls of the last second passed, in epoch milliseconds.
#[derive(Debug, Default)]
pub(super) struct Passed(VecDeque<u64>);

impl Passed {
    /// Whether one more of `most` in a second (of `second` milliseconds) passes at `now`.
    pub(super) fn takes(&mut self, most: u32, now: u64, second: u64) -> bool {
        while self.0.front().is_some_and(|at| at.saturating_add(second) <= now) {
            self.0.pop_front();
        }
        let takes = self.0.len() < most as usize;
        if takes {
            self.0.push_back(now);
        }
        takes
    }
}

/// Whether the limiter counts this call.
pub(super) fn counts(asked: &Asked<'_>) -> bool {
    match asked.operation {
        "CreateTable" | "DeleteTable" | "TagResource" | "UntagResource" => true,
        "UpdateTable" => !is_metadata(asked.body),
        _ => false,
    }
}

/// An UpdateTable that begins no work: deletion protection, or nothing.
fn is_metadata(body: &[u8]) -> bool {
    let request = serde_json::from_slice::<Value>(body).unwrap_or_default();
    let members = request.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null());
    members.map(|(name, _)| name.as_str()).all(|name| ["TableName", "DeletionProtectionEnabled"].contains(&name))
}

/// Its words (the same lab).
pub(super) fn refusal() -> Fault {
    Fault::new("ThrottlingException", "The rate of control plane requests made by this account is too high")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_pass_in_a_second_and_more_a_second_later() {
        let mut passed = Passed::default();
        let mut takes = |now, calls: usize| (0..calls).filter(|_| passed.takes(6, now, 1_000)).count();
        assert_eq!([takes(0, 10), takes(999, 4), takes(1_000, 4)], [6, 0, 4]);
    }

    #[test]
    fn what_begins_no_work_is_free() {
        let counts = |operation, body: &str| counts(&Asked { service: "dynamodb", operation, resource: "", body: body.as_bytes() });
        assert!(counts("CreateTable", "{}") && counts("TagResource", "{}"));
        assert!(counts("UpdateTable", r#"{"TableName":"a","BillingMode":"PAY_PER_REQUEST"}"#));
        assert!(!counts("UpdateTable", r#"{"TableName":"a","DeletionProtectionEnabled":true}"#));
        assert!(!counts("UpdateTable", r#"{"TableName":"a","DeletionProtectionEnabled":true,"BillingMode":null}"#), "null is not said");
        assert!(!counts("UpdateTimeToLive", "{}") && !counts("DescribeTable", "{}") && !counts("PutItem", "{}"));
    }
}
