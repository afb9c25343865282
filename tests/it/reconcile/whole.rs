//! Whole runs: from nothing to desired, from there to something else, and everything that must be refused.

use super::*;
use landfall::plan::{Plan, seal};

fn steps(plan: &Plan) -> Vec<String> {
    plan.works.iter().flat_map(|w| w.steps.iter().map(|s| s.step.to_string())).collect()
}

/// One problem with this exit, and nothing done.
fn assert_stopped(outcome: &Outcome, exit: Exit) {
    assert_eq!((outcome.exit(), outcome.report.done.len()), (exit, 0), "{:#?}", outcome.problems);
}

#[tokio::test]
async fn from_nothing_to_desired_and_then_nothing_is_left_to_do() {
    let (aws, scene) = (connect(&moto()).await, Scene::new());
    let outcome = scene.converge(&aws).await;
    assert_eq!(outcome.report.done.len(), 7 + 1 + 3);
    let live = scene.live(&aws).await;
    assert_eq!(live.tables[&scene.rich].table, rich());
    assert_eq!(live.tables[&scene.rich].owner.as_ref(), Some(&scene.desired.stack));
    let bucket = &live.buckets[&scene.bucket];
    assert!(bucket.public_access_blocked && bucket.owner_enforced && bucket.encrypted && bucket.tls_only && bucket.aborts_multipart);
    assert_eq!((bucket.bucket.expire_days, bucket.owner.as_ref()), (7, Some(&scene.desired.stack)));
}

#[tokio::test]
async fn every_changeable_thing_changes_in_place() {
    let (aws, mut scene) = (connect(&moto()).await, Scene::new());
    scene.converge(&aws).await;
    let id = scene.live(&aws).await.tables[&scene.rich].id.clone();
    let name = scene.rich.clone();
    let table = scene.table(&name);
    table.capacity = Capacity::Provisioned(Units { read: 9, write: 6 });
    table.indexes.remove("byMail");
    table.indexes.insert("byCity".into(), index("city", Projection::Keys, FIVE));
    table.protect = false;
    table.ttl = Some("gone_at".into());
    table.stream = Some(StreamView::Keys);
    table.tags.insert("team".into(), "other".into());
    scene.approvals.destroy.insert(format!("{name}/byMail"));
    scene.desired.buckets.get_mut(&scene.bucket).expect("there").expire_days = 3;
    scene.converge(&aws).await;
    let live = scene.live(&aws).await;
    assert_eq!((&live.tables[&name].table, &live.tables[&name].id), (&scene.desired.tables[&name], &id));
}

#[tokio::test]
async fn billing_mode_changes_both_ways() {
    let (aws, mut scene) = (connect(&moto()).await, Scene::new());
    scene.converge(&aws).await;
    let name = scene.rich.clone();
    for capacity in [Capacity::OnDemand, FIVE] {
        let table = scene.table(&name);
        table.capacity = capacity;
        table.indexes.values_mut().for_each(|i| i.capacity = capacity);
        scene.converge(&aws).await;
    }
}

#[tokio::test]
async fn a_sealed_plan_survives_its_file_and_applies() {
    let (aws, scene) = (connect(&moto()).await, Scene::new());
    let opened = seal::open(&seal::seal(&scene.plan(&aws).await)).expect("own seal");
    assert_eq!(apply_plan(&aws, &opened).await.exit(), Exit::Pass);
    assert_stopped(&apply_plan(&aws, &opened).await, Exit::Stale);
}

