//! What a plan is bound to, and what an apply leaves on the table.

use super::one;
use crate::live::{Holder, LiveTable};
use crate::plan::samples::{live, table};
use crate::plan::simulate::{matches, simulate};
use crate::plan::{Approvals, Plan, Side, State, Step, diff};
use crate::resource::{ADOPTED, APPLIED_TAG, Capacity, Insights, Limits, Policy, Range, Scaling, Table, Units};
use std::collections::BTreeMap;

#[test]
fn a_recreated_table_is_not_the_one_that_was_planned() {
    let state = |id: &str| State::Table(Some(Box::new(LiveTable { id: id.into(), ..live(table()) })));
    assert!(matches(&state("a"), &state("a")) && !matches(&state("a"), &state("b")) && matches(&state(""), &state("b")));
    assert_ne!(diff::digest(&state("a")), diff::digest(&state("b")));
}

#[test]
fn the_tag_that_records_an_apply_is_the_last_call_or_part_of_a_create_that_nothing_follows() {
    let last = |plan: &Plan| plan.works[0].steps.iter().map(|s| s.step.clone()).next_back();
    let tags = BTreeMap::from([(APPLIED_TAG.to_owned(), diff::applied(&table()))]);
    match last(&one(&table(), None, &Approvals::default())) {
        Some(Step::CreateTable { table, .. }) => assert_eq!(table.tags, tags),
        other => panic!("{other:?}"),
    }
    let untold = one(&table(), Some(&live(table())), &Approvals::default());
    assert_eq!((last(&untold), untold.calls(), untold.works[0].change.is_none()), (Some(Step::Tag { tags }), 1, true));
    let want = Table { ttl: Some("e".into()), ..table() };
    match last(&one(&want, None, &Approvals::default())) {
        Some(Step::Tag { tags }) => assert_eq!(tags[APPLIED_TAG], diff::applied(&want)),
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_side_that_moved_is_told_by_the_tag() {
    let old = table();
    let new = Table { protect: true, ..table() };
    let of = |want: &Table, now: &Table, applied: Option<&Table>| {
        diff::side(want, &LiveTable { applied: applied.map(diff::applied), ..live(now.clone()) })
    };
    assert_eq!(of(&new, &old, Some(&old)), Side::File);
    assert_eq!(of(&old, &new, Some(&old)), Side::Live);
    assert_eq!(of(&old, &new, Some(&Table { ttl: Some("e".into()), ..table() })), Side::Both);
    assert_eq!(of(&old, &new, None), Side::Unknown);
    let adopted = LiveTable { applied: Some(ADOPTED.into()), ..live(old) };
    assert_eq!(diff::side(&new, &adopted), Side::Unknown, "no apply was finished on it");
}

#[test]
fn what_the_file_begins_to_manage_without_a_difference_is_no_change_of_either_side() {
    let off = Table { policy: Some(Policy::Off), insights: Some(Insights::Off), ..table() };
    let warm = Table { limits: Limits { warm: Some(Units { read: 1, write: 1 }), ..Limits::default() }, ..table() };
    assert_eq!(diff::applied(&off), diff::applied(&table()));
    assert_eq!(diff::applied(&warm), diff::applied(&table()));
    assert_ne!(diff::applied(&Table { insights: Some(Insights::All), ..table() }), diff::applied(&table()));
}

#[test]
fn counters_are_no_part_of_what_a_plan_is_bound_to_and_everything_else_is() {
    let state = |live: LiveTable| State::Table(Some(Box::new(live)));
    let was = state(live(table()));
    let mut counted = live(table());
    counted.usage.decreases.insert(String::new(), (3, 9));
    counted.busy = vec!["table is UPDATING".into()];
    counted.trouble.replicas = vec!["the replica in eu-west-1 is REGION_DISABLED".into()];
    assert_eq!(diff::digest(&state(counted.clone())), diff::digest(&was));
    assert!(matches(&was, &state(counted)));
    let moved = [
        LiveTable { applied: Some("x".into()), ..live(table()) },
        LiveTable { holder: Some(Holder::Terraform("x".into())), ..live(table()) },
        LiveTable { replicas: vec!["eu-west-1".into()], ..live(table()) },
        LiveTable { foreign_scaling: vec![super::foreign::nightly(None)], ..live(table()) },
        LiveTable { foreign_tags: BTreeMap::from([("a".to_owned(), "b".to_owned())]), ..live(table()) },
        LiveTable { owner: None, ..live(table()) },
    ];
    for moved in moved {
        let moved = state(moved);
        assert!(!matches(&was, &moved) && diff::digest(&moved) != diff::digest(&was));
        assert_eq!(diff::between(&was, &moved).len(), 1);
    }
}

#[test]
fn any_other_setting_or_none_at_all_is_not_what_was_predicted() {
    let state = |table: Table| State::Table(Some(Box::new(live(table))));
    assert!(!matches(&state(table()), &state(Table { protect: true, ..table() })));
    assert!(!matches(&State::Table(None), &state(table())) && !matches(&state(table()), &State::Table(None)));
    assert!(matches(&State::Table(None), &State::Table(None)));
}

#[test]
fn a_tag_of_the_stack_leaves_the_record_of_the_last_apply_and_a_table_after_a_step_is_at_rest() {
    let busy = LiveTable { applied: Some("x".into()), busy: vec!["table is UPDATING".into()], ..live(table()) };
    let tag = Step::Tag { tags: BTreeMap::from([("team".to_owned(), "a".to_owned())]) };
    let after = simulate(&State::Table(Some(Box::new(busy))), &tag, "T");
    let after = after.table().expect("there");
    assert_eq!((after.applied.as_deref(), after.owner.as_deref(), after.busy.is_empty()), (Some("x"), Some("s"), true));
}

#[test]
fn capacity_that_auto_scaling_moved_is_no_change_of_either_side() {
    let scaling =
        Scaling { read: Some(Range { min: 5, max: 50, target: Some(70) }), write: Some(Range { min: 5, max: 50, target: Some(70) }) };
    let at = |read, write| {
        let limits = Limits { scaling, ..Limits::default() };
        diff::applied(&Table { capacity: Capacity::Provisioned(Units { read, write }), limits, ..table() })
    };
    assert_eq!((at(5, 5), at(5, 5)), (at(17, 5), at(5, 17)));
    assert!(at(4, 5) != at(5, 5) && at(5, 4) != at(5, 5), "below its range it was somebody else");
}

#[test]
fn a_plan_is_good_for_a_day() {
    let plan = one(&table(), None, &Approvals::default());
    assert_eq!(plan.expires_ms - plan.created_ms, 24 * 3600 * 1000);
}
