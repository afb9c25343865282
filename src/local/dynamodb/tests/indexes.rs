//! Global indexes: made, changed, dropped, read.

use super::*;

fn update(index: &str, member: &str, value: Value) -> Value {
    json!({ "GlobalSecondaryIndexUpdates": [{ "Update": { "IndexName": index, member: value } }] })
}

/// A provisioned table with the index `by_a`.
fn table() -> Value {
    let mut table = provisioned(5, 5);
    table["AttributeDefinitions"] = strings(&["id", "a"]);
    table["GlobalSecondaryIndexes"] = json!([index("by_a", "a")]);
    table["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"] = units(5, 5);
    table
}

#[test]
fn a_change_of_an_index_is_refused_for_what_is_wrong_with_it() {
    let aws = Aws::new();
    aws.make("Open", indexed());
    aws.make("Users", table());
    let absent = "ResourceNotFoundException: Requested resource not found: Index nobody for table Users";
    let mut cold = begin("by_b", "b");
    cold["GlobalSecondaryIndexUpdates"][0]["Create"]["WarmThroughput"] = json!({ "ReadUnitsPerSecond": 11_999 });
    let mut with_capacity = begin("by_b", "b");
    with_capacity["GlobalSecondaryIndexUpdates"][0]["Create"]["ProvisionedThroughput"] = units(1, 1);
    let twice = json!({ "GlobalSecondaryIndexUpdates": [
        { "Update": { "IndexName": "by_a", "ProvisionedThroughput": units(6, 6) } },
        { "Update": { "IndexName": "by_a", "ProvisionedThroughput": units(7, 7) } },
    ] });
    let most = json!({ "MaxReadRequestUnits": 9 });
    let no_maximum = |index: &str| {
        format!(
            "{INVALID}MaxReadRequestUnits for OnDemandThroughput for index : {index} cannot be specified when the table BillingMode is \
             PROVISIONED"
        )
    };
    let mut bounded = begin("by_b", "b");
    bounded["GlobalSecondaryIndexUpdates"][0]["Create"]["ProvisionedThroughput"] = units(1, 1);
    bounded["GlobalSecondaryIndexUpdates"][0]["Create"]["OnDemandThroughput"] = most.clone();
    let mut born_bounded = table();
    born_bounded["GlobalSecondaryIndexes"][0]["OnDemandThroughput"] = most.clone();
    assert_eq!(aws.refused("CreateTable", of("More", born_bounded)), no_maximum("by_a"));
    let mut warm_and_new = begin("by_b", "b");
    warm_and_new["WarmThroughput"] = json!({ "ReadUnitsPerSecond": 13_000 });
    for (table, change, words) in [
        ("Users", update("nobody", "ProvisionedThroughput", units(6, 6)), absent.to_owned()),
        (
            "Users",
            update("by_a", "ProvisionedThroughput", units(5, 5)),
            "ValidationException: The provisioned throughput for the index by_a will not change. The requested value equals the current \
             value. Current ReadCapacityUnits provisioned for index by_a: 5. Requested ReadCapacityUnits: 5. Current WriteCapacityUnits \
             provisioned for index by_a: 5. Requested WriteCapacityUnits: 5."
                .to_owned(),
        ),
        ("Users", update("by_a", "OnDemandThroughput", most), no_maximum("by_a")),
        ("Users", bounded, no_maximum("by_b")),
        ("Users", begin("by_b", "b"), format!("{INVALID}Both ReadCapacityUnits and WriteCapacityUnits must be specified for index: by_b")),
        ("Users", twice, format!("{INVALID}Only one global secondary index update per index is allowed simultaneously. Index: by_a")),
        (
            "Open",
            update("by_a", "ProvisionedThroughput", units(6, 6)),
            format!(
                "{INVALID}The only Updates for index: by_a when TableThroughputMode is PAY_PER_REQUEST can be to OnDemandThroughput, \
                 WarmThroughput"
            ),
        ),
        (
            "Open",
            with_capacity,
            format!("{INVALID}ProvisionedThroughput should not be specified for index: by_b when BillingMode is PAY_PER_REQUEST"),
        ),
        (
            "Open",
            cold,
            format!(
                "{INVALID}Requested ReadUnitsPerSecond for WarmThroughput for index by_b is lower than initial throughput for OnDemand"
            ),
        ),
        ("Open", warm_and_new, format!("{INVALID}Create global secondary index cannot be specified when updating WarmThroughput")),
    ] {
        assert_eq!(aws.no_update(table, change.clone()), words, "{change}");
    }
}

