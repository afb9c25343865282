//! Tables: made, described, listed, deleted.

use super::*;

#[test]
fn a_creation_is_refused_for_what_is_wrong_with_it() {
    let aws = Aws::new();
    let long = "n".repeat(256);
    let named_so =
        |name: &str| json!({ "KeySchema": [{ "AttributeName": name, "KeyType": "HASH" }], "AttributeDefinitions": strings(&[name]) });
    let warm = |read: u64| json!({ "ReadUnitsPerSecond": read, "WriteUnitsPerSecond": 4_000 });
    let mut cold_index = indexed();
    cold_index["GlobalSecondaryIndexes"][0]["WarmThroughput"] = warm(11_999);
    for (more, words) in [
        (json!({ "Backup": true }), "ValidationException: the embedded AWS does not know Backup of CreateTable: leave it out".to_owned()),
        (
            named_so(&long),
            "ValidationException: 1 validation error detected: Value at 'attributeDefinitions.1.member.attributeName' failed to satisfy \
             constraint: Member must have length less than or equal to 255"
                .to_owned(),
        ),
        (json!({ "Tags": [{ "Key": "team!", "Value": "a" }] }), format!("{INVALID}the tag team! has a character that is not allowed")),
        (
            json!({ "WarmThroughput": warm(11_999) }),
            format!("{INVALID}Requested ReadUnitsPerSecond for WarmThroughput for table is lower than initial throughput for OnDemand"),
        ),
        (
            cold_index,
            format!(
                "{INVALID}Requested ReadUnitsPerSecond for WarmThroughput for index by_a is lower than initial throughput for OnDemand"
            ),
        ),
    ] {
        assert_eq!(aws.refused("CreateTable", of("Users", more)), words);
    }
    aws.make("Users", named_so(&long[..255]));
    assert_eq!(
        aws.shown("Users")["WarmThroughput"],
        json!({ "ReadUnitsPerSecond": 12_000, "WriteUnitsPerSecond": 4_000, "Status": "ACTIVE" })
    );
}

#[test]
fn a_deleted_table_is_told_of_until_it_is_gone() {
    let aws = Aws::new();
    let users = || json!({ "TableName": "Users" });
    aws.make("Users", indexed());
    aws.make("Others", json!({}));
    let told = aws.ok("DeleteTable", users())["TableDescription"].clone();
    assert_eq!(told["TableStatus"], "DELETING");
    let left_out = ["KeySchema", "AttributeDefinitions", "GlobalSecondaryIndexes"];
    assert!(left_out.iter().all(|name| told.get(*name).is_none()), "{told}");
    assert_eq!(aws.shown("Users")["TableStatus"], "DELETING");
    assert_eq!(aws.ok("ListTables", json!({}))["TableNames"], json!(["Others", "Users"]));
    aws.pass(A_WHILE);
    assert!(aws.refused("DescribeTable", users()).starts_with("ResourceNotFoundException"));
    assert!(aws.no_update("Users", json!({ "DeletionProtectionEnabled": true })).starts_with("ResourceNotFoundException"));
    assert_eq!(aws.ok("ListTables", json!({}))["TableNames"], json!(["Others"]));
}

#[test]
fn a_table_made_anew_knows_nothing_of_the_one_before() {
    let aws = Aws::new();
    aws.make("Users", json!({}));
    aws.put("Users", item("1"));
    aws.ok("UpdateTimeToLive", json!({ "TableName": "Users", "TimeToLiveSpecification": { "Enabled": true, "AttributeName": "at" } }));
    aws.ok("PutResourcePolicy", json!({ "ResourceArn": table_arn(&aws.region(), "Users"), "Policy": "{}" }));
    aws.pass(A_WHILE);
    aws.ok("DeleteTable", json!({ "TableName": "Users" }));
    assert!(aws.region().notes().tables.is_empty());
    aws.pass(A_WHILE);
    aws.make("Users", json!({}));
    assert_eq!(aws.ok("Scan", json!({ "TableName": "Users" }))["Count"], 0);
    let told = aws.ok("DescribeTimeToLive", json!({ "TableName": "Users" }));
    assert_eq!(told["TimeToLiveDescription"]["TimeToLiveStatus"], "DISABLED");
    aws.refused("GetResourcePolicy", json!({ "ResourceArn": table_arn(&aws.region(), "Users") }));
}

#[test]
fn tables_are_listed_by_pages_that_meet() {
    let aws = Aws::new();
    for table in ["Aaa", "Bbb", "Ccc"] {
        aws.ok("CreateTable", of(table, json!({})));
    }
    let first = aws.ok("ListTables", json!({ "Limit": 2 }));
    assert_eq!(first, json!({ "TableNames": ["Aaa", "Bbb"], "LastEvaluatedTableName": "Bbb" }));
    assert_eq!(aws.ok("ListTables", json!({ "ExclusiveStartTableName": "Bbb" })), json!({ "TableNames": ["Ccc"] }));
}

#[test]
fn who_reads_late_still_sees_the_table_as_it_was() {
    let aws = Aws::with(Options { lag: Duration::from_secs(2), ..Options::default() });
    aws.ok("CreateTable", of("Users", json!({})));
    assert!(aws.refused("DescribeTable", json!({ "TableName": "Users" })).starts_with("ResourceNotFoundException"));
    aws.pass(A_WHILE);
    let protect = |on: bool| aws.update("Users", json!({ "DeletionProtectionEnabled": on }));
    protect(true);
    assert_eq!(aws.shown("Users")["DeletionProtectionEnabled"], false);
    aws.pass(2);
    assert_eq!(aws.shown("Users")["DeletionProtectionEnabled"], true);
    // After a change that everybody has seen, the state before is that one's.
    aws.pass(20);
    protect(false);
    assert_eq!(aws.shown("Users")["DeletionProtectionEnabled"], true);
    // Two changes within the lag: who reads late reads the oldest.
    aws.update("Users", json!({ "WarmThroughput": { "ReadUnitsPerSecond": 13_000 } }));
    assert_eq!(aws.shown("Users")["DeletionProtectionEnabled"], true);
    aws.pass(2);
    assert_eq!(aws.shown("Users")["DeletionProtectionEnabled"], false);
}
