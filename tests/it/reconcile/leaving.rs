//! A bucket that left the file: kept, until it is named; deleted with every version in it, and only then.

use super::*;
use crate::reconcile_faults::World;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::{BehaviorVersion, Config, Credentials, Region, SharedHttpClient};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{Delete, ObjectIdentifier};
use landfall::aws::imports::ImportRequest;
use landfall::event::Event;
use landfall::local::{Effect, Moment, Rule};
use std::sync::Mutex;

pub(super) fn s3(stand: &Stand) -> Client {
    let http: SharedHttpClient = aws_smithy_http_client::Builder::new().build_http();
    let config = Config::builder().behavior_version(BehaviorVersion::latest()).region(Region::new("us-east-1")).force_path_style(true);
    let credentials = Credentials::new(&stand.key, &stand.key, None, None, "test");
    Client::from_conf(config.endpoint_url(&stand.url).credentials_provider(credentials).http_client(http).build())
}

/// The stack's bucket alone, versioned, as an apply leaves it, but for the policy: moto denies what it denies, whatever its condition.
async fn with_bucket(stand: &Stand, aws: &Aws) -> Scene {
    let mut scene = Scene::new();
    scene.desired.tables.clear();
    scene.desired.buckets.values_mut().for_each(|bucket| bucket.versioning = true);
    scene.converge(aws).await;
    s3(stand).delete_bucket_policy().bucket(&scene.bucket).send().await.expect("open");
    scene
}

/// The file no longer has it, and the command line names it.
fn left(mut scene: Scene, with_data: bool) -> Scene {
    scene.desired.buckets.clear();
    scene.approvals.destroy.insert(format!("s3://{}", scene.bucket));
    scene.approvals.with_data = with_data;
    scene
}

async fn put(client: &Client, bucket: &str, key: &str) {
    client.put_object().bucket(bucket).key(key).body(ByteStream::from_static(b"x")).send().await.expect("put");
}

/// Two versions of one object, one that is deleted, and an upload that nobody finishes.
async fn fill(client: &Client, bucket: &str) {
    for key in ["a/b c+d\u{fc}%", "a/b c+d\u{fc}%", "gone"] {
        put(client, bucket, key).await;
    }
    client.delete_object().bucket(bucket).key("gone").send().await.expect("a marker");
    client.create_multipart_upload().bucket(bucket).key("half").send().await.expect("begun");
}

async fn a_bucket_that_left_the_file_goes_by_name_with_all_its_versions(stand: &Stand) {
    let aws = stand.connect().await;
    let mut scene = with_bucket(stand, &aws).await;
    fill(&s3(stand), &scene.bucket).await;
    scene.desired.buckets.clear();
    assert!(scene.plan(&aws).await.works.is_empty(), "left alone");
    let mut scene = left(scene, false);
    let refused = scene.plan(&aws).await;
    assert_eq!((refused.calls(), refused.refusals.len()), (0, 1));
    assert!(refused.refusals[0].reason.contains("4 versions, 1 unfinished upload"), "{:?}", refused.refusals);
    scene.approvals.with_data = true;
    assert_eq!(scene.plan(&aws).await.calls(), 3);
    scene.converge(&aws).await;
    assert!(!scene.live(&aws).await.buckets.contains_key(&scene.bucket));
    assert_eq!(scene.plan(&aws).await.notes.len(), 1, "said again, it is told that there is nothing");
}

async fn an_empty_bucket_goes_after_a_look_and_one_that_fills_meanwhile_stays(stand: &Stand) {
    let aws = stand.connect().await;
    let scene = left(with_bucket(stand, &aws).await, false);
    let plan = scene.plan(&aws).await;
    assert_eq!((plan.calls(), plan.refusals.len()), (1, 0));
    put(&s3(stand), &scene.bucket, "late").await;
    let outcome = apply_plan(&aws, &plan).await;
    assert_eq!(outcome.exit(), Exit::Stale, "{:#?}", outcome.problems);
    assert!(scene.live(&aws).await.buckets.contains_key(&scene.bucket));
    let scene = Scene { approvals: Approvals { with_data: true, ..scene.approvals.clone() }, ..scene };
    scene.converge(&aws).await;
}

