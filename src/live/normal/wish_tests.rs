//! The rules that fold live against the wish, each by name, and the invariant that they serve: a fresh create reads as zero diff.

mod shown;

use super::*;
use crate::live::model::{ForeignScaling, Mover};
use crate::resource::{Capacity, Class, Dimension, Encryption, Insights, Limits, Maximum, Policy, Range, Scaling, StreamView, Units};
use proptest::prelude::*;
use shown::{shown, targets};

/// A resource policy that lets one account read items.
const READS: &str =
    r#"{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "dynamodb:GetItem", "Resource": "*"}]}"#;

fn part(name: &str) -> KeyPart {
    KeyPart { name: name.into(), kind: KeyKind::S }
}

fn plain() -> Table {
    Table::plain(Key { partition: vec![part("pk")], sort: vec![part("sk")] })
}

fn units(read: u64, write: u64) -> Units {
    Units { read, write }
}

fn fold(all: &ObservedAll, want: &Table) -> LiveTable {
    table("T", all, Some(want)).expect("foldable")
}

const RANGE: Range = Range { min: 5, max: 50, target: Some(70) };

fn scaled(read: Range) -> Table {
    let limits = Limits { scaling: Scaling { read: Some(read), write: None }, ..Limits::default() };
    Table { capacity: Capacity::Provisioned(units(read.min, 6)), limits, ..plain() }
}

#[test]
fn minus_one_and_absent_are_no_maximum() {
    let want = plain();
    let mut all = shown(&want);
    all.table.maximum = ObservedMaximum { read: Some(-1), write: None };
    assert_eq!(fold(&all, &want).table, want);
    all.table.maximum.write = Some(9);
    assert_eq!(fold(&all, &want).table.limits.maximum, Maximum { read: None, write: Some(9) });
}

#[test]
fn warm_throughput_over_the_floor_reads_as_the_floor_side_by_side() {
    let floor = |read, write| Table { limits: Limits { warm: Some(units(read, write)), ..Limits::default() }, ..plain() };
    let live = |want: &Table| {
        let mut all = shown(want);
        all.table.warm = Some(units(15_000, 4_000));
        fold(&all, want).table.limits.warm
    };
    assert_eq!(live(&floor(14_000, 4_000)), Some(units(14_000, 4_000)));
    assert_eq!(live(&floor(20_000, 1_000)), Some(units(15_000, 1_000)), "the read side has to be raised still");
    assert_eq!(live(&floor(1_000, 9_000)), Some(units(1_000, 4_000)), "and here the write side");
    assert_eq!(live(&plain()), None, "nobody asked for it");
}

#[test]
fn warm_throughput_that_aws_does_not_show_is_not_the_wished_one() {
    let want = Table { limits: Limits { warm: Some(units(1, 1)), ..Limits::default() }, ..plain() };
    let mut all = shown(&want);
    all.table.warm = None;
    assert_eq!(fold(&all, &want).table.limits.warm, None);
}

#[test]
fn scaled_capacity_reads_as_the_least_once_aws_scales_the_same_range() {
    let want = scaled(RANGE);
    let live = |units: Units, scaling: Scaling| {
        let mut all = shown(&want);
        (all.table.units, all.scaling) = (Some(units), targets(None, scaling));
        fold(&all, &want).table.capacity
    };
    let registered = want.limits.scaling;
    assert_eq!(live(units(33, 6), registered), want.capacity);
    assert_eq!(live(units(900, 6), registered), want.capacity, "auto scaling comes down from it");
    assert_eq!(live(units(5, 6), registered), want.capacity, "the least itself");
    assert_eq!(live(units(4, 6), registered), Capacity::Provisioned(units(4, 6)), "AWS would leave it below its range");
    assert_eq!(live(units(5, 7), registered), Capacity::Provisioned(units(5, 7)), "the other side is nobody's");
    let other = Scaling { read: Some(Range { max: 60, ..RANGE }), write: None };
    for before in [Scaling::default(), other] {
        assert_eq!(live(units(33, 6), before), want.capacity, "in the range");
        assert_eq!(live(units(900, 6), before), Capacity::Provisioned(units(900, 6)), "out of the range");
    }
}

#[test]
fn capacity_that_only_aws_scales_reads_as_it_is() {
    let want = Table { capacity: Capacity::Provisioned(units(5, 6)), ..plain() };
    let mut all = shown(&want);
    (all.table.units, all.scaling) = (Some(units(33, 6)), targets(None, scaled(RANGE).limits.scaling));
    let live = fold(&all, &want).table;
    assert_eq!((live.capacity, live.limits.scaling.read), (Capacity::Provisioned(units(33, 6)), Some(RANGE)));
}

