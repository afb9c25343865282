//! Application Auto Scaling: what is registered, what is refused, and the one thing that it does on its own.

use super::{ME, World, code, make_on_demand, make_provisioned, still, text, units};
use aws_sdk_applicationautoscaling::Client;
use aws_sdk_applicationautoscaling::types::{
    MetricType, PolicyType, PredefinedMetricSpecification, ScalableDimension, ServiceNamespace, SuspendedState,
    TargetTrackingScalingPolicyConfiguration,
};

const READ: ScalableDimension = ScalableDimension::DynamoDbTableReadCapacityUnits;

async fn with_table() -> (World, Client) {
    let world = still().await;
    make_provisioned(&world.dynamodb(), "Users").await;
    world.pass(25.0);
    let client = world.scaling_as(ME);
    (world, client)
}

async fn register(client: &Client, resource: &str, dimension: ScalableDimension, min: i32, max: i32) -> String {
    let call = client.register_scalable_target().service_namespace(ServiceNamespace::Dynamodb).resource_id(resource);
    code(call.scalable_dimension(dimension).min_capacity(min).max_capacity(max).send().await)
}

async fn put(client: &Client, name: &str, target: f64) -> String {
    let metric = PredefinedMetricSpecification::builder().predefined_metric_type(MetricType::DynamoDbReadCapacityUtilization);
    let tracking = TargetTrackingScalingPolicyConfiguration::builder().target_value(target);
    let tracking = tracking.predefined_metric_specification(metric.build().expect("whole")).build().expect("whole");
    let call = client.put_scaling_policy().service_namespace(ServiceNamespace::Dynamodb).resource_id("table/Users").policy_name(name);
    let call = call.scalable_dimension(READ).policy_type(PolicyType::TargetTrackingScaling);
    code(call.target_tracking_scaling_policy_configuration(tracking).send().await)
}

