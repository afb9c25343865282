//! What a table's capacity, its indexes' and its partitions' let in.

use super::*;

fn throttled(aws: &Aws, operation: &str, request: Value) -> (String, Value) {
    let fault = aws.call(operation, &request).expect_err("throttled");
    (fault.code, fault.json.map_or(Value::Null, |json| serde_json::from_slice(&json).expect("JSON")))
}

fn put(id: &str, more: Value) -> Value {
    let mut item = more;
    item["id"] = s(id);
    json!({ "TableName": "Users", "Item": item })
}

/// A table with an index of `a` that is as deep in debt as it is narrow.
fn narrow_index(aws: &Aws) {
    let mut table = provisioned(10_000, 10_000);
    table["AttributeDefinitions"] = strings(&["id", "a"]);
    table["GlobalSecondaryIndexes"] = json!([index("by_a", "a")]);
    table["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"] = units(1, 1);
    aws.make("Users", table);
    aws.put("Users", json!({ "id": s("in"), "a": s("1"), "pad": s(&"x".repeat(300_000)) }));
}

#[test]
fn an_index_that_has_nothing_left_holds_up_the_writes_that_go_to_it_and_no_others() {
    let aws = Aws::new();
    narrow_index(&aws);
    let (code, told) = throttled(&aws, "PutItem", put("2", json!({ "a": s("1") })));
    assert_eq!(code, "ProvisionedThroughputExceededException");
    let index = format!("{}/index/by_a", table_arn(&aws.region(), "Users"));
    assert_eq!(told["ThrottlingReasons"], json!([{ "reason": "IndexWriteProvisionedThroughputExceeded", "resource": index }]));
    assert!(told["message"].as_str().is_some_and(|m| m.contains("one or more global secondary indexes")), "{told}");
    // An item that leaves the index goes to it too.
    throttled(&aws, "PutItem", put("in", json!({})));
    throttled(&aws, "DeleteItem", json!({ "TableName": "Users", "Key": item("in") }));
    aws.ok("PutItem", put("out", json!({})));
    aws.ok("DeleteItem", json!({ "TableName": "Users", "Key": item("out") }));
    aws.ok("GetItem", json!({ "TableName": "Users", "Key": item("in") }));
    aws.ok("Scan", json!({ "TableName": "Users", "Limit": 1 }));
}

#[test]
fn an_index_that_has_nothing_left_is_not_read_while_its_table_is() {
    let aws = Aws::new();
    narrow_index(&aws);
    let scan = || json!({ "TableName": "Users", "IndexName": "by_a" });
    aws.ok("Scan", scan());
    let (code, told) = throttled(&aws, "Scan", scan());
    assert_eq!(code, "ProvisionedThroughputExceededException");
    assert_eq!(told["ThrottlingReasons"][0]["reason"], "IndexReadProvisionedThroughputExceeded");
    aws.ok("Scan", json!({ "TableName": "Users" }));
    // An index that is not there is the engine's to refuse, whatever is left.
    let nobody = aws.refused("Scan", json!({ "TableName": "Users", "IndexName": "nobody" }));
    assert!(nobody.starts_with("ValidationException"), "{nobody}");
}

#[test]
fn an_item_counts_against_the_indexes_that_it_is_in() {
    let aws = Aws::new();
    narrow_index(&aws);
    aws.pass(3_600);
    // Saved: 300 units of the index, which the first item would take.
    let puts = [json!({ "id": s("out"), "pad": s(&"x".repeat(350_000)) }), json!({ "id": s("2"), "a": s("1") })];
    let puts: Vec<Value> = puts.into_iter().map(|item| json!({ "PutRequest": { "Item": item } })).collect();
    assert_eq!(aws.ok("BatchWriteItem", json!({ "RequestItems": { "Users": puts } }))["UnprocessedItems"], json!({}));
}

#[test]
fn an_index_that_is_made_anew_has_no_debt() {
    let aws = Aws::new();
    narrow_index(&aws);
    let pad = "x".repeat(390_000);
    for id in 0..6 {
        // A statement is let in, and counted.
        let statement = "INSERT INTO Users VALUE {'id': ?, 'a': ?, 'pad': ?}";
        aws.ok("ExecuteStatement", json!({ "Statement": statement, "Parameters": [s(&id.to_string()), s("1"), s(&pad)] }));
    }
    aws.update("Users", end("by_a"));
    aws.pass(10);
    aws.ok("GetItem", json!({ "TableName": "Users", "Key": item("in") }));
    let mut create = begin("by_a", "a");
    create["GlobalSecondaryIndexUpdates"][0]["Create"]["ProvisionedThroughput"] = units(1, 1);
    aws.update("Users", create);
    aws.pass(600);
    aws.ok("PutItem", put("2", json!({ "a": s("1") })));
}

