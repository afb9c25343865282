//! The rules of single cases, one test each: order here; refusals, records, buckets and buckets that go in their own files.

mod bounds;
mod buckets;
mod budgets;
mod foreign;
mod leaving;
mod records;
mod refusals;

use crate::live::{Live, LiveTable};
use crate::plan::order::is_applied;
use crate::plan::samples::{desired, index, live, plan_of, seen, table};
use crate::plan::{Approvals, Desired, Plan, Planned, Step};
use crate::resource::{Capacity, Index, Limits, Maximum, Range, Scaling, StreamView, Table, Units};
use std::collections::{BTreeMap, BTreeSet};

fn one(want: &Table, live: Option<&LiveTable>, approvals: &Approvals) -> Plan {
    let live = live.map(|l| ("T", l.clone()));
    plan_of(&desired([("T", want.clone())]), &seen(live), approvals)
}

/// The calls, without the last of each table that only says that all is done (see the test of that).
fn steps(plan: &Plan) -> Vec<String> {
    let record = |step: &&Planned| !matches!(&step.step, Step::Tag { tags } if is_applied(tags));
    plan.works.iter().flat_map(|w| w.steps.iter().filter(record).map(|s| s.step.to_string())).collect()
}

fn allow(adopt: &[&str], destroy: &[&str]) -> Approvals {
    let set = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
    Approvals { adopt: set(adopt), destroy: set(destroy), ..Approvals::default() }
}

const UNITS: Capacity = Capacity::Provisioned(Units { read: 5, write: 5 });

#[test]
fn a_new_table_is_one_create_with_all_its_indexes_then_recovery_and_ttl() {
    let indexes = BTreeMap::from([("a".to_owned(), index("a", Capacity::OnDemand)), ("b".to_owned(), index("b", Capacity::OnDemand))]);
    let want = Table { indexes, ttl: Some("e".into()), recovery: Some(7), stream: Some(StreamView::New), protect: true, ..table() };
    let plan = one(&want, None, &Approvals::default());
    assert_eq!(steps(&plan), ["CreateTable with 2 global indexes", "UpdateContinuousBackups on, 7 days", "UpdateTimeToLive on, e"]);
}

#[test]
fn on_demand_to_provisioned_carries_every_index_in_one_call() {
    let both = |capacity| Table {
        capacity,
        indexes: BTreeMap::from([("a".to_owned(), index("a", capacity)), ("b".to_owned(), index("b", capacity))]),
        ..table()
    };
    let plan = one(&both(UNITS), Some(&live(both(Capacity::OnDemand))), &Approvals::default());
    assert_eq!(
        steps(&plan),
        ["UpdateTable capacity: provisioned; table 5 read, 5 write; index a 5 read, 5 write; index b 5 read, 5 write"]
    );
}

#[test]
fn only_changed_capacity_is_sent() {
    let with = |read| {
        let index_capacity = Capacity::Provisioned(Units { read, write: 5 });
        Table {
            capacity: UNITS,
            indexes: BTreeMap::from([("a".to_owned(), index("a", index_capacity)), ("b".to_owned(), index("b", UNITS))]),
            ..table()
        }
    };
    let plan = one(&with(9), Some(&live(with(5))), &Approvals::default());
    assert_eq!(steps(&plan), ["UpdateTable capacity: index a 9 read, 5 write"]);
}

#[test]
fn a_ttl_attribute_changes_by_off_then_on_with_the_cooldown_in_the_estimate() {
    let with = |ttl: &str| Table { ttl: Some(ttl.into()), ..table() };
    let plan = one(&with("new"), Some(&live(with("old"))), &Approvals::default());
    assert_eq!(steps(&plan), ["UpdateTimeToLive off, old", "UpdateTimeToLive on, new"]);
    assert_eq!(plan.works[0].steps[1].seconds, (1800, 3660));
}

#[test]
fn a_stream_view_changes_by_off_then_on_once_it_is_named() {
    let with = |view| Table { stream: Some(view), ..table() };
    let plan = one(&with(StreamView::Both), Some(&live(with(StreamView::Keys))), &allow(&[], &["T:stream"]));
    assert_eq!(steps(&plan), ["UpdateTable stream off", "UpdateTable stream on, new and old images"]);
    assert!(plan.works[0].steps[0].destructive);
}

#[test]
fn deletes_come_before_creates_and_one_index_a_call() {
    let with =
        |names: &[&str]| Table { indexes: names.iter().map(|n| ((*n).to_owned(), index(n, Capacity::OnDemand))).collect(), ..table() };
    let plan = one(&with(&["c", "d"]), Some(&live(with(&["a", "b"]))), &allow(&[], &["T/a", "T/b"]));
    let shown = steps(&plan);
    assert_eq!(shown[..2], ["UpdateTable delete index a", "UpdateTable delete index b"]);
    assert!(shown[2].starts_with("UpdateTable create index c (c:S"));
    assert!(shown[3].starts_with("UpdateTable create index d (d:S"));
    assert!(plan.works[0].steps[0].destructive && !plan.works[0].steps[2].destructive);
}

#[test]
fn a_deferred_table_is_shown_and_left_to_the_import_and_finished_after_it() {
    let want = Table { ttl: Some("e".into()), recovery: Some(35), protect: true, ..table() };
    let desired = Desired { defer: BTreeSet::from(["T".to_owned()]), ..desired([("T", want.clone())]) };
    let plan = plan_of(&desired, &Live::default(), &Approvals::default());
    assert_eq!((plan.calls(), plan.is_empty()), (0, false));
    assert_eq!(plan.works[0].change.as_ref().and_then(|c| c.note.as_deref()), Some("created by the import"));
    let imported = LiveTable { owner: None, ..live(table()) };
    let taken_over = allow(&["T"], &[]);
    let after = plan_of(&desired, &seen([("T", imported)]), &Approvals { imported: taken_over.adopt.clone(), ..taken_over });
    assert_eq!(
        steps(&after),
        [
            "TagResource landfall:stack",
            "UpdateTable deletion protection on",
            "UpdateContinuousBackups on, 35 days",
            "UpdateTimeToLive on, e"
        ]
    );
}

