//! Batches: every item is done or handed back, and never both.

use super::*;
use std::collections::BTreeSet;

/// A table that lets a few writes and reads in, and then none.
fn narrow(aws: &Aws) {
    aws.make("Users", provisioned(1, 1));
    // The first second is gone by, and nothing is saved but what came in since.
    aws.pass(2);
}

fn puts(ids: std::ops::Range<u32>) -> Value {
    ids.map(|id| json!({ "PutRequest": { "Item": item(&id.to_string()) } })).collect()
}

fn ids<'a>(items: impl IntoIterator<Item = &'a Value>) -> BTreeSet<String> {
    items.into_iter().filter_map(|item| item["id"]["S"].as_str().map(str::to_owned)).collect()
}

fn there(aws: &Aws) -> BTreeSet<String> {
    aws.pass(3_600);
    ids(aws.ok("Scan", json!({ "TableName": "Users" }))["Items"].as_array().expect("items"))
}

#[test]
fn what_a_batch_of_writes_does_not_do_it_hands_back() {
    let aws = Aws::new();
    narrow(&aws);
    aws.make("Open", json!({}));
    let told = aws.ok("BatchWriteItem", json!({ "RequestItems": { "Users": puts(0..25) } }));
    let left = told["UnprocessedItems"]["Users"].as_array().cloned().expect("some are left");
    let left = ids(left.iter().map(|write| &write["PutRequest"]["Item"]));
    let done = there(&aws);
    assert!(!done.is_empty() && done.is_disjoint(&left), "{done:?} {left:?}");
    assert_eq!(done.len() + left.len(), 25);
}

#[test]
fn a_batch_of_which_nothing_fits_is_refused_and_one_of_which_anything_fits_is_not() {
    let aws = Aws::new();
    narrow(&aws);
    aws.make("Open", json!({}));
    // A debt that lasts for a minute.
    aws.put("Users", json!({ "id": s("0"), "pad": s(&"x".repeat(400_000)) }));
    for (operation, request) in [
        ("BatchWriteItem", json!({ "RequestItems": { "Users": puts(1..3) } })),
        ("BatchWriteItem", json!({ "RequestItems": { "Users": [{ "DeleteRequest": { "Key": item("0") } }] } })),
    ] {
        assert!(aws.refused(operation, request).starts_with("ProvisionedThroughputExceededException"), "{operation}");
    }
    let told = aws.ok("BatchWriteItem", json!({ "RequestItems": { "Users": puts(1..3), "Open": puts(1..3) } }));
    let left: Vec<&str> = told["UnprocessedItems"].as_object().into_iter().flat_map(|left| left.keys().map(String::as_str)).collect();
    assert_eq!(left, ["Users"]);
}

#[test]
fn keys_that_are_not_read_are_handed_back_with_how_they_were_to_be_read() {
    let aws = Aws::new();
    narrow(&aws);
    aws.make("Open", json!({}));
    aws.put("Open", item("1"));
    let keys = |ids: std::ops::Range<u32>| -> Value { ids.map(|id| item(&id.to_string())).collect() };
    let read = |ids| json!({ "Keys": keys(ids), "ConsistentRead": true });
    let told = aws.ok("BatchGetItem", json!({ "RequestItems": { "Users": read(0..100) } }));
    let left = &told["UnprocessedKeys"]["Users"];
    let members: Vec<&str> = left.as_object().expect("some are left").keys().map(String::as_str).collect();
    assert_eq!(members, ["ConsistentRead", "Keys"]);
    let count = left["Keys"].as_array().map_or(0, Vec::len);
    assert!((1..100).contains(&count), "{count}");
    let whole = aws.refused("BatchGetItem", json!({ "RequestItems": { "Users": read(0..1) } }));
    assert!(whole.starts_with("ProvisionedThroughputExceededException"), "{whole}");
    let told = aws.ok("BatchGetItem", json!({ "RequestItems": { "Users": read(0..2), "Open": { "Keys": keys(1..2) } } }));
    assert_eq!(told["Responses"]["Open"], json!([item("1")]));
    assert_eq!(told["UnprocessedKeys"], json!({ "Users": read(0..2) }));
}

#[test]
fn a_batch_that_is_too_large_is_wrong_and_none_of_it_is_done() {
    let aws = Aws::new();
    narrow(&aws);
    let keys: Value = (0..101).map(|id| item(&id.to_string())).collect();
    for (operation, request) in [
        ("BatchWriteItem", json!({ "RequestItems": { "Users": puts(0..26) } })),
        ("BatchGetItem", json!({ "RequestItems": { "Users": { "Keys": keys } } })),
    ] {
        let told = aws.refused(operation, request);
        assert!(told.starts_with("ValidationException"), "{operation}: {told}");
    }
    assert_eq!(there(&aws), BTreeSet::new());
}
