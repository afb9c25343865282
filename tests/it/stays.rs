//! What stays when a run ends on the way: a table that was to be deleted, an index that is still being filled, a read that was behind.

use crate::apply_faults::{desired, says, with_ttl_to_come};
use crate::apply_gates::{at_note, made, run, wait_for};
use crate::reconcile_faults::{FIVE, World, table, unique};
use landfall::apply::{Options, Stop};
use landfall::event::{Event, Events};
use landfall::exit::Exit;
use landfall::local::Rule;
use landfall::mapping::{Attribute, Item};
use landfall::plan::{Approvals, Desired, Plan};
use landfall::resource::{Capacity, Limits, Range, Scaling, Table, Units};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A protected table with auto scaling, and the plan of its deletion.
async fn to_be_deleted(world: &World) -> (String, Desired, Plan) {
    let name = unique("stays");
    let side = Some(Range { min: 5, max: 50, target: Some(70) });
    let limits = Limits { scaling: Scaling { read: side, write: None }, ..Limits::default() };
    let guarded = Table { protect: true, limits, ..table(FIVE, &[]) };
    let wanted = desired([(name.clone(), guarded)]);
    world.converge(&wanted, &Approvals::default(), "made").await;
    let approvals = Approvals { destroy: [name.clone()].into(), ..Approvals::default() };
    let plan = world.plan(&Desired { tables: BTreeMap::new(), ..wanted.clone() }, &approvals).await;
    (name, wanted, plan)
}

