//! Capacity that means something: who asks for more than there is is throttled, told why, and seen in CloudWatch.

use super::cloudwatch::sums_at;
use super::{World, code, everything, hash, text, units};
use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, AttributeValue, BillingMode, GlobalSecondaryIndex, OnDemandThroughput, PutRequest, ScalarAttributeType,
    TransactWriteItem, WriteRequest,
};
use landfall::clock::Clock;
use landfall::local::{Local, Options};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// An embedded AWS whose time stands still at the beginning of a minute.
async fn still() -> (World, Clock) {
    let now = u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_millis()).expect("in range");
    let clock = Clock::manual(now / 60_000 * 60_000);
    let local = Local::start(Options { clock: clock.clone(), ..Options::default() }).await.expect("starts");
    (World { local }, clock)
}

fn attribute(name: &str) -> AttributeDefinition {
    AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build().expect("whole")
}

/// A table of `write` units with an index of `index_write` units on `mail`, ready to be used.
async fn provisioned(world: &World, clock: &Clock, write: i64, index_write: i64) {
    let index = GlobalSecondaryIndex::builder().index_name("ByMail").key_schema(hash("mail")).projection(everything());
    let index = index.provisioned_throughput(units(2, index_write)).build().expect("whole");
    let create = world.dynamodb().create_table().table_name("Users").key_schema(hash("id")).provisioned_throughput(units(2, write));
    let create = create.attribute_definitions(attribute("id")).attribute_definitions(attribute("mail")).global_secondary_indexes(index);
    create.send().await.expect("created");
    clock.advance(Duration::from_mins(1));
    // The first call begins the buckets; time that goes by before it saves nothing.
    world.dynamodb().get_item().table_name("Users").key("id", text("none")).send().await.expect("read");
}

async fn on_demand(world: &World, clock: &Clock, most: Option<i64>) {
    let create = world.dynamodb().create_table().table_name("Users").key_schema(hash("id")).billing_mode(BillingMode::PayPerRequest);
    let most = most.map(|m| OnDemandThroughput::builder().max_write_request_units(m).max_read_request_units(m).build());
    create.attribute_definitions(attribute("id")).set_on_demand_throughput(most).send().await.expect("created");
    clock.advance(Duration::from_mins(1));
}

async fn put(world: &World, id: &str, mail: Option<&str>) -> String {
    let put = world.dynamodb().put_item().table_name("Users").item("id", text(id));
    let put = if let Some(mail) = mail { put.item("mail", text(mail)) } else { put };
    reason(put.send().await)
}

/// `OK`, or the exception with its first reason and resource.
fn reason<T: std::fmt::Debug, E: ProvideErrorMetadata + std::fmt::Debug, R: std::fmt::Debug>(result: Result<T, SdkError<E, R>>) -> String {
    let Err(error) = result else { return "OK".into() };
    let name = error.as_service_error().and_then(|e| e.code()).unwrap_or("no code").to_owned();
    let told = format!("{error:?}");
    let member = |name: &str| {
        let rest = told.split(&format!("{name}: Some(\"")).nth(1).unwrap_or_default();
        rest.split('"').next().unwrap_or_default().to_owned()
    };
    format!("{name} {} {}", member("reason"), member("resource"))
}

const TABLE: &str = "arn:aws:dynamodb:us-east-1:123456789012:table/Users";

