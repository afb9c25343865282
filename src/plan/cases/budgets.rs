//! What AWS does not tell of its limits: what the estimate says, and what a deadline promises.

use crate::live::normal::UNREAD;
use crate::live::{LiveTable, Usage};
use crate::plan::samples::{context, desired, live, seen, table};
use crate::plan::{Approvals, Context, Limited, Plan, make};
use crate::resource::{Class, Encryption, Table};

const NOW_MS: u64 = 1_795_262_400_000;
const MINUTE_MS: u64 = 60_000;
const HOUR_MS: u64 = 60 * MINUTE_MS;

fn plan(want: Table, live: Option<LiveTable>, within_ms: u64) -> Plan {
    let context = Context { deadline_ms: Some(NOW_MS + within_ms), ..context(NOW_MS) };
    make(&desired([("T", want)]), &seen(live.map(|live| ("T", live))), &Approvals::default(), context)
}

fn with_ttl() -> Table {
    Table { ttl: Some("e".into()), ..table() }
}

/// Made so long ago.
fn aged(table: Table, minutes: u64) -> LiveTable {
    LiveTable { created_ms: NOW_MS - minutes * MINUTE_MS, ..live(table) }
}

#[test]
fn ttl_of_a_table_that_is_there_may_have_been_changed_a_moment_ago_however_old_or_young_it_is() {
    for live in [live(table()), aged(table(), 15), aged(table(), 45), aged(table(), 100_000)] {
        let made = plan(with_ttl(), Some(live.clone()), HOUR_MS);
        assert_eq!((made.works[0].steps[0].seconds, made.refusals.len()), ((1, 3660), 1), "{live:?}");
        assert_eq!(made.works[0].steps[0].untold, Some(Limited::Ttl));
        assert_eq!(plan(with_ttl(), Some(live), HOUR_MS + 5 * MINUTE_MS).refusals, []);
    }
    let on = plan(table(), Some(aged(with_ttl(), 3)), HOUR_MS);
    assert_eq!((on.works[0].steps[0].seconds, on.refusals.len()), ((1, 3660), 1), "it is on, so it was changed");
}

#[test]
fn ttl_of_a_table_that_is_made_now_or_was_made_just_now_without_it_was_never_changed() {
    for (live, calls) in [(None, 3), (Some(aged(table(), 0)), 2), (Some(aged(table(), 14)), 2)] {
        let made = plan(with_ttl(), live, 2 * MINUTE_MS);
        assert_eq!((made.refusals.len(), made.calls()), (0, calls));
        assert!(made.works[0].steps.iter().all(|step| step.untold.is_none() && step.seconds.1 < 60));
    }
    let ahead = LiveTable { created_ms: NOW_MS + MINUTE_MS, ..live(table()) };
    assert_eq!(plan(with_ttl(), Some(ahead), 2 * MINUTE_MS).refusals, [], "its clock is ahead of ours");
}

#[test]
fn another_attribute_waits_twice_at_the_worst() {
    let want = Table { ttl: Some("f".into()), ..table() };
    let made = plan(want.clone(), Some(aged(with_ttl(), 600)), 2 * HOUR_MS);
    let seconds: Vec<_> = made.works[0].steps.iter().map(|step| step.seconds).collect();
    assert_eq!((seconds[0], seconds[1], made.refusals.len()), ((1, 3660), (1800, 3660), 1));
    assert_eq!(made.works[0].steps[1].untold, None, "the plan's own change is known");
    assert_eq!(plan(want, Some(aged(with_ttl(), 600)), 2 * HOUR_MS + 5 * MINUTE_MS).refusals, []);
}

#[test]
fn a_count_that_aws_does_not_tell_is_named_beside_the_deadline_and_refuses_nothing() {
    let want = Table { encryption: Encryption::Managed, class: Class::InfrequentAccess, ..table() };
    let made = plan(want.clone(), Some(live(table())), HOUR_MS);
    assert_eq!(made.refusals, []);
    assert_eq!(made.notes.len(), 2, "{:?}", made.notes);
    assert!(
        made.notes[0].contains("table T: step 1, UpdateTable class infrequent access: AWS allows 2 class changes in 30 days"),
        "{:?}",
        made.notes
    );
    assert!(made.notes[1].contains("step 2, UpdateTable encryption"), "{:?}", made.notes);
    let told = Usage { class_changed_ms: Some(NOW_MS - 31 * 24 * HOUR_MS), ..Usage::default() };
    let known = plan(want.clone(), Some(LiveTable { usage: told, ..live(table()) }), HOUR_MS);
    assert_eq!(known.notes.len(), 1, "no class change within its window: {:?}", known.notes);
    assert_eq!(plan(want.clone(), None, HOUR_MS).notes, Vec::<String>::new(), "a new table has spent nothing");
    let timeless = make(&desired([("T", want)]), &seen([("T", live(table()))]), &Approvals::default(), context(NOW_MS));
    assert_eq!(timeless.notes, Vec::<String>::new(), "nothing was promised");
}

/// A backfill is as long as the table is large, whoever began it.
#[test]
fn what_waits_for_something_that_aws_is_making_cannot_be_promised() {
    let want = Table { protect: true, ..table() };
    let moving = |what: &str, want: Table| plan(want, Some(LiveTable { busy: vec![what.into()], ..live(table()) }), 240 * HOUR_MS);
    for what in ["index byMail is CREATING (backfilling)", "index byMail is backfilling", "table is CREATING"] {
        let made = moving(what, want.clone());
        let [refusal] = made.refusals.as_slice() else { panic!("{what}: {:?}", made.refusals) };
        assert!(refusal.reason.starts_with(&format!("apply waits first: {what}, which has no known end")), "{refusal:?}");
        assert_eq!((made.notes.len(), made.calls() > 0), (0, true), "{what}: the calls are shown");
    }
    for what in ["table is UPDATING", "index byMail is DELETING", "index CREATING is UPDATING", UNREAD] {
        let made = moving(what, want.clone());
        assert_eq!((made.refusals.len(), made.notes.len()), (0, 1), "{what}");
        assert!(made.notes[0].contains(&format!("table T: apply waits first: {what}")), "{:?}", made.notes);
    }
    let nothing = LiveTable { applied: Some(crate::plan::diff::applied(&table())), ..live(table()) };
    for what in ["index byMail is backfilling", "table is UPDATING"] {
        let made = plan(table(), Some(LiveTable { busy: vec![what.into()], ..nothing.clone() }), HOUR_MS);
        assert_eq!((made.calls(), made.refusals.len(), made.notes.len()), (0, 0, 0), "{what}: nothing has to be done in time");
    }
    let timeless = seen([("T", LiveTable { busy: vec!["table is CREATING".into()], ..live(table()) })]);
    assert_eq!(make(&desired([("T", want)]), &timeless, &Approvals::default(), context(NOW_MS)).refusals, []);
}
