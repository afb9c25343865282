//! How much capacity may be provisioned (quotas page; API reference, `DescribeLimits`).

use super::*;

fn limit(most: u32, of: &str) -> String {
    format!("LimitExceededException: Subscriber limit exceeded: {most} {of}")
}

/// A provisioned table with an index of `a`, which has so much.
fn with_index(table: (u64, u64), index_units: (u64, u64)) -> Value {
    let mut more = provisioned(table.0, table.1);
    more["AttributeDefinitions"] = strings(&["id", "a"]);
    more["GlobalSecondaryIndexes"] = json!([index("by_a", "a")]);
    more["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"] = units(index_units.0, index_units.1);
    more
}

/// The change of `by_a`'s capacity.
fn widen(read: u64, write: u64) -> Value {
    json!({ "GlobalSecondaryIndexUpdates": [{ "Update": { "IndexName": "by_a", "ProvisionedThroughput": units(read, write) } }] })
}

#[test]
fn a_new_table_and_its_indexes_have_forty_thousand_units_together() {
    let aws = Aws::new();
    let told = aws.refused("CreateTable", of("Users", provisioned(40_001, 1)));
    assert!(told.starts_with(&limit(40_000, "read capacity units")), "{told}");
    let told = aws.refused("CreateTable", of("Users", with_index((1, 30_000), (1, 10_001))));
    assert!(told.starts_with(&limit(40_000, "write capacity units")), "{told}");
    let limits = aws.ok("DescribeLimits", json!({}));
    assert_eq!((&limits["TableMaxWriteCapacityUnits"], &limits["AccountMaxWriteCapacityUnits"]), (&json!(40_000), &json!(80_000)));
    aws.make("Users", with_index((1, 30_000), (1, 10_000)));
}

#[test]
fn all_tables_of_a_region_have_eighty_thousand_units_together() {
    let aws = Aws::new();
    aws.make("One", provisioned(40_000, 1));
    aws.make("Two", with_index((30_000, 1), (10_000, 1)));
    let whole = limit(80_000, "read capacity units may be provisioned for all tables and global secondary indexes of a region, and 80001");
    let refused = |told: String| assert!(told.starts_with(&whole), "{told}");
    refused(aws.refused("CreateTable", of("Three", provisioned(1, 1))));
    refused(aws.no_update("Two", json!({ "ProvisionedThroughput": units(30_001, 1) })));
    refused(aws.no_update("Two", widen(10_001, 1)));
    let mut create = begin("by_b", "b");
    create["GlobalSecondaryIndexUpdates"][0]["Create"]["ProvisionedThroughput"] = units(1, 1);
    refused(aws.no_update("One", create));
    aws.make("Open", json!({}));
    refused(aws.no_update("Open", provisioned(1, 1)));
    // Less, or more of the other side, is no more of this one; what a deleted table had is free.
    aws.update("Two", json!({ "ProvisionedThroughput": units(30_000, 2) }));
    aws.pass(3);
    aws.ok("DeleteTable", json!({ "TableName": "One" }));
    aws.update("Open", provisioned(40_000, 1));
}

#[test]
fn a_table_and_each_of_its_indexes_have_forty_thousand_units_by_themselves() {
    let aws = Aws::new();
    aws.make("Users", with_index((10_000, 1), (30_000, 1)));
    let told = aws.no_update("Users", json!({ "ProvisionedThroughput": units(40_001, 1) }));
    assert!(told.starts_with(&limit(40_000, "read capacity units may be provisioned for a table")), "{told}");
    let told = aws.no_update("Users", widen(30_000, 40_001));
    assert!(told.starts_with(&limit(40_000, "write capacity units may be provisioned for a global secondary index")), "{told}");
    assert_eq!(aws.region().table("Users").provisioned.map(|c| c.read), Some(10_000), "a refusal leaves no trace");
    aws.update("Users", json!({ "ProvisionedThroughput": units(40_000, 1) }));
}

#[test]
fn what_was_more_before_is_lowered_step_by_step() {
    let aws = Aws::new();
    aws.make("Users", provisioned(40_000, 1));
    let region = aws.region();
    let crowd = notes::TableNotes { provisioned: Some(Capacity { read: 60_000, write: 1 }), ..Default::default() };
    let note = |of: &mut notes::TableNotes| {
        *of = crowd;
        Ok(())
    };
    region.change_table("Old", note).expect("noted");
    aws.update("Users", json!({ "ProvisionedThroughput": units(39_000, 1) }));
    aws.pass(3);
    let told = aws.no_update("Users", json!({ "ProvisionedThroughput": units(39_001, 1) }));
    assert!(told.starts_with(&limit(80_000, "read capacity units")), "{told}");
}

/// An index of `a` that projects so many attributes by name.
fn projecting(name: &str, from: usize, attributes: usize) -> Value {
    let mut index = index(name, "a");
    let names: Vec<String> = (from..from + attributes).map(|n| format!("n{n}")).collect();
    index["Projection"] = json!({ "ProjectionType": "INCLUDE", "NonKeyAttributes": names });
    index
}

#[test]
fn the_indexes_of_a_table_project_a_hundred_attributes_by_name() {
    let aws = Aws::new();
    let table = |indexes: &[(&str, usize)]| {
        let mut more = json!({ "AttributeDefinitions": strings(&["id", "a"]) });
        // The same names in each: they count in each.
        more["GlobalSecondaryIndexes"] = indexes.iter().map(|(name, attributes)| projecting(name, 0, *attributes)).collect();
        more
    };
    let full = [("by_1", 20), ("by_2", 20), ("by_3", 20), ("by_4", 20)];
    let told = aws.refused("CreateTable", of("Users", table(&[&full[..], &[("by_5", 20), ("by_6", 1)]].concat())));
    assert!(told.starts_with(&format!("{INVALID}100 attributes may be projected")) && told.ends_with("101 were asked for"), "{told}");
    let told = aws.refused("CreateTable", of("Users", table(&[("by_1", 21)])));
    assert!(told.ends_with("Member must have length less than or equal to 20"), "{told}");
    let mut local = of("Users", table(&[&full[..], &[("by_5", 19)]].concat()));
    local["AttributeDefinitions"] = strings(&["id", "a", "s"]);
    local["KeySchema"] = json!([{ "AttributeName": "id", "KeyType": "HASH" }, { "AttributeName": "s", "KeyType": "RANGE" }]);
    let mut own = projecting("own", 0, 2);
    own["KeySchema"] = json!([{ "AttributeName": "id", "KeyType": "HASH" }, { "AttributeName": "a", "KeyType": "RANGE" }]);
    local["LocalSecondaryIndexes"] = json!([own]);
    assert!(aws.refused("CreateTable", local).ends_with("101 were asked for"));
    aws.make("Users", table(&[&full[..], &[("by_5", 18)]].concat()));
    let create = |attributes| {
        let index = projecting("new", 0, attributes);
        json!({ "AttributeDefinitions": strings(&["a"]), "GlobalSecondaryIndexUpdates": [{ "Create": index }] })
    };
    assert!(aws.no_update("Users", create(3)).ends_with("101 were asked for"));
    aws.update("Users", create(2));
    aws.pass(600);
    aws.update("Users", begin("whole", "a"));
}
