//! The control plane over time: tables, indexes and capacity, by a clock that stands still until the test moves it.

use super::{World, attribute, code, everything, hash, make_on_demand, make_provisioned, still, still_with, text, units, world_in_at};
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::{
    AttributeValue, BillingMode, CreateGlobalSecondaryIndexAction, DeleteGlobalSecondaryIndexAction, GlobalSecondaryIndexUpdate,
    OnDemandThroughput, TableDescription, UpdateGlobalSecondaryIndexAction,
};
use landfall::clock::Clock;
use landfall::local::Options;
use std::time::Duration;

async fn table(client: &Client) -> TableDescription {
    client.describe_table().table_name("Users").send().await.expect("there").table.expect("a table")
}

fn status(table: &TableDescription) -> &str {
    table.table_status().map_or("", |s| s.as_str())
}

/// `NAME STATUS`, and whether it is being filled.
fn indexes(table: &TableDescription) -> Vec<(String, Option<bool>)> {
    let one = |i: &aws_sdk_dynamodb::types::GlobalSecondaryIndexDescription| {
        (format!("{} {}", i.index_name().unwrap_or(""), i.index_status().map_or("", |s| s.as_str())), i.backfilling())
    };
    table.global_secondary_indexes().iter().map(one).collect()
}

fn capacity(table: &TableDescription) -> (Option<i64>, Option<i64>) {
    let told = table.provisioned_throughput().expect("told");
    (told.read_capacity_units(), told.number_of_decreases_today())
}

fn creation(name: &str, key: &str) -> GlobalSecondaryIndexUpdate {
    let create = CreateGlobalSecondaryIndexAction::builder().index_name(name).key_schema(hash(key)).projection(everything());
    GlobalSecondaryIndexUpdate::builder().create(create.build().expect("whole")).build()
}

fn deletion(name: &str) -> GlobalSecondaryIndexUpdate {
    let delete = DeleteGlobalSecondaryIndexAction::builder().index_name(name).build().expect("whole");
    GlobalSecondaryIndexUpdate::builder().delete(delete).build()
}

fn index_units(read: i64) -> GlobalSecondaryIndexUpdate {
    let update = UpdateGlobalSecondaryIndexAction::builder().index_name("ByMail").provisioned_throughput(units(read, 3));
    GlobalSecondaryIndexUpdate::builder().update(update.build().expect("whole")).build()
}

async fn query(client: &Client, index: &str, key: &str) -> String {
    let query = client.query().table_name("Users").index_name(index).key_condition_expression("#k = :v");
    code(query.expression_attribute_names("#k", key).expression_attribute_values(":v", AttributeValue::S("x".into())).send().await)
}

