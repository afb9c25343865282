//! `ExportTableToPointInTime`: what is refused at once, what minutes later, and what is in the bucket at the end.

use super::{World, code, make_on_demand, still, text};
use aws_sdk_dynamodb::operation::export_table_to_point_in_time::builders::ExportTableToPointInTimeFluentBuilder;
use aws_sdk_dynamodb::types::{ExportDescription, PointInTimeRecoverySpecification};
use std::io::Read;

const ARN: &str = "arn:aws:dynamodb:us-east-1:123456789012:table/Users";

async fn with_items(items: usize) -> World {
    let world = still().await;
    let client = world.dynamodb();
    world.s3().create_bucket().bucket("out").send().await.expect("created");
    make_on_demand(&client, "Users").await;
    world.pass(30.0);
    for i in 0..items {
        client.put_item().table_name("Users").item("id", text(&i.to_string())).send().await.expect("put");
    }
    world
}

async fn recover(world: &World) {
    let on = PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(true).build().expect("whole");
    let call = world.dynamodb().update_continuous_backups().table_name("Users").point_in_time_recovery_specification(on);
    call.send().await.expect("on");
}

fn export(world: &World) -> ExportTableToPointInTimeFluentBuilder {
    world.dynamodb().export_table_to_point_in_time().table_arn(ARN).s3_bucket("out").client_token("t")
}

async fn told(world: &World, arn: &str) -> ExportDescription {
    world.dynamodb().describe_export().export_arn(arn).send().await.expect("told").export_description.expect("told")
}

async fn object(world: &World, key: &str) -> Vec<u8> {
    world.s3().get_object().bucket("out").key(key).send().await.expect("there").body.collect().await.expect("read").to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_arrives_as_lines_with_its_manifests() {
    let world = with_items(3).await;
    recover(&world).await;
    let begun = export(&world).s3_prefix("run").send().await.expect("begun").export_description.expect("told");
    let arn = begun.export_arn().expect("an ARN").to_owned();
    world.pass(700.0);
    let now = told(&world, &arn).await;
    assert_eq!((now.export_status().map(|s| s.as_str()), now.item_count(), now.export_manifest()), (Some("IN_PROGRESS"), None, None));
    world.pass(27.0);
    let done = told(&world, &arn).await;
    assert_eq!((done.export_status().map(|s| s.as_str()), done.item_count()), (Some("COMPLETED"), Some(3)));
    let manifest = done.export_manifest().expect("a manifest");
    assert!(manifest.starts_with("run/AWSDynamoDB/") && manifest.ends_with("/manifest-summary.json"), "{manifest}");
    let summary: serde_json::Value = serde_json::from_slice(&object(&world, manifest).await).expect("JSON");
    assert_eq!((&summary["itemCount"], &summary["outputFormat"]), (&3.into(), &"DYNAMODB_JSON".into()));
    let files = object(&world, summary["manifestFilesS3Key"].as_str().expect("a key")).await;
    let file: serde_json::Value = serde_json::from_slice(&files).expect("one file, one line");
    let data = object(&world, file["dataFileS3Key"].as_str().expect("a key")).await;
    let mut lines = String::new();
    flate2::read::GzDecoder::new(&data[..]).read_to_string(&mut lines).expect("gzip");
    let mut lines: Vec<&str> = lines.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, [r#"{"Item":{"id":{"S":"0"}}}"#, r#"{"Item":{"id":{"S":"1"}}}"#, r#"{"Item":{"id":{"S":"2"}}}"#]);
    let listed = world.dynamodb().list_exports().table_arn(ARN).send().await.expect("listed");
    assert_eq!(listed.export_summaries().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_with_the_table_shows_at_once_and_with_the_bucket_later() {
    let world = with_items(0).await;
    assert_eq!(code(export(&world).send().await), "PointInTimeRecoveryUnavailableException");
    recover(&world).await;
    assert_eq!(code(export(&world).table_arn("Users").send().await), "ValidationException");
    assert_eq!(code(export(&world).table_arn(format!("{ARN}2")).send().await), "TableNotFoundException");
    let early = aws_sdk_dynamodb::primitives::DateTime::from_secs(1_000);
    assert_eq!(code(export(&world).export_time(early).send().await), "InvalidExportTimeException");
    let begun = export(&world).s3_bucket("nowhere").send().await.expect("begun").export_description.expect("told");
    let arn = begun.export_arn().expect("an ARN");
    assert_eq!(begun.export_status().map(|s| s.as_str()), Some("IN_PROGRESS"));
    world.pass(156.0);
    let done = told(&world, arn).await;
    assert_eq!((done.export_status().map(|s| s.as_str()), done.failure_code()), (Some("FAILED"), Some("S3NoSuchBucket")));
    assert_eq!(code(world.dynamodb().describe_export().export_arn(format!("{arn}0")).send().await), "ExportNotFoundException");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_its_first_export_and_another_request_conflicts() {
    let world = with_items(0).await;
    recover(&world).await;
    let first = export(&world).send().await.expect("begun").export_description.expect("told");
    world.pass(1_000.0);
    let again = export(&world).send().await.expect("the same").export_description.expect("told");
    assert_eq!(again.export_arn(), first.export_arn());
    assert_eq!(code(export(&world).s3_prefix("other").send().await), "ExportConflictException");
}