#[test]
fn units_are_whole_and_at_least_one_and_only_a_maximum_is_taken_off_by_minus_one() {
    let aws = Aws::new();
    aws.make("Open", indexed());
    aws.make("Users", table());
    let least = |units: i64, name: &str| {
        format!(
            "ValidationException: 1 validation error detected: Value '{units}' at '{name}' failed to satisfy constraint: Member must have \
             value greater than or equal to 1"
        )
    };
    for (table, member, value, words) in [
        ("Users", "ProvisionedThroughput", json!({ "ReadCapacityUnits": 0, "WriteCapacityUnits": 5 }), least(0, "ReadCapacityUnits")),
        ("Users", "ProvisionedThroughput", json!({ "ReadCapacityUnits": -1, "WriteCapacityUnits": 5 }), least(-1, "ReadCapacityUnits")),
        ("Open", "WarmThroughput", json!({ "ReadUnitsPerSecond": 0 }), least(0, "ReadUnitsPerSecond")),
        ("Open", "OnDemandThroughput", json!({ "MaxReadRequestUnits": 0 }), least(0, "MaxReadRequestUnits")),
        ("Open", "OnDemandThroughput", json!({ "MaxReadRequestUnits": -2 }), least(-2, "MaxReadRequestUnits")),
        (
            "Open",
            "OnDemandThroughput",
            json!({ "MaxReadRequestUnits": 1.5 }),
            "SerializationException: MaxReadRequestUnits is not a whole number".to_owned(),
        ),
    ] {
        assert_eq!(aws.no_update(table, update("by_a", member, value)), words);
    }
    let most = |aws: &Aws| aws.shown("Open")["GlobalSecondaryIndexes"][0].get("OnDemandThroughput").cloned();
    let set = |value: Value| {
        aws.update("Open", update("by_a", "OnDemandThroughput", value));
        aws.pass(3);
    };
    set(json!({ "MaxReadRequestUnits": 7, "MaxWriteRequestUnits": 8 }));
    assert_eq!(most(&aws), Some(json!({ "MaxReadRequestUnits": 7, "MaxWriteRequestUnits": 8 })));
    set(json!({ "MaxReadRequestUnits": -1 }));
    assert_eq!(most(&aws), Some(json!({ "MaxWriteRequestUnits": 8 })));
    set(json!({ "MaxWriteRequestUnits": -1 }));
    assert_eq!(most(&aws), None);
}

#[test]
fn an_index_is_changed_beside_an_active_table() {
    let aws = Aws::new();
    aws.make("Users", table());
    let told = aws.update("Users", update("by_a", "ProvisionedThroughput", units(4, 5)))["TableDescription"].clone();
    let shown = |told: &Value| {
        let index = &told["GlobalSecondaryIndexes"][0];
        (told["TableStatus"].clone(), index["IndexStatus"].clone(), index["ProvisionedThroughput"]["ReadCapacityUnits"].clone())
    };
    assert_eq!(shown(&told), (json!("ACTIVE"), json!("UPDATING"), json!(5)));
    aws.pass(5);
    assert_eq!(shown(&aws.shown("Users")), (json!("ACTIVE"), json!("ACTIVE"), json!(4)));
    let told = aws.update("Users", update("by_a", "WarmThroughput", json!({ "ReadUnitsPerSecond": 9 })))["TableDescription"].clone();
    assert_eq!(told["GlobalSecondaryIndexes"][0]["WarmThroughput"]["Status"], "UPDATING");
    let lower = aws.no_update("Users", update("by_a", "WarmThroughput", json!({ "ReadUnitsPerSecond": 4 })));
    assert!(lower.ends_with("decreasing WarmThroughput is not supported"), "{lower}");
}

#[test]
fn a_table_has_twenty_indexes() {
    let aws = Aws::new();
    let names: Vec<String> = (0..20).map(|i| format!("by_{i}")).collect();
    let attributes: Vec<&str> = std::iter::once("id").chain(names.iter().map(String::as_str)).collect();
    let all: Vec<Value> = names.iter().map(|name| index(name, name)).collect();
    aws.make("Users", json!({ "AttributeDefinitions": strings(&attributes), "GlobalSecondaryIndexes": all }));
    let refused = aws.no_update("Users", begin("by_a", "a"));
    assert_eq!(
        refused,
        "LimitExceededException: Subscriber limit exceeded: Number of global secondary indexes exceeds per-table limit of 20"
    );
    aws.update("Users", end("by_0"));
    aws.pass(10);
    aws.update("Users", begin("by_a", "a"));
}

#[test]
fn an_index_that_is_being_filled_cannot_be_read_yet() {
    let aws = Aws::new();
    aws.make("Users", indexed());
    aws.update("Users", begin("by_b", "b"));
    aws.pass(60);
    let scan = |index: &str| json!({ "TableName": table_arn(&aws.region(), "Users"), "IndexName": index });
    let query = json!({
        "TableName": "Users", "IndexName": "by_b", "KeyConditionExpression": "b = :b", "ExpressionAttributeValues": { ":b": s("1") },
    });
    for (operation, request) in [("Scan", scan("by_b")), ("Query", query)] {
        let words = "ValidationException: Cannot read from backfilling global secondary index: by_b";
        assert_eq!(aws.refused(operation, request), words);
    }
    aws.ok("Scan", scan("by_a"));
    aws.ok("Scan", json!({ "TableName": "Users" }));
    let told = aws.shown("Users");
    assert_eq!(told["GlobalSecondaryIndexes"][1]["IndexStatus"], "CREATING");
    aws.pass(600);
    aws.ok("Scan", scan("by_b"));
}