/// Its rule would be about an object that nobody was asked about.
async fn a_bucket_that_fills_before_its_rule_is_set_waits_for_a_new_plan(stand: &Stand) {
    let aws = stand.connect().await;
    let scene = with_bucket(stand, &aws).await;
    s3(stand).delete_bucket_lifecycle().bucket(&scene.bucket).send().await.expect("no rule");
    let plan = scene.plan(&aws).await;
    assert_eq!((plan.calls(), plan.refusals.len()), (2, 0), "rule and policy, nothing is there: {:?}", plan.refusals);
    put(&s3(stand), &scene.bucket, "late").await;
    let outcome = apply_plan(&aws, &plan).await;
    assert_eq!(outcome.exit(), Exit::Stale, "{:#?}", outcome.problems);
    assert_eq!(scene.live(&aws).await.buckets[&scene.bucket].bucket.expire_days, 0);
    assert!(scene.plan(&aws).await.refusals[0].recipe.contains(":expire"));
}

async fn every_call_on_a_bucket_that_goes_names_its_owner(stand: &Stand) {
    let proxy = super::proxy::Proxy::start(&stand.url, |_| super::proxy::Spoil::Pass).await;
    let scene = with_bucket(stand, &stand.connect().await).await;
    fill(&s3(stand), &scene.bucket).await;
    let scene = left(scene, true);
    scene.converge(&stand.connect_by(&proxy.url).await).await;
    let calls = proxy.bucket_calls();
    assert!(calls.iter().any(|call| call.starts_with("DELETE")), "{calls:?}");
    assert!(calls.iter().all(|call| call.ends_with("owner 123456789012")), "{calls:?}");
}

on_each_stand!(
    a_bucket_that_left_the_file_goes_by_name_with_all_its_versions,
    an_empty_bucket_goes_after_a_look_and_one_that_fills_meanwhile_stays,
    a_bucket_that_fills_before_its_rule_is_set_waits_for_a_new_plan,
    every_call_on_a_bucket_that_goes_names_its_owner,
);

/// A bucket of `thousands` of delete markers, which one call each makes.
async fn crowded(stand: &Stand, aws: &Aws, thousands: usize) -> Scene {
    let scene = with_bucket(stand, aws).await;
    let client = s3(stand);
    for thousand in 0..thousands {
        let keys = (0..1000).map(|n| ObjectIdentifier::builder().key(format!("{thousand}/{n}")).build().expect("whole"));
        let delete = Delete::builder().set_objects(Some(keys.collect())).quiet(true).build().expect("whole");
        client.delete_objects().bucket(&scene.bucket).delete(delete).send().await.expect("marked");
    }
    left(scene, true)
}

/// How many versions and markers there are.
async fn held(stand: &Stand, bucket: &str) -> usize {
    let (client, mut count, mut key, mut id) = (s3(stand), 0, None, None);
    loop {
        let request = client.list_object_versions().bucket(bucket).set_key_marker(key).set_version_id_marker(id);
        let page = request.send().await.expect("listed");
        count += page.versions().len() + page.delete_markers().len();
        if page.is_truncated() != Some(true) {
            return count;
        }
        (key, id) = (page.next_key_marker, page.next_version_id_marker);
    }
}

