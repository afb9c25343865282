//! UpdateTable: what it changes, and what it refuses.

use super::*;

const UPDATING: &str = "UPDATING";

#[test]
fn each_change_is_seen_to_begin_and_to_be_done() {
    let aws = Aws::new();
    aws.make("Users", json!({}));
    let key = aws.region().keys().managed(REGION).expect("there");
    let sse = aws.update("Users", json!({ "SSESpecification": { "Enabled": true, "SSEType": "KMS" } }));
    assert_eq!(sse["TableDescription"]["SSEDescription"]["Status"], UPDATING);
    aws.pass(A_WHILE);
    assert_eq!(aws.shown("Users")["SSEDescription"], json!({ "Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": key }));
    let warm = aws.update("Users", json!({ "WarmThroughput": { "ReadUnitsPerSecond": 13_000 } }));
    assert_eq!(warm["TableDescription"]["WarmThroughput"]["Status"], UPDATING);
    aws.pass(600);
    assert_eq!(aws.shown("Users")["WarmThroughput"]["ReadUnitsPerSecond"], 13_000);
    // The next raise is seen to begin from there.
    let warm = aws.update("Users", json!({ "WarmThroughput": { "ReadUnitsPerSecond": 14_000 } }));
    assert_eq!(warm["TableDescription"]["WarmThroughput"]["ReadUnitsPerSecond"], 13_000);
    aws.pass(600);
    let lowered = aws.no_update("Users", json!({ "WarmThroughput": { "ReadUnitsPerSecond": 12_500 } }));
    assert!(lowered.ends_with("decreasing WarmThroughput is not supported"), "{lowered}");
    let class = aws.update("Users", json!({ "TableClass": "STANDARD_INFREQUENT_ACCESS" }));
    assert_eq!(class["TableDescription"]["TableStatus"], UPDATING);
    aws.pass(A_WHILE);
    assert_eq!(aws.shown("Users")["TableClassSummary"]["TableClass"], "STANDARD_INFREQUENT_ACCESS");
    let stream = aws.update("Users", json!({ "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "KEYS_ONLY" } }));
    assert_eq!(stream["TableDescription"]["TableStatus"], UPDATING);
    aws.pass(A_WHILE);
    let shown = aws.shown("Users");
    assert_eq!((&shown["TableStatus"], &shown["StreamSpecification"]["StreamEnabled"]), (&json!("ACTIVE"), &json!(true)));
}

#[test]
fn capacity_is_seen_as_before_until_it_is_changed() {
    let aws = Aws::new();
    aws.make("Users", provisioned(5, 5));
    let read = |told: &Value| told["ProvisionedThroughput"]["ReadCapacityUnits"].clone();
    let told = aws.update("Users", json!({ "ProvisionedThroughput": units(4, 5) }));
    assert_eq!((read(&told["TableDescription"]), &told["TableDescription"]["TableStatus"]), (json!(5), &json!(UPDATING)));
    aws.pass(3);
    let told = aws.shown("Users");
    assert_eq!((read(&told), &told["TableStatus"]), (json!(4), &json!("ACTIVE")));
    assert_eq!(told["ProvisionedThroughput"]["NumberOfDecreasesToday"], 1);
    // What was warm stays so.
    assert_eq!(told["WarmThroughput"]["ReadUnitsPerSecond"], 5);
}

#[test]
fn what_would_change_nothing_is_refused_or_costs_nothing() {
    let aws = Aws::new();
    aws.make("Users", json!({ "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "KEYS_ONLY" } }));
    aws.make("Plain", json!({}));
    for (table, change, words) in [
        ("Plain", json!({ "SSESpecification": { "Enabled": false } }), format!("{INVALID}Table is already encrypted by default")),
        (
            "Users",
            json!({ "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "NEW_IMAGE" } }),
            "ValidationException: Table already has an enabled stream: TableName: Users".to_owned(),
        ),
        (
            "Plain",
            json!({ "StreamSpecification": { "StreamEnabled": false } }),
            "ValidationException: Table has no stream to disable: TableName: Plain".to_owned(),
        ),
    ] {
        assert_eq!(aws.no_update(table, change), words);
    }
    let same = aws.update("Plain", json!({ "TableClass": "STANDARD" }));
    assert_eq!(same["TableDescription"]["TableStatus"], UPDATING);
    assert_eq!(aws.shown("Plain")["TableStatus"], "ACTIVE");
    let same = aws.update("Plain", json!({ "BillingMode": "PAY_PER_REQUEST" }));
    assert_eq!(same["TableDescription"]["TableStatus"], UPDATING);
    assert_eq!(aws.shown("Plain")["TableStatus"], "ACTIVE");
    // Said again, protection begins no cooldown.
    aws.update("Plain", json!({ "DeletionProtectionEnabled": false }));
    aws.update("Plain", json!({ "DeletionProtectionEnabled": true }));
}

#[test]
fn protection_is_changed_once_in_fifteen_seconds() {
    let aws = Aws::new();
    aws.make("Users", json!({}));
    aws.update("Users", json!({ "DeletionProtectionEnabled": true }));
    aws.pass(14);
    let soon = aws.no_update("Users", json!({ "DeletionProtectionEnabled": false }));
    assert_eq!(
        soon,
        "ThrottlingException: Deletion protection setting for table Users modified within the previous 15000 milliseconds. Please try again \
         after 2026-10-09T00:22:19.000Z"
    );
    aws.pass(1);
    aws.update("Users", json!({ "DeletionProtectionEnabled": false }));
}

#[test]
fn members_that_are_null_are_not_said() {
    let aws = Aws::new();
    aws.make("Users", indexed());
    aws.update("Users", json!({ "DeletionProtectionEnabled": true, "SSESpecification": null, "ProvisionedThroughput": null }));
    let most = json!({ "MaxReadRequestUnits": null, "MaxWriteRequestUnits": 7 });
    let update = json!({ "Create": null, "Delete": null, "Update": { "IndexName": "by_a", "OnDemandThroughput": most } });
    aws.update("Users", json!({ "GlobalSecondaryIndexUpdates": [update] }));
    assert_eq!(aws.shown("Users")["GlobalSecondaryIndexes"][0]["OnDemandThroughput"], json!({ "MaxWriteRequestUnits": 7 }));
    aws.pass(3);
    let update = json!({ "Update": null, "Create": null, "Delete": { "IndexName": "by_a" } });
    aws.update("Users", json!({ "GlobalSecondaryIndexUpdates": [update] }));
    aws.pass(10);
    assert!(aws.shown("Users").get("GlobalSecondaryIndexes").is_none());
    let mut create = begin("by_b", "b");
    create["GlobalSecondaryIndexUpdates"][0]["Update"] = Value::Null;
    create["GlobalSecondaryIndexUpdates"][0]["Delete"] = Value::Null;
    aws.update("Users", create);
}

#[test]
fn what_is_wrong_with_a_request_is_told_before_the_table_is_looked_for() {
    let aws = Aws::new();
    aws.make("Users", provisioned(5, 5));
    let long = "n".repeat(256);
    let not_both = "TableClass modification must be the only operation in the request";
    for (request, words) in [
        (json!({ "TableName": "Nobody", "TableClass": "STANDARD", "DeletionProtectionEnabled": true }), format!("{INVALID}{not_both}")),
        (
            json!({ "TableName": "Nobody", "Backup": true }),
            "ValidationException: the embedded AWS does not know Backup of UpdateTable: leave it out".to_owned(),
        ),
        (
            json!({ "TableName": "Nobody", "DeletionProtectionEnabled": true, "AttributeDefinitions": strings(&[&long]) }),
            "ValidationException: 1 validation error detected: Value at 'attributeDefinitions.1.member.attributeName' failed to satisfy \
             constraint: Member must have length less than or equal to 255"
                .to_owned(),
        ),
        (json!({ "TableName": "Nobody", "OnDemandThroughput": {} }), "InternalFailure: ".to_owned()),
        (
            json!({ "TableName": "Nobody", "BillingMode": "FREE" }),
            "ValidationException: 1 validation error detected: Value 'FREE' at 'billingMode' failed to satisfy constraint: Member must \
             satisfy enum value set: [PROVISIONED, PAY_PER_REQUEST]"
                .to_owned(),
        ),
        (
            json!({ "TableName": "Nobody", "DeletionProtectionEnabled": true }),
            "ResourceNotFoundException: Requested resource not found: Table: Nobody not found".to_owned(),
        ),
        (
            json!({ "DeletionProtectionEnabled": true }),
            "ValidationException: The parameter 'TableName' is required but was not present in the request".to_owned(),
        ),
        (
            json!({ "TableName": "Users" }),
            "ValidationException: At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates or \
             SSESpecification or ReplicaUpdates is required"
                .to_owned(),
        ),
    ] {
        assert_eq!(aws.refused("UpdateTable", request.clone()), words, "{request}");
    }
}

#[test]
fn on_demand_is_left_and_entered_with_every_index() {
    let aws = Aws::new();
    aws.make("Users", indexed());
    let without = aws.no_update("Users", provisioned(5, 5));
    assert_eq!(without, format!("{INVALID}ProvisionedThroughput must be specified for index: by_a"));
    let mut change = provisioned(5, 5);
    change["GlobalSecondaryIndexUpdates"] = json!([{ "Update": { "IndexName": "by_a", "ProvisionedThroughput": units(3, 3) } }]);
    let told = aws.update("Users", change)["TableDescription"].clone();
    let read = |told: &Value| told["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"]["ReadCapacityUnits"].clone();
    assert_eq!((&told["TableStatus"], read(&told)), (&json!(UPDATING), json!(0)));
    // Back again at once: answered, and forgotten.
    let told = aws.update("Users", json!({ "BillingMode": "PAY_PER_REQUEST" }));
    assert_eq!(told["TableDescription"]["TableStatus"], UPDATING);
    aws.pass(100);
    let told = aws.shown("Users");
    assert_eq!((&told["BillingModeSummary"]["BillingMode"], read(&told)), (&json!("PROVISIONED"), json!(3)));
    let told = aws.update("Users", json!({ "BillingMode": "PAY_PER_REQUEST" }))["TableDescription"].clone();
    assert_eq!(read(&told), json!(3));
    aws.pass(200);
    let told = aws.shown("Users");
    assert_eq!((&told["BillingModeSummary"]["BillingMode"], read(&told)), (&json!("PAY_PER_REQUEST"), json!(0)));
    for i in 0..20 {
        aws.put("Users", item(&i.to_string()));
    }
}

#[test]
fn a_switch_of_billing_is_no_increase_of_capacity() {
    let aws = Aws::new();
    aws.make("Users", json!({}));
    aws.update("Users", provisioned(5, 5));
    aws.pass(100);
    let told = aws.shown("Users");
    assert_eq!(told["ProvisionedThroughput"]["ReadCapacityUnits"], 5);
    assert!(told["ProvisionedThroughput"].get("LastIncreaseDateTime").is_none(), "{told}");
}

#[test]
fn an_index_that_is_dropped_has_no_capacity_in_the_metrics_any_more() {
    let aws = Aws::new();
    let mut table = provisioned(5, 5);
    table["AttributeDefinitions"] = strings(&["id", "a", "b"]);
    table["GlobalSecondaryIndexes"] = json!([index("by_a", "a"), index("by_b", "b")]);
    for i in 0..2 {
        table["GlobalSecondaryIndexes"][i]["ProvisionedThroughput"] = units(5, 5);
    }
    aws.make("Users", table);
    aws.update("Users", end("by_a"));
    aws.pass(3_600);
    let last = |index: &str| aws.sum("ProvisionedReadCapacityUnits", &[("TableName", "Users"), ("GlobalSecondaryIndexName", index)]);
    assert!(last("by_a") <= 5.0 && last("by_b") > 100.0, "{} {}", last("by_a"), last("by_b"));
}