#[test]
fn an_index_that_goes_lets_go_of_its_targets_first_and_so_does_a_table_that_leaves_provisioned_mode() {
    let range = Some(Range { min: 5, max: 50, target: Some(70) });
    let limits = Limits { scaling: Scaling { read: range, write: None }, ..Limits::default() };
    let mut now = Table { capacity: UNITS, limits, indexes: BTreeMap::from([("a".to_owned(), index("a", UNITS))]), ..table() };
    if let Some(index) = now.indexes.get_mut("a") {
        index.limits = limits;
    }
    let plan = one(&table(), Some(&live(now.clone())), &allow(&[], &["T/a"]));
    assert_eq!(
        steps(&plan),
        [
            "DeregisterScalableTarget table reads",
            "DeregisterScalableTarget index a reads",
            "UpdateTable delete index a",
            "UpdateTable capacity: on-demand"
        ]
    );
    let gone = plan_of(&desired([]), &seen([("T", live(now))]), &allow(&[], &["T"]));
    assert_eq!(
        steps(&gone),
        [
            "DeregisterScalableTarget table reads",
            "DeregisterScalableTarget index a reads",
            "DeleteTable, after a consistent scan has found it empty"
        ]
    );
}

#[test]
fn a_side_that_is_high_enough_or_scaled_is_not_sent() {
    let warm = |read, write| Limits { warm: Some(Units { read, write }), ..Limits::default() };
    let with = |limits| Table { limits, ..table() };
    let raise = one(&with(warm(5000, 9000)), Some(&live(with(warm(5000, 4000)))), &Approvals::default());
    assert_eq!(steps(&raise), ["UpdateTable warm throughput of the table: 9000 write"]);
    let scaling = Scaling { read: Some(Range { min: 5, max: 50, target: Some(70) }), write: None };
    let scaled = |write| Table {
        capacity: Capacity::Provisioned(Units { read: 5, write }),
        limits: Limits { scaling, ..Limits::default() },
        ..table()
    };
    let grow = one(&scaled(9), Some(&live(scaled(5))), &Approvals::default());
    assert_eq!(steps(&grow), ["UpdateTable capacity: table 9 write (reads are scaled)"]);
}

#[test]
fn a_target_that_lost_its_policy_gets_it_and_nothing_else() {
    let with = |target| {
        let scaling = Scaling { read: None, write: Some(Range { min: 5, max: 50, target }) };
        Table { capacity: UNITS, limits: Limits { scaling, ..Limits::default() }, ..table() }
    };
    let plan = one(&with(Some(70)), Some(&live(with(None))), &Approvals::default());
    assert_eq!(steps(&plan), ["PutScalingPolicy table writes, hold 70%"]);
}

#[test]
fn a_scaled_side_below_its_range_is_lifted_to_its_least() {
    let range = |min| Some(Range { min, max: 50, target: Some(70) });
    let limits = Limits { scaling: Scaling { read: range(5), write: range(8) }, ..Limits::default() };
    let with = |read, write| {
        let capacity = Capacity::Provisioned(Units { read, write });
        Table { capacity, limits, indexes: BTreeMap::from([("a".to_owned(), Index { limits, ..index("a", capacity) })]), ..table() }
    };
    let lift = |read, write| steps(&one(&with(5, 8), Some(&live(with(read, write))), &Approvals::default()));
    assert_eq!(
        lift(1, 8),
        ["UpdateTable capacity: table 5 read (writes are scaled); index a 5 read (writes are scaled)"],
        "what auto scaling has in its range is its own"
    );
    assert_eq!(lift(1, 1), ["UpdateTable capacity: table 5 read, 8 write; index a 5 read, 8 write"]);
    assert_eq!(lift(5, 8), Vec::<String>::new());
}

#[test]
fn maximums_are_cleared_before_on_demand_is_left_and_set_after_it_is_reached() {
    let limits = Limits { maximum: Maximum { read: Some(100), write: None }, ..Limits::default() };
    let capped = Table { limits, ..table() };
    let fixed = Table { capacity: UNITS, ..table() };
    let leave = one(&fixed, Some(&live(capped.clone())), &Approvals::default());
    assert_eq!(
        steps(&leave),
        [
            "UpdateTable on-demand maximum: table unlimited read, unlimited write",
            "UpdateTable capacity: provisioned; table 5 read, 5 write"
        ]
    );
    let reach = one(&capped, Some(&live(fixed)), &Approvals::default());
    assert_eq!(steps(&reach), ["UpdateTable capacity: on-demand", "UpdateTable on-demand maximum: table 100 read, unlimited write"]);
}

#[test]
fn twenty_indexes_are_exchanged_without_ever_being_twenty_one() {
    let with =
        |from: usize| Table { indexes: (from..from + 20).map(|n| (format!("i{n}"), index("a", Capacity::OnDemand))).collect(), ..table() };
    let names: Vec<String> = (0..20).map(|n| format!("T/i{n}")).collect();
    let approvals = allow(&[], &names.iter().map(String::as_str).collect::<Vec<_>>());
    let plan = one(&with(20), Some(&live(with(0))), &approvals);
    assert_eq!(steps(&plan).len(), 40);
    assert!(steps(&plan)[..20].iter().all(|s| s.contains("delete index")));
}
