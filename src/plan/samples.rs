//! Resources for the tests of this room and of `apply`: a few by hand, and generators for the properties.

use super::{Approvals, Context, Desired, Plan, make};
use crate::live::{Contents, Holder, Live, LiveBucket, LiveTable, Trouble, Usage};
use crate::resource::{
    Bucket, Capacity, Class, Encryption, Index, Insights, Key, KeyKind, KeyPart, Limits, LocalIndex, Maximum, Policy, Projection, Range,
    Scaling, StreamView, Table, Units,
};
use proptest::collection::{btree_map, btree_set};
use proptest::option;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

pub(crate) fn part(name: &str, kind: KeyKind) -> KeyPart {
    KeyPart { name: name.to_owned(), kind }
}

pub(crate) fn key(name: &str) -> Key {
    Key { partition: vec![part(name, KeyKind::S)], sort: Vec::new() }
}

pub(crate) fn index(name: &str, capacity: Capacity) -> Index {
    Index { capacity, ..Index::plain(key(name)) }
}

pub(crate) fn table() -> Table {
    Table::plain(key("pk"))
}

/// `table` as it would be live under the stack `s`.
pub(crate) fn live(table: Table) -> LiveTable {
    LiveTable {
        table,
        id: "7c1e0000-1".into(),
        arn: "arn:aws:dynamodb:us-east-1:123456789012:table/T".into(),
        owner: Some("s".into()),
        busy: Vec::new(),
        foreign_tags: BTreeMap::new(),
        created_ms: 0,
        applied: None,
        holder: None,
        replicas: Vec::new(),
        foreign_scaling: Vec::new(),
        leftover: BTreeMap::new(),
        usage: Usage::default(),
        trouble: Trouble::default(),
    }
}

pub(crate) fn bucket() -> Bucket {
    Bucket { name: "acme-staging".into(), expire_days: 7, tags: BTreeMap::new(), versioning: false, kms_key: None }
}

/// The bucket as an apply of the stack `s` leaves it, seen when it is to go.
pub(crate) fn leaving_bucket(versions: u64, uploads: u64) -> LiveBucket {
    LiveBucket {
        bucket: bucket(),
        owner: Some("s".into()),
        public_access_blocked: true,
        owner_enforced: true,
        encrypted: true,
        no_bucket_key: false,
        tls_only: true,
        has_policy: false,
        public_statement: None,
        refuses_public: true,
        aborts_multipart: true,
        expire_versions: 0,
        versions: false,
        fresh: false,
        empty: false,
        foreign_tags: BTreeMap::new(),
        holder: None,
        contents: Some(Contents { versions, uploads, imports: Vec::new() }),
    }
}

pub(crate) fn seen_bucket(bucket: LiveBucket) -> Live {
    Live { buckets: BTreeMap::from([(bucket.bucket.name.clone(), bucket)]), ..Live::default() }
}

/// A bucket that somebody, or nobody, owns, holds, fills or reads from.
pub(crate) fn any_leaving_bucket() -> impl Strategy<Value = LiveBucket> {
    let owner = prop_oneof![8 => Just(Some("s".to_owned())), 1 => Just(None), 1 => Just(Some("other".to_owned()))];
    let holder = option::weighted(0.1, Just(Holder::Terraform("ManagedBy=terraform".into())));
    let imports = option::weighted(0.1, Just("T".to_owned()));
    let counts = (prop_oneof![Just(0u64), 1..2000u64], prop_oneof![Just(0u64), 1..3u64]);
    (owner, holder, imports, counts, any::<bool>()).prop_map(|(owner, holder, imports, (versions, uploads), guarded)| {
        let contents = Some(Contents { versions, uploads, imports: imports.into_iter().collect() });
        LiveBucket { owner, holder, contents, tls_only: guarded, ..leaving_bucket(0, 0) }
    })
}

