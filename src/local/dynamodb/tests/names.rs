//! Tables named by their ARN.

use super::*;

#[test]
fn a_table_is_named_by_its_arn_in_every_call_about_items() {
    let aws = Aws::new();
    aws.make("Users", json!({}));
    let arn = table_arn(&aws.region(), "Users");
    let by_arn = |more: Value| named(&arn, more);
    let whole = || by_arn(json!({ "Item": item("1") }));
    let key = || by_arn(json!({ "Key": item("1") }));
    let one = |value: Value| json!({ "RequestItems": { arn.as_str(): value } });
    aws.ok("PutItem", whole());
    assert_eq!(aws.ok("GetItem", key())["Item"], item("1"));
    aws.ok("UpdateItem", by_arn(json!({ "Key": item("2"), "UpdateExpression": "SET a = id" })));
    aws.ok("BatchWriteItem", one(json!([{ "PutRequest": { "Item": item("3") } }])));
    let read = aws.ok("BatchGetItem", one(json!({ "Keys": [item("3")] })));
    assert_eq!(read["Responses"], json!({ "Users": [item("3")] }));
    aws.ok(
        "TransactWriteItems",
        json!({ "TransactItems": [{ "Put": by_arn(json!({ "Item": item("4") })) }, { "Delete": by_arn(json!({ "Key": item("1") })) }] }),
    );
    let read = aws.ok("TransactGetItems", json!({ "TransactItems": [{ "Get": by_arn(json!({ "Key": item("4") })) }] }));
    assert_eq!(read["Responses"][0]["Item"], item("4"));
    assert_eq!(aws.ok("Scan", json!({ "TableName": arn }))["Count"], 3);
    assert_eq!(aws.ok("DescribeTable", json!({ "TableName": arn }))["Table"]["TableArn"], arn.as_str());
    aws.ok("DeleteItem", key());
}

#[test]
fn a_batch_names_a_table_once() {
    let aws = Aws::new();
    aws.make("Users", json!({}));
    let arn = table_arn(&aws.region(), "Users");
    let put = |id: &str| json!([{ "PutRequest": { "Item": item(id) } }]);
    let both = aws.refused("BatchWriteItem", json!({ "RequestItems": { "Users": put("1"), arn.as_str(): put("2") } }));
    assert_eq!(both, "ValidationException: the batch names the table Users twice, by name and by ARN: name it once");
    assert_eq!(aws.ok("Scan", json!({ "TableName": "Users" }))["Count"], 0);
}

#[test]
fn what_is_of_another_region_or_no_table_at_all_is_not_here() {
    let aws = Aws::new();
    aws.make("Users", json!({}));
    let elsewhere = "arn:aws:dynamodb:us-west-2:123456789012:table/Users";
    let key = |table: &str| json!({ "TableName": table, "Key": item("1") });
    assert_eq!(
        aws.refused("GetItem", key(elsewhere)),
        format!("ResourceNotFoundException: Requested resource not found: {elsewhere} is not of this region and account")
    );
    let bucket = "arn:aws:s3:::users";
    assert_eq!(aws.refused("GetItem", key(bucket)), format!("ValidationException: Invalid table ARN: {bucket}"));
}
