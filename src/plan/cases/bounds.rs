//! What a plan leaves out: names that are no table's, steps of another resource, remarks that do not hold, tags that are not ours.

use super::{UNITS, allow, one, steps};
use crate::live::LiveBucket;
use crate::plan::order::left;
use crate::plan::samples::{bucket, context, desired, index, live, plan_of, seen, table};
use crate::plan::simulate::{matches, simulate};
use crate::plan::{Approvals, Desired, Plan, State, Step, Target, cost, diff, make};
use crate::resource::{Capacity, Encryption, Index, Insights, Limits, OWNER_TAG, Table, Units};
use std::collections::BTreeMap;

const DAY_MS: u64 = 24 * 3600 * 1000;

#[test]
fn only_a_whole_tables_name_is_looked_up_or_planned_as_one() {
    let parts = allow(&[], &["T/a", "T:stream", "Gone"]);
    let wanted: Vec<String> = desired([("T", table())]).wanted(&parts).tables.into_keys().collect();
    assert_eq!(wanted, ["Gone", "T"]);
    let targets: Vec<Target> = one(&table(), Some(&live(table())), &parts).works.into_iter().map(|work| work.target).collect();
    assert_eq!(targets, [Target::Table("T".into()), Target::Table("Gone".into())]);
}

#[test]
fn a_contradiction_stops_its_own_table_and_no_other() {
    let slower = Table { capacity: Capacity::Provisioned(Units { read: 1, write: 5 }), ..table() };
    let fixed = Table { capacity: UNITS, ..table() };
    let wanted = desired([("T", slower.clone()), ("U", slower)]);
    let plan = plan_of(&wanted, &seen([("T", live(fixed.clone())), ("U", live(fixed))]), &allow(&[], &["T"]));
    let calls: Vec<(&str, bool)> = plan.works.iter().map(|work| (work.target.name(), work.steps.is_empty())).collect();
    assert_eq!(calls, [("T", true), ("U", false)]);
    let budgets: Vec<&str> = plan.budgets.iter().map(|budget| budget.target.name()).collect();
    assert_eq!(budgets, ["U"]);
}

#[test]
fn an_approval_of_what_destroys_nothing_is_told_and_one_of_a_refused_table_is_not() {
    let kept = Table { recovery: Some(7), ..table() };
    let begun = one(&kept, Some(&live(table())), &allow(&[], &["T:recovery"]));
    assert_eq!(begun.notes, ["--destroy T:recovery: there is nothing of that name to destroy"]);
    let rekeyed = Table { key: crate::plan::samples::key("other"), ..table() };
    let refused = one(&rekeyed, Some(&live(table())), &allow(&[], &["T/a"]));
    assert_eq!((refused.refusals.len(), refused.notes.len()), (1, 0), "{:?}", refused.notes);
}

#[test]
fn a_capacity_of_no_writes_is_refused_as_one_of_no_reads_is() {
    for (read, write) in [(0, 5), (5, 0)] {
        let want = Table { capacity: Capacity::Provisioned(Units { read, write }), ..table() };
        assert_eq!(one(&want, None, &Approvals::default()).refusals.len(), 1);
    }
}

/// The plan for a table in sync of which AWS has counted decreases, `now_ms` after 1970.
fn counted(decreases: (u64, u64), now_ms: u64) -> Plan {
    let mut was = live(table());
    was.usage.decreases.insert(String::new(), decreases);
    make(&desired([("T", table())]), &seen([("T", was)]), &Approvals::default(), context(now_ms))
}

#[test]
fn only_decreases_of_today_are_shown_as_spent() {
    assert_eq!(counted((2, 5), 10).budgets.len(), 1);
    assert_eq!(counted((0, 0), 10).budgets, vec![]);
    assert_eq!(counted((2, 5), 2 * DAY_MS).budgets, vec![]);
}

#[test]
fn a_remark_is_made_only_where_it_holds() {
    let at = |encryption| State::Table(Some(Box::new(live(Table { encryption, ..table() }))));
    let remark = |step: &Step, encryption| cost::remark(step, &at(encryption));
    let insights = |insights| Step::SetInsights { index: None, insights };
    assert_eq!(remark(&insights(Insights::All), Encryption::Owned), Some("charged by the event"));
    assert_eq!(remark(&insights(Insights::Off), Encryption::Owned), None);
    let (key, managed) = (Encryption::Key("arn:aws:kms:us-east-1:1:key/a".into()), Step::Encrypt { with: Encryption::Managed });
    assert_eq!(remark(&managed, Encryption::Owned), Some("re-encrypts"));
    assert!(remark(&managed, key).is_some_and(|text| text.contains("key policy no longer says")));
}

