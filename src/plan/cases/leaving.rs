//! Buckets and tables that are to go: who may, what is lost, and in which order.

use super::{allow, steps};
use crate::live::{Contents, Holder, LiveBucket, LiveTable};
use crate::plan::samples::{bucket, desired, leaving_bucket, live, plan_of, seen, seen_bucket, table};
use crate::plan::simulate::matches;
use crate::plan::{Approvals, Desired, Goal, Next, Plan, State, Target, Wish, diff, next_step, risk};
use std::collections::BTreeMap;

const NAME: &str = "s3://acme-staging";

fn leave(live: &LiveBucket, with_data: bool) -> Plan {
    plan_of(&desired([]), &seen_bucket(live.clone()), &Approvals { with_data, ..allow(&[], &[NAME]) })
}

fn state(live: LiveBucket) -> State {
    State::Bucket(Some(Box::new(live)))
}

#[test]
fn uploads_go_before_versions_and_versions_before_the_bucket() {
    let empty = leave(&leaving_bucket(0, 0), false);
    assert_eq!(steps(&empty), ["DeleteBucket, after listings have found it empty"]);
    let full = leave(&leaving_bucket(3, 1), true);
    assert_eq!(
        steps(&full),
        [
            "AbortMultipartUpload, every unfinished upload",
            "DeleteObjects, EVERY VERSION OF EVERY OBJECT, 1000 a call",
            "DeleteBucket, after listings have found it empty"
        ]
    );
    assert!(full.works[0].steps.iter().all(|s| s.destructive && risk::approval(&s.step, "acme-staging") == NAME));
    assert!(full.notes.is_empty(), "the approval was used: {:?}", full.notes);
}

#[test]
fn a_bucket_goes_only_where_nothing_at_all_stands_against_it() {
    let contents = |imports: &[&str]| Contents { imports: imports.iter().map(|t| (*t).to_owned()).collect(), ..Contents::default() };
    let against = [
        LiveBucket { owner: None, ..leaving_bucket(0, 0) },
        LiveBucket { owner: Some("other".into()), ..leaving_bucket(0, 0) },
        LiveBucket { owner: None, fresh: true, ..leaving_bucket(0, 0) },
        LiveBucket { holder: Some(Holder::CloudFormation("prod".into())), ..leaving_bucket(0, 0) },
        LiveBucket { contents: Some(contents(&["T"])), ..leaving_bucket(0, 0) },
    ];
    for live in against {
        let plan = leave(&live, true);
        assert_eq!((plan.calls(), plan.refusals.len()), (0, 1), "{live:?}");
    }
    let adopted = Approvals { with_data: true, ..allow(&["acme-staging"], &[NAME]) };
    let foreign = LiveBucket { owner: None, ..leaving_bucket(0, 0) };
    assert_eq!(plan_of(&desired([]), &seen_bucket(foreign), &adopted).refusals.len(), 1, "to adopt is not to own");
}

/// Buckets go by the same rule, and one without a tag, too.
#[test]
fn another_stacks_table_is_not_deleted_from_here_and_one_without_a_tag_only_when_adopted() {
    let leave = |owner: Option<&str>, adopt: &[&str]| {
        let there = seen([("Old", LiveTable { owner: owner.map(Into::into), ..live(table()) })]);
        plan_of(&desired([]), &there, &allow(adopt, &["Old"]))
    };
    for adopt in [&[][..], &["Old"]] {
        let plan = leave(Some("other"), adopt);
        let told = format!("{:?}", plan.refusals);
        assert!(plan.calls() == 0 && plan.refusals.len() == 1 && told.contains("the tag of the stack \\\"other\\\""), "{told}");
        assert!(told.contains("that stack's file") && !told.contains("--adopt Old"), "{told}");
    }
    let untagged = leave(None, &[]);
    assert!(untagged.calls() == 0 && untagged.refusals[0].recipe.contains("--adopt Old"), "{:?}", untagged.refusals);
    for plan in [leave(None, &["Old"]), leave(Some("s"), &[])] {
        assert!(plan.calls() > 0 && plan.refusals.is_empty(), "{:?}", plan.refusals);
    }
}

