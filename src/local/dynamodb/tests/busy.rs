//! What a table refuses while it, or something of it, is changing.

use super::*;

/// Begins a change of a table.
type Begin<'a> = Box<dyn Fn(&Aws, &str) + 'a>;

fn tag(aws: &Aws, table: &str) -> Value {
    json!({ "ResourceArn": table_arn(&aws.region(), table), "Tags": [{ "Key": "team", "Value": "a" }] })
}

fn ttl(table: &str) -> Value {
    json!({ "TableName": table, "TimeToLiveSpecification": { "Enabled": true, "AttributeName": "gone_at" } })
}

#[test]
fn a_table_that_comes_or_goes_takes_no_change() {
    let aws = Aws::new();
    aws.make("Going", json!({}));
    aws.ok("DeleteTable", json!({ "TableName": "Going" }));
    aws.ok("CreateTable", of("Coming", json!({})));
    for (table, state) in [("Coming", "created"), ("Going", "deleted")] {
        for (operation, request) in [
            ("UpdateTable", named(table, json!({ "DeletionProtectionEnabled": true }))),
            ("DeleteTable", json!({ "TableName": table })),
            ("UpdateTimeToLive", ttl(table)),
            ("TagResource", tag(&aws, table)),
        ] {
            assert_eq!(aws.refused(operation, request), format!("{IN_USE}Table is being {state}: {table}"), "{operation}");
        }
        let state = if state == "created" { "CREATING" } else { "DELETING" };
        let told = aws.refused("DescribeTimeToLive", json!({ "TableName": table }));
        assert_eq!(told, format!("ValidationException: Cannot describe time to live while table is in {state} state"));
    }
    let policy = json!({ "ResourceArn": table_arn(&aws.region(), "Going"), "Policy": "{}" });
    assert_eq!(aws.refused("PutResourcePolicy", policy), format!("{IN_USE}Table is being deleted: Going"));
}

#[test]
fn a_name_is_taken_while_its_table_comes_is_there_and_goes() {
    let aws = Aws::new();
    let taken = |state: &str| (aws.refused("CreateTable", of("Users", json!({}))), state.to_owned());
    aws.ok("CreateTable", of("Users", json!({})));
    let (told, right) = taken(&format!("{IN_USE}Table is being created: Users"));
    assert_eq!(told, right);
    aws.pass(A_WHILE);
    let (told, right) = taken("ResourceInUseException: Table already exists: Users");
    assert_eq!(told, right);
    aws.ok("DeleteTable", json!({ "TableName": "Users" }));
    let (told, right) = taken("ResourceInUseException: Table already exists: Users");
    assert_eq!(told, right);
    aws.pass(A_WHILE);
    aws.make("Users", json!({}));
    assert_eq!(aws.shown("Users")["TableStatus"], "ACTIVE");
}

#[test]
fn an_updating_table_takes_protection_and_during_a_change_of_capacity_warm_throughput() {
    let aws = Aws::new();
    aws.make("Wide", provisioned(5, 5));
    aws.update("Wide", json!({ "ProvisionedThroughput": units(6, 5) }));
    let busy = aws.no_update("Wide", json!({ "TableClass": "STANDARD_INFREQUENT_ACCESS" }));
    assert_eq!(busy, format!("{IN_USE}Table IOPS are currently being updated: Wide"));
    aws.update("Wide", json!({ "DeletionProtectionEnabled": true }));
    aws.update("Wide", json!({ "WarmThroughput": { "ReadUnitsPerSecond": 20 } }));
    aws.make("Classy", json!({}));
    aws.update("Classy", json!({ "TableClass": "STANDARD_INFREQUENT_ACCESS" }));
    let busy = aws.no_update("Classy", json!({ "WarmThroughput": { "ReadUnitsPerSecond": 13_000 } }));
    assert_eq!(busy, format!("{IN_USE}Table: Classy is in the process of being updated."));
    aws.update("Classy", json!({ "DeletionProtectionEnabled": true }));
}

#[test]
fn a_key_is_changed_when_the_last_change_is_done() {
    let aws = Aws::new();
    aws.make("Secret", json!({}));
    aws.update("Secret", json!({ "SSESpecification": { "Enabled": true, "SSEType": "KMS" } }));
    let own = || json!({ "SSESpecification": { "Enabled": false } });
    assert_eq!(aws.no_update("Secret", own()), format!("{IN_USE}Server-Side Encryption is still being updated: Secret"));
    aws.pass(A_WHILE);
    aws.update("Secret", own());
}

#[test]
fn one_index_is_in_the_making_and_the_next_begins_when_it_is_done() {
    let aws = Aws::new();
    aws.make("Users", json!({}));
    aws.update("Users", begin("by_a", "a"));
    let only_one =
        "LimitExceededException: Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table";
    let early = format!(
        "{IN_USE}Index creation is in resource allocation phase. Retry deletion during backfilling phase or when the index is active. \
         Table: Users Index: by_a"
    );
    assert_eq!(aws.no_update("Users", end("by_a")), early);
    assert_eq!(aws.no_update("Users", begin("by_b", "b")), only_one);
    // Resources are there: it is being filled.
    aws.pass(60);
    assert_eq!(aws.no_update("Users", begin("by_b", "b")), only_one);
    aws.pass(600);
    aws.update("Users", begin("by_b", "b"));
    assert_eq!(aws.no_update("Users", end("by_a")), only_one);
}

