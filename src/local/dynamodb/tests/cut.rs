//! A kill between the engine's change and the notes': the notes of before stand beside the engine of after.

use super::*;
use std::fs;

/// What is told of `Users` by an AWS that was killed in the middle of `operation`, after `before` was done.
fn cut(before: impl Fn(&Aws), operation: &str, request: Value) -> (Aws, tempfile::TempDir) {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let at = || Options { dir: Some(dir.path().to_owned()), ..Options::default() };
    let notes = dir.path().join("dynamodb").join(REGION).join("notes.json");
    let aws = Aws::with(at());
    before(&aws);
    aws.region().writable().expect("kept");
    let then = fs::read(&notes).expect("notes");
    aws.ok(operation, request);
    drop(aws);
    fs::write(&notes, then).expect("put back");
    let aws = Aws::with(at());
    aws.pass(A_WHILE);
    (aws, dir)
}

fn tables(aws: &Aws) -> Value {
    aws.ok("ListTables", json!({}))["TableNames"].clone()
}

#[test]
fn a_table_that_went_is_gone_and_its_name_is_free() {
    let (aws, _dir) = cut(|aws| aws.make("Users", indexed()), "DeleteTable", json!({ "TableName": "Users" }));
    assert_eq!(tables(&aws), json!([]));
    aws.make("Users", json!({}));
}

#[test]
fn a_table_that_came_is_there_with_its_indexes_and_can_be_changed_and_deleted() {
    let mut request = of("Users", indexed());
    request["GlobalSecondaryIndexes"][0]["ProvisionedThroughput"] = units(5, 5);
    request.as_object_mut().expect("an object").extend(provisioned(5, 5).as_object().cloned().expect("an object"));
    let (aws, _dir) = cut(|_| (), "CreateTable", request);
    assert_eq!((tables(&aws), aws.shown("Users")["TableStatus"].clone()), (json!(["Users"]), json!("ACTIVE")));
    let notes = aws.region().table("Users");
    assert_eq!((notes.provisioned.map(|c| c.read), notes.indexes["by_a"].provisioned.map(|c| c.write)), (Some(5), Some(5)));
    aws.update(
        "Users",
        json!({ "GlobalSecondaryIndexUpdates": [{ "Update": { "IndexName": "by_a", "ProvisionedThroughput": units(7, 7) } }] }),
    );
    aws.pass(A_WHILE);
    aws.ok("DeleteTable", json!({ "TableName": "Users" }));
}

#[test]
fn an_on_demand_table_that_came_has_no_capacity() {
    let (aws, _dir) = cut(|_| (), "CreateTable", of("Users", indexed()));
    let notes = aws.region().table("Users");
    assert_eq!((notes.provisioned, notes.indexes["by_a"].provisioned), (None, None));
}

#[test]
fn an_index_that_went_is_gone() {
    let make = |aws: &Aws| aws.make("Users", indexed());
    let (aws, _dir) = cut(make, "UpdateTable", named("Users", end("by_a")));
    assert_eq!(aws.shown("Users")["GlobalSecondaryIndexes"], Value::Null);
    assert!(aws.region().table("Users").indexes.is_empty());
}

#[test]
fn a_table_that_no_import_fills_any_more_is_gone() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let at = || Options { dir: Some(dir.path().to_owned()), ..Options::default() };
    let aws = Aws::with(at());
    let request = of("Users", json!({})).as_object().expect("an object").clone();
    make_table(&aws.region(), request, Some(START)).expect("made");
    aws.make("Other", json!({}));
    drop(aws);
    let aws = Aws::with(at());
    aws.pass(A_WHILE);
    assert_eq!(tables(&aws), json!(["Other"]));
    aws.make("Users", json!({}));
}

#[test]
fn a_table_of_an_import_whose_engine_table_is_gone_already_is_forgotten() {
    let aws = Aws::new();
    aws.make("Users", json!({}));
    let region = aws.region();
    region.db().delete_table(engine::typed(json!({ "TableName": "Users" })).expect("a request")).expect("deleted");
    table::drop_whole(&region, "Users").expect("forgotten");
    assert_eq!(tables(&aws), json!([]));
}
