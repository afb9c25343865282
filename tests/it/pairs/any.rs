//! Random tables that AWS can hold, in pairs: what a table is, and what the file makes of it.
//!
//! Rules: a seed is a pair, on every machine; both have one key and the same local indexes, and an index of one name has one key and one
//! projection, because nothing else of a table can never change.

use fastrand::Rng;
use landfall::policy;
use landfall::resource::{
    Capacity, Class, Encryption, Index, Insights, Key, KeyKind, KeyPart, Limits, LocalIndex, Maximum, Policy, Projection, Range, Scaling,
    StreamView, Table, Units,
};
use std::collections::{BTreeMap, BTreeSet};

/// What a table is, and what it shall be.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) before: Table,
    pub(super) after: Table,
}

impl Pair {
    pub(super) fn of(seed: u64) -> Self {
        let mut random = Rng::with_seed(seed);
        let shape = Shape::any(&mut random);
        let (before, other) = (shape.table(&mut random), shape.table(&mut random));
        Self { after: blended(&mut random, &before, other), before }
    }

    /// The attributes of all keys.
    pub(super) fn attributes(&self) -> BTreeMap<String, KeyKind> {
        [&self.before, &self.after].into_iter().flat_map(landfall::plan::order::attributes).collect()
    }
}

/// Attributes that keys are made of. One has one type throughout a table.
const PARTS: [(&str, KeyKind); 10] = [
    ("pk", KeyKind::S),
    ("sk", KeyKind::N),
    ("a", KeyKind::S),
    ("b", KeyKind::N),
    ("c", KeyKind::B),
    ("d", KeyKind::S),
    ("e", KeyKind::N),
    ("f", KeyKind::B),
    ("g", KeyKind::S),
    ("h", KeyKind::S),
];
const INDEXES: [&str; 4] = ["by-i", "by-j", "by-k", "by-l"];
/// What a new on-demand table sustains (developer guide, "Understanding DynamoDB warm throughput"): floors below it, at it and above it.
const WARM: [(u64, u64); 4] = [(1, 1), (12_000, 4_000), (10_000, 5_000), (13_000, 5_000)];

/// What of a table cannot change.
struct Shape {
    key: Key,
    locals: BTreeMap<String, LocalIndex>,
    /// Indexes to choose from.
    indexes: BTreeMap<String, Index>,
}

impl Shape {
    fn any(random: &mut Rng) -> Self {
        let key = Key { partition: vec![part(0)], sort: if random.bool() { vec![part(1)] } else { Vec::new() } };
        // DynamoDB has local indexes only where the table has a sort key.
        let many = if key.sort.is_empty() { 0 } else { random.usize(0..3) };
        let mut local = |at: usize| {
            let key = Key { sort: vec![part(2 + at)], ..key.clone() };
            (format!("local-{at}"), LocalIndex { key, projection: projection(random) })
        };
        let locals = (0..many).map(&mut local).collect();
        let indexes = INDEXES.iter().map(|name| ((*name).to_owned(), index(random))).collect();
        Self { key, locals, indexes }
    }

    /// Any table of this shape.
    fn table(&self, random: &mut Rng) -> Table {
        let provisioned = random.bool();
        let (capacity, limits) = throughput(random, provisioned);
        let chosen: Vec<_> = self.indexes.iter().filter(|_| random.u8(0..8) < 3).collect();
        let indexes = chosen.into_iter().map(|(name, index)| {
            let (capacity, limits) = throughput(random, provisioned);
            (name.clone(), Index { capacity, limits, insights: insights(random), ..index.clone() })
        });
        let indexes = indexes.collect();
        Table {
            indexes,
            locals: self.locals.clone(),
            capacity,
            limits,
            protect: random.bool(),
            ttl: maybe(random, |random| one(random, &["expires", "until"]).to_owned()),
            stream: maybe(random, |random| one(random, &[StreamView::Keys, StreamView::New, StreamView::Old, StreamView::Both])),
            recovery: maybe(random, |random| random.u32(1..=35)),
            tags: tags(random),
            class: one(random, &[Class::Standard, Class::InfrequentAccess]),
            encryption: one(random, &[Encryption::Owned, Encryption::Managed]),
            policy: maybe(random, any_policy),
            insights: insights(random),
            ..Table::plain(self.key.clone())
        }
    }
}

