//! What stands between a plan and its next call: a moved world, a stop, a lost lease; and what is not asked or made twice.

use crate::apply_faults::{HOUR_MS, desired, says, to_be_lowered, with_ttl_named, with_ttl_to_come};
use crate::lease_faults::{LONG, SHORT, give_to_another, move_on, take};
use crate::reconcile_faults::{FIVE, LATER, World, table, unique};
use landfall::apply::{self, Options, Outcome, Stop};
use landfall::event::{Event, Events};
use landfall::exit::Exit;
use landfall::lease::model::State;
use landfall::local::{Effect, Moment, Rule};
use landfall::plan::{Approvals, Desired, Plan};
use landfall::resource::{Capacity, Range, Units};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What was begun is over by then, and no plan is too old.
const SOON: Duration = Duration::from_mins(10);

pub(crate) fn made(world: &World, operation: &str) -> usize {
    world.local.calls().iter().filter(|call| call.operation == operation).count()
}

/// Calls `then`, once, when a note of the run contains `words`; it may wait.
pub(crate) fn at_note(words: &'static str, then: impl Fn() + Send + Sync + 'static) -> Events {
    let done = AtomicBool::new(false);
    Events::new(move |event| {
        let told = matches!(&event, Event::Note(text) if text.contains(words));
        if told && !done.swap(true, Ordering::SeqCst) {
            tokio::task::block_in_place(&then);
        }
    })
}

pub(crate) fn wait_for<T>(what: impl Future<Output = T>) -> T {
    tokio::runtime::Handle::current().block_on(what)
}

