//! A table that has no capacity left: what is wrong is told as wrong, the rest is throttled and counted.

use super::*;

const THROTTLED: &str = "ProvisionedThroughputExceededException: The level of configured provisioned throughput for the table was \
     exceeded. Consider increasing your provisioning level with the UpdateTable API.";

/// A provisioned table with an index, deep in debt.
fn exhausted(aws: &Aws) {
    let mut table = provisioned(1, 1);
    table["AttributeDefinitions"] = strings(&["id", "a"]);
    table["GlobalSecondaryIndexes"] = json!([index("by_a", "a")]);
    table["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"] = units(100, 100);
    aws.make("Users", table);
    indebt(aws);
}

fn indebt(aws: &Aws) {
    aws.put("Users", json!({ "id": s("0"), "pad": s(&"x".repeat(400_000)) }));
}

fn without_key() -> Value {
    json!({ "TableName": "Users", "Item": { "b": s("1") } })
}

#[test]
fn what_is_wrong_is_not_throttled() {
    let aws = Aws::new();
    exhausted(&aws);
    assert_eq!(aws.refused("PutItem", json!({ "TableName": "Users", "Item": item("1") })), THROTTLED);
    assert_eq!(aws.refused("PutItem", without_key()), format!("{INVALID}Missing the key id in the item"));
    // Sound as far as anybody can tell who does not see the item.
    let update = json!({ "TableName": "Users", "Key": item("0"), "UpdateExpression": "SET b = c" });
    assert_eq!(aws.refused("UpdateItem", update), THROTTLED);
    let events = |metric: &str| aws.sum(metric, &[("TableName", "Users")]);
    assert!((events("WriteThrottleEvents") - 2.0).abs() < 0.1, "{}", events("WriteThrottleEvents"));
    let requests = aws.sum("ThrottledRequests", &[("TableName", "Users"), ("Operation", "PutItem")]);
    assert!((requests - 1.0).abs() < 0.1, "{requests}");
}

#[test]
fn what_is_wrong_is_told_by_the_indexes_as_they_are_now() {
    let aws = Aws::new();
    exhausted(&aws);
    let number = || json!({ "TableName": "Users", "Item": { "id": s("1"), "a": { "N": "1" } } });
    let mismatch = aws.refused("PutItem", number());
    assert!(mismatch.starts_with("ValidationException"), "{mismatch}");
    aws.update("Users", end("by_a"));
    assert_eq!(aws.refused("PutItem", number()), THROTTLED, "without the index it is sound");
    assert_eq!(aws.refused("PutItem", without_key()), format!("{INVALID}Missing the key id in the item"));
}

#[test]
fn an_index_that_is_not_there_is_wrong_whatever_is_left() {
    let aws = Aws::new();
    exhausted(&aws);
    aws.ok("Scan", json!({ "TableName": "Users", "ConsistentRead": true }));
    let nobody = aws.refused("Scan", json!({ "TableName": "Users", "IndexName": "nobody" }));
    assert_eq!(nobody, "ValidationException: The table does not have the specified index: nobody");
}

#[test]
fn a_sound_request_that_was_tried_once_is_tried_again_alike() {
    let aws = Aws::new();
    exhausted(&aws);
    let once = || json!({ "TableName": "Users", "Item": item("1"), "ConditionExpression": "attribute_not_exists(id)" });
    assert_eq!(aws.refused("PutItem", once()), THROTTLED);
    assert_eq!(aws.refused("PutItem", once()), THROTTLED);
}
