//! A staging bucket that is there already: what of it a plan would lose, and what it takes for what.
//!
//! Rule: what no listing of objects shows counts as well.

use super::every::customer_key;
use super::leaving::s3;
use super::*;
use crate::reconcile_faults::World;
use aws_sdk_s3::types::{ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration, ServerSideEncryptionRule};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use landfall::local::Rule;

/// The stack's bucket alone, made by hand, and leave to take it over.
async fn found(stand: &Stand) -> Scene {
    let mut scene = Scene::new();
    scene.desired.tables.clear();
    s3(stand).create_bucket().bucket(&scene.bucket).send().await.expect("made by hand");
    scene.approvals.adopt.insert(scene.bucket.clone());
    scene
}

fn recipes(plan: &Plan) -> Vec<&str> {
    plan.refusals.iter().map(|refusal| refusal.recipe.as_str()).collect()
}

/// The rule of a staging bucket aborts it within a day.
async fn an_upload_that_is_unfinished_in_a_bucket_without_objects_needs_the_word(stand: &Stand) {
    let (aws, mut scene) = (stand.connect().await, found(stand).await);
    let upload = s3(stand).create_multipart_upload().bucket(&scene.bucket).key("half").send().await.expect("begun");
    let word = format!("s3://{}:expire", scene.bucket);
    let plan = scene.plan(&aws).await;
    assert!(recipes(&plan).len() == 1 && recipes(&plan)[0].ends_with(&format!("or allow it with --destroy {word}")), "{:?}", plan.refusals);
    let id = upload.upload_id().expect("an id");
    s3(stand).abort_multipart_upload().bucket(&scene.bucket).key("half").upload_id(id).send().await.expect("aborted");
    assert_eq!(recipes(&scene.plan(&aws).await), [""; 0]);
    s3(stand).create_multipart_upload().bucket(&scene.bucket).key("half").send().await.expect("begun");
    scene.approvals.destroy.insert(word);
    scene.converge(&aws).await;
}

/// The load deletes what it staged, and what is deleted in such a bucket stays as an old version.
async fn an_old_version_expires_as_an_object_does_and_sooner_only_by_the_word(stand: &Stand) {
    let (aws, mut scene) = (stand.connect().await, Scene::new());
    scene.desired.tables.clear();
    scene.desired.buckets.values_mut().for_each(|bucket| bucket.versioning = true);
    scene.converge(&aws).await;
    assert_eq!(scene.live(&aws).await.buckets[&scene.bucket].expire_versions, 7);
    aws.expire_objects(&scene.bucket, 7, false).await.expect("by hand");
    let plan = scene.plan(&aws).await;
    let fields = plan.works.iter().filter_map(|w| w.change.as_ref()).flat_map(|c| c.fields.iter().map(|f| f.path.as_str()));
    assert_eq!(fields.collect::<Vec<_>>(), ["expire old versions"]);
    assert!(
        plan.calls() == 0 && plan.refusals.len() == 1 && plan.refusals[0].reason.starts_with("its old versions"),
        "{:?}",
        plan.refusals
    );
    scene.approvals.destroy.insert(format!("s3://{}:expire", scene.bucket));
    scene.converge(&aws).await;
}

async fn versioning_that_is_turned_on_where_there_was_none_needs_no_word_and_has_its_rule_first(stand: &Stand) {
    let (aws, mut scene) = (stand.connect().await, Scene::new());
    scene.desired.tables.clear();
    scene.converge(&aws).await;
    scene.desired.buckets.values_mut().for_each(|bucket| bucket.versioning = true);
    let outcome = scene.converge(&aws).await;
    let done: Vec<_> = outcome.report.done.iter().filter_map(|done| done.call.split(' ').next()).collect();
    assert_eq!(done, ["PutBucketLifecycleConfiguration", "PutBucketVersioning"]);
}

/// What is current is not all that such a bucket holds.
async fn a_bucket_with_nothing_but_old_versions_is_not_empty(stand: &Stand) {
    let (aws, mut scene) = (stand.connect().await, found(stand).await);
    scene.desired.buckets.values_mut().for_each(|bucket| bucket.versioning = true);
    aws.set_versioning(&scene.bucket, true).await.expect("on");
    assert_eq!(scene.plan(&aws).await.refusals, []);
    s3(stand).put_object().bucket(&scene.bucket).key("a").body(b"x".to_vec().into()).send().await.expect("put");
    s3(stand).delete_object().bucket(&scene.bucket).key("a").send().await.expect("a marker");
    let reasons: Vec<String> = scene.plan(&aws).await.refusals.into_iter().map(|r| r.reason).collect();
    assert!(reasons.len() == 2 && reasons[1].starts_with("its old versions would expire"), "{reasons:?}");
}

