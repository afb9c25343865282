//! Whole runs: from nothing to desired, from there to something else, and everything that must be refused.

use super::leaving::s3;
use super::proxy::{Call, Proxy, Spoil};
use super::*;
use landfall::event::Event;
use landfall::plan::{Plan, seal};

fn steps(plan: &Plan) -> Vec<String> {
    plan.works.iter().flat_map(|w| w.steps.iter().map(|s| s.step.to_string())).collect()
}

/// One problem with this exit, and nothing done.
fn assert_stopped(outcome: &Outcome, exit: Exit) {
    assert_eq!((outcome.exit(), outcome.report.done.len()), (exit, 0), "{:#?}", outcome.problems);
}

async fn from_nothing_to_desired_and_then_nothing_is_left_to_do(stand: &Stand) {
    let (aws, scene) = (stand.connect().await, Scene::new());
    let outcome = scene.converge(&aws).await;
    assert_eq!(outcome.report.done.len(), 7 + 1 + 4);
    let live = scene.live(&aws).await;
    assert_eq!(live.tables[&scene.rich].table, rich());
    assert_eq!(live.tables[&scene.rich].owner.as_ref(), Some(&scene.desired.stack));
    let bucket = &live.buckets[&scene.bucket];
    assert!(bucket.public_access_blocked && bucket.owner_enforced && bucket.encrypted && bucket.tls_only && bucket.aborts_multipart);
    assert_eq!((bucket.bucket.expire_days, bucket.owner.as_ref()), (7, Some(&scene.desired.stack)));
}

async fn every_changeable_thing_changes_in_place(stand: &Stand) {
    let (aws, mut scene) = (stand.connect().await, Scene::new());
    scene.converge(&aws).await;
    let id = scene.live(&aws).await.tables[&scene.rich].id.clone();
    let name = scene.rich.clone();
    let table = scene.table(&name);
    table.capacity = Capacity::Provisioned(Units { read: 9, write: 6 });
    table.indexes.remove("byMail");
    table.indexes.insert("byCity".into(), index("city", Projection::Keys, FIVE));
    table.protect = false;
    table.ttl = Some("gone_at".into());
    table.stream = stand.streams_change.then_some(StreamView::Keys);
    table.tags.insert("team".into(), "other".into());
    scene.approvals.destroy.extend([
        format!("{name}/byMail"),
        format!("{name}:stream"),
        format!("{name}:ttl"),
        format!("s3://{}:expire", scene.bucket),
    ]);
    scene.desired.buckets.get_mut(&scene.bucket).expect("there").expire_days = 3;
    scene.converge(&aws).await;
    let live = scene.live(&aws).await;
    assert_eq!((&live.tables[&name].table, &live.tables[&name].id), (&scene.desired.tables[&name], &id));
}

async fn billing_mode_changes_both_ways(stand: &Stand) {
    let (aws, mut scene) = (stand.connect().await, Scene::new());
    scene.converge(&aws).await;
    let name = scene.rich.clone();
    for capacity in [Capacity::OnDemand, FIVE] {
        let table = scene.table(&name);
        table.capacity = capacity;
        table.indexes.values_mut().for_each(|i| i.capacity = capacity);
        scene.converge(&aws).await;
    }
}

async fn a_sealed_plan_survives_its_file_and_applies(stand: &Stand) {
    let (aws, scene) = (stand.connect().await, Scene::new());
    let opened = seal::open(&seal::seal(&scene.plan(&aws).await)).expect("own seal");
    assert_eq!(apply_plan(&aws, &opened).await.exit(), Exit::Pass);
    assert_stopped(&apply_plan(&aws, &opened).await, Exit::Stale);
}

