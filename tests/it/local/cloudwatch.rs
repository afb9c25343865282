//! Metrics of what really happened, over the protocol that the Rust SDK speaks.

use super::{World, code, on_demand, provisioned, text, world};
use aws_sdk_cloudwatch::primitives::DateTime;
use aws_sdk_cloudwatch::types::{Dimension, DimensionFilter, Metric, MetricDataQuery, MetricDatum, MetricStat, ScanBy, Statistic};
use landfall::clock::Clock;
use std::time::{Duration, SystemTime};

async fn sums(world: &World, metric: &str, dimensions: &[(&str, &str)]) -> Vec<f64> {
    sums_between(world, SystemTime::now(), metric, dimensions).await
}

/// The sums of the last minutes by a clock of one's own.
pub(super) async fn sums_at(world: &World, clock: &Clock, metric: &str, dimensions: &[(&str, &str)]) -> Vec<f64> {
    sums_between(world, SystemTime::UNIX_EPOCH + Duration::from_millis(clock.now_ms()), metric, dimensions).await
}

async fn sums_between(world: &World, now: SystemTime, metric: &str, dimensions: &[(&str, &str)]) -> Vec<f64> {
    let mut named = Metric::builder().namespace("AWS/DynamoDB").metric_name(metric);
    for (name, value) in dimensions {
        named = named.dimensions(Dimension::builder().name(*name).value(*value).build());
    }
    let stat = MetricStat::builder().metric(named.build()).period(60).stat("Sum").build();
    let request = world.cloudwatch().get_metric_data().scan_by(ScanBy::TimestampAscending);
    let request = request.start_time(DateTime::from(now - Duration::from_mins(3))).end_time(DateTime::from(now + Duration::from_mins(1)));
    let request = request.metric_data_queries(MetricDataQuery::builder().id("q").metric_stat(stat).build());
    request.send().await.expect("answered").metric_data_results()[0].values().to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn consumption_is_told_per_table_and_per_index() {
    let world = world().await;
    let client = world.dynamodb();
    on_demand(&client, "Users").await;
    for i in 0..4 {
        let item = client.put_item().table_name("Users").item("id", text(&i.to_string())).item("pad", text(&"x".repeat(1_500)));
        let item = if i == 0 { item.item("mail", text("a@b")) } else { item };
        item.send().await.expect("put");
    }
    client.get_item().table_name("Users").key("id", text("1")).send().await.expect("got");
    client.scan().table_name("Users").index_name("ByMail").send().await.expect("scanned");
    let table = [("TableName", "Users")];
    let index = [("TableName", "Users"), ("GlobalSecondaryIndexName", "ByMail")];
    let total = |values: Vec<f64>| values.iter().sum::<f64>();
    assert!((total(sums(&world, "ConsumedWriteCapacityUnits", &table).await) - 8.0).abs() < 1e-9, "the table without its index");
    assert!((total(sums(&world, "ConsumedWriteCapacityUnits", &index).await) - 2.0).abs() < 1e-9);
    assert!((total(sums(&world, "ConsumedReadCapacityUnits", &table).await) - 0.5).abs() < 1e-9);
    assert!((total(sums(&world, "ConsumedReadCapacityUnits", &index).await) - 0.5).abs() < 1e-9);
    assert!(sums(&world, "WriteThrottleEvents", &table).await.is_empty(), "what did not happen has no datapoint");
    assert!(sums(&world, "ProvisionedWriteCapacityUnits", &table).await.is_empty(), "on demand");
}

#[tokio::test(flavor = "multi_thread")]
async fn provisioned_capacity_is_told_every_minute_while_it_lasts() {
    let world = world().await;
    let client = world.dynamodb();
    provisioned(&client, "Users").await;
    assert_eq!(sums(&world, "ProvisionedWriteCapacityUnits", &[("TableName", "Users")]).await.last(), Some(&5.0));
    assert_eq!(
        sums(&world, "ProvisionedReadCapacityUnits", &[("TableName", "Users"), ("GlobalSecondaryIndexName", "ByMail")]).await.last(),
        Some(&3.0)
    );
    client.delete_table().table_name("Users").send().await.expect("deleted");
    assert!(sums(&world, "ProvisionedWriteCapacityUnits", &[("TableName", "Users")]).await.len() <= 1, "no more from now on");
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_listed_and_own_ones_can_be_put() {
    let world = world().await;
    provisioned(&world.dynamodb(), "Users").await;
    let client = world.cloudwatch();
    let filter = DimensionFilter::builder().name("TableName").value("Users").build();
    let listed = client.list_metrics().namespace("AWS/DynamoDB").metric_name("ProvisionedReadCapacityUnits").dimensions(filter);
    assert_eq!(listed.send().await.expect("listed").metrics().len(), 2, "the table and its index");
    let put = |namespace: &str| {
        let datum = MetricDatum::builder().metric_name("m").value(2.5).build();
        client.put_metric_data().namespace(namespace).metric_data(datum).send()
    };
    assert_eq!(code(put("AWS/DynamoDB").await), "InvalidParameterValue");
    assert_eq!(code(put("mine").await), "OK");
    let now = SystemTime::now();
    let statistics = client.get_metric_statistics().namespace("mine").metric_name("m").period(60).statistics(Statistic::Sum);
    let statistics =
        statistics.start_time(DateTime::from(now - Duration::from_mins(2))).end_time(DateTime::from(now + Duration::from_mins(1)));
    assert_eq!(statistics.send().await.expect("answered").datapoints()[0].sum(), Some(2.5));
}