/// A KMS key as the bucket's default, as somebody names it.
async fn encrypt(stand: &Stand, bucket: &str, key: &str, bucket_key: bool) {
    let by = ServerSideEncryptionByDefault::builder().sse_algorithm(ServerSideEncryption::AwsKms).kms_master_key_id(key);
    let rule = ServerSideEncryptionRule::builder().apply_server_side_encryption_by_default(by.build().expect("a default"));
    let rule = rule.bucket_key_enabled(bucket_key).build();
    let all = ServerSideEncryptionConfiguration::builder().rules(rule).build().expect("one rule");
    s3(stand).put_bucket_encryption().bucket(bucket).server_side_encryption_configuration(all).send().await.expect("encrypted");
}

async fn a_bucket_key_that_is_off_is_drift_and_is_turned_on(stand: &Stand) {
    let (aws, mut scene) = (stand.connect().await, Scene::new());
    let key = customer_key(stand).await;
    scene.desired.tables.clear();
    scene.desired.buckets.values_mut().for_each(|bucket| bucket.kms_key = Some(key.clone()));
    scene.converge(&aws).await;
    encrypt(stand, &scene.bucket, &key, false).await;
    assert!(scene.live(&aws).await.buckets[&scene.bucket].no_bucket_key);
    scene.converge(&aws).await;
    assert!(!scene.live(&aws).await.buckets[&scene.bucket].no_bucket_key);
}

/// S3 shows a key as it was told it.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_by_its_id_is_the_same_key() {
    let world = World::start().await;
    let stand = Stand { url: world.local.url(), key: "local".into(), _local: None, streams_change: true, knows: Knows::ALL };
    let (aws, mut scene) = (world.aws.clone(), Scene::new());
    let (key, other) = (customer_key(&stand).await, customer_key(&stand).await);
    let id = |key: &str| key.rsplit('/').next().expect("an id").to_owned();
    scene.desired.tables.clear();
    scene.desired.buckets.values_mut().for_each(|bucket| bucket.kms_key = Some(key.clone()));
    scene.converge(&aws).await;
    encrypt(&stand, &scene.bucket, &id(&key), true).await;
    assert_eq!(scene.plan(&aws).await.calls(), 0);
    world.local.faults().install(Rule::refuse("AccessDeniedException").operation("DescribeKey"));
    assert_eq!(scene.plan(&aws).await.calls(), 1, "it cannot be told");
    world.local.faults().clear();
    world.local.faults().install(Rule::refuse("InvalidArnException").operation("DescribeKey"));
    let wanted = scene.desired.wanted(&scene.approvals);
    assert!(refresh::refresh(&aws, &wanted, &Events::silent()).await.is_err(), "no answer is none");
    // Without a key of its own nobody asks.
    let mut plain = scene.desired.clone();
    plain.buckets.values_mut().for_each(|bucket| bucket.kms_key = None);
    refresh::refresh(&aws, &plain.wanted(&scene.approvals), &Events::silent()).await.expect("not asked");
    world.local.faults().clear();
    encrypt(&stand, &scene.bucket, &id(&other), true).await;
    assert_eq!(scene.plan(&aws).await.calls(), 1, "another key");
    scene.converge(&aws).await;
    // Nor of a key by its ARN.
    world.local.faults().install(Rule::refuse("InvalidArnException").operation("DescribeKey"));
    refresh::refresh(&aws, &wanted, &Events::silent()).await.expect("not asked");
}

/// A statement of somebody's that lets everybody read.
const OPEN: &str = r#"{"Version":"2012-10-17","Statement":[{"Sid":"site","Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::BUCKET/*"}]}"#;

/// S3 takes no policy that is public once the block is on, and what is somebody's stays in it.
#[tokio::test]
async fn a_public_policy_gets_its_statement_before_the_block_and_none_under_it() {
    let stand = Stand::embedded().await;
    let (aws, client) = (stand.connect().await, s3(&stand));
    for blocked in [false, true] {
        let scene = found(&stand).await;
        client.delete_public_access_block().bucket(&scene.bucket).send().await.expect("open");
        let policy = OPEN.replace("BUCKET", &scene.bucket);
        client.put_bucket_policy().bucket(&scene.bucket).policy(&policy).send().await.expect("public");
        if !blocked {
            scene.converge(&aws).await;
            let kept = client.get_bucket_policy().bucket(&scene.bucket).send().await.expect("there");
            assert!(kept.policy().is_some_and(|kept| kept.contains("site") && kept.contains("LandfallTlsOnly")), "{kept:?}");
            continue;
        }
        aws.block_public_access(&scene.bucket).await.expect("blocked");
        let plan = scene.plan(&aws).await;
        assert!(plan.refusals.len() == 1 && plan.refusals[0].reason.contains("(statement site)"), "{:?}", plan.refusals);
        let refused = client.put_bucket_policy().bucket(&scene.bucket).policy(&policy).send().await.expect_err("public");
        assert_eq!(refused.code(), Some("AccessDenied"));
    }
}

on_each_stand!(
    an_upload_that_is_unfinished_in_a_bucket_without_objects_needs_the_word,
    an_old_version_expires_as_an_object_does_and_sooner_only_by_the_word,
    versioning_that_is_turned_on_where_there_was_none_needs_no_word_and_has_its_rule_first,
    a_bucket_with_nothing_but_old_versions_is_not_empty,
    a_bucket_key_that_is_off_is_drift_and_is_turned_on,
);
