//! Exports asked for, repeated and refused, what is told of them, and what is in the bucket at the end.

use super::*;
use crate::local::trial::{Trial, code, said};
use base64::Engine as _;
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Read;

const ARN: &str = "arn:aws:dynamodb:us-east-1:123456789012:table/Users";

/// A bucket `out` and a table `Users` with two items, which can be recovered.
fn ready() -> Trial {
    let trial = Trial::new();
    trial.objects.make("out");
    recoverable(&trial, "Users", 35);
    for id in ["1", "2"] {
        trial.ask("PutItem", &json!({ "TableName": "Users", "Item": { "id": { "S": id } } })).expect("put");
    }
    trial.pass(60.0);
    trial
}

fn recoverable(trial: &Trial, table: &str, days: u32) {
    trial.table(table, None);
    trial.pass(60.0);
    let wanted = json!({ "PointInTimeRecoveryEnabled": true, "RecoveryPeriodInDays": days });
    let on = json!({ "TableName": table, "PointInTimeRecoverySpecification": wanted });
    trial.ask("UpdateContinuousBackups", &on).expect("on");
}

/// An export of `Users` to `out`, with `more` said.
fn start(trial: &Trial, more: &Value) -> Result<Value, Fault> {
    let mut request = json!({ "TableArn": ARN, "S3Bucket": "out" });
    request.as_object_mut().expect("an object").extend(more.as_object().cloned().unwrap_or_default());
    trial.ask("ExportTableToPointInTime", &request).map(|mut told| told["ExportDescription"].take())
}

fn described(trial: &Trial, export: &Value) -> Value {
    let told = trial.ask("DescribeExport", &json!({ "ExportArn": export["ExportArn"] })).expect("told");
    told["ExportDescription"].clone()
}

