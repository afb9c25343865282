//! The rules of single cases, one test each.

use super::model::{Approvals, Plan, State, Target};
use super::samples::{all_approvals, bucket, desired, index, key, live, plan_of, seen, table};
use super::{Desired, diff, simulate::matches, simulate::simulate};
use crate::live::{Live, LiveTable};
use crate::resource::{Capacity, Key, LocalIndex, Projection, StreamView, Table, Units};
use std::collections::{BTreeMap, BTreeSet};

fn one(want: &Table, live: Option<&LiveTable>, approvals: &Approvals) -> Plan {
    let live = live.map(|l| ("T", l.clone()));
    plan_of(&desired([("T", want.clone())]), &seen(live), approvals)
}

fn steps(plan: &Plan) -> Vec<String> {
    plan.works.iter().flat_map(|w| w.steps.iter().map(|s| s.step.to_string())).collect()
}

fn allow(adopt: &[&str], destroy: &[&str]) -> Approvals {
    let set = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
    Approvals { adopt: set(adopt), destroy: set(destroy), with_data: false }
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
    assert_eq!(plan.works[0].steps[1].seconds, (1800, 3600));
}

#[test]
fn a_stream_view_changes_by_off_then_on_and_says_that_the_arn_is_new() {
    let with = |view| Table { stream: Some(view), ..table() };
    let plan = one(&with(StreamView::Both), Some(&live(with(StreamView::Keys))), &Approvals::default());
    assert_eq!(
        steps(&plan),
        ["UpdateTable stream off (its ARN and unread records go)", "UpdateTable stream on, new and old images (new stream ARN)"]
    );
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

#[test]
fn an_adopted_table_is_tagged_first() {
    let foreign = LiveTable { owner: None, ..live(Table { protect: false, ..table() }) };
    let want = Table { protect: true, ..table() };
    assert_eq!(one(&want, Some(&foreign), &Approvals::default()).refusals.len(), 1);
    let adopted = one(&want, Some(&foreign), &allow(&["T"], &[]));
    assert_eq!(steps(&adopted), ["TagResource landfall:stack", "UpdateTable deletion protection on"]);
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
    assert_eq!((still_wanted.calls(), still_wanted.refusals.len()), (0, 1));
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
fn a_deferred_table_is_shown_and_left_to_the_import_and_finished_after_it() {
    let want = Table { ttl: Some("e".into()), recovery: Some(35), protect: true, ..table() };
    let desired = Desired { defer: BTreeSet::from(["T".to_owned()]), ..desired([("T", want.clone())]) };
    let plan = plan_of(&desired, &Live::default(), &Approvals::default());
    assert_eq!((plan.calls(), plan.is_empty()), (0, false));
    assert_eq!(plan.works[0].change.as_ref().and_then(|c| c.note.as_deref()), Some("created by the import"));
    let imported = LiveTable { owner: None, ..live(table()) };
    let after = plan_of(&desired, &seen([("T", imported)]), &allow(&["T"], &[]));
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

fn with_bucket() -> Desired {
    Desired { buckets: BTreeMap::from([("acme-staging".to_owned(), bucket())]), ..desired([("T", table())]) }
}

#[test]
fn a_bucket_comes_first_and_gets_every_guard() {
    let plan = plan_of(&with_bucket(), &Live::default(), &Approvals::default());
    assert_eq!(plan.works[0].target, Target::Bucket("acme-staging".into()));
    insta::assert_snapshot!(steps(&plan).join("\n"), @r"
    CreateBucket
    PutBucketTagging landfall:stack
    PutPublicAccessBlock, all four
    PutBucketOwnershipControls BucketOwnerEnforced
    PutBucketEncryption SSE-S3
    PutBucketLifecycleConfiguration expire after 7 days, abort unfinished uploads after 1 day
    PutBucketPolicy deny requests without TLS
    CreateTable
    ");
}

/// The bucket's states along its plan.
fn bucket_states() -> Vec<State> {
    let plan = plan_of(&with_bucket(), &Live::default(), &Approvals::default());
    let mut states = vec![plan.works[0].before.clone()];
    for planned in &plan.works[0].steps {
        states.push(simulate(&states[states.len() - 1], &planned.step, "acme-staging"));
    }
    states
}

#[test]
fn a_bucket_converges_from_every_prefix_and_a_fresh_one_needs_no_adoption() {
    let states = bucket_states();
    for (at, state) in states.iter().enumerate() {
        let live =
            Live { buckets: state.bucket().map(|b| ("acme-staging".to_owned(), b.clone())).into_iter().collect(), ..Live::default() };
        let again = plan_of(&Desired { tables: BTreeMap::new(), ..with_bucket() }, &live, &Approvals::default());
        assert_eq!((again.refusals.len(), again.calls()), (0, states.len() - 1 - at), "prefix {at}");
    }
}

#[test]
fn a_bucket_with_anything_in_it_and_no_tag_is_refused() {
    let states = bucket_states();
    let mut used = states[1].bucket().expect("created").clone();
    used.fresh = false;
    let live = Live { buckets: BTreeMap::from([("acme-staging".to_owned(), used)]), ..Live::default() };
    assert_eq!(plan_of(&with_bucket(), &live, &Approvals::default()).refusals.len(), 1);
    assert!(plan_of(&with_bucket(), &live, &allow(&["acme-staging"], &[])).refusals.is_empty());
}

#[test]
fn a_guard_that_is_on_is_no_surprise_and_one_that_is_off_is() {
    let states = bucket_states();
    let (bare, done) = (&states[1], &states[states.len() - 1]);
    let mut open = done.bucket().expect("there").clone();
    open.public_access_blocked = false;
    assert!(!matches(done, &State::Bucket(Some(Box::new(open)))));
    let mut guarded = bare.bucket().expect("there").clone();
    guarded.public_access_blocked = true;
    assert!(matches(bare, &State::Bucket(Some(Box::new(guarded)))));
}

#[test]
fn a_recreated_table_is_not_the_one_that_was_planned() {
    let state = |id: &str| State::Table(Some(Box::new(LiveTable { id: id.into(), ..live(table()) })));
    assert!(matches(&state("a"), &state("a")) && !matches(&state("a"), &state("b")) && matches(&state(""), &state("b")));
    assert_ne!(diff::digest(&state("a")), diff::digest(&state("b")));
}

#[test]
fn an_approval_that_names_nothing_is_told() {
    let plan = plan_of(&desired([("T", table())]), &seen([("T", live(table()))]), &allow(&["Typo"], &["T/typo", "Gone"]));
    assert_eq!(plan.notes.len(), 3);
}
