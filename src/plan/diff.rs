//! The difference between desired and live as a person reads it, and the digest that binds a plan to what it saw.
//!
//! Key insight: both sides are flattened into the same `path -> text` map, so a difference is a comparison of maps and
//! nothing can be compared on one side only. Called by `make`, and by `drift` through the plan.

use super::model::{Field, Goal, State};
use super::words;
use crate::live::{LiveBucket, LiveTable};
use crate::resource::Table;
use crate::safe;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

type Facets = BTreeMap<String, String>;

/// What differs, by path. Empty: live is as desired.
pub fn fields(goal: &Goal, stack: &str, live: &State) -> Vec<Field> {
    let desired = match goal {
        Goal::Table(table) | Goal::Import(table) => owned(table_facets(table), stack),
        Goal::Bucket(bucket) => owned(bucket_facets(bucket.expire_days, &bucket.tags, [true; 5]), stack),
        Goal::Gone { .. } => Facets::new(),
    };
    compare(&live_facets(live), &desired)
}

/// What differs between two observations or predictions, foreign tags among it.
pub fn between(predicted: &State, seen: &State) -> Vec<Field> {
    let all = |state: &State| {
        let foreign = state.table().map(|t| &t.foreign_tags).or_else(|| state.bucket().map(|b| &b.foreign_tags));
        let mut facets = live_facets(state);
        facets.extend(foreign.into_iter().flat_map(tag_facets));
        facets
    };
    compare(&all(predicted), &all(seen))
}

fn owned(mut facets: Facets, stack: &str) -> Facets {
    facets.insert("owner".to_owned(), safe::text(stack));
    facets
}

fn live_facets(live: &State) -> Facets {
    let (facets, owner) = match live {
        State::Table(Some(t)) => (table_facets(&t.table), &t.owner),
        State::Bucket(Some(b)) => (bucket_facets(b.bucket.expire_days, &b.bucket.tags, guards(b)), &b.owner),
        State::Table(None) | State::Bucket(None) => return Facets::new(),
    };
    owner.as_ref().map_or_else(|| facets.clone(), |owner| owned(facets.clone(), owner))
}

fn compare(live: &Facets, desired: &Facets) -> Vec<Field> {
    let paths: std::collections::BTreeSet<_> = live.keys().chain(desired.keys()).collect();
    paths
        .into_iter()
        .filter(|path| live.get(*path) != desired.get(*path))
        .map(|path| Field { path: path.clone(), live: live.get(path).cloned(), desired: desired.get(path).cloned() })
        .collect()
}

/// A table, flattened. What is off has no facet.
fn table_facets(table: &Table) -> Facets {
    let mut out = Facets::new();
    out.insert("key".to_owned(), words::key(&table.key));
    out.insert("capacity".to_owned(), words::capacity(table.capacity));
    for (name, index) in &table.indexes {
        let path = format!("index {}", safe::text(name));
        out.insert(format!("{path}.capacity"), words::capacity(index.capacity));
        out.insert(path, format!("{}; {}", words::key(&index.key), words::projection(&index.projection)));
    }
    for (name, index) in &table.locals {
        let text = format!("{}; {}", words::key(&index.key), words::projection(&index.projection));
        out.insert(format!("local index {}", safe::text(name)), text);
    }
    if table.protect {
        out.insert("protect".to_owned(), "on".to_owned());
    }
    out.extend(table.ttl.as_ref().map(|a| ("ttl".to_owned(), safe::text(a))));
    out.extend(table.stream.map(|v| ("stream".to_owned(), words::stream(v).to_owned())));
    out.extend(table.recovery.map(|d| ("recovery".to_owned(), words::days(d))));
    out.extend(tag_facets(&table.tags));
    out
}

fn tag_facets(tags: &BTreeMap<String, String>) -> impl Iterator<Item = (String, String)> {
    tags.iter().map(|(key, value)| (format!("tag {}", safe::text(key)), safe::text(value)))
}

const GUARDS: [&str; 5] = ["public access block", "owner enforced", "encryption", "tls only", "abort unfinished uploads"];

fn guards(b: &LiveBucket) -> [bool; 5] {
    [b.public_access_blocked, b.owner_enforced, b.encrypted, b.tls_only, b.aborts_multipart]
}

fn bucket_facets(expire_days: u32, tags: &BTreeMap<String, String>, guards: [bool; 5]) -> Facets {
    let on = GUARDS.iter().zip(guards).filter(|(_, on)| *on).map(|(name, _)| ((*name).to_owned(), "on".to_owned()));
    let mut out: Facets = on.chain(tag_facets(tags)).collect();
    if expire_days > 0 {
        out.insert("expire".to_owned(), words::days(expire_days));
    }
    out
}

/// SHA-256 (hex) of the canonical JSON of what was seen, identity included; `absent` where there is nothing.
/// Motion (`busy`) is left out: it passes by itself.
#[allow(clippy::missing_panics_doc)] // an invariant of our own nouns
pub fn digest(state: &State) -> String {
    let json = match state {
        State::Table(Some(table)) => serde_json::to_vec(&LiveTable { busy: Vec::new(), ..(**table).clone() }),
        State::Bucket(Some(bucket)) => serde_json::to_vec(bucket),
        State::Table(None) | State::Bucket(None) => return "absent".to_owned(),
    };
    hex(&Sha256::digest(json.expect("invariant: our own nouns have string keys only")))
}

/// Lower-case hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
