//! Staging buckets: their order, and what an observation of one may differ in.

use super::{allow, steps};
use crate::live::{Holder, Live, LiveBucket};
use crate::plan::legal::violation;
use crate::plan::samples::{bucket, desired, plan_of, table};
use crate::plan::simulate::{matches, simulate};
use crate::plan::{Approvals, Desired, State, Step, Target};
use crate::resource::Bucket;
use std::collections::BTreeMap;

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
    let plan = plan_of(&with_bucket(), &Live::default(), &Approvals::default());
    for (state, planned) in states.iter().zip(&plan.works[0].steps) {
        assert_eq!(violation(state, &planned.step), None);
    }
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

/// The bucket as its plan leaves it.
fn done() -> LiveBucket {
    bucket_states().pop().and_then(|state| state.bucket().cloned()).expect("there")
}

fn state(bucket: LiveBucket) -> State {
    State::Bucket(Some(Box::new(bucket)))
}

#[test]
fn each_half_of_the_lifecycle_rule_is_put_back_alone() {
    let longer = LiveBucket { bucket: Bucket { expire_days: 9, ..done().bucket }, ..done() };
    let kept = LiveBucket { aborts_multipart: false, ..done() };
    for live in [longer, kept] {
        let live = Live { buckets: BTreeMap::from([("acme-staging".to_owned(), live)]), ..Live::default() };
        let plan = plan_of(&Desired { tables: BTreeMap::new(), ..with_bucket() }, &live, &Approvals::default());
        assert_eq!(steps(&plan), ["PutBucketLifecycleConfiguration expire after 7 days, abort unfinished uploads after 1 day"]);
    }
}

#[test]
fn tags_of_others_on_a_bucket_are_written_back_with_ours() {
    let foreign = LiveBucket { owner: None, foreign_tags: BTreeMap::from([("team".to_owned(), "a".to_owned())]), ..done() };
    let live = Live { buckets: BTreeMap::from([("acme-staging".to_owned(), foreign)]), ..Live::default() };
    let plan = plan_of(&with_bucket(), &live, &allow(&["acme-staging"], &[]));
    assert!(matches!(&plan.works[0].steps[0].step, Step::TagBucket { tags } if tags["team"] == "a" && tags.len() == 2));
}

#[test]
fn everything_of_a_bucket_but_its_guards_must_be_as_predicted() {
    let others = [
        LiveBucket { bucket: Bucket { expire_days: 9, ..done().bucket }, ..done() },
        LiveBucket { owner: None, ..done() },
        LiveBucket { foreign_tags: BTreeMap::from([("a".to_owned(), "b".to_owned())]), ..done() },
        LiveBucket { holder: Some(Holder::CloudFormation("prod".into())), ..done() },
    ];
    assert!(matches(&state(done()), &state(done())));
    for other in others {
        assert!(!matches(&state(done()), &state(other.clone())), "{other:?}");
    }
    assert!(!matches(&State::Bucket(None), &state(done())) && !matches(&state(done()), &State::Bucket(None)));
    assert!(matches(&State::Bucket(None), &State::Bucket(None)));
}

#[test]
fn a_bucket_is_fresh_only_until_the_first_call_after_the_create() {
    let fresh: Vec<bool> = bucket_states().iter().filter_map(|state| state.bucket().map(|b| b.fresh)).collect();
    assert_eq!((fresh[0], fresh[1..].contains(&true)), (true, false));
}