#[test]
fn a_bucket_with_anything_in_it_needs_the_word() {
    for (versions, uploads, told) in
        [(1, 0, "1 version"), (0, 2, "2 unfinished uploads"), (1000, 1, "1000 or more versions, 1 unfinished upload")]
    {
        let plan = leave(&leaving_bucket(versions, uploads), false);
        assert_eq!((plan.calls(), plan.refusals.len()), (0, 1));
        assert!(plan.refusals[0].reason.ends_with(told) && plan.refusals[0].recipe.contains("--with-data"), "{:?}", plan.refusals);
    }
}

#[test]
fn a_bucket_that_nobody_names_or_the_file_still_names_stays() {
    let live = seen_bucket(leaving_bucket(0, 0));
    assert!(plan_of(&desired([]), &live, &Approvals::default()).works.is_empty());
    let with_bucket = Desired { buckets: BTreeMap::from([("acme-staging".to_owned(), bucket())]), ..desired([]) };
    let plan = plan_of(&with_bucket, &live, &allow(&[], &[NAME]));
    assert_eq!((plan.calls(), plan.refusals.len()), (0, 1));
    assert!(plan.refusals[0].reason.contains("the file still has it"));
    assert!(plan.works.iter().all(|work| !matches!(work.goal, Goal::Gone { .. })), "{:#?}", plan.works);
}

/// The planner asks of no other; a caller that does gets the same answer.
#[test]
fn the_step_of_a_bucket_that_is_to_go_needs_its_name_too() {
    let (target, goal) = (Target::Bucket("acme-staging".into()), Goal::Gone { with_data: true });
    let asked = |approvals: &Approvals| {
        let wish = Wish { target: &target, goal: &goal, stack: "s", approvals };
        next_step(&wish, &state(leaving_bucket(0, 0)))
    };
    assert!(matches!(asked(&allow(&[], &["acme-staging"])), Next::Refused(why) if why[0].reason == "it would be deleted"));
    assert!(matches!(asked(&allow(&[], &[NAME])), Next::Do(_)));
}

#[test]
fn a_table_and_a_bucket_of_one_name_are_told_apart() {
    let mut live = seen([("acme-staging", crate::plan::samples::live(table()))]);
    live.buckets = seen_bucket(leaving_bucket(0, 0)).buckets;
    let only = |what: &str| {
        let plan = plan_of(&desired([]), &live, &allow(&[], &[what]));
        plan.works.into_iter().map(|work| work.target).collect::<Vec<_>>()
    };
    assert_eq!(only("acme-staging"), [Target::Table("acme-staging".into())]);
    assert_eq!(only(NAME), [Target::Bucket("acme-staging".into())]);
    for odd in ["s3://", "s3://acme-staging/", "s3://acme-staging/users", "s3:acme-staging", "S3://acme-staging"] {
        assert_eq!(only(odd), [], "{odd}");
    }
}

#[test]
fn a_name_without_its_bucket_is_told_and_the_spelling_is_hinted_at() {
    let plan = plan_of(&desired([]), &seen([]), &allow(&[], &[NAME, "acme-staging", "Users"]));
    assert!(plan.is_empty());
    assert_eq!(
        plan.notes,
        [
            "--destroy Users: there is nothing of that name to destroy",
            "--destroy acme-staging: there is nothing of that name to destroy (a bucket is named s3://acme-staging)",
            "--destroy s3://acme-staging: there is nothing of that name to destroy"
        ]
    );
}

#[test]
fn how_much_a_bucket_holds_may_move_and_whether_it_holds_anything_may_not() {
    let digest = |versions, uploads| diff::digest(&state(leaving_bucket(versions, uploads)));
    assert_eq!(digest(1, 1), digest(900, 7));
    assert!(matches(&state(leaving_bucket(1, 1)), &state(leaving_bucket(900, 7))));
    for (versions, uploads) in [(0, 1), (1, 0), (0, 0)] {
        assert_ne!(digest(1, 1), digest(versions, uploads));
        assert!(!matches(&state(leaving_bucket(1, 1)), &state(leaving_bucket(versions, uploads))));
    }
    let imported = Contents { imports: vec!["T".into()], ..Contents::default() };
    assert!(!matches(&state(leaving_bucket(0, 0)), &state(LiveBucket { contents: Some(imported), ..leaving_bucket(0, 0) })));
}