async fn each_change_behind_a_plan_is_noticed_before_the_first_mutation(stand: &Stand) {
    let (aws, mut scene) = (stand.connect().await, Scene::new());
    scene.converge(&aws).await;
    let (rich, other) = (scene.rich.clone(), scene.plain.clone());
    scene.table(&other).protect = true;
    let arn = scene.live(&aws).await.tables[&rich].arn.clone();
    for kind in 0..6 {
        let plan = scene.plan(&aws).await;
        assert_eq!(steps(&plan), ["UpdateTable deletion protection on", "TagResource landfall:applied"], "before change {kind}");
        match kind {
            0 => aws.set_capacity(&rich, None, Some(Units { read: 50, write: 6 }), &BTreeMap::new()).await.expect("set"),
            1 => aws.tag_table(&arn, &BTreeMap::from([("do-not-delete".to_owned(), "1".to_owned())])).await.expect("set"),
            2 => aws.set_stream(&other, Some(StreamView::New)).await.expect("set"),
            3 => aws.expire_objects(&scene.bucket, 1, false).await.expect("set"),
            4 => _ = s3(stand).delete_public_access_block().bucket(&scene.bucket).send().await.expect("open"),
            _ => {
                aws.delete_table(&other).await.expect("deleted");
                while aws.describe_table(&other).await.expect("described").is_some() {
                    tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                }
                aws.create_table(&other, &plain(), &scene.desired.stack).await.expect("made again");
            }
        }
        assert_stopped(&apply_plan(&aws, &plan).await, Exit::Stale);
        repair(&aws, &scene, kind).await;
    }
}

/// Puts back what the test above changed, so that its next plan is again the one step.
async fn repair(aws: &Aws, scene: &Scene, kind: usize) {
    match kind {
        0 => aws.set_capacity(&scene.rich, None, Some(Units { read: 5, write: 6 }), &BTreeMap::new()).await.expect("set"),
        2 => aws.set_stream(&scene.plain, None).await.expect("set"),
        3 => aws.expire_objects(&scene.bucket, 7, false).await.expect("set"),
        4 => aws.block_public_access(&scene.bucket).await.expect("set"),
        _ => {}
    }
}

async fn what_is_not_ours_is_refused_until_adopted(stand: &Stand) {
    let (aws, mut scene) = (stand.connect().await, Scene::new());
    let name = scene.plain.clone();
    aws.create_table(&name, &plain(), "another-stack").await.expect("made");
    assert_stopped(&apply_plan(&aws, &scene.plan(&aws).await).await, Exit::Refused);
    scene.approvals.adopt.insert(name.clone());
    scene.converge(&aws).await;
    assert_eq!(scene.live(&aws).await.tables[&name].owner.as_ref(), Some(&scene.desired.stack));
}

async fn another_accounts_bucket_is_taken_and_not_absent(stand: &Stand) {
    let forbid = |call: &Call<'_>| if call.name.starts_with("HEAD") { Spoil::Status(403) } else { Spoil::Pass };
    let proxy = Proxy::start(&stand.url, forbid).await;
    let (aws, scene) = (stand.connect_by(&proxy.url).await, Scene::new());
    let error = refresh::refresh(&aws, &scene.desired.wanted(&scene.approvals), &Events::silent()).await.expect_err("not ours");
    assert!(matches!(error, refresh::Error::Taken(_)), "{error}");
}

async fn a_bucket_name_taken_between_plan_and_create_is_refused(stand: &Stand) {
    let taken = |call: &Call<'_>| if call.name == "PUT " { Spoil::Refuse("BucketAlreadyExists") } else { Spoil::Pass };
    let proxy = Proxy::start(&stand.url, taken).await;
    let (aws, mut scene) = (stand.connect_by(&proxy.url).await, Scene::new());
    scene.desired.tables.clear();
    assert_stopped(&apply_plan(&aws, &scene.plan(&aws).await).await, Exit::Refused);
}

async fn every_bucket_call_after_the_create_names_the_owner(stand: &Stand) {
    let proxy = Proxy::start(&stand.url, |_| Spoil::Pass).await;
    let (aws, scene) = (stand.connect_by(&proxy.url).await, Scene::new());
    scene.converge(&aws).await;
    let calls = proxy.bucket_calls();
    let (with, without): (Vec<_>, Vec<_>) = calls.into_iter().partition(|call| call.ends_with("owner 123456789012"));
    assert!(with.len() > 20, "{with:?}");
    assert_eq!(without, ["PUT  owner none"], "only CreateBucket has no owner to expect");
}

/// As [`rich`] is seen once the file does not speak of it: its tags are anybody's.
fn left() -> Table {
    Table { tags: BTreeMap::new(), ..rich() }
}