#[test]
fn an_index_that_is_given_up_makes_room_for_another() {
    let aws = Aws::new();
    aws.make("Users", json!({}));
    aws.update("Users", begin("by_a", "a"));
    aws.pass(60);
    aws.update("Users", end("by_a"));
    aws.pass(10);
    aws.update("Users", begin("by_b", "b"));
}

#[test]
fn an_index_takes_one_change_of_capacity_at_a_time() {
    let aws = Aws::new();
    let mut table = provisioned(5, 5);
    table["AttributeDefinitions"] = strings(&["id", "a"]);
    table["GlobalSecondaryIndexes"] = json!([index("by_a", "a")]);
    table["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"] = units(5, 5);
    aws.make("Users", table);
    let to = |read| {
        let change = json!({ "Update": { "IndexName": "by_a", "ProvisionedThroughput": units(read, 5) } });
        json!({ "GlobalSecondaryIndexUpdates": [change] })
    };
    aws.update("Users", to(6));
    assert_eq!(aws.no_update("Users", to(7)), format!("{IN_USE}Index is being updated. Table: Users Index: by_a"));
    aws.pass(5);
    aws.update("Users", to(7));
}

#[test]
fn a_table_is_not_deleted_while_anything_of_it_changes() {
    let aws = Aws::new();
    let arn = |table: &str| table_arn(&aws.region(), table);
    let updating = |change: Value| {
        move |aws: &Aws, table: &str| {
            aws.update(table, change.clone());
        }
    };
    let begun: [(&str, Value, Begin<'_>, &str); 6] = [
        (
            "Indexes",
            json!({}),
            Box::new(updating(begin("by_a", "a"))),
            "Cannot delete table while indexes are being created, updated, or deleted.",
        ),
        (
            "Capacity",
            provisioned(5, 5),
            Box::new(updating(json!({ "ProvisionedThroughput": units(6, 5) }))),
            "Table IOPS are currently being updated: Capacity",
        ),
        (
            "Key",
            json!({}),
            Box::new(updating(json!({ "SSESpecification": { "Enabled": true, "SSEType": "KMS" } }))),
            "Server-Side Encryption is still being updated: Key",
        ),
        (
            "Class",
            json!({}),
            Box::new(updating(json!({ "TableClass": "STANDARD_INFREQUENT_ACCESS" }))),
            "Table: Class is in the process of being updated.",
        ),
        ("Tags", json!({}), Box::new(|aws, table| drop(aws.ok("TagResource", tag(aws, table)))), "Table tags are being updated: Tags"),
        (
            "Policy",
            json!({}),
            Box::new(|aws, table| drop(aws.ok("PutResourcePolicy", json!({ "ResourceArn": arn(table), "Policy": "{}" })))),
            "Table has a pending resource-based policy update: Policy",
        ),
    ];
    for (table, more, act, words) in begun {
        aws.make(table, more);
        act(&aws, table);
        let delete = || json!({ "TableName": table });
        assert_eq!(aws.refused("DeleteTable", delete()), format!("{IN_USE}{words}"));
        aws.pass(600);
        aws.ok("DeleteTable", delete());
    }
}

#[test]
fn a_table_that_an_import_does_not_show_yet_is_there_for_nobody() {
    let aws = Aws::new();
    let region = aws.region();
    let request = of("Hidden", json!({})).as_object().expect("an object").clone();
    make_table(&region, request, Some(START + 60_000)).expect("made");
    let hidden = || json!({ "TableName": "Hidden" });
    for (operation, request) in [
        ("DescribeTable", hidden()),
        ("UpdateTable", named("Hidden", json!({ "DeletionProtectionEnabled": true }))),
        ("DeleteTable", hidden()),
        ("UpdateTimeToLive", ttl("Hidden")),
        ("DescribeTimeToLive", hidden()),
        ("TagResource", tag(&aws, "Hidden")),
        ("DescribeContributorInsights", hidden()),
    ] {
        let told = aws.refused(operation, request);
        assert_eq!(told, "ResourceNotFoundException: Requested resource not found: Table: Hidden not found", "{operation}");
    }
    assert_eq!(aws.refused("DescribeContinuousBackups", hidden()), "TableNotFoundException: Table not found: Hidden");
    assert_eq!(aws.ok("ListTables", json!({}))["TableNames"], json!([]));
    aws.pass(60);
    assert_eq!(aws.shown("Hidden")["TableStatus"], "CREATING");
    assert_eq!(aws.ok("ListTables", json!({}))["TableNames"], json!(["Hidden"]));
    aws.refused("GetItem", json!({ "TableName": "Hidden", "Key": item("1") }));
    imported(&region, "Hidden", aws.clock.now_ms()).expect("noted");
    assert_eq!(aws.shown("Hidden")["TableStatus"], "ACTIVE");
    aws.ok("GetItem", json!({ "TableName": "Hidden", "Key": item("1") }));
}
