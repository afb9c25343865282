//! Index keys that are too large are refused, and what an index leaves out is not read of it.

use super::*;

/// A table with an index of `a` and `b`, and one of its own by `l`.
fn table() -> Value {
    let key =
        |hash: &str, range: &str| json!([{ "AttributeName": hash, "KeyType": "HASH" }, { "AttributeName": range, "KeyType": "RANGE" }]);
    let all = json!({ "ProjectionType": "ALL" });
    json!({
        "KeySchema": key("id", "at"),
        "AttributeDefinitions": strings(&["id", "at", "a", "b", "l"]),
        "GlobalSecondaryIndexes": [{ "IndexName": "by_ab", "KeySchema": key("a", "b"), "Projection": all }],
        "LocalSecondaryIndexes": [{ "IndexName": "by_l", "KeySchema": key("id", "l"), "Projection": all }],
    })
}

#[test]
fn an_item_with_an_index_key_that_is_too_large_is_refused_however_it_is_put() {
    let aws = Aws::new();
    aws.make("Users", table());
    let text = |bytes: usize| s(&"x".repeat(bytes));
    let item = |name: &str, value: Value| json!({ "id": s("1"), "at": s("1"), name: value });
    let hash = format!("{INVALID}Size of hashkey has exceeded the maximum size limit of2048 bytes");
    let range = format!("{INVALID}Aggregated size of all range keys has exceeded the size limit of 1024 bytes");
    for (large, words) in [(item("a", text(2_049)), &hash), (item("b", text(1_025)), &range), (item("l", text(1_025)), &range)] {
        for (operation, request) in [
            ("PutItem", json!({ "TableName": "Users", "Item": large })),
            ("BatchWriteItem", json!({ "RequestItems": { "Users": [{ "PutRequest": { "Item": large } }] } })),
            ("TransactWriteItems", json!({ "TransactItems": [{ "Put": { "TableName": "Users", "Item": large } }] })),
        ] {
            assert_eq!(&aws.refused(operation, request), words);
        }
    }
    // Each by itself.
    aws.put("Users", json!({ "id": s("1"), "at": s("1"), "a": text(2_048), "b": text(1_024), "l": text(1_024) }));
}

#[test]
fn what_an_index_that_is_built_later_leaves_out_is_not_read_of_it() {
    let aws = Aws::new();
    aws.make("Users", json!({}));
    for (id, value) in [("good", s("x")), ("empty", s("")), ("number", json!({ "N": "1" })), ("large", s(&"x".repeat(2_049)))] {
        aws.put("Users", json!({ "id": s(id), "a": value }));
    }
    aws.update("Users", begin("by_a", "a"));
    aws.pass(600);
    let told = aws.ok("Scan", json!({ "TableName": "Users", "IndexName": "by_a" }));
    assert_eq!((&told["Count"], &told["ScannedCount"], &told["Items"][0]["id"]), (&json!(1), &json!(1), &s("good")));
    let large = json!({
        "TableName": "Users", "IndexName": "by_a", "KeyConditionExpression": "begins_with(a, :x)",
        "ExpressionAttributeValues": { ":x": s("x") },
    });
    aws.refused("Query", large);
    assert_eq!(aws.ok("Scan", json!({ "TableName": "Users" }))["Count"], 4);
}