#[tokio::test(flavor = "multi_thread")]
async fn a_table_serves_its_units_and_saves_what_is_left_for_five_minutes() {
    let (world, clock) = still().await;
    provisioned(&world, &clock, 5, 50).await;
    let mut served = Vec::new();
    for (wait, asked) in [(0, 8), (1, 8), (3, 20)] {
        clock.advance(Duration::from_secs(wait));
        let mut passed = 0;
        for i in 0..asked {
            passed += u32::from(put(&world, &i.to_string(), None).await == "OK");
        }
        served.push(passed);
    }
    assert_eq!(served, [5, 5, 15]);
    let refused = put(&world, "x", None).await;
    assert_eq!(refused, format!("ProvisionedThroughputExceededException TableWriteProvisionedThroughputExceeded {TABLE}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_without_capacity_holds_up_the_writes_that_go_to_it_and_no_others() {
    let (world, clock) = still().await;
    provisioned(&world, &clock, 50, 2).await;
    let told = [put(&world, "1", Some("a")).await, put(&world, "2", Some("b")).await, put(&world, "3", Some("c")).await];
    let refused = format!("ProvisionedThroughputExceededException IndexWriteProvisionedThroughputExceeded {TABLE}/index/ByMail");
    assert_eq!(told, ["OK", "OK", refused.as_str()]);
    assert_eq!(put(&world, "4", None).await, "OK", "an item that is not in the index");
    let delete = |id: &'static str| world.dynamodb().delete_item().table_name("Users").key("id", text(id)).send();
    assert_eq!(reason(delete("1").await), refused, "deleting it writes to the index");
    assert_eq!(reason(delete("4").await), "OK");
    clock.advance(Duration::from_secs(1));
    assert_eq!(reason(delete("1").await), "OK");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_does_what_fits_and_is_refused_when_nothing_does() {
    let (world, clock) = still().await;
    provisioned(&world, &clock, 5, 50).await;
    let write = |i: i32| {
        let put = PutRequest::builder().item("id", text(&i.to_string())).build().expect("whole");
        WriteRequest::builder().put_request(put).build()
    };
    let batch = || world.dynamodb().batch_write_item().request_items("Users", (0..12).map(write).collect()).send();
    let told = batch().await.expect("some fit");
    assert_eq!(told.unprocessed_items().and_then(|u| u.get("Users")).map(Vec::len), Some(7));
    assert_eq!(code(batch().await), "ProvisionedThroughputExceededException");
    let events = sums_at(&world, &clock, "WriteThrottleEvents", &[("TableName", "Users")]).await;
    assert_eq!(events, [19.0], "7 of the first, all 12 of the second");
    let whole = sums_at(&world, &clock, "ThrottledRequests", &[("TableName", "Users"), ("Operation", "BatchWriteItem")]).await;
    assert_eq!(whole, [1.0], "only the batch of which nothing was done");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_is_cancelled_whole() {
    let (world, clock) = still().await;
    provisioned(&world, &clock, 2, 50).await;
    let action = |i: i32| {
        let put = aws_sdk_dynamodb::types::Put::builder().table_name("Users").item("id", text(&i.to_string())).build().expect("whole");
        TransactWriteItem::builder().put(put).build()
    };
    let send = world.dynamodb().transact_write_items().set_transact_items(Some((0..3).map(action).collect())).send().await;
    let refused = send.expect_err("cancelled").into_service_error();
    let aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError::TransactionCanceledException(why) = refused else {
        panic!("{refused:?}")
    };
    let codes: Vec<_> = why.cancellation_reasons().iter().filter_map(|r| r.code()).collect();
    assert_eq!(codes, ["None", "None", "ProvisionedThroughputExceeded"]);
    assert_eq!([put(&world, "a", None).await, put(&world, "b", None).await], ["OK", "OK"], "what it had taken was given back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transaction_that_is_too_large_is_invalid_and_not_throttled() {
    let (world, clock) = still().await;
    provisioned(&world, &clock, 2, 50).await;
    let write = |i: usize, bytes: usize| {
        let put = aws_sdk_dynamodb::types::Put::builder().table_name("Users").item("id", text(&i.to_string()));
        TransactWriteItem::builder().put(put.item("pad", text(&"x".repeat(bytes))).build().expect("whole")).build()
    };
    let read = |i: usize| {
        let get = aws_sdk_dynamodb::types::Get::builder().table_name("Users").key("id", text(&i.to_string()));
        aws_sdk_dynamodb::types::TransactGetItem::builder().get(get.build().expect("whole")).build()
    };
    for (actions, bytes) in [(101, 1), (12, 350_000)] {
        let all = (0..actions).map(|i| write(i, bytes)).collect();
        assert_eq!(code(world.dynamodb().transact_write_items().set_transact_items(Some(all)).send().await), "ValidationException");
    }
    let all = (0..101).map(read).collect();
    assert_eq!(code(world.dynamodb().transact_get_items().set_transact_items(Some(all)).send().await), "ValidationException");
}

/// A table of which nothing is left for reads and writes, with an index.
async fn spent() -> (World, Clock) {
    let (world, clock) = still().await;
    provisioned(&world, &clock, 2, 50).await;
    while put(&world, "spent", Some("a")).await == "OK" {}
    while world.dynamodb().scan().table_name("Users").send().await.is_ok() {}
    (world, clock)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_as_wrong_where_nothing_is_left() {
    let (world, clock) = spent().await;
    let client = world.dynamodb();
    let events = sums_at(&world, &clock, "WriteThrottleEvents", &[("TableName", "Users")]).await;
    let mut told = vec![
        code(client.put_item().table_name("Users").item("mail", text("no key")).send().await),
        code(client.put_item().table_name("Users").item("id", text("1")).condition_expression("id = ").send().await),
        code(client.put_item().table_name("Users").item("id", text("1")).item("pad", text(&"x".repeat(410_000))).send().await),
        code(client.update_item().table_name("Users").key("id", text("1")).update_expression("SET id = id").send().await),
        code(client.update_item().table_name("Users").key("id", text("1")).update_expression("SET a = :a").send().await),
        code(client.delete_item().table_name("Users").key("name", text("1")).send().await),
        code(client.get_item().table_name("Users").key("name", text("1")).send().await),
        code(client.scan().table_name("Users").filter_expression("nonsense").send().await),
        code(client.scan().table_name("Users").index_name("Nobody").send().await),
    ];
    let query = client.query().table_name("Users").key_condition_expression("mail = :m").expression_attribute_values(":m", text("a"));
    told.push(code(query.send().await));
    let write = |item: Option<&str>| {
        let put = item.iter().fold(PutRequest::builder().item("id", text("1")), |put, name| put.item(*name, text("")));
        WriteRequest::builder().put_request(put.build().expect("whole")).build()
    };
    for batch in [vec![write(None), write(None)], vec![write(Some("mail"))]] {
        told.push(code(client.batch_write_item().request_items("Users", batch).send().await));
    }
    let twice = aws_sdk_dynamodb::types::KeysAndAttributes::builder().keys([("id".to_owned(), text("1"))].into());
    let twice = twice.keys([("id".to_owned(), text("1"))].into()).build().expect("whole");
    told.push(code(client.batch_get_item().request_items("Users", twice).send().await));
    assert!(told.iter().all(|code| code == "ValidationException"), "{told:?}");
    assert_eq!(sums_at(&world, &clock, "WriteThrottleEvents", &[("TableName", "Users")]).await, events, "nothing was throttled");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_only_the_item_could_make_wrong_is_throttled() {
    let (world, _clock) = spent().await;
    let number = || AttributeValue::N("1".into());
    let update = |expression: &'static str, value: AttributeValue| {
        let update = world.dynamodb().update_item().table_name("Users").key("id", text("spent")).update_expression(expression);
        update.expression_attribute_values(":v", value).send()
    };
    for expression in ["SET a.b = :v", "SET a = b + :v", "SET a = if_not_exists(mail, :v) + :v", "ADD n :v"] {
        assert_eq!(code(update(expression, number()).await), "ProvisionedThroughputExceededException", "{expression}");
    }
    let failing = world.dynamodb().put_item().table_name("Users").item("id", text("2")).condition_expression("attribute_exists(id)");
    assert_eq!(code(failing.send().await), "ProvisionedThroughputExceededException", "a condition is not judged");
    // Half a maximal item, over and over: what was tried is forgotten each time.
    let grow = || update("SET a = list_append(if_not_exists(a, :v), :v)", AttributeValue::L(vec![text(&"x".repeat(100_000))]));
    for _ in 0..5 {
        assert_eq!(code(grow().await), "ProvisionedThroughputExceededException");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_and_scans_are_throttled_whole_and_leave_a_debt() {
    let (world, clock) = still().await;
    on_demand(&world, &clock, Some(40)).await;
    for i in 0..4 {
        let pad = "x".repeat(30_000);
        let put = world.dynamodb().put_item().table_name("Users").item("id", text(&i.to_string())).item("pad", text(&pad));
        put.send().await.expect("put");
        clock.advance(Duration::from_secs(1));
    }
    clock.advance(Duration::from_secs(1));
    let scan = || world.dynamodb().scan().table_name("Users").consistent_read(true).send();
    assert_eq!(reason(scan().await), "OK");
    assert_eq!(reason(scan().await), "OK", "there is something left, so it is let in: 60 of 40 units are gone now");
    let refused = format!("ThrottlingException TableReadMaxOnDemandThroughputExceeded {TABLE}");
    assert_eq!(reason(scan().await), refused);
    clock.advance(Duration::from_secs(1));
    assert_eq!(reason(scan().await), "OK");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_on_demand_maximum_is_held() {
    let (world, clock) = still().await;
    on_demand(&world, &clock, Some(3)).await;
    let mut told = Vec::new();
    for i in 0..4 {
        told.push(put(&world, &i.to_string(), None).await);
    }
    let refused = format!("ThrottlingException TableWriteMaxOnDemandThroughputExceeded {TABLE}");
    assert_eq!(told, ["OK", "OK", "OK", refused.as_str()]);
    let table = [("TableName", "Users")];
    assert_eq!(sums_at(&world, &clock, "WriteMaxOnDemandThroughputThrottleEvents", &table).await, [1.0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_partition_key_serves_a_thousand_writes_a_second_whatever_the_table_has() {
    let (world, clock) = still().await;
    on_demand(&world, &clock, None).await;
    let big = "x".repeat(100_000);
    let write = |id: &str| world.dynamodb().put_item().table_name("Users").item("id", text(id)).item("pad", text(&big)).send();
    let mut passed = 0;
    let refused = loop {
        match reason(write("hot").await).as_str() {
            "OK" if passed < 100 => passed += 1,
            other => break other.to_owned(),
        }
    };
    assert_eq!((passed, refused), (11, format!("ThrottlingException TableWriteKeyRangeThroughputExceeded {TABLE}")), "98 units each");
    let mut others = Vec::new();
    for id in 0..8 {
        others.push(reason(write(&id.to_string()).await));
    }
    assert!(others.iter().any(|told| told == "OK"), "other partitions go on: {others:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_figures_of_each_minute_are_exact_and_the_verb_names_the_index() {
    let (world, clock) = still().await;
    provisioned(&world, &clock, 5, 2).await;
    // A minute of 60 seconds in which 6 writes a second are tried, of which every third goes to the index.
    for second in 0..60 {
        for i in 0..6 {
            put(&world, &format!("{second}-{i}"), (i % 3 == 0).then_some("a")).await;
        }
        clock.advance(Duration::from_secs(1));
    }
    let (table, index) = ([("TableName", "Users")], [("TableName", "Users"), ("GlobalSecondaryIndexName", "ByMail")]);
    assert_eq!(sums_at(&world, &clock, "ConsumedWriteCapacityUnits", &table).await, [300.0], "5 of 6 in each second");
    assert_eq!(sums_at(&world, &clock, "WriteThrottleEvents", &table).await, [60.0]);
    assert_eq!(sums_at(&world, &clock, "WriteProvisionedThroughputThrottleEvents", &table).await, [60.0]);
    assert_eq!(sums_at(&world, &clock, "ConsumedWriteCapacityUnits", &index).await, [120.0]);
    assert!(sums_at(&world, &clock, "WriteThrottleEvents", &index).await.is_empty(), "two units a second are just enough");
    let operation = [("TableName", "Users"), ("Operation", "PutItem")];
    assert_eq!(sums_at(&world, &clock, "ThrottledRequests", &operation).await, [60.0]);
    // Now three a second go to the index, which has two.
    for second in 0..10 {
        for i in 0..3 {
            put(&world, &format!("again-{second}-{i}"), Some("a")).await;
        }
        clock.advance(Duration::from_secs(1));
    }
    assert_eq!(sums_at(&world, &clock, "WriteThrottleEvents", &index).await, [10.0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_verb_says_no_and_names_the_index() {
    let local = Local::start(Options { clock: Clock::scaled(20.0), ..Options::default() }).await.expect("starts");
    let world = World { local };
    let index = GlobalSecondaryIndex::builder().index_name("UsernameIndex").key_schema(hash("username")).projection(everything());
    let index = index.provisioned_throughput(units(1, 1)).build().expect("whole");
    let create = world.dynamodb().create_table().table_name("Users").key_schema(hash("id")).provisioned_throughput(units(5, 5_000));
    let create = create.attribute_definitions(attribute("id")).attribute_definitions(attribute("username")).global_secondary_indexes(index);
    create.send().await.expect("created");
    let put = |i: u32| world.dynamodb().put_item().table_name("Users").item("id", text(&i.to_string())).item("username", text("u")).send();
    while put(0).await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The table has plenty; the index saves at most 300 seconds of one unit.
    let mut refused = None;
    for i in 0..1_000 {
        refused = put(i).await.err().map(|error| reason::<(), _, _>(Err(error)));
        if refused.is_some() {
            break;
        }
    }
    assert!(refused.is_some_and(|told| told.contains("IndexWriteProvisionedThroughputExceeded")));
    let place = crate::program::Place::at(&world.local.url(), "local", "local");
    let ran = tokio::task::spawn_blocking(move || place.landfall("throttling stacks/users.toml")).await.expect("ran");
    ran.exits(3).says("UsernameIndex").says("WriteProvisionedThroughput");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_verb_tells_how_far_an_index_is_filled() {
    use aws_sdk_dynamodb::types::{CreateGlobalSecondaryIndexAction, GlobalSecondaryIndexUpdate};
    let local = Local::start(Options { clock: Clock::scaled(20.0), ..Options::default() }).await.expect("starts");
    let world = World { local };
    let client = world.dynamodb();
    let create = client.create_table().table_name("Users").key_schema(hash("id")).provisioned_throughput(units(5, 5));
    create.attribute_definitions(attribute("id")).send().await.expect("created");
    super::settled(&client, "Users").await;
    let index = CreateGlobalSecondaryIndexAction::builder().index_name("UsernameIndex").key_schema(hash("username"));
    let index = index.projection(everything()).provisioned_throughput(units(5, 5)).build().expect("whole");
    let update = client.update_table().table_name("Users").attribute_definitions(attribute("username"));
    let update = update.global_secondary_index_updates(GlobalSecondaryIndexUpdate::builder().create(index).build());
    update.send().await.expect("begun");
    while client
        .describe_table()
        .table_name("Users")
        .send()
        .await
        .is_ok_and(|told| told.table().is_some_and(|t| t.global_secondary_indexes()[0].backfilling() == Some(false)))
    {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let place = crate::program::Place::at(&world.local.url(), "local", "local");
    let ran = tokio::task::spawn_blocking(move || place.landfall("throttling stacks/users.toml")).await.expect("ran");
    // Of the stack's other index CloudWatch knows nothing, which is no yes.
    ran.exits(4).says("Users/UsernameIndex: no throttle events; the index is being filled,");
}