#[test]
fn a_target_that_something_else_moves_too_has_no_target_value() {
    type Spoil = fn(&mut ObservedTarget, ObservedScaler);
    let want = scaled(RANGE);
    let step = ObservedScaler { name: "s".into(), kind: "StepScaling".into(), ..ObservedScaler::default() };
    let spoils: [(&str, Spoil); 7] = [
        ("no policy", |t, _| t.policies.clear()),
        ("a step policy alone", |t, step| t.policies = vec![step]),
        ("a step policy beside", |t, step| t.policies.push(step)),
        ("a step policy of the same metric and target", |t, step| t.policies[0].kind = step.kind),
        ("a metric of its own", |t, _| t.policies[0].metric = None),
        ("another metric of AWS's", |t, _| t.policies[0].metric = Some("DynamoDBNewMetric".into())),
        ("suspended", |t, _| t.suspended = true),
    ];
    for (what, spoil) in spoils {
        let mut all = shown(&want);
        spoil(&mut all.scaling[0], step.clone());
        assert_eq!(fold(&all, &want).table.limits.scaling.read, Some(Range { target: None, ..RANGE }), "{what}");
    }
}

#[test]
fn what_else_moves_a_side_is_told_in_an_order_of_ours() {
    let want = scaled(RANGE);
    let foreign = |spoil: fn(&mut Vec<ObservedTarget>)| {
        let mut all = shown(&want);
        spoil(&mut all.scaling);
        fold(&all, &want).foreign_scaling
    };
    let of = |index: Option<&str>, by: Mover| ForeignScaling { index: index.map(Into::into), dimension: Dimension::Read, by };
    assert_eq!(foreign(|_| ()), []);
    assert_eq!(foreign(|all| all[0].policies[0].target = None), [], "another percentage is changed in place");
    assert_eq!(foreign(|all| all[0].policies.clear()), []);
    assert_eq!(foreign(|all| all[0].policies[0].kind = "StepScaling".into()), [of(None, Mover::Policy("any".into()))]);
    let twice: fn(&mut Vec<ObservedTarget>) = |all| {
        let again = all[0].policies[0].clone();
        all[0].policies.push(again);
    };
    assert_eq!(foreign(twice), [of(None, Mover::Policies(2))]);
    let lots: fn(&mut Vec<ObservedTarget>) = |all| {
        all[0].suspended = true;
        all[0].scheduled = vec!["b".into(), "a".into()];
        let orphan = ObservedTarget { index: Some("gone".into()), policies: Vec::new(), ..all[0].clone() };
        all.insert(0, orphan);
    };
    let action = |name: &str| Mover::ScheduledAction(name.into());
    let each = |index| [of(index, action("a")), of(index, action("b")), of(index, Mover::Suspension)];
    assert_eq!(foreign(lots), [each(None), each(Some("gone"))].concat());
}

#[test]
fn an_index_is_folded_against_its_own_wish_only() {
    let index = Index { limits: scaled(RANGE).limits, capacity: Capacity::Provisioned(units(5, 6)), ..Index::plain(plain().key) };
    let want = Table { capacity: Capacity::Provisioned(units(1, 1)), indexes: [("i".to_owned(), index)].into(), ..plain() };
    let mut all = shown(&want);
    all.table.globals[0].units = Some(units(44, 6));
    assert_eq!(fold(&all, &want).table, want);
    let other = Table { indexes: BTreeMap::new(), ..want };
    assert_eq!(fold(&all, &other).table.indexes["i"].capacity, Capacity::Provisioned(units(44, 6)));
}

#[test]
fn policy_and_insights_that_the_wish_does_not_manage_are_not_there() {
    let want =
        Table { policy: Some(Policy::On(crate::policy::canonical(READS).expect("a policy"))), insights: Some(Insights::All), ..plain() };
    let all = shown(&want);
    assert_eq!((fold(&all, &want).table.policy, fold(&all, &want).table.insights), (want.policy, want.insights));
    let live = fold(&all, &plain()).table;
    assert_eq!((live.policy, live.insights), (None, None));
    let nothing = table("T", &all, None).expect("foldable").table;
    assert_eq!((nothing.policy, nothing.insights), (None, None));
}

#[test]
fn a_policy_counts_by_its_meaning_and_one_that_is_no_json_is_an_error() {
    let want = Table { policy: Some(Policy::On(crate::policy::canonical(READS).expect("a policy"))), ..plain() };
    let mut all = shown(&want);
    all.policy = Some(Some(READS.replace("\"dynamodb:GetItem\"", "[ \"DynamoDB:getitem\" ]")));
    assert_eq!(fold(&all, &want).table.policy, want.policy);
    all.policy = Some(None);
    assert_eq!(fold(&all, &want).table.policy, Some(Policy::Off));
    all.policy = Some(Some("no".into()));
    assert_eq!(table("T", &all, Some(&want)).expect_err("no policy").what, "the resource policy");
}

