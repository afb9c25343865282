//! CloudWatch: metrics of what the embedded DynamoDB really did, and of what callers put, in three protocols.
//!
//! Rules: what did not happen has no datapoint (absent is not zero); provisioned capacity is told for every minute in
//! which it was in force, an on-demand maximum every five; an index that is being filled tells how far it is until it is ACTIVE;
//! metrics are there at once (AWS's come one to five minutes late) and live as long as the process.
//! Minutes are those of the embedded AWS's clock. Throttle events are told per table or index, with their cause.

mod ask;
mod cbor;
mod data;
mod fill;
mod list;
mod node;
mod put;
mod query;
mod series;

use super::dynamodb::Capacity;
use super::fault::Fault;
use crate::clock::Clock;
use ask::Ask;
use bytes::Bytes;
use fill::{Fill, Tells};
use node::Node;
use series::{Name, Series};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What AWS counts elsewhere (conditions, throttles), and not as the user's error.
const NO_USERS_ERROR: [&str; 5] = [
    "ConditionalCheckFailedException",
    "TransactionCanceledException",
    "ProvisionedThroughputExceededException",
    "ThrottlingException",
    "RequestLimitExceeded",
];

/// What is told of an index while it is being filled.
const FILLING: [(&str, Tells); 3] = [
    ("OnlineIndexPercentageProgress", Tells::Percent),
    ("OnlineIndexThrottleEvents", Tells::Zero),
    ("OnlineIndexConsumedWriteCapacity", Tells::Zero),
];

/// The metrics of all regions; cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct CloudWatch(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    series: Mutex<Series>,
    /// How often a capacity was told: who keeps a copy of one knows by this when to look again.
    generation: AtomicU64,
}

impl CloudWatch {
    /// Metrics in the minutes of `clock`.
    pub(crate) fn new(clock: Clock) -> Self {
        let series = Mutex::new(Series { clock, ..Series::default() });
        Self(Arc::new(Inner { series, generation: AtomicU64::new(0) }))
    }

    fn series(&self) -> MutexGuard<'_, Series> {
        self.0.series.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes whenever some table's or index's capacity may have changed.
    pub(crate) fn generation(&self) -> u64 {
        self.0.generation.load(Ordering::SeqCst)
    }

    /// Units that one request consumed of a table, or of one of its global indexes.
    pub(crate) fn consumed(&self, region: &str, table: &str, index: Option<&String>, metric: &'static str, units: f64) {
        self.series().record(dynamo(region, metric, &of(table, index)), units);
    }

    /// A request about `table` that was answered.
    pub(crate) fn succeeded(&self, region: &str, table: &str, operation: &str, took: Duration) {
        let dimensions = [("TableName", table), ("Operation", operation)];
        self.series().record(dynamo(region, "SuccessfulRequestLatency", &dimensions), took.as_secs_f64() * 1000.0);
    }

    /// A request that was refused, or failed.
    pub(crate) fn refused(&self, region: &str, operation: &str, fault: &Fault) {
        if fault.status >= 500 {
            self.event(region, "SystemErrors", &[("Operation", operation)]);
        } else if !NO_USERS_ERROR.contains(&fault.code.as_str()) {
            // AWS counts these for the whole account and region, without dimensions.
            self.event(region, "UserErrors", &[]);
        }
    }

    /// One event that a table's or an index's capacity did not let in.
    pub(crate) fn throttled(&self, region: &str, table: &str, index: Option<&String>, metric: &'static str) {
        self.event(region, metric, &of(table, index));
    }

    /// One thing that happened once.
    pub(crate) fn event(&self, region: &str, metric: &'static str, dimensions: &[(&str, &str)]) {
        self.series().record(dynamo(region, metric, dimensions), 1.0);
    }

    /// From now on `table` (or its index) has this capacity; `None` when it is on demand or gone.
    pub(crate) fn provisioned(&self, region: &str, table: &str, index: Option<&String>, capacity: Option<Capacity>) {
        self.0.generation.fetch_add(1, Ordering::SeqCst);
        self.levels(region, &of(table, index), ["ProvisionedReadCapacityUnits", "ProvisionedWriteCapacityUnits"], capacity);
    }

    /// From now on `table` (or its index) has these on-demand maximums; a side of -1 has none.
    pub(crate) fn maximum(&self, region: &str, table: &str, index: Option<&String>, most: Option<Capacity>) {
        self.levels(region, &of(table, index), ["OnDemandMaxReadRequestUnits", "OnDemandMaxWriteRequestUnits"], most);
    }

