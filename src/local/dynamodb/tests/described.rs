//! What a description tells, and from when on.

use super::*;

#[test]
fn counts_are_those_of_the_last_six_hours() {
    let aws = Aws::new();
    aws.make("Users", indexed());
    aws.put("Users", json!({ "id": s("1"), "a": s("x") }));
    let counts = |aws: &Aws| {
        let told = aws.shown("Users");
        (told["ItemCount"].clone(), told["GlobalSecondaryIndexes"][0]["ItemCount"].clone())
    };
    assert_eq!(counts(&aws), (json!(0), json!(0)));
    aws.pass(6 * 3_600 - A_WHILE - 1);
    assert_eq!(counts(&aws), (json!(0), json!(0)));
    aws.pass(1);
    assert_eq!(counts(&aws), (json!(1), json!(1)));
    aws.put("Users", item("2"));
    assert_eq!(counts(&aws), (json!(1), json!(1)));
}

#[test]
fn an_on_demand_table_tells_of_no_units_and_only_of_maximums_that_are_set() {
    let aws = Aws::new();
    aws.make("Users", json!({ "OnDemandThroughput": { "MaxWriteRequestUnits": 9 } }));
    let told = aws.shown("Users");
    assert_eq!(told["ProvisionedThroughput"], json!({ "ReadCapacityUnits": 0, "WriteCapacityUnits": 0, "NumberOfDecreasesToday": 0 }));
    assert_eq!(told["OnDemandThroughput"], json!({ "MaxWriteRequestUnits": 9 }));
    // A side that is not said stays.
    let told = aws.update("Users", json!({ "OnDemandThroughput": { "MaxReadRequestUnits": 7 } }))["TableDescription"].clone();
    assert_eq!(told["OnDemandThroughput"], json!({ "MaxReadRequestUnits": 7, "MaxWriteRequestUnits": 9 }));
    let told = aws.update("Users", json!({ "OnDemandThroughput": { "MaxReadRequestUnits": -1 } }))["TableDescription"].clone();
    assert_eq!(told["OnDemandThroughput"], json!({ "MaxWriteRequestUnits": 9 }));
    aws.update("Users", provisioned(5, 5));
    aws.pass(100);
    assert!(aws.shown("Users").get("OnDemandThroughput").is_none());
}

#[test]
fn a_first_key_is_named_at_once_and_one_that_is_taken_off_to_the_end() {
    let aws = Aws::new();
    aws.make("Users", json!({}));
    let on = || json!({ "SSESpecification": { "Enabled": true, "SSEType": "KMS" } });
    let told = aws.update("Users", on())["TableDescription"]["SSEDescription"].clone();
    assert_eq!(told["Status"], "UPDATING");
    assert!(told["KMSMasterKeyArn"].is_string(), "{told}");
    aws.pass(A_WHILE);
    let told = aws.update("Users", json!({ "SSESpecification": { "Enabled": false } }))["TableDescription"]["SSEDescription"].clone();
    assert!(told["KMSMasterKeyArn"].is_string(), "{told}");
    aws.pass(A_WHILE);
    assert!(aws.shown("Users").get("SSEDescription").is_none());
}