async fn a_table_that_left_the_file_is_kept_and_deleted_only_by_name_and_empty(stand: &Stand) {
    let (aws, mut scene) = (stand.connect().await, Scene::new());
    scene.converge(&aws).await;
    let name = scene.rich.clone();
    scene.desired.tables.remove(&name);
    assert!(scene.plan(&aws).await.is_empty());
    scene.approvals.destroy.insert(name.clone());
    let other = scene.plain.clone();
    scene.table(&other).protect = true;
    let plan = scene.plan(&aws).await;
    stand.put_item(&name).await;
    let refused = apply_plan(&aws, &plan).await;
    assert_stopped(&refused, Exit::Refused);
    let live = scene.live(&aws).await;
    assert_eq!(
        (&live.tables[&name].table, live.tables[&other].table.protect),
        (&left(), false),
        "nothing was taken off what stays, and nothing else begun"
    );
    scene.approvals.with_data = true;
    let deleted = apply_plan(&aws, &scene.plan(&aws).await).await;
    assert_eq!((deleted.exit(), deleted.report.converged), (Exit::Pass, true), "{:#?}", deleted.problems);
    assert!(!scene.live(&aws).await.tables.contains_key(&name));
}

/// It is looked into at its turn, too: an hour may lie between that and the look before the first change.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_fills_before_its_turn_keeps_its_protection() {
    let stand = Stand::embedded().await;
    let (aws, mut scene) = (stand.connect().await, Scene::new());
    scene.converge(&aws).await;
    let name = scene.rich.clone();
    scene.desired.tables.remove(&name);
    scene.approvals.destroy.insert(name.clone());
    scene.desired.buckets.get_mut(&scene.bucket).expect("there").tags.insert("new".into(), "tag".into());
    let plan = scene.plan(&aws).await;
    let filling = Stand { url: stand.url.clone(), key: stand.key.clone(), _local: None, ..stand };
    let filled = name.clone();
    let events = Events::new(move |event| {
        if matches!(&event, Event::Note(text) if text.contains("bucket")) {
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(filling.put_item(&filled)));
        }
    });
    let outcome = apply::run(&aws, &plan, &events, &options(), &Stop::never()).await;
    assert_eq!((outcome.exit(), outcome.report.done.len()), (Exit::Partial, 1), "{:#?}", outcome.problems);
    assert_eq!(scene.live(&aws).await.tables[&name].table, left());
}

async fn an_empty_table_is_deleted_after_the_scan(stand: &Stand) {
    let (aws, mut scene) = (stand.connect().await, Scene::new());
    scene.converge(&aws).await;
    let name = scene.rich.clone();
    scene.desired.tables.remove(&name);
    scene.approvals.destroy.insert(name.clone());
    assert_eq!(apply_plan(&aws, &scene.plan(&aws).await).await.exit(), Exit::Pass);
    assert!(!scene.live(&aws).await.tables.contains_key(&name));
}

async fn stop_said_before_the_start_makes_no_call(stand: &Stand) {
    let (aws, scene) = (stand.connect().await, Scene::new());
    let (stopper, stop) = Stop::new();
    stopper.stop();
    let plan = scene.plan(&aws).await;
    let outcome = apply::run(&aws, &plan, &Events::silent(), &options(), &stop).await;
    assert_stopped(&outcome, Exit::Interrupted);
    assert_eq!(scene.plan(&aws).await.calls(), plan.calls());
}

async fn forgotten_tables_of_the_stack_are_found(stand: &Stand) {
    let (aws, mut scene) = (stand.connect().await, Scene::new());
    let forgotten = format!("{}-old", scene.rich);
    scene.desired.tables.insert(forgotten.clone(), plain());
    scene.converge(&aws).await;
    scene.desired.tables.remove(&forgotten);
    let known = scene.desired.tables.keys().cloned().collect();
    let found = landfall::live::unmanaged::unmanaged(&aws, &scene.desired.stack, &known).await.expect("listed");
    assert!(found.tagged.contains(&forgotten), "{found:?}");
}

on_each_stand!(
    every_bucket_call_after_the_create_names_the_owner,
    a_bucket_name_taken_between_plan_and_create_is_refused,
    from_nothing_to_desired_and_then_nothing_is_left_to_do,
    every_changeable_thing_changes_in_place,
    billing_mode_changes_both_ways,
    a_sealed_plan_survives_its_file_and_applies,
    each_change_behind_a_plan_is_noticed_before_the_first_mutation,
    what_is_not_ours_is_refused_until_adopted,
    another_accounts_bucket_is_taken_and_not_absent,
    a_table_that_left_the_file_is_kept_and_deleted_only_by_name_and_empty,
    an_empty_table_is_deleted_after_the_scan,
    stop_said_before_the_start_makes_no_call,
    forgotten_tables_of_the_stack_are_found,
);
