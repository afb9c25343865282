//! Auto scaling does what is due before anybody looks.

use super::*;

/// A table whose reads are below the range that was just registered for them.
fn registered(aws: &Aws) {
    aws.make("Users", provisioned(1, 1));
    let request = json!({
        "ServiceNamespace": "dynamodb", "ResourceId": "table/Users", "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
        "MinCapacity": 5, "MaxCapacity": 9,
    });
    aws.dynamodb.scale(REGION, "RegisterScalableTarget", request.to_string().as_bytes()).expect("registered");
}

fn read(aws: &Aws) -> i64 {
    aws.region().table("Users").provisioned.expect("provisioned").read
}

#[test]
fn capacity_is_moved_into_its_range_before_an_item_is_read() {
    let aws = Aws::new();
    registered(&aws);
    aws.pass(120);
    aws.ok("GetItem", json!({ "TableName": "Users", "Key": item("1") }));
    assert_eq!(read(&aws), 5);
}

#[test]
fn capacity_is_moved_into_its_range_before_metrics_are_read() {
    let aws = Aws::new();
    registered(&aws);
    aws.pass(120);
    aws.dynamodb.settle("us-east-1").expect("nothing is known of it");
    assert_eq!(read(&aws), 1);
    aws.dynamodb.settle(REGION).expect("done");
    assert_eq!(read(&aws), 5);
}

#[test]
fn capacity_is_moved_into_its_range_before_the_table_is_described_within_the_minute_too() {
    let aws = Aws::new();
    registered(&aws);
    aws.shown("Users");
    aws.pass(5);
    aws.shown("Users");
    assert_eq!(read(&aws), 5);
}

#[test]
fn only_a_table_that_is_there_is_scaled() {
    let aws = Aws::new();
    let request = json!({
        "ServiceNamespace": "dynamodb", "ResourceId": "table/Nobody", "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
        "MinCapacity": 5, "MaxCapacity": 9,
    });
    let told = aws.dynamodb.scale(REGION, "RegisterScalableTarget", request.to_string().as_bytes()).expect_err("refused");
    assert_eq!(told.message, "DynamoDB table does not exist: table/Nobody");
}
