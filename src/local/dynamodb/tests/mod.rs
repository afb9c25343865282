//! Whole calls, as a client makes them, on a clock that stands still until it is moved.
//!
//! Rule: what is expected is AWS's answer, as its documentation or the rules at the head of each file have it.

#![allow(clippy::needless_pass_by_value, reason = "a request is made where it is sent")]

mod accounts;
mod backups;
mod batches;
mod budgets;
mod busy;
mod changes;
mod cut;
mod described;
mod exhausted;
mod history;
mod index_keys;
mod indexes;
mod insights;
mod item_size;
mod items;
mod kept;
mod names;
mod policies;
mod pressure;
mod quotas;
mod scaled;
mod streams;
mod tables;
mod tags;
mod time_to_live;
mod values;

use super::*;
use crate::clock::Clock;
use serde_json::json;
use std::time::Duration;

/// 2026-10-09T00:21:34Z.
const START: u64 = 1_791_505_294_000;
const REGION: &str = "eu-central-1";
/// Longer than any table takes to be made, or to change its key.
const A_WHILE: u64 = 30;
/// What a table that is busy is refused with.
const IN_USE: &str = "ResourceInUseException: Attempt to change a resource which is still in use: ";
const INVALID: &str = "ValidationException: One or more parameter values were invalid: ";

/// One region of an account of its own.
struct Aws {
    dynamodb: DynamoDb,
    metrics: CloudWatch,
    clock: Clock,
}

impl Aws {
    fn new() -> Self {
        Self::with(Options::default())
    }

    fn with(options: Options) -> Self {
        Self::open(options).expect("opens")
    }

    fn open(options: Options) -> Result<Self, Error> {
        let clock = Clock::manual(START);
        let options = Options { clock: clock.clone(), ..options };
        let store = Arc::new(Store::open(options.dir.as_deref())?);
        let (objects, metrics) = (Objects::open(&store)?, CloudWatch::new(clock.clone()));
        Ok(Self { dynamodb: DynamoDb::open(&options, &store, &objects, &metrics)?, metrics, clock })
    }

    fn region(&self) -> Arc<Region> {
        self.dynamodb.region(REGION).expect("opens")
    }

    fn call(&self, operation: &str, request: &Value) -> Result<Value, Fault> {
        self.raw(operation, &request.to_string())
    }

    fn raw(&self, operation: &str, body: &str) -> Result<Value, Fault> {
        let answer = self.dynamodb.answer(REGION, operation, body.as_bytes())?;
        Ok(serde_json::from_slice(&answer).expect("JSON"))
    }

    fn ok(&self, operation: &str, request: Value) -> Value {
        self.call(operation, &request).unwrap_or_else(|fault| panic!("{operation} {request}: {} {}", fault.code, fault.message))
    }

    /// How it is refused: `Code: message`.
    fn refused(&self, operation: &str, request: Value) -> String {
        match self.call(operation, &request) {
            Ok(answer) => panic!("{operation} {request} is answered: {answer}"),
            Err(fault) => format!("{}: {}", fault.code, fault.message),
        }
    }

    fn pass(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    /// A table with these members besides, when it is ACTIVE.
    fn make(&self, table: &str, more: Value) {
        self.ok("CreateTable", of(table, more));
        self.pass(A_WHILE);
    }

    fn update(&self, table: &str, change: Value) -> Value {
        self.ok("UpdateTable", named(table, change))
    }

    fn no_update(&self, table: &str, change: Value) -> String {
        self.refused("UpdateTable", named(table, change))
    }

    fn shown(&self, table: &str) -> Value {
        self.ok("DescribeTable", json!({ "TableName": table }))["Table"].clone()
    }

    fn put(&self, table: &str, item: Value) {
        self.ok("PutItem", json!({ "TableName": table, "Item": item }));
    }

    /// The sum of a metric since the start; 0 where there is none.
    fn sum(&self, metric: &str, dimensions: &[(&str, &str)]) -> f64 {
        let dimensions: Vec<Value> = dimensions.iter().map(|(name, value)| json!({ "Name": name, "Value": value })).collect();
        let request = json!({
            "Namespace": "AWS/DynamoDB", "MetricName": metric, "Dimensions": dimensions, "Statistics": ["Sum"], "Period": 60,
            "StartTime": START / 1000 - 600, "EndTime": self.clock.now_ms() / 1000 + 600,
        });
        let answer = self.metrics.json(REGION, "GetMetricStatistics", request.to_string().as_bytes()).expect("answered");
        let told: Value = serde_json::from_slice(&answer).expect("JSON");
        told["Datapoints"].as_array().into_iter().flatten().filter_map(|point| point["Sum"].as_f64()).sum()
    }
}

/// `more` with the table's name.
fn named(table: &str, mut more: Value) -> Value {
    more["TableName"] = table.into();
    more
}

/// The CreateTable of an on-demand table with the key `id`; what `more` says goes before.
fn of(table: &str, more: Value) -> Value {
    let mut request = json!({
        "KeySchema": [{ "AttributeName": "id", "KeyType": "HASH" }],
        "AttributeDefinitions": [{ "AttributeName": "id", "AttributeType": "S" }],
        "BillingMode": "PAY_PER_REQUEST",
    });
    for (name, value) in more.as_object().expect("an object") {
        request[name] = value.clone();
    }
    named(table, request)
}

/// A table with provisioned capacity.
fn provisioned(read: u64, write: u64) -> Value {
    json!({ "BillingMode": "PROVISIONED", "ProvisionedThroughput": units(read, write) })
}

fn units(read: u64, write: u64) -> Value {
    json!({ "ReadCapacityUnits": read, "WriteCapacityUnits": write })
}

/// An index of the attribute `key`.
fn index(name: &str, key: &str) -> Value {
    json!({
        "IndexName": name, "KeySchema": [{ "AttributeName": key, "KeyType": "HASH" }], "Projection": { "ProjectionType": "ALL" },
    })
}

/// The definitions of these string attributes.
fn strings(names: &[&str]) -> Value {
    names.iter().map(|name| json!({ "AttributeName": name, "AttributeType": "S" })).collect()
}

/// An on-demand table with an index `by_a` of the attribute `a`.
fn indexed() -> Value {
    json!({ "AttributeDefinitions": strings(&["id", "a"]), "GlobalSecondaryIndexes": [index("by_a", "a")] })
}

/// The change that begins the index `name` of the attribute `key`.
fn begin(name: &str, key: &str) -> Value {
    json!({ "AttributeDefinitions": strings(&[key]), "GlobalSecondaryIndexUpdates": [{ "Create": index(name, key) }] })
}

fn end(name: &str) -> Value {
    json!({ "GlobalSecondaryIndexUpdates": [{ "Delete": { "IndexName": name } }] })
}

fn s(text: &str) -> Value {
    json!({ "S": text })
}

fn item(id: &str) -> Value {
    json!({ "id": s(id) })
}