pub(crate) fn desired(tables: impl IntoIterator<Item = (&'static str, Table)>) -> Desired {
    let tables = tables.into_iter().map(|(name, table)| (name.to_owned(), table)).collect();
    Desired { stack: "s".into(), digest: "d".into(), tables, ..Desired::default() }
}

pub(crate) fn seen(tables: impl IntoIterator<Item = (&'static str, LiveTable)>) -> Live {
    Live { tables: tables.into_iter().map(|(name, table)| (name.to_owned(), table)).collect(), buckets: BTreeMap::new() }
}

pub(crate) fn plan_of(desired: &Desired, live: &Live, approvals: &Approvals) -> Plan {
    make(desired, live, approvals, context(1))
}

pub(crate) fn context(now_ms: u64) -> Context {
    let (account, region, endpoint) = ("123456789012".into(), "us-east-1".into(), "aws".into());
    Context { account, region, endpoint, now_ms, deadline_ms: None, unmanaged: Vec::new(), resembling: Vec::new() }
}

/// A bucket and two tables, from nothing.
pub(crate) fn plan() -> Plan {
    let units = Capacity::Provisioned(Units { read: 5, write: 5 });
    let indexes = BTreeMap::from([("byName".to_owned(), index("name", units))]);
    let users = Table { capacity: units, indexes, ttl: Some("expires".into()), recovery: Some(7), ..table() };
    let mut desired = desired([("Users", users), ("Orders", table())]);
    desired.buckets.insert("acme-staging".into(), bucket());
    plan_of(&desired, &Live::default(), &Approvals::default())
}

fn units() -> impl Strategy<Value = Units> {
    (1..4u64, 1..4u64).prop_map(|(read, write)| Units { read, write })
}

fn projection() -> impl Strategy<Value = Projection> {
    prop_oneof![Just(Projection::All), Just(Projection::Keys), btree_set("[xyz]", 1..3).prop_map(Projection::Include)]
}

/// Attribute types follow from the name, as `DynamoDB` has one type per attribute and table.
fn key_part(name: &str) -> KeyPart {
    part(name, if name == "b" { KeyKind::N } else { KeyKind::S })
}

fn index_key() -> impl Strategy<Value = Key> {
    let parts = |names: Vec<&'static str>| names.into_iter().map(key_part).collect::<Vec<_>>();
    let orders = prop_oneof![Just(vec!["a"]), Just(vec!["a", "b"]), Just(vec!["b", "a"])];
    (orders, prop_oneof![Just(vec![]), Just(vec!["c"])]).prop_map(move |(p, s)| Key { partition: parts(p), sort: parts(s) })
}

fn maximum() -> impl Strategy<Value = Maximum> {
    (option::of(1..3u64), option::of(1..3u64)).prop_map(|(read, write)| Maximum { read, write })
}

fn scale() -> impl Strategy<Value = Option<(u64, u64)>> {
    option::weighted(0.3, (0..3u64, prop_oneof![Just(50u64), Just(70)]))
}

/// Limits without the scaling, and the scaling as widths above the units that it starts from.
type Bounds = (Maximum, Option<Units>, [Option<(u64, u64)>; 2]);

fn bounds() -> impl Strategy<Value = Bounds> {
    (maximum(), option::of(units()), [scale(), scale()])
}

/// What of `bounds` is legal under `capacity`.
fn limits((maximum, warm, scales): Bounds, capacity: Capacity) -> Limits {
    let Capacity::Provisioned(units) = capacity else { return Limits { maximum, warm, scaling: Scaling::default() } };
    let range =
        |from: u64, scale: Option<(u64, u64)>| scale.map(|(width, target)| Range { min: from, max: from + width, target: Some(target) });
    let scaling = Scaling { read: range(units.read, scales[0]), write: range(units.write, scales[1]) };
    Limits { maximum: Maximum::default(), warm, scaling }
}

fn insights() -> impl Strategy<Value = Option<Insights>> {
    option::of(prop_oneof![Just(Insights::Off), Just(Insights::Throttled), Just(Insights::All)])
}

fn encryption() -> impl Strategy<Value = Encryption> {
    let key = |name: &str| Encryption::Key(format!("arn:aws:kms:us-east-1:123456789012:key/{name}"));
    prop_oneof![3 => Just(Encryption::Owned), 1 => Just(Encryption::Managed), 1 => Just(key("a")), 1 => Just(key("b"))]
}

fn policy() -> impl Strategy<Value = Option<Policy>> {
    let on = |sid: &str| Policy::On(format!(r#"{{"Statement":[{{"Sid":"{sid}"}}],"Version":"2012-10-17"}}"#));
    option::of(prop_oneof![Just(Policy::Off), Just(on("a")), Just(on("b"))])
}

type IndexParts = (Key, Projection, Units, Bounds, Option<Insights>);

fn index_parts() -> impl Strategy<Value = IndexParts> {
    (index_key(), projection(), units(), bounds(), insights())
}

fn as_index((key, projection, units, bounds, insights): IndexParts, provisioned: bool) -> Index {
    let capacity = if provisioned { Capacity::Provisioned(units) } else { Capacity::OnDemand };
    Index { key, projection, capacity, limits: limits(bounds, capacity), insights }
}

fn stream() -> impl Strategy<Value = Option<StreamView>> {
    option::of(prop_oneof![Just(StreamView::Keys), Just(StreamView::New), Just(StreamView::Old), Just(StreamView::Both)])
}

fn class() -> impl Strategy<Value = Class> {
    prop_oneof![Just(Class::Standard), Just(Class::InfrequentAccess)]
}

/// Any legal table over a few names, so that desired and live meet often.
pub(crate) fn any_table() -> impl Strategy<Value = Table> {
    let shape = (option::of(units()), btree_map("[ijk]", index_parts(), 0..4), btree_map("[l]", projection(), 0..2), bounds());
    let switches = (any::<bool>(), option::of("[ef]"), stream(), option::of(1..36u32), btree_map("[tu]", "[vw]", 0..3));
    let settings = (class(), encryption(), policy(), insights());
    (prop_oneof![9 => Just("pk"), 1 => Just("id")], shape, switches, settings).prop_map(|(pk, shape, switches, settings)| {
        let (units, indexes, locals, bounds) = shape;
        let (protect, ttl, stream, recovery, tags) = switches;
        let (class, encryption, policy, insights) = settings;
        let capacity = units.map_or(Capacity::OnDemand, Capacity::Provisioned);
        let local = |projection| LocalIndex { key: Key { sort: vec![key_part("b")], ..key(pk) }, projection };
        Table {
            key: key(pk),
            capacity,
            indexes: indexes.into_iter().map(|(name, parts)| (name, as_index(parts, units.is_some()))).collect(),
            locals: locals.into_iter().map(|(n, p)| (n, local(p))).collect(),
            protect,
            ttl,
            stream,
            recovery,
            tags,
            limits: limits(bounds, capacity),
            class,
            encryption,
            policy,
            insights,
        }
    })
}

/// A live table that somebody, or nobody, owns, holds or replicates.
pub(crate) fn any_live() -> impl Strategy<Value = LiveTable> {
    let owner = prop_oneof![8 => Just(Some("s".to_owned())), 1 => Just(None), 1 => Just(Some("other".to_owned()))];
    let applied = option::of(prop_oneof![Just("old".to_owned())]);
    let holder = option::weighted(0.1, Just(Holder::Terraform("ManagedBy=terraform".into())));
    let replicas = option::weighted(0.1, Just("eu-west-1".to_owned()));
    let leftover = btree_map("[ijk]", leftover(), 0..3);
    (any_table(), owner, btree_map("[fg]", "[vw]", 0..2), applied, holder, replicas, any::<[bool; 2]>(), leftover).prop_map(
        |(table, owner, foreign_tags, applied, holder, replicas, [orphaned, lowered], leftover)| {
            let mut live = LiveTable { leftover, ..live(table) };
            if orphaned {
                without_policy(&mut live.table);
            }
            if lowered {
                below_its_range(&mut live.table);
            }
            LiveTable { owner, foreign_tags, applied, holder, replicas: replicas.into_iter().collect(), ..live }
        },
    )
}

/// What scales an index that is gone.
fn leftover() -> impl Strategy<Value = Scaling> {
    let range =
        || option::of((1..4u64, 0..3u64, option::of(Just(50u64))).prop_map(|(min, more, target)| Range { min, max: min + more, target }));
    (range(), range()).prop_map(|(read, write)| Scaling { read, write })
}

/// A run that was killed between target and policy leaves this.
fn without_policy(table: &mut Table) {
    if let Some(range) = &mut table.limits.scaling.read {
        range.target = None;
    }
}

/// Somebody's change by hand leaves this.
fn below_its_range(table: &mut Table) {
    let Capacity::Provisioned(units) = &mut table.capacity else { return };
    if table.limits.scaling.read.is_some() && units.read > 1 {
        units.read -= 1;
    }
}

/// `live` as a refresh for `want` reads it: only what `want` manages, floors and scaled capacity folded (see `live::normal`).
pub(crate) fn as_refreshed(mut live: LiveTable, want: &Table) -> LiveTable {
    let all = std::mem::take(&mut live.table.tags).into_iter().chain(std::mem::take(&mut live.foreign_tags));
    let (managed, foreign) = all.partition(|(key, _)| want.tags.contains_key(key));
    live.table.tags = managed;
    live.foreign_tags = foreign;
    let absent = |name: &String| !live.table.indexes.contains_key(name);
    live.leftover.retain(|name, _| absent(name) && want.indexes.get(name).is_some_and(|index| index.capacity != Capacity::OnDemand));
    live.table.policy = want.policy.as_ref().map(|_| live.table.policy.take().unwrap_or(Policy::Off));
    live.table.insights = want.insights.map(|_| live.table.insights.unwrap_or(Insights::Off));
    fold(&mut live.table.capacity, &mut live.table.limits, &want.limits);
    for (name, index) in &mut live.table.indexes {
        let wanted = want.indexes.get(name);
        index.insights = wanted.and_then(|w| w.insights).map(|_| index.insights.unwrap_or(Insights::Off));
        fold(&mut index.capacity, &mut index.limits, &wanted.map(|w| w.limits).unwrap_or_default());
    }
    live
}

fn fold(capacity: &mut Capacity, limits: &mut Limits, want: &Limits) {
    limits.warm = want.warm.map(|floor| {
        let now = limits.warm.unwrap_or(Units { read: 0, write: 0 });
        Units { read: now.read.min(floor.read), write: now.write.min(floor.write) }
    });
    let Capacity::Provisioned(units) = capacity else { return };
    units.read = scaled(units.read, limits.scaling.read, want.scaling.read);
    units.write = scaled(units.write, limits.scaling.write, want.scaling.write);
}

fn scaled(units: u64, live: Option<Range>, want: Option<Range>) -> u64 {
    let Some(want) = want else { return units };
    let held = live.is_some_and(|live| (live.min, live.max) == (want.min, want.max));
    let most = if held { u64::MAX } else { want.max };
    if (want.min..=most).contains(&units) { want.min } else { units }
}

/// Every approval that could matter to the table `T` of these generators.
pub(crate) fn all_approvals() -> Approvals {
    let destroy: BTreeSet<String> = ["T:recovery", "T:stream", "T:encryption", "T:ttl", "T/i", "T/j", "T/k"].map(str::to_owned).into();
    Approvals { adopt: BTreeSet::from(["T".to_owned()]), destroy, ..Approvals::default() }
}
