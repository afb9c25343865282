//! Data that is kept over restarts, and a directory that cannot be written.

use super::notes::Import;
use super::*;
use std::fs;
use std::path::Path;

fn at(dir: &Path) -> Options {
    Options { dir: Some(dir.to_owned()), ..Options::default() }
}

fn notes(dir: &Path) -> std::path::PathBuf {
    dir.join("dynamodb").join(REGION).join("notes.json")
}

#[test]
fn what_was_changed_is_there_after_a_restart() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let aws = Aws::with(at(dir.path()));
    aws.make("Users", json!({}));
    aws.update("Users", json!({ "WarmThroughput": { "ReadUnitsPerSecond": 13_000 } }));
    aws.put("Users", item("1"));
    aws.make("Gone", json!({}));
    aws.ok("DeleteTable", json!({ "TableName": "Gone" }));
    drop(aws);
    // Not a region's.
    fs::create_dir(dir.path().join("dynamodb/lost+found")).expect("made");
    let aws = Aws::with(at(dir.path()));
    assert_eq!(aws.dynamodb.regions.lock().expect("free").keys().collect::<Vec<_>>(), [REGION]);
    aws.pass(1_000);
    assert_eq!(aws.shown("Users")["WarmThroughput"]["ReadUnitsPerSecond"], 13_000);
    assert_eq!(aws.ok("Scan", json!({ "TableName": "Users" }))["Count"], 1);
    assert_eq!(aws.ok("ListTables", json!({}))["TableNames"], json!(["Users"]));
}

#[test]
fn an_import_that_was_cut_off_has_failed_and_its_table_is_gone() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let aws = Aws::with(at(dir.path()));
    let region = aws.region();
    let request = of("Users", json!({})).as_object().expect("an object").clone();
    make_table(&region, request, Some(START)).expect("made");
    let arn = format!("{}/import/01", table_arn(&region, "Users"));
    let import = Import { arn: arn.clone(), table: "Users".into(), status: "IN_PROGRESS".into(), ..Import::default() };
    region.change(|all| Ok(all.imports.insert(arn.clone(), import))).expect("noted");
    drop((region, aws));
    let aws = Aws::with(at(dir.path()));
    let told = aws.ok("DescribeImport", json!({ "ImportArn": arn }))["ImportTableDescription"].clone();
    assert_eq!((&told["ImportStatus"], &told["FailureCode"]), (&json!("FAILED"), &json!("InternalServerError")));
    assert_eq!(aws.ok("ListTables", json!({}))["TableNames"], json!([]));
    aws.make("Users", json!({}));
}

#[test]
fn times_of_imports_that_an_older_version_kept_in_seconds_are_read() {
    let read = |import: Value| {
        let kept = json!({ "imports": { "a": import } });
        format::read(kept, Path::new("notes.json")).map(|notes| (notes.imports["a"].started_ms, notes.imports["a"].ended)).expect("read")
    };
    assert_eq!(read(json!({ "started": 7.5, "ended": 9.25 })), (7_500, Some(9_250)));
    assert_eq!(read(json!({ "started": 7.5, "ended": null })), (7_500, None), "it was cut off");
}

#[test]
fn a_change_that_cannot_be_kept_is_refused_and_nobody_sees_it() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let aws = Aws::with(at(dir.path()));
    aws.make("Users", indexed());
    let arn = table_arn(&aws.region(), "Users");
    aws.put("Users", item("1"));
    let before = serde_json::to_value(&*aws.region().notes()).expect("JSON");
    let told = |aws: &Aws| {
        let users = || json!({ "TableName": "Users" });
        [
            aws.ok("ListTables", json!({})),
            aws.ok("DescribeTable", users()),
            aws.ok("DescribeTimeToLive", users()),
            aws.ok("ListTagsOfResource", json!({ "ResourceArn": arn })),
            aws.ok("Scan", users()),
        ]
    };
    let shown = told(&aws);
    // Whoever writes beside it, as root too, finds a directory.
    fs::create_dir(notes(dir.path()).with_extension("new")).expect("made");
    let users = |more: Value| named("Users", more);
    for (operation, request) in [
        ("UpdateTable", users(json!({ "WarmThroughput": { "ReadUnitsPerSecond": 13_000 } }))),
        ("UpdateContributorInsights", users(json!({ "ContributorInsightsAction": "ENABLE" }))),
        ("UpdateContinuousBackups", users(json!({ "PointInTimeRecoverySpecification": { "PointInTimeRecoveryEnabled": true } }))),
        ("UpdateTimeToLive", users(json!({ "TimeToLiveSpecification": { "Enabled": true, "AttributeName": "at" } }))),
        ("TagResource", json!({ "ResourceArn": arn, "Tags": [{ "Key": "team", "Value": "a" }] })),
        ("PutResourcePolicy", json!({ "ResourceArn": arn, "Policy": "{}" })),
        ("UpdateTable", users(json!({ "StreamSpecification": { "StreamEnabled": true, "StreamViewType": "KEYS_ONLY" } }))),
        ("CreateTable", of("More", json!({}))),
        ("DeleteTable", json!({ "TableName": "Users" })),
    ] {
        let why = aws.refused(operation, request);
        assert!(why.starts_with("InternalServerError: the embedded AWS could not read or write its files"), "{operation}: {why}");
        assert_eq!(serde_json::to_value(&*aws.region().notes()).expect("JSON"), before, "{operation}");
        assert_eq!(told(&aws), shown, "{operation}");
    }
    fs::remove_dir(notes(dir.path()).with_extension("new")).expect("room again");
    aws.make("More", json!({}));
}