#[test]
fn a_condition_check_writes_nothing() {
    let request: dynoxide::actions::transact_write_items::TransactWriteItemsRequest = serde_json::from_value(json!({ "TransactItems": [
        { "Put": { "TableName": "Users", "Item": item("put") } },
        { "ConditionCheck": { "TableName": "Users", "Key": item("checked"), "ConditionExpression": "attribute_exists(id)" } },
        { "Delete": { "TableName": "Users", "Key": item("deleted") } },
    ] }))
    .expect("sound");
    let demands = throttle::Demands::demands(&request);
    let written: Vec<Value> = demands.iter().filter_map(throttle::Demand::written).map(|(_, item)| json!(item)).collect();
    assert_eq!(written, [item("put"), item("deleted")]);
}

#[test]
fn a_table_that_has_nothing_left_is_throttled_and_a_transaction_cancelled() {
    let aws = Aws::new();
    aws.make("Users", provisioned(1, 1));
    aws.put("Users", json!({ "id": s("1"), "pad": s(&"x".repeat(400_000)) }));
    let (code, told) = throttled(&aws, "PutItem", put("2", json!({})));
    assert_eq!(
        (code.as_str(), &told["ThrottlingReasons"][0]["reason"]),
        ("ProvisionedThroughputExceededException", &json!("TableWriteProvisionedThroughputExceeded"))
    );
    assert!(told["message"].as_str().is_some_and(|m| m.starts_with("The level of configured provisioned throughput for the table")));
    let both = json!({ "TransactItems": [{ "Put": put("2", json!({})) }, { "Put": put("3", json!({})) }] });
    let (code, told) = throttled(&aws, "TransactWriteItems", both);
    assert_eq!(code, "TransactionCanceledException");
    let reason = &told["CancellationReasons"][0];
    assert_eq!(reason["Code"], "ProvisionedThroughputExceeded");
    assert!(reason["Message"].as_str().is_some_and(|m| m.starts_with("The level of configured provisioned throughput for the table")));
    // More capacity helps once the table has it.
    aws.update("Users", json!({ "ProvisionedThroughput": units(1, 1_000) }));
    throttled(&aws, "PutItem", put("2", json!({})));
    aws.pass(3);
    aws.ok("PutItem", put("2", json!({})));
}

#[test]
fn an_index_has_more_capacity_once_it_is_no_longer_updating() {
    let aws = Aws::new();
    narrow_index(&aws);
    let update = json!({ "Update": { "IndexName": "by_a", "ProvisionedThroughput": units(1, 1_000) } });
    aws.update("Users", json!({ "GlobalSecondaryIndexUpdates": [update] }));
    throttled(&aws, "PutItem", put("2", json!({ "a": s("1") })));
    aws.pass(5);
    aws.ok("PutItem", put("2", json!({ "a": s("1") })));
}

#[test]
fn a_table_that_changes_its_billing_mode_serves_as_before_until_it_is_done() {
    let aws = Aws::new();
    narrow_index(&aws);
    let write = |id: &str| aws.call("PutItem", &put(id, json!({ "a": s("1") }))).map_err(|fault| fault.code);
    aws.update("Users", json!({ "BillingMode": "PAY_PER_REQUEST" }));
    aws.pass(60);
    let told = write("2").expect_err("the index has what was provisioned, and a debt");
    assert_eq!(told, "ProvisionedThroughputExceededException");
    aws.pass(120);
    assert!((0..9).all(|id| write(&id.to_string()).is_ok()), "on demand");
    let back = json!({ "Update": { "IndexName": "by_a", "ProvisionedThroughput": units(1, 1) } });
    let mut change = provisioned(1, 1);
    change["GlobalSecondaryIndexUpdates"] = json!([back]);
    aws.update("Users", change);
    aws.pass(50);
    assert!((0..9).all(|id| write(&id.to_string()).is_ok()), "still on demand");
    aws.pass(60);
    let served = (0..9).take_while(|id| write(&id.to_string()).is_ok()).count();
    assert!(served < 3, "{served} of one unit a second");
}

