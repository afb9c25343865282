//! With a directory, everything is there again after a restart.

use super::{code, provisioned, settled, text, world_in};
use aws_sdk_dynamodb::types::{GlobalSecondaryIndexUpdate, PointInTimeRecoverySpecification, UpdateGlobalSecondaryIndexAction};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use landfall::local::{Error, Local, Options};

#[tokio::test(flavor = "multi_thread")]
async fn tables_items_and_notes_survive() {
    let dir = tempfile::tempdir().expect("a directory");
    let world = world_in(dir.path()).await;
    let client = world.dynamodb();
    provisioned(&client, "Users").await;
    client.put_item().table_name("Users").item("id", text("1")).send().await.expect("put");
    let index =
        UpdateGlobalSecondaryIndexAction::builder().index_name("ByMail").provisioned_throughput(super::units(9, 9)).build().expect("whole");
    let index = GlobalSecondaryIndexUpdate::builder().update(index).build();
    client.update_table().table_name("Users").global_secondary_index_updates(index).send().await.expect("changed");
    settled(&client, "Users").await;
    let pitr =
        PointInTimeRecoverySpecification::builder().point_in_time_recovery_enabled(true).recovery_period_in_days(3).build().expect("whole");
    client.update_continuous_backups().table_name("Users").point_in_time_recovery_specification(pitr).send().await.expect("set");
    world.local.stop().await;

    let world = world_in(dir.path()).await;
    let client = world.dynamodb();
    assert!(client.get_item().table_name("Users").key("id", text("1")).send().await.expect("got").item.is_some());
    let told = client.describe_table().table_name("Users").send().await.expect("there").table.expect("a table");
    assert_eq!(told.global_secondary_indexes()[0].provisioned_throughput().and_then(|p| p.read_capacity_units()), Some(9));
    let told = client.describe_continuous_backups().table_name("Users").send().await.expect("told");
    let days = told.continuous_backups_description().and_then(|d| d.point_in_time_recovery_description()?.recovery_period_in_days());
    assert_eq!(days, Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn buckets_objects_and_uploads_survive() {
    let dir = tempfile::tempdir().expect("a directory");
    let world = world_in(dir.path()).await;
    let client = world.s3();
    client.create_bucket().bucket("stage").send().await.expect("created");
    client.put_bucket_policy().bucket("stage").policy(r#"{"Statement":[]}"#).send().await.expect("set");
    for body in [&b"old"[..], b"new"] {
        client.put_object().bucket("stage").key("a").body(ByteStream::from(body.to_vec())).send().await.expect("put");
    }
    let upload = client.create_multipart_upload().bucket("stage").key("big").send().await.expect("begun").upload_id.expect("an id");
    let part = client.upload_part().bucket("stage").key("big").upload_id(&upload).part_number(1).body(ByteStream::from_static(b"part"));
    let tag = part.send().await.expect("up").e_tag.expect("a tag");
    world.local.stop().await;

    let world = world_in(dir.path()).await;
    let client = world.s3();
    let read = |key: &'static str| {
        let get = client.get_object().bucket("stage").key(key).send();
        async { get.await.expect("there").body.collect().await.expect("read").to_vec() }
    };
    assert_eq!(read("a").await, b"new");
    assert_eq!(code(client.get_bucket_policy().bucket("stage").send().await), "OK");
    let whole = CompletedMultipartUpload::builder().parts(CompletedPart::builder().part_number(1).e_tag(tag).build()).build();
    client.complete_multipart_upload().bucket("stage").key("big").upload_id(&upload).multipart_upload(whole).send().await.expect("done");
    assert_eq!(read("big").await, b"part");
}

/// Notes as the first version kept them: no number, no newer members, times of imports in seconds.
const FIRST: &str = r#"{
    "tables": { "Users": { "pitr": null, "insights": { "": true }, "indexes": { "ByMail": { "increased": 1791504001, "decreases": 0 } } } },
    "imports": {
        "arn:aws:dynamodb:us-east-1:123456789012:table/Old/import/01791504001000-00000001": {
            "arn": "arn:aws:dynamodb:us-east-1:123456789012:table/Old/import/01791504001000-00000001",
            "token": "t", "table": "Old", "table_id": null, "status": "COMPLETED", "bucket": "stage", "bucket_owner": null, "prefix": "run/",
            "compression": "ZSTD", "parameters": { "TableName": "Old" }, "started": 1791504001.5, "ended": 1791504112.25, "bytes": 10,
            "counts": [3, 0], "failure": null
        }
    }
}"#;

#[tokio::test(flavor = "multi_thread")]
async fn what_the_first_version_kept_opens_and_what_a_newer_one_keeps_is_refused_by_name() {
    let dir = tempfile::tempdir().expect("a directory");
    let notes = dir.path().join("dynamodb/us-east-1/notes.json");
    std::fs::create_dir_all(notes.parent().expect("a parent")).expect("made");
    std::fs::write(&notes, FIRST).expect("written");
    let world = world_in(dir.path()).await;
    let client = world.dynamodb();
    let arn = "arn:aws:dynamodb:us-east-1:123456789012:table/Old/import/01791504001000-00000001";
    let told = client.describe_import().import_arn(arn).send().await.expect("told").import_table_description.expect("told");
    let times = (told.start_time().map(|t| t.as_secs_f64()), told.end_time().map(|t| t.as_secs_f64()));
    assert_eq!((told.import_status().map(|s| s.as_str()), times), (Some("COMPLETED"), (Some(1_791_504_001.5), Some(1_791_504_112.25))));
    provisioned(&client, "Other").await;
    world.local.stop().await;
    let kept: serde_json::Value = serde_json::from_slice(&std::fs::read(&notes).expect("there")).expect("JSON");
    assert_eq!(kept["format"], 1);
    assert!(kept["imports"][arn]["started_ms"] == 1_791_504_001_500_u64 && kept["tables"].get("Other").is_some(), "{kept}");

    std::fs::write(&notes, r#"{ "format": 2, "tables": ["a shape of its own"] }"#).expect("written");
    let options = Options { dir: Some(dir.path().to_owned()), ..Options::default() };
    let refused = Local::start(options).await.expect_err("newer");
    assert!(matches!(refused, Error::Newer { found: 2, .. }), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_and_delete_markers_survive_in_their_order() {
    use aws_sdk_s3::types::{BucketVersioningStatus, VersioningConfiguration};
    let dir = tempfile::tempdir().expect("a directory");
    let world = world_in(dir.path()).await;
    let client = world.s3();
    client.create_bucket().bucket("stage").send().await.expect("created");
    let on = VersioningConfiguration::builder().status(BucketVersioningStatus::Enabled).build();
    client.put_bucket_versioning().bucket("stage").versioning_configuration(on).send().await.expect("on");
    for body in [&b"old"[..], b"new"] {
        client.put_object().bucket("stage").key("a").body(ByteStream::from(body.to_vec())).send().await.expect("put");
    }
    client.delete_object().bucket("stage").key("a").send().await.expect("deleted");
    world.local.stop().await;

    let world = world_in(dir.path()).await;
    let client = world.s3();
    let listed = client.list_object_versions().bucket("stage").send().await.expect("listed");
    assert_eq!((listed.versions().len(), listed.delete_markers()[0].is_latest()), (2, Some(true)));
    let newest = listed.versions()[0].version_id().expect("its name");
    let read = client.get_object().bucket("stage").key("a").version_id(newest).send().await.expect("kept");
    assert_eq!(read.body.collect().await.expect("read").to_vec(), b"new");
    assert_eq!(code(client.get_object().bucket("stage").key("a").send().await), "NoSuchKey");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_serves_one_at_a_time() {
    let dir = tempfile::tempdir().expect("a directory");
    let world = world_in(dir.path()).await;
    let second = Options { dir: Some(dir.path().to_owned()), ..Options::default() };
    assert!(matches!(Local::start(second.clone()).await, Err(Error::InUse(_))));
    world.local.stop().await;
    assert!(Local::start(second).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_a_newer_version_is_refused_before_anything_of_it_changes() {
    let dir = tempfile::tempdir().expect("a directory");
    let world = world_in(dir.path()).await;
    world.s3().create_bucket().bucket("stage").send().await.expect("created");
    world.local.stop().await;
    let newer = dir.path().join("dynamodb/us-west-2");
    std::fs::create_dir_all(&newer).expect("made");
    std::fs::write(newer.join("notes.json"), r#"{ "format": 2 }"#).expect("written");
    // Nothing that this version knows of: the next start sweeps it away.
    let unknown = dir.path().join("s3/stage/objects/99.data");
    std::fs::write(&unknown, b"x").expect("written");
    let options = Options { dir: Some(dir.path().to_owned()), ..Options::default() };
    let refused = Local::start(options.clone()).await.expect_err("newer");
    assert!(matches!(refused, Error::Newer { found: 2, .. }), "{refused}");
    assert!(unknown.exists() && !newer.join("tables.sqlite").exists(), "as it was");
    std::fs::write(newer.join("notes.json"), r#"{ "format": 1 }"#).expect("written");
    Local::start(options).await.expect("opens").stop().await;
    assert!(!unknown.exists());
}