#[tokio::test]
async fn emptying_tells_its_progress_stops_between_two_pages_and_goes_on_in_another_run() {
    let stand = Stand::embedded().await;
    let aws = stand.connect().await;
    let scene = crowded(&stand, &aws, 3).await;
    let plan = scene.plan(&aws).await;
    assert_eq!(
        plan.works[0]
            .change
            .as_ref()
            .expect("a change")
            .fields
            .iter()
            .filter(|f| f.live.as_deref() == Some("1000 or more versions"))
            .count(),
        1
    );
    let (stopper, stop) = Stop::new();
    let told = std::sync::Arc::new(Mutex::new(Vec::new()));
    let heard = std::sync::Arc::clone(&told);
    let events = Events::new(move |event| {
        if let Event::Progress { task, done, total: 0, unit } = event {
            heard.lock().expect("not poisoned").push((task, done, unit));
            stopper.stop();
        }
    });
    let outcome = apply::run(&aws, &plan, &events, &options(), &stop).await;
    assert_eq!(outcome.exit(), Exit::Interrupted, "{:#?}", outcome.problems);
    assert_eq!(*told.lock().expect("not poisoned"), [(format!("bucket {}: delete versions", scene.bucket), 1000, "versions")]);
    assert_eq!(held(&stand, &scene.bucket).await, 2000);
    scene.converge(&aws).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn emptying_that_runs_out_of_time_is_partly_done() {
    let world = World::start().await;
    let stand = Stand { url: world.local.url(), key: "local".into(), _local: None, streams_change: true, knows: Knows::ALL };
    let scene = crowded(&stand, &world.aws, 2).await;
    let plan = scene.plan(&world.aws).await;
    let two_hours = Effect::Delay(Duration::from_hours(2), Moment::After);
    world.local.faults().install(Rule::new(two_hours).operation("DeleteObjects").times(1));
    let hasty = Options { timeout: Duration::from_hours(1), ..options() };
    let outcome = apply::run(&world.aws, &plan, &Events::silent(), &hasty, &Stop::never()).await;
    assert_eq!(outcome.exit(), Exit::Partial, "{:#?}", outcome.problems);
    assert!(outcome.problems[0].message.contains("1000 versions deleted"), "{:#?}", outcome.problems);
    assert!(outcome.report.done.len() == 1 && outcome.report.done[0].call.ends_with("(1000 so far, and there is more)"));
    assert_eq!(held(&stand, &scene.bucket).await, 1000);
    scene.converge(&world.aws).await;
}

/// What was deleted stays deleted: that is said, whatever ends it.
#[tokio::test(flavor = "multi_thread")]
async fn emptying_that_is_denied_on_its_way_is_partly_done_and_one_that_only_stumbles_ends() {
    let world = World::start().await;
    let stand = Stand { url: world.local.url(), key: "local".into(), _local: None, streams_change: true, knows: Knows::ALL };
    let scene = crowded(&stand, &world.aws, 7).await;
    let plan = scene.plan(&world.aws).await;
    let faults = world.local.faults();
    faults.install(Rule::refuse("AccessDeniedException").operation("DeleteObjects").call(2));
    let outcome = apply::run(&world.aws, &plan, &Events::silent(), &options(), &Stop::never()).await;
    assert_eq!((outcome.exit(), outcome.report.done.len()), (Exit::Partial, 1), "{:#?}", outcome.problems);
    assert!(outcome.problems[0].help.as_ref().is_some_and(|help| help.contains("lacks a permission")), "{:#?}", outcome.problems);
    faults.clear();
    // Five pages fail in all of the SDK's eight tries, and between them one goes.
    for n in 0..5 {
        faults.install(Rule::refuse("InternalServerError").operation("DeleteObjects").call(2 + 9 * n).times(8));
    }
    // The SDK's pauses are drawn, and together may be longer than a test's run.
    let patient = Options { timeout: Duration::from_hours(4), ..options() };
    let plan = scene.plan(&world.aws).await;
    let outcome = apply::run(&world.aws, &plan, &Events::silent(), &patient, &Stop::never()).await;
    assert_eq!((outcome.exit(), outcome.report.converged), (Exit::Pass, true), "{:#?}", outcome.problems);
    assert!(faults.installed().iter().all(|rule| rule.struck == 8), "{:?}", faults.installed());
}

/// All of the answers were lost, and the look found it done: what was deleted is not told of the call after it.
#[tokio::test(flavor = "multi_thread")]
async fn what_one_step_deleted_is_not_told_of_the_next() {
    let world = World::start().await;
    let stand = Stand { url: world.local.url(), key: "local".into(), _local: None, streams_change: true, knows: Knows::ALL };
    let scene = crowded(&stand, &world.aws, 2).await;
    let plan = scene.plan(&world.aws).await;
    let faults = world.local.faults();
    faults.install(Rule::refuse_after("InternalServerError").operation("DeleteObjects").call(2).times(8));
    faults.install(Rule::refuse("AccessDeniedException").operation("DeleteBucket"));
    let patient = Options { timeout: Duration::from_hours(4), ..options() };
    let outcome = apply::run(&world.aws, &plan, &Events::silent(), &patient, &Stop::never()).await;
    assert_eq!(outcome.exit(), Exit::Partial, "{:#?}", outcome.problems);
    let done: Vec<&str> = outcome.report.done.iter().map(|done| done.call.as_str()).collect();
    assert!(done.len() == 1 && done[0].starts_with("DeleteObjects") && done[0].ends_with("a call"), "{done:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn aborting_uploads_that_runs_out_of_time_is_partly_done() {
    let world = World::start().await;
    let stand = Stand { url: world.local.url(), key: "local".into(), _local: None, streams_change: true, knows: Knows::ALL };
    let scene = left(with_bucket(&stand, &world.aws).await, true);
    let client = s3(&stand);
    for key in ["a", "b", "c"] {
        client.create_multipart_upload().bucket(&scene.bucket).key(key).send().await.expect("begun");
    }
    let plan = scene.plan(&world.aws).await;
    let two_hours = Effect::Delay(Duration::from_hours(2), Moment::After);
    world.local.faults().install(Rule::new(two_hours).operation("AbortMultipartUpload").times(1));
    let hasty = Options { timeout: Duration::from_hours(1), ..options() };
    let outcome = apply::run(&world.aws, &plan, &Events::silent(), &hasty, &Stop::never()).await;
    assert_eq!(outcome.exit(), Exit::Partial, "{:#?}", outcome.problems);
    assert!(outcome.problems[0].message.contains("1 uploads aborted"), "{:#?}", outcome.problems);
    let there = client.list_multipart_uploads().bucket(&scene.bucket).send().await.expect("listed");
    assert_eq!(there.uploads().len(), 2);
    scene.converge(&world.aws).await;
}

#[tokio::test]
async fn a_bucket_that_somebody_keeps_filling_is_not_emptied_for_ever() {
    let stand = Stand::embedded().await;
    let aws = stand.connect().await;
    let scene = with_bucket(&stand, &aws).await;
    put(&s3(&stand), &scene.bucket, "a").await;
    let scene = left(scene, true);
    let plan = scene.plan(&aws).await;
    let (client, bucket) = (s3(&stand), scene.bucket.clone());
    let filling = tokio::spawn(async move {
        for n in 0_u32.. {
            let body = ByteStream::from_static(b"x");
            if client.put_object().bucket(&bucket).key(format!("z{n}")).body(body).send().await.is_err() {
                return;
            }
        }
    });
    let outcome = tokio::time::timeout(Duration::from_mins(1), apply_plan(&aws, &plan)).await.expect("it ends");
    filling.abort();
    assert!(!outcome.report.converged, "{:#?}", outcome.problems);
    assert!(scene.live(&aws).await.buckets.contains_key(&scene.bucket));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_an_import_still_reads_from_stays() {
    let world = World::start().await;
    let stand = Stand { url: world.local.url(), key: "local".into(), _local: None, streams_change: true, knows: Knows::ALL };
    let (scene, table) = (with_bucket(&stand, &world.aws).await, plain());
    put(&s3(&stand), &scene.bucket, "rows/1").await;
    let request = ImportRequest { name: "Imported", table: &table, bucket: &scene.bucket, prefix: "rows/", token: "once" };
    world.aws.import_table(&request).await.expect("begun");
    let plan = left(scene, true).plan(&world.aws).await;
    assert_eq!((plan.calls(), plan.refusals.len()), (0, 1), "{:?}", plan.refusals);
    assert_eq!(plan.refusals[0].reason, "AWS still imports from it: Imported");
}

/// S3 itself would delete a bucket that holds only unfinished uploads, or that an import reads from.
#[tokio::test(flavor = "multi_thread")]
async fn an_upload_or_an_import_that_begins_just_before_the_deletion_keeps_the_bucket() {
    for import in [false, true] {
        let world = World::start().await;
        let stand = Stand { url: world.local.url(), key: "local".into(), _local: None, streams_change: true, knows: Knows::ALL };
        let scene = left(with_bucket(&stand, &world.aws).await, false);
        let plan = scene.plan(&world.aws).await;
        let (aws, client, bucket) = (world.aws.clone(), s3(&stand), scene.bucket.clone());
        let events = Events::new(move |event| {
            if matches!(&event, Event::Note(text) if text.contains("DeleteBucket")) {
                let begin = async {
                    let table = plain();
                    let request = ImportRequest { name: "Imported", table: &table, bucket: &bucket, prefix: "rows/", token: "once" };
                    if import {
                        drop(aws.import_table(&request).await.expect("begun"));
                    } else {
                        drop(client.create_multipart_upload().bucket(&bucket).key("late").send().await.expect("begun"));
                    }
                };
                tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(begin));
            }
        });
        let outcome = apply::run(&world.aws, &plan, &events, &options(), &Stop::never()).await;
        assert_eq!(outcome.exit(), Exit::Refused, "import {import}: {:#?}", outcome.problems);
        let why = if import { "AWS still imports from it: Imported" } else { "it is not empty" };
        assert!(outcome.problems[0].message.contains(why), "{:#?}", outcome.problems);
        assert!(!world.is_no_bucket(&scene.bucket).await, "import {import}");
    }
}

#[tokio::test]
async fn another_accounts_bucket_is_not_deleted() {
    let stand = Stand::embedded().await;
    let aws = stand.connect().await;
    let mut scene = Scene::new();
    scene.bucket = unique("taken-theirs");
    let scene = left(scene, true);
    let refused = refresh::refresh(&aws, &scene.desired.wanted(&scene.approvals), &Events::silent()).await.expect_err("not ours");
    assert!(refused.is_refusal() && refused.to_string().contains("is not deleted"), "{refused}");
}