async fn targets(client: &Client) -> Vec<(String, i32, i32)> {
    let told = client.describe_scalable_targets().service_namespace(ServiceNamespace::Dynamodb).send().await.expect("told");
    told.scalable_targets().iter().map(|t| (t.resource_id().to_owned(), t.min_capacity(), t.max_capacity())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_and_its_policy_are_kept_until_they_are_deregistered() {
    let (_world, client) = with_table().await;
    assert_eq!(put(&client, "p", 70.0).await, "ObjectNotFoundException", "no target yet");
    assert_eq!(register(&client, "table/Users", READ, 5, 50).await, "OK");
    assert_eq!(targets(&client).await, [("table/Users".to_owned(), 5, 50)]);
    assert_eq!(put(&client, "p", 95.0).await, "ValidationException");
    assert_eq!(put(&client, "p", 70.0).await, "OK");
    let policies = client.describe_scaling_policies().service_namespace(ServiceNamespace::Dynamodb).resource_id("table/Users");
    let policies = policies.send().await.expect("told");
    let policy = &policies.scaling_policies()[0];
    let target = policy.target_tracking_scaling_policy_configuration().map(|t| t.target_value());
    assert_eq!((policy.policy_name(), target, policy.alarms().len()), ("p", Some(70.0), 4));
    let gone = || client.deregister_scalable_target().service_namespace(ServiceNamespace::Dynamodb).resource_id("table/Users");
    assert_eq!(code(gone().scalable_dimension(READ).send().await), "OK");
    assert_eq!(code(gone().scalable_dimension(READ).send().await), "ObjectNotFoundException");
    let policies = client.describe_scaling_policies().service_namespace(ServiceNamespace::Dynamodb).send().await.expect("told");
    assert!(policies.scaling_policies().is_empty(), "they go with their target");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_needs_its_table_and_a_sound_range() {
    let (_world, client) = with_table().await;
    assert_eq!(register(&client, "table/Nobody", READ, 1, 2).await, "ValidationException");
    assert_eq!(
        register(&client, "table/Users/index/Nobody", ScalableDimension::DynamoDbIndexReadCapacityUnits, 1, 2).await,
        "ValidationException"
    );
    assert_eq!(register(&client, "table/Users", READ, 9, 2).await, "ValidationException");
    assert_eq!(register(&client, "table/Users", ScalableDimension::DynamoDbIndexReadCapacityUnits, 1, 2).await, "ValidationException");
    assert!(targets(&client).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn capacity_out_of_a_new_range_is_moved_into_it_after_seconds() {
    let (world, client) = with_table().await;
    let reads = async || {
        let told = world.dynamodb().describe_table().table_name("Users").send().await.expect("there").table.expect("a table");
        told.provisioned_throughput().and_then(|p| p.read_capacity_units())
    };
    assert_eq!(register(&client, "table/Users", READ, 8, 50).await, "OK");
    world.pass(3.9);
    assert_eq!(reads().await, Some(5));
    world.pass(0.2);
    assert_eq!(reads().await, Some(5), "UPDATING");
    world.pass(2.1);
    assert_eq!(reads().await, Some(8));
    let set = world.dynamodb().update_table().table_name("Users").provisioned_throughput(units(6, 5)).send().await;
    assert_eq!(code(set), "OK");
    world.pass(10.0);
    assert_eq!(reads().await, Some(6), "for a moment");
    world.pass(120.0);
    assert_eq!(reads().await, Some(6), "the one who looks sees it UPDATING");
    world.pass(10.0);
    assert_eq!(reads().await, Some(8), "a change by hand out of the range is taken back");
    let set = world.dynamodb().update_table().table_name("Users").provisioned_throughput(units(20, 5)).send().await;
    assert_eq!(code(set), "OK");
    world.pass(600.0);
    assert_eq!(reads().await, Some(20), "within it, it stays");
    let set = world.dynamodb().update_table().table_name("Users").provisioned_throughput(units(60, 5)).send().await;
    assert_eq!(code(set), "OK");
    world.pass(120.0);
    let _begun = reads().await;
    world.pass(10.0);
    assert_eq!(reads().await, Some(50), "and above the most too");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_outlives_its_index_and_on_demand_has_no_capacity_to_move() {
    let (world, client) = with_table().await;
    let index = "table/Users/index/ByMail";
    assert_eq!(register(&client, index, ScalableDimension::DynamoDbIndexReadCapacityUnits, 3, 9).await, "OK");
    let drop = aws_sdk_dynamodb::types::DeleteGlobalSecondaryIndexAction::builder().index_name("ByMail").build().expect("whole");
    let drop = aws_sdk_dynamodb::types::GlobalSecondaryIndexUpdate::builder().delete(drop).build();
    world.dynamodb().update_table().table_name("Users").global_secondary_index_updates(drop).send().await.expect("dropped");
    world.pass(60.0);
    assert_eq!(targets(&client).await, [(index.to_owned(), 3, 9)]);
    make_on_demand(&world.dynamodb(), "Other").await;
    world.pass(25.0);
    assert_eq!(register(&client, "table/Other", READ, 3, 9).await, "OK");
    world.pass(60.0);
    assert_eq!(targets(&client).await.len(), 2);
}

/// Reads `units` in each of `minutes` minutes, and the capacity after each.
async fn read_for(world: &World, minutes: usize, units: usize) -> Vec<Option<i64>> {
    let mut told = Vec::new();
    for _ in 0..minutes {
        for second in 0..60 {
            // Spread over the minute, as many as there are.
            for _ in (units * second / 60)..(units * (second + 1) / 60) {
                let get = world.dynamodb().get_item().table_name("Users").key("id", text("1")).consistent_read(true);
                let _throttled = get.send().await;
            }
            world.pass(1.0);
        }
        told.push(reads(world).await);
    }
    told
}

async fn reads(world: &World) -> Option<i64> {
    let told = world.dynamodb().describe_table().table_name("Users").send().await.expect("there").table.expect("a table");
    told.provisioned_throughput().and_then(|p| p.read_capacity_units())
}

#[tokio::test(flavor = "multi_thread")]
async fn capacity_follows_the_load_up_soon_and_down_late_within_its_range() {
    let (world, client) = with_table().await;
    // To the beginning of a minute.
    world.pass(34.0);
    assert_eq!(register(&client, "table/Users", READ, 3, 8).await, "OK");
    assert_eq!(put(&client, "p", 50.0).await, "OK");
    world.pass(60.0);
    // 4 of 5 units a second are above half of them; 8 are at it.
    let up = read_for(&world, 4, 240).await;
    assert_eq!(up, [Some(5), Some(5), Some(8), Some(8)], "after two minutes, shown when it is done");
    let at_target = read_for(&world, 2, 230).await;
    assert_eq!(at_target, [Some(8), Some(8)], "8 is the most");
    // 0.5 of 8 a second for a quarter of an hour.
    let down = read_for(&world, 17, 30).await;
    assert_eq!(down.iter().position(|units| *units == Some(3)), Some(15), "{down:?}");
    let provisioned = world.dynamodb().describe_table().table_name("Users").send().await.expect("there").table.expect("a table");
    let told = provisioned.provisioned_throughput().expect("told");
    assert_eq!(
        (told.number_of_decreases_today(), told.write_capacity_units()),
        (Some(1), Some(5)),
        "it costs a decrease, and one side only"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_table_is_scaled_in_as_far_as_its_budget_goes() {
    let (world, client) = with_table().await;
    for units in [4, 3, 2, 20] {
        world.dynamodb().update_table().table_name("Users").provisioned_throughput(super::units(units, 5)).send().await.expect("set");
        world.pass(5.0);
    }
    let lowered = world.dynamodb().update_table().table_name("Users").provisioned_throughput(super::units(19, 5)).send().await;
    assert_eq!(code(lowered), "OK", "the fourth of the day");
    world.pass(5.0);
    assert_eq!(register(&client, "table/Users", READ, 2, 30).await, "OK");
    assert_eq!(put(&client, "p", 70.0).await, "OK");
    world.pass(1_200.0);
    assert_eq!(reads(&world).await, Some(19), "no decrease is left");
    world.pass(3_600.0);
    assert_eq!(reads(&world).await, Some(19), "an hour later there is one, and it is being used");
    world.pass(10.0);
    assert_eq!(reads(&world).await, Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_policy_or_without_scaling_in_load_changes_nothing_down() {
    let (world, client) = with_table().await;
    assert_eq!(register(&client, "table/Users", READ, 2, 30).await, "OK");
    world.pass(2_000.0);
    assert_eq!(reads(&world).await, Some(5), "a target alone follows nothing");
    let metric = PredefinedMetricSpecification::builder().predefined_metric_type(MetricType::DynamoDbReadCapacityUtilization);
    let tracking = TargetTrackingScalingPolicyConfiguration::builder().target_value(70.0).disable_scale_in(true);
    let tracking = tracking.predefined_metric_specification(metric.build().expect("whole")).build().expect("whole");
    let call = client.put_scaling_policy().service_namespace(ServiceNamespace::Dynamodb).resource_id("table/Users").policy_name("p");
    let call = call.scalable_dimension(READ).policy_type(PolicyType::TargetTrackingScaling);
    call.target_tracking_scaling_policy_configuration(tracking).send().await.expect("put");
    world.pass(2_000.0);
    assert_eq!(reads(&world).await, Some(5), "down is switched off");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_cannot_be_suspended_here_and_says_so() {
    let (_world, client) = with_table().await;
    let call = client.register_scalable_target().service_namespace(ServiceNamespace::Dynamodb).resource_id("table/Users");
    let call = call.scalable_dimension(READ).min_capacity(1).max_capacity(9);
    let suspended = SuspendedState::builder().dynamic_scaling_in_suspended(true).build();
    assert_eq!(code(call.suspended_state(suspended).send().await), "ValidationException");
    assert!(targets(&client).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn minutes_before_a_restart_do_not_count_as_idle() {
    let dir = tempfile::tempdir().expect("a directory");
    let clock = landfall::clock::Clock::manual(1_791_504_001_000);
    let world = super::world_in_at(dir.path(), clock.clone()).await;
    make_provisioned(&world.dynamodb(), "Users").await;
    world.pass(25.0);
    let put_item = world.dynamodb().put_item().table_name("Users").item("id", text("1")).item("pad", text(&"x".repeat(250_000)));
    put_item.send().await.expect("put");
    let client = world.scaling_as(ME);
    assert_eq!(register(&client, "table/Users", READ, 2, 30).await, "OK");
    assert_eq!(put(&client, "p", 70.0).await, "OK");
    world.pass(480.0);
    // More than half of a minute's 300 units, so that the quarter of an hour around it is not idle.
    for _ in 0..3 {
        world.dynamodb().get_item().table_name("Users").key("id", text("1")).consistent_read(true).send().await.expect("read");
    }
    world.pass(540.0);
    assert_eq!(reads(&world).await, Some(5));
    world.local.stop().await;

    let world = super::world_in_at(dir.path(), clock).await;
    for _ in 0..14 {
        world.pass(60.0);
        assert_eq!(reads(&world).await, Some(5), "what was consumed before is not known");
    }
    world.pass(180.0);
    let _begun = reads(&world).await;
    world.pass(10.0);
    assert_eq!(reads(&world).await, Some(2), "a quarter of an hour that is known");
}