async fn is_protected(world: &World, wanted: &Desired, name: &str) -> bool {
    world.live(wanted, &Approvals::default()).await.tables.get(name).expect("it is there").table.protect
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_whose_deletion_is_refused_gets_its_protection_back_and_what_it_lost_is_told() {
    let world = World::start().await;
    let (name, wanted, plan) = to_be_deleted(&world).await;
    world.local.faults().install(Rule::refuse("AccessDeniedException").operation("DeleteTable"));
    let outcome = run(&world, &plan, &Events::silent(), &Options::default(), &Stop::never()).await;
    assert_eq!((outcome.exit(), says(&outcome, "AccessDeniedException")), (Exit::Partial, 1), "{:#?}", outcome.problems);
    world.clock.advance(Duration::from_mins(5));
    assert!(is_protected(&world, &wanted, &name).await, "{outcome:#?}");
    let told = &outcome.problems[0].message;
    assert!(
        told.contains("without what was taken off for its deletion (") && told.contains("Deregister") && !told.contains("protection"),
        "{told}"
    );
    let last = outcome.report.done.last().expect("calls");
    assert!(last.call.contains("protection"), "{last:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_item_that_comes_before_the_last_call_keeps_the_table_and_its_protection() {
    let world = Arc::new(World::start().await);
    let (name, wanted, plan) = to_be_deleted(&world).await;
    let (shared, table) = (Arc::clone(&world), name.clone());
    let events = at_note("DeleteTable", move || {
        let item = Item::from([("pk".to_owned(), Attribute::S("late".into()))]);
        wait_for(shared.aws.batch_write(&table, &[&item])).expect("written");
    });
    let outcome = run(&world, &plan, &events, &Options::default(), &Stop::never()).await;
    assert_eq!((outcome.exit(), says(&outcome, "it has items")), (Exit::Partial, 1), "{:#?}", outcome.problems);
    world.clock.advance(Duration::from_mins(5));
    assert!(is_protected(&world, &wanted, &name).await && made(&world, "DeleteTable") == 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_was_really_taken_off_is_told() {
    let world = World::start().await;
    let (_, _, plan) = to_be_deleted(&world).await;
    world.local.faults().install(Rule::refuse("AccessDeniedException").operation("UpdateTable"));
    let outcome = run(&world, &plan, &Events::silent(), &Options::default(), &Stop::never()).await;
    assert_eq!(says(&outcome, "taken off for its deletion (DeregisterScalableTarget table reads):"), 1, "{:#?}", outcome.problems);
}

/// The answer was a refusal, and the table is on its way.
#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_was_made_all_the_same_is_not_said_to_be_undone() {
    let world = World::start().await;
    let (_, _, plan) = to_be_deleted(&world).await;
    world.local.faults().install(Rule::refuse_after("AccessDeniedException").operation("DeleteTable"));
    let outcome = run(&world, &plan, &Events::silent(), &Options::default(), &Stop::never()).await;
    assert_eq!((outcome.exit(), says(&outcome, "taken off")), (Exit::Partial, 0), "{:#?}", outcome.problems);
    // Nor is one that reads do not show yet.
    let world = World::lagging(Duration::from_secs(30)).await;
    let (_, _, plan) = to_be_deleted(&world).await;
    let (stopper, stop) = Stop::new();
    let told = AtomicBool::new(false);
    let events = Events::new(move |event| {
        if let Event::Note(text) = event {
            told.fetch_or(text.contains("DeleteTable"), Ordering::SeqCst);
            if told.load(Ordering::SeqCst) && text.contains("waiting") {
                stopper.stop();
            }
        }
    });
    let outcome = run(&world, &plan, &events, &Options::default(), &stop).await;
    assert_eq!((outcome.exit(), made(&world, "DeleteTable")), (Exit::Interrupted, 1), "{:#?}", outcome.problems);
    assert_eq!(says(&outcome, "taken off"), 0, "{:#?}", outcome.problems);
}

/// Its answer was lost, and Ctrl-C ended the doubt.
#[tokio::test(flavor = "multi_thread")]
async fn a_guard_that_went_without_an_answer_is_told_too() {
    let world = World::start().await;
    let (name, wanted, plan) = to_be_deleted(&world).await;
    world.local.faults().install(Rule::refuse_after("InternalServerError").operation("UpdateTable"));
    let (stopper, stop) = Stop::new();
    let events = at_note("another look", move || stopper.stop());
    let outcome = run(&world, &plan, &events, &Options::default(), &stop).await;
    assert_eq!((outcome.exit(), says(&outcome, "deletion protection off")), (Exit::Interrupted, 1), "{:#?}", outcome.problems);
    world.clock.advance(Duration::from_mins(5));
    assert!(!is_protected(&world, &wanted, &name).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_table_that_had_no_guard_nothing_is_said_to_be_off() {
    let world = World::start().await;
    let name = unique("stays");
    let wanted = desired([(name.clone(), table(Capacity::OnDemand, &[]))]);
    world.converge(&wanted, &Approvals::default(), "made").await;
    let approvals = Approvals { destroy: [name].into(), ..Approvals::default() };
    let plan = world.plan(&Desired { tables: BTreeMap::new(), ..wanted }, &approvals).await;
    world.local.faults().install(Rule::refuse("AccessDeniedException").operation("DeleteTable"));
    let outcome = run(&world, &plan, &Events::silent(), &Options::default(), &Stop::never()).await;
    assert_eq!((outcome.exit(), says(&outcome, "taken off")), (Exit::Failed, 0), "{:#?}", outcome.problems);
}

/// What somebody else is at work on is told, and left alone.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_another_changes_in_the_middle_gets_no_call_more() {
    let world = Arc::new(World::start().await);
    let (name, wanted, plan) = to_be_deleted(&world).await;
    world.local.faults().install(Rule::refuse("InternalServerError").operation("DeleteTable"));
    let (shared, arn) = (Arc::clone(&world), world.aws.table_arn(&name));
    let events = at_note("DeleteTable", move || {
        wait_for(shared.aws.tag_table(&arn, &BTreeMap::from([("by".to_owned(), "hand".to_owned())]))).expect("tagged");
        shared.clock.advance(Duration::from_mins(5));
    });
    let outcome = run(&world, &plan, &events, &Options::default(), &Stop::never()).await;
    assert_eq!((outcome.exit(), says(&outcome, "deletion protection off")), (Exit::Stale, 1), "{:#?}", outcome.problems);
    assert!(!is_protected(&world, &wanted, &name).await && made(&world, "UpdateTable") == 1);
}

/// Somebody has made another of the same name, in the middle.
#[tokio::test(flavor = "multi_thread")]
async fn another_table_of_the_name_is_not_touched() {
    let world = Arc::new(World::start().await);
    let (name, wanted, plan) = to_be_deleted(&world).await;
    let (shared, table_name, owner) = (Arc::clone(&world), name.clone(), wanted.stack.clone());
    let events = at_note("DeleteTable", move || {
        wait_for(async {
            shared.aws.delete_table(&table_name).await.expect("deleted by hand");
            shared.clock.advance(Duration::from_mins(5));
            shared.aws.create_table(&table_name, &table(Capacity::OnDemand, &[]), &owner).await.expect("made by hand");
            shared.clock.advance(Duration::from_mins(5));
            shared.local.faults().install(Rule::refuse("InternalServerError").operation("DeleteTable"));
        });
    });
    let outcome = run(&world, &plan, &events, &Options::default(), &Stop::never()).await;
    assert_eq!((outcome.exit(), says(&outcome, "taken off")), (Exit::Stale, 0), "{:#?}", outcome.problems);
    assert!(!is_protected(&world, &wanted, &name).await);
}

/// The file says that it is off.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_stays_by_the_file_gets_back_no_protection_that_the_file_took_off() {
    let world = World::start().await;
    let name = unique("stays");
    let mut wanted = desired([(name.clone(), Table { protect: true, ..table(Capacity::OnDemand, &[]) })]);
    world.converge(&wanted, &Approvals::default(), "made").await;
    wanted.tables.insert(name.clone(), table(Capacity::OnDemand, &[]));
    let plan = world.plan(&wanted, &Approvals::default()).await;
    world.local.faults().install(Rule::refuse("AccessDeniedException").operation("TagResource"));
    let outcome = run(&world, &plan, &Events::silent(), &Options::default(), &Stop::never()).await;
    assert!(outcome.report.done.iter().any(|done| done.call.contains("protection off")), "{:#?}", outcome.report.done);
    assert_eq!((outcome.exit(), says(&outcome, "taken off")), (Exit::Partial, 0), "{:#?}", outcome.problems);
    world.clock.advance(Duration::from_mins(5));
    assert!(!is_protected(&world, &wanted, &name).await);
}

/// No mutation is begun after Ctrl-C, this one neither; but nobody would miss the protection.
#[tokio::test(flavor = "multi_thread")]
async fn a_deletion_that_is_stopped_before_its_last_call_says_that_the_protection_is_off() {
    let world = World::start().await;
    let (name, wanted, plan) = to_be_deleted(&world).await;
    let (stopper, stop) = Stop::new();
    let events = at_note("DeleteTable", move || stopper.stop());
    let outcome = run(&world, &plan, &events, &Options::default(), &stop).await;
    assert_eq!((outcome.exit(), made(&world, "DeleteTable")), (Exit::Interrupted, 0), "{:#?}", outcome.problems);
    assert!(!is_protected(&world, &wanted, &name).await);
    assert!(outcome.problems[0].message.contains("protection"), "{:#?}", outcome.problems);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_detaches_waits_for_no_index_and_does_what_else_there_is() {
    let world = World::start().await;
    let (filled, other) = (unique("stays"), unique("stays"));
    let mut wanted = desired([(filled.clone(), table(Capacity::OnDemand, &["made"])), (other.clone(), table(FIVE, &[]))]);
    let options = Options { detach: true, ..Options::default() };
    let (events, never) = (Events::silent(), Stop::never());
    let plan = world.plan(&wanted, &Approvals::default()).await;
    let outcome = run(&world, &plan, &events, &options, &never).await;
    assert_eq!(
        (outcome.exit(), outcome.report.converged),
        (Exit::Pass, true),
        "a new table's index is not filled: {:#?}",
        outcome.problems
    );
    wanted.tables.insert(filled, table(Capacity::OnDemand, &["made", "a", "b"]));
    wanted.tables.get_mut(&other).expect("its table").capacity = Capacity::Provisioned(Units { read: 7, write: 6 });
    let soon = Duration::from_mins(10);
    // Both calls; none, as the first index is still being filled; the second index.
    for (calls, later) in [(2, Duration::ZERO), (0, soon), (1, soon)] {
        let plan = world.plan(&wanted, &Approvals::default()).await;
        let (began, before) = (world.clock.now_ms(), made(&world, "UpdateTable"));
        let outcome = run(&world, &plan, &events, &options, &never).await;
        let told = says(&outcome, "left while AWS is at work: table is UPDATING, index by-");
        assert_eq!((outcome.exit(), told, outcome.problems.len()), (Exit::Partial, 1, 1), "{:#?}", outcome.problems);
        assert_eq!(made(&world, "UpdateTable") - before, calls);
        assert!(world.clock.now_ms() - began < 60_000);
        world.clock.advance(later);
    }
    world.converge(&wanted, &Approvals::default(), "waited for").await;
}

/// Tags, settings and descriptions are read apart, and each may be a moment behind.
#[tokio::test(flavor = "multi_thread")]
async fn after_a_failed_call_reads_that_do_not_agree_yet_are_waited_for() {
    let world = Arc::new(World::start().await);
    let plan = with_ttl_to_come(&world).await;
    let name = plan.works[0].target.name().to_owned();
    world.local.faults().install(Rule::refuse("ResourceInUseException").operation("UpdateTimeToLive").times(1));
    let set = |on: bool| {
        let (world, name) = (Arc::clone(&world), name.clone());
        move || {
            wait_for(world.aws.set_protection(&name, on)).expect("set");
            world.clock.advance(Duration::from_secs(20));
        }
    };
    let (differs, agrees) = (at_note("UpdateTimeToLive", set(true)), at_note("reads to agree", set(false)));
    let events = Events::new(move |event| {
        differs.send(event.clone());
        agrees.send(event);
    });
    let outcome = run(&world, &plan, &events, &Options::default(), &Stop::never()).await;
    assert_eq!((outcome.exit(), outcome.report.converged), (Exit::Pass, true), "{:#?}", outcome.problems);
}

/// AWS raises it by itself with the load; the floor of the plan is not reached, and nobody else moved.
#[tokio::test(flavor = "multi_thread")]
async fn warm_throughput_that_rose_after_the_plan_is_no_reason_to_plan_again() {
    let world = World::start().await;
    let name = unique("stays");
    let mut wanted = desired([(name.clone(), table(Capacity::OnDemand, &[]))]);
    world.converge(&wanted, &Approvals::default(), "made").await;
    let floor = |read: u64| Some(Units { read, write: 5_000 });
    let warm = |read| Table { limits: Limits { warm: floor(read), ..Limits::default() }, ..table(Capacity::OnDemand, &[]) };
    wanted.tables.insert(name.clone(), warm(20_000));
    let plan = world.plan(&wanted, &Approvals::default()).await;
    assert_eq!(plan.calls(), 1, "{:#?}", plan.works);
    world.aws.raise_warm(&name, None, floor(15_000).expect("units")).await.expect("raised");
    world.clock.advance(Duration::from_mins(30));
    let outcome = run(&world, &plan, &Events::silent(), &Options::default(), &Stop::never()).await;
    assert_eq!((outcome.exit(), outcome.report.converged), (Exit::Pass, true), "{:#?}", outcome.problems);
}

/// Nobody can look into a table that is being made.
#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_still_being_made_is_looked_into_once_it_is_there() {
    let world = World::start().await;
    let (name, wanted) = (unique("stays"), desired([]));
    world.aws.create_table(&name, &table(Capacity::OnDemand, &[]), &wanted.stack).await.expect("made");
    let approvals = Approvals { destroy: [name].into(), ..Approvals::default() };
    let plan = world.plan(&wanted, &approvals).await;
    assert!(!plan.works[0].before.busy().is_empty(), "{:#?}", plan.works);
    let outcome = run(&world, &plan, &Events::silent(), &Options::default(), &Stop::never()).await;
    assert_eq!((outcome.exit(), outcome.report.converged), (Exit::Pass, true), "{:#?}", outcome.problems);
}