/// A still world with an ACTIVE table `Users`.
async fn with_table(provisioned: bool) -> (World, Client) {
    let world = still().await;
    let client = world.dynamodb();
    if provisioned {
        make_provisioned(&client, "Users").await;
    } else {
        make_on_demand(&client, "Users").await;
    }
    world.pass(25.0);
    (world, client)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_creating_for_seconds_and_takes_nothing_meanwhile() {
    let world = still().await;
    let client = world.dynamodb();
    make_on_demand(&client, "Users").await;
    world.pass(13.9);
    let told = table(&client).await;
    assert_eq!((status(&told), indexes(&told)), ("CREATING", vec![("ByMail CREATING".into(), None)]));
    assert_eq!(code(client.put_item().table_name("Users").item("id", text("1")).send().await), "ResourceNotFoundException");
    assert_eq!(code(client.update_table().table_name("Users").deletion_protection_enabled(true).send().await), "ResourceInUseException");
    assert_eq!(code(client.delete_table().table_name("Users").send().await), "ResourceInUseException");
    assert_eq!(code(client.describe_time_to_live().table_name("Users").send().await), "ValidationException");
    world.pass(8.2);
    let told = table(&client).await;
    assert_eq!((status(&told), indexes(&told)), ("ACTIVE", vec![("ByMail ACTIVE".into(), None)]), "all at once");
    assert_eq!(code(client.put_item().table_name("Users").item("id", text("1")).send().await), "OK");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_index_is_allocated_then_filled_and_read_only_then() {
    let (world, client) = with_table(false).await;
    let add = |name: &str, key: &str| {
        client
            .update_table()
            .table_name("Users")
            .attribute_definitions(attribute(key))
            .global_secondary_index_updates(creation(name, key))
            .send()
    };
    let drop = |name: &str| client.update_table().table_name("Users").global_secondary_index_updates(deletion(name)).send();
    let told = add("ByCity", "city").await.expect("begun").table_description.expect("told");
    assert_eq!((status(&told), indexes(&told)[1].clone()), ("UPDATING", ("ByCity CREATING".into(), Some(false))));
    world.pass(24.0);
    assert_eq!(status(&table(&client).await), "UPDATING");
    assert_eq!(query(&client, "ByCity", "city").await, "ValidationException");
    assert_eq!(query(&client, "ByMail", "mail").await, "OK");
    assert_eq!(code(drop("ByCity").await), "ResourceInUseException", "not before it is being filled");
    assert_eq!(code(client.delete_table().table_name("Users").send().await), "ResourceInUseException");
    world.pass(33.0);
    let told = table(&client).await;
    assert_eq!((status(&told), indexes(&told)[1].clone()), ("ACTIVE", ("ByCity CREATING".into(), Some(true))), "ACTIVE is not ready");
    assert_eq!(code(client.delete_table().table_name("Users").send().await), "ResourceInUseException");
    assert_eq!(code(add("ByTown", "town").await), "LimitExceededException");
    assert_eq!(code(drop("ByMail").await), "LimitExceededException");
    assert_eq!(query(&client, "ByCity", "city").await, "ValidationException");
    world.pass(483.0);
    assert_eq!(indexes(&table(&client).await)[1], ("ByCity ACTIVE".into(), None));
    assert_eq!(query(&client, "ByCity", "city").await, "OK");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_that_goes_is_listed_and_takes_its_attributes_with_it() {
    let (world, client) = with_table(false).await;
    let drop = client.update_table().table_name("Users").global_secondary_index_updates(deletion("ByMail"));
    let told = drop.send().await.expect("begun").table_description.expect("told");
    assert_eq!((status(&told), indexes(&told)), ("UPDATING", vec![("ByMail DELETING".into(), None)]));
    assert_eq!(told.attribute_definitions().len(), 2);
    assert_eq!(query(&client, "ByMail", "mail").await, "ValidationException");
    world.pass(5.2);
    let told = table(&client).await;
    assert_eq!((status(&told), indexes(&told).len(), told.attribute_definitions().len()), ("ACTIVE", 0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_may_be_given_up_while_it_is_filled() {
    let (world, client) = with_table(false).await;
    let add = client.update_table().table_name("Users").attribute_definitions(attribute("city"));
    add.global_secondary_index_updates(creation("ByCity", "city")).send().await.expect("begun");
    world.pass(60.0);
    let drop = client.update_table().table_name("Users").global_secondary_index_updates(deletion("ByCity"));
    drop.send().await.expect("given up");
    world.pass(6.0);
    assert_eq!(indexes(&table(&client).await), vec![("ByMail ACTIVE".into(), None)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn capacity_is_told_as_it_was_until_it_is_changed() {
    let (world, client) = with_table(true).await;
    let set = |read| client.update_table().table_name("Users").provisioned_throughput(units(read, 5)).send();
    let told = set(9).await.expect("begun").table_description.expect("told");
    assert_eq!((status(&told), capacity(&told)), ("UPDATING", (Some(5), Some(0))), "the reply echoes what was");
    assert_eq!(capacity(&table(&client).await), (Some(5), Some(0)));
    assert_eq!(code(set(10).await), "ResourceInUseException");
    assert_eq!(code(client.delete_table().table_name("Users").send().await), "ResourceInUseException");
    world.pass(2.0);
    assert_eq!(capacity(&table(&client).await), (Some(9), Some(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_day_has_four_decreases_for_the_table_and_four_for_each_index() {
    let (world, client) = with_table(true).await;
    let set = |read| client.update_table().table_name("Users").provisioned_throughput(units(read, 5)).send();
    for read in [4, 3, 2, 1] {
        set(read).await.expect("within the four");
        world.pass(3.0);
    }
    set(5).await.expect("an increase is free");
    world.pass(3.0);
    assert_eq!(code(set(4).await), "LimitExceededException");
    assert_eq!(capacity(&table(&client).await), (Some(5), Some(4)));
    let index = client.update_table().table_name("Users").global_secondary_index_updates(index_units(2));
    let told = index.send().await.expect("its own budget").table_description.expect("told");
    assert_eq!((status(&told), indexes(&told)), ("ACTIVE", vec![("ByMail UPDATING".into(), None)]));
    world.pass(4.0);
    let both = client.update_table().table_name("Users").provisioned_throughput(units(4, 5)).global_secondary_index_updates(index_units(1));
    assert_eq!(code(both.send().await), "LimitExceededException", "all or nothing");
    assert_eq!(table(&client).await.global_secondary_indexes()[0].provisioned_throughput().and_then(|p| p.read_capacity_units()), Some(2));
    world.pass(3_600.0);
    assert_eq!(code(set(4).await), "OK", "one more an hour later");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_billing_switch_takes_minutes_the_first_time_and_seconds_again() {
    let (world, client) = with_table(true).await;
    let to_demand = || client.update_table().table_name("Users").billing_mode(BillingMode::PayPerRequest).send();
    let mode = |t: &TableDescription| t.billing_mode_summary().and_then(|b| b.billing_mode().map(|m| m.as_str().to_owned()));
    assert_eq!(mode(&table(&client).await), None, "never on demand, never told");
    to_demand().await.expect("begun");
    world.pass(128.0);
    let told = table(&client).await;
    assert_eq!((status(&told), mode(&told), capacity(&told).0), ("UPDATING", None, Some(5)));
    world.pass(44.0);
    let told = table(&client).await;
    assert_eq!((status(&told), mode(&told).as_deref(), capacity(&told).0), ("ACTIVE", Some("PAY_PER_REQUEST"), Some(0)));
    let back = client.update_table().table_name("Users").billing_mode(BillingMode::Provisioned).provisioned_throughput(units(5, 5));
    back.global_secondary_index_updates(index_units(3)).send().await.expect("begun");
    world.pass(10.0);
    assert_eq!(code(to_demand().await), "OK", "taken, and forgotten");
    world.pass(90.0);
    assert_eq!(mode(&table(&client).await).as_deref(), Some("PROVISIONED"));
    to_demand().await.expect("begun");
    world.pass(5.2);
    assert_eq!(status(&table(&client).await), "ACTIVE");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_table_is_deleting_and_its_name_is_then_free() {
    let (world, client) = with_table(false).await;
    let before = table(&client).await;
    client.delete_table().table_name("Users").send().await.expect("begun");
    world.pass(3.9);
    assert_eq!(status(&table(&client).await), "DELETING");
    assert_eq!(client.list_tables().send().await.expect("listed").table_names(), ["Users"]);
    assert_eq!(code(client.delete_table().table_name("Users").send().await), "ResourceInUseException");
    assert_eq!(code(client.get_item().table_name("Users").key("id", text("1")).send().await), "ResourceNotFoundException");
    let again = client.create_table().table_name("Users").key_schema(hash("id")).attribute_definitions(attribute("id"));
    assert_eq!(code(again.billing_mode(BillingMode::PayPerRequest).send().await), "ResourceInUseException");
    world.pass(2.2);
    assert_eq!(code(client.describe_table().table_name("Users").send().await), "ResourceNotFoundException");
    assert!(client.list_tables().send().await.expect("listed").table_names().is_empty());
    make_on_demand(&client, "Users").await;
    let after = table(&client).await;
    assert_eq!(after.table_arn(), before.table_arn());
    assert_ne!(after.table_id(), before.table_id());
}

#[tokio::test(flavor = "multi_thread")]
async fn one_call_changes_one_thing() {
    let (_world, client) = with_table(true).await;
    let update = || client.update_table().table_name("Users");
    let two = update().deletion_protection_enabled(true).provisioned_throughput(units(9, 9));
    let refused = two.send().await.expect_err("refused");
    assert!(format!("{refused:?}").contains("DeletionProtection modification must be the only operation in the request"));
    assert_eq!(capacity(&table(&client).await).0, Some(5), "nothing was done");
    let both = update().provisioned_throughput(units(9, 9)).global_secondary_index_updates(index_units(9));
    assert_eq!(code(both.send().await), "OK", "capacity of table and index go together");
}

#[tokio::test(flavor = "multi_thread")]
async fn on_demand_maximums_are_set_side_by_side_and_an_empty_one_breaks() {
    let (_world, client) = with_table(false).await;
    let set = |most: OnDemandThroughput| client.update_table().table_name("Users").on_demand_throughput(most).send();
    let shown = async || {
        let told = table(&client).await;
        told.on_demand_throughput().map(|o| (o.max_read_request_units(), o.max_write_request_units()))
    };
    assert_eq!(code(set(OnDemandThroughput::builder().build()).await), "InternalFailure");
    set(OnDemandThroughput::builder().max_read_request_units(40).build()).await.expect("set");
    set(OnDemandThroughput::builder().max_write_request_units(41).build()).await.expect("set");
    assert_eq!(shown().await, Some((Some(40), Some(41))));
    set(OnDemandThroughput::builder().max_read_request_units(-1).build()).await.expect("cleared");
    assert_eq!(shown().await, Some((None, Some(41))));
    set(OnDemandThroughput::builder().max_write_request_units(-1).build()).await.expect("cleared");
    assert_eq!(shown().await, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn descriptions_lag_where_they_are_told_to() {
    let world = still_with(Options { lag: Duration::from_secs(3), ..Options::default() }).await;
    let client = world.dynamodb();
    make_on_demand(&client, "Users").await;
    assert_eq!(code(client.describe_table().table_name("Users").send().await), "ResourceNotFoundException");
    world.pass(25.0);
    client.update_table().table_name("Users").deletion_protection_enabled(true).send().await.expect("set");
    assert_eq!(table(&client).await.deletion_protection_enabled(), Some(false));
    world.pass(3.0);
    assert_eq!(table(&client).await.deletion_protection_enabled(), Some(true));
}

#[test]
fn a_server_lags_as_its_flag_says() {
    let local = crate::program::LocalAws::start_with(&["--time-scale", "1", "--lag", "2"]);
    let code = "
import time
d = c('dynamodb')
def shown():
    try:
        return d.describe_table(TableName='Users')['Table']['TableStatus']
    except d.exceptions.ResourceNotFoundException:
        return 'absent'
key = dict(AttributeName='id')
d.create_table(TableName='Users', BillingMode='PAY_PER_REQUEST', KeySchema=[dict(key, KeyType='HASH')], AttributeDefinitions=[dict(key, AttributeType='S')])
began, first = time.time(), shown()
while shown() == 'absent' and time.time() < began + 30:
    time.sleep(0.1)
print(first, time.time() > began + 1, shown() in ('CREATING', 'ACTIVE'))";
    assert_eq!(local.place().python(code).exits(0).stdout.trim(), "absent True True");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_made_here_can_be_planted() {
    let replicas = serde_json::json!({ "Replicas": [{ "RegionName": "eu-west-1", "ReplicaStatus": "ACTIVE" }] });
    let world = still_with(Options { planted: [("Users".to_owned(), replicas)].into(), ..Options::default() }).await;
    let client = world.dynamodb();
    make_on_demand(&client, "Users").await;
    assert_eq!(table(&client).await.replicas()[0].region_name(), Some("eu-west-1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_goes_on_by_the_clock() {
    let dir = tempfile::tempdir().expect("a directory");
    let clock = Clock::manual(1_791_504_001_000);
    let world = world_in_at(dir.path(), clock.clone()).await;
    let client = world.dynamodb();
    make_on_demand(&client, "Users").await;
    world.pass(25.0);
    let add = client.update_table().table_name("Users").attribute_definitions(attribute("city"));
    add.global_secondary_index_updates(creation("ByCity", "city")).send().await.expect("begun");
    world.local.stop().await;

    clock.advance(Duration::from_mins(1));
    let world = world_in_at(dir.path(), clock.clone()).await;
    let client = world.dynamodb();
    let told = table(&client).await;
    assert_eq!((status(&told), indexes(&told)[1].clone()), ("ACTIVE", ("ByCity CREATING".into(), Some(true))));
    assert_eq!(query(&client, "ByCity", "city").await, "ValidationException");
    world.pass(480.0);
    assert_eq!(query(&client, "ByCity", "city").await, "OK");
}
