//! Auto scaling that somebody else has a hand in: refused where the plan would change that side, and left alone elsewhere.

use super::{UNITS, allow, one, steps};
use crate::live::{ForeignScaling, LiveTable, Mover};
use crate::plan::samples::{desired, index, live, plan_of, seen, table};
use crate::plan::simulate::matches;
use crate::plan::{Approvals, Plan, State, Step, foreign, simulate};
use crate::resource::{Capacity, Dimension, Limits, Range, Scaling, Table};
use std::collections::BTreeMap;

/// A scheduled action on the reads of the table, or of an index.
pub(super) fn nightly(index: Option<&str>) -> ForeignScaling {
    by(index, Dimension::Read, Mover::ScheduledAction("nightly".into()))
}

fn by(index: Option<&str>, dimension: Dimension, by: Mover) -> ForeignScaling {
    ForeignScaling { index: index.map(str::to_owned), dimension, by }
}

fn range(max: u64) -> Limits {
    let range = Some(Range { min: 5, max, target: Some(70) });
    Limits { scaling: Scaling { read: range, write: range }, ..Limits::default() }
}

/// Scaled on both sides, and so is its index `a`.
fn scaled(max: u64) -> Table {
    let a = crate::resource::Index { limits: range(max), ..index("a", UNITS) };
    Table { capacity: UNITS, limits: range(max), indexes: BTreeMap::from([("a".to_owned(), a)]), ..table() }
}

fn beside(foreign_scaling: Vec<ForeignScaling>) -> LiveTable {
    LiveTable { foreign_scaling, ..live(scaled(50)) }
}

fn reasons(plan: &Plan) -> Vec<&str> {
    plan.refusals.iter().map(|refusal| refusal.reason.as_str()).collect()
}

const OF_TABLE: &str =
    "auto scaling of reads of the table has what landfall did not make and cannot put back: the scheduled action nightly";
const OF_INDEX: &str = "auto scaling of reads of index a has what landfall did not make and cannot put back: the scheduled action nightly";

#[test]
fn a_side_that_somebody_else_moves_is_not_changed() {
    let now = beside(vec![nightly(None), nightly(Some("a"))]);
    let plan = one(&scaled(60), Some(&now), &Approvals::default());
    assert_eq!((reasons(&plan), plan.calls()), (vec![OF_TABLE, OF_INDEX], 0));
    assert!(plan.refusals[0].recipe.contains("delete-scheduled-action"), "{}", plan.refusals[0].recipe);
    let mut index_alone = scaled(50);
    index_alone.indexes.insert("a".into(), crate::resource::Index { limits: range(60), ..index("a", UNITS) });
    assert_eq!(reasons(&one(&index_alone, Some(&now), &Approvals::default())), [OF_INDEX]);
}

#[test]
fn the_other_side_may_change_and_what_is_there_is_told() {
    let now = beside(vec![nightly(None)]);
    let mut want = scaled(50);
    want.limits.scaling.write = Some(Range { min: 5, max: 60, target: Some(70) });
    let plan = one(&want, Some(&now), &Approvals::default());
    assert_eq!((reasons(&plan), steps(&plan)), (vec![], vec!["RegisterScalableTarget table writes, 5 to 60".to_owned()]));
    assert_eq!(foreign::left_alone(&want, &now), [format!("{OF_TABLE}; it is left alone")]);
    assert_eq!(foreign::left_alone(&scaled(60), &now), Vec::<String>::new());
}

#[test]
fn every_way_to_take_a_target_away_is_refused() {
    let now = beside(vec![nightly(None), nightly(Some("a"))]);
    let fixed = Table { limits: Limits::default(), ..scaled(50) };
    assert_eq!(reasons(&one(&fixed, Some(&now), &Approvals::default())), [OF_TABLE], "scaling is given up");
    let without = Table { indexes: BTreeMap::new(), ..scaled(50) };
    assert_eq!(reasons(&one(&without, Some(&now), &allow(&[], &["T/a"]))), [OF_INDEX], "the index is deleted");
    let lazy = Table { indexes: BTreeMap::from([("a".to_owned(), index("a", Capacity::OnDemand))]), ..table() };
    assert_eq!(reasons(&one(&lazy, Some(&now), &Approvals::default())), [OF_TABLE, OF_INDEX], "on demand");
    let gone = plan_of(&desired([]), &seen([("T", now)]), &allow(&[], &["T"]));
    assert_eq!((reasons(&gone), gone.calls()), (vec![OF_TABLE, OF_INDEX], 0), "the table is deleted");
}

#[test]
fn a_target_that_outlived_its_index_is_in_the_way_of_the_next_one() {
    let now = LiveTable { foreign_scaling: vec![nightly(Some("a"))], ..live(Table { indexes: BTreeMap::new(), ..scaled(50) }) };
    assert_eq!(reasons(&one(&scaled(50), Some(&now), &Approvals::default())), [OF_INDEX]);
    let unscaled = Table { indexes: BTreeMap::from([("a".to_owned(), index("a", UNITS))]), ..scaled(50) };
    assert_eq!(reasons(&one(&unscaled, Some(&now), &Approvals::default())), Vec::<&str>::new());
}

