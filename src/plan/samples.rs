//! Resources for the tests of this room and of `apply`: a few by hand, and generators for the properties.

use super::{Approvals, Context, Desired, Plan, make};
use crate::live::{Live, LiveTable, Usage};
use crate::resource::{Bucket, Capacity, Index, Key, KeyKind, KeyPart, LocalIndex, Projection, StreamView, Table, Units};
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
        usage: Usage::default(),
    }
}

pub(crate) fn bucket() -> Bucket {
    Bucket { name: "acme-staging".into(), expire_days: 7, tags: BTreeMap::new(), versioning: false, kms_key: None }
}

pub(crate) fn desired(tables: impl IntoIterator<Item = (&'static str, Table)>) -> Desired {
    let tables = tables.into_iter().map(|(name, table)| (name.to_owned(), table)).collect();
    Desired { stack: "s".into(), digest: "d".into(), tables, ..Desired::default() }
}

pub(crate) fn seen(tables: impl IntoIterator<Item = (&'static str, LiveTable)>) -> Live {
    Live { tables: tables.into_iter().map(|(name, table)| (name.to_owned(), table)).collect(), buckets: BTreeMap::new() }
}

pub(crate) fn plan_of(desired: &Desired, live: &Live, approvals: &Approvals) -> Plan {
    let context =
        Context { account: "123456789012".into(), region: "us-east-1".into(), endpoint: "aws".into(), now_ms: 1, unmanaged: Vec::new() };
    make(desired, live, approvals, context)
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

/// Any legal table over a few names, so that desired and live meet often.
pub(crate) fn any_table() -> impl Strategy<Value = Table> {
    let capacity = option::of(units());
    let indexes = btree_map("[ijk]", (index_key(), projection(), units()), 0..4);
    let locals = btree_map("[l]", projection(), 0..2);
    let stream = option::of(prop_oneof![Just(StreamView::Keys), Just(StreamView::New), Just(StreamView::Old), Just(StreamView::Both)]);
    let tags = btree_map("[tu]", "[vw]", 0..3);
    let rest = (any::<bool>(), option::of("[ef]"), stream, option::of(1..36u32), tags);
    (prop_oneof![9 => Just("pk"), 1 => Just("id")], capacity, indexes, locals, rest).prop_map(|(pk, capacity, indexes, locals, rest)| {
        let (protect, ttl, stream, recovery, tags) = rest;
        let as_table = |units: Units| capacity.map_or(Capacity::OnDemand, |_| Capacity::Provisioned(units));
        let indexes = indexes
            .into_iter()
            .map(|(n, (key, projection, u))| (n, Index { projection, capacity: as_table(u), ..Index::plain(key) }))
            .collect();
        let local = |projection| LocalIndex { key: Key { sort: vec![key_part("b")], ..key(pk) }, projection };
        let locals = locals.into_iter().map(|(n, p)| (n, local(p))).collect();
        Table {
            capacity: capacity.map_or(Capacity::OnDemand, Capacity::Provisioned),
            indexes,
            locals,
            protect,
            ttl,
            stream,
            recovery,
            tags,
            ..Table::plain(key(pk))
        }
    })
}

/// A live table that somebody, or nobody, owns.
pub(crate) fn any_live() -> impl Strategy<Value = LiveTable> {
    let owner = prop_oneof![8 => Just(Some("s".to_owned())), 1 => Just(None), 1 => Just(Some("other".to_owned()))];
    (any_table(), owner, btree_map("[fg]", "[vw]", 0..2)).prop_map(|(table, owner, foreign_tags)| LiveTable {
        owner,
        foreign_tags,
        ..live(table)
    })
}

/// Every approval that could matter to the table `T` of these generators.
pub(crate) fn all_approvals() -> Approvals {
    let destroy: BTreeSet<String> = ["T:recovery", "T/i", "T/j", "T/k"].map(str::to_owned).into();
    Approvals { adopt: BTreeSet::from(["T".to_owned()]), destroy, with_data: false }
}