#[test]
fn one_partition_serves_so_much_whatever_the_table_has() {
    let aws = Aws::new();
    aws.make("Users", json!({}));
    aws.put("Users", json!({ "id": s("hot"), "pad": s(&"x".repeat(390_000)) }));
    for _ in 0..3 {
        aws.call(
            "UpdateItem",
            &json!({
                "TableName": "Users", "Key": item("hot"), "UpdateExpression": "SET n = :n", "ExpressionAttributeValues": { ":n": s("1") },
            }),
        )
        .ok();
    }
    let heavy = || json!({ "id": s("hot"), "pad": s(&"x".repeat(390_000)) });
    let all: Vec<_> = (0..6).map(|_| aws.call("PutItem", &json!({ "TableName": "Users", "Item": heavy() }))).collect();
    let refused = all.into_iter().find_map(Result::err).expect("the partition is exhausted");
    assert_eq!(refused.code, "ThrottlingException");
    let told: Value = serde_json::from_slice(&refused.json.expect("told")).expect("JSON");
    assert_eq!(told["throttlingReasons"][0]["reason"], "TableWriteKeyRangeThroughputExceeded");
}

#[test]
fn a_table_that_is_made_anew_owes_nothing_and_has_consumed_nothing() {
    let aws = Aws::new();
    let heavy = || json!({ "id": s("1"), "pad": s(&"x".repeat(400_000)) });
    aws.make("Users", provisioned(1, 1));
    aws.put("Users", heavy());
    throttled(&aws, "PutItem", put("2", json!({})));
    aws.ok("DeleteTable", json!({ "TableName": "Users" }));
    // A name without a table is not remembered.
    aws.refused("GetItem", json!({ "TableName": "Nobody", "Key": item("1") }));
    aws.pass(10);
    aws.make("Users", provisioned(1, 1));
    let region = aws.region();
    let used: f64 = (0..5).map(|ago| load_of(&region, "Users", None, false).used(minute(&region) - ago)).sum();
    assert!(used < 0.1, "{used}");
    aws.ok("PutItem", put("2", json!({})));
    assert!(!format!("{:?}", region.throttle()).contains("Nobody"));
}

#[test]
fn a_partition_serves_so_many_units_however_few_requests_they_are() {
    let aws = Aws::new();
    aws.make("Users", json!({}));
    aws.put("Users", json!({ "id": s("hot"), "pad": s(&"x".repeat(390_000)) }));
    let get = || json!({ "TableName": "Users", "Key": item("hot"), "ConsistentRead": true });
    // 96 units each.
    let served = (0..100).take_while(|_| aws.call("GetItem", &get()).is_ok()).count();
    assert_eq!(served, 32);
    let (code, told) = throttled(&aws, "GetItem", get());
    assert_eq!(
        (code.as_str(), &told["throttlingReasons"][0]["reason"]),
        ("ThrottlingException", &json!("TableReadKeyRangeThroughputExceeded"))
    );
    // A batch's units are taken of the partitions of its keys.
    aws.pass(2);
    let keys: Vec<Value> = ["hot", "1", "2", "3"].map(item).into();
    let batch = || json!({ "RequestItems": { "Users": { "Keys": keys.clone(), "ConsistentRead": true } } });
    let whole = |told: Value| told["UnprocessedKeys"] == json!({});
    let served = (0..400).take_while(|_| aws.call("BatchGetItem", &batch()).is_ok_and(whole)).count();
    assert!((30..150).contains(&served), "{served}");
}

#[test]
fn what_is_refused_takes_nothing_of_its_partition() {
    let aws = Aws::new();
    aws.make("Users", json!({}));
    let large = || json!({ "TableName": "Users", "Item": { "id": s("hot"), "pad": s(&"x".repeat(410_000)) } });
    for _ in 0..3 {
        assert!(aws.refused("PutItem", large()).starts_with("ValidationException"));
    }
    aws.ok("PutItem", put("hot", json!({})));
}

#[test]
fn what_one_table_of_a_batch_consumes_is_not_charged_to_the_keys_of_another() {
    let aws = Aws::new();
    aws.make("Users", json!({}));
    aws.make("Open", json!({}));
    aws.put("Users", json!({ "id": s("hot"), "pad": s(&"x".repeat(390_000)) }));
    let others: Value = (0..20).map(|id| item(&id.to_string())).collect();
    let read = |keys: Value| json!({ "Keys": keys, "ConsistentRead": true });
    let batch = || json!({ "RequestItems": { "Users": read(json!([item("hot")])), "Open": read(others.clone()) } });
    let served = (0..100).take_while(|_| aws.ok("BatchGetItem", batch())["UnprocessedKeys"] == json!({})).count();
    assert_eq!(served, 32, "as many as if it were read alone");
}

