//! The embedded AWS without its port, for unit tests: the services' own answers, by a clock that stands still until a test moves it.
//!
//! Called by the tests of services; what the port adds (signatures, faults, protocols) is tried with the real SDK in `tests/it/local`.

use super::Options;
use super::cloudwatch::CloudWatch;
use super::dynamodb::DynamoDb;
use super::fault::Fault;
use super::s3::Objects;
use super::store::Store;
use crate::clock::Clock;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Where everything happens.
pub(super) const REGION: &str = "us-east-1";

/// 2026-10-09T00:00:00Z: a day's budgets are whole, and a minute begins.
const BEGINS: u64 = 1_791_504_000_000;

/// The services, and what they share.
pub(super) struct Trial {
    pub(super) clock: Clock,
    pub(super) objects: Arc<Objects>,
    pub(super) dynamodb: DynamoDb,
}

impl Trial {
    /// One that keeps nothing.
    pub(super) fn new() -> Self {
        Self::open(None, Clock::manual(BEGINS))
    }

    /// One that keeps its data in `dir`, from `now_ms` on.
    pub(super) fn kept(dir: &Path, later: Duration) -> Self {
        let clock = Clock::manual(BEGINS);
        clock.advance(later);
        Self::open(Some(dir), clock)
    }

    fn open(dir: Option<&Path>, clock: Clock) -> Self {
        let store = Arc::new(Store::open(dir).expect("a directory"));
        let objects = Objects::open(&store).expect("opens");
        let options = Options { clock: clock.clone(), ..Options::default() };
        let dynamodb = DynamoDb::open(&options, &store, &objects, &CloudWatch::new(clock.clone())).expect("opens");
        Self { clock, objects, dynamodb }
    }

    /// Lets `seconds` of AWS's time go by.
    pub(super) fn pass(&self, seconds: f64) {
        self.clock.advance(Duration::from_secs_f64(seconds));
    }

    /// DynamoDB's answer.
    pub(super) fn ask(&self, operation: &str, request: &Value) -> Result<Value, Fault> {
        self.dynamodb.answer(REGION, operation, request.to_string().as_bytes()).map(|answer| read(&answer))
    }

    /// Application Auto Scaling's answer.
    pub(super) fn scale(&self, operation: &str, request: &Value) -> Result<Value, Fault> {
        self.dynamodb.scale(REGION, operation, request.to_string().as_bytes()).map(|answer| read(&answer))
    }

    /// An ACTIVE table `name` with the key `id`, with `units` of each side provisioned, or on demand.
    pub(super) fn table(&self, name: &str, units: Option<i64>) {
        let capacity = match units {
            Some(units) => json!({ "ProvisionedThroughput": { "ReadCapacityUnits": units, "WriteCapacityUnits": units } }),
            None => json!({ "BillingMode": "PAY_PER_REQUEST" }),
        };
        let mut request = creation(name);
        for (member, value) in capacity.as_object().into_iter().flatten() {
            request[member] = value.clone();
        }
        self.ask("CreateTable", &request).expect("created");
        self.pass(20.0);
    }

    /// What a bucket holds, by key.
    pub(super) fn contents(&self, bucket: &str) -> BTreeMap<String, Vec<u8>> {
        let found = self.objects.matching(bucket, "").expect("the bucket");
        found.iter().map(|o| (o.key.clone(), std::fs::read(self.objects.data_path(bucket, o.id)).expect("readable"))).collect()
    }
}

/// What CreateTable, or ImportTable, needs to be told of a table whose key is `id`, but for its capacity.
pub(super) fn creation(name: &str) -> Value {
    json!({
        "TableName": name,
        "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
        "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
    })
}

/// `OK`, or what it was refused with.
pub(super) fn said<T>(answer: Result<T, Fault>) -> String {
    answer.map_or_else(|fault| format!("{}: {}", fault.code, fault.message), |_| "OK".into())
}

/// `OK`, or the code of the refusal.
pub(super) fn code<T>(answer: Result<T, Fault>) -> String {
    answer.map_or_else(|fault| fault.code, |_| "OK".into())
}

fn read(answer: &[u8]) -> Value {
    serde_json::from_slice(answer).expect("JSON")
}
