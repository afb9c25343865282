//! Suspects, read again: strongly consistent from the table, once more from the rows, and compared field by field.
//!
//! Rules: a suspect that is equal now is cleared and counted as settled; a key that two rows make is a lost row and is never
//! cleared; suspects beyond [`MOST`] are counted and not read, so that a wholly wrong table costs no fortune.

use super::error::{Error, broken};
use super::listing;
use super::reconcile::{ByKey, Keys, Leftover};
use super::run::Context;
use super::verdict::Counts;
use crate::aws::items::{GET_LIMIT, Scan, all_segments, sweep};
use crate::load::expect::{Collisions, Fate, Pass, Ready};
use crate::mapping::encode::key_of;
use crate::mapping::{Item, canonical};
use crate::source::Snapshot;
use crate::stack::model::TableSpec;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Suspects that are read again, per table.
const MOST: u64 = 50_000;

/// What the second look came to.
#[derive(Debug, Clone, Default)]
pub(super) struct Settled {
    pub(super) missing: u64,
    pub(super) different: u64,
    pub(super) unexpected: u64,
    /// Equal on the second look: missing or different before.
    cleared_missing: u64,
    cleared_different: u64,
    /// Found by the scan, gone on the second look.
    gone: u64,
    /// Not read again.
    pub(super) unresolved: u64,
    /// By entity: missing, and unexpected as far as their keys say whose they are.
    missing_of: BTreeMap<usize, u64>,
    unexpected_of: BTreeMap<usize, u64>,
    different_of: BTreeMap<usize, u64>,
    cleared_of: BTreeMap<usize, u64>,
    /// Keys that were missing and are equal now, with their entity.
    cleared: ByKey<usize>,
    causes: BTreeMap<String, u64>,
}

impl Settled {
    /// The table's counts after the second look.
    pub(super) fn counts(&self, left: &Leftover) -> Counts {
        let equal: u64 = left.equal.iter().sum();
        Counts {
            expected: left.expected.iter().sum(),
            found: (left.found + self.cleared_missing + self.cleared_different + self.different)
                .saturating_sub(left.different.len() as u64 + self.gone),
            compared: equal + self.cleared_missing + self.cleared_different + self.different,
            missing: self.missing,
            unexpected: self.unexpected,
            different: self.different,
        }
    }

    /// Expected and found, of one entity.
    pub(super) fn of_entity(&self, left: &Leftover, entity: usize) -> (u64, u64) {
        let of = |map: &BTreeMap<usize, u64>| map.get(&entity).copied().unwrap_or(0);
        let equal = left.equal.get(entity).copied().unwrap_or(0);
        let found = equal + of(&self.different_of) + of(&self.cleared_of) + of(&self.unexpected_of);
        (left.expected.get(entity).copied().unwrap_or(0), found)
    }

    /// The causes, most frequent first, and what was cleared.
    pub(super) fn note(&self) -> String {
        let mut causes: Vec<(&String, &u64)> = self.causes.iter().collect();
        causes.sort_by_key(|(_, n)| std::cmp::Reverse(**n));
        let mut note = String::new();
        for (cause, n) in causes.iter().take(3) {
            let _fits = write!(note, "; {n} items: {cause}");
        }
        if causes.len() > 3 {
            let _fits = write!(note, "; {} further causes", causes.len() - 3);
        }
        let settled = self.cleared_missing + self.cleared_different + self.gone;
        if settled > 0 {
            let _fits = write!(note, "; {settled} suspects settled on re-read");
        }
        if self.unresolved > 0 {
            let _fits = write!(note, "; {} suspects were not read again", self.unresolved);
        }
        note
    }
}

/// Looks again at everything that `left` holds.
pub(super) async fn run(
    context: &mut Context<'_>,
    snapshot: &mut Snapshot,
    name: &str,
    spec: &TableSpec,
    known: Collisions,
    left: &Leftover,
) -> Result<Settled, Error> {
    let mut settled = Settled::default();
    if !left.missing.is_empty() || !left.different.is_empty() {
        context.events.note(format!("table {name}: reading {} suspects again", left.suspects()));
        rows(context, snapshot, name, spec, known, left, &mut settled).await?;
    }
    if !left.unexpected.is_empty() {
        unexpected(context, snapshot, name, spec, &left.unexpected, &mut settled).await?;
    }
    Ok(settled)
}

