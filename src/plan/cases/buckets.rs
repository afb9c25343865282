//! Staging buckets: their order, and what an observation of one may differ in.

use super::{allow, steps};
use crate::live::{Holder, Live, LiveBucket};
use crate::plan::legal::violation;
use crate::plan::samples::{bucket, desired, plan_of, table};
use crate::plan::simulate::{matches, simulate};
use crate::plan::{Approvals, Desired, State, Step, Target};
use crate::resource::Bucket;
use std::collections::BTreeMap;

const EXPIRE: &str = "s3://acme-staging:expire";

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
    (used.fresh, used.empty) = (false, false);
    let live = Live { buckets: BTreeMap::from([("acme-staging".to_owned(), used)]), ..Live::default() };
    let refused = |approvals| plan_of(&with_bucket(), &live, &approvals).refusals.len();
    assert_eq!((refused(Approvals::default()), refused(allow(&["acme-staging"], &[]))), (2, 1), "to adopt is not to let objects expire");
    assert_eq!(refused(allow(&["acme-staging"], &[EXPIRE])), 0);
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
        let plan = plan_of(&Desired { tables: BTreeMap::new(), ..with_bucket() }, &live, &allow(&[], &[EXPIRE]));
        assert_eq!(steps(&plan), ["PutBucketLifecycleConfiguration expire after 7 days, abort unfinished uploads after 1 day"]);
    }
}

/// S3 applies a rule to what is there already.
#[test]
fn an_expiry_that_comes_sooner_needs_the_word_unless_nothing_is_there() {
    let desired = Desired { tables: BTreeMap::new(), ..with_bucket() };
    let with = |expire_days, empty| {
        let live = LiveBucket { bucket: Bucket { expire_days, ..done().bucket }, empty, ..done() };
        Live { buckets: BTreeMap::from([("acme-staging".to_owned(), live)]), ..Live::default() }
    };
    for (days, empty, sooner) in
        [(0, false, true), (8, false, true), (0, true, false), (8, true, false), (6, false, false), (7, false, false)]
    {
        let bare = plan_of(&desired, &with(days, empty), &Approvals::default());
        assert_eq!((bare.refusals.len(), bare.calls()), (usize::from(sooner), usize::from(!sooner && days != 7)), "{days} {empty}");
        assert!(bare.refusals.iter().all(|r| r.recipe.ends_with("or allow it with --destroy s3://acme-staging:expire")));
        let named = plan_of(&desired, &with(days, empty), &allow(&[], &[EXPIRE]));
        let destructive: Vec<bool> = named.works[0].steps.iter().map(|s| s.destructive).collect();
        assert_eq!((named.refusals.len(), destructive), (0, if days == 7 { vec![] } else { vec![sooner] }), "{days} {empty}");
        assert_eq!(named.notes.is_empty(), sooner, "an approval that nothing needed is told: {:?}", named.notes);
    }
    let full = with(0, false);
    assert!(plan_of(&desired, &full, &allow(&[], &["acme-staging:expire"])).calls() == 0, "that is a table's spelling");
    let elsewhere = Live { buckets: full.buckets.into_iter().map(|(name, b)| (name, LiveBucket { owner: None, ..b })).collect(), ..full };
    let refused = plan_of(&desired, &elsewhere, &allow(&[], &[EXPIRE]));
    assert_eq!((refused.refusals.len(), refused.notes.len()), (1, 0), "what is refused for another reason is not told to be unused");
}

