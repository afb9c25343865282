//! Why a request was throttled, in the words of the API reference (`ThrottlingReason`).

use super::limits::Side;
use crate::local::fault::Fault;
use serde_json::{Value, json};

/// Which kind of bound was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    Provisioned,
    Maximum,
    /// What the account lets an on-demand table or index have.
    Account,
    /// One partition's own bound, whatever the table has.
    KeyRange,
}

/// One event's refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reason {
    pub(super) table: String,
    pub(super) index: Option<String>,
    pub(super) side: Side,
    pub(super) cause: Cause,
    pub(super) on_demand: bool,
    /// Of the table or the index.
    pub(super) arn: String,
}

const PROVISIONED: &str = "The level of configured provisioned throughput for the table was exceeded. \
     Consider increasing your provisioning level with the UpdateTable API.";
const INDEX: &str = "The level of configured provisioned throughput for one or more global secondary indexes of the table was exceeded. \
     Consider updating your provisioning level for the under-provisioned global secondary indexes with the UpdateTable API";
const ON_DEMAND: &str = "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or \
     index so please try again shortly. If exceptions persist, check if you have a hot key: \
     https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html";
const MAXIMUM: &str = "Throughput exceeds the maximum OnDemandThroughput configured on table or index";
/// The words are the API reference's, and the code is a reading of it: no lab has seen the exception of this reason.
const ACCOUNT: &str = "Throughput exceeds the current throughput quota for your account. Please contact AWS Support at \
     https://aws.amazon.com/support to request a quota increase.";

impl Reason {
    /// `IndexWriteProvisionedThroughputExceeded`.
    pub(super) fn name(&self) -> String {
        let scope = if self.index.is_some() { "Index" } else { "Table" };
        let side = match self.side {
            Side::Read => "Read",
            Side::Write => "Write",
        };
        let cause = match self.cause {
            Cause::Provisioned => "ProvisionedThroughput",
            Cause::Maximum => "MaxOnDemandThroughput",
            Cause::Account => "AccountLimit",
            Cause::KeyRange => "KeyRangeThroughput",
        };
        format!("{scope}{side}{cause}Exceeded")
    }

    fn words(&self) -> (&'static str, &'static str) {
        match (self.on_demand, self.cause) {
            (_, Cause::Maximum) => ("ThrottlingException", MAXIMUM),
            (_, Cause::Account) => ("RequestLimitExceeded", ACCOUNT),
            (true, _) => ("ThrottlingException", ON_DEMAND),
            (false, _) if self.index.is_some() => ("ProvisionedThroughputExceededException", INDEX),
            (false, _) => ("ProvisionedThroughputExceededException", PROVISIONED),
        }
    }

    fn told(&self) -> Value {
        json!({ "reason": self.name(), "resource": self.arn })
    }

    /// What a request of `of` demands is told, of which the `at`-th was throttled and nothing was done.
    pub(in crate::local::dynamodb) fn of_whole(&self, operation: &str, at: usize, of: usize) -> Fault {
        if operation.starts_with("Transact") { self.cancellation(at, of) } else { self.fault() }
    }

    /// The exception of a whole request.
    pub(super) fn fault(&self) -> Fault {
        let (code, message) = self.words();
        // So the service's model has it: one exception's member begins with a small letter.
        let member = if code == "ThrottlingException" { "throttlingReasons" } else { "ThrottlingReasons" };
        let body = json!({
            "__type": format!("com.amazonaws.dynamodb.v20120810#{code}"), "message": message, member: [self.told()],
        });
        Fault { json: Some(body.to_string().into()), ..Fault::new(code, message) }
    }

    /// What a transaction's reason is called (API reference, `TransactionCanceledException`).
    fn code_in_transaction(&self) -> &'static str {
        match self.words().0 {
            "ThrottlingException" | "RequestLimitExceeded" => "ThrottlingError",
            _ => "ProvisionedThroughputExceeded",
        }
    }

    /// The cancellation of a transaction of `actions`, of which the `at`-th was throttled.
    pub(super) fn cancellation(&self, at: usize, actions: usize) -> Fault {
        let code = |i: usize| if i == at { self.code_in_transaction() } else { "None" };
        let codes: Vec<&str> = (0..actions).map(code).collect();
        let message = format!("Transaction cancelled, please refer cancellation reasons for specific reasons [{}]", codes.join(", "));
        let reasons: Vec<Value> = (0..actions)
            .map(|i| if i == at { json!({"Code": code(i), "Message": self.words().1}) } else { json!({"Code": code(i)}) })
            .collect();
        let body = json!({
            "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException", "Message": message, "CancellationReasons": reasons,
        });
        Fault { json: Some(body.to_string().into()), ..Fault::new("TransactionCanceledException", message) }
    }

    /// The metrics that count this event: of any cause, and of its own.
    pub(super) fn metrics(&self) -> [&'static str; 2] {
        match (self.side, self.cause) {
            (Side::Read, Cause::Provisioned) => ["ReadThrottleEvents", "ReadProvisionedThroughputThrottleEvents"],
            (Side::Read, Cause::Maximum) => ["ReadThrottleEvents", "ReadMaxOnDemandThroughputThrottleEvents"],
            (Side::Read, Cause::Account) => ["ReadThrottleEvents", "ReadAccountLimitThrottleEvents"],
            (Side::Read, Cause::KeyRange) => ["ReadThrottleEvents", "ReadKeyRangeThroughputThrottleEvents"],
            (Side::Write, Cause::Provisioned) => ["WriteThrottleEvents", "WriteProvisionedThroughputThrottleEvents"],
            (Side::Write, Cause::Maximum) => ["WriteThrottleEvents", "WriteMaxOnDemandThroughputThrottleEvents"],
            (Side::Write, Cause::Account) => ["WriteThrottleEvents", "WriteAccountLimitThrottleEvents"],
            (Side::Write, Cause::KeyRange) => ["WriteThrottleEvents", "WriteKeyRangeThroughputThrottleEvents"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_has_awss_name_and_its_resource() {
        let reason = Reason {
            table: "T".into(),
            index: Some("I".into()),
            side: Side::Write,
            cause: Cause::Provisioned,
            on_demand: false,
            arn: "arn:i".into(),
        };
        let fault = reason.fault();
        assert_eq!(fault.code, "ProvisionedThroughputExceededException");
        let body: Value = serde_json::from_slice(&fault.json.expect("told")).expect("JSON");
        assert_eq!(body["ThrottlingReasons"], json!([{"reason": "IndexWriteProvisionedThroughputExceeded", "resource": "arn:i"}]));
        let cancelled = reason.cancellation(1, 2);
        assert!(cancelled.message.ends_with("[None, ProvisionedThroughputExceeded]"), "{}", cancelled.message);
        let open = Reason { index: None, on_demand: true, cause: Cause::KeyRange, ..reason };
        let cancelled = open.cancellation(0, 1);
        assert!(cancelled.message.ends_with("[ThrottlingError]"), "{}", cancelled.message);
        assert_eq!((open.fault().code.as_str(), open.name().as_str()), ("ThrottlingException", "TableWriteKeyRangeThroughputExceeded"));
    }
}
