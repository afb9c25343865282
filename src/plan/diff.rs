//! The difference between desired and live as a person reads it, and the digest that binds a plan to what it saw.
//!
//! Key insight: both sides are flattened into the same `path -> text` map, so a difference is a comparison of maps and
//! nothing can be compared on one side only. Called by `make`, and by `drift` through the plan.

use super::facets::{self, Facets};
use super::foreign;
use super::model::{Field, Goal, Side, State};
use crate::live::{Contents, LiveBucket, LiveTable, Trouble, Usage};
use crate::resource::{ADOPTED, Capacity, Insights, Limits, Policy, Table, Units};
use crate::safe;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// Hexadecimal digits of the applied tag's value.
const APPLIED_LEN: usize = 32;

/// What differs, by path. Empty: live is as desired. A new resource does not list what it has by default.
pub fn fields(goal: &Goal, stack: &str, live: &State) -> Vec<Field> {
    let mut desired = match goal {
        Goal::Table(table) | Goal::Import(table) => owned(facets::table(table), stack),
        Goal::Bucket(bucket) => owned(facets::wanted_bucket(bucket), stack),
        Goal::Gone { .. } => Facets::new(),
    };
    let mut live = live_facets(live);
    if live.is_empty() || desired.is_empty() {
        live.retain(|path, text| !facets::is_default(path, text));
        desired.retain(|path, text| !facets::is_default(path, text));
    }
    compare(&live, &desired)
}

/// What differs between two observations or predictions, foreign tags, replicas and the applied tag among it.
pub fn between(predicted: &State, seen: &State) -> Vec<Field> {
    compare(&all_facets(predicted), &all_facets(seen))
}

fn all_facets(state: &State) -> Facets {
    let mut out = live_facets(state);
    if let Some(table) = state.table() {
        out.extend(facets::tags(&table.foreign_tags));
        out.extend(table.applied.as_ref().map(|digest| ("applied tag".to_owned(), safe::text(digest))));
        out.extend(table.holder.as_ref().map(|holder| ("holder".to_owned(), super::words::holder(holder))));
        out.extend(table.replicas.iter().map(|region| (format!("replica {}", safe::text(region)), "present".to_owned())));
        out.extend(foreign::facets(table));
    }
    out.extend(state.bucket().into_iter().flat_map(|b| facets::tags(&b.foreign_tags)));
    out
}

fn owned(mut facets: Facets, stack: &str) -> Facets {
    facets.insert("owner".to_owned(), safe::text(stack));
    facets
}

fn live_facets(live: &State) -> Facets {
    let (facets, owner) = match live {
        State::Table(Some(t)) => (facets::table(&t.table), &t.owner),
        State::Bucket(Some(b)) => (facets::live_bucket(b), &b.owner),
        State::Table(None) | State::Bucket(None) => return Facets::new(),
    };
    match owner {
        Some(owner) => owned(facets, owner),
        None => facets,
    }
}

fn compare(live: &Facets, desired: &Facets) -> Vec<Field> {
    let paths: BTreeSet<_> = live.keys().chain(desired.keys()).collect();
    paths
        .into_iter()
        .filter(|path| live.get(*path) != desired.get(*path))
        .map(|path| Field { path: path.clone(), live: live.get(path).cloned(), desired: desired.get(path).cloned() })
        .collect()
}

/// SHA-256 (hex) of the canonical JSON of what was seen, identity included; `absent` where there is nothing.
/// Motion (`busy`), trouble, AWS's counters (`usage`) and how much a bucket holds are left out: they move by themselves.
pub fn digest(state: &State) -> String {
    match state {
        State::Table(Some(table)) => {
            of(&LiveTable { busy: Vec::new(), usage: Usage::default(), trouble: Trouble::default(), ..(**table).clone() })
        }
        State::Bucket(Some(bucket)) => of(&LiveBucket { contents: bucket.contents.as_ref().map(Contents::rough), ..(**bucket).clone() }),
        State::Table(None) | State::Bucket(None) => "absent".to_owned(),
    }
}

fn of(noun: &impl serde::Serialize) -> String {
    let json = serde_json::to_vec(noun).expect("invariant: our own nouns have string keys only");
    hex(&Sha256::digest(json))
}

/// The applied tag's value for a table that is as `table` says: 32 hexadecimal digits. What reads the same whether it is
/// managed or not (no policy, no insights), what is only a floor, and what auto scaling moves have no part in it, so that
/// [`side`] does not blame the wrong one.
pub fn applied(table: &Table) -> String {
    let mut plain = table.clone();
    plain.policy = plain.policy.filter(|policy| *policy != Policy::Off);
    plain.insights = plain.insights.filter(|insights| *insights != Insights::Off);
    settle(&mut plain.capacity, &mut plain.limits);
    for index in plain.indexes.values_mut() {
        index.insights = index.insights.filter(|insights| *insights != Insights::Off);
        settle(&mut index.capacity, &mut index.limits);
    }
    let mut digest = of(&plain);
    digest.truncate(APPLIED_LEN);
    digest
}

fn settle(capacity: &mut Capacity, limits: &mut Limits) {
    limits.warm = None;
    let Capacity::Provisioned(Units { read, write }) = capacity else { return };
    // Not from below: auto scaling does not go there.
    *read = limits.scaling.read.map_or(*read, |range| range.min.min(*read));
    *write = limits.scaling.write.map_or(*write, |range| range.min.min(*write));
}

/// Which side moved since the last finished apply; asked where `want` and `live` differ. Warm throughput is no part of the
/// tag, and AWS never lowers it: where it is below the floor, the file has moved.
pub fn side(want: &Table, live: &LiveTable) -> Side {
    let Some(tag) = live.applied.as_deref().filter(|tag| *tag != ADOPTED) else { return Side::Unknown };
    let raised = warm(want) != warm(&live.table);
    match (tag == applied(want), tag == applied(&live.table)) {
        (true, true) if live.table == *want => Side::Live,
        (_, true) => Side::File,
        (true, false) if raised => Side::Both,
        (true, false) => Side::Live,
        (false, false) => Side::Both,
    }
}

fn warm(table: &Table) -> Vec<Option<Units>> {
    std::iter::once(table.limits.warm).chain(table.indexes.values().map(|index| index.limits.warm)).collect()
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