/// Suspects that rows make.
async fn rows(
    context: &mut Context<'_>,
    snapshot: &mut Snapshot,
    name: &str,
    spec: &TableSpec,
    known: Collisions,
    left: &Leftover,
    settled: &mut Settled,
) -> Result<(), Error> {
    let mut pass = Pass::new(name, spec, context.zone(), context.seed, known);
    let mut seen: ByKey<u64> = ByKey::default();
    let (mut pending, mut read): (Vec<(usize, Ready)>, u64) = (Vec::new(), 0);
    loop {
        context.go_on()?;
        let chunk = pass.next(snapshot).await?;
        let end = chunk.is_none();
        for (entity, ready) in chunk.into_iter().flat_map(items) {
            if !left.missing.contains_key(&ready.key) && !left.different.contains_key(&ready.key) {
                continue;
            }
            let times = seen.entry(ready.key).or_default();
            *times += 1;
            if *times > 1 {
                settled.twice(context, name, spec, entity, &ready.item);
            } else if read >= MOST {
                settled.unresolved += 1;
            } else {
                read += 1;
                pending.push((entity, ready));
            }
        }
        while pending.len() >= GET_LIMIT || (end && !pending.is_empty()) {
            let batch: Vec<_> = pending.drain(..pending.len().min(GET_LIMIT)).collect();
            compare(context, name, spec, left, batch, settled).await?;
        }
        if end {
            seen.iter().filter(|(_, times)| **times > 1).for_each(|(key, _)| settled.unclear(*key));
            let unseen = left.missing.keys().chain(left.different.keys()).filter(|key| !seen.contains_key(key)).count();
            settled.unresolved += unseen as u64;
            return Ok(());
        }
    }
}

fn items(chunk: crate::load::expect::Chunk) -> impl Iterator<Item = (usize, Ready)> {
    let entity = chunk.entity;
    chunk.fates.into_iter().filter_map(move |fate| if let Fate::Item(ready) = fate { Some((entity, ready)) } else { None })
}

async fn compare(
    context: &mut Context<'_>,
    name: &str,
    spec: &TableSpec,
    left: &Leftover,
    batch: Vec<(usize, Ready)>,
    settled: &mut Settled,
) -> Result<(), Error> {
    let keys: Vec<Item> = batch.iter().filter_map(|(_, ready)| key_of(&ready.item, &spec.table.key)).collect();
    let got = context.aws.batch_get(name, &keys, true).await?;
    context.found.units += got.units;
    let hash = |item: Item| key_of(&item, &spec.table.key).map(|key| (canonical::hash(&key, context.seed), item));
    let now: HashMap<u128, Item> = got.items.into_iter().filter_map(hash).collect();
    for (entity, ready) in batch {
        settled.one(context, name, spec, left, entity, &ready, now.get(&ready.key));
    }
    Ok(())
}

impl Settled {
    #[allow(clippy::too_many_arguments, reason = "one suspect with all that is known of it")]
    fn one(
        &mut self,
        context: &mut Context<'_>,
        name: &str,
        spec: &TableSpec,
        left: &Leftover,
        entity: usize,
        ready: &Ready,
        found: Option<&Item>,
    ) {
        match found {
            None => {
                self.missing += 1;
                *self.missing_of.entry(entity).or_default() += 1;
                context.mismatch(|masker| listing::missing(name, spec, entity, &ready.item, masker));
            }
            Some(found) if *found == ready.item => {
                *self.cleared_of.entry(entity).or_default() += 1;
                if left.different.contains_key(&ready.key) {
                    self.cleared_different += 1;
                } else {
                    self.cleared_missing += 1;
                    self.cleared.insert(ready.key, entity);
                }
            }
            Some(found) => {
                self.different += 1;
                *self.different_of.entry(entity).or_default() += 1;
                for difference in super::compare::differences(&ready.item, found) {
                    self.cause(super::compare::cause(&difference));
                }
                context.mismatch(|masker| listing::different(name, spec, entity, &ready.item, found, masker));
            }
        }
    }

