//! What ends a wait or a repetition of apply: refused credentials, a spent budget, a table that says it is busy, a fault that lasts.

use crate::reconcile_faults::{FIVE, LATER, World, table, unique};
use landfall::apply::{self, Options, Outcome, Stop};
use landfall::event::Events;
use landfall::exit::Exit;
use landfall::local::{Effect, Moment, Rule};
use landfall::plan::{Approvals, Desired, Plan};
use landfall::resource::{Capacity, Limits, Range, Scaling, Table, Units};
use std::collections::BTreeMap;
use std::time::Duration;

pub(crate) const HOUR_MS: u64 = 3_600_000;

pub(crate) fn desired(tables: impl IntoIterator<Item = (String, Table)>) -> Desired {
    Desired { stack: unique("stack"), digest: "d".into(), tables: tables.into_iter().collect(), ..Desired::default() }
}

/// A table that is there, and the plan of one `UpdateTable` that lowers its capacity.
pub(crate) async fn to_be_lowered(world: &World) -> (Desired, Plan) {
    let name = unique("faults");
    let mut wanted = desired([(name.clone(), table(FIVE, &[]))]);
    Box::pin(world.converge(&wanted, &Approvals::default(), "made")).await;
    world.clock.advance(LATER);
    wanted.tables.get_mut(&name).expect("its table").capacity = Capacity::Provisioned(Units { read: 4, write: 6 });
    let plan = Box::pin(world.plan(&wanted, &Approvals::default())).await;
    assert!(plan.works[0].steps[0].step.to_string().contains("capacity"), "{}", plan.works[0].steps[0].step);
    (wanted, plan)
}

fn updates(world: &World) -> usize {
    world.local.calls().iter().filter(|call| call.operation == "UpdateTable").count()
}