/// Where versions are or were kept there may be old ones, and a rule is about those as well.
#[test]
fn old_versions_that_expire_sooner_need_the_word_where_there_may_be_any() {
    let wanted = |versioning| Bucket { versioning, ..bucket() };
    let desired = |versioning| Desired { buckets: [(bucket().name, wanted(versioning))].into(), ..desired([]) };
    // Wanted; on, ever on, empty, and the days of an old version; then: refused, calls when allowed.
    for (want, on, ever, empty, days, refused, calls) in [
        (true, true, true, false, 7, 0, 0),
        (true, true, true, false, 0, 1, 1),
        (true, true, true, false, 30, 1, 1),
        (true, true, true, false, 3, 0, 1),
        (true, true, true, true, 0, 0, 1),
        (true, false, true, false, 0, 1, 2),
        (true, false, false, false, 0, 0, 2),
        (false, false, true, false, 7, 0, 0),
        (false, false, false, false, 0, 0, 0),
    ] {
        let live = LiveBucket { bucket: wanted(on), versions: ever, empty, expire_versions: days, ..done() };
        let live = Live { buckets: [(bucket().name, live)].into(), ..Live::default() };
        let bare = plan_of(&desired(want), &live, &Approvals::default());
        assert_eq!(bare.refusals.len(), refused, "{want} {on} {ever} {empty} {days}: {:?}", bare.refusals);
        let named = plan_of(&desired(want), &live, &allow(&[], &[EXPIRE]));
        let destructive = named.works.iter().flat_map(|work| &work.steps).filter(|step| step.destructive).count();
        assert_eq!((named.refusals.len(), named.calls(), destructive), (0, calls, refused), "{want} {on} {ever} {empty} {days}");
        assert!(bare.refusals.iter().all(|r| r.reason.starts_with("its old versions would expire after 7 days, and now do so ")));
    }
}

/// It costs a request of the key for each object, and takes nothing from anybody.
#[test]
fn a_bucket_key_is_turned_on_without_a_word() {
    let keyed = Bucket { kms_key: Some("arn:aws:kms:us-east-1:123456789012:key/1".into()), ..done().bucket };
    let live = LiveBucket { bucket: keyed.clone(), no_bucket_key: true, ..done() };
    let desired = Desired { buckets: [(keyed.name.clone(), keyed.clone())].into(), ..desired([]) };
    let plan = plan_of(&desired, &Live { buckets: [(keyed.name.clone(), live.clone())].into(), ..Live::default() }, &Approvals::default());
    let step = &plan.works[0].steps[0];
    assert_eq!((plan.refusals.len(), plan.calls(), step.destructive), (0, 1, false));
    assert_eq!(violation(&state(live.clone()), &step.step), None);
    let after = simulate(&state(live.clone()), &step.step, &keyed.name);
    assert!(matches(&after, &state(LiveBucket { no_bucket_key: false, ..live.clone() })) && !matches(&after, &state(live)));
}

/// S3 takes no public policy under the block, and somebody's statement stays.
#[test]
fn a_policy_that_is_there_is_changed_before_the_block_comes_and_a_public_one_not_under_it() {
    let planned = |live: LiveBucket| {
        let live = Live { buckets: [(bucket().name, live)].into(), ..Live::default() };
        let plan = plan_of(&Desired { tables: BTreeMap::new(), ..with_bucket() }, &live, &Approvals::default());
        (
            steps(&plan).into_iter().map(|step| step.split(' ').next().unwrap_or_default().to_owned()).collect::<Vec<_>>(),
            plan.refusals.len(),
        )
    };
    let open = |has_policy| LiveBucket { public_access_blocked: false, refuses_public: false, tls_only: false, has_policy, ..done() };
    let public = |live| LiveBucket { has_policy: true, public_statement: Some("site".into()), ..live };
    let (block, policy) = ("PutPublicAccessBlock,".to_owned(), "PutBucketPolicy".to_owned());
    assert_eq!(planned(open(false)), (vec![block.clone(), policy.clone()], 0));
    assert_eq!(planned(open(true)), (vec![policy.clone(), block.clone()], 0));
    assert_eq!(planned(public(open(true))), (vec![policy.clone(), block], 0));
    assert_eq!(planned(LiveBucket { tls_only: false, has_policy: true, ..done() }), (vec![policy], 0), "nobody is let in");
    let blocked = public(LiveBucket { tls_only: false, ..done() });
    assert_eq!(planned(blocked.clone()), (vec![], 1));
    assert!(violation(&state(blocked), &Step::DenyPlainHttp).is_some_and(|why| why.contains("a public policy under the block")));
    assert_eq!(planned(public(done())), (vec![], 0), "nothing is to be changed");
}