#[test]
fn insights_of_an_index_that_are_off_read_as_not_managed() {
    let with = |insights| {
        let index = crate::resource::Index { insights, ..index("a", Capacity::OnDemand) };
        diff::applied(&Table { indexes: BTreeMap::from([("a".to_owned(), index)]), ..table() })
    };
    assert_eq!(with(Some(Insights::Off)), with(None));
    assert_ne!(with(Some(Insights::All)), with(None));
}

#[test]
fn a_tagged_bucket_has_the_stacks_tags_and_neither_the_owners_nor_anothers() {
    let only = Desired { buckets: BTreeMap::from([("acme-staging".to_owned(), bucket())]), ..desired([]) };
    let made = simulate(&State::Bucket(None), &plan_of(&only, &seen([]), &Approvals::default()).works[0].steps[0].step, "acme-staging");
    let tag = |key: &str| (key.to_owned(), "x".to_owned());
    let was = LiveBucket { foreign_tags: BTreeMap::from([tag("theirs")]), ..made.bucket().expect("made").clone() };
    let step = Step::TagBucket { tags: BTreeMap::from([tag(OWNER_TAG), tag("team"), tag("theirs")]) };
    let after = simulate(&State::Bucket(Some(Box::new(was))), &step, "acme-staging");
    let after = after.bucket().expect("there");
    assert_eq!((after.owner.as_deref(), &after.bucket.tags), (Some("x"), &BTreeMap::from([tag("team")])));
}

#[test]
fn a_create_carries_the_tag_that_says_that_all_is_done_only_where_nothing_follows() {
    let create = |want: &Table| match one(want, None, &Approvals::default()).works[0].steps[0].step.clone() {
        Step::CreateTable { table, .. } => table.tags.len(),
        other => panic!("{other}"),
    };
    assert_eq!((create(&table()), create(&Table { ttl: Some("e".into()), ..table() })), (1, 0));
    assert_eq!(steps(&one(&table(), None, &Approvals::default())), ["CreateTable"]);
}

/// A table and its index that sustain so much.
fn warmed(read: u64, write: u64) -> State {
    let limits = Limits { warm: Some(Units { read, write }), ..Limits::default() };
    let by_a = Index { limits, ..index("a", Capacity::OnDemand) };
    State::Table(Some(Box::new(live(Table { limits, indexes: BTreeMap::from([("i".to_owned(), by_a)]), ..table() }))))
}

#[test]
fn warm_throughput_that_aws_raises_by_itself_is_no_surprise_and_one_that_fell_is() {
    assert!(matches(&warmed(5, 5), &warmed(5, 5)) && matches(&warmed(5, 5), &warmed(6, 5)) && matches(&warmed(5, 5), &warmed(5, 6)));
    assert!(!matches(&warmed(5, 5), &warmed(4, 6)) && !matches(&warmed(5, 5), &warmed(6, 4)));
    let State::Table(Some(own)) = warmed(5, 5) else { panic!("a table") };
    let mut of_index = own.clone();
    of_index.table.limits.warm = Some(Units { read: 4, write: 5 });
    assert!(!matches(&State::Table(Some(own.clone())), &State::Table(Some(of_index))), "the table's alone");
    let mut unshown = own.clone();
    unshown.table.limits.warm = None;
    assert!(matches(&State::Table(Some(unshown.clone())), &State::Table(Some(own.clone()))));
    assert!(!matches(&State::Table(Some(own)), &State::Table(Some(unshown))));
}

#[test]
fn what_aws_has_warmed_by_itself_is_not_asked_for_again() {
    let raise = |index: Option<&str>, read, write| Step::RaiseWarm { index: index.map(str::to_owned), units: Units { read, write } };
    for index in [None, Some("i")] {
        assert_eq!(left(&raise(index, 10, 20), &warmed(9, 19)), Some(raise(index, 10, 20)));
        assert_eq!(left(&raise(index, 10, 20), &warmed(10, 19)), Some(raise(index, 0, 20)));
        assert_eq!(left(&raise(index, 10, 20), &warmed(9, 20)), Some(raise(index, 10, 0)));
        assert_eq!(left(&raise(index, 10, 20), &warmed(10, 20)), None);
        assert_eq!(left(&raise(index, 0, 20), &warmed(5, 20)), None);
    }
    assert_eq!(left(&raise(Some("gone"), 1, 2), &warmed(9, 9)), Some(raise(Some("gone"), 1, 2)));
    assert_eq!(left(&Step::Protect { on: true }, &warmed(9, 9)), Some(Step::Protect { on: true }));
}