    /// A second row for a key: its item cannot be in the table beside the first.
    fn twice(&mut self, context: &mut Context<'_>, name: &str, spec: &TableSpec, entity: usize, item: &Item) {
        self.missing += 1;
        *self.missing_of.entry(entity).or_default() += 1;
        self.cause("another row makes the same key".to_owned());
        context.mismatch(|masker| listing::missing(name, spec, entity, item, masker));
    }

    /// The first row of a key that two rows make was no suspect: its item had been found equal before the second came.
    fn unclear(&mut self, key: u128) {
        if let Some(entity) = self.cleared.remove(&key) {
            self.cleared_missing -= 1;
            self.cleared_of.entry(entity).and_modify(|n| *n -= 1);
        }
    }

    fn cause(&mut self, cause: String) {
        if self.causes.len() < 1000 || self.causes.contains_key(&cause) {
            *self.causes.entry(cause).or_default() += 1;
        }
    }
}

/// Suspects that no row makes: their keys are read by a second scan, then each item once more.
async fn unexpected(
    context: &mut Context<'_>,
    snapshot: &mut Snapshot,
    name: &str,
    spec: &TableSpec,
    suspects: &Keys,
    settled: &mut Settled,
) -> Result<(), Error> {
    let keys = find_keys(context, name, spec, suspects).await?;
    let unread = (suspects.len() as u64).saturating_sub(keys.len() as u64);
    // A key that the second scan does not show is gone, unless it is over the limit.
    if keys.len() as u64 >= MOST {
        settled.unresolved += unread;
    } else {
        settled.gone += unread;
    }
    for batch in keys.chunks(GET_LIMIT) {
        context.go_on()?;
        let got = context.aws.batch_get(name, batch, true).await?;
        context.found.units += got.units;
        settled.gone += (batch.len() - got.items.len()) as u64;
        for item in got.items {
            settled.unexpected += 1;
            let claim = listing::claim(context, snapshot, spec, &item).await?;
            if let Some(entity) = claim.entity {
                *settled.unexpected_of.entry(entity).or_default() += 1;
            }
            context.mismatch(|masker| listing::unexpected(name, spec, &item, claim, masker));
        }
    }
    Ok(())
}

async fn find_keys(context: &mut Context<'_>, name: &str, spec: &TableSpec, suspects: &Keys) -> Result<Vec<Item>, Error> {
    let attributes = spec.table.key.parts().map(|part| part.name.clone()).collect();
    // Strongly consistent: a stale answer without the item would clear it.
    let scan = Scan { table: name.to_owned(), attributes, consistent: true, ..Scan::default() };
    let (suspects, seed, key) = (Arc::new(suspects.clone()), context.seed, spec.table.key.clone());
    let reduce = Arc::new(move |items: Vec<Item>| -> Vec<Item> {
        let wanted = |item: &Item| key_of(item, &key).is_some_and(|k| suspects.contains(&canonical::hash(&k, seed)));
        items.into_iter().filter(wanted).collect()
    });
    let (out, mut pages) = mpsc::channel(32);
    let segments = all_segments(context.options.segments.max(1));
    let reading = sweep(context.aws, &scan, &segments, &context.options.stop, reduce, out);
    let taking = async {
        let mut keys = Vec::new();
        while let Some(page) = pages.recv().await {
            keys.extend(page);
        }
        keys
    };
    let (swept, mut keys) = futures::future::join(reading, taking).await;
    context.found.units += swept.map_err(broken(name))?.units;
    keys.sort();
    keys.truncate(usize::try_from(MOST).unwrap_or(usize::MAX));
    Ok(keys)
}