#[test]
fn an_on_demand_table_serves_what_an_account_may_have_and_no_more() {
    let aws = Aws::new();
    aws.make("Users", indexed());
    aws.put("Users", json!({ "id": s("1"), "a": s("1") }));
    let (region, get) = (aws.region(), || json!({ "TableName": "Users", "Key": item("1") }));
    let consume = |index, side, units| throttle::spend(&region, "Users", index, side, units);
    consume(None, throttle::Side::Read, 39_000.0);
    aws.ok("GetItem", get());
    consume(None, throttle::Side::Read, 1_000.0);
    let (code, told) = throttled(&aws, "GetItem", get());
    assert_eq!((code.as_str(), &told["ThrottlingReasons"][0]["reason"]), ("RequestLimitExceeded", &json!("TableReadAccountLimitExceeded")));
    let events = |metric: &str| aws.sum(metric, &[("TableName", "Users")]);
    assert!((events("ReadAccountLimitThrottleEvents") - 1.0).abs() < 0.1);
    aws.pass(1);
    aws.ok("GetItem", get());
    consume(Some("by_a"), throttle::Side::Write, 40_001.0);
    let (_, told) = throttled(&aws, "PutItem", put("2", json!({ "a": s("1") })));
    assert_eq!(told["ThrottlingReasons"][0]["reason"], "IndexWriteAccountLimitExceeded");
    let both = json!({ "TransactItems": [{ "Put": put("2", json!({ "a": s("1") })) }] });
    assert_eq!(throttled(&aws, "TransactWriteItems", both).1["CancellationReasons"][0]["Code"], "ThrottlingError");
}

#[test]
fn one_partition_of_an_index_serves_so_much_whatever_the_index_has() {
    let aws = Aws::new();
    let mut more = indexed();
    more["GlobalSecondaryIndexes"][0]["WarmThroughput"] = json!({ "ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 40_000 });
    let key = |name: &str| json!([{ "AttributeName": name, "KeyType": "HASH" }, { "AttributeName": "id", "KeyType": "RANGE" }]);
    more["GlobalSecondaryIndexes"][0]["KeySchema"] = key("a");
    more["GlobalSecondaryIndexes"].as_array_mut().expect("a list").push(json!({
        "IndexName": "few", "KeySchema": key("b"), "Projection": { "ProjectionType": "KEYS_ONLY" },
    }));
    more["AttributeDefinitions"] = strings(&["id", "a", "b"]);
    more["WarmThroughput"] = json!({ "ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 100_000 });
    aws.make("Users", more);
    let hot = |id: u32, a: &str| put(&id.to_string(), json!({ "a": s(a), "pad": s(&"x".repeat(100_000)) }));
    // 98 units each, of ten partitions of the table, and of one of the index, whatever the sort key.
    let passed = (0..30).take_while(|id| aws.call("PutItem", &hot(*id, "hot")).is_ok()).count();
    assert_eq!(passed, 11, "1,000 units and what was begun");
    let (code, told) = throttled(&aws, "PutItem", hot(30, "hot"));
    let index = format!("{}/index/by_a", table_arn(&aws.region(), "Users"));
    assert_eq!(code, "ThrottlingException");
    assert_eq!(
        told["ThrottlingReasons"].as_array().or(told["throttlingReasons"].as_array()).expect("told"),
        &[json!({
            "reason": "IndexWriteKeyRangeThroughputExceeded", "resource": index
        })]
    );
    let of_index = [("TableName", "Users"), ("GlobalSecondaryIndexName", "by_a")];
    assert!((aws.sum("WriteKeyRangeThroughputThrottleEvents", &of_index) - 2.0).abs() < 0.1);
    // Another key, or an item that is in no index, goes elsewhere.
    aws.ok("PutItem", hot(31, "other"));
    aws.ok("PutItem", put("32", json!({ "pad": s(&"x".repeat(100_000)) })));
    aws.pass(2);
    aws.ok("PutItem", hot(33, "hot"));
    // An index that keeps a few bytes of an item takes one unit for it.
    for id in 100..130 {
        aws.ok("PutItem", put(&id.to_string(), json!({ "b": s("hot"), "pad": s(&"x".repeat(100_000)) })));
    }
}