pub(crate) fn says(outcome: &Outcome, words: &str) -> usize {
    outcome.problems.iter().filter(|problem| problem.message.contains(words)).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn once_the_credentials_are_refused_no_other_table_is_begun_or_looked_at() {
    let world = World::start().await;
    let wanted = desired((0..3).map(|_| (unique("faults"), table(Capacity::OnDemand, &[]))));
    let plan = Box::pin(world.plan(&wanted, &Approvals::default())).await;
    world.local.faults().install(Rule::refuse("ExpiredTokenException").operation("CreateTable"));
    let options = Options { parallel: 1, ..Options::default() };
    let outcome = Box::pin(apply::run(&world.aws, &plan, &Events::silent(), &options, &Stop::never())).await;
    assert_eq!((outcome.exit(), says(&outcome, "not begun, because the credentials were refused")), (Exit::Failed, 2));
    let calls: Vec<String> = world.local.calls().into_iter().map(|call| call.operation).collect();
    assert_eq!(calls.iter().filter(|name| *name == "CreateTable").count(), 1);
    assert_eq!(calls.last().map(String::as_str), Some("CreateTable"), "nothing is called after it");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spent_budget_is_waited_for_where_it_comes_back_in_time_and_told_where_it_does_not() {
    for (hours, exit) in [(2, Exit::Pass), (30, Exit::Partial)] {
        let world = World::start().await;
        let (_, plan) = to_be_lowered(&world).await;
        let began = world.clock.now_ms();
        let again = i64::try_from(began + hours * HOUR_MS).expect("this century");
        let again = jiff::Timestamp::from_millisecond(again).expect("a moment");
        let message =
            format!("Subscriber limit exceeded: Provisioned throughput decreases are limited. Next decrease can be made at {again}");
        let spent = Effect::Refuse { code: "LimitExceededException".into(), status: None, message: Some(message), at: Moment::Before };
        world.local.faults().install(Rule::new(spent).operation("UpdateTable").times(10));
        let before = updates(&world);
        let outcome = Box::pin(world.apply(&plan)).await;
        assert_eq!(outcome.exit(), exit, "{:#?}", outcome.problems);
        let waited = world.clock.now_ms() - began;
        if exit == Exit::Pass {
            assert!((hours * HOUR_MS..(hours + 1) * HOUR_MS).contains(&waited), "{waited}");
        } else {
            // The SDK repeats by itself what it takes for a throttle.
            assert!(says(&outcome, "it can go on at") == 1 && (1..=10).contains(&(updates(&world) - before)));
            assert!(waited < HOUR_MS, "told at once: {waited}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quiet_table_that_says_it_is_busy_is_asked_again_for_a_while_and_not_for_ever() {
    let world = World::start().await;
    let (wanted, plan) = to_be_lowered(&world).await;
    world.local.faults().install(Rule::refuse("ResourceInUseException").operation("UpdateTable"));
    let began = world.clock.now_ms();
    let outcome = Box::pin(world.apply(&plan)).await;
    assert_eq!((outcome.exit(), says(&outcome, "ResourceInUseException")), (Exit::Failed, 1), "{:#?}", outcome.problems);
    let lasted = world.clock.now_ms() - began;
    assert!((60_000..HOUR_MS).contains(&lasted), "longer than reads lag, and no longer than that takes: {lasted}");
    world.local.faults().clear();
    world.local.faults().install(Rule::refuse("ResourceInUseException").operation("UpdateTable").times(2));
    Box::pin(world.converge(&wanted, &Approvals::default(), "busy twice")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_quota_ends_the_run_at_once_and_a_limit_in_unknown_words_soon_in_the_words_of_aws() {
    for (words, at_least) in [("This request would have caused the ReadCapacityUnits limit to be exceeded", 0), ("Another limit", 60_000)] {
        let world = World::start().await;
        let (_, plan) = to_be_lowered(&world).await;
        let message = Some(words.to_owned());
        let over = Effect::Refuse { code: "LimitExceededException".into(), status: None, message, at: Moment::Before };
        world.local.faults().install(Rule::new(over).operation("UpdateTable"));
        let began = world.clock.now_ms();
        let outcome = Box::pin(world.apply(&plan)).await;
        assert_eq!((outcome.exit(), says(&outcome, words)), (Exit::Failed, 1), "{:#?}", outcome.problems);
        let lasted = world.clock.now_ms() - began;
        assert!((at_least..HOUR_MS).contains(&lasted), "{words}: {lasted}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_lasts_is_tried_a_few_times_and_not_for_ever() {
    let world = World::start().await;
    let (_, plan) = to_be_lowered(&world).await;
    world.local.faults().install(Rule::refuse("InternalServerError").operation("UpdateTable"));
    let (before, began) = (updates(&world), world.clock.now_ms());
    let outcome = Box::pin(world.apply(&plan)).await;
    assert_eq!(outcome.exit(), Exit::Failed, "{:#?}", outcome.problems);
    assert!(world.clock.now_ms() - began < HOUR_MS);
    // Five tries, each with the SDK's own repetitions.
    assert!((5..=50).contains(&(updates(&world) - before)), "{}", updates(&world) - before);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_after_the_effect_is_seen_to_have_landed_unless_nobody_may_look() {
    for (code, exit) in [("ValidationException", Exit::Pass), ("AccessDeniedException", Exit::Failed)] {
        let world = World::start().await;
        let plan = with_ttl_to_come(&world).await;
        world.local.faults().install(Rule::refuse_after(code).operation("UpdateTimeToLive").times(1));
        let outcome = Box::pin(world.apply(&plan)).await;
        assert_eq!(outcome.exit(), exit, "{code}: {:#?}", outcome.problems);
    }
}

/// Leave for a TTL in these tables.
pub(crate) fn with_ttl_named<'a>(tables: impl IntoIterator<Item = &'a String>) -> Approvals {
    Approvals { destroy: tables.into_iter().map(|name| format!("{name}:ttl")).collect(), ..Approvals::default() }
}

/// The plan of a table that is there and gets a TTL.
pub(crate) async fn with_ttl_to_come(world: &World) -> Plan {
    let name = unique("faults");
    let mut wanted = desired([(name.clone(), table(Capacity::OnDemand, &[]))]);
    Box::pin(world.converge(&wanted, &Approvals::default(), "made")).await;
    wanted.tables.get_mut(&name).expect("its table").ttl = Some("expires".into());
    Box::pin(world.plan(&wanted, &with_ttl_named([&name]))).await
}

/// The time of the whole run, not of one wait.
#[tokio::test(flavor = "multi_thread")]
async fn a_cooldown_that_does_not_end_ends_with_the_runs_time() {
    let world = World::start().await;
    let plan = with_ttl_to_come(&world).await;
    let message = Some("Time to live has been modified multiple times within a fixed interval".to_owned());
    let cools = Effect::Refuse { code: "ValidationException".into(), status: None, message, at: Moment::Before };
    world.local.faults().install(Rule::new(cools).operation("UpdateTimeToLive"));
    let began = world.clock.now_ms();
    let options = Options { timeout: Duration::from_mins(10), ..Options::default() };
    let (events, stop) = (Events::silent(), Stop::never());
    let run = Box::pin(apply::run(&world.aws, &plan, &events, &options, &stop));
    let outcome = tokio::time::timeout(Duration::from_mins(1), run).await.expect("it ends");
    assert_eq!((outcome.exit(), says(&outcome, "time is up")), (Exit::Failed, 1), "{:#?}", outcome.problems);
    assert!(world.clock.now_ms() - began <= 600_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_name_that_somebody_took_is_refused_by_name() {
    let world = World::start().await;
    let name = unique("faults");
    let bucket = landfall::resource::Bucket { name: name.clone(), expire_days: 7, tags: BTreeMap::new(), versioning: false, kms_key: None };
    let wanted = Desired { buckets: BTreeMap::from([(name, bucket)]), ..desired([]) };
    let plan = Box::pin(world.plan(&wanted, &Approvals::default())).await;
    world.local.faults().install(Rule::refuse("BucketAlreadyExists").operation("CreateBucket"));
    let outcome = Box::pin(world.apply(&plan)).await;
    assert_eq!((outcome.exit(), says(&outcome, "belongs to another account")), (Exit::Refused, 1), "{:#?}", outcome.problems);
}

/// A table that somebody is changing when the plan is made; the plan is to set its TTL.
async fn in_motion(world: &World) -> (String, Plan) {
    let (wanted, _) = to_be_lowered(world).await;
    let (name, mut table) = wanted.tables.into_iter().next().expect("its table");
    let lowered = Units { read: 4, write: 6 };
    world.aws.set_capacity(&name, None, Some(lowered), &BTreeMap::new()).await.expect("begun by hand");
    table.ttl = Some("expires".into());
    let wanted = Desired { stack: wanted.stack, ..desired([(name.clone(), table)]) };
    let plan = Box::pin(world.plan(&wanted, &with_ttl_named([&name]))).await;
    assert!(!plan.works[0].before.busy().is_empty() && plan.calls() > 0, "{:#?}", plan.works);
    (name, plan)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_in_motion_when_the_plan_was_made_is_waited_for_and_not_for_ever() {
    let world = World::start().await;
    let (_, plan) = in_motion(&world).await;
    let outcome = Box::pin(world.apply(&plan)).await;
    assert_eq!((outcome.exit(), outcome.report.converged), (Exit::Pass, true), "{:#?}", outcome.problems);
    let world = World::start().await;
    let (_, plan) = in_motion(&world).await;
    world.local.faults().install(Rule::new(Effect::Status("UPDATING".into())).operation("DescribeTable"));
    let options = Options { timeout: Duration::from_mins(10), ..Options::default() };
    let (events, stop) = (Events::silent(), Stop::never());
    let run = Box::pin(apply::run(&world.aws, &plan, &events, &options, &stop));
    let outcome = tokio::time::timeout(Duration::from_mins(1), run).await.expect("it ends");
    assert_eq!((outcome.exit(), says(&outcome, "time is up")), (Exit::Failed, 1), "{:#?}", outcome.problems);
}

/// What a killed run began comes true by itself: a step that is seen to be done is not a stranger's change.
#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_came_true_after_the_plan_was_made_is_not_made_again() {
    let world = World::start().await;
    let (name, plan) = in_motion(&world).await;
    world.clock.advance(Duration::from_mins(10));
    world.aws.set_ttl(&name, "expires", true).await.expect("set");
    world.clock.advance(Duration::from_mins(10));
    let outcome = Box::pin(world.apply(&plan)).await;
    assert_eq!((outcome.exit(), outcome.report.converged), (Exit::Pass, true), "{:#?}", outcome.problems);
    let made = world.local.calls().iter().filter(|call| call.operation == "UpdateTimeToLive").count();
    assert_eq!(made, 1, "by hand, and not again");
}

/// The call failed, and before the look that tells whether it took effect somebody else changed the table.
#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_change_beside_a_failed_call_is_stale_and_no_reason_to_call_again() {
    let world = World::start().await;
    let plan = with_ttl_to_come(&world).await;
    world.local.faults().install(Rule::refuse("InternalServerError").operation("UpdateTimeToLive"));
    let (aws, name, clock) = (world.aws.clone(), plan.works[0].target.name().to_owned(), world.clock.clone());
    let done = std::sync::atomic::AtomicBool::new(false);
    let events = Events::new(move |event| {
        let failed = matches!(&event, landfall::event::Event::Note(text) if text.contains("another look after a failed call"));
        if failed && !done.swap(true, std::sync::atomic::Ordering::SeqCst) {
            let change = async { aws.set_protection(&name, true).await.expect("changed by hand") };
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(change));
            clock.advance(Duration::from_mins(10));
        }
    });
    let (options, stop) = (Options::default(), Stop::never());
    let outcome = Box::pin(apply::run(&world.aws, &plan, &events, &options, &stop)).await;
    assert_eq!((outcome.exit(), says(&outcome, "protect")), (Exit::Stale, 1), "{:#?}", outcome.problems);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tags_of_a_table_that_stays_are_denied_once_and_for_all() {
    let world = World::start().await;
    let plan = with_ttl_to_come(&world).await;
    let (began, faults) = (world.clock.now_ms(), world.local.faults());
    let events = Events::new(move |event| {
        if matches!(&event, landfall::event::Event::Note(text) if text.contains("UpdateTimeToLive")) {
            faults.install(Rule::refuse("AccessDeniedException").operation("ListTagsOfResource"));
        }
    });
    let outcome = Box::pin(apply::run(&world.aws, &plan, &events, &Options::default(), &Stop::never())).await;
    assert_eq!((outcome.exit(), says(&outcome, "AccessDeniedException")), (Exit::Partial, 1), "{:#?}", outcome.problems);
    assert!(world.clock.now_ms() - began < 30_000, "nothing is waited for");
}

/// Reads scaled, of the table and of its index, as a stack asks for it.
fn scaled(read: bool) -> Table {
    let range = read.then_some(Range { min: 5, max: 50, target: Some(70) });
    let limits = Limits { scaling: Scaling { read: range, write: None }, ..Limits::default() };
    let mut table = Table { limits, ..table(FIVE, &["a"]) };
    table.indexes.values_mut().for_each(|index| index.limits = limits);
    table
}

/// AWS keeps the auto scaling of an index or a table that is gone, and what is made anew under the name is scaled from its first moment.
#[tokio::test(flavor = "multi_thread")]
async fn scaling_that_outlived_its_index_or_its_table_is_nobodys_change() {
    for (whole, scales) in [(false, true), (false, false), (true, true)] {
        let world = World::start().await;
        let name = unique("faults");
        let wanted = desired([(name.clone(), scaled(true))]);
        Box::pin(world.converge(&wanted, &Approvals::default(), "made")).await;
        if whole {
            world.aws.delete_table(&name).await.expect("deleted");
        } else {
            world.aws.delete_index(&name, "by-a").await.expect("deleted");
        }
        world.clock.advance(LATER);
        let mut again = Desired { tables: BTreeMap::from([(name.clone(), scaled(true))]), ..wanted };
        if !scales {
            again.tables.get_mut(&name).and_then(|table| table.indexes.get_mut("by-a")).expect("its index").limits = Limits::default();
        }
        Box::pin(world.converge(&again, &Approvals::default(), &format!("again: whole {whole}, scaled {scales}"))).await;
    }
}

/// Of a table that is not there nobody asks what scales it: what is left over is told at the end, and the next plan takes it away.
#[tokio::test(flavor = "multi_thread")]
async fn scaling_that_outlived_its_table_and_is_wanted_no_more_is_the_next_plans() {
    let world = World::start().await;
    let name = unique("faults");
    let wanted = desired([(name.clone(), scaled(true))]);
    Box::pin(world.converge(&wanted, &Approvals::default(), "made")).await;
    world.aws.delete_table(&name).await.expect("deleted");
    world.clock.advance(LATER);
    let fixed = Desired { tables: BTreeMap::from([(name.clone(), scaled(false))]), ..wanted };
    let plan = Box::pin(world.plan(&fixed, &Approvals::default())).await;
    let outcome = Box::pin(world.apply(&plan)).await;
    assert_eq!((outcome.exit(), says(&outcome, "DeregisterScalableTarget")), (Exit::Partial, 1), "{:#?}", outcome.problems);
    Box::pin(world.converge(&fixed, &Approvals::default(), "again")).await;
}
