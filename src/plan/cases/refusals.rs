//! What is not done, and what a person has to say first.

use super::{UNITS, allow, one, steps};
use crate::live::{Holder, Live, LiveTable, Usage};
use crate::plan::samples::{all_approvals, desired, index, key, live, plan_of, seen, table};
use crate::plan::{Approvals, Desired, Goal, Plan, State, Step, Target, Wish, risk};
use crate::resource::{
    ADOPTED, APPLIED_TAG, Capacity, Encryption, Index, Key, Limits, LocalIndex, Maximum, Projection, Range, Scaling, Table, Units,
};
use std::collections::{BTreeMap, BTreeSet};

fn refusal_texts(plan: &Plan) -> String {
    let lines: Vec<_> = plan.refusals.iter().map(|r| format!("{}: {}\n  {}", r.target, r.reason, r.recipe)).collect();
    lines.join("\n")
}

#[test]
fn each_refusal_names_the_cause_and_the_way_on() {
    let indexes = |name: &str, attribute: &str| BTreeMap::from([(name.to_owned(), index(attribute, Capacity::OnDemand))]);
    let now = Table { indexes: indexes("a", "x"), recovery: Some(35), ..table() };
    let removed = one(&Table { recovery: Some(7), ..table() }, Some(&live(now.clone())), &Approvals::default());
    insta::assert_snapshot!(refusal_texts(&removed), @r"
    table T: index a is not in the file, and removing an index is destructive
      --destroy T/a removes it; or put it into the file
    table T: point-in-time recovery would go from 35 days to 7 days: older recovery points are lost
      keep `recovery` in the file as it is live, or allow it with --destroy T:recovery
    ");
    let reshaped = Table { indexes: indexes("a", "y"), key: key("other"), ..now.clone() };
    insta::assert_snapshot!(refusal_texts(&one(&reshaped, Some(&live(now.clone())), &all_approvals())), @r"
    table T: its key is pk:S and would have to be other:S; DynamoDB cannot change a key
      give the table a new name in the file, load and validate it there, move the readers, then --destroy the old one
    table T: index a is (x:S; all attributes) and would have to be (y:S; all attributes); an index cannot be changed in place
      add the new index under a new name beside a, apply, move the readers, then drop a from the file with --destroy T/a
    ");
    let local = LocalIndex { key: Key { sort: key("z").partition, ..key("pk") }, projection: Projection::Keys };
    let with_local = Table { locals: BTreeMap::from([("l".to_owned(), local)]), ..now.clone() };
    let foreign = LiveTable { owner: Some("other".into()), ..live(now) };
    insta::assert_snapshot!(refusal_texts(&one(&with_local, Some(&foreign), &Approvals::default())), @r#"
    table T: it exists and has the tag of the stack "other"
      --adopt T takes it over as it is and changes what the plan shows; or choose another name
    table T: its local indexes differ from the file's
      local indexes are made with their table and stay: put the live ones into the file, or give the table a new name and load it again
    "#);
}

/// Whatever is approved: without its leases, two runs could change one stack at once.
#[test]
fn the_table_of_leases_is_neither_managed_nor_adopted_nor_destroyed() {
    let leases = crate::resource::LEASE_TABLE;
    let there = seen([(leases, LiveTable { owner: None, ..live(table()) })]);
    let approvals = Approvals { with_data: true, ..allow(&[leases], &[leases]) };
    for (live, tables) in [(Live::default(), vec![leases]), (there.clone(), vec![leases]), (there, vec![])] {
        let plan = plan_of(&desired(tables.into_iter().map(|name| (name, table()))), &live, &approvals);
        assert!(plan.calls() == 0 && plan.refusals[0].reason.contains("landfall's own leases"), "{:?}", plan.refusals);
    }
}

#[test]
fn a_ttl_over_what_came_before_it_needs_the_word_and_in_a_table_that_is_just_being_made_it_does_not() {
    let with = |ttl: Option<&str>| Table { ttl: ttl.map(Into::into), ..table() };
    let refused = |want: Option<&str>, now: LiveTable, approvals: &Approvals| {
        let plan = one(&with(want), Some(&now), approvals);
        assert!(plan.refusals.is_empty() || plan.calls() == 0);
        plan.refusals.iter().any(|r| r.recipe.contains("--destroy T:ttl"))
    };
    let adopted = allow(&["T"], &[]);
    let imported = Approvals { imported: adopted.adopt.clone(), ..adopted.clone() };
    for (owner, applied, approvals, needed) in [
        (Some("s"), None, &adopted, false),
        (Some("s"), Some("a digest"), &adopted, true),
        (Some("s"), Some(ADOPTED), &adopted, true),
        (Some("other"), None, &adopted, true),
        (None, None, &adopted, true),
        (None, None, &imported, false),
        (None, Some("a digest"), &imported, true),
    ] {
        let now = |ttl| LiveTable { owner: owner.map(Into::into), applied: applied.map(Into::into), ..live(with(ttl)) };
        let on = [None, Some("old")].map(|before| refused(Some("new"), now(before), approvals));
        assert_eq!(on, [needed; 2], "{owner:?} {applied:?} {approvals:?}");
        assert!(!refused(Some("new"), now(Some("new")), approvals) && !refused(None, now(Some("old")), approvals));
    }
    let used = LiveTable { usage: Usage { in_use: true, ..Usage::default() }, ..live(table()) };
    assert!(refused(Some("new"), used, &Approvals::default()), "nobody finished it, and it holds what came since");
}

#[test]
fn a_table_that_is_taken_over_is_marked_until_its_plan_is_finished_and_one_that_this_stack_imported_is_not() {
    let foreign = LiveTable { owner: None, ..live(table()) };
    let first = |live: &LiveTable, imported: bool| {
        let adopted = allow(&["T"], &["T:ttl"]);
        let imported = if imported { adopted.adopt.clone() } else { BTreeSet::new() };
        let plan = one(&Table { ttl: Some("e".into()), ..table() }, Some(live), &Approvals { imported, ..adopted });
        let destructive: Vec<bool> = plan.works[0].steps.iter().map(|s| s.destructive).collect();
        let Step::Tag { tags } = &plan.works[0].steps[0].step else { panic!("{plan:?}") };
        (tags.get(APPLIED_TAG).cloned(), destructive, plan.notes.len())
    };
    assert_eq!(first(&foreign, false), (Some(ADOPTED.into()), vec![false, true, false], 0));
    assert_eq!(first(&foreign, true), (None, vec![false; 3], 1), "the word is not needed, which is told");
    let theirs = LiveTable { owner: Some("other".into()), applied: Some("a digest".into()), ..live(table()) };
    assert_eq!(first(&theirs, false), (None, vec![false, true, false], 0), "its own tag says the same");
}

#[test]
fn a_table_in_aws_but_not_in_the_file_is_left_alone() {
    let plan = plan_of(&desired([]), &seen([("T", live(table()))]), &Approvals::default());
    assert!(plan.is_empty() && plan.works.is_empty());
}

#[test]
fn a_named_table_is_deleted_with_its_protection_lifted_as_a_step_of_its_own() {
    let protected = live(Table { protect: true, ..table() });
    let plan = plan_of(&desired([]), &seen([("T", protected)]), &allow(&[], &["T"]));
    assert_eq!(steps(&plan), ["UpdateTable deletion protection off", "DeleteTable, after a consistent scan has found it empty"]);
    assert!(plan.works[0].steps[1].destructive);
    let still_wanted = plan_of(&desired([("T", table())]), &seen([("T", live(table()))]), &allow(&[], &["T"]));
    assert_eq!((still_wanted.calls(), still_wanted.refusals.len(), still_wanted.works.len()), (0, 1, 1));
    let other = LiveTable { owner: Some("other".into()), ..live(table()) };
    assert_eq!(plan_of(&desired([]), &seen([("T", other)]), &allow(&[], &["T"])).calls(), 0);
}

#[test]
fn a_table_being_deleted_is_waited_for_and_not_updated() {
    let leaving = LiveTable { busy: vec!["table is DELETING".into()], ..live(table()) };
    let plan = one(&Table { protect: true, ..table() }, Some(&leaving), &Approvals::default());
    assert_eq!((plan.calls(), plan.refusals.len()), (0, 1));
}

#[test]
fn a_table_that_nobody_can_use_is_refused_by_its_status_in_sync_or_not() {
    let ill = |status: &str| {
        let mut live = live(table());
        live.trouble.status = Some(status.to_owned());
        live
    };
    let told = |plan: &Plan| (plan.calls(), refusal_texts(plan));
    let locked = ill("INACCESSIBLE_ENCRYPTION_CREDENTIALS");
    let same = told(&one(&table(), Some(&locked), &Approvals::default()));
    insta::assert_snapshot!(same.1, @r"
    table T: it is INACCESSIBLE_ENCRYPTION_CREDENTIALS: nothing of it can be read or changed
      enable its KMS key again, or give DynamoDB its grant back; then plan again
    ");
    assert_eq!(told(&one(&Table { protect: true, ..table() }, Some(&locked), &Approvals::default())), same);
    let archived = told(&one(&table(), Some(&ill("ARCHIVED")), &Approvals::default()));
    insta::assert_snapshot!(archived.1, @r"
    table T: it is ARCHIVED: nothing of it can be read or changed
      its KMS key was out of reach for too long: restore the table from the backup that AWS made of it
    ");
    let other = refusal_texts(&one(&table(), Some(&ill("NEW")), &Approvals::default()));
    assert!(other.contains("it is NEW: ") && other.contains("bring it to ACTIVE"), "{other}");
    let gone = plan_of(&desired([]), &seen([("T", ill("NEW"))]), &allow(&[], &["T"]));
    assert_eq!((gone.calls(), refusal_texts(&gone)), (0, other), "it could not be found empty");
    assert_eq!((same.0, archived.0), (0, 0));
}

#[test]
fn an_approval_that_names_nothing_is_told() {
    let plan = plan_of(&desired([("T", table())]), &seen([("T", live(table()))]), &allow(&["Typo"], &["T/typo", "Gone"]));
    assert_eq!(plan.notes.len(), 3);
}

#[test]
fn a_wish_that_aws_cannot_reach_is_refused_before_any_call() {
    let range = |min, max, target| Some(Range { min, max, target });
    let scaled =
        |capacity, read| Table { capacity, limits: Limits { scaling: Scaling { read, write: None }, ..Limits::default() }, ..table() };
    let limited = |capacity, limits| Table { capacity, limits, ..table() };
    let unfit = [
        scaled(Capacity::OnDemand, range(5, 9, Some(70))),
        scaled(UNITS, range(6, 9, Some(70))),
        scaled(UNITS, range(5, 4, Some(70))),
        scaled(UNITS, range(5, 9, Some(95))),
        scaled(UNITS, range(5, 9, None)),
        limited(UNITS, Limits { maximum: Maximum { read: Some(1), write: None }, ..Limits::default() }),
        limited(Capacity::OnDemand, Limits { warm: Some(Units { read: 0, write: 5 }), ..Limits::default() }),
        limited(Capacity::Provisioned(Units { read: 0, write: 5 }), Limits::default()),
        Table { indexes: (0..21).map(|n| (format!("i{n}"), index("a", Capacity::OnDemand))).collect(), ..table() },
        Table { indexes: BTreeMap::from([("a".to_owned(), index("a", UNITS))]), ..table() },
        projecting(21),
        Table { encryption: Encryption::Key("alias/app".into()), ..table() },
        Table { encryption: Encryption::Key("arn:aws:kms:us-east-1:1:alias/app".into()), ..table() },
    ];
    for want in unfit {
        let new = one(&want, None, &Approvals::default());
        assert_eq!((new.refusals.len(), new.calls()), (1, 0), "{want:?}");
        let old = one(&want, Some(&live(table())), &Approvals::default());
        assert_eq!((old.refusals.len(), old.calls()), (1, 0), "{want:?}");
        let imported = Desired { defer: BTreeSet::from(["T".to_owned()]), ..desired([("T", want)]) };
        assert_eq!(plan_of(&imported, &Live::default(), &Approvals::default()).refusals.len(), 1);
    }
}

/// A table whose one index projects so many attributes by name.
fn projecting(many: u32) -> Table {
    let projection = Projection::Include((0..many).map(|n| format!("p{n}")).collect());
    Table { indexes: BTreeMap::from([("a".to_owned(), Index { projection, ..index("a", Capacity::OnDemand) })]), ..table() }
}

#[test]
fn one_index_projects_twenty_attributes_by_name() {
    assert_eq!(one(&projecting(20), None, &Approvals::default()).refusals, []);
    let local = |many: u32| {
        let index = projecting(many).indexes.remove("a").expect("there");
        let local = LocalIndex { key: index.key, projection: index.projection };
        one(&Table { locals: BTreeMap::from([("l".to_owned(), local)]), ..table() }, None, &Approvals::default()).refusals.len()
    };
    assert_eq!((local(20), local(21)), (0, 1));
}

#[test]
fn a_replaced_key_needs_no_word_and_a_left_one_does() {
    let key = |name: &str| Encryption::Key(format!("arn:aws:kms:us-east-1:1:key/{name}"));
    let with = |encryption: Encryption| Table { encryption, ..table() };
    let go = |to: Encryption, allowed: &[&str]| one(&with(to), Some(&live(with(key("a")))), &allow(&[], allowed));
    assert_eq!(steps(&go(key("b"), &[])), ["UpdateTable encryption: key arn:aws:kms:us-east-1:1:key/b"]);
    assert_eq!(go(Encryption::Managed, &[]).refusals.len(), 1);
    let left = go(Encryption::Owned, &["T:encryption"]);
    assert!(left.works[0].steps[0].destructive && left.notes.is_empty());
}

#[test]
fn a_table_of_another_tool_needs_the_word_for_every_change_and_none_for_a_look() {
    let held = LiveTable { holder: Some(Holder::CloudFormation("prod".into())), ..live(table()) };
    assert!(one(&table(), Some(&held), &Approvals::default()).refusals.is_empty());
    let want = Table { protect: true, ..table() };
    assert_eq!(one(&want, Some(&held), &Approvals::default()).refusals.len(), 1);
    assert_eq!(steps(&one(&want, Some(&held), &allow(&["T"], &[]))), ["UpdateTable deletion protection on"]);
    let theirs = LiveTable { owner: None, ..held.clone() };
    assert_eq!(one(&table(), Some(&theirs), &Approvals::default()).refusals.len(), 2);
    let gone = plan_of(&desired([]), &seen([("T", held)]), &allow(&["T"], &["T"]));
    assert_eq!((gone.calls(), gone.refusals.len()), (0, 1));
}

#[test]
fn an_adopted_table_is_tagged_first() {
    let foreign = LiveTable { owner: None, ..live(Table { protect: false, ..table() }) };
    let want = Table { protect: true, ..table() };
    assert_eq!(one(&want, Some(&foreign), &Approvals::default()).refusals.len(), 1);
    let adopted = one(&want, Some(&foreign), &allow(&["T"], &[]));
    assert_eq!(steps(&adopted), ["TagResource landfall:applied, landfall:stack", "UpdateTable deletion protection on"]);
}

#[test]
fn an_index_of_another_projection_is_refused() {
    let with = |projection| {
        let index = Index { projection, ..index("x", Capacity::OnDemand) };
        Table { indexes: BTreeMap::from([("a".to_owned(), index)]), ..table() }
    };
    let plan = one(&with(Projection::Keys), Some(&live(with(Projection::All))), &all_approvals());
    assert_eq!((plan.calls(), plan.refusals.len()), (0, 1));
}

#[test]
fn a_table_is_deleted_only_where_nothing_at_all_stands_against_it() {
    let against = |live: LiveTable, approvals: &Approvals| {
        let (target, goal) = (Target::Table("T".into()), Goal::Gone { with_data: true });
        let wish = Wish { target: &target, goal: &goal, stack: "s", approvals };
        risk::refusals(&wish, &State::Table(Some(Box::new(live)))).len()
    };
    let named = allow(&[], &["T"]);
    assert_eq!(against(live(table()), &named), 0);
    assert_eq!(against(live(table()), &allow(&["T"], &["T/a", "T:recovery"])), 1);
    let others = [
        LiveTable { owner: Some("other".into()), ..live(table()) },
        LiveTable { holder: Some(Holder::Terraform("x".into())), ..live(table()) },
        LiveTable { replicas: vec!["eu-west-1".into()], ..live(table()) },
        LiveTable { busy: vec!["table is DELETING".into()], ..live(table()) },
    ];
    for other in others {
        assert_eq!(against(other.clone(), &named), 1, "{other:?}");
    }
}
