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

/// The ids in the one data file of a finished export, in order.
async fn exported(world: &World, arn: &str) -> Vec<String> {
    let done = told(world, arn).await;
    let summary: serde_json::Value = serde_json::from_slice(&object(world, done.export_manifest().expect("over")).await).expect("JSON");
    let files = object(world, summary["manifestFilesS3Key"].as_str().expect("a key")).await;
    let mut found = Vec::new();
    for file in serde_json::Deserializer::from_slice(&files).into_iter::<serde_json::Value>() {
        let data = object(world, file.expect("JSON")["dataFileS3Key"].as_str().expect("a key")).await;
        let mut lines = String::new();
        flate2::read::GzDecoder::new(&data[..]).read_to_string(&mut lines).expect("gzip");
        found.extend(lines.lines().map(|line| {
            let item: serde_json::Value = serde_json::from_str(line).expect("JSON");
            let text = |name: &str| item["Item"][name]["S"].as_str().unwrap_or("-").to_owned();
            format!("{}={}", text("id"), text("v"))
        }));
    }
    found.sort();
    found
}

/// Milliseconds by the world's clock, as the SDK takes them.
fn moment(world: &World) -> aws_sdk_dynamodb::primitives::DateTime {
    aws_sdk_dynamodb::primitives::DateTime::from_millis(i64::try_from(world.local.clock().now_ms()).expect("in range"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_in_the_past_exports_what_the_table_held_then() {
    use aws_sdk_dynamodb::types::{Delete, PutRequest, TransactWriteItem, WriteRequest};
    let world = with_items(2).await;
    recover(&world).await;
    world.pass(60.0);
    let client = world.dynamodb();
    let put = |id: &'static str, v: &'static str| client.put_item().table_name("Users").item("id", text(id)).item("v", text(v)).send();
    let mut moments = vec![(moment(&world), vec!["0=-", "1=-"])];
    world.pass(60.0);
    put("0", "one").await.expect("put");
    put("2", "one").await.expect("put");
    moments.push((moment(&world), vec!["0=one", "1=-", "2=one"]));
    world.pass(60.0);
    let update = client.update_item().table_name("Users").key("id", text("0")).update_expression("SET v = :v");
    update.expression_attribute_values(":v", text("two")).send().await.expect("updated");
    client.delete_item().table_name("Users").key("id", text("1")).send().await.expect("deleted");
    moments.push((moment(&world), vec!["0=two", "2=one"]));
    world.pass(60.0);
    let write = PutRequest::builder().item("id", text("3")).build().expect("whole");
    client.batch_write_item().request_items("Users", vec![WriteRequest::builder().put_request(write).build()]).send().await.expect("put");
    let delete = Delete::builder().table_name("Users").key("id", text("0")).build().expect("whole");
    client.transact_write_items().transact_items(TransactWriteItem::builder().delete(delete).build()).send().await.expect("deleted");
    let failed = client.put_item().table_name("Users").item("id", text("2")).condition_expression("attribute_not_exists(id)");
    assert_eq!(code(failed.send().await), "ConditionalCheckFailedException");
    moments.push((moment(&world), vec!["2=one", "3=-"]));
    world.pass(600.0);
    put("9", "late").await.expect("put");
    for (at, expected) in moments {
        let begun = export(&world).export_time(at).client_token(format!("{at:?}")).send().await.expect("begun");
        let arn = begun.export_description.and_then(|e| e.export_arn).expect("an ARN");
        world.pass(800.0);
        assert_eq!(exported(&world, &arn).await, expected, "{at:?}");
    }
    let now = export(&world).send().await.expect("begun").export_description.and_then(|e| e.export_arn).expect("an ARN");
    world.pass(800.0);
    assert_eq!(exported(&world, &now).await, ["2=one", "3=-", "9=late"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_that_is_not_known_any_more_is_refused_and_not_made_up() {
    let world = with_items(1).await;
    recover(&world).await;
    world.pass(60.0);
    let before = moment(&world);
    world.pass(60.0);
    let statement = world.dynamodb().execute_statement().statement("UPDATE \"Users\" SET v = 'x' WHERE id = '0'");
    statement.send().await.expect("updated");
    let after = moment(&world);
    world.pass(60.0);
    let refused = export(&world).export_time(before).send().await.expect_err("refused").into_service_error();
    assert!(refused.is_invalid_export_time_exception() && refused.to_string().contains("the embedded AWS cannot tell"), "{refused}");
    let begun = export(&world).export_time(after).send().await.expect("begun").export_description.and_then(|e| e.export_arn);
    world.pass(800.0);
    assert_eq!(exported(&world, &begun.expect("an ARN")).await, ["0=x"]);
    let later =
        aws_sdk_dynamodb::primitives::DateTime::from_millis(i64::try_from(world.local.clock().now_ms()).expect("in range") + 60_000);
    assert_eq!(code(export(&world).client_token("l").export_time(later).send().await), "InvalidExportTimeException");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_earliest_restorable_time_can_be_exported() {
    let world = with_items(1).await;
    world.pass(0.3);
    recover(&world).await;
    world.dynamodb().put_item().table_name("Users").item("id", text("1")).send().await.expect("put");
    world.pass(60.0);
    world.dynamodb().put_item().table_name("Users").item("id", text("2")).send().await.expect("put");
    let told = world.dynamodb().describe_continuous_backups().table_name("Users").send().await.expect("told");
    let window = told.continuous_backups_description.and_then(|d| d.point_in_time_recovery_description).expect("on");
    let earliest = window.earliest_restorable_date_time.expect("a time");
    let begun = export(&world).export_time(earliest).send().await.expect("begun").export_description.and_then(|e| e.export_arn);
    world.pass(800.0);
    assert_eq!(exported(&world, &begun.expect("an ARN")).await, ["0=-", "1=-"]);
}
