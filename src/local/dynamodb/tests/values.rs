//! Values that cannot be read.

use super::*;

#[test]
fn a_value_that_cannot_be_read_is_refused_in_awss_words_without_a_mark() {
    let aws = Aws::new();
    aws.make("Users", json!({}));
    let put = |value: Value| json!({ "TableName": "Users", "Item": { "id": s("1"), "a": value } });
    for (value, words) in [
        (json!({ "BOOL": 7 }), "SerializationException: NUMBER_VALUE cannot be converted to Boolean"),
        (json!({ "BOOL": "maybe" }), "SerializationException: Unexpected token received from parser"),
    ] {
        assert_eq!(aws.refused("PutItem", put(value)), words);
    }
    let told = aws.refused("DescribeTable", json!({ "TableName": "U" }));
    assert_eq!(told, "ValidationException: TableName must be at least 3 characters long and at most 255 characters long");
    let told = aws.raw("UpdateTable", "[]").expect_err("refused");
    assert_eq!(told.message, "the request is not a JSON object");
}

#[test]
fn the_metrics_count_what_callers_do_wrong() {
    let aws = Aws::new();
    aws.make("Users", json!({}));
    aws.refused("GetItem", json!({ "TableName": "Nobody", "Key": item("1") }));
    aws.refused("CreateTable", of("Users", json!({})));
    assert!((aws.sum("UserErrors", &[]) - 2.0).abs() < 0.1);
}
