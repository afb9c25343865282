//! What each index should hold, against what it holds: also the items that are silently absent from it.
//!
//! Facts: an item is in an index when it has all of the index's key attributes; a global index is eventually consistent and nothing
//! reads it otherwise, so suspects are looked for again, some seconds later, before they count.

use super::error::{Error, broken};
use super::reconcile::{ByKey, Leftover, Reconciler};
use super::run::{Context, check};
use super::verdict::{self, Counts, Doubts};
use crate::aws::items::{Scan, all_segments, sweep};
use crate::mapping::encode::key_of;
use crate::mapping::{Item, canonical};
use crate::report::model::CheckKind;
use crate::resource::Key;
use crate::stack::model::TableSpec;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// Looks after the first, and the pause before each.
const LOOKS: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

/// One index, both sides.
#[derive(Debug)]
pub(super) struct IndexSide {
    name: String,
    key: Key,
    reconciler: Reconciler,
}

impl IndexSide {
    /// `key`: hash of the table key. `record`: hash of the index key.
    pub(super) fn expect(&mut self, key: u128, record: u128) {
        self.reconciler.expect(0, key, record);
    }

    pub(super) fn find(&mut self, key: u128, record: u128) {
        self.reconciler.find(key, record);
    }
}

/// The global indexes, then the local ones.
fn keys(spec: &TableSpec) -> impl Iterator<Item = (&String, &Key)> {
    let global = spec.table.indexes.iter().map(|(name, index)| (name, &index.key));
    global.chain(spec.table.locals.iter().map(|(name, local)| (name, &local.key)))
}

pub(super) fn of(spec: &TableSpec) -> Vec<IndexSide> {
    keys(spec).map(|(name, key)| IndexSide { name: name.clone(), key: key.clone(), reconciler: Reconciler::new(1) }).collect()
}

/// For each index the hash of `item`'s index key; `None`: the item is not in that index.
pub(super) fn records(spec: &TableSpec, item: &Item, seed: u64) -> Vec<Option<u128>> {
    keys(spec).map(|(_, key)| key_of(item, key).map(|k| canonical::hash(&k, seed))).collect()
}

/// Reads every index that is there to its end; `feed` gets its position, table key and index key of each item. The answer is in read units.
pub(super) async fn scan(
    context: &Context<'_>,
    name: &str,
    spec: &TableSpec,
    mut feed: impl FnMut(usize, u128, u128),
) -> Result<f64, Error> {
    let mut units = 0.0;
    let readable = keys(spec).enumerate().filter(|(_, (index, _))| context.unreadable.index(name, index).is_none());
    for (position, (index, key)) in readable {
        units += one(context, name, spec, index, key, |table, record| feed(position, table, record)).await?;
    }
    Ok(units)
}

async fn one(
    context: &Context<'_>,
    name: &str,
    spec: &TableSpec,
    index: &str,
    key: &Key,
    mut feed: impl FnMut(u128, u128),
) -> Result<f64, Error> {
    let attributes: BTreeSet<String> = spec.table.key.parts().chain(key.parts()).map(|part| part.name.clone()).collect();
    let attributes = attributes.into_iter().collect();
    let scan = Scan { table: name.to_owned(), index: Some(index.to_owned()), attributes, ..Scan::default() };
    let (table_key, index_key, seed) = (spec.table.key.clone(), key.clone(), context.seed);
    let reduce = Arc::new(move |items: Vec<Item>| -> Vec<(u128, u128)> {
        let hash = |item: &Item, key: &Key| canonical::hash(&key_of(item, key).unwrap_or_default(), seed);
        items.iter().map(|item| (hash(item, &table_key), hash(item, &index_key))).collect()
    });
    let (out, mut pages) = mpsc::channel(32);
    let segments = all_segments(context.options.segments.max(1));
    let reading = sweep(context.aws, &scan, &segments, &context.options.stop, reduce, out);
    let taking = async {
        let mut taken = 0;
        while let Some(page) = pages.recv().await {
            taken += page.len() as u64;
            for (table, record) in page {
                feed(table, record);
            }
        }
        taken
    };
    let (swept, taken) = futures::future::join(reading, taking).await;
    let swept = swept.map_err(broken(name))?;
    if swept.count == taken { Ok(swept.units) } else { Err(Error::Lost { table: name.to_owned() }) }
}

/// One check for each index that is there; those that are not are booked already.
pub(super) async fn judge(
    context: &mut Context<'_>,
    name: &str,
    spec: &TableSpec,
    sides: Vec<IndexSide>,
    doubts: &Doubts,
) -> Result<(), Error> {
    for side in sides {
        if context.unreadable.index(name, &side.name).is_some() {
            continue;
        }
        let left = side.reconciler.finish();
        let counts = look_again(context, name, spec, &side.name, &side.key, &left).await?;
        let doubts = Doubts { unresolved: 0, ..*doubts };
        let (judgement, mut note) = verdict::full(&counts, &doubts);
        if counts.expected == 0 && counts.found == 0 {
            "no item has this index's key attributes: nothing to compare".clone_into(&mut note);
        }
        context.book(name, check(CheckKind::Index, &format!("index {}", side.name), &counts, judgement, note));
    }
    Ok(())
}

async fn look_again(
    context: &mut Context<'_>,
    name: &str,
    spec: &TableSpec,
    index: &str,
    key: &Key,
    left: &Leftover,
) -> Result<Counts, Error> {
    let equal: u64 = left.equal.iter().sum();
    let mut counts = Counts {
        expected: left.expected.iter().sum(),
        found: left.found,
        compared: equal + left.different.len() as u64,
        missing: left.missing.len() as u64,
        unexpected: left.unexpected.len() as u64,
        different: left.different.len() as u64,
    };
    for _ in 1..LOOKS {
        if counts.wrong() == 0 {
            break;
        }
        context.go_on()?;
        tokio::time::sleep(PAUSE).await;
        let mut now: ByKey<u128> = ByKey::default();
        let mut found = 0;
        let units = one(context, name, spec, index, key, |table, record| {
            found += 1;
            if left.unexpected.contains(&table) || left.records.contains_key(&table) {
                now.insert(table, record);
            }
        });
        context.found.units += units.await?;
        let of = |wanted: fn(Option<&u128>, u128) -> bool| {
            left.records.iter().filter(|(key, record)| wanted(now.get(key), **record)).count() as u64
        };
        counts.missing = of(|now, _| now.is_none()) + (left.missing.len() + left.different.len()).saturating_sub(left.records.len()) as u64;
        counts.different = of(|now, record| now.is_some_and(|n| *n != record));
        counts.unexpected = left.unexpected.iter().filter(|key| now.contains_key(key)).count() as u64;
        counts.compared = counts.expected.saturating_sub(counts.missing);
        counts.found = found;
    }
    Ok(counts)
}