/// Provisioned, without its index `a`, under whose name AWS kept `scaling`.
fn outlived(scaling: Scaling, by: Vec<ForeignScaling>) -> LiveTable {
    let bare = Table { indexes: BTreeMap::new(), ..scaled(50) };
    LiveTable { leftover: BTreeMap::from([("a".to_owned(), scaling)]), foreign_scaling: by, ..live(bare) }
}

#[test]
fn an_index_is_born_under_what_scaled_an_earlier_one() {
    let plain = Table { indexes: BTreeMap::from([("a".to_owned(), index("a", UNITS))]), ..scaled(50) };
    let calls = |want: &Table, left: Scaling| {
        let made = one(want, Some(&outlived(left, Vec::new())), &Approvals::default());
        steps(&made).into_iter().filter(|call| !call.starts_with("TagResource")).skip(1).collect::<Vec<_>>()
    };
    let (left, none) = (range(50).scaling, Scaling::default());
    assert_eq!(calls(&plain, left), ["DeregisterScalableTarget index a reads", "DeregisterScalableTarget index a writes"]);
    assert_eq!(calls(&scaled(50), left), [""; 0]);
    assert_eq!(calls(&scaled(50), none).len(), 4);
    let other = Scaling { write: None, read: range(60).scaling.read };
    let ours = calls(&scaled(50), other);
    assert_eq!(ours[..1], ["RegisterScalableTarget index a reads, 5 to 50"]);
    assert_eq!(ours[1..], ["RegisterScalableTarget index a writes, 5 to 50", "PutScalingPolicy index a writes, hold 70%"]);
}

#[test]
fn what_hangs_on_a_target_that_outlived_its_index_is_not_taken_away() {
    let plain = Table { indexes: BTreeMap::from([("a".to_owned(), index("a", UNITS))]), ..scaled(50) };
    let now = outlived(range(50).scaling, vec![nightly(Some("a"))]);
    assert_eq!(reasons(&one(&plain, Some(&now), &Approvals::default())), [OF_INDEX]);
    assert_eq!(reasons(&one(&scaled(50), Some(&now), &Approvals::default())), Vec::<&str>::new(), "nothing of that side changes");
}

#[test]
fn a_table_that_is_born_scaled_is_no_surprise_and_one_that_becomes_so_is() {
    let state = |table: LiveTable| State::Table(Some(Box::new(table)));
    let plain = Table { indexes: BTreeMap::from([("a".to_owned(), index("a", UNITS))]), capacity: UNITS, ..table() };
    let seen = LiveTable { foreign_scaling: vec![nightly(Some("a"))], ..live(scaled(50)) };
    let created = LiveTable { id: String::new(), ..live(plain.clone()) };
    assert!(matches(&state(created.clone()), &state(seen.clone())));
    assert!(!matches(&state(live(plain)), &state(LiveTable { foreign_scaling: Vec::new(), ..seen.clone() })), "it was there");
    assert!(!matches(&state(live(scaled(50))), &state(seen.clone())), "a scheduled action of somebody's");
    for other in [Table { protect: true, ..scaled(50) }, Table { indexes: BTreeMap::new(), ..scaled(50) }] {
        assert!(!matches(&state(created.clone()), &state(LiveTable { table: other, ..seen.clone() })), "nothing else may differ");
    }
    let again = LiveTable { id: "another".into(), ..live(scaled(50)) };
    assert!(!matches(&state(live(scaled(50))), &state(again)), "made anew");
}

#[test]
fn each_hand_is_named_with_the_way_to_take_it_away() {
    let hands = [
        (Mover::Policy("queue".into()), "the policy queue", "delete the policy"),
        (Mover::Policies(2), "2 policies at once", "leave one of the policies"),
        (Mover::ScheduledAction("nightly".into()), "the scheduled action nightly", "delete the scheduled action"),
        (Mover::Suspension, "a suspension", "resume scaling"),
    ];
    for (mover, name, way) in hands {
        let plan = one(&scaled(60), Some(&beside(vec![by(None, Dimension::Write, mover)])), &Approvals::default());
        let [refusal] = plan.refusals.as_slice() else { panic!("{:?}", plan.refusals) };
        assert!(refusal.reason.contains("writes of the table") && refusal.reason.ends_with(name), "{refusal:?}");
        assert!(refusal.recipe.contains(way) && refusal.recipe.ends_with("then plan again"), "{refusal:?}");
    }
    let both = beside(vec![nightly(None), by(None, Dimension::Read, Mover::Suspension)]);
    let plan = one(&scaled(60), Some(&both), &Approvals::default());
    assert_eq!(reasons(&plan), [format!("{OF_TABLE}, a suspension")]);
}

#[test]
fn a_target_takes_along_what_hangs_on_it_and_nothing_else() {
    let state = crate::plan::State::Table(Some(Box::new(beside(vec![nightly(None), nightly(Some("a"))]))));
    let after = simulate(&state, &Step::Unscale { index: None, dimension: Dimension::Read }, "T");
    assert_eq!(after.table().expect("there").foreign_scaling, [nightly(Some("a"))]);
    let other = simulate(&state, &Step::Unscale { index: None, dimension: Dimension::Write }, "T");
    assert_eq!(other.table().expect("there").foreign_scaling.len(), 2);
}