pub(crate) async fn run(world: &World, plan: &Plan, events: &Events, options: &Options, stop: &Stop) -> Outcome {
    let run = Box::pin(apply::run(&world.aws, plan, events, options, stop));
    tokio::time::timeout(Duration::from_mins(1), run).await.expect("it ends")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_that_is_too_old_is_not_even_looked_up() {
    let world = World::start().await;
    let mut plan = with_ttl_to_come(&world).await;
    plan.expires_ms = world.clock.now_ms();
    let before = world.local.calls().len();
    let outcome = world.apply(&plan).await;
    assert_eq!((outcome.exit(), world.local.calls().len()), (Exit::Stale, before), "{:#?}", outcome.problems);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_table_that_moved_keeps_every_other_from_being_changed() {
    let world = World::start().await;
    let mut wanted = desired((0..3).map(|_| (unique("gates"), table(Capacity::OnDemand, &[]))));
    world.converge(&wanted, &Approvals::default(), "made").await;
    wanted.tables.values_mut().for_each(|table| table.ttl = Some("expires".into()));
    let plan = world.plan(&wanted, &with_ttl_named(wanted.tables.keys())).await;
    world.aws.set_protection(plan.works[1].target.name(), true).await.expect("changed by hand");
    world.clock.advance(SOON);
    let before = world.writes();
    let outcome = world.apply(&plan).await;
    assert_eq!((outcome.exit(), world.writes()), (Exit::Stale, before), "{:#?}", outcome.problems);
}

/// A plan of a quiet table is of that moment: also what would help is somebody else's change.
#[tokio::test(flavor = "multi_thread")]
async fn a_step_that_somebody_else_made_is_a_change_of_the_world() {
    let world = World::start().await;
    let plan = with_ttl_to_come(&world).await;
    world.aws.set_ttl(plan.works[0].target.name(), "expires", true).await.expect("set by hand");
    world.clock.advance(SOON);
    let before = world.writes();
    let outcome = world.apply(&plan).await;
    assert_eq!((outcome.exit(), world.writes()), (Exit::Stale, before), "{:#?}", outcome.problems);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_is_announced_and_then_stopped_is_not_made() {
    let world = World::start().await;
    let plan = with_ttl_to_come(&world).await;
    let (stopper, stop) = Stop::new();
    let events = at_note("UpdateTimeToLive", move || stopper.stop());
    let outcome = run(&world, &plan, &events, &Options::default(), &stop).await;
    assert_eq!((outcome.exit(), made(&world, "UpdateTimeToLive")), (Exit::Interrupted, 0), "{:#?}", outcome.problems);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_begun_once_the_runs_time_is_up() {
    let world = World::start().await;
    let wanted = desired((0..2).map(|_| (unique("gates"), table(Capacity::OnDemand, &[]))));
    let plan = world.plan(&wanted, &Approvals::default()).await;
    world.local.faults().install(Rule::new(Effect::Delay(Duration::from_hours(2), Moment::After)).operation("CreateTable").times(1));
    let options = Options { timeout: Duration::from_hours(1), parallel: 1, ..Options::default() };
    let outcome = run(&world, &plan, &Events::silent(), &options, &Stop::never()).await;
    assert_eq!((made(&world, "CreateTable"), says(&outcome, "its turn")), (1, 1), "{:#?}", outcome.problems);
}

/// A lease that is fine has nothing to do with what AWS refuses.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_call_under_a_lease_is_told_as_itself() {
    let world = World::start().await;
    let (_, options) = leased(&world, LONG).await;
    // Not a destructive one: before that the lease is renewed.
    let (_, plan) = to_be_lowered(&world).await;
    let faults = world.local.faults();
    faults.install(Rule::refuse("AccessDeniedException").operation("UpdateTable"));
    let events = at_note("UpdateTable capacity", move || {
        faults.install(Rule::refuse("AccessDeniedException").operation("PutItem"));
    });
    let outcome = run(&world, &plan, &events, &options, &Stop::never()).await;
    assert_eq!((outcome.exit(), says(&outcome, "UpdateTable")), (Exit::Failed, 1), "{:#?}", outcome.problems);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_while_a_budget_is_waited_for_ends_the_wait() {
    let world = World::start().await;
    let (_, plan) = to_be_lowered(&world).await;
    let began = world.clock.now_ms();
    let again = jiff::Timestamp::from_millisecond(i64::try_from(began + 2 * HOUR_MS).expect("this century")).expect("a moment");
    let message = format!("Subscriber limit exceeded: Provisioned throughput decreases are limited. Next decrease can be made at {again}");
    let spent = Effect::Refuse { code: "LimitExceededException".into(), status: None, message: Some(message), at: Moment::Before };
    world.local.faults().install(Rule::new(spent).operation("UpdateTable"));
    let (stopper, stop) = Stop::new();
    let events = at_note("AWS allows this change again", move || stopper.stop());
    let outcome = run(&world, &plan, &events, &Options::default(), &stop).await;
    assert_eq!(outcome.exit(), Exit::Interrupted, "{:#?}", outcome.problems);
    assert!(world.clock.now_ms() - began < HOUR_MS);
}

/// The SDK tries eight times by itself; what the look then finds done is not tried once more.
#[tokio::test(flavor = "multi_thread")]
async fn an_effect_whose_answers_were_all_lost_is_seen_and_not_made_again() {
    for (operation, lowered) in [("UpdateTimeToLive", false), ("UpdateTable", true)] {
        let world = World::start().await;
        let plan = if lowered { to_be_lowered(&world).await.1 } else { with_ttl_to_come(&world).await };
        let before = made(&world, operation);
        world.local.faults().install(Rule::refuse_after("InternalServerError").operation(operation));
        let outcome = run(&world, &plan, &Events::silent(), &Options::default(), &Stop::never()).await;
        assert_eq!(outcome.exit(), Exit::Pass, "{operation}: {:#?}", outcome.problems);
        assert!((1..=8).contains(&(made(&world, operation) - before)), "{operation}: {}", made(&world, operation) - before);
    }
}

/// However far the pauses of other waits may grow.
#[tokio::test(flavor = "multi_thread")]
async fn what_cools_down_for_an_hour_is_tried_about_once_a_minute() {
    let world = World::start().await;
    let name = unique("gates");
    let with = |ttl: &str| landfall::resource::Table { ttl: Some(ttl.into()), ..table(Capacity::OnDemand, &[]) };
    let mut wanted = desired([(name.clone(), with("old"))]);
    world.converge(&wanted, &Approvals::default(), "made").await;
    world.clock.advance(LATER);
    wanted.tables.insert(name, with("new"));
    let (plan, before) = (world.plan(&wanted, &with_ttl_named(wanted.tables.keys())).await, made(&world, "UpdateTimeToLive"));
    let options = Options { first_poll: Duration::from_secs(1), last_poll: Duration::from_hours(1), ..Options::default() };
    let outcome = run(&world, &plan, &Events::silent(), &options, &Stop::never()).await;
    assert_eq!(outcome.exit(), Exit::Pass, "{:#?}", outcome.problems);
    assert!(made(&world, "UpdateTimeToLive") - before > 40, "{}", made(&world, "UpdateTimeToLive") - before);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_plan_leaves_alone_is_not_waited_for() {
    let world = World::start().await;
    let (moving, added, imported) = (unique("moving"), unique("gates"), unique("imported"));
    let mut wanted = desired([(moving.clone(), table(FIVE, &[]))]);
    world.converge(&wanted, &Approvals::default(), "made").await;
    wanted.tables.insert(added, table(Capacity::OnDemand, &[]));
    wanted.tables.insert(imported.clone(), table(Capacity::OnDemand, &[]));
    wanted.defer.insert(imported.clone());
    let plan = world.plan(&wanted, &Approvals::default()).await;
    world.local.faults().install(Rule::new(Effect::Status("UPDATING".into())).operation("DescribeTable").resource(&moving));
    // What the load imports may come at any time; it is the load's to judge.
    let aws = world.aws.clone();
    let events = at_note("CreateTable", move || {
        wait_for(aws.create_table(&imported, &table(Capacity::OnDemand, &[]), "another")).expect("made by hand");
    });
    let options = Options { timeout: Duration::from_mins(10), ..Options::default() };
    let outcome = run(&world, &plan, &events, &options, &Stop::never()).await;
    // Nothing is left undone; only that the other is as the stack says cannot be told.
    assert_eq!((outcome.exit(), outcome.report.unfinished.len()), (Exit::Inconclusive, 0), "{:#?}", outcome.problems);
    assert_eq!(outcome.report.creating.len(), 1, "{:#?}", outcome.problems);
    let took: Vec<f64> = outcome.report.done.iter().map(|done| done.seconds).collect();
    assert!(took[0] > 1.0, "it is told how long AWS took to make a table: {took:?}");
}

/// Part of it was answered while AWS still showed what was before: what it says is old, and nobody else's change.
#[tokio::test(flavor = "multi_thread")]
async fn a_look_that_takes_minutes_is_no_reason_to_suspect_anybody() {
    let world = World::lagging(Duration::from_secs(20)).await;
    let (_, plan) = to_be_lowered(&world).await;
    let faults = world.local.faults();
    let slow = || Rule::new(Effect::Delay(Duration::from_mins(5), Moment::Before)).operation("ListTagsOfResource").call(4);
    let events = at_note("UpdateTable capacity", move || {
        faults.install(slow());
    });
    let outcome = run(&world, &plan, &events, &Options::default(), &Stop::never()).await;
    assert_eq!((outcome.exit(), outcome.report.converged), (Exit::Pass, true), "{:#?}", outcome.problems);
    assert!(world.local.faults().installed().iter().all(|rule| rule.struck == 1), "it was never slow");
}

/// All of it is as the stack says, and nobody can use it.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_still_being_created_or_cannot_be_read_is_no_pass_though_the_plan_leaves_it_alone() {
    let world = World::start().await;
    let wanted = desired([(unique("gates"), table(FIVE, &[]))]);
    let plan = world.converge(&wanted, &Approvals::default(), "made").await;
    for (status, exit, words) in [
        ("CREATING", Exit::Inconclusive, "table is CREATING"),
        ("UPDATING", Exit::Inconclusive, "table is UPDATING"),
        ("INACCESSIBLE_ENCRYPTION_CREDENTIALS", Exit::Refused, "it is INACCESSIBLE_ENCRYPTION_CREDENTIALS"),
    ] {
        world.local.faults().install(Rule::new(Effect::Status(status.into())).operation("DescribeTable"));
        let outcome = run(&world, &plan, &Events::silent(), &Options::default(), &Stop::never()).await;
        assert_eq!((outcome.exit(), outcome.report.converged, says(&outcome, words)), (exit, false, 1), "{:#?}", outcome.problems);
        let old = outcome.problems.iter().any(|p| p.help.as_deref().is_some_and(|help| help.contains("it shows what was before")));
        assert_eq!(old, status == "UPDATING", "{:#?}", outcome.problems);
        let creating = outcome.report.creating.len();
        assert_eq!((creating, outcome.report.unfinished.len()), (usize::from(exit == Exit::Inconclusive), 0));
        let seen = world.plan(&wanted, &Approvals::default()).await;
        assert_eq!((seen.calls(), seen.refusals.len()), (0, usize::from(exit == Exit::Refused)));
        world.local.faults().clear();
    }
    world.local.faults().install(Rule::refuse("TableNotFoundException").operation("DescribeContinuousBackups"));
    let unread = run(&world, &plan, &Events::silent(), &Options::default(), &Stop::never()).await;
    assert_eq!((unread.exit(), says(&unread, "recovery is not readable yet")), (Exit::Inconclusive, 1), "{:#?}", unread.problems);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_goes_out_of_reach_while_it_is_waited_for_ends_the_wait() {
    let world = World::start().await;
    let (_, plan) = to_be_lowered(&world).await;
    let faults = world.local.faults();
    let ill = || Rule::new(Effect::Status("REPLICATION_NOT_AUTHORIZED".into())).operation("DescribeTable");
    let events = at_note("UpdateTable capacity", move || {
        faults.install(ill());
    });
    let began = world.clock.now_ms();
    let outcome = run(&world, &plan, &events, &Options::default(), &Stop::never()).await;
    assert_eq!((outcome.exit(), says(&outcome, "REPLICATION_NOT_AUTHORIZED")), (Exit::Partial, 1), "{:#?}", outcome.problems);
    assert!(world.clock.now_ms() - began < HOUR_MS);
}

/// Registering a range moves nothing at that moment: what is below it is lifted some seconds later, by AWS.
#[tokio::test(flavor = "multi_thread")]
async fn a_range_over_the_capacity_of_the_moment_is_waited_for() {
    let world = World::start().await;
    let name = unique("gates");
    let scaled = |min, max| {
        let mut table = table(Capacity::Provisioned(Units { read: min, write: 6 }), &[]);
        table.limits.scaling.read = Some(Range { min, max, target: Some(70) });
        desired([(name.clone(), table)])
    };
    let units = async || world.aws.describe_table(&name).await.expect("told").and_then(|t| t.units).map(|units| units.read);
    let first = scaled(5, 8);
    world.converge(&first, &Approvals::default(), "made").await;
    world.clock.advance(LATER);
    let over = Desired { stack: first.stack, ..scaled(10, 20) };
    world.converge(&over, &Approvals::default(), "moved").await;
    assert_eq!(units().await, Some(10), "and not only told so");
}

/// A world with the table of leases, and options that ask a lease of the plan's stack.
async fn leased(world: &World, lease: Duration) -> (String, Options) {
    let moving = move_on(world);
    let stack = unique("stack");
    let taken = take(world, &stack, lease).await.expect("taken");
    moving.abort();
    (stack, Options { lease: Some(taken), ..Options::default() })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_not_destroyed_on_a_lease_that_another_has() {
    let world = World::start().await;
    let (stack, options) = leased(&world, LONG).await;
    let name = unique("gates");
    let wanted = Desired { stack, ..desired([(name.clone(), table(Capacity::OnDemand, &[]))]) };
    world.converge(&wanted, &Approvals::default(), "made").await;
    let approvals = Approvals { destroy: [name].into(), ..Approvals::default() };
    let gone = Desired { tables: BTreeMap::new(), ..wanted };
    let plan = world.plan(&gone, &approvals).await;
    give_to_another(&world, &gone.stack, State::Held).await;
    let outcome = run(&world, &plan, &Events::silent(), &options, &Stop::never()).await;
    assert_eq!((outcome.exit(), made(&world, "DeleteTable")), (Exit::Locked, 0), "{:#?}", outcome.problems);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_world_that_moved_under_another_runs_lease_is_told_as_a_lost_lease() {
    let world = World::start().await;
    let (stack, options) = leased(&world, LONG).await;
    let plan = with_ttl_to_come(&world).await;
    world.aws.set_protection(plan.works[0].target.name(), true).await.expect("changed");
    world.clock.advance(SOON);
    let stale = run(&world, &plan, &Events::silent(), &options, &Stop::never()).await;
    assert_eq!((stale.exit(), says(&stale, "protect")), (Exit::Stale, 1), "the lease is ours: {:#?}", stale.problems);
    give_to_another(&world, &stack, State::Held).await;
    let lost = run(&world, &plan, &Events::silent(), &options, &Stop::never()).await;
    assert_eq!((lost.exit(), says(&lost, "elsewhere")), (Exit::Locked, 1), "{:#?}", lost.problems);
}

/// The last call is made; that its effect is ours alone can no longer be said.
#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_is_lost_in_the_last_wait_ends_it() {
    let world = Arc::new(World::lagging(Duration::from_secs(30)).await);
    let (stack, options) = leased(&world, SHORT).await;
    let wanted = Desired { stack, ..desired([(unique("gates"), table(Capacity::OnDemand, &[]))]) };
    let plan = world.plan(&wanted, &Approvals::default()).await;
    assert_eq!(plan.calls(), 1, "no call follows the wait");
    let lease = options.lease.clone().expect("taken");
    let (shared, name) = (Arc::clone(&world), wanted.stack.clone());
    let events = at_note("reads to show the change", move || {
        wait_for(give_to_another(&shared, &name, State::Held));
        wait_for(async {
            while lease.lost().is_none() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
    });
    let outcome = run(&world, &plan, &events, &options, &Stop::never()).await;
    assert_eq!((outcome.exit(), says(&outcome, "elsewhere")), (Exit::Locked, 1), "{:#?}", outcome.problems);
}