/// A bucket that is adopted may have either, and its file need not know.
#[test]
fn a_key_and_versioning_are_given_up_by_name() {
    let desired = Desired { tables: BTreeMap::new(), ..with_bucket() };
    let with = |kms_key: Option<&str>, versioning| {
        let live = LiveBucket { bucket: Bucket { kms_key: kms_key.map(Into::into), versioning, ..done().bucket }, ..done() };
        Live { buckets: BTreeMap::from([("acme-staging".to_owned(), live)]), ..Live::default() }
    };
    let both = with(Some("arn:aws:kms:us-east-1:123456789012:key/1"), true);
    let words = ["s3://acme-staging:encryption", "s3://acme-staging:versioning"];
    assert_eq!(plan_of(&desired, &both, &Approvals::default()).refusals.len(), 2);
    for (named, refused) in [(words[0], ":versioning"), (words[1], ":encryption")] {
        let plan = plan_of(&desired, &both, &allow(&[], &[named]));
        assert!(plan.calls() == 0 && plan.refusals.len() == 1 && plan.refusals[0].recipe.ends_with(refused), "{:?}", plan.refusals);
    }
    let plan = plan_of(&desired, &both, &allow(&[], &words));
    assert_eq!(plan.works[0].steps.iter().map(|s| s.destructive).collect::<Vec<_>>(), [true, true], "{plan:?}");
    assert_eq!(plan_of(&desired, &with(None, false), &allow(&[], &words)).notes.len(), 2, "told that nothing needed them");
    let gains = Desired {
        buckets: [("acme-staging".into(), Bucket { kms_key: Some("k".into()), versioning: true, ..done().bucket })].into(),
        ..desired
    };
    let plan = plan_of(&gains, &with(None, false), &Approvals::default());
    assert_eq!((plan.refusals.len(), plan.works[0].steps.iter().filter(|s| s.destructive).count(), plan.calls()), (0, 0, 3));
    let mut other = with(Some("another"), true);
    other.buckets.values_mut().for_each(|live| live.expire_versions = 7);
    let plan = plan_of(&gains, &other, &Approvals::default());
    assert_eq!((plan.refusals.len(), plan.calls()), (0, 1), "from key to key");
}

/// The other tool would undo it. What is as the file says, or is somebody's by word, goes on.
#[test]
fn a_bucket_of_another_tool_is_looked_at_and_each_change_of_it_needs_the_word() {
    let desired = Desired { tables: BTreeMap::new(), ..with_bucket() };
    let held = |live: LiveBucket, approvals: &Approvals| {
        let live = LiveBucket { holder: Some(Holder::Terraform("ManagedBy=terraform".into())), ..live };
        let plan = plan_of(&desired, &Live { buckets: BTreeMap::from([("acme-staging".to_owned(), live)]), ..Live::default() }, approvals);
        let note = plan.works[0].change.as_ref().and_then(|change| change.note.clone());
        (plan.refusals.iter().map(|r| r.reason.clone()).collect::<Vec<_>>(), plan.calls(), note)
    };
    let (word, note) = (allow(&["acme-staging"], &[]), Some("held by Terraform (tag ManagedBy=terraform)".to_owned()));
    let reason = vec!["it is held by Terraform (tag ManagedBy=terraform)".to_owned()];
    let drifted = || LiveBucket { tls_only: false, ..done() };
    assert_eq!(held(done(), &Approvals::default()), (vec![], 0, None));
    assert_eq!(held(drifted(), &Approvals::default()), (reason, 0, note.clone()));
    assert_eq!(held(drifted(), &word), (vec![], 1, note.clone()));
    let foreign = held(LiveBucket { owner: None, ..done() }, &Approvals::default());
    assert_eq!((foreign.0.len(), foreign.1, foreign.2), (2, 0, note));
}

/// Asked about nobody was, because nothing was there.
#[test]
fn an_object_that_came_after_the_plan_is_a_surprise_until_the_rule_is_there() {
    let seen = |empty| State::Bucket(Some(Box::new(LiveBucket { empty, ..done() })));
    assert!(matches(&seen(true), &seen(true)) && matches(&seen(false), &seen(false)));
    assert!(!matches(&seen(true), &seen(false)), "it came since");
    assert!(matches(&seen(false), &seen(true)), "it went since");
    let ruled = simulate(&seen(true), &Step::ExpireObjects { days: 7, versions: false }, "acme-staging");
    assert!(matches(&ruled, &seen(false)), "nobody looks any more");
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