#[test]
fn failed_insights_are_off_and_not_in_motion_and_their_cause_is_told() {
    let told = |why: Option<&str>| ObservedInsights { status: Some("FAILED".into()), mode: None, failure: why.map(Into::into) };
    let want = Table { insights: Some(Insights::All), ..plain() };
    let mut all = shown(&want);
    all.insights.insert(None, told(Some("LimitExceededException: too many\u{1b}")));
    all.insights.insert(Some("i".into()), told(None));
    all.insights.insert(Some("j".into()), ObservedInsights { status: Some("ENABLED".into()), ..told(Some("old")) });
    let live = fold(&all, &want);
    assert_eq!((live.table.insights, live.busy), (Some(Insights::Off), Vec::new()));
    let why: Vec<_> = live.trouble.insights.iter().map(ToString::to_string).collect();
    let of_table = format!("contributor insights failed: {}", crate::safe::text("LimitExceededException: too many\u{1b}"));
    assert_eq!(why, [of_table.as_str(), "contributor insights of index i failed: AWS does not say why"]);
    assert!(!of_table.contains('\u{1b}'));
}

#[test]
fn aws_own_key_is_managed_and_any_other_is_a_customers() {
    let want = Table { encryption: Encryption::Key("arn:k".into()), ..plain() };
    let mut all = shown(&want);
    assert_eq!(fold(&all, &want).table.encryption, want.encryption);
    all.managed_key = true;
    assert_eq!(fold(&all, &want).table.encryption, Encryption::Managed);
    for (status, kind) in [("DISABLED", "KMS"), ("DISABLING", "KMS"), ("ENABLED", "AES256")] {
        all.table.encryption = Some(ObservedEncryption { status: Some(status.into()), kind: Some(kind.into()), key: None });
        assert_eq!(fold(&all, &want).table.encryption, Encryption::Owned, "{status} {kind}");
    }
}

#[test]
fn nothing_in_motion_is_quiescent_and_each_motion_is_named() {
    type Spoil = fn(&mut ObservedAll);
    let want = plain();
    let spoils: [(&str, Spoil); 8] = [
        ("encryption is UPDATING", |a| {
            a.table.encryption = Some(ObservedEncryption { status: Some("UPDATING".into()), kind: Some("KMS".into()), key: None });
        }),
        ("warm throughput is UPDATING", |a| a.table.warm_status = Some("UPDATING".into())),
        ("TTL is ENABLING", |a| (a.ttl.status, a.ttl.attribute) = (Some("ENABLING".into()), Some("x".into()))),
        ("TTL is DISABLING", |a| a.ttl.status = Some("DISABLING".into())),
        ("point-in-time recovery is ENABLING", |a| a.recovery.status = Some("ENABLING".into())),
        ("contributor insights are ENABLING", |a| {
            a.insights.insert(None, ObservedInsights { status: Some("ENABLING".into()), mode: None, failure: None });
        }),
        ("contributor insights of index i are DISABLING", |a| {
            a.insights.insert(Some("i".into()), ObservedInsights { status: Some("DISABLING".into()), mode: None, failure: None });
        }),
        ("the replica in eu-west-1 is CREATING", |a| {
            a.table.replicas = vec![ObservedReplica { region: "eu-west-1".into(), status: Some("CREATING".into()) }];
        }),
    ];
    assert!(fold(&shown(&want), &want).busy.is_empty());
    for (what, spoil) in spoils {
        let mut all = shown(&want);
        spoil(&mut all);
        assert_eq!(fold(&all, &want).busy, [what]);
    }
}

#[test]
fn replicas_are_the_other_regions_and_counters_are_told_apart() {
    let want = Table { indexes: [("i".to_owned(), Index::plain(plain().key))].into(), ..plain() };
    let mut all = shown(&want);
    let replica = |region: &str| ObservedReplica { region: region.into(), status: Some("ACTIVE".into()) };
    all.table.replicas = vec![replica("us-west-2"), replica("us-east-1"), replica("eu-west-1")];
    all.table.counters = ObservedCounters { decreases: Some(2), last_decrease_ms: Some(7) };
    all.table.globals[0].counters = ObservedCounters { decreases: Some(0), last_decrease_ms: None };
    (all.table.to_on_demand_ms, all.table.class_changed_ms) = (Some(8), Some(9));
    let live = fold(&all, &want);
    assert_eq!(live.replicas, ["eu-west-1", "us-west-2"]);
    let decreases = BTreeMap::from([(String::new(), (2, 7)), ("i".to_owned(), (0, 0))]);
    assert_eq!(live.usage, Usage { decreases, to_on_demand_ms: Some(8), class_changed_ms: Some(9), items: 0, in_use: false });
}

