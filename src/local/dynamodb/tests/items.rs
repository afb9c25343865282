//! Items: what is refused before the engine sees it.

use super::*;

#[test]
fn items_of_a_table_that_is_being_created_cannot_be_reached() {
    let aws = Aws::new();
    aws.ok("CreateTable", of("Users", json!({})));
    let by = |action: &str, more: Value| json!({ "TransactItems": [{ action: named("Users", more) }] });
    let of_users = |value: Value| json!({ "RequestItems": { "Users": value } });
    for (operation, request) in [
        ("PutItem", named("Users", json!({ "Item": item("1") }))),
        ("GetItem", named("Users", json!({ "Key": item("1") }))),
        ("Scan", named("Users", json!({}))),
        ("BatchWriteItem", of_users(json!([{ "PutRequest": { "Item": item("1") } }]))),
        ("BatchGetItem", of_users(json!({ "Keys": [item("1")] }))),
        ("TransactGetItems", by("Get", json!({ "Key": item("1") }))),
        ("TransactWriteItems", by("Put", json!({ "Item": item("1") }))),
        ("TransactWriteItems", by("Update", json!({ "Key": item("1"), "UpdateExpression": "REMOVE a" }))),
        ("TransactWriteItems", by("Delete", json!({ "Key": item("1") }))),
        ("TransactWriteItems", by("ConditionCheck", json!({ "Key": item("1"), "ConditionExpression": "attribute_not_exists(id)" }))),
    ] {
        let told = aws.refused(operation, request.clone());
        assert_eq!(told, "ResourceNotFoundException: Requested resource not found", "{operation} {request}");
    }
    aws.pass(A_WHILE);
    assert_eq!(aws.ok("Scan", named("Users", json!({})))["Count"], 0);
}

#[test]
fn an_expression_that_is_too_large_is_refused_wherever_it_stands() {
    let aws = Aws::new();
    aws.make("Users", json!({}));
    let large = format!("{}attribute_exists(id)", "NOT ".repeat(300));
    let sums = format!("SET a = {}", vec!["b"; 302].join(" + "));
    let key = |member: &str, text: &str| named("Users", json!({ "Key": item("1"), member: text }));
    let mut checked_update = key("UpdateExpression", "REMOVE a");
    checked_update["ConditionExpression"] = large.clone().into();
    let of = |action: &str, request: Value| json!({ "TransactItems": [{ action: request }] });
    let put = named("Users", json!({ "Item": item("1"), "ConditionExpression": large }));
    for (operation, request) in [
        ("PutItem", put.clone()),
        ("DeleteItem", key("ConditionExpression", &large)),
        ("UpdateItem", key("UpdateExpression", &sums)),
        ("Scan", named("Users", json!({ "FilterExpression": large }))),
        ("TransactWriteItems", of("Put", put)),
        ("TransactWriteItems", of("Update", key("UpdateExpression", &sums))),
        ("TransactWriteItems", of("Update", checked_update)),
        ("TransactWriteItems", of("Delete", key("ConditionExpression", &large))),
        ("TransactWriteItems", of("ConditionCheck", key("ConditionExpression", &large))),
    ] {
        let told = aws.refused(operation, request);
        assert!(told.starts_with("ValidationException: Invalid "), "{operation}: {told}");
        assert!(told.ends_with("The expression contains too many operators; operator count: 301"), "{operation}: {told}");
    }
}

#[test]
fn a_table_that_is_changing_serves_its_items() {
    let aws = Aws::new();
    aws.make("Users", json!({}));
    aws.update("Users", json!({ "TableClass": "STANDARD_INFREQUENT_ACCESS" }));
    aws.put("Users", item("1"));
    aws.pass(A_WHILE);
    aws.update("Users", begin("by_a", "a"));
    aws.put("Users", item("2"));
}