#[test]
fn what_is_wrong_with_a_request_is_refused_at_once_and_nothing_is_written() {
    let trial = ready();
    trial.table("Plain", None);
    let named = |arn: &str| json!({ "TableArn": arn });
    let cases = [
        json!({ "IncrementalExportSpecification": {} }),
        json!({ "ExportFormat": "ION" }),
        json!({ "ExportType": "INCREMENTAL_EXPORT" }),
        named("Users"),
        named(&ARN.replace("Users", "")),
        named(&format!("{ARN}/index/ByMail")),
        named(&ARN.replace("us-east-1", "us-west-2")),
        named(&ARN.replace("Users", "Nobody")),
        named(&ARN.replace("Users", "Plain")),
        json!({ "ExportTime": 1_000 }),
        json!({ "ExportTime": 1_999_999_999 }),
    ];
    let all: Vec<String> = cases.iter().map(|more| said(start(&trial, more))).collect();
    insta::assert_snapshot!(all.join("\n"), @r"
    ValidationException: the embedded AWS does not know IncrementalExportSpecification of ExportTableToPointInTime: leave it out
    ValidationException: the embedded AWS knows ExportFormat DYNAMODB_JSON only, not ION
    ValidationException: the embedded AWS knows ExportType FULL_EXPORT only, not INCREMENTAL_EXPORT
    ValidationException: Invalid Table ARN: Users
    ValidationException: Invalid Table ARN: arn:aws:dynamodb:us-east-1:123456789012:table/
    ValidationException: Invalid Table ARN: arn:aws:dynamodb:us-east-1:123456789012:table/Users/index/ByMail
    ValidationException: Invalid Table ARN: arn:aws:dynamodb:us-west-2:123456789012:table/Users
    TableNotFoundException: Table not found: Nobody
    PointInTimeRecoveryUnavailableException: Point in time recovery is not enabled for table 'Plain'
    InvalidExportTimeException: ExportTime is outside of the point in time recovery window
    InvalidExportTimeException: ExportTime is outside of the point in time recovery window
    ");
    assert!(trial.contents("out").is_empty());
    assert_eq!(said(start(&trial, &json!({ "ExportFormat": "DYNAMODB_JSON", "ExportType": "FULL_EXPORT" }))), "OK");
}

#[test]
fn a_time_before_the_recovery_window_is_refused_though_it_is_known() {
    let trial = Trial::new();
    trial.objects.make("out");
    recoverable(&trial, "Users", 1);
    trial.pass(60.0);
    let moment = trial.clock.now_ms() / 1000;
    let at = json!({ "ExportTime": moment });
    assert_eq!(code(start(&trial, &at)), "OK");
    trial.pass(86_400.0 + 1.0);
    assert_eq!(code(start(&trial, &at)), "InvalidExportTimeException");
}

#[test]
fn a_token_is_its_first_export_and_another_request_under_it_is_a_conflict() {
    let trial = ready();
    let first = start(&trial, &json!({ "ClientToken": "t" })).expect("begun");
    trial.pass(10.0);
    assert_eq!(start(&trial, &json!({ "ClientToken": "t" })).expect("the same")["ExportArn"], first["ExportArn"]);
    assert_eq!(code(start(&trial, &json!({ "ClientToken": "t", "S3Prefix": "x" }))), "ExportConflictException");
    let other = start(&trial, &json!({ "ClientToken": "u" })).expect("another");
    assert_ne!(other["ExportArn"], first["ExportArn"]);
}

#[test]
fn a_bucket_of_somebody_else_or_none_ends_the_export_with_its_reason() {
    let trial = ready();
    trial.objects.make("taken-theirs");
    let cases = [
        (json!({ "S3Bucket": "taken-theirs" }), "S3AccessDenied"),
        (json!({ "S3BucketOwner": "210987654321" }), "S3AccessDenied"),
        (json!({ "S3Bucket": "nowhere" }), "S3NoSuchBucket"),
    ];
    for (more, reason) in cases {
        let export = start(&trial, &more).expect("begun");
        trial.pass(160.0);
        let told = described(&trial, &export);
        assert_eq!((&told["ExportStatus"], &told["FailureCode"]), (&json!("FAILED"), &json!(reason)), "{more}");
        assert_eq!(told["ExportManifest"], Value::Null, "{more}");
    }
    assert!(trial.contents("out").is_empty() && trial.contents("taken-theirs").is_empty());
}

#[test]
fn only_at_its_end_is_an_export_told_with_its_manifest_and_counts() {
    let trial = ready();
    let export = start(&trial, &json!({ "S3Prefix": "p", "S3BucketOwner": null })).expect("begun");
    let later = ["EndTime", "ExportManifest", "ItemCount", "BilledSizeBytes"];
    let told = described(&trial, &export);
    assert!(later.iter().all(|name| told.get(*name).is_none()), "{told}");
    assert_eq!((&told["ExportStatus"], &told["S3Prefix"]), (&json!("IN_PROGRESS"), &json!("p")));
    assert!(told.get("S3BucketOwner").is_none(), "{told}");
    trial.pass(800.0);
    let told = described(&trial, &export);
    assert!(later.iter().all(|name| told.get(*name).is_some()), "{told}");
    assert_eq!((&told["ExportStatus"], &told["ItemCount"]), (&json!("COMPLETED"), &json!(2)));
}

#[test]
fn the_bucket_holds_the_items_the_manifests_and_their_sums() {
    let trial = ready();
    let export = start(&trial, &json!({ "S3Prefix": "p" })).expect("begun");
    trial.pass(800.0);
    let manifest = described(&trial, &export)["ExportManifest"].as_str().expect("over").to_owned();
    let under = manifest.strip_suffix("manifest-summary.json").expect("its name");
    let all = trial.contents("out");
    let mut found: BTreeMap<&str, &[u8]> =
        all.iter().map(|(k, v)| (k.strip_prefix(under).expect("under one prefix"), v.as_slice())).collect();
    let data = found.keys().copied().find(|key| key.starts_with("data/")).expect("a data file");
    let (file, mut lines) = (found.remove(data).expect("there"), String::new());
    flate2::read::GzDecoder::new(file).read_to_string(&mut lines).expect("gzip");
    let mut lines: Vec<&str> = lines.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, [r#"{"Item":{"id":{"S":"1"}}}"#, r#"{"Item":{"id":{"S":"2"}}}"#]);
    let names: Vec<&str> = found.keys().copied().collect();
    assert_eq!(names, ["_started", "manifest-files.json", "manifest-files.md5", "manifest-summary.json", "manifest-summary.md5"]);
    for name in ["manifest-files", "manifest-summary"] {
        let sum = base64::engine::general_purpose::STANDARD.encode(crate::local::s3::md5(found[format!("{name}.json").as_str()]));
        assert_eq!(found[format!("{name}.md5").as_str()], sum.as_bytes(), "{name}");
    }
    let listed: Value = serde_json::from_slice(found["manifest-files.json"]).expect("one file, one line");
    assert_eq!((listed["dataFileS3Key"].as_str(), &listed["itemCount"]), (Some(format!("{under}{data}").as_str()), &json!(2)));
}

#[test]
fn exports_are_listed_of_the_table_that_is_there_in_pages_of_one_to_twenty_five() {
    let trial = ready();
    recoverable(&trial, "Other", 35);
    let users = start(&trial, &json!({})).expect("begun");
    let other = start(&trial, &json!({ "TableArn": ARN.replace("Users", "Other") })).expect("begun");
    let arns = |request: &Value| -> Vec<Value> {
        let told = trial.ask("ListExports", request).expect("listed");
        told["ExportSummaries"].as_array().expect("a list").iter().map(|e| e["ExportArn"].clone()).collect()
    };
    assert_eq!(arns(&json!({})).len(), 2);
    assert_eq!(arns(&json!({ "TableArn": other["TableArn"] })), [other["ExportArn"].clone()]);
    assert_eq!(arns(&json!({ "TableArn": users["TableArn"] })), [users["ExportArn"].clone()]);
    for (size, answer) in [(0, "ValidationException"), (1, "OK"), (25, "OK"), (26, "ValidationException")] {
        assert_eq!(code(trial.ask("ListExports", &json!({ "MaxResults": size }))), answer, "{size}");
    }
    trial.pass(800.0);
    trial.ask("DeleteTable", &json!({ "TableName": "Users" })).expect("deleted");
    trial.pass(60.0);
    recoverable(&trial, "Users", 35);
    assert_eq!(arns(&json!({ "TableArn": users["TableArn"] })), Vec::<Value>::new(), "of another table of that name");
}

#[test]
fn an_arn_of_no_export_is_told_from_an_export_that_is_not_there() {
    let trial = ready();
    let asked = |arn: &str| code(trial.ask("DescribeExport", &json!({ "ExportArn": arn })));
    assert_eq!(asked(ARN), "ValidationException");
    assert_eq!(asked(&format!("{ARN}/export/01234567890123-00000000")), "ExportNotFoundException");
}