#[test]
fn the_applied_tag_and_another_holder_are_told() {
    let mut all = shown(&plain());
    all.tags.push((APPLIED_TAG.to_owned(), "abc".into()));
    all.tags.push(("aws:cloudformation:stack-name".into(), "web".into()));
    let live = fold(&all, &plain());
    assert_eq!(live.applied.as_deref(), Some("abc"));
    assert_eq!(live.holder, Some(crate::live::model::Holder::CloudFormation("web".into())));
    assert!(live.foreign_tags.is_empty());
}

prop_compose! {
    fn any_limits()(max in (any::<Option<u16>>(), any::<Option<u16>>()), warm in any::<Option<(u16, u16)>>()) -> Limits {
        let maximum = Maximum { read: max.0.map(u64::from), write: max.1.map(u64::from) };
        Limits { maximum, warm: warm.map(|(r, w)| units(r.into(), w.into())), ..Limits::default() }
    }
}

/// Capacity and scaling that go together: a scaled side is provisioned with the range's least.
fn any_capacity() -> impl Strategy<Value = (Capacity, Scaling)> {
    let range = (1..100_u64, 0..100_u64, 20..=90_u64).prop_map(|(min, more, target)| Range { min, max: min + more, target: Some(target) });
    let side = (proptest::option::of(range), 1..1000_u64);
    let provisioned = (side.clone(), side).prop_map(|((read, r), (write, w))| {
        let least = |range: Option<Range>, units| range.map_or(units, |range| range.min);
        (Capacity::Provisioned(units(least(read, r), least(write, w))), Scaling { read, write })
    });
    prop_oneof![Just((Capacity::OnDemand, Scaling::default())), provisioned]
}

fn any_insights() -> impl Strategy<Value = Option<Insights>> {
    proptest::sample::select(vec![None, Some(Insights::Off), Some(Insights::All), Some(Insights::Throttled)])
}

fn any_settings() -> impl Strategy<Value = Table> {
    let views = vec![None, Some(StreamView::Keys), Some(StreamView::New), Some(StreamView::Old), Some(StreamView::Both)];
    let keys = vec![Encryption::Owned, Encryption::Managed, Encryption::Key("arn:aws:kms:us-east-1:1:key/a".into())];
    let policies = vec![None, Some(Policy::Off), Some(Policy::On(crate::policy::canonical(READS).expect("a policy")))];
    let words = (proptest::sample::select(views), proptest::sample::select(keys), proptest::sample::select(policies), any_insights());
    let flags = (any::<bool>(), any::<bool>(), proptest::option::of(1..=35_u32), any::<bool>(), any::<bool>());
    (words, flags).prop_map(|((stream, encryption, policy, insights), (protect, ttl, recovery, tagged, rare))| Table {
        protect,
        ttl: ttl.then(|| "expires".to_owned()),
        stream,
        recovery,
        tags: tagged.then(|| ("team".to_owned(), "a".to_owned())).into_iter().collect(),
        class: if rare { Class::InfrequentAccess } else { Class::Standard },
        encryption,
        policy,
        insights,
        ..plain()
    })
}

proptest! {
    #[test]
    fn a_fresh_create_reads_as_zero_diff(
        settings in any_settings(),
        limits in (any_limits(), any_limits()),
        capacity in (any_capacity(), any_capacity()),
        insights in any_insights(),
    ) {
        let ((capacity, scaling), (other, other_scaling)) = capacity;
        let on_demand = capacity == Capacity::OnDemand || other == Capacity::OnDemand;
        let (scaling, other_scaling) = if on_demand { (Scaling::default(), Scaling::default()) } else { (scaling, other_scaling) };
        let mode = |capacity| if on_demand { Capacity::OnDemand } else { capacity };
        let index = Index {
            capacity: mode(other),
            limits: Limits { scaling: other_scaling, ..limits.1 },
            insights,
            ..Index::plain(Key { partition: vec![part("other")], sort: Vec::new() })
        };
        let want = Table {
            capacity: mode(capacity),
            limits: Limits { scaling, ..limits.0 },
            indexes: [("i".to_owned(), index)].into(),
            ..settings
        };
        let live = fold(&shown(&want), &want);
        prop_assert_eq!(&live.table, &want);
        prop_assert!(live.busy.is_empty(), "{:?}", live.busy);
    }
}