#[tokio::test]
async fn each_change_behind_a_plan_is_noticed_before_the_first_mutation() {
    let (aws, mut scene) = (connect(&moto()).await, Scene::new());
    scene.converge(&aws).await;
    let (rich, plain) = (scene.rich.clone(), scene.plain.clone());
    scene.table(&plain).protect = true;
    let arn = scene.live(&aws).await.tables[&rich].arn.clone();
    for kind in 0..5 {
        let plan = scene.plan(&aws).await;
        assert_eq!(steps(&plan), ["UpdateTable deletion protection on"], "before change {kind}");
        match kind {
            0 => aws.set_capacity(&rich, None, Some(Units { read: 50, write: 6 }), &BTreeMap::new()).await.expect("set"),
            1 => aws.tag_table(&arn, &BTreeMap::from([("do-not-delete".to_owned(), "1".to_owned())])).await.expect("set"),
            2 => aws.set_stream(&plain, Some(StreamView::New)).await.expect("set"),
            3 => aws.expire_objects(&scene.bucket, 1).await.expect("set"),
            _ => {
                aws.delete_table(&plain).await.expect("deleted");
                aws.create_table(&plain, &super::plain(), &scene.desired.stack).await.expect("made again");
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
        3 => aws.expire_objects(&scene.bucket, 7).await.expect("set"),
        _ => {}
    }
}

#[tokio::test]
async fn what_is_not_ours_is_refused_until_adopted() {
    let (aws, mut scene) = (connect(&moto()).await, Scene::new());
    let name = scene.plain.clone();
    aws.create_table(&name, &plain(), "another-stack").await.expect("made");
    assert_stopped(&apply_plan(&aws, &scene.plan(&aws).await).await, Exit::Refused);
    scene.approvals.adopt.insert(name.clone());
    scene.converge(&aws).await;
    assert_eq!(scene.live(&aws).await.tables[&name].owner.as_ref(), Some(&scene.desired.stack));
}

#[tokio::test]
async fn another_accounts_bucket_is_taken_and_not_absent() {
    let aws = connect(&moto()).await;
    let scene = Scene::new();
    scene.converge(&aws).await;
    let proxy = super::proxy::Proxy::start(&moto(), "x-moto-account-id: 210987654321", |_, _| super::proxy::Spoil::Pass).await;
    let other = connect(&proxy.url).await;
    assert_eq!(other.identity().account, "210987654321");
    let error = refresh::refresh(&other, &scene.desired.wanted(&scene.approvals), &Events::silent()).await.expect_err("not ours");
    assert!(matches!(error, refresh::Error::Taken(_)), "{error}");
}

#[tokio::test]
async fn a_table_that_left_the_file_is_kept_and_deleted_only_by_name_and_empty() {
    let (aws, mut scene) = (connect(&moto()).await, Scene::new());
    scene.converge(&aws).await;
    let name = scene.rich.clone();
    scene.desired.tables.remove(&name);
    assert!(scene.plan(&aws).await.is_empty());
    let item = format!(r#"{{"TableName":"{name}","Item":{{"pk":{{"S":"a"}},"sk":{{"N":"1"}}}}}}"#);
    super::proxy::post(&moto(), "PutItem", &item).await;
    scene.approvals.destroy.insert(name.clone());
    let refused = apply_plan(&aws, &scene.plan(&aws).await).await;
    assert_eq!(refused.exit(), Exit::Refused, "{:#?}", refused.problems);
    assert!(scene.live(&aws).await.tables.contains_key(&name));
    scene.approvals.with_data = true;
    let deleted = apply_plan(&aws, &scene.plan(&aws).await).await;
    assert_eq!((deleted.exit(), deleted.report.converged), (Exit::Pass, true), "{:#?}", deleted.problems);
    assert!(!scene.live(&aws).await.tables.contains_key(&name));
}

#[tokio::test]
async fn an_empty_table_is_deleted_after_the_scan() {
    let (aws, mut scene) = (connect(&moto()).await, Scene::new());
    scene.converge(&aws).await;
    let name = scene.rich.clone();
    scene.desired.tables.remove(&name);
    scene.approvals.destroy.insert(name.clone());
    assert_eq!(apply_plan(&aws, &scene.plan(&aws).await).await.exit(), Exit::Pass);
    assert!(!scene.live(&aws).await.tables.contains_key(&name));
}

#[tokio::test]
async fn stop_said_before_the_start_makes_no_call() {
    let (aws, scene) = (connect(&moto()).await, Scene::new());
    let (stopper, stop) = Stop::new();
    stopper.stop();
    let plan = scene.plan(&aws).await;
    let outcome = apply::run(&aws, &plan, &Events::silent(), &options(), &stop).await;
    assert_stopped(&outcome, Exit::Interrupted);
    assert_eq!(scene.plan(&aws).await.calls(), plan.calls());
}

#[tokio::test]
async fn forgotten_tables_of_the_stack_are_found() {
    let (aws, mut scene) = (connect(&moto()).await, Scene::new());
    scene.converge(&aws).await;
    let forgotten = scene.plain.clone();
    scene.desired.tables.remove(&forgotten);
    let known = scene.desired.tables.keys().cloned().collect();
    let (found, _) = refresh::unmanaged(&aws, &scene.desired.stack, &known).await.expect("listed");
    assert!(found.contains(&forgotten), "{found:?}");
}
