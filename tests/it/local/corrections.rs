//! The engine's known faults, each corrected in our front.

use super::{attribute, code, everything, hash, make_on_demand, on_demand, provisioned, settled, still, text, units, world};
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_sdk_dynamodb::types::{
    AttributeValue, BillingMode, CreateGlobalSecondaryIndexAction, GlobalSecondaryIndexUpdate, Put, PutRequest, ReturnValue,
    StreamSpecification, StreamViewType, Tag, TimeToLiveSpecification, TransactWriteItem, Update, UpdateGlobalSecondaryIndexAction,
    WarmThroughput, WriteRequest,
};

fn capacity(read: i64, write: i64) -> GlobalSecondaryIndexUpdate {
    let update = UpdateGlobalSecondaryIndexAction::builder().index_name("ByMail").provisioned_throughput(units(read, write));
    GlobalSecondaryIndexUpdate::builder().update(update.build().expect("whole")).build()
}

fn creation(name: &str, key: &str) -> GlobalSecondaryIndexUpdate {
    let create = CreateGlobalSecondaryIndexAction::builder().index_name(name).key_schema(hash(key)).projection(everything());
    GlobalSecondaryIndexUpdate::builder().create(create.build().expect("whole")).build()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_indexes_capacity_can_be_changed_once_and_not_to_what_it_is() {
    let world = world().await;
    let client = world.dynamodb();
    provisioned(&client, "Users").await;
    let set = |read, write| client.update_table().table_name("Users").global_secondary_index_updates(capacity(read, write)).send();
    set(9, 8).await.expect("changed");
    settled(&client, "Users").await;
    let told = client.describe_table().table_name("Users").send().await.expect("there").table.expect("a table");
    let index = told.global_secondary_indexes()[0].provisioned_throughput().expect("capacity");
    assert_eq!((index.read_capacity_units(), index.write_capacity_units()), (Some(9), Some(8)));
    assert_eq!(code(set(9, 8).await), "ValidationException");
    set(1, 8).await.expect("lowered");
    settled(&client, "Users").await;
    let told = client.describe_table().table_name("Users").send().await.expect("there").table.expect("a table");
    let index = told.global_secondary_indexes()[0].provisioned_throughput().expect("capacity");
    assert_eq!((index.read_capacity_units(), index.number_of_decreases_today()), (Some(1), Some(1)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tables_capacity_cannot_be_set_to_what_it_is() {
    let world = world().await;
    let client = world.dynamodb();
    provisioned(&client, "Users").await;
    let set = |read| client.update_table().table_name("Users").provisioned_throughput(units(read, 5)).send();
    assert_eq!(code(set(5).await), "ValidationException");
    assert_eq!(code(set(6).await), "OK");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_indexes_cannot_be_made_in_one_call() {
    let world = world().await;
    let client = world.dynamodb();
    on_demand(&client, "Users").await;
    let both = client.update_table().table_name("Users").attribute_definitions(attribute("a")).attribute_definitions(attribute("b"));
    let both = both.global_secondary_index_updates(creation("ByA", "a")).global_secondary_index_updates(creation("ByB", "b"));
    assert_eq!(code(both.send().await), "LimitExceededException");
    let told = client.describe_table().table_name("Users").send().await.expect("there").table.expect("a table");
    assert_eq!(told.global_secondary_indexes().len(), 1, "nothing was done");
    let one = client.update_table().table_name("Users").attribute_definitions(attribute("a")).attribute_definitions(attribute("id"));
    assert_eq!(code(one.global_secondary_index_updates(creation("ByA", "a")).send().await), "OK");
}

#[tokio::test(flavor = "multi_thread")]
async fn switches_cannot_be_thrown_twice() {
    let world = world().await;
    let client = world.dynamodb();
    on_demand(&client, "Users").await;
    let ttl = |on| {
        let switch = TimeToLiveSpecification::builder().attribute_name("gone").enabled(on).build().expect("whole");
        client.update_time_to_live().table_name("Users").time_to_live_specification(switch).send()
    };
    assert_eq!(code(ttl(false).await), "ValidationException");
    assert_eq!(code(ttl(true).await), "OK");
    assert_eq!(code(ttl(true).await), "ValidationException");
    let stream = |on: bool| {
        let switch = StreamSpecification::builder().stream_enabled(on).set_stream_view_type(on.then_some(StreamViewType::KeysOnly));
        client.update_table().table_name("Users").stream_specification(switch.build().expect("whole")).send()
    };
    assert_eq!(code(stream(false).await), "ValidationException");
    assert_eq!(code(stream(true).await), "OK");
    settled(&client, "Users").await;
    assert_eq!(code(stream(true).await), "ValidationException");
    assert_eq!(code(stream(false).await), "OK");
}

#[tokio::test(flavor = "multi_thread")]
async fn warm_throughput_is_kept_and_never_lowered() {
    let world = world().await;
    let client = world.dynamodb();
    on_demand(&client, "Users").await;
    let warm = |read| {
        let asked = WarmThroughput::builder().read_units_per_second(read).write_units_per_second(5_000).build();
        client.update_table().table_name("Users").warm_throughput(asked).send()
    };
    warm(15_000).await.expect("raised");
    settled(&client, "Users").await;
    let told = client.describe_table().table_name("Users").send().await.expect("there").table.expect("a table");
    let now = told.warm_throughput().expect("told");
    assert_eq!((now.read_units_per_second(), now.write_units_per_second()), (Some(15_000), Some(5_000)));
    assert_eq!(code(warm(14_000).await), "ValidationException");
}

#[tokio::test(flavor = "multi_thread")]
async fn scanned_count_is_what_was_scanned_over_every_page() {
    let world = world().await;
    let client = world.dynamodb();
    on_demand(&client, "Big").await;
    for i in 0..30 {
        let put = client.put_item().table_name("Big").item("id", text(&i.to_string())).item("pad", text(&"x".repeat(100_000)));
        put.send().await.expect("put");
    }
    let (mut scanned, mut filtered, mut pages, mut key) = (0, 0, 0, None);
    loop {
        let page = client.scan().table_name("Big").set_exclusive_start_key(key.clone()).send().await.expect("scanned");
        let none = client.scan().table_name("Big").filter_expression("attribute_exists(nothing)").set_exclusive_start_key(key);
        filtered += none.send().await.expect("scanned").scanned_count();
        scanned += page.scanned_count();
        pages += 1;
        key = page.last_evaluated_key;
        if key.is_none() {
            break;
        }
    }
    assert!(pages > 2, "the pages ended at 1 MB");
    assert_eq!((scanned, filtered), (30, 30));
}

#[tokio::test(flavor = "multi_thread")]
async fn item_count_is_not_live() {
    let world = world().await;
    let client = world.dynamodb();
    on_demand(&client, "Users").await;
    client.put_item().table_name("Users").item("id", text("1")).item("mail", text("a@b")).send().await.expect("put");
    let told = client.describe_table().table_name("Users").send().await.expect("there").table.expect("a table");
    assert_eq!((told.item_count(), told.table_size_bytes()), (Some(0), Some(0)));
    assert_eq!(told.global_secondary_indexes()[0].item_count(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_of_a_table_that_is_not_there_are_not_found_and_those_of_another_account_are_denied() {
    let world = world().await;
    let client = world.dynamodb();
    let tags =
        |account: &str| client.list_tags_of_resource().resource_arn(format!("arn:aws:dynamodb:us-east-1:{account}:table/Nowhere")).send();
    assert_eq!(code(tags("123456789012").await), "ResourceNotFoundException");
    assert_eq!(code(tags("000000000000").await), "AccessDeniedException");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_expression_that_is_too_deep_is_refused_and_ends_nothing() {
    let world = world().await;
    let client = world.dynamodb();
    on_demand(&client, "Users").await;
    let put = |condition: String| client.put_item().table_name("Users").item("id", text("1")).condition_expression(condition).send();
    assert_eq!(code(put("(".repeat(4096)).await), "ValidationException");
    assert_eq!(code(put(format!("{}attribute_exists(id)", "NOT ".repeat(300))).await), "ValidationException");
    // 300 operators and functions are taken.
    assert_eq!(code(put(format!("{}attribute_exists(id)", "NOT ".repeat(299))).await), "OK");
    let scan = client.scan().table_name("Users").filter_expression("(".repeat(4096));
    assert_eq!(code(scan.send().await), "ValidationException");
    let act =
        Update::builder().table_name("Users").key("id", text("1")).update_expression("SET a = id").condition_expression("(".repeat(4096));
    let act = TransactWriteItem::builder().update(act.build().expect("whole")).build();
    assert_eq!(code(client.transact_write_items().transact_items(act).send().await), "ValidationException");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_function_has_its_name_in_one_case_only() {
    let world = world().await;
    let client = world.dynamodb();
    on_demand(&client, "Users").await;
    let ask = |function: &str| {
        let query = client.query().table_name("Users").key_condition_expression(format!("id = :id AND {function}(mail, :id)"));
        query.expression_attribute_values(":id", text("1")).send()
    };
    let refused = ask("Begins_With").await.expect_err("refused").into_service_error();
    assert!(refused.message().is_some_and(|m| m.contains("Invalid function name; function: Begins_With")), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_key_that_is_too_large_is_not_written() {
    let world = world().await;
    let client = world.dynamodb();
    on_demand(&client, "Users").await;
    let (fits, large) = ("x".repeat(2048), "x".repeat(2049));
    let put = |mail: &str| client.put_item().table_name("Users").item("id", text("1")).item("mail", text(mail)).send();
    assert_eq!(code(put(&fits).await), "OK");
    assert_eq!(code(put(&large).await), "ValidationException");
    let write = PutRequest::builder().item("id", text("2")).item("mail", text(&large)).build().expect("whole");
    let batch = client.batch_write_item().request_items("Users", vec![WriteRequest::builder().put_request(write).build()]);
    assert_eq!(code(batch.send().await), "ValidationException");
    let act = Put::builder().table_name("Users").item("id", text("2")).item("mail", text(&large)).build().expect("whole");
    let act = TransactWriteItem::builder().put(act).build();
    assert_eq!(code(client.transact_write_items().transact_items(act).send().await), "ValidationException");
    let other = client.put_item().table_name("Users").item("id", text("3")).item("note", text(&large)).send();
    assert_eq!(code(other.await), "OK", "what is no key may be large");
    assert_eq!(client.scan().table_name("Users").send().await.expect("scanned").count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_attributes_name_has_255_bytes_at_most() {
    let world = world().await;
    let client = world.dynamodb();
    let create = |name: &str| {
        let create = client.create_table().table_name("Long").key_schema(hash(name)).attribute_definitions(attribute(name));
        create.billing_mode(BillingMode::PayPerRequest).send()
    };
    assert_eq!(code(create(&"n".repeat(256)).await), "ValidationException");
    assert_eq!(code(create(&"n".repeat(255)).await), "OK");
    settled(&client, "Long").await;
    let index = client.update_table().table_name("Long").attribute_definitions(attribute(&"m".repeat(256)));
    let index = index.global_secondary_index_updates(creation("ByLong", &"m".repeat(256))).send();
    assert_eq!(code(index.await), "ValidationException");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_that_makes_an_item_has_no_old_one_to_tell_of() {
    let world = world().await;
    let client = world.dynamodb();
    on_demand(&client, "Users").await;
    let update =
        || client.update_item().table_name("Users").key("id", text("1")).update_expression("SET a = id").return_values(ReturnValue::AllOld);
    assert!(update().send().await.expect("made").attributes.is_none());
    assert_eq!(update().send().await.expect("updated").attributes.map(|old| old.len()), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_update_of_a_table_is_judged_before_the_table_is_looked_for() {
    let world = world().await;
    let client = world.dynamodb();
    let update = || client.update_table().table_name("Nowhere");
    assert_eq!(code(update().provisioned_throughput(units(0, 1)).send().await), "ValidationException");
    assert_eq!(code(update().provisioned_throughput(units(1, 1)).send().await), "ResourceNotFoundException");
    let twice = update().global_secondary_index_updates(capacity(1, 1)).global_secondary_index_updates(capacity(2, 2));
    assert_eq!(code(twice.send().await), "ValidationException");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_as_old_as_the_clock_says() {
    let world = still().await;
    let client = world.dynamodb();
    make_on_demand(&client, "Users").await;
    let told = client.describe_table().table_name("Users").send().await.expect("there").table.expect("a table");
    assert_eq!(told.creation_date_time().map(|at| at.to_millis().expect("of this era")), Some(1_791_504_001_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn tags_are_few_short_and_on_tables_only() {
    let world = world().await;
    let client = world.dynamodb();
    let tag = |key: &str| Tag::builder().key(key).value("x").build().expect("whole");
    let create = |count: usize| {
        let create = client.create_table().table_name("Many").key_schema(hash("id")).attribute_definitions(attribute("id"));
        create.billing_mode(BillingMode::PayPerRequest).set_tags(Some((0..count).map(|i| tag(&i.to_string())).collect())).send()
    };
    assert_eq!(code(create(51).await), "ValidationException");
    assert_eq!(code(client.describe_table().table_name("Many").send().await), "ResourceNotFoundException", "nothing was made");
    on_demand(&client, "Users").await;
    let arn = "arn:aws:dynamodb:us-east-1:123456789012:table/Users";
    let put = |arn: &str, key: &str| client.tag_resource().resource_arn(arn).tags(tag(key)).send();
    assert_eq!(code(put(arn, "100%").await), "ValidationException");
    assert_eq!(code(put(&format!("{arn}/index/ByMail"), "owner").await), "ValidationException");
    assert_eq!(code(put(arn, "owner:für + all@home").await), "OK");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attribute_of_ttl_has_a_name_of_255_bytes_at_most() {
    let world = world().await;
    let client = world.dynamodb();
    on_demand(&client, "Users").await;
    let ttl = |name: String| {
        let switch = TimeToLiveSpecification::builder().attribute_name(name).enabled(true).build().expect("whole");
        client.update_time_to_live().table_name("Users").time_to_live_specification(switch).send()
    };
    assert_eq!(code(ttl("n".repeat(256)).await), "ValidationException");
    assert_eq!(code(ttl("n".repeat(255)).await), "OK");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_provisioned_unless_it_says_otherwise_and_then_needs_its_capacity() {
    let world = world().await;
    let client = world.dynamodb();
    let create = client.create_table().table_name("Users").key_schema(hash("id")).attribute_definitions(attribute("id"));
    assert_eq!(code(create.send().await), "ValidationException");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_index_built_later_leaves_out_what_cannot_be_its_key() {
    let world = world().await;
    let client = world.dynamodb();
    on_demand(&client, "Users").await;
    let put = |id: &str, team: AttributeValue| client.put_item().table_name("Users").item("id", text(id)).item("team", team).send();
    for (id, team) in [("fits", text("red")), ("typed", AttributeValue::N("7".into())), ("large", text(&"x".repeat(2049)))] {
        put(id, team).await.expect("put");
    }
    let make = client.update_table().table_name("Users").attribute_definitions(attribute("team"));
    make.global_secondary_index_updates(creation("ByTeam", "team")).send().await.expect("begun");
    settled(&client, "Users").await;
    let page = client.scan().table_name("Users").index_name("ByTeam").send().await.expect("scanned");
    assert_eq!((page.count(), page.scanned_count(), page.items()[0]["id"].clone()), (1, 1, text("fits")));
    assert_eq!(client.scan().table_name("Users").send().await.expect("scanned").count(), 3, "the table has them all");
}