    fn levels(&self, region: &str, dimensions: &[(&str, &str)], names: [&'static str; 2], capacity: Option<Capacity>) {
        let mut series = self.series();
        for (metric, units) in names.into_iter().zip([capacity.map(|c| c.read), capacity.map(|c| c.write)]) {
            series.level(dynamo(region, metric, dimensions), units.filter(|units| *units > 0));
        }
    }

    /// The index is being filled, from and until these epoch milliseconds; said again it is the same filling.
    pub(crate) fn filling(&self, region: &str, table: &str, index: &String, from: u64, until: u64) {
        let mut series = self.series();
        for (metric, tells) in FILLING {
            let fills = series.fills.entry(dynamo(region, metric, &of(table, Some(index)))).or_default();
            let fill = Fill { from, until, over: until, tells };
            if !fills.contains(&fill) {
                fills.push(fill);
            }
        }
    }

    /// The index is gone: what was still being filled was given up now.
    pub(crate) fn dropped(&self, region: &str, table: &str, index: &String) {
        self.provisioned(region, table, Some(index), None);
        self.maximum(region, table, Some(index), None);
        let mut series = self.series();
        let now = series.clock.now_ms();
        for (metric, _) in FILLING {
            let fills = series.fills.get_mut(&dynamo(region, metric, &of(table, Some(index))));
            fills.into_iter().flatten().for_each(|fill| fill.over = fill.over.min(now));
        }
    }

    /// Answers awsJson1.0.
    pub(crate) fn json(&self, region: &str, operation: &str, body: &[u8]) -> Result<Bytes, Fault> {
        let request = serde_json::from_slice(body).map_err(|e| Fault::new("SerializationException", e.to_string()))?;
        Ok(self.answer(region, operation, &request)?.json().to_string().into())
    }

    /// Answers smithy rpc-v2-cbor.
    pub(crate) fn cbor(&self, region: &str, operation: &str, body: &[u8]) -> Result<Bytes, Fault> {
        let answer = self.answer(region, operation, &cbor::read(body)?)?;
        cbor::write(&answer)
    }

    /// Answers the query protocol, in XML.
    pub(crate) fn query(&self, region: &str, operation: &str, body: &[u8], id: &str) -> Result<Bytes, Fault> {
        let answer = self.answer(region, operation, &query::read(body))?;
        Ok(query::write(operation, &answer, id).into())
    }

    fn answer(&self, region: &str, operation: &str, request: &serde_json::Value) -> Result<Node, Fault> {
        let ask = Ask(request);
        match operation {
            "GetMetricData" => data::get_metric_data(&self.series(), region, ask),
            "GetMetricStatistics" => data::get_metric_statistics(&self.series(), region, ask),
            "ListMetrics" => list::list_metrics(&self.series(), region, ask),
            "PutMetricData" => put::put_metric_data(&mut self.series(), region, ask),
            other => {
                Err(Fault::new("InvalidAction", format!("the embedded AWS's CloudWatch does not answer {}", crate::safe::text(other))))
            }
        }
    }
}

fn of<'a>(table: &'a str, index: Option<&'a String>) -> Vec<(&'a str, &'a str)> {
    let index = index.map(|name| ("GlobalSecondaryIndexName", name.as_str()));
    [Some(("TableName", table)), index].into_iter().flatten().collect()
}

fn dynamo(region: &str, metric: &str, dimensions: &[(&str, &str)]) -> Name {
    let dimensions: BTreeMap<String, String> = dimensions.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    Name { region: region.to_owned(), namespace: "AWS/DynamoDB".to_owned(), metric: metric.to_owned(), dimensions }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used() -> CloudWatch {
        let metrics = CloudWatch::default();
        metrics.consumed("us-east-1", "Users", None, "ConsumedReadCapacityUnits", 2.0);
        metrics
    }

    #[test]
    fn old_and_new_clients_get_the_same_answer() {
        let metrics = used();
        let json = metrics.json("us-east-1", "ListMetrics", br#"{"Namespace": "AWS/DynamoDB"}"#).expect("answered");
        insta::assert_snapshot!(String::from_utf8_lossy(&json), @r#"{"Metrics":[{"Dimensions":[{"Name":"TableName","Value":"Users"}],"MetricName":"ConsumedReadCapacityUnits","Namespace":"AWS/DynamoDB"}]}"#);
        let xml = metrics.query("us-east-1", "ListMetrics", b"Action=ListMetrics&Namespace=AWS%2FDynamoDB", "id").expect("answered");
        insta::assert_snapshot!(String::from_utf8_lossy(&xml), @r#"<ListMetricsResponse xmlns="http://monitoring.amazonaws.com/doc/2010-08-01/"><ListMetricsResult><Metrics><member><Namespace>AWS/DynamoDB</Namespace><MetricName>ConsumedReadCapacityUnits</MetricName><Dimensions><member><Name>TableName</Name><Value>Users</Value></member></Dimensions></member></Metrics></ListMetricsResult><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></ListMetricsResponse>"#);
        let (start, end) = (moment_iso(-120), moment_iso(60));
        let query = format!(
            "Action=GetMetricData&StartTime={start}&EndTime={end}&MetricDataQueries.member.1.Id=a&MetricDataQueries.member.1.MetricStat.Stat=Sum\
             &MetricDataQueries.member.1.MetricStat.Period=60&MetricDataQueries.member.1.MetricStat.Metric.Namespace=AWS%2FDynamoDB\
             &MetricDataQueries.member.1.MetricStat.Metric.MetricName=ConsumedReadCapacityUnits\
             &MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Name=TableName\
             &MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Value=Users"
        );
        let xml = metrics.query("us-east-1", "GetMetricData", query.as_bytes(), "id").expect("answered");
        assert!(String::from_utf8_lossy(&xml).contains("<Values><member>2</member></Values>"));
    }

    fn moment_iso(offset: i64) -> String {
        crate::local::moment::iso(crate::local::moment::seconds() + offset)
    }

    #[test]
    fn regions_do_not_share_metrics() {
        let reply = used().json("eu-west-1", "ListMetrics", b"{}").expect("answered");
        assert_eq!(&reply[..], br#"{"Metrics":[]}"#);
    }

    #[test]
    fn what_is_not_served_is_said_in_every_protocol() {
        for result in [
            used().json("r", "PutMetricAlarm", b"{}"),
            used().cbor("r", "PutMetricAlarm", b""),
            used().query("r", "PutMetricAlarm", b"", "id"),
        ] {
            assert_eq!(result.map_err(|f| f.code), Err("InvalidAction".into()));
        }
    }
}
