//! Metrics of what really happened, over the protocol that the Rust SDK speaks.

use super::{World, attribute, code, everything, hash, make_on_demand, on_demand, provisioned, still, text, world};
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

/// The datapoints of the last hour by the world's clock: minutes since the test began, and values.
async fn points(world: &World, began: u64, metric: &str, dimensions: &[(&str, &str)]) -> Vec<(i64, f64)> {
    let now = SystemTime::UNIX_EPOCH + Duration::from_millis(world.local.clock().now_ms());
    let mut asked = world.cloudwatch().get_metric_statistics().namespace("AWS/DynamoDB").metric_name(metric).period(60);
    for (name, value) in dimensions {
        asked = asked.dimensions(Dimension::builder().name(*name).value(*value).build());
    }
    let asked = asked.start_time(DateTime::from(now - Duration::from_hours(1))).end_time(DateTime::from(now + Duration::from_mins(1)));
    let told = asked.statistics(Statistic::Average).send().await.expect("answered");
    let began = i64::try_from(began / 60_000).expect("in range");
    let minute = |at: Option<&DateTime>| at.expect("a time").secs() / 60 - began;
    let mut points: Vec<_> = told.datapoints().iter().map(|d| (minute(d.timestamp()), d.average().expect("an average"))).collect();
    points.sort_by_key(|(minute, _)| *minute);
    points
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_tells_how_far_it_is_while_it_is_filled_and_nothing_before_or_after() {
    use aws_sdk_dynamodb::types::{CreateGlobalSecondaryIndexAction, GlobalSecondaryIndexUpdate};
    let world = still().await;
    let began = world.local.clock().now_ms();
    let client = world.dynamodb();
    make_on_demand(&client, "Users").await;
    world.pass(25.0);
    let index = [("TableName", "Users"), ("GlobalSecondaryIndexName", "ByCity")];
    let progress = || points(&world, began, "OnlineIndexPercentageProgress", &index);
    let create = CreateGlobalSecondaryIndexAction::builder().index_name("ByCity").key_schema(hash("city")).projection(everything());
    let create = GlobalSecondaryIndexUpdate::builder().create(create.build().expect("whole")).build();
    let update = client.update_table().table_name("Users").attribute_definitions(attribute("city"));
    update.global_secondary_index_updates(create).send().await.expect("begun");
    assert!(progress().await.is_empty(), "it is not being filled yet");
    world.pass(180.0);
    let early = progress().await;
    assert!(early.len() == 1 && early[0].0 == 0 && early[0].1 > 20.0 && early[0].1 < 40.0, "{early:?}");
    world.pass(1_000.0);
    let told = progress().await;
    let minutes: Vec<i64> = told.iter().map(|(minute, _)| *minute).collect();
    assert_eq!(minutes, [0, 5], "every five minutes, and none after it was ACTIVE");
    assert!(told[0].1 > 45.0 && told[0].1 < 60.0 && (told[1].1 - 100.0).abs() < 1e-9, "{told:?}");
    for metric in ["OnlineIndexThrottleEvents", "OnlineIndexConsumedWriteCapacity"] {
        assert_eq!(points(&world, began, metric, &index).await, [(0, 0.0), (5, 0.0)], "{metric}");
    }
    let mail = [("TableName", "Users"), ("GlobalSecondaryIndexName", "ByMail")];
    assert!(points(&world, began, "OnlineIndexPercentageProgress", &mail).await.is_empty(), "made with its table");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_on_demand_maximum_is_told_every_five_minutes_while_it_is_set() {
    use aws_sdk_dynamodb::types::{GlobalSecondaryIndexUpdate, OnDemandThroughput, UpdateGlobalSecondaryIndexAction};
    let world = still().await;
    let began = world.local.clock().now_ms();
    let client = world.dynamodb();
    make_on_demand(&client, "Users").await;
    world.pass(25.0);
    let (table, index) = ([("TableName", "Users")], [("TableName", "Users"), ("GlobalSecondaryIndexName", "ByMail")]);
    let most = |read| OnDemandThroughput::builder().max_read_request_units(read).build();
    let set = |read| client.update_table().table_name("Users").on_demand_throughput(most(read)).send();
    set(40).await.expect("set");
    let own = UpdateGlobalSecondaryIndexAction::builder().index_name("ByMail").on_demand_throughput(most(7)).build().expect("whole");
    let own = GlobalSecondaryIndexUpdate::builder().update(own).build();
    client.update_table().table_name("Users").global_secondary_index_updates(own).send().await.expect("set");
    world.pass(600.0);
    assert_eq!(points(&world, began, "OnDemandMaxReadRequestUnits", &table).await, [(0, 40.0), (5, 40.0), (10, 40.0)]);
    assert_eq!(points(&world, began, "OnDemandMaxReadRequestUnits", &index).await, [(0, 7.0), (5, 7.0), (10, 7.0)]);
    assert!(points(&world, began, "OnDemandMaxWriteRequestUnits", &table).await.is_empty(), "that side has none");
    set(-1).await.expect("cleared");
    world.pass(600.0);
    assert_eq!(
        points(&world, began, "OnDemandMaxReadRequestUnits", &table).await,
        [(0, 40.0), (5, 40.0)],
        "gone within the minutes from 10 on"
    );
}