/// `other`, with about half of the settings as they were: what stays must not be sent again.
fn blended(random: &mut Rng, was: &Table, other: Table) -> Table {
    Table {
        ttl: one(random, &[was.ttl.clone(), other.ttl]),
        stream: one(random, &[was.stream, other.stream]),
        recovery: one(random, &[was.recovery, other.recovery]),
        class: one(random, &[was.class, other.class]),
        encryption: one(random, &[was.encryption.clone(), other.encryption]),
        policy: one(random, &[was.policy.clone(), other.policy]),
        insights: one(random, &[was.insights, other.insights]),
        ..other
    }
}

fn part(at: usize) -> KeyPart {
    let (name, kind) = PARTS[at];
    KeyPart { name: name.to_owned(), kind }
}

fn one<T: Clone>(random: &mut Rng, of: &[T]) -> T {
    of[random.usize(..of.len())].clone()
}

fn maybe<T>(random: &mut Rng, what: impl FnOnce(&mut Rng) -> T) -> Option<T> {
    random.bool().then(|| what(random))
}

fn projection(random: &mut Rng) -> Projection {
    match random.u8(0..3) {
        0 => Projection::All,
        1 => Projection::Keys,
        _ => Projection::Include(BTreeSet::from([one(random, &["x", "y"]).to_owned(), "z".to_owned()])),
    }
}

/// Up to four attributes on either side; the table's own keys are among them.
fn index(random: &mut Rng) -> Index {
    let mut all: Vec<usize> = (0..PARTS.len()).collect();
    random.shuffle(&mut all);
    let (partition, sort) = (random.usize(1..=4), random.usize(0..=4));
    let parts = |all: &[usize]| all.iter().map(|at| part(*at)).collect::<Vec<_>>();
    let key = Key { partition: parts(&all[..partition]), sort: parts(&all[partition..partition + sort]) };
    Index { projection: projection(random), ..Index::plain(key) }
}

/// Capacity of the wanted kind, and what bounds it.
fn throughput(random: &mut Rng, provisioned: bool) -> (Capacity, Limits) {
    if !provisioned {
        let maximum = Maximum { read: maybe(random, |r| r.u64(1..50)), write: maybe(random, |r| r.u64(1..50)) };
        let warm = maybe(random, |random| one(random, &WARM)).map(|(read, write)| Units { read, write });
        return (Capacity::OnDemand, Limits { maximum, warm, ..Limits::default() });
    }
    let units = Units { read: random.u64(1..30), write: random.u64(1..30) };
    let warm = maybe(random, |r| Units { read: units.read + r.u64(0..9), write: units.write + r.u64(0..9) });
    let scaling = Scaling { read: range(random, units.read), write: range(random, units.write) };
    (Capacity::Provisioned(units), Limits { warm, scaling, ..Limits::default() })
}

/// Each takes calls of its own for each table and index, so there are fewer.
fn range(random: &mut Rng, min: u64) -> Option<Range> {
    let range = Range { min, max: min + random.u64(0..20), target: Some(random.u64(20..=90)) };
    (random.u8(0..4) == 0).then_some(range)
}

fn insights(random: &mut Rng) -> Option<Insights> {
    one(random, &[None, None, None, Some(Insights::Off), Some(Insights::Throttled), Some(Insights::All)])
}

fn tags(random: &mut Rng) -> BTreeMap<String, String> {
    let chosen: Vec<&str> = ["team", "cost", "app"].into_iter().filter(|_| random.bool()).collect();
    chosen.into_iter().map(|key| (key.to_owned(), one(random, &["m", "n"]).to_owned())).collect()
}

fn any_policy(random: &mut Rng) -> Policy {
    let action = one(random, &["", "GetItem", "Query"]);
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"one","Effect":"Allow","Principal":{{"AWS":"arn:aws:iam::123456789012:root"}},
            "Action":"dynamodb:{action}","Resource":"*"}}]}}"#
    );
    if action.is_empty() { Policy::Off } else { Policy::On(policy::canonical(&text).expect("a policy")) }
}
